# SPDX-License-Identifier: Apache-2.0
"""A simulated device of real processes, as `make run` starts it, and a client of all its services."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from axiod.bus import interface as contract
from axiod.bus.client import Event, Service
from tests.conftest import Outcome, run, until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from axiod.bus.connection import Connection

PORT, ALARM, RELAY = "org.axiod.io1.Port", "org.axiod.io1.Alarm", "org.axiod.relays1.Relay"
WIRE, DRIVE = "org.axiod.sim1.Wire", "org.axiod.sim1.Drive"
LED, LAMP = "org.axiod.io1.Led", "org.axiod.sim1.Lamp"
WAIT_SECONDS = 30.0


class DeviceProcess:
    """`python -m axiod.sim.device` in a folder of its own."""

    def __init__(self, *options: str) -> None:
        """`options`: of its command line; without any it is a bare one, which nobody reaches over the network."""
        self.folder = Path(tempfile.mkdtemp(prefix="axiod-dev-"))
        self.folder.chmod(0o755)
        self._log = (self.folder / "log").open("w+")
        self._process = subprocess.Popen(
            [sys.executable, "-m", "axiod.sim.device", "--state-dir", self.folder / "device", *(options or ["--bare"])],
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
        )
        assert self._process.stdout
        line = self._process.stdout.readline()
        assert "axiod is up on the bus" in line, line + self.log
        self.address = line.split()[-1]
        self.state = self.folder / "device"

    @property
    def log(self) -> str:
        """What the services logged."""
        return (self.folder / "log").read_text()

    def close(self) -> None:
        """Stop it, and see that nothing went wrong unseen."""
        self._process.send_signal(signal.SIGINT)
        out, _ = self._process.communicate(timeout=30)
        self._log.close()
        log = self.log
        shutil.rmtree(self.folder)
        assert self._process.returncode == 0, out + log
        assert "Traceback" not in log, log
        assert "a fault of axiod" not in log, log


def running() -> Iterator[DeviceProcess]:
    """Start a device, and stop it at the end."""
    device = DeviceProcess()
    yield device
    device.close()


class Thing:
    """One interface of one object."""

    def __init__(self, service: Service, path: str, interface: str) -> None:
        self.service = service
        self.path = path
        self.interface = interface

    async def get(self, name: str) -> Any:
        """Return a property, None where it is absent."""
        return (await self.all()).get(name)

    async def all(self) -> dict[str, Any]:
        """Return every property."""
        return await self.service.properties(self.path, self.interface)

    async def call(self, member: str, *arguments: Any) -> Any:
        """Call a method."""
        return await self.service.call(self.path, self.interface, member, *arguments)

    async def configure(self, **changes: Any) -> None:
        """Change settings."""
        await self.call("Configure", changes)

    async def eventually(self, **expected: Any) -> dict[str, Any]:
        """Wait until properties have these values (None: are absent), and return all of them."""
        found: dict[str, Any] = {}
        try:
            async with asyncio.timeout(WAIT_SECONDS):
                while True:
                    found = await self.all()
                    if all(found.get(name) == value for name, value in expected.items()):
                        return found
        except TimeoutError:
            raise AssertionError(f"{self.path} never had {expected}; it has {found}") from None


@dataclass(slots=True)
class Change:
    """One PropertiesChanged."""

    path: str
    changed: dict[str, Any]
    gone: list[str]


@dataclass(slots=True)
class Story:
    """What a service told, in order."""

    told: list[Change | Event] = field(default_factory=list)

    @property
    def events(self) -> list[Event]:
        return [entry for entry in self.told if isinstance(entry, Event)]

    def changes(self, path: str, name: str | None = None) -> list[Any]:
        """Return the changes of an object, or the values that one of its properties took."""
        found = [entry for entry in self.told if isinstance(entry, Change) and entry.path == path]
        return found if name is None else [entry.changed[name] for entry in found if name in entry.changed]

    def of(self, topic: str, **source: str) -> list[dict[str, str]]:
        """Return the data of the events of a topic whose end is given."""
        return [
            dict(event.data)
            for event in self.events
            if event.topic.endswith(topic) and source.items() <= dict(event.source).items()
        ]


class Client:
    """Talks to every service of a device."""

    def __init__(self, connection: Connection, address: str) -> None:
        self.connection = connection
        self.address = address
        self.io = Service(connection, "org.axiod.io1")
        self.relays = Service(connection, "org.axiod.relays1")
        self.sim = Service(connection, "org.axiod.sim1")

    def port(self, name: str) -> Thing:
        return Thing(self.io, f"/org/axiod/io1/port/{name}", PORT)

    def alarm(self, name: str) -> Thing:
        return Thing(self.io, f"/org/axiod/io1/alarm/{name}", ALARM)

    def led(self, name: str = "status") -> Thing:
        return Thing(self.io, f"/org/axiod/io1/led/{name}", LED)

    def relay(self, name: str = "relay1") -> Thing:
        return Thing(self.relays, f"/org/axiod/relays1/relay/{name}", RELAY)

    def wire(self, name: str) -> Thing:
        return Thing(self.sim, f"/org/axiod/sim1/terminal/{name}", WIRE)

    def drive(self, name: str) -> Thing:
        return Thing(self.sim, f"/org/axiod/sim1/terminal/{name}", DRIVE)

    def lamp(self, name: str = "status") -> Thing:
        return Thing(self.sim, f"/org/axiod/sim1/terminal/{name}", LAMP)

    def root(self, service: Service) -> Thing:
        return Thing(service, service.root, "org.axiod.Service1")

    async def follow(self, service: Service) -> Story:
        """Write down what a service tells from now on."""
        story = Story()
        await service.on_changed(lambda path, _, changed, gone: story.told.append(Change(path, changed, gone)))
        await service.on_event(story.told.append)
        return story

    async def flush(self, service: Service) -> None:
        """Wait until everything arrived that a service told before."""
        await service.snapshot()

    async def pid(self, service: Service) -> int:
        """Return the process that owns the name of a service."""
        bus = "org.freedesktop.DBus"
        path = "/org/freedesktop/DBus"
        reply = await self.connection.call(bus, path, bus, "GetConnectionUnixProcessID", "s", [service.name])
        return int(reply[0])

    async def kill(self, service: Service) -> None:
        """Kill -9 a service and wait until it is there again."""
        from axiod.errors import AxiodError

        former = await self.pid(service)
        os.kill(former, signal.SIGKILL)
        async with asyncio.timeout(WAIT_SECONDS):
            while True:
                try:
                    if await self.pid(service) != former:
                        await service.objects()
                        return
                except AxiodError:
                    pass

    async def busctl(self, *words: str, user: int | None = None) -> Outcome:
        """Run busctl, as somebody else if a user is given."""
        who = [] if user is None else ["setpriv", "--reuid", str(user), "--clear-groups"]
        return await run(*who, "busctl", f"--address={self.address}", "--json=short", *words)


class Restorer:
    """Puts everything back that a test changed."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._before: dict[str, dict[str, dict[str, Any]]] = {}

    async def remember(self) -> None:
        """Take note of everything as it is."""
        for service in (self._client.sim, self._client.io, self._client.relays):
            self._before |= await service.objects()

    async def restore(self) -> None:
        """Put it back."""
        client = self._client
        for service in (client.sim, client.io, client.relays):
            for path, interfaces in (await service.objects()).items():
                for interface, values in interfaces.items():
                    await self._put_back(Thing(service, path, interface), values)
        # What the next test sees is not the end of this one.
        for path, interfaces in self._before.items():
            for interface, values in interfaces.items():
                if interface in (PORT, ALARM, RELAY):
                    service = client.relays if interface == RELAY else client.io
                    names = ("State", "Active", "Quality", "SupervisedState", "Running")
                    await Thing(service, path, interface).eventually(**{name: values.get(name) for name in names})

    async def _put_back(self, thing: Thing, values: dict[str, Any]) -> None:
        before = self._before[thing.path][thing.interface]
        if thing.interface in (WIRE, DRIVE, LAMP):
            await thing.call("SetBroken", False)
        if thing.interface == LED and values["Mode"] != "own":
            await thing.eventually(Problem=None)
            await thing.call("GiveBack", {})
        if thing.interface == LED and values.get("Trigger") != before["Trigger"]:
            await self._client.lamp(thing.path.rpartition("/")[2]).call("SetTrigger", before["Trigger"])
            await thing.eventually(Trigger=before["Trigger"])
        if thing.interface == WIRE and (values["Condition"] != before["Condition"] or "WaveHz" in values):
            await thing.call("Set", before["Condition"])
        if values.get("Running") not in (None, "idle"):
            await thing.eventually(Problem=None)
            await thing.call("Cancel")
        known = contract.load(thing.interface).configurable
        changed = {name: before[name] for name in known if name in before and before[name] != values.get(name)}
        if "Ranges" in changed:
            changed["Ranges"] = []
        if changed:
            await thing.configure(**changed)
        if thing.interface == RELAY or before.get("Direction") == "output":
            await thing.eventually(Problem=None)
            await thing.call("Set", before["Active"], {})


__all__ = ["Client", "DeviceProcess", "Restorer", "Story", "Thing", "running", "until"]
