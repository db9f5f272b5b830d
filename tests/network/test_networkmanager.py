# SPDX-License-Identifier: Apache-2.0
"""axiod-network with a real NetworkManager, a real DHCP server and the kernel as the witness."""

from __future__ import annotations

import json
import signal
import subprocess
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.network.world import World

pytestmark = pytest.mark.timeout(180)

_STATIC = ("--ipv4-method", "static", "--ipv4-addresses", "192.0.2.10/24", "--ipv6-method", "disabled")


@pytest.fixture(scope="module")
def networkmanager(world: World) -> subprocess.Popen[bytes]:
    """NetworkManager, which manages eth0."""
    return world.start_networkmanager("eth0")


@pytest.fixture(scope="module", autouse=True)
def axiod(world: World, networkmanager: subprocess.Popen[bytes]) -> None:
    """axiod-network with it."""
    assert networkmanager.poll() is None
    world.start_axiod()


@pytest.fixture(autouse=True)
def settled(world: World) -> None:
    """Each test begins with a static address, and no trial."""
    if world.axioctl("network", "trial")["Pending"]:
        world.axioctl("network", "confirm")
    if not eth0(world)["Carrier"]:
        world.at_peer("ip", "link", "set", "peer0", "up")
    configure(world, *_STATIC, "--ipv4-fallback", "false", "--ipv4-router", "", "--dns-automatic", "true")
    world.until(lambda: world.addresses() == ["192.0.2.10/24 global"], "the static address")


def eth0(world: World) -> dict[str, Any]:
    found: dict[str, Any] = world.axioctl("network", "show", "eth0")
    return found


def configure(world: World, *settings: str) -> None:
    world.axioctl("network", "configure", "eth0", *settings)


def refused(world: World, *arguments: str) -> str:
    with pytest.raises(subprocess.CalledProcessError) as raised:
        world.axioctl("network", *arguments)
    return str(raised.value.stderr)


@contextmanager
def dhcp_server(world: World, *options: str) -> Iterator[None]:
    """A DHCP server at the other end of the cable, which has one address to lease."""
    world.at_peer("ip", "address", "replace", "198.51.100.1/24", "dev", "peer0")
    leases = world.folder / "leases"
    leases.unlink(missing_ok=True)
    process = world.start_at_peer(
        "dnsmasq", "--keep-in-foreground", "--port=0", "--interface=peer0", "--bind-interfaces", "--log-facility=-",
        "--dhcp-range=198.51.100.50,198.51.100.50,1h", f"--dhcp-leasefile={leases}", "--no-ping", *options,
    )  # fmt: skip
    try:
        yield
    finally:
        world.end(process)


def test_a_static_address_is_what_the_kernel_and_networkmanager_have(world: World) -> None:
    configure(world, "--ipv4-addresses", "192.0.2.20/25,192.0.2.21/25", "--ipv4-router", "192.0.2.1")
    world.until(lambda: world.addresses() == ["192.0.2.20/25 global", "192.0.2.21/25 global"], "both addresses")
    (route,) = json.loads(world.run("ip", "-json", "route", "show", "default"))
    assert route["gateway"] == "192.0.2.1"
    world.until(lambda: eth0(world)["Routers"] == ["192.0.2.1"], "the router")
    found = eth0(world)
    assert [address["Address"] for address in found["Addresses"]] == ["192.0.2.20", "192.0.2.21"]
    assert (found["Ipv4Method"], found["Backend"], found["Ipv6Method"]) == ("static", "networkmanager", "disabled")
    said = world.run("nmcli", "-t", "-f", "ipv4.method,ipv4.addresses,ipv4.gateway", "connection", "show", "axiod-eth0")
    assert said.splitlines() == [
        "ipv4.method:manual",
        "ipv4.addresses:192.0.2.20/25, 192.0.2.21/25",
        "ipv4.gateway:192.0.2.1",
    ]


def test_a_lease_brings_address_router_and_names(world: World) -> None:
    options = ("--dhcp-option=6,198.51.100.2", "--dhcp-option=option:domain-search,lab.test")
    with dhcp_server(world, *options):
        configure(world, "--ipv4-method", "dhcp")
        world.until(lambda: world.addresses() == ["198.51.100.50/24 global"], "the lease")
        world.until(lambda: eth0(world)["NameServers"] == ["198.51.100.2"], "the name server")
        found = eth0(world)
    assert found["Addresses"][0]["Origin"] == "dhcp"
    assert (found["Routers"], found["SearchDomains"]) == (["198.51.100.1"], ["lab.test"])


