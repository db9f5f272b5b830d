# SPDX-License-Identifier: Apache-2.0
"""What the package brings for each service, read from the source: its unit, its bus policy, its settings, its user.

That systemd takes the units, and does with them what they are for, is tested where there is a systemd: tests/machine.
"""

from __future__ import annotations

import re
from fnmatch import fnmatch
from pathlib import Path
from xml.etree import ElementTree

import pytest

from axiod.bus import comments
from axiod.bus import interface as contract
from axiod.bus.caller import ADMINISTRATOR_GROUP, GATEWAY_USER, OPERATOR_GROUP
from axiod.network.discovery import lldpd
from axiod.network.dynamic_dns import nsupdate
from axiod.runtime import config
from axiod.runtime.config import Settings

ROOT = Path(__file__).parents[1]
DEBIAN, UNITS, ETC = ROOT / "debian", ROOT / "units", ROOT / "etc"
SERVICES = sorted(
    path.parent.name for path in ROOT.glob("axiod/*/service.py") if (path.parent / "__main__.py").exists()
)
HOLD_LINES = {name for name in SERVICES if (ROOT / "axiod" / name / "fail_safe.py").exists()}
FAIL_SAFE = "axiod-fail-safe@"
DOT1X = "axiod-dot1x@"
GATEWAY = "axiod-gateway"
FIREWALL = "axiod-firewall"
"""What loads the firewall rules at boot, without any service."""
AS_ROOT = {"network"}
"""Services without a user of their own."""
ON_DEMAND = {contract.stem(name) for name in contract.ON_DEMAND}
"""Services that exit when they are idle; what happens starts them by a socket."""
DISCOVERY = "axiod-discovery"
"""It has no name on the bus either, and no settings: it is a client of axiod-network."""
NEIGHBOURS = "axiod-neighbours@"
"""Runs the client of lldpd, once for each connection to its socket."""
DYNAMIC_DNS = "axiod-dynamic-dns@"
"""Runs nsupdate, once for each connection to its socket."""
SOCKETS = {"http": "80", "https": "443", "rtsp": "554"}
"""The ports that systemd opens for the gateway, by the name that it gets them under."""
RETRY = "axiod-retry@%N.timer"
CONFIG_IS_WRONG, PUT_WHERE_IT_IS_SAFE = "78", "79"

