# SPDX-License-Identifier: Apache-2.0
"""What every test may use: private buses, connections to them, an independent witness of signals, and waiting.

AXIOD_DBUS_LIBRARY=dbus-next runs everything on the other D-Bus library.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import subprocess
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import pytest
import pytest_asyncio

from axiod.bus.connection import Connection

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

T = TypeVar("T")

NOT_RUN = pytest.StashKey[list[str]]()
"""Lines of the configuration that say which tests were left out, and why; they are printed at the end."""

WAIT_SECONDS = 30.0
"""How long something is waited for that comes at once on a machine that does nothing else."""
_LOOK_AGAIN_SECONDS = 0.002

EVERYTHING_ALLOWED = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>custom</type>
  <listen>unix:path={socket}</listen>
  <auth>EXTERNAL</auth>
  <limit name="max_replies_per_connection">10000</limit>
  <policy context="default">
    <allow user="*"/>
    <allow own="*"/>
    <allow send_type="method_call"/>
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
  </policy>
</busconfig>
"""


def pytest_configure(config: pytest.Config) -> None:
    """Nothing was left out yet."""
    config.stash[NOT_RUN] = []


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Hand what was left out to the process that prints, if this is one of several (pytest -n)."""
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["not_run"] = session.config.stash[NOT_RUN]


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Take what a process left out; all of them collect, and leave out, the same."""
    node.config.stash[NOT_RUN] = getattr(node, "workeroutput", {}).get("not_run") or node.config.stash[NOT_RUN]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say what was left out, and why or how to run it."""
    for line in config.stash[NOT_RUN]:
        terminalreporter.write_line(f"not run: {line}", yellow=True)


async def until(predicate: Callable[[], T], timeout: float = WAIT_SECONDS) -> T:
    """Wait until a function returns something true, and return that; raises TimeoutError.

    The event loop asks it again and again, beside everything else that it does.
    """
    loop = asyncio.get_running_loop()
    found: asyncio.Future[T] = loop.create_future()

    def look() -> None:
        if found.done():
            return
        try:
            value = predicate()
        except Exception as error:  # noqa: BLE001 # handed to the one who waits
            found.set_exception(error)
            return
        if value:
            found.set_result(value)
        else:
            loop.call_later(_LOOK_AGAIN_SECONDS, look)

    look()
    async with asyncio.timeout(timeout):
        return await found


class Until(Protocol):
    """The type of until."""

    async def __call__(self, predicate: Callable[[], T], timeout: float = WAIT_SECONDS) -> T: ...


@pytest.fixture(name="until")
def _until() -> Until:
    return until


class Daemon:
    """A dbus-daemon of our own, everything allowed if no other configuration is given, in a folder of its own."""

    def __init__(self, config_text: str = EVERYTHING_ALLOWED, *by_way_of: str) -> None:
        """`config_text`: with {socket} where it shall listen. `by_way_of`: a command that runs the one after it."""
        self._folder = Path(tempfile.mkdtemp(prefix="axiod-bus-"))
        self._folder.chmod(0o755)  # other users call too
        config = self._folder / "bus.conf"
        config.write_text(config_text.format(socket=self._folder / "socket"))
        config.chmod(0o644)
        with (self._folder / "complaints").open("w") as complaints:
            self._process = subprocess.Popen(
                [*by_way_of, "dbus-daemon", f"--config-file={config}", "--nofork", "--nopidfile", "--print-address=1"],
                stdout=subprocess.PIPE,
                stderr=complaints,
                text=True,
            )
        assert self._process.stdout
        self.address = self._process.stdout.readline().strip()
        assert self.address, f"dbus-daemon did not start: {self.complaints}"
        self.pid = self._process.pid

    @property
    def complaints(self) -> str:
        """What it wrote to stderr."""
        return (self._folder / "complaints").read_text()

    def stop(self) -> None:
        """Make it stand still."""
        self._process.send_signal(signal.SIGSTOP)
        # It stands still when the kernel says so, not when the signal is sent.
        os.waitid(os.P_PID, self.pid, os.WSTOPPED | os.WNOWAIT)

    def go_on(self) -> None:
        """Make it go on."""
        self._process.send_signal(signal.SIGCONT)

    def kill(self) -> None:
        """End it at once."""
        self._process.kill()
        self._process.wait()

    def close(self) -> None:
        """End it, and leave nothing behind."""
        if self._process.poll() is None:
            self.kill()
        assert self._process.stdout
        self._process.stdout.close()
        shutil.rmtree(self._folder)


@pytest.fixture(scope="session")
def bus_address() -> Iterator[str]:
    """The address of a private bus that the whole session shares."""
    daemon = Daemon()
    yield daemon.address
    daemon.close()


@pytest.fixture
def bus() -> Iterator[Daemon]:
    """A private bus for one test, which may stop or kill it."""
    daemon = Daemon()
    yield daemon
    daemon.close()


class Connect(Protocol):
    """Opens a connection that is closed at the end of the test."""

    async def __call__(self, address: str | None = None) -> Connection: ...


@pytest_asyncio.fixture
async def connection(bus_address: str) -> AsyncIterator[Connect]:
    """A function that opens a connection to the session's bus, or to the one at an address."""
    opened: list[Connection] = []

    async def connect(address: str | None = None) -> Connection:
        new = await Connection.open(address or bus_address)
        opened.append(new)
        return new

    yield connect
    for old in reversed(opened):
        await old.close()