def test_names_by_hand_replace_those_of_the_lease(world: World) -> None:
    with dhcp_server(world, "--dhcp-option=6,198.51.100.2"):
        configure(
            world, "--ipv4-method", "dhcp", "--ipv6-method", "automatic", "--dns-automatic", "false",
            "--dns-servers", "203.0.113.1,2001:db8::1", "--dns-search", "site.example,example",
        )  # fmt: skip
        world.until(lambda: world.addresses() == ["198.51.100.50/24 global"], "the lease")
        world.until(lambda: eth0(world)["NameServers"] == ["203.0.113.1", "2001:db8::1"], "the servers by hand")
        found = eth0(world)
    assert (found["DnsServers"], found["DnsSearch"]) == (
        ["203.0.113.1", "2001:db8::1"],
        ["site.example", "example"],
    )
    assert found["SearchDomains"] == ["site.example", "example"]


def test_without_a_lease_the_fallback_is_taken_and_left_again_when_there_is_one(world: World) -> None:
    configure(world, "--ipv4-method", "dhcp", "--ipv4-addresses", "192.0.2.99/24", "--ipv4-fallback", "true")
    found = eth0(world)
    assert (found["Ipv4Method"], found["Ipv4Fallback"], found["Ipv4Addresses"]) == ("dhcp", True, ["192.0.2.99/24"])
    world.until(lambda: "192.0.2.10/24 global" not in world.addresses(), "the end of the static address")
    # It has the scope of the link: nothing beyond the own network is reached with it.
    # The prefix is that of a host, or the kernel would refuse a lease from the same network.
    world.until(lambda: world.addresses() == ["192.0.2.99/32 link"], "the fallback")
    world.until(lambda: "src 192.0.2.99" in world.run("ip", "route", "show", "192.0.2.0/24"), "its network")
    # NetworkManager must not give up, for it would take the address away.
    said = world.run("nmcli", "-t", "-f", "ipv4.dhcp-timeout", "connection", "show", "axiod-eth0")
    assert said.strip() == "ipv4.dhcp-timeout:2147483647"
    with dhcp_server(world):
        world.until(lambda: world.addresses() == ["198.51.100.50/24 global"], "the lease instead of it")
    configure(world, "--ipv4-fallback", "false")
    said = world.run("nmcli", "-t", "-f", "ipv4.dhcp-timeout", "connection", "show", "axiod-eth0")
    assert said.strip() == "ipv4.dhcp-timeout:0"


def test_an_address_is_made_from_a_router_advertisement(world: World) -> None:
    options = ("--enable-ra", "--dhcp-range=2001:db8:7::,ra-only,64")
    world.at_peer("ip", "-6", "address", "replace", "2001:db8:7::1/64", "dev", "peer0", "nodad")
    with dhcp_server(world, *options):
        configure(world, "--ipv6-method", "automatic")

        def advertised() -> list[dict[str, Any]]:
            return [a for a in eth0(world)["Addresses"] if a["Origin"] == "router-advertisement"]

        world.until(advertised, "an address from the prefix")
        assert advertised()[0]["Address"].startswith("2001:db8:7:")


# --- trials ---


def test_what_is_not_confirmed_comes_back(world: World) -> None:
    configure(world, "--ipv4-addresses", "192.0.2.77/24", "--dns-automatic", "false", "--dns-servers", "203.0.113.9",
              "--confirm-within", "5")  # fmt: skip
    world.until(lambda: world.addresses() == ["192.0.2.77/24 global"], "what is tried")
    assert world.axioctl("network", "trial")["Pending"]
    world.until(lambda: world.addresses() == ["192.0.2.10/24 global"], "what there was")
    world.until(lambda: world.axioctl("network", "trial")["Last"] == "expired", "the end of the trial")
    assert eth0(world)["DnsAutomatic"] is True


