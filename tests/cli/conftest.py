# SPDX-License-Identifier: Apache-2.0
"""The command line on a bus of its own, with services that are made from the contract."""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
import sys
from typing import TYPE_CHECKING, Any, Protocol

import pytest

from axiod.cli.__main__ import main
from tests.cli.fakes import FakeService, World, events_service, io_service, relay_service, sim_service, system_service
from tests.conftest import Daemon, Outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

_STRICT = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>custom</type>
  <listen>unix:path={socket}</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow user="*"/>
    <allow own="*"/>
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <deny send_interface="org.axiod.relays1.Relay" send_member="Set"/>
    <deny send_interface="org.axiod.system1.Blocking" send_member="Unblock"/>
  </policy>
</busconfig>
"""


class Axioctl(Protocol):
    """Runs a command line in this process."""

    def __call__(self, *words: str) -> Outcome: ...


@pytest.fixture(scope="session")
def cli_bus() -> Iterator[str]:
    """The address of a bus that no other package's tests use: the services here have real names."""
    daemon = Daemon()
    yield daemon.address
    daemon.close()


@pytest.fixture
def axioctl(cli_bus: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Axioctl:
    """Run axioctl on the bus."""
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", cli_bus)
    monkeypatch.setenv("COLUMNS", "80")

    def run(*words: str) -> Outcome:
        code = main(words)
        out, err = capsys.readouterr()
        return Outcome(code, out, err)

    return run


@pytest.fixture
def world(cli_bus: str) -> Iterator[World]:
    """Where fakes live."""
    world = World(cli_bus)
    yield world
    world.close()


@pytest.fixture
def strict_world(tmp_path: Path) -> Iterator[World]:
    """A bus whose policy lets nobody switch a relay or let an address in."""
    config = tmp_path / "bus.conf"
    config.write_text(_STRICT.format(socket=tmp_path / "socket"))
    daemon = subprocess.Popen(
        ["dbus-daemon", f"--config-file={config}", "--nofork", "--nopidfile", "--print-address=1"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert daemon.stdout
    world = World(daemon.stdout.readline().strip())
    yield world
    world.close()
    daemon.kill()
    daemon.wait()
    daemon.stdout.close()


@pytest.fixture
def io(world: World) -> FakeService:
    """org.axiod.io1, running."""
    return _running(world, io_service())


@pytest.fixture
def relays(world: World) -> FakeService:
    """org.axiod.relays1, running."""
    return _running(world, relay_service())


@pytest.fixture
def sim(world: World) -> FakeService:
    """org.axiod.sim1, running."""
    return _running(world, sim_service())


@pytest.fixture
def system(world: World) -> FakeService:
    """org.axiod.system1, running."""
    return _running(world, system_service())


@pytest.fixture
def events(world: World) -> FakeService:
    """org.axiod.events1, running."""
    return _running(world, events_service())


def _running(world: World, service: FakeService) -> FakeService:
    world.start(service)
    return service


class Running:
    """axioctl as a process, read line by line."""

    def __init__(self, words: tuple[str, ...], **options: Any) -> None:
        options.setdefault("stdout", subprocess.PIPE)
        self.process = subprocess.Popen([sys.executable, "-m", "axiod.cli", *words], stderr=subprocess.PIPE, **options)
        self._rest = b""

    def line(self) -> str:
        """Return the next line that it writes; fails after ten seconds."""
        assert self.process.stdout
        output = self.process.stdout.fileno()
        while b"\n" not in self._rest:
            with selectors.DefaultSelector() as selector:
                selector.register(output, selectors.EVENT_READ)
                assert selector.select(10), f"nothing came; before it was {self._rest!r}"
            more = os.read(output, 65536)
            assert more, f"it ended: {self.end()}"
            self._rest += more
        line, _, self._rest = self._rest.partition(b"\n")
        return line.decode()

    def close_output(self) -> None:
        """Read no more."""
        assert self.process.stdout
        self.process.stdout.close()

    def interrupt(self) -> None:
        """Press Ctrl-C."""
        self.process.send_signal(signal.SIGINT)

    def end(self) -> tuple[int, str]:
        """Wait for its end; return exit code and what it wrote to stderr."""
        assert self.process.stderr
        code = self.process.wait(10)
        return code, self.process.stderr.read().decode()

    def close(self) -> None:
        """Leave nothing behind."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        for stream in (self.process.stdout, self.process.stderr):
            if stream:
                stream.close()


@pytest.fixture
def spawn(cli_bus: str) -> Iterator[Callable[..., Running]]:
    """A function that starts axioctl as a process on the bus."""
    started: list[Running] = []

    def start(*words: str, **options: Any) -> Running:
        environment = {**os.environ, "DBUS_SYSTEM_BUS_ADDRESS": cli_bus} | options.pop("env", {})
        running = Running(words, env=environment, **options)
        started.append(running)
        return running

    yield start
    for running in started:
        running.close()
