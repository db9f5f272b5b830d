# SPDX-License-Identifier: Apache-2.0
"""A board of pins in memory, and the descriptor store of a systemd in memory.

A pin is held as long as any copy of a descriptor of it is open, as a line of the kernel is.
"""

from __future__ import annotations

import errno
import os
import socket
import time
from typing import TYPE_CHECKING

from axiod.board.profile import Chip, LineRef
from axiod.errors import HardwareFailure
from axiod.gpio.lines import Direction, Edge
from axiod.runtime.fds import FdStore

if TYPE_CHECKING:
    from collections.abc import Callable

CHIP = Chip("chip", label="fake")


def ref(name: str) -> LineRef:
    """Return a line of the fake board."""
    return LineRef(CHIP, name=name)


class Pin:
    """One pin of the board, which outlives whoever holds it."""

    def __init__(self) -> None:
        self.level = False
        self.direction: Direction | None = None
        self.driven: list[bool] = []
        """Every level that it was driven to, in order."""
        self.error: int | None = None
        """What every access fails with."""
        self.debounces = True
        """It debounces by itself."""
        self.debounce_us = 0
        self.before_set: Callable[[], None] | None = None
        self.before_output: Callable[[], None] | None = None
        self.sequence = 0
        self.read = 0
        """How often its level was read."""
        self._edges: list[Edge] = []
        self._board: socket.socket | None = None
        self._inode: int | None = None

    # --- the board's side ---

    @property
    def held(self) -> bool:
        """Some copy of its descriptor is open."""
        if self._board is None:
            return False
        try:
            return self._board.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) != b""
        except BlockingIOError:
            return True

    def holds(self, theirs: socket.socket) -> bool:
        """Whether a descriptor is one of the present owner's."""
        return self._inode == os.fstat(theirs.fileno()).st_ino

    def request(self) -> socket.socket:
        """Give the pin to somebody."""
        if self.held:
            raise OSError(errno.EBUSY, os.strerror(errno.EBUSY))
        self.close()
        self._board, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._inode = os.fstat(theirs.fileno()).st_ino
        return theirs

    def edge(self, level: bool, when_ns: int | None = None, *, lost: int = 0) -> None:
        """Change the level of an input; `lost` edges before this one were dropped."""
        self.sequence += 1 + lost
        self.level = level
        self._edges.append(Edge(level, time.monotonic_ns() if when_ns is None else when_ns, self.sequence))
        if self._board:
            self._board.send(b"!")

    def edges(self) -> list[Edge]:
        """Return what waits to be read."""
        found, self._edges = self._edges, []
        return found

    def unplug(self) -> None:
        """End every line of the pin: the chip is gone."""
        self.error = errno.ENODEV
        self.close()

    def power_cycle(self) -> None:
        """The machine boots: nobody holds the pin, and it is at rest."""
        self.close()
        self.level, self.direction, self.driven, self.error = False, None, [], None

    def close(self) -> None:
        """Let go of the board's end."""
        if self._board:
            self._board.close()
            self._board = self._inode = None


class FakeLine:
    """A line of the fake board."""

    def __init__(self, pin: Pin, sock: socket.socket, *, was_output: bool) -> None:
        self._pin = pin
        self._sock = sock
        self.was_output = was_output
        sock.setblocking(False)

    def _check(self) -> None:
        if self._pin.error:
            raise OSError(self._pin.error, os.strerror(self._pin.error))

    def fileno(self) -> int:
        return self._sock.fileno()

    def get(self) -> bool:
        if not self._pin.holds(self._sock):
            raise OSError(errno.ENODEV, os.strerror(errno.ENODEV))
        self._check()
        self._pin.read += 1
        return self._pin.level

    def set(self, active: bool) -> None:
        if self._pin.before_set:
            self._pin.before_set()
        self._check()
        if self._pin.direction is not Direction.OUTPUT:
            raise OSError(errno.EPERM, os.strerror(errno.EPERM))
        self._pin.level = active
        self._pin.driven.append(active)

    def to_input(self, debounce_us: int) -> bool:
        self._check()
        self._pin.direction = Direction.INPUT
        self._pin.debounce_us = debounce_us if self._pin.debounces else 0
        return self._pin.debounces or not debounce_us

    def to_output(self, active: bool) -> None:
        if self._pin.before_output:
            self._pin.before_output()
        self._check()
        self._pin.direction = Direction.OUTPUT
        self._pin.level = active
        self._pin.driven.append(active)

    def edges(self) -> list[Edge]:
        while True:
            try:
                if not self._sock.recv(64):
                    raise OSError(errno.ENODEV, os.strerror(errno.ENODEV))
            except BlockingIOError:
                break
        self._check()
        return self._pin.edges()

    def close(self) -> None:
        self._sock.close()


class FakeLines:
    """The pins of a board, by name."""

    def __init__(self) -> None:
        self.pins: dict[str, Pin] = {}
        self.boot = "boot 1"
        self._inodes: dict[int, Pin] = {}

    def pin(self, name: str) -> Pin:
        """Return a pin; it need not be requested yet."""
        return self.pins.setdefault(name, Pin())

    def request(self, ref: LineRef) -> FakeLine:
        pin = self.pin(ref.name or "")
        try:
            if pin.error == errno.ENODEV:
                raise OSError(pin.error, os.strerror(pin.error))
            sock = pin.request()
        except OSError as error:
            raise HardwareFailure(f"{ref} cannot be had: {error.strerror}") from error
        self._inodes[os.fstat(sock.fileno()).st_ino] = pin
        return FakeLine(pin, sock, was_output=pin.direction is Direction.OUTPUT)

    def adopt(self, ref: LineRef, fd: int) -> FakeLine:
        pin = self._inodes.get(os.fstat(fd).st_ino)
        if pin is None:
            os.close(fd)
            raise OSError(errno.ENOTTY, os.strerror(errno.ENOTTY))
        return FakeLine(pin, socket.socket(fileno=fd), was_output=pin.direction is Direction.OUTPUT)

    def boot_id(self) -> str:
        return self.boot

    def power_cycle(self) -> None:
        """Boot the machine."""
        self.boot = f"boot {int(self.boot.split()[1]) + 1}"
        for pin in self.pins.values():
            pin.power_cycle()

    def close(self) -> None:
        """Let go of everything."""
        for pin in self.pins.values():
            pin.close()


class FakeFds(FdStore):
    """What systemd keeps for one service, over its restarts."""

    def __init__(self) -> None:
        self.kept: dict[str, int] = {}
        self._inherited = {}

    def restart(self) -> None:
        """Hand everything to the next start of the service."""
        self._drop_untaken()
        self._inherited = {name: os.dup(fd) for name, fd in self.kept.items()}

    def keep(self, name: str, fd: int) -> None:
        copy = os.dup(fd)
        self.drop(name)
        self.kept[name] = copy

    def drop(self, name: str) -> None:
        fd = self.kept.pop(name, None)
        if fd is not None:
            os.close(fd)

    def close(self) -> None:
        """Let go of everything."""
        self._drop_untaken()
        for name in list(self.kept):
            self.drop(name)

    def _drop_untaken(self) -> None:
        for fd in self._inherited.values():
            os.close(fd)
        self._inherited = {}