@dataclass(frozen=True, slots=True)
class Seen:
    """One signal as an independent peer saw it."""

    path: str
    interface: str
    member: str
    body: list[Any]
    """As busctl writes it: variants are {"type": ..., "data": ...}."""
    destination: str | None = None


@dataclass(slots=True)
class Witness:
    """What busctl monitor saw of one service."""

    signals: list[Seen] = field(default_factory=list)
    messages: list[dict[str, Any]] = field(default_factory=list)
    """Every message, also calls and answers, as busctl writes it."""

    def of(self, member: str, path: str | None = None) -> list[Seen]:
        """Return the signals of one name, of one object if one is given."""
        return [s for s in self.signals if s.member == member and path in (None, s.path)]

    async def count(self, number: int, member: str, path: str | None = None) -> list[Seen]:
        """Wait for so many signals of one name and return them."""
        return await until(lambda: found if len(found := self.of(member, path)) >= number else [])


class Watch(Protocol):
    """Begins to watch a service."""

    async def __call__(self, name: str, address: str | None = None) -> Witness: ...


@pytest_asyncio.fixture
async def signals(bus_address: str) -> AsyncIterator[Watch]:
    """A function that has busctl watch the messages from and to a bus name until the end of the test."""
    running: list[tuple[asyncio.subprocess.Process, asyncio.Task[None]]] = []

    async def read(stream: asyncio.StreamReader, witness: Witness) -> None:
        async for line in stream:
            message = json.loads(line)
            witness.messages.append(message)
            if message["type"] == "signal":
                body = message.get("payload", {}).get("data", [])
                witness.signals.append(
                    Seen(
                        message["path"],
                        message["interface"],
                        message["member"],
                        body,
                        message.get("destination"),
                    )
                )

    async def watch(name: str, address: str | None = None) -> Witness:
        process = await asyncio.create_subprocess_exec(
            "busctl",
            f"--address={address or bus_address}",
            "--json=short",
            "monitor",
            name,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            limit=1 << 26,
        )
        assert process.stdout
        assert process.stderr
        assert b"Monitoring" in await process.stderr.readline()
        witness = Witness()
        running.append((process, asyncio.create_task(read(process.stdout, witness))))
        return witness

    yield watch
    for process, task in running:
        if process.returncode is None:
            process.kill()
        await process.wait()
        await task
        # Without it the transport is closed by the garbage collector, which warns.
        process._transport.close()  # type: ignore[attr-defined] # asyncio has no other way


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a command left."""

    code: int
    out: str
    err: str


READING = ("--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search")
"""For setpriv: the user may read what root may, because the interpreter may stand where only root may read."""


async def run(*command: str, **environment: str) -> Outcome:
    """Run a command beside the event loop and return what it wrote."""
    process = await asyncio.create_subprocess_exec(
        *command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env={**os.environ, **environment}
    )
    out, err = await process.communicate()
    assert process.returncode is not None
    return Outcome(process.returncode, out.decode(), err.decode())
