# SPDX-License-Identifier: Apache-2.0
"""Real daemons under a real supervisor: start, stop, reload, watchdog, bus lost, name taken, bad configuration."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from axiod.bus.client import Service
from axiod.bus.connection import Connection
from axiod.errors import Conflict, Timeout
from axiod.gpio.protocol import SOCKET_VARIABLE
from axiod.runtime.config import Settings
from axiod.sim.device import Device
from axiod.sim.supervisor import Supervisor, Unit
from tests.conftest import until
from tests.system.conftest import DRIVE, PORT, PORTS, RELAY, RELAYS, TERMINALS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.conftest import Daemon

EXIT_USAGE = 2
EXIT_CONFIG = 78
EXIT_FAIL_SAFE = 79


def _run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", *arguments],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


async def _properties(service: Service, path: str, interface: str, **wanted: Any) -> dict[str, Any]:
    """Return the properties as soon as they are as wanted; the service may still be starting."""
    async with asyncio.timeout(15):
        while True:
            found = await service.properties(path, interface)
            if {name: found.get(name) for name in wanted} == wanted:
                return found


@pytest.fixture
def systemd(folder: Path) -> Iterator[socket.socket]:
    """The socket where systemd listens to a service."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(str(folder / "systemd"))
        listening.settimeout(5)
        yield listening


class TestConfiguration:
    """A configuration that cannot be used ends with 78 and one sentence that names file, key and value."""

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ("board: [1]\n", "board: [1]: must be text"),
            ("bord: a9210-sim\n", "bord: 'a9210-sim': there is no such key; did you mean board?"),
            ("log_level: loud\n", "log_level: 'loud': must be one of debug, info, warning, error"),
            ("board: [\n", "is not YAML"),
            ("board: no-such-board\n", "no-such-board"),
        ],
    )
    def test_mistake(self, folder: Path, text: str, said: str) -> None:
        config = folder / "relays.yaml"
        config.write_text(text)
        done = _run("axiod.relays", "--config", str(config), STATE_DIRECTORY=str(folder))
        assert done.returncode == EXIT_CONFIG
        assert said in done.stderr
        if "board" not in said:
            assert str(config) in done.stderr
        assert "Traceback" not in done.stderr

    def test_missing_file(self, folder: Path) -> None:
        done = _run("axiod.io", "--config", str(folder / "none.yaml"), STATE_DIRECTORY=str(folder))
        assert done.returncode == EXIT_CONFIG
        assert "none.yaml: there is no such file" in done.stderr

    def test_bad_board_names_line_and_key(self, folder: Path) -> None:
        board = folder / "board.yaml"
        board.write_text("schema: 1\nname: x\ntitle: X\nchips: {a: {label: b}}\nrelays:\n  relay1: {number: zero}\n")
        config = folder / "relays.yaml"
        config.write_text(f"board: {board}\n")
        done = _run("axiod.relays", "--config", str(config), STATE_DIRECTORY=str(folder))
        assert done.returncode == EXIT_CONFIG
        assert f"{board}:6: relays.relay1.number:" in done.stderr

    @pytest.mark.parametrize("service", ["io", "relays", "sim"])
    def test_systemctl_status_shows_the_first_mistake(self, folder: Path, systemd: socket.socket, service: str) -> None:
        board = folder / "board.yaml"
        config = folder / "config.yaml"
        config.write_text(f"board: {board}\n")
        notify = {"STATE_DIRECTORY": str(folder / "state"), "NOTIFY_SOCKET": systemd.getsockname()}
        for text, line, more in (
            ("schema: 1\nname: x\nchips: [\n", f"{board}:4: not YAML: ", False),
            ("schema: 1\nname: x\ntitle: X\nports: 7\nfrobnicate: 7\n", f"{board}:4: ports: ", True),
        ):
            board.write_text(text)
            assert _run(f"axiod.{service}", "--config", str(config), **notify).returncode == EXIT_CONFIG
            (status,) = systemd.recv(4096).decode().splitlines()
            assert status.startswith(f"STATUS={line}")
            assert status.endswith(" (and 1 more)") == more

    def test_no_bus(self, folder: Path) -> None:
        config = folder / "relays.yaml"
        config.write_text("board: a9210-sim\n")
        address = f"unix:path={folder}/no-bus"
        done = _run(
            "axiod.relays", "--config", str(config), STATE_DIRECTORY=str(folder), DBUS_SYSTEM_BUS_ADDRESS=address
        )
        assert done.returncode == 1
        assert f"cannot connect to the bus at {address}" in done.stderr
        assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("service", "option"),
    [
        ("relays", "--fail-safe-when"),
        ("relays", "--fail-safe=now"),
        ("sim", "--fail-safe"),
        ("sim", "--fail-safe-if=/"),
        ("io", "now"),
    ],
)
def test_a_wrong_command_line_is_said_so(service: str, option: str) -> None:
    done = _run(f"axiod.{service}", option)
    assert done.returncode == EXIT_USAGE
    assert done.stderr.startswith(f"axiod-{service}: ")
    assert f"\nusage: axiod-{service} [OPTIONS]\n" in done.stderr
    # What only some can do is not offered by the others.
    assert ("--fail-safe-if PATH" in done.stderr) == (service != "sim")