SANDBOX = "# What it may touch."
"""How the comment begins after which a unit says what its process may do; the rest of the section is about that."""
IN_THE_NETWORK = "RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6"
"""How the family names begin of who serves or calls."""
SERIAL_PORTS = {f"DeviceAllow=char-{name} rw" for name in ("ttyS", "ttyAMA", "ttySC", "ttymxc", "ttySTM", "188", "166")}
OWN_SANDBOX = {
    **{f"axiod-{name}": {"UMask=0077", "DeviceAllow=char-gpiochip rw"} for name in HOLD_LINES},
    # LEDs are somewhere below it.
    "axiod-io": {"UMask=0077", "DeviceAllow=char-gpiochip rw", "ReadWritePaths=-/sys/devices"},
    # Those who are in its group may use its socket.
    "axiod-sim": {"UMask=0007", "PrivateDevices=yes", "SystemCallFilter=fchown"},
    "axiod-system": {"UMask=0077", "PrivateDevices=yes"},
    "axiod-events": {"UMask=0077", "PrivateDevices=yes", f"{IN_THE_NETWORK} AF_NETLINK"},
    "axiod-sensors": {"UMask=0077", "PrivateDevices=yes"},
    "axiod-fieldbus": {"UMask=0077", f"{IN_THE_NETWORK} AF_NETLINK", *SERIAL_PORTS},
    # It is root, for files of root, and without any of its privileges but that of configuring interfaces.
    "axiod-network": {
        "UMask=0077",
        "PrivateDevices=yes",
        "CapabilityBoundingSet=CAP_NET_ADMIN",
        "ReadWritePaths=-/etc/NetworkManager/system-connections -/etc/NetworkManager/conf.d",
        "ReadWritePaths=-/etc/systemd/network -/etc/network -/etc/avahi/services",
        "ReadOnlyPaths=/run",
        "RestrictAddressFamilies=AF_UNIX AF_NETLINK",
    },
    FIREWALL: {
        "UMask=0077",
        "PrivateDevices=yes",
        "PrivateMounts=yes",
        "CapabilityBoundingSet=CAP_NET_ADMIN",
        "RestrictAddressFamilies=AF_NETLINK",
    },
    GATEWAY: {"UMask=0077", "PrivateDevices=yes", IN_THE_NETWORK},
    DISCOVERY: {"UMask=0077", "PrivateDevices=yes", f"{IN_THE_NETWORK} AF_NETLINK"},
    NEIGHBOURS: {"UMask=0077", "PrivateDevices=yes"},
    DYNAMIC_DNS: {"UMask=0077", "PrivateDevices=yes", IN_THE_NETWORK},
    DOT1X: {
        "UMask=0077",
        "PrivateDevices=yes",
        "CapabilityBoundingSet=CAP_NET_ADMIN CAP_NET_RAW",
        "RestrictAddressFamilies=AF_UNIX AF_INET AF_NETLINK AF_PACKET",
    },
    # The services look for its folder.
    FAIL_SAFE: {"UMask=0022", "PrivateDevices=yes"},
}
"""What the sandbox of a unit has, and those of the others have not."""
MISSING = {
    FAIL_SAFE: {"PrivateUsers=yes", "PrivateNetwork=yes"},
    "axiod-system": {"PrivateNetwork=yes"},
    "axiod-events": {"PrivateNetwork=yes", "IPAddressDeny=any", "RestrictAddressFamilies=AF_UNIX"},
    "axiod-fieldbus": {"PrivateNetwork=yes", "IPAddressDeny=any", "RestrictAddressFamilies=AF_UNIX"},
    "axiod-network": {
        "PrivateNetwork=yes",
        "PrivateUsers=yes",
        "CapabilityBoundingSet=",
        "AmbientCapabilities=",
        "RestrictAddressFamilies=AF_UNIX",
    },
    FIREWALL: {
        "PrivateNetwork=yes",
        "PrivateUsers=yes",
        "CapabilityBoundingSet=",
        "AmbientCapabilities=",
        "RestrictAddressFamilies=AF_UNIX",
    },
    GATEWAY: {"PrivateNetwork=yes", "IPAddressDeny=any", "RestrictAddressFamilies=AF_UNIX"},
    DYNAMIC_DNS: {"PrivateNetwork=yes", "IPAddressDeny=any", "RestrictAddressFamilies=AF_UNIX"},
    DISCOVERY: {"PrivateNetwork=yes", "IPAddressDeny=any", "RestrictAddressFamilies=AF_UNIX"},
    DOT1X: {"PrivateUsers=yes", "PrivateNetwork=yes", "CapabilityBoundingSet=", "RestrictAddressFamilies=AF_UNIX"},
}
"""What the sandbox of a unit has not, and those of all others have; the unit says why."""


def unit(name: str, kind: str = "service") -> dict[str, dict[str, list[str]]]:
    """Return section -> key -> its values, in order."""
    found: dict[str, dict[str, list[str]]] = {}
    section: dict[str, list[str]] = {}
    for line in (UNITS / f"{name}.{kind}").read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            section = found.setdefault(line.strip("[]"), {})
        elif line and not line.startswith("#"):
            key, _, value = line.partition("=")
            section.setdefault(key, []).append(value)
    return found


def one(name: str, key: str, section: str = "Service") -> str:
    """Return the only value of a key."""
    (value,) = unit(name)[section].get(key, ["absent"])
    return value


def sandbox(name: str) -> list[str]:
    """Return the lines of a unit that say what its process may do, sorted."""
    text = (UNITS / f"{name}.service").read_text(encoding="utf-8")
    lines = text.partition(f"\n{SANDBOX}")[2].partition("\n[")[0].splitlines()[1:]
    assert lines, f"{name} has no line {SANDBOX!r}"
    return sorted(line for line in lines if line and not line.startswith("#"))


