# SPDX-License-Identifier: Apache-2.0
"""axiod-network as it runs, with nsupdate and named (BIND) at the other end of the cable. Needs root."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from tests.network.world import World, lacking

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

SOCKET = "/run/axiod-dynamic-dns.socket"
NAME = "gate-7.example.org"
SECRET, OTHER_SECRET = "aHVudGVyMi1odW50ZXIyLWh1bnRlcjI=", "b3RoZXItb3RoZXItb3RoZXItb3RoZXI="
_NAMED = """
options {{
  directory "{folder}"; pid-file none; session-keyfile none; recursion no; dnssec-validation no; notify no;
  listen-on {{ 192.0.2.1; }}; listen-on-v6 {{ none; }};
}};
controls {{ }};
key "gate" {{ algorithm hmac-sha256; secret "{secret}"; }};
zone "example.org" {{ type primary; file "zone"; update-policy {{ grant gate zonesub A AAAA; }}; }};
zone "example.net" {{ type primary; file "open"; allow-update {{ any; }}; }};
"""
_ZONE = "$TTL 300\n@ IN SOA ns.{0}. root.{0}. 1 300 300 300 300\n@ IN NS ns\nns IN A 192.0.2.1\n"


class Dns:
    """named, and the device that speaks to it."""

    def __init__(self, world: World, folder: Path) -> None:
        self.world = world
        self._folder = folder
        self._named: subprocess.Popen[bytes] | None = None
        self.axiod: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start named with zones that have no device yet."""
        folder = self._folder
        for path in folder.glob("*.jnl"):
            path.unlink()
        (folder / "zone").write_text(_ZONE.format("example.org"))
        (folder / "open").write_text(_ZONE.format("example.net"))
        (folder / "named.conf").write_text(_NAMED.format(folder=folder, secret=SECRET))
        self._named = self.world.start_at_peer("named", "-g", "-c", str(folder / "named.conf"))
        self.world.until(lambda: self.look_up("ns.example.org") == {"192.0.2.1"}, "named")

    def stop(self) -> None:
        """End it."""
        if self._named is not None:
            self.world.end(self._named)
            self._named = None

    def restart(self) -> None:
        """Start axiod-network, anew if it runs."""
        if self.axiod is not None:
            self.world.end(self.axiod)
        self.axiod = self.world.start_axiod()

    def look_up(self, name: str, *options: str) -> set[str]:
        """Return what dig says of a name: addresses, or with an option whole records."""
        command = ["dig", "@192.0.2.1", "+time=1", "+tries=1", *(options or ("+short",)), name, "A", name, "AAAA"]
        try:
            return {line for line in self.world.at_peer(*command).splitlines() if line and not line.startswith(";")}
        except subprocess.CalledProcessError:
            return set()

    def configure(self, *options: str, secret: str | None = None) -> None:
        """Change settings of the device."""
        if secret is not None:
            call(self.world, "SetSecrets", "a{sv}", "1", "Key", "s", secret)
        self.world.axioctl("dynamic-dns", "configure", *options)

    def show(self) -> dict[str, Any]:
        """Return the properties."""
        return dict(self.world.axioctl("dynamic-dns", "show"))

    def until(self, state: str, words: str = "") -> dict[str, Any]:
        """Wait until the device says so, and return the properties."""
        self.world.until(lambda: (s := self.show())["State"] == state and words in (s.get("Problem") or ""), state)
        return self.show()

    def until_known(self, name: str, *addresses: str) -> None:
        """Wait until the DNS has these addresses."""
        self.world.until(lambda: self.look_up(name) == set(addresses), f"{name} {addresses}")


def call(world: World, member: str, *arguments: str, of: str = "DynamicDns", at: str = "dynamic_dns") -> str:
    path = f"/org/axiod/network1/{at}"
    return world.run(
        "busctl", f"--address={world.bus}", "call", "org.axiod.network1", path, f"org.axiod.network1.{of}", member,
        *arguments,
    )  # fmt: skip


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """The device, its cable, and what axiod-dynamic-dns.socket does."""
    if (why := lacking()) is not None:
        pytest.skip(why)
    folder = tmp_path_factory.mktemp("machine")
    world = World(folder)
    try:
        world.run("mount", "-t", "tmpfs", "none", "/run")
        resolver = folder / "resolv.conf"
        resolver.write_text("nameserver 192.0.2.1\nsearch example.org\n")
        world.run("mount", "--bind", str(resolver), "/etc/resolv.conf")
        world.run("hostname", "gate-9")
        world.at_peer("ip", "address", "add", "192.0.2.1/24", "dev", "peer0")
        world.run("ip", "address", "add", "192.0.2.7/24", "dev", "eth0")
        world.run("ip", "address", "add", "2001:db8::7/64", "dev", "eth0", "nodad")
        world.start("socat", "-t", "60", f"UNIX-LISTEN:{SOCKET},fork", "EXEC:nsupdate -t 20 -u 3 -r 2,stderr")
        yield world
    finally:
        world.close()