async def test_name_taken(device: Device) -> None:
    config = device.folder / "relays.yaml"
    done = await asyncio.to_thread(
        _run,
        "axiod.relays",
        "--config",
        str(config),
        STATE_DIRECTORY=str(device.folder / "second"),
        DBUS_SYSTEM_BUS_ADDRESS=device.address,
        **{SOCKET_VARIABLE: str(device.folder / "lines")},
    )
    assert done.returncode == 1
    assert f"org.axiod.relays1 is taken by process {device.supervisor.pid('relays')}" in done.stderr


async def test_second_device_says_what_is_in_the_way(device: Device) -> None:
    with pytest.raises(Conflict, match="already runs in"):
        await Device(device.folder, "a9210-sim").start()


async def test_stop_is_clean_and_quick(device: Device) -> None:
    assert await device.supervisor.stop("relays") == 0
    assert await device.supervisor.stop("io") == 0


async def test_status_line(device: Device) -> None:
    assert device.supervisor.status("io") == "10 ports and 3 alarms of board a9210-sim"
    assert device.supervisor.status("relays") == "1 relay of board a9210-sim"


async def test_lines_are_kept(device: Device) -> None:
    assert device.supervisor.kept("relays") == {"relay1"}
    assert {"input1", "output1", "io1", "casing"} <= device.supervisor.kept("io")


@pytest.mark.timeout(60)
async def test_reload_takes_all_or_nothing(device: Device, relays: Service) -> None:
    config = device.folder / "relays.yaml"
    pid = device.supervisor.pid("relays")
    config.write_text("board: a9210-sim\nlog_level: loud\n")
    device.supervisor.kill("relays", signal.SIGHUP)
    await relays.call(RELAYS + "relay1", RELAY, "Set", True, {})
    config.write_text("board: a9210-sim\nlog_level: error\n")
    device.supervisor.kill("relays", signal.SIGHUP)
    await relays.call(RELAYS + "relay1", RELAY, "Set", False, {})
    assert device.supervisor.pid("relays") == pid


@pytest.mark.timeout(60)
async def test_watchdog_ends_a_service_that_hangs(device: Device, relays: Service, sim: Service) -> None:
    await relays.call(RELAYS + "relay1", RELAY, "Set", True, {})
    pid = device.supervisor.pid("relays")
    assert pid is not None
    device.supervisor.kill("relays", signal.SIGSTOP)
    async with asyncio.timeout(30):
        await device.supervisor.wait_restarted("relays", pid)
    witness = await sim.properties(TERMINALS + "relay1", DRIVE)
    assert (witness["Active"], witness["Transitions"]) == (True, 1)


