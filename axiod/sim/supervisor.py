# SPDX-License-Identifier: Apache-2.0
"""Plays the part of systemd for a simulated device: readiness, status, watchdog, restart, and the descriptor store.

Sources: sd_notify(3), sd_listen_fds(3), systemd.service(5) (Restart=, RestartPreventExitStatus=,
StartLimitBurst=, OnFailure=).
"""

from __future__ import annotations

import array
import asyncio
import contextlib
import fcntl
import logging
import os
import signal
import socket
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from axiod.errors import Unavailable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

_log = logging.getLogger(__name__)

READY_SECONDS = 20.0
STOP_SECONDS = 10.0
RESTART_SECONDS = 0.1
WATCHDOG_SECONDS = 10.0
ABORT_SECONDS = 1.0
START_LIMIT = 5
START_LIMIT_SECONDS = 10.0
WITH_US = ("setpriv", "--pdeathsig", "TERM")
"""What is started so ends with us, even if we are killed."""
_EXIT_CONFIG = 78
_EXIT_FAIL_SAFE = 79
_FIRST_FD = 3


@dataclass(frozen=True, slots=True)
class Unit:
    """A service, as its unit file would describe it."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    on_failure: Sequence[str] | None = None
    """The same service once more, when it failed too often: it gets the kept descriptors, puts the outputs where their
    failure policy says, and ends with status 79."""
    restart: bool = True


@dataclass(slots=True)
class _Running:
    unit: Unit
    store: dict[str, int] = field(default_factory=dict)
    """The descriptor store: by name."""
    process: asyncio.subprocess.Process | None = None
    ready: asyncio.Event = field(default_factory=asyncio.Event)
    stopping: bool = False
    status: str = ""
    starts: list[float] = field(default_factory=list)
    watchdog: asyncio.TimerHandle | None = None
    task: asyncio.Task[None] | None = None
    failed: asyncio.Event = field(default_factory=asyncio.Event)
    was_ready: bool = False
    given_up: bool = False


class Supervisor:
    """Keeps services alive, as systemd does."""

    def __init__(self, path: Path, *, watchdog_seconds: float, start_limit: int) -> None:
        """`path`: where the notification socket is made. `start_limit`: so many starts in ten seconds are too many."""
        self._path = path
        self._watchdog_seconds = watchdog_seconds
        self._start_limit = start_limit
        self._socket: socket.socket | None = None
        self._units: dict[str, _Running] = {}

    def listen(self) -> None:
        """Listen for what services tell."""
        self._path.unlink(missing_ok=True)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        self._socket.bind(str(self._path))
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        asyncio.get_running_loop().add_reader(self._socket.fileno(), self._told)

    async def start(self, unit: Unit) -> None:
        """Start a service and wait until it is ready; raises Unavailable when it ends before."""
        running = self._units.setdefault(unit.name, _Running(unit))
        running.unit = unit
        running.stopping = running.given_up = False
        running.failed.clear()
        running.starts.clear()
        running.task = asyncio.get_running_loop().create_task(self._keep(running))
        await self.wait_ready(unit.name)

    async def wait_ready(self, name: str) -> None:
        """Wait until a service is ready; raises Unavailable when it failed, or does not get ready."""
        running = self._units[name]
        waits = [asyncio.ensure_future(event.wait()) for event in (running.ready, running.failed)]
        try:
            done, _ = await asyncio.wait(waits, timeout=READY_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
        if not running.ready.is_set():
            why = "it ended; its log is above" if done else f"it was not ready after {READY_SECONDS:g} s"
            raise Unavailable(f"axiod-{name} did not start: {why}")

    async def stop(self, name: str) -> int | None:
        """Stop a service with SIGTERM and return its exit code; the descriptors that it stored stay kept."""
        running = self._units.get(name)
        if running is None or running.task is None:
            return None
        running.stopping = True
        process = running.process
        if process is not None and process.returncode is None:
            process.terminate()
            try:
                async with asyncio.timeout(STOP_SECONDS):
                    await process.wait()
            except TimeoutError:
                _log.error("axiod-%s did not stop within %g s and was killed", name, STOP_SECONDS)
                process.kill()
        await asyncio.wait([running.task])
        return process.returncode if process else None

    def kill(self, name: str, number: int = signal.SIGKILL) -> None:
        """Send a signal to a service that runs."""
        pid = self.pid(name)
        if pid is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)

    def pid(self, name: str) -> int | None:
        """Return the process id of a service, None while it does not run."""
        running = self._units[name]
        process = None if running.given_up else running.process
        return process.pid if process is not None and process.returncode is None else None

    def status(self, name: str) -> str:
        """Return the line that systemctl status would show."""
        return self._units[name].status

    def kept(self, name: str) -> frozenset[str]:
        """Return the names of the descriptors that a service stored."""
        return frozenset(self._units[name].store)

    async def wait_failed(self, name: str) -> None:
        """Wait until a service was given up."""
        await self._units[name].failed.wait()

    async def wait_restarted(self, name: str, former_pid: int) -> None:
        """Wait until a service is ready under another process id."""
        while self.pid(name) in (None, former_pid):  # noqa: ASYNC110 # neither has an event of its own
            await asyncio.sleep(0.005)
        await self.wait_ready(name)

    def close(self) -> None:
        """Let go of everything that was stored."""
        for running in self._units.values():
            for fd in running.store.values():
                os.close(fd)
            running.store.clear()
        if self._socket:
            asyncio.get_running_loop().remove_reader(self._socket.fileno())
            self._socket.close()
            self._path.unlink(missing_ok=True)

    # --- keeping one service alive ---

    async def _keep(self, running: _Running) -> None:
        while True:
            running.starts.append(time.monotonic())
            code = await self._run_once(running, running.unit.command)
            if running.stopping:
                return
            recent = [start for start in running.starts if start > time.monotonic() - START_LIMIT_SECONDS]
            running.starts = recent
            if (
                code in (0, _EXIT_CONFIG, _EXIT_FAIL_SAFE)
                or not running.was_ready
                or not running.unit.restart
                or len(recent) >= self._start_limit
            ):
                break
            _log.warning("axiod-%s ended with code %d and is started again", running.unit.name, code)
            await asyncio.sleep(RESTART_SECONDS)
        running.given_up = True
        _log.error("axiod-%s ended with code %d and is given up", running.unit.name, code)
        if running.unit.on_failure and code != 0:
            code = await self._run_once(running, running.unit.on_failure)
            if code != _EXIT_FAIL_SAFE and not running.stopping:
                _log.error("axiod-%s ended with code %d when it was to fail safe", running.unit.name, code)
        running.failed.set()

    async def _run_once(self, running: _Running, command: Sequence[str]) -> int:
        names = list(running.store)
        environment = {
            **os.environ,
            **running.unit.environment,
            "NOTIFY_SOCKET": str(self._path),
            "WATCHDOG_USEC": str(int(self._watchdog_seconds * 1e6)),
            "LISTEN_FDS": str(len(names)),
            "LISTEN_FDNAMES": ":".join(names),
        }
        # They must stand at 3 and up in the new process, and LISTEN_PID must be its own id: a shell does both. They
        # are copied to numbers above those first.
        copies = [fcntl.fcntl(running.store[name], fcntl.F_DUPFD_CLOEXEC, _FIRST_FD + len(names)) for name in names]
        moves = " ".join(f"{_FIRST_FD + place}<&{fd} {fd}<&-" for place, fd in enumerate(copies))
        shell = f'LISTEN_PID=$$ exec "$@" {moves}' if names else 'exec "$@"'
        running.ready.clear()
        try:
            running.process = await asyncio.create_subprocess_exec(
                *WITH_US, "/bin/bash", "-c", shell, "bash", *command, env=environment, pass_fds=copies, process_group=0
            )
        finally:
            for fd in copies:
                os.close(fd)
        self._beat(running)
        code = await running.process.wait()
        running.ready.clear()
        if running.watchdog:
            running.watchdog.cancel()
        return code

    # --- what services tell ---

    def _told(self) -> None:
        if self._socket is None:
            return
        while True:
            try:
                data, ancillary, _, _ = self._socket.recvmsg(8192, socket.CMSG_SPACE(253 * 4))
            except BlockingIOError:
                return
            fds: list[int] = []
            pid = None
            for level, kind, content in ancillary:
                if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
                    fds = array.array("i", content[: len(content) // 4 * 4]).tolist()
                elif (level, kind) == (socket.SOL_SOCKET, socket.SCM_CREDENTIALS):
                    pid = array.array("i", content)[0]
            self._take(pid, data.decode("utf-8", "replace"), fds)

    def _take(self, pid: int | None, text: str, fds: list[int]) -> None:
        running = next((item for item in self._units.values() if item.process and item.process.pid == pid), None)
        told = dict(line.partition("=")[::2] for line in text.splitlines())
        name = told.get("FDNAME", "")
        if running is not None:
            if "FDSTOREREMOVE" in told and name in running.store:
                os.close(running.store.pop(name))
            if "FDSTORE" in told and fds and not _has(running.store, fds[0]):
                running.store[name] = fds.pop(0)
            running.status = told.get("STATUS", running.status)
            if "READY" in told:
                running.ready.set()
                running.was_ready = True
            if "WATCHDOG" in told or "READY" in told:
                self._beat(running)
        for fd in fds:
            os.close(fd)

    def _beat(self, running: _Running) -> None:
        if running.watchdog:
            running.watchdog.cancel()
        running.watchdog = asyncio.get_running_loop().call_later(self._watchdog_seconds, self._hung, running)

    def _hung(self, running: _Running) -> None:
        _log.error("axiod-%s did not answer its watchdog and is killed", running.unit.name)
        self.kill(running.unit.name, signal.SIGABRT)
        # One that is stopped takes no other signal.
        running.watchdog = asyncio.get_running_loop().call_later(ABORT_SECONDS, self.kill, running.unit.name)


def _has(store: Mapping[str, int], fd: int) -> bool:
    """Whether an open file is stored already, under whatever name: systemd then ignores another copy of it."""
    return any(os.path.sameopenfile(fd, kept) for kept in store.values())
