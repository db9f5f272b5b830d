# SPDX-License-Identifier: Apache-2.0
"""What every guest can do, whether it is a container or a whole machine."""

from __future__ import annotations

import re
import shlex
import subprocess
import time
from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

LOOK_AGAIN_SECONDS = 0.05
_UNIT = re.compile(r"\b[\w@:.\\-]+\.(?:service|socket|target|timer|path|mount)\b")
_JOURNAL_LINES = 30
_GRACE_SECONDS = 10
_KILLED = (137, -9)


class Unavailable(Exception):
    """This kind of guest cannot run on this machine; says what is missing."""


class NotRunning(Exception):
    """A guest did not come up, or not with everything that belongs to it; says what failed."""


class TooLate(Exception):
    """Something did not happen in the time that it was given."""


@dataclass(frozen=True, slots=True)
class Result:
    """What a command in a guest printed, and its exit status."""

    stdout: str
    stderr: str
    code: int


class CommandFailed(Exception):
    """A command in a guest ended with another exit status than 0."""

    def __init__(self, command: str, result: Result, journal: str = "") -> None:
        self.command = command
        self.result = result
        parts = [f"exit status {result.code}: {command}", result.stdout.rstrip(), result.stderr.rstrip(), journal]
        super().__init__("\n".join(part for part in parts if part))


def poll(look: Callable[[], bool], timeout: float, what: str, pause: float = LOOK_AGAIN_SECONDS) -> None:
    """Call a function again and again until it returns true; raises TooLate, saying what did not happen."""
    end = time.monotonic() + timeout
    while not look():
        if time.monotonic() > end:
            raise TooLate(f"not within {timeout:g} s: {what}")
        time.sleep(pause)  # noqa: TID251 # the one place that looks again


class Guest(ABC):
    """A running Debian with systemd as PID 1. Use it in a with statement, or call stop()."""

    arch: str
    """The Debian name of its architecture: amd64, arm64 or armhf."""
    boot_seconds: float
    """How long it took until systemd said that it was running (a resumed machine: until it answered)."""

    @abstractmethod
    def call(self, argv: Sequence[str], data: bytes | None, timeout: float) -> subprocess.CompletedProcess[bytes]:
        """Run a program as root with this on its standard input; raises subprocess.TimeoutExpired."""

    @abstractmethod
    def stop(self) -> None:
        """End it at once and leave nothing behind; may be called again."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def run(self, command: str, *, check: bool = True, timeout: float = 60, user: str | None = None) -> Result:
        """Run a shell line as root, or as another user with that user's groups and no capabilities.

        Raises CommandFailed for another exit status than 0, unless told not to check; TooLate at the time limit.
        """
        argv = ["sh", "-c", command]
        if user is not None:
            become = 'exec setpriv --reuid "$0" --regid "$(id -g "$0")" --init-groups --inh-caps=-all --reset-env "$@"'
            argv = ["sh", "-c", become, user, *argv]
        result = self._call(command, argv, None, timeout)
        if check and result.code:
            raise CommandFailed(command, result, self._journals(command))
        return result

    def put(self, source: Path | bytes, dest: str, mode: int | None = None) -> None:
        """Copy a file, or write these bytes, to a path; makes its folder; keeps the source's mode unless told."""
        data = source if isinstance(source, bytes) else source.read_bytes()
        if mode is None:
            mode = 0o644 if isinstance(source, bytes) else source.stat().st_mode & 0o777
        folder, path = shlex.quote(str(PurePosixPath(dest).parent)), shlex.quote(dest)
        command = f"mkdir -p {folder} && cat > {path} && chmod {mode:o} {path}"
        result = self._call(command, ["sh", "-c", command], data, 60)
        if result.code:
            raise CommandFailed(command, result)

    def get(self, path: str) -> bytes:
        """Return what is in a file."""
        done = self.call(["cat", path], None, 60)
        if done.returncode:
            raise CommandFailed(f"cat {path}", Result("", done.stderr.decode(errors="replace"), done.returncode))
        return done.stdout

    def wait_for(self, command: str, timeout: float = 30, *, user: str | None = None) -> Result:
        """Run a shell line again and again until its exit status is 0, and return that; raises TooLate."""
        last = Result("", "", -1)

        def succeeds() -> bool:
            nonlocal last
            last = self.run(command, check=False, timeout=max(timeout, 1), user=user)
            return last.code == 0

        try:
            poll(succeeds, timeout, command)
        except TooLate as late:
            raise TooLate(f"{late}\nat last: {CommandFailed(command, last, self._journals(command))}") from None
        return last

    def install(self, debs: Sequence[Path], timeout: float = 600) -> Result:
        """Install packages with apt, as a person would with "apt install ./x.deb", and all that they need with them."""
        names = []
        for deb in debs:
            names.append(f"/var/tmp/debs/{deb.name}")
            self.put(deb, names[-1])
        return self.apt("install", *names, timeout=timeout)

    def apt(self, *arguments: str, timeout: float = 600) -> Result:
        """Run apt-get without questions; configuration files that were changed by hand are kept."""
        keep = "-o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold"
        line = f"DEBIAN_FRONTEND=noninteractive apt-get -y {keep} {shlex.join(arguments)}"
        return self.run(line, timeout=timeout)

    def journal(self, unit: str | None = None, *, lines: int | None = None, options: str = "") -> str:
        """Return the journal of this boot, of one unit if one is given, and only its last lines if told how many."""
        which = f"-u {shlex.quote(unit)}" if unit else ""
        most = f"-n {lines}" if lines else ""
        return self.run(f"journalctl -b --no-pager -o short-precise {which} {most} {options}").stdout

    def wait_running(self, timeout: float = 300) -> None:
        """Wait until systemd has started everything; raises NotRunning with what failed."""
        self.wait_for("test -S /run/dbus/system_bus_socket", timeout)
        state = self.run("systemctl is-system-running --wait", check=False, timeout=timeout).stdout.strip()
        if state != "running":
            failed = self.run("systemctl --failed --no-legend --plain; systemctl list-jobs --no-legend", check=False)
            raise NotRunning(f"the guest is {state}\n{failed.stdout}{self._journals(failed.stdout)}")

    def _call(self, command: str, argv: Sequence[str], data: bytes | None, timeout: float) -> Result:
        # The guest ends it, with all that it started; the limit out here is for a guest that does nothing any more.
        end = time.monotonic() + timeout
        try:
            done = self.call(["timeout", "-s", "KILL", f"{timeout:g}", *argv], data, timeout + _GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            why = "the guest does not answer, or something else holds what the command prints to"
            raise TooLate(f"not within {timeout:g} s ({why}): {command}") from None
        result = Result(done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace"), done.returncode)
        if result.code in _KILLED and time.monotonic() >= end:
            printed = CommandFailed(command, result, self._journals(command))
            raise TooLate(f"not within {timeout:g} s: {printed}")
        return result

    def _journals(self, command: str) -> str:
        """Return the end of the journals of the units that a command names."""
        parts = []
        for unit in dict.fromkeys(_UNIT.findall(command)):
            line = ["journalctl", "-b", "--no-pager", f"-n{_JOURNAL_LINES}", "-u", unit]
            try:
                parts.append(f"--- {unit}\n" + self.call(line, None, 30).stdout.decode(errors="replace"))
            except subprocess.TimeoutExpired:
                parts.append(f"--- {unit}: its journal could not be read")
        return "\n".join(parts)