@pytest.mark.timeout(60)
async def test_a_command_that_waited_is_not_carried_out(folder: Path) -> None:
    device = Device(folder / "device", "a9210-sim", watchdog_seconds=60)
    await device.start()
    connection = await Connection.open(device.address)
    try:
        relays, sim = Service(connection, "org.axiod.relays1"), Service(connection, "org.axiod.sim1")
        path = RELAYS + "relay1"
        device.supervisor.kill("relays", signal.SIGSTOP)
        # busctl gives no deadline, as a person at a terminal would not.
        busctl = await asyncio.create_subprocess_exec(
            "busctl",
            f"--address={device.address}",
            "call",
            "org.axiod.relays1",
            path,
            RELAY,
            "Set",
            "ba{sv}",
            "true",
            "0",
            stderr=asyncio.subprocess.PIPE,
        )
        with pytest.raises(Timeout):
            await relays.call(path, RELAY, "Toggle", {}, timeout=3.0)
        device.supervisor.kill("relays", signal.SIGCONT)
        _, said = await busctl.communicate()
        assert busctl.returncode != 0
        assert b"it was not carried out" in said
        # The toggle had its own deadline, and was late too.
        await relays.call(path, RELAY, "Set", True, {})
        witness = await sim.properties(TERMINALS + "relay1", DRIVE)
        assert (witness["Active"], witness["Transitions"]) == (True, 1)
    finally:
        await connection.close()
        await device.stop()


@pytest.mark.timeout(60)
async def test_outputs_go_where_their_failure_policy_says(folder: Path) -> None:
    device = Device(folder / "device", "a9210-sim", start_limit=3)
    await device.start()
    connection = await Connection.open(device.address)
    try:
        io, sim = Service(connection, "org.axiod.io1"), Service(connection, "org.axiod.sim1")
        for name, policy in (("output1", "hold"), ("output2", "normal"), ("output3", "active")):
            await io.call(PORTS + name, PORT, "Configure", {"FailurePolicy": policy})
        await io.call(PORTS + "output1", PORT, "Set", True, {})
        await io.call(PORTS + "output2", PORT, "Set", True, {})
        failed = asyncio.ensure_future(device.supervisor.wait_failed("io"))
        async with asyncio.timeout(30):
            while not failed.done():
                device.supervisor.kill("io")
                await asyncio.sleep(0.02)
        found = {
            name: (await sim.properties(TERMINALS + name, DRIVE))["Active"]
            for name in ("output1", "output2", "output3")
        }
        assert found == {"output1": True, "output2": False, "output3": True}
        await until(lambda: "outputs are where their failure policies say" in device.supervisor.status("io"))
        assert await device.supervisor.stop("io") == EXIT_FAIL_SAFE
        assert (await sim.properties(TERMINALS + "output1", DRIVE))["Transitions"] == 1
    finally:
        await connection.close()
        await device.stop()


@pytest.mark.timeout(60)
async def test_a_service_starts_before_its_board_and_finds_it_later(folder: Path, bus: Daemon) -> None:
    supervisor = Supervisor(folder / "notify", watchdog_seconds=30, start_limit=3)
    supervisor.listen()
    connection = await Connection.open(bus.address)

    def unit(name: str) -> Unit:
        config = folder / f"{name}.yaml"
        config.write_text("board: a9210-sim\n")
        environment = {
            "DBUS_SYSTEM_BUS_ADDRESS": bus.address,
            SOCKET_VARIABLE: str(folder / "lines"),
            "STATE_DIRECTORY": str(folder / name),
        }
        return Unit(name, [sys.executable, "-m", f"axiod.{name}", "--config", str(config)], environment)

    try:
        await supervisor.start(unit("relays"))
        relays = Service(connection, "org.axiod.relays1")
        found = await relays.properties(RELAYS + "relay1", RELAY)
        assert found["Quality"] == "never"
        assert "simulated world is not there" in found["Problem"]
        assert (await relays.properties(relays.root, "org.axiod.Service1"))["Health"] == "degraded"
        assert "degraded" in supervisor.status("relays")
        await supervisor.start(unit("sim"))
        await _properties(relays, RELAYS + "relay1", RELAY, Quality="good", Problem=None)
        await _properties(relays, relays.root, "org.axiod.Service1", Health="ok", Problems=[])
        await relays.call(RELAYS + "relay1", RELAY, "Set", True, {})
    finally:
        await supervisor.stop("relays")
        await supervisor.stop("sim")
        await connection.close()
        supervisor.close()