def installed() -> list[str]:
    """Return all patterns of debian/*.install."""
    lines = [line for path in DEBIAN.glob("*.install") for line in path.read_text(encoding="utf-8").splitlines()]
    return [line.split()[0] for line in lines if line and not line.startswith("#")]


def accounts(kind: str) -> set[str]:
    """Return the users (u) or groups (g) that the packages make."""
    lines = [
        line.split() for path in DEBIAN.glob("*.sysusers") for line in path.read_text(encoding="utf-8").splitlines()
    ]
    return {words[1] for words in lines if words and words[0] == kind}


def test_there_are_services() -> None:
    assert {"events", "fieldbus", "io", "relays", "sensors", "sim", "system"} <= set(SERVICES)
    assert {"io", "relays"} <= HOLD_LINES


# --- a service has its files, and each of them is in a package ---


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_has_its_unit_its_policy_and_its_settings(service: str) -> None:
    assert (UNITS / f"axiod-{service}.service").is_file()
    assert (ROOT / "dbus-policy" / f"axiod-{service}.conf").is_file()
    assert (ETC / f"{service}.yaml").is_file()


def test_there_are_none_of_a_service_that_is_gone() -> None:
    ours = {
        *(f"axiod-{name}" for name in SERVICES), FAIL_SAFE, FIREWALL, DOT1X, GATEWAY, DISCOVERY, NEIGHBOURS,
        DYNAMIC_DNS,
    }  # fmt: skip
    assert {path.stem for path in UNITS.glob("*.service")} == ours
    assert {path.stem for path in UNITS.glob("*.socket")} == {
        *(f"{GATEWAY}-{name}" for name in SOCKETS),
        *(f"axiod-{name}" for name in ON_DEMAND),
        NEIGHBOURS.rstrip("@"),
        DYNAMIC_DNS.rstrip("@"),
    }
    assert {path.stem for path in (ROOT / "dbus-policy").iterdir()} == {f"axiod-{name}" for name in SERVICES}
    assert {path.stem for path in ETC.glob("*.yaml")} == set(SERVICES)


def test_each_file_is_in_one_package() -> None:
    files = [f"usr/lib/systemd/system/{path.name}" for path in UNITS.iterdir() if path.is_file() and path.suffix]
    files += [f"usr/lib/systemd/system/{path.relative_to(UNITS)}" for path in UNITS.glob("*.d/*")]
    files += [f"usr/share/dbus-1/system.d/{path.name}" for path in (ROOT / "dbus-policy").iterdir()]
    files += [f"usr/share/dbus-1/system-services/org.axiod.{name}1.service" for name in SERVICES]
    files += [f"etc/axiod/{path.name}" for path in ETC.glob("*.yaml")]
    patterns = installed()
    assert {name: sum(fnmatch(name, pattern) for pattern in patterns) for name in files} == dict.fromkeys(files, 1)
    folders = {name.rpartition("/")[0] for name in files}
    ours = [pattern for pattern in patterns if pattern.rpartition("/")[0] in folders]
    assert sorted(ours) == sorted(files), "debian/*.install names a file that nothing makes"


@pytest.mark.parametrize("service", SERVICES)
def test_what_belongs_to_a_service_is_in_the_package_of_its_unit(service: str) -> None:
    def package(file: str) -> list[str]:
        return [path.stem for path in DEBIAN.glob("*.install") if file in path.read_text(encoding="utf-8").splitlines()]

    (mine,) = package(f"usr/lib/systemd/system/axiod-{service}.service")
    assert package(f"usr/share/dbus-1/system.d/axiod-{service}.conf") == [mine]
    assert package(f"usr/share/dbus-1/system-services/org.axiod.{service}1.service") == [mine]
    assert package(f"etc/axiod/{service}.yaml") == [mine]
    users = (DEBIAN / f"{mine}.sysusers").read_text(encoding="utf-8")
    assert (f"u axiod-{service} " in users) != (service in AS_ROOT)