@pytest.fixture
def dns(machine: World, tmp_path: Path) -> Iterator[Dns]:
    """named with empty zones, and a device that registers nothing."""
    dns = Dns(machine, tmp_path)
    dns.start()
    dns.restart()
    yield dns
    dns.configure("--enabled", "false", "--name", "", "--server", "", "--zone", "", "--key-name", "")
    call(machine, "SetSecrets", "a{sv}", "1", "Key", "s", "")
    machine.until(lambda: dns.show().get("RegisteredName") is None, "nothing registered")
    assert dns.axiod is not None
    machine.end(dns.axiod)
    dns.axiod = None
    for path in (machine.folder / "state").glob("dynamic-dns*"):
        path.unlink()
    dns.stop()


SIGNED = ("--enabled", "true", "--name", NAME, "--server", "192.0.2.1", "--key-name", "gate")


def test_a_signed_update_has_all_addresses_and_the_ttl(dns: Dns) -> None:
    dns.configure(*SIGNED, "--ttl-sec", "77", secret=SECRET)
    shown = dns.until("registered")
    assert (shown["RegisteredName"], shown["RegisteredAddresses"]) == (NAME, ["192.0.2.7", "2001:db8::7"])
    assert shown.get("Problem") is None
    records = {tuple(line.split()) for line in dns.look_up(NAME, "+noall", "+answer")}
    assert records == {
        (f"{NAME}.", "77", "IN", "A", "192.0.2.7"),
        (f"{NAME}.", "77", "IN", "AAAA", "2001:db8::7"),
    }


def test_the_server_is_found_and_the_name_is_that_of_the_host(dns: Dns) -> None:
    dns.configure("--enabled", "true", "--key-name", "gate", secret=SECRET)
    assert dns.until("registered")["RegisteredName"] == "gate-9.example.org"
    dns.until_known("gate-9.example.org", "192.0.2.7", "2001:db8::7")


def test_another_address_is_registered_instead(dns: Dns) -> None:
    dns.configure(*SIGNED, secret=SECRET)
    dns.until_known(NAME, "192.0.2.7", "2001:db8::7")
    try:
        dns.world.run("ip", "address", "add", "192.0.2.8/25", "dev", "eth0")
        dns.world.run("ip", "address", "del", "192.0.2.7/24", "dev", "eth0")
        dns.until_known(NAME, "192.0.2.8", "2001:db8::7")
        assert dns.until("registered")["RegisteredAddresses"] == ["192.0.2.8", "2001:db8::7"]
    finally:
        dns.world.run("ip", "address", "replace", "192.0.2.7/24", "dev", "eth0")
        dns.world.run("sh", "-c", "ip address del 192.0.2.8/25 dev eth0; true")
    dns.until_known(NAME, "192.0.2.7", "2001:db8::7")


def test_the_former_name_is_deleted(dns: Dns) -> None:
    dns.configure(*SIGNED, secret=SECRET)
    dns.until_known(NAME, "192.0.2.7", "2001:db8::7")
    dns.configure("--name", "gate-8.example.org")
    dns.until_known("gate-8.example.org", "192.0.2.7", "2001:db8::7")
    dns.until_known(NAME)
    dns.configure("--enabled", "false")
    dns.until_known("gate-8.example.org")
    assert dns.show()["State"] == "off"


def wrong_secret(dns: Dns) -> None:
    dns.configure(*SIGNED, secret=OTHER_SECRET)


def wrong_key(dns: Dns) -> None:
    dns.configure(*SIGNED, "--key-name", "gaet", secret=SECRET)


def wrong_algorithm(dns: Dns) -> None:
    dns.configure(*SIGNED, "--key-algorithm", "hmac-sha512", secret=SECRET)


def unsigned(dns: Dns) -> None:
    dns.configure(*SIGNED, "--key-name", "")