@pytest.mark.skipif(Path(Settings().board).exists(), reason=f"this machine is a device: it has {Settings().board}")
@pytest.mark.parametrize("name", ["io", "relays"])
@pytest.mark.timeout(60)
async def test_a_service_without_a_board_says_what_to_do(folder: Path, bus: Daemon, name: str) -> None:
    config = folder / "config.yaml"
    config.write_text("log_level: info\n")
    supervisor = Supervisor(folder / "notify", watchdog_seconds=30, start_limit=2)
    supervisor.listen()
    environment = {
        "DBUS_SYSTEM_BUS_ADDRESS": bus.address,
        SOCKET_VARIABLE: str(folder / "lines"),
        "STATE_DIRECTORY": str(folder / name),
    }
    connection = await Connection.open(bus.address)
    try:
        await supervisor.start(
            Unit(name, [sys.executable, "-m", f"axiod.{name}", "--config", str(config)], environment)
        )
        service = Service(connection, f"org.axiod.{name}1")
        root = await service.properties(service.root, "org.axiod.Service1")
        assert root["Health"] == "degraded"
        (problem,) = root["Problems"]
        assert problem.startswith("no board is chosen")
        assert "`axioctl board use NAME`" in problem
        await until(lambda: supervisor.status(name).endswith(f"; degraded: {problem}"))
        # There is nothing but the root.
        assert set(await service.objects()) <= {service.root}
        assert supervisor.kept(name) == frozenset()
        pid = supervisor.pid(name)
        supervisor.kill(name, signal.SIGHUP)
        await service.properties(service.root, "org.axiod.Service1")
        assert supervisor.pid(name) == pid
        assert await supervisor.stop(name) == 0
    finally:
        await supervisor.stop(name)
        await connection.close()
        supervisor.close()


@pytest.mark.timeout(60)
async def test_bus_lost_ends_the_service(folder: Path, bus: Daemon) -> None:
    config = folder / "sim.yaml"
    config.write_text("board: a9210-sim\n")
    supervisor = Supervisor(folder / "notify", watchdog_seconds=30, start_limit=2)
    supervisor.listen()
    environment = {
        "DBUS_SYSTEM_BUS_ADDRESS": bus.address,
        SOCKET_VARIABLE: str(folder / "lines"),
        "STATE_DIRECTORY": str(folder / "sim"),
    }
    try:
        await supervisor.start(Unit("sim", [sys.executable, "-m", "axiod.sim", "--config", str(config)], environment))
        bus.kill()
        async with asyncio.timeout(20):
            await supervisor.wait_failed("sim")
        assert supervisor.pid("sim") is None
    finally:
        await supervisor.stop("sim")
        supervisor.close()


@pytest.mark.timeout(60)
async def test_damaged_settings_are_set_aside(device: Device, relays: Service) -> None:
    path = RELAYS + "relay1"
    await relays.call(path, RELAY, "Configure", {"Name": "Gate"})
    await relays.call(path, RELAY, "Configure", {"BootPolicy": "on"})
    settings = device.folder / "relays" / "settings.yaml"
    await device.supervisor.stop("relays")
    settings.write_text("version: 1\nrelays: {relay1: {Name: [}}\n")
    await device.supervisor.start(device.unit("relays"))
    found = await relays.properties(path, RELAY)
    assert (found["Name"], found["BootPolicy"]) == ("Gate", "off")  # the generation before
    aside = settings.with_name("settings.yaml.damaged-1")
    root = await relays.properties(relays.root, "org.axiod.Service1")
    assert root["Health"] == "degraded"
    assert root["Problems"][0].startswith(f"settings.yaml.damaged-1 in {settings.parent} could not be read")
    aside.unlink()
    await device.supervisor.stop("relays")
    await device.supervisor.start(device.unit("relays"))
    assert (await relays.properties(relays.root, "org.axiod.Service1"))["Health"] == "ok"