def test_what_is_confirmed_stays(world: World) -> None:
    configure(world, "--ipv4-addresses", "192.0.2.78/24", "--confirm-within", "3600")
    world.axioctl("network", "confirm")
    assert world.axioctl("network", "trial") == {
        "Path": "/org/axiod/network1/trial", "Pending": False, "Last": "confirmed",
    }  # fmt: skip
    world.until(lambda: world.addresses() == ["192.0.2.78/24 global"], "what was confirmed")
    assert not (world.folder / "state" / "trial.json").exists()


def test_a_change_that_is_refused_leaves_no_trial_behind(world: World) -> None:
    assert "Ipv4Router" in refused(world, "configure", "eth0", "--ipv4-router", "203.0.113.1", "--confirm-within", "60")
    assert not world.axioctl("network", "trial")["Pending"]


def test_it_is_rolled_back_at_once_on_request(world: World) -> None:
    configure(world, "--ipv4-addresses", "192.0.2.79/24", "--confirm-within", "3600")
    world.axioctl("network", "roll-back")
    world.until(lambda: world.addresses() == ["192.0.2.10/24 global"], "what there was")
    assert "no trial is under way" in refused(world, "confirm")


def test_there_is_one_trial_at_a_time(world: World) -> None:
    world.axioctl("network", "begin", "3600")
    assert "a trial is under way already" in refused(world, "begin", "60")
    assert "a trial is under way already" in refused(
        world, "configure", "eth0", "--ipv4-addresses", "192.0.2.80/24", "--confirm-within", "60"
    )
    assert world.addresses() == ["192.0.2.10/24 global"]


@pytest.mark.parametrize("seconds", ["4", "3601", "soon"])
def test_a_trial_has_limits(world: World, seconds: str) -> None:
    assert "5 to 3600" in refused(world, "begin", seconds)


def test_a_trial_outlives_a_kill_of_the_service(world: World) -> None:
    process = world.programs[-1]
    configure(world, "--ipv4-addresses", "192.0.2.81/24", "--confirm-within", "5")
    world.until(lambda: world.addresses() == ["192.0.2.81/24 global"], "what is tried")
    world.end(process, signal.SIGKILL)
    world.start_axiod()
    world.until(lambda: world.addresses() == ["192.0.2.10/24 global"], "what there was")


def test_a_trial_that_ended_while_the_service_was_away_ends_when_it_is_back(world: World) -> None:
    configure(world, "--ipv4-addresses", "192.0.2.82/24", "--confirm-within", "3600")
    world.until(lambda: world.addresses() == ["192.0.2.82/24 global"], "what is tried")
    world.end(world.programs[-1], signal.SIGKILL)
    # As after a start of the machine, whose profiles NetworkManager has read again.
    record = world.folder / "state" / "trial.json"
    found = json.loads(record.read_text())
    record.write_text(json.dumps(found | {"boot_id": "of another start"}))
    world.start_axiod()
    world.until(lambda: world.addresses() == ["192.0.2.10/24 global"], "what there was")
    world.until(lambda: not record.exists(), "the end of the record")


def test_what_was_put_back_in_part_before_a_kill_is_put_back_as_a_whole(world: World) -> None:
    configure(world, "--ipv4-addresses", "192.0.2.83/24", "--confirm-within", "3600")
    world.until(lambda: world.addresses() == ["192.0.2.83/24 global"], "what is tried")
    world.end(world.programs[-1], signal.SIGKILL)
    record = world.folder / "state" / "trial.json"
    found = json.loads(record.read_text())
    record.write_text(json.dumps(found | {"boot_id": "of another start"}))
    # It came as far as the files, and NetworkManager has not read them.
    for path, text in found["former"]["addresses"]["backends"]["networkmanager"]["files"].items():
        world.run("sh", "-c", 'printf %s "$2" >"$1"', "sh", path, text)
    world.start_axiod()
    world.until(lambda: world.addresses() == ["192.0.2.10/24 global"], "what there was")
    world.until(lambda: not record.exists(), "the end of the record")