def wrong_zone(dns: Dns) -> None:
    dns.configure(*SIGNED, "--name", "gate-7.example.com", "--zone", "example.com", secret=SECRET)


def not_allowed(dns: Dns) -> None:
    dns.configure(*SIGNED, "--name", "gate-7.ns.test", secret=SECRET)


def no_server(dns: Dns) -> None:
    dns.stop()
    dns.configure(*SIGNED, secret=SECRET)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (wrong_secret, "192.0.2.1 has another secret for the key gate; set the one that it has (BADSIG)"),
        (wrong_key, "the DNS server 192.0.2.1 does not know the key gaet with hmac-sha256"),
        (wrong_algorithm, "does not know the key gate with hmac-sha512"),
        (unsigned, "lets nobody change gate-7.example.org without a key; set KeyName and its secret (REFUSED)"),
        (wrong_zone, "is not the primary server of example.com; set Server, or correct Zone (NOTAUTH)"),
        (not_allowed, "does not say in which zone gate-7.ns.test is (REFUSED)"),
        (no_server, "the DNS server 192.0.2.1 does not answer"),
    ],
)  # fmt: skip
def test_what_went_wrong_is_told_and_mended(dns: Dns, given: Callable[[Dns], None], words: str) -> None:
    given(dns)
    shown = dns.until("failed", words)
    assert shown["NextTryUsec"] > 0
    assert dns.look_up(NAME) == set()
    if given is no_server:
        dns.start()
        dns.world.axioctl("dynamic-dns", "register")
    else:
        dns.configure(*SIGNED, "--zone", "", "--key-algorithm", "hmac-sha256", secret=SECRET)
    assert dns.until("registered").get("Problem") is None
    dns.until_known(NAME, "192.0.2.7", "2001:db8::7")


def test_what_was_registered_is_known_after_a_restart(dns: Dns) -> None:
    dns.configure("--enabled", "true", "--name", "gate-7.example.net")
    before = dns.until("registered")
    dns.restart()
    assert dns.until("registered")["RegisteredUsec"] == before["RegisteredUsec"], "nothing was sent"


def test_the_secret_is_for_its_owner_alone(dns: Dns) -> None:
    dns.configure(*SIGNED, secret=SECRET)
    dns.configure("--ttl-sec", "40", secret=OTHER_SECRET)
    state = dns.world.folder / "state"
    assert (state / "dynamic-dns.key").stat().st_mode & 0o777 == 0o600
    assert not [path for path in state.iterdir() if path.is_file() and SECRET.encode() in path.read_bytes()]
    holding = {path.name for path in state.iterdir() if path.is_file() and OTHER_SECRET.encode() in path.read_bytes()}
    assert holding == {"dynamic-dns.key"}
    shown = dns.show()
    assert shown["Secrets"] == ["Key"]
    assert OTHER_SECRET not in str(shown)
    dns.configure("--ttl-sec", "30", secret=SECRET)
    dns.until("registered")


def test_a_key_without_a_secret_is_refused_and_changes_nothing(dns: Dns) -> None:
    with pytest.raises(subprocess.CalledProcessError) as refused:
        dns.configure("--key-name", "gate", "--ttl-sec", "99")
    assert "the secret of the key gate is not set" in refused.value.stderr
    assert dns.show()["TtlSec"] != 99
    with pytest.raises(subprocess.CalledProcessError) as refused:
        call(dns.world, "SetSecrets", "a{sv}", "1", "Key", "s", "no base64")
    assert "base64" in refused.value.stderr


def test_what_is_tried_is_not_registered(dns: Dns) -> None:
    dns.configure("--enabled", "true", "--name", "gate-7.example.net")
    dns.until("registered")
    call(dns.world, "Begin", "u", "600", of="Trial", at="trial")
    try:
        dns.world.run("ip", "address", "add", "192.0.2.8/25", "dev", "eth0")
        dns.until("waiting", "a trial of network settings is under way")
        assert dns.look_up("gate-7.example.net") == {"192.0.2.7", "2001:db8::7"}
        call(dns.world, "Confirm", of="Trial", at="trial")
        dns.until_known("gate-7.example.net", "192.0.2.7", "192.0.2.8", "2001:db8::7")
    finally:
        dns.world.run("ip", "address", "del", "192.0.2.8/25", "dev", "eth0")
    dns.until_known("gate-7.example.net", "192.0.2.7", "2001:db8::7")