@pytest.mark.parametrize("service", SERVICES)
def test_settings_are_taken_as_they_are_shipped(service: str) -> None:
    path = ETC / f"{service}.yaml"
    # The simulation is a package that is installed only by those who want that board.
    assert config.load(path, required=True) == (Settings(board="a9210-sim") if service == "sim" else Settings())
    text = path.read_text(encoding="utf-8")
    assert f"Installed as /etc/axiod/{service}.yaml" in text
    assert f"`systemctl reload axiod-{service}`" in text


@pytest.mark.parametrize("service", SERVICES)
def test_what_the_shipped_settings_propose_is_taken(service: str, tmp_path: Path) -> None:
    proposed = tmp_path / "settings.yaml"
    lines = (ETC / f"{service}.yaml").read_text(encoding="utf-8").splitlines()
    proposed.write_text("\n".join(line.removeprefix("#") for line in lines if not line.startswith("# ")))
    assert config.load(proposed, required=True).log_level == Settings().log_level


# --- users ---


def test_the_packages_make_the_users_and_groups_that_are_named() -> None:
    users, groups = accounts("u"), accounts("g")
    assert {f"axiod-{name}" for name in SERVICES if name not in AS_ROOT} | {GATEWAY_USER} <= users
    assert {OPERATOR_GROUP, ADMINISTRATOR_GROUP} <= groups
    for service in SERVICES:
        root = ElementTree.parse(ROOT / "dbus-policy" / f"axiod-{service}.conf").getroot()
        for block in root.iter("policy"):
            assert block.get("user", "root") in users | {"root"}
            assert block.get("group", OPERATOR_GROUP) in groups
        section = unit(f"axiod-{service}")["Service"]
        used = [*section.get("Group", []), *section.get("SupplementaryGroups", [])]
        assert set(" ".join(used).split()) <= groups


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_is_the_user_who_may_have_its_name(service: str) -> None:
    user = "root" if service in AS_ROOT else f"axiod-{service}"
    assert one(f"axiod-{service}", "User") == ("absent" if service in AS_ROOT else user)
    root = ElementTree.parse(ROOT / "dbus-policy" / f"axiod-{service}.conf").getroot()
    owners = {
        (rule.get("own"), block.get("user"))
        for block in root.iter("policy")
        for rule in block
        if rule.tag == "allow" and "own" in rule.attrib
    }
    assert owners == {(one(f"axiod-{service}", "BusName"), user)}


# --- units ---


@pytest.mark.parametrize("service", SERVICES)
def test_a_unit_starts_its_service_and_keeps_it_alive(service: str) -> None:
    name = f"axiod-{service}"
    assert one(name, "Type") == "notify-reload"
    assert one(name, "NotifyAccess") == "main"
    assert one(name, "BusName") == f"org.axiod.{service}1"
    assert f"/usr/bin/python3 -I -m axiod.{service}" in one(name, "ExecStart")
    assert one(name, "StateDirectory") == f"axiod/{service}"
    assert int(one(name, "WatchdogSec")) > 0
    on_demand = service in ON_DEMAND
    assert ("--exit-when-idle" in one(name, "ExecStart")) == on_demand
    assert (one(name, "Restart"), one(name, "RestartMode")) == ("on-failure" if on_demand else "always", "direct")
    assert CONFIG_IS_WRONG in one(name, "RestartPreventExitStatus").split()
    assert int(one(name, "StartLimitBurst", "Unit")) > 1
    assert one(name, "WantedBy", "Install") == "axiod.target"


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_that_holds_lines_has_them_kept_and_fails_safe(service: str) -> None:
    name = f"axiod-{service}"
    keys = unit(name)["Service"]
    if service not in HOLD_LINES:
        assert not {"FileDescriptorStoreMax", "FileDescriptorStorePreserve"} & set(keys)
        assert unit(name)["Unit"].get("OnFailure", [RETRY]) == [RETRY]
        assert one(name, "RestartPreventExitStatus") == CONFIG_IS_WRONG
        return
    assert int(one(name, "FileDescriptorStoreMax")) >= 512
    assert one(name, "FileDescriptorStorePreserve") == "yes"
    assert one(name, "OnFailure", "Unit") == f"{FAIL_SAFE}%N.service"
    assert one(name, "RestartPreventExitStatus").split() == [CONFIG_IS_WRONG, PUT_WHERE_IT_IS_SAFE]
    # One makes the folder, the other looks for it.
    assert one(name, "ExecStart").endswith(
        f" --fail-safe-if /run/{one(FAIL_SAFE, 'RuntimeDirectory')}/now".replace("%i", "%N")
    )