def test_a_networkmanager_that_dies_in_a_trial_has_the_former_address_alone(world: World) -> None:
    axiod = world.programs[-1]
    configure(world, "--ipv4-addresses", "192.0.2.84/24")
    world.until(lambda: world.addresses() == ["192.0.2.84/24 global"], "what there was")
    configure(world, "--ipv4-addresses", "192.0.2.85/24", "--confirm-within", "5")
    world.until(lambda: world.addresses() == ["192.0.2.85/24 global"], "what is tried")
    world.end(world.networkmanager, signal.SIGKILL)
    world.until(lambda: world.axioctl("network", "trial")["Last"] == "restoring", "the end of its time")
    world.start_networkmanager("eth0")
    world.until(lambda: world.axioctl("network", "trial")["Last"] == "expired", "the end of the trial")
    world.until(lambda: world.addresses() == ["192.0.2.84/24 global"], "what there was, alone")
    # Tests take for axiod-network what was started last.
    world.end(axiod)
    world.start_axiod()


def test_a_record_that_cannot_be_read_is_said_and_nothing_is_touched(world: World) -> None:
    world.end(world.programs[-1])
    record = world.folder / "state" / "trial.json"
    record.write_text("{")
    world.start_axiod()
    try:
        said = world.run(
            "busctl", f"--address={world.bus}", "get-property", "org.axiod.network1", "/org/axiod/network1",
            "org.axiod.Service1", "Problems",
        )  # fmt: skip
        assert "trial.json" in said
        assert world.addresses() == ["192.0.2.10/24 global"]
    finally:
        record.unlink()
        world.end(world.programs[-1])
        world.start_axiod()


def test_a_profile_whose_name_ends_with_nothing_comes_back_as_well(world: World) -> None:
    """NetworkManager reads it, and changes it where it is."""
    profile = "/etc/NetworkManager/system-connections/plant"
    said = (
        "# von Gr\\374n\\n[connection]\\nid=plant\\nuuid=6d5ac0d5-3d9a-4a4c-8cc4-0d3b0a0a4f11\\ntype=ethernet\\n"
        "interface-name=eth0\\n[ipv4]\\nmethod=manual\\naddress1=192.0.2.90/24\\n"
    )
    world.run("sh", "-c", f"umask 077; printf '{said}' > {profile}; cp {profile} /run/NetworkManager/plant")
    world.run("nmcli", "connection", "reload")
    world.run("nmcli", "connection", "up", "plant")
    try:
        configure(world, "--ipv4-addresses", "192.0.2.91/24", "--confirm-within", "3600")
        world.until(lambda: world.addresses() == ["192.0.2.91/24 global"], "what is tried")
        world.axioctl("network", "roll-back")
        world.until(lambda: world.addresses() == ["192.0.2.90/24 global"], "what there was")
        world.run("cmp", profile, "/run/NetworkManager/plant")
        assert "plant." not in world.run("ls", "/etc/NetworkManager/system-connections")
    finally:
        world.run("nmcli", "connection", "delete", "plant")
        world.run("nmcli", "connection", "up", "axiod-eth0")


def test_what_is_no_profile_is_left_alone(world: World) -> None:
    """It lies beside the profiles, and NetworkManager makes nothing of it."""
    folder = "/etc/NetworkManager/system-connections"
    world.axioctl("network", "begin", "3600")
    for name in ("ca.pem", "key.DER", ".hidden", "copy~", "half.a1B2c3"):
        world.run("touch", f"{folder}/{name}")
    world.run("sh", "-c", f"printf '\\377\\376' > {folder}/ca.p12")
    world.axioctl("network", "roll-back")
    left = set(world.run("ls", "-A", folder).split())
    world.run("sh", "-c", f"cd {folder} && rm -f ca.* key.DER .hidden copy~ half.a1B2c3")
    assert {"ca.pem", "ca.p12", "key.DER", ".hidden", "copy~", "half.a1B2c3"} < left


@pytest.mark.parametrize(
    ("seconds", "verb", "how"),
    [("5", None, "expired"), ("3600", "roll-back", "rolled-back"), ("3600", "confirm", "confirmed")],
)
def test_how_a_trial_ended_is_told(world: World, seconds: str, verb: str | None, how: str) -> None:
    seen = world.start("busctl", f"--address={world.bus}", "--json=short", "monitor", "org.axiod.network1")
    log = world.folder / f"{len(world.programs) - 1}.log"
    try:
        world.until(lambda: "Monitoring" in log.read_text(), "the monitor")
        before = log.read_text().count("TrialEnded")
        world.axioctl("network", "begin", seconds)
        if verb:
            world.axioctl("network", verb)
        world.until(lambda: log.read_text().count("TrialEnded") > before, "the event")
        (told,) = [line for line in log.read_text().splitlines() if "TrialEnded" in line][before:]
        assert json.loads(told)["payload"]["data"][:3] == ["tnsaxiod:Network/TrialEnded", {}, {"how": how}]
    finally:
        world.end(seen)


