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
from tests.cli.fakes import FakeService, World, io_service, relay_service, sim_service
from tests.conftest import Daemon, Outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


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