def test_an_installation_gives_devices_that_are_there_already_their_group() -> None:
    subsystems = set(re.findall(r'SUBSYSTEM[!=]="(\w+)"', (DEBIAN / "axiod.udev").read_text()))
    triggered = set(re.findall(r"--subsystem-match=(\w+)", (DEBIAN / "axiod.postinst").read_text()))
    assert subsystems == triggered == {"gpio", "iio", "leds", "tty"}


def test_a_device_that_nobody_looks_after_is_reachable_again() -> None:
    for name in ("axiod-events", "axiod-system", GATEWAY):
        assert one(name, "OnFailure", "Unit") == RETRY


def test_the_gateway_is_kept_alive_and_needs_no_privilege_for_its_ports() -> None:
    assert one(GATEWAY, "Type") == "notify-reload"
    assert one(GATEWAY, "NotifyAccess") == "main"
    assert one(GATEWAY, "BusName") == "absent"
    assert one(GATEWAY, "User") == GATEWAY_USER
    assert int(one(GATEWAY, "WatchdogSec")) > 0
    assert (one(GATEWAY, "Restart"), one(GATEWAY, "RestartMode")) == ("always", "direct")
    assert one(GATEWAY, "WantedBy", "Install") == "axiod.target"
    sockets = {f"{GATEWAY}-{name}.socket" for name in SOCKETS}
    assert set(one(GATEWAY, "Sockets").split()) == sockets


def test_what_answers_to_searches_is_kept_alive_and_is_nobody_else() -> None:
    assert (one(DISCOVERY, "Type"), one(DISCOVERY, "BusName")) == ("notify", "absent")
    assert "/usr/bin/python3 -I -m axiod.discovery" in one(DISCOVERY, "ExecStart")
    assert one(DISCOVERY, "User") == DISCOVERY
    assert DISCOVERY in accounts("u")
    assert (one(DISCOVERY, "Restart"), one(DISCOVERY, "RestartMode")) == ("always", "direct")
    assert one(DISCOVERY, "OnFailure", "Unit") == RETRY
    assert one(DISCOVERY, "WantedBy", "Install") == "axiod.target"
    assert int(one(DISCOVERY, "OOMScoreAdjust")) > 0


def test_axiod_network_may_write_what_avahi_and_lldpd_read() -> None:
    network = unit("axiod-network")["Service"]
    (environment,) = network["Environment"]
    assert f"-{environment.partition('=')[2]}" in " ".join(network["ReadWritePaths"]).split()
    (line,) = (UNITS / "lldpd.service.d" / "50-axiod.conf").read_text(encoding="utf-8").splitlines()[2:]
    assert line == f"EnvironmentFile=-/var/lib/{network['StateDirectory'][0]}/lldpd.env"
    assert "usr/lib/systemd/system/lldpd.service.d/50-axiod.conf" in installed()
    socket = unit("axiod-neighbours", "socket")["Socket"]
    assert (socket["ListenStream"], socket["SocketMode"]) == ([str(lldpd.SOCKET)], ["0600"])


def test_nsupdate_is_run_for_axiod_network_alone_and_by_nobody() -> None:
    socket = unit("axiod-dynamic-dns", "socket")["Socket"]
    assert (socket["ListenStream"], socket["SocketMode"]) == ([str(nsupdate.SOCKET)], ["0600"])
    assert one(DYNAMIC_DNS, "DynamicUser") == "yes"
    assert float(one(DYNAMIC_DNS, "RuntimeMaxSec")) < nsupdate.SECONDS