# --- what is refused ---


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        (("--ipv4-addresses", "192.0.2.300/24"), "Ipv4Addresses has '192.0.2.300/24'"),
        (("--ipv4-addresses", "192.0.2.10"), "with the length of its prefix"),
        (("--ipv4-addresses", ""), "Ipv4Method is static, so Ipv4Addresses must name an address"),
        (("--ipv4-router", "203.0.113.1"), "Ipv4Router 203.0.113.1 is in none of the networks"),
        (("--ipv4-fallback", "true"), "Ipv4Fallback is for Ipv4Method dhcp"),
        (("--dns-servers", "resolver.example"), "DnsServers has 'resolver.example'; it must be an IP address"),
        (("--dns-search", "bad_.example"), "DnsSearch has 'bad_.example'"),
        (("--ipv4-method", "disabled"), "Ipv4Method of eth0 cannot be disabled as Ipv6Method is"),
        (("--ipv4-method", "magic"), "must be one of dhcp, static, disabled"),
    ],
)
def test_what_is_wrong_is_named_and_changes_nothing(world: World, settings: tuple[str, ...], text: str) -> None:
    before = eth0(world)
    assert text in refused(world, "configure", "eth0", *settings)
    assert eth0(world) == before


def test_an_interface_is_turned_off_where_another_reaches_the_device(world: World) -> None:
    world.run("ip", "link", "add", "eth1", "type", "veth", "peer", "name", "far1")
    try:
        for name in ("eth1", "far1"):
            world.run("ip", "link", "set", name, "up")
        world.until(lambda: world.axioctl("network", "show", "eth1")["Carrier"], "the other one")
        # With an address of the link alone it is reached by nobody who is not beside it.
        assert "no other interface that is connected has an address" in refused(
            world, "configure", "eth0", "--ipv4-method", "disabled"
        )
        world.run("ip", "address", "add", "203.0.113.9/24", "dev", "eth1")
        world.until(lambda: "203.0.113.9" in str(world.axioctl("network", "show", "eth1")["Addresses"]), "its address")
        configure(world, "--ipv4-method", "disabled")
        world.until(lambda: world.addresses() == [], "the end of the address")
        # What is off already may be so, whatever else is set.
        world.run("ip", "address", "flush", "dev", "eth1")
        world.until(lambda: "203.0.113.9" not in str(world.axioctl("network", "show", "eth1")["Addresses"]), "its end")
        configure(world, "--dns-automatic", "false")
    finally:
        world.run("ip", "link", "delete", "eth1")


def test_a_profile_that_somebody_else_wrote_is_changed_and_not_replaced(world: World) -> None:
    settings = "ipv4.method manual ipv4.addresses 192.0.2.40/24 connection.lldp disable ipv6.method link-local"
    world.run(
        "nmcli", "connection", "add", "type", "ethernet", "ifname", "eth0", "con-name", "plant", *settings.split()
    )
    world.run("nmcli", "connection", "up", "plant")
    try:
        configure(world, "--ipv4-addresses", "192.0.2.41/24")
        world.until(lambda: world.addresses() == ["192.0.2.41/24 global"], "the new address")
        said = world.run(
            "nmcli", "-t", "-f", "ipv4.addresses,ipv6.method,connection.lldp", "connection", "show", "plant"
        )
        assert sorted(said.splitlines()) == [
            "connection.lldp:disable", "ipv4.addresses:192.0.2.41/24", "ipv6.method:link-local",
        ]  # fmt: skip
        assert "Ipv6Method" not in eth0(world)
    finally:
        world.run("nmcli", "connection", "delete", "plant")
        world.run("nmcli", "connection", "up", "axiod-eth0")


