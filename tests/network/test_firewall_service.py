# SPDX-License-Identifier: Apache-2.0
"""axiod-network as a real process on the device of a wire: what it is told holds for real packets, and comes back."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
import pytest_asyncio
import yaml

from axiod.bus.client import Service
from axiod.bus.connection import Connection
from axiod.errors import AxiodError, Conflict, HardwareFailure, InvalidArgument
from tests.conftest import until
from tests.network.wire import CLIENT, CLIENT6, OTHER

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator
    from pathlib import Path

    from tests.conftest import Daemon
    from tests.network.wire import Wire

NAME = "org.axiod.network1"
WEB = 8080
ROLLS_BACK_IN_SECONDS = 90.0
"""On a busy machine the kernel lets no nft end for many seconds, though its rules are in force."""
DROP_WEB = {"Kind": "filter", "Policy": "drop", "Protocol": "tcp", "Port": WEB}
ACCEPT_WEB = DROP_WEB | {"Policy": "accept"}
ASKING = {"ClientAddress": CLIENT, "ServerPort": WEB}


class NetworkProcess:
    """`python -m axiod.network` in the network of the device, and a client of it."""

    def __init__(self, connection: Connection, address: str, folder: Path, wire: Wire) -> None:
        connection.timeout = 30
        self.wire = wire
        self.address = address
        self.state = folder / "state"
        self._client = Service(connection, NAME)
        self._log = folder / "log"
        self._process: asyncio.subprocess.Process | None = None
        config = folder / "network.yaml"
        config.write_text("{}\n", encoding="utf-8")
        self._command = [
            "ip",
            "netns",
            "exec",
            wire.device,
            sys.executable,
            "-m",
            "axiod.network",
            "--config",
            str(config),
        ]

    async def start(self) -> None:
        """Start it, and wait until it answers."""
        environment = {**os.environ, "DBUS_SYSTEM_BUS_ADDRESS": self.address, "STATE_DIRECTORY": str(self.state)}
        with self._log.open("a") as log:
            self._process = await asyncio.create_subprocess_exec(*self._command, stderr=log, env=environment)
        async with asyncio.timeout(60):
            while True:
                with contextlib.suppress(AxiodError):
                    await self.properties()
                    return
                assert self._process.returncode is None, self.log
                await asyncio.sleep(0)

    async def stop(self, number: int = signal.SIGTERM) -> None:
        """End it."""
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                self._process.send_signal(number)
            await self._process.wait()
            self._process = None

    @property
    def log(self) -> str:
        return self._log.read_text()

    async def call(self, member: str, *arguments: Any) -> Any:
        """Call a method of the firewall."""
        return await self._client.call(f"{self._client.root}/firewall", f"{NAME}.Firewall", member, *arguments)

    async def trial(self, member: str, *arguments: Any) -> Any:
        """Call a method of the trial."""
        return await self._client.call(f"{self._client.root}/trial", f"{NAME}.Trial", member, *arguments)

    async def trial_properties(self) -> dict[str, Any]:
        """Return the properties of the trial."""
        return await self._client.properties(f"{self._client.root}/trial", f"{NAME}.Trial")

    async def properties(self) -> dict[str, Any]:
        """Return the properties of the firewall."""
        return await self._client.properties(f"{self._client.root}/firewall", f"{NAME}.Firewall")

    async def problems(self) -> list[str]:
        """Return what the service says is wrong."""
        found: list[str] = (await self._client.properties(self._client.root, "org.axiod.Service1"))["Problems"]
        return found

    async def expired(self) -> None:
        """Wait until nobody has confirmed the trial in time, and everything is back."""
        async with asyncio.timeout(ROLLS_BACK_IN_SECONDS):
            while (await self.trial_properties())["Last"] != "expired":
                await asyncio.sleep(0.05)

    def comes_through(self) -> bool:
        """Whether the client reaches the web service."""
        self.wire.remind()
        return self.wire.tcp(WEB)


@contextlib.contextmanager
def rules_put_in_force(wire: Wire, path: Path) -> Iterator[Callable[[], str]]:
    """Have nft write everything that the packet filter of the device gets, and return what that is."""

    def mark(name: str) -> None:
        while f"add table inet {name}" not in path.read_text():
            wire.nft(f"add table inet {name}; delete table inet {name}")

    with path.open("w") as file:
        monitor = subprocess.Popen(["ip", "netns", "exec", wire.device, "nft", "monitor"], stdout=file)
        try:
            mark("begin")
            yield path.read_text
            mark("end")
        finally:
            monitor.kill()
            monitor.wait()


@pytest_asyncio.fixture
async def network(wire: Wire, bus: Daemon, tmp_path: Path) -> AsyncIterator[NetworkProcess]:
    """axiod-network, with rules of nobody, and a web service on the device."""
    connection = await Connection.open(bus.address)
    process = NetworkProcess(connection, bus.address, tmp_path, wire)
    wire.listen(WEB)
    await process.start()
    yield process
    await process.stop()
    await connection.close()


async def test_rules_are_in_force_and_on_disk_when_they_are_acknowledged(network: NetworkProcess) -> None:
    assert network.comes_through()
    await network.call("Configure", {"Active": True, "Rules": [DROP_WEB]})
    assert not network.comes_through()
    found = await network.properties()
    assert (found["Supported"], found["Active"], found["DefaultPolicy"]) == (True, True, "accept")
    assert found["Rules"] == [DROP_WEB]
    stored = yaml.safe_load((network.state / "firewall.yaml").read_text())
    assert stored == {"version": 1, "firewall": {"firewall": {"Active": True, "Rules": [DROP_WEB]}}}
    # At boot it is nft alone that puts them in force.
    network.wire.nft("flush", "ruleset")
    assert network.comes_through()
    network.wire.nft("-j", "-f", str(network.state / "firewall.json"))
    assert not network.comes_through()
    await network.call("Configure", {"Active": False})
    assert network.comes_through()
    assert "axiod" not in network.wire.nft("list", "tables")
    network.wire.nft("-j", "-f", str(network.state / "firewall.json"))
    assert network.comes_through()


async def test_of_two_who_change_what_they_have_read_the_second_is_refused(network: NetworkProcess) -> None:
    seen = (await network.properties())["Revision"]
    await network.call("Configure", {"Rules": [DROP_WEB], "Revision": seen})
    for member, arguments in (
        ("Configure", ({"Rules": [], "Active": True, "Revision": seen},)),
        ("Test", ({"Rules": []}, 60, {"Revision": seen})),
    ):
        with pytest.raises(Conflict, match="somebody else has changed the firewall"):
            await network.call(member, *arguments)
    found = await network.properties()
    assert (found["Rules"], found["Active"]) == ([DROP_WEB], False)
    assert not (await network.trial_properties())["Pending"]
    # It stands for the settings, whichever process tells it.
    await network.stop()
    await network.start()
    await network.call("Test", {"Rules": []}, 60, {"Revision": found["Revision"]})
    assert (await network.properties())["Rules"] == []
    await network.trial("RollBack")
    assert (await network.properties())["Revision"] == found["Revision"]


@pytest.mark.parametrize(
    ("changes", "field", "right"),
    [
        ({"Rules": [ACCEPT_WEB, DROP_WEB | {"Port": 70000}]}, "Rules 2: Port", "1 to 65535"),
        ({"Rules": [DROP_WEB | {"Address": "192.0.2.7/24"}]}, "Rules 1: Address", "192.0.2.0/24"),
        ({"Rules": [DROP_WEB | {"Prt": 1}]}, "Rules 1: there is no field 'Prt'", "Port"),
        ({"Rules": [{"Kind": "limit", "Unit": "connections", "Period": "week", "Amount": 1}]}, "Period", "hour"),
        ({"DefaultPolicy": "reject"}, "DefaultPolicy", "accept, drop"),
    ],
)
async def test_a_bad_rule_is_refused_by_its_field_and_nothing_changes(
    network: NetworkProcess, changes: dict[str, Any], field: str, right: str
) -> None:
    await network.call("Configure", {"Active": True, "Rules": [DROP_WEB]})
    before = await network.properties(), network.wire.nft("list", "ruleset"), sorted(network.state.iterdir())
    for member, more in (("Configure", ()), ("Check", (ASKING,)), ("Test", (60, ASKING))):
        with pytest.raises(InvalidArgument) as refused:
            await network.call(member, changes, *more)
        assert field in str(refused.value)
        assert right in str(refused.value)
    after = await network.properties(), network.wire.nft("list", "ruleset"), sorted(network.state.iterdir())
    assert after == before


async def test_who_asks_is_not_cut_off_unless_he_insists_or_tries(network: NetworkProcess) -> None:
    before = await network.properties(), network.wire.nft("list", "ruleset")
    with pytest.raises(Conflict, match="the default policy drops the connection"):
        await network.call("Configure", {"Active": True, "DefaultPolicy": "drop", **ASKING})
    assert (await network.properties(), network.wire.nft("list", "ruleset")) == before
    await network.call("Configure", {"Active": True, "DefaultPolicy": "drop", "Rules": [ACCEPT_WEB], **ASKING})
    assert network.comes_through()
    await network.call("Test", {}, 3600, ASKING)
    await network.call("Configure", {"Rules": [], **ASKING})
    assert not network.comes_through()
    await network.trial("RollBack")
    assert network.comes_through()
    await network.call("Configure", {"Rules": [], "Force": True, **ASKING})
    assert not network.comes_through()


async def test_rules_that_nobody_confirms_are_rolled_back_in_time(network: NetworkProcess) -> None:
    findings = await network.call("Test", {"Active": True, "DefaultPolicy": "drop"}, 5, ASKING)
    assert [finding["Kind"] for finding in findings] == ["cut"]
    assert f"from {CLIENT} to port {WEB}" in findings[0]["Text"]
    assert not network.comes_through()
    await network.expired()
    assert network.comes_through()
    found = await network.properties()
    assert (found["Active"], found["DefaultPolicy"], found["Rules"]) == (False, "accept", [])


async def test_rules_are_rolled_back_by_who_comes_after_a_crash(network: NetworkProcess) -> None:
    await network.call("Configure", {"Active": True, "Rules": [ACCEPT_WEB]})
    await network.call("Test", {"Rules": [DROP_WEB]}, 5, {})
    await network.stop(signal.SIGKILL)
    assert not network.comes_through()
    await network.start()
    await network.expired()
    assert network.comes_through()
    assert (await network.properties())["Rules"] == [ACCEPT_WEB]


async def test_a_boot_has_rules_that_are_tried_only_once_they_are_confirmed(network: NetworkProcess) -> None:
    boot = network.state / "firewall.json"
    await network.call("Configure", {"Active": True, "Rules": [ACCEPT_WEB]})
    confirmed = boot.read_text()
    await network.call("Test", {"Rules": [DROP_WEB]}, 3600, {})
    assert not network.comes_through()
    assert boot.read_text() == confirmed
    await network.trial("Confirm")
    await until(lambda: boot.read_text() != confirmed)
    network.wire.nft("flush", "ruleset")
    network.wire.nft("-j", "-f", str(boot))
    assert not network.comes_through()


async def test_a_boot_during_a_trial_has_the_former_rules_from_the_beginning(
    network: NetworkProcess, tmp_path: Path
) -> None:
    await network.call("Configure", {"Active": True, "Rules": [ACCEPT_WEB]})
    await network.call("Test", {"Rules": [DROP_WEB]}, 3600, {})
    await network.stop(signal.SIGKILL)
    network.wire.nft("flush", "ruleset")
    network.wire.nft("-j", "-f", str(network.state / "firewall.json"))
    record = network.state / "trial.json"
    record.write_text(json.dumps(json.loads(record.read_text()) | {"boot_id": "of the boot before"}))
    with rules_put_in_force(network.wire, tmp_path / "monitor") as seen:
        await network.start()
        await network.expired()
    assert f"dport {WEB} accept" in seen()
    assert f"dport {WEB} drop" not in seen()
    assert (await network.properties())["Rules"] == [ACCEPT_WEB]


@pytest.mark.parametrize("damaged", [False, True])
async def test_a_boot_has_what_was_confirmed_just_before_the_service_was_killed(
    network: NetworkProcess, damaged: bool
) -> None:
    boot = network.state / "firewall.json"
    await network.call("Configure", {"Active": True, "Rules": [ACCEPT_WEB]})
    former = boot.read_text()
    await network.call("Configure", {"Rules": [DROP_WEB]})
    confirmed = boot.read_text()
    await network.stop(signal.SIGKILL)
    # As it is between the end of the trial and the moment when the file for the boot follows.
    boot.write_bytes(b"\x86" if damaged else former.encode())
    await network.start()
    assert boot.read_text() == confirmed


async def test_rules_that_cannot_be_read_change_nothing_that_is_in_force(network: NetworkProcess) -> None:
    await network.call("Configure", {"Active": True, "Rules": [DROP_WEB]})
    await network.stop()
    stored = network.state / "firewall.yaml"
    stored.write_text(stored.read_text().replace("Protocol: tcp", "Protocol: icmp"))
    before = network.wire.nft("list", "ruleset")
    await network.start()
    assert network.wire.nft("list", "ruleset") == before
    assert any("Rules 1: Port" in problem for problem in await network.problems())
    await network.call("Configure", {"Active": True, "Rules": [ACCEPT_WEB]})
    assert not any("Rules 1" in problem for problem in await network.problems())
    assert network.comes_through()


async def test_rules_that_were_damaged_leave_in_force_what_is(network: NetworkProcess) -> None:
    await network.call("Configure", {"Active": True, "Rules": [DROP_WEB]})
    stored, boot = network.state / "firewall.yaml", network.state / "firewall.json"
    at_boot, in_force = boot.read_text(), network.wire.nft("list", "ruleset")
    await network.stop()
    stored.write_bytes(b"\x86")
    for _ in range(2):  # it is set aside by the first start; the second must not take it for one that never was
        await network.start()
        assert (boot.read_text(), network.wire.nft("list", "ruleset")) == (at_boot, in_force)
        assert any("firewall.yaml was damaged" in problem for problem in await network.problems())
        await network.stop()
    await network.start()
    await network.call("Configure", {"Active": False})
    assert not any("firewall.yaml was damaged" in problem for problem in await network.problems())
    assert network.comes_through()
    assert boot.read_text() != at_boot


async def test_a_disk_that_fails_opens_no_firewall_whose_rules_were_damaged(network: NetworkProcess) -> None:
    await network.call("Configure", {"Active": True, "Rules": [DROP_WEB]})
    await network.stop()
    (network.state / "firewall.yaml").write_bytes(b"\x86")
    (network.state / "firewall.json.new").mkdir()  # so that what is loaded at boot cannot be written
    await network.start()
    with pytest.raises(HardwareFailure):
        await network.call("Configure", {"Active": True, "Rules": [DROP_WEB, ACCEPT_WEB]})
    assert any("firewall.yaml was damaged" in problem for problem in await network.problems())
    await network.stop()
    await network.start()
    assert not network.comes_through()


async def test_a_trial_of_something_else_leaves_in_force_what_nobody_knows(network: NetworkProcess) -> None:
    await network.call("Configure", {"Active": True, "Rules": [DROP_WEB]})
    await network.stop()
    (network.state / "firewall.yaml").write_bytes(b"\x86")
    in_force = network.wire.nft("list", "ruleset")
    await network.start()
    # With the one that is begun for them, rules could not be rolled back.
    with pytest.raises(Conflict, match="was damaged"):
        await network.call("Test", {"Active": True, "Rules": [ACCEPT_WEB]}, 3600, {})
    assert (await network.trial_properties())["Last"] == "rolled-back"
    await network.trial("Begin", 3600)
    await network.trial("RollBack")
    assert network.wire.nft("list", "ruleset") == in_force
    assert any("firewall.yaml was damaged" in problem for problem in await network.problems())


async def test_rules_that_are_confirmed_stay(network: NetworkProcess) -> None:
    assert await network.call("Test", {"Active": True, "Rules": [DROP_WEB]}, 3600, {}) == []
    with pytest.raises(Conflict):
        await network.call("Test", {"Rules": []}, 60, {})
    assert (await network.properties())["Rules"] == [DROP_WEB]
    await network.trial("Confirm")
    assert not network.comes_through()
    await network.stop()
    await network.start()
    assert not network.comes_through()
    assert (await network.properties())["Rules"] == [DROP_WEB]


async def test_roll_back_is_at_once(network: NetworkProcess) -> None:
    await network.call("Test", {"Active": True, "DefaultPolicy": "drop"}, 3600, ASKING)
    assert not network.comes_through()
    await network.trial("RollBack")
    assert network.comes_through()


async def test_what_somebody_took_out_of_force_is_back_with_the_next_start(network: NetworkProcess) -> None:
    await network.call("Configure", {"Active": True, "Rules": [DROP_WEB]})
    await network.stop()
    network.wire.nft("flush", "ruleset")
    await network.start()
    assert not network.comes_through()
    # What is in force already is left alone: a limit would begin to count anew.
    handles = network.wire.nft("-a", "list", "ruleset")
    await network.stop()
    await network.start()
    assert network.wire.nft("-a", "list", "ruleset") == handles


async def test_check_says_what_would_happen_and_does_nothing(network: NetworkProcess) -> None:
    network.wire.nft(
        "add table inet theirs; add chain inet theirs in { type filter hook input priority 5; policy drop; }"
    )
    before = network.wire.nft("list", "ruleset")
    limit = {"Kind": "limit", "Unit": "connections", "Period": "hour", "Amount": 9, "Protocol": "tcp", "Port": WEB}
    found = await network.call("Check", {"Active": True, "Rules": [limit]}, ASKING)
    assert [(finding["Kind"], finding.get("Rule")) for finding in found] == [("limited", 1), ("foreign", None)]
    assert "inet theirs" in found[1]["Text"]
    assert network.wire.nft("list", "ruleset") == before
    assert await network.call("Check", {}, {}) == []
    assert (await network.properties())["ForeignChains"] == [
        {
            "Family": "inet",
            "Table": "theirs",
            "Chain": "in",
            "Hook": "input",
            "Priority": 5,
            "Policy": "drop",
            "Drops": True,
        }
    ]


async def test_who_guesses_is_shut_out_with_and_without_rules(network: NetworkProcess) -> None:
    await network.call("Block", CLIENT, 600)
    await network.call("Block", f"{CLIENT6}", 600)
    assert not network.comes_through()
    assert network.wire.tcp(WEB, OTHER)
    await network.call("Configure", {"Active": True, "Rules": [ACCEPT_WEB]})
    assert not network.comes_through(), "new rules let nobody in who is shut out"
    await network.call("Unblock", CLIENT)
    assert network.comes_through()
    await network.call("Unblock", "192.0.2.1")
    await network.call("Block", CLIENT, 1)
    await until(network.comes_through)
    listed = json.loads(network.wire.nft("-j", "list", "table", "inet", "axiod"))
    sets = {item["set"]["name"]: item["set"].get("elem", []) for item in listed["nftables"] if "set" in item}
    assert sets["blocked4"] == []
    assert [element["elem"]["val"] for element in sets["blocked6"]] == [{"prefix": {"addr": "fd77::", "len": 64}}]
    with pytest.raises(InvalidArgument, match="IP address"):
        await network.call("Block", "somebody", 1)