@pytest.mark.parametrize("name", ["axiod-events", GATEWAY, DISCOVERY])
def test_a_client_of_the_services_starts_without_them(name: str) -> None:
    assert not {"Requires", "BindsTo", "Requisite"} & set(unit(name)["Unit"])


def test_the_firewall_is_there_before_the_network_and_needs_no_service() -> None:
    keys = unit(FIREWALL)
    assert "network-pre.target" in keys["Unit"]["Before"][0].split()
    assert keys["Unit"]["DefaultDependencies"] == ["no"]
    state = f"/var/lib/{one('axiod-network', 'StateDirectory')}"
    assert keys["Unit"]["ConditionPathExists"] == [f"{state}/firewall.json"]
    assert one(FIREWALL, "ExecStart") == f"/usr/sbin/nft -j -f {state}/firewall.json"
    assert "Requires" not in keys["Unit"]


def test_rules_end_before_what_they_switch_and_have_a_network_until_then() -> None:
    after = " ".join(unit("axiod-events")["Unit"]["After"]).split()
    assert {"axiod-io.service", "axiod-relays.service", "axiod-system.service", "network.target"} <= set(after)
    assert "axiod-events.service" not in " ".join(unit("axiod-io")["Unit"].get("After", []))


def test_users_are_in_the_groups_that_their_services_need() -> None:
    lines = (DEBIAN / "axiod.sysusers").read_text(encoding="utf-8").splitlines()
    assert [line.split() for line in lines if line.startswith("m ")] == [
        ["m", "axiod-events", OPERATOR_GROUP],
        ["m", "axiod-sensors", OPERATOR_GROUP],
        ["m", "axiod-fieldbus", "dialout"],
        ["m", "axiod-system", "systemd-journal"],
    ]


@pytest.mark.parametrize("name", SOCKETS)
def test_a_socket_of_the_gateway_has_the_port_that_the_contract_says(name: str) -> None:
    socket = unit(f"{GATEWAY}-{name}", "socket")
    keys = {key: values[0] for key, values in socket["Socket"].items()}
    assert (keys["Service"], keys["FileDescriptorName"]) == (f"{GATEWAY}.service", name)
    assert (keys["ListenStream"], keys["BindIPv6Only"]) == (SOCKETS[name], "both")
    assert f"Default: {SOCKETS[name]}." in comments.read("org.axiod.system1.Web")[f"{name.title()}Port"].text
    assert "Install" not in socket, "it comes and goes with the gateway"


@pytest.mark.parametrize("service", sorted(HOLD_LINES))
def test_who_holds_lines_survives_the_others_where_memory_is_short(service: str) -> None:
    assert int(one(f"axiod-{service}", "OOMScoreAdjust")) < 0
    assert int(one(GATEWAY, "OOMScoreAdjust")) > 0


def test_the_fail_safe_has_time_for_its_tries() -> None:
    tries = len((UNITS / "fail-safe").read_text(encoding="utf-8").partition("for attempt in ")[2].split(";")[0].split())
    each = max(
        int(one(f"axiod-{name}", "TimeoutStartSec")) + int(one(f"axiod-{name}", "TimeoutAbortSec"))
        for name in HOLD_LINES
    )
    assert int(one(FAIL_SAFE, "TimeoutStartSec")) > tries * each


@pytest.mark.parametrize("name", sorted(OWN_SANDBOX))
def test_a_sandbox_is_that_of_all_others_but_for_what_is_said_here(name: str) -> None:
    def common(of: str) -> list[str]:
        return sorted([*(line for line in sandbox(of) if line not in OWN_SANDBOX[of]), *MISSING.get(of, ())])

    assert OWN_SANDBOX[name] <= set(sandbox(name))
    assert not MISSING.get(name, set()) & set(sandbox(name))
    assert common(name) == common("axiod-io")


def test_every_unit_has_a_sandbox() -> None:
    assert set(OWN_SANDBOX) == {path.stem for path in UNITS.glob("*.service")}