@pytest.mark.parametrize("save", ["yes", "no"])
def test_where_networkmanager_does_not_put_settings_into_force_the_former_stay(world: World, save: str) -> None:
    """A profile that is for other hardware, once of ours to change, and once so that one of ours takes its place."""
    world.run("nmcli", "connection", "delete", "axiod-eth0")
    world.run(
        "nmcli", "connection", "add", "save", save, "type", "ethernet", "ifname", "eth0", "con-name", "elsewhere",
        "ethernet.mac-address", "02:00:00:00:00:99", "ipv4.method", "manual", "ipv4.addresses", "192.0.2.50/24",
    )  # fmt: skip
    try:
        assert "NetworkManager refuses these settings" in refused(
            world, "configure", "eth0", "--ipv4-addresses", "192.0.2.51/24"
        )
        assert eth0(world)["Ipv4Addresses"] == ["192.0.2.50/24"]
        assert "axiod-eth0" not in world.run("nmcli", "-t", "-f", "NAME", "connection", "show")
    finally:
        world.run("nmcli", "connection", "delete", "elsewhere")


def test_what_there_is_no_word_for_stays(world: World) -> None:
    settings = "ipv4.method auto ipv4.addresses 192.0.2.50/24 ipv6.method link-local"
    world.run("nmcli", "connection", "add", "type", "ethernet", "ifname", "eth0", "con-name", "both", *settings.split())
    world.run("nmcli", "--wait", "0", "connection", "up", "both")
    try:
        world.until(lambda: eth0(world)["Ipv4Method"] == "dhcp", "the profile")
        configure(world, "--dns-automatic", "false", "--dns-servers", "203.0.113.7")
        said = world.run("nmcli", "-t", "-f", "ipv4.addresses,ipv4.dns,ipv6.method", "connection", "show", "both")
        assert said.splitlines() == ["ipv4.addresses:192.0.2.50/24", "ipv4.dns:203.0.113.7", "ipv6.method:link-local"]
    finally:
        world.run("nmcli", "connection", "delete", "both")
        world.run("nmcli", "connection", "up", "axiod-eth0")


# --- events ---


def test_a_pulled_cable_is_told(world: World) -> None:
    world.at_peer("ip", "link", "set", "peer0", "down")
    world.until(lambda: not eth0(world)["Carrier"], "the end of the carrier")
    said = world.run(
        "busctl", f"--address={world.bus}", "call", "org.axiod.network1", "/org/axiod/network1",
        "org.axiod.EventSource1", "Snapshot",
    )  # fmt: skip
    assert '"tns1:Device/tnsaxis:Network/Lost" 1 "interface" "eth0" 1 "lost" "1"' in said
    world.at_peer("ip", "link", "set", "peer0", "up")
    world.until(lambda: eth0(world)["Carrier"], "the carrier")


def test_addresses_that_came_while_nobody_ran_are_told_by_the_next_one(world: World) -> None:
    world.until(lambda: "192.0.2.10/24" in (world.folder / "state" / "seen.json").read_text(), "what was seen")
    world.end(world.programs[-1])
    world.run("ip", "address", "add", "192.0.2.60/32", "dev", "eth0")
    seen = world.start("busctl", f"--address={world.bus}", "--json=short", "monitor", "org.axiod.network1")
    log = world.folder / f"{len(world.programs) - 1}.log"
    try:
        world.start_axiod()
        world.until(lambda: "Network/AddressAdded" in log.read_text() and "192.0.2.60/32" in log.read_text(), "it")
        assert log.read_text().count("Network/AddressAdded") == 1
        assert "AddressRemoved" not in log.read_text()
    finally:
        world.end(seen)
        world.run("ip", "address", "del", "192.0.2.60/32", "dev", "eth0")


# --- without NetworkManager ---


def test_no_trial_begins_while_networkmanager_is_away(world: World) -> None:
    """What it has could not be put back."""
    world.end(world.networkmanager, signal.SIGKILL)
    world.run("ip", "address", "add", "192.0.2.61/32", "dev", "eth0")
    world.until(lambda: eth0(world)["Backend"] == "none", "a look at the interface")
    try:
        assert "networkmanager, which manages eth0, does not run now" in refused(world, "begin", "60")
        assert not world.axioctl("network", "trial")["Pending"]
    finally:
        world.run("ip", "address", "del", "192.0.2.61/32", "dev", "eth0")
        world.start_networkmanager("eth0")
    world.until(lambda: eth0(world)["Backend"] == "networkmanager", "NetworkManager")
    world.axioctl("network", "begin", "60")
