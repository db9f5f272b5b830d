# SPDX-License-Identifier: Apache-2.0
"""The lines, ADC channels and LEDs of the simulated board as file descriptors, see gpio/protocol.py.

They behave as those of the kernel do: a line has one owner, stays requested as long as a copy of its descriptor is
open, falls back to rest at the last close, and drops its oldest edges when nobody reads them.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import random
import socket
import uuid
from collections import deque
from pathlib import Path
from typing import TYPE_CHECKING

from axiod.errors import Conflict
from axiod.gpio.lines import Edge, pack_edge
from axiod.gpio.protocol import MAX_PACKET, Operation, adc_name, line_name, pack, unpack

if TYPE_CHECKING:
    from collections.abc import Sequence

    from axiod.sim.lamp import Lamp
    from axiod.sim.world import Terminal

_EDGES_IN_PACKET = 64
_EDGES_KEPT = 1024
_MOVING = (Operation.SET, Operation.OUTPUT, Operation.INPUT)


class LineServer:
    """Listens on a socket and serves every connection as one line, channel or LED."""

    def __init__(self, terminals: Sequence[Terminal], lamps: Sequence[Lamp] = ()) -> None:
        self.boot_id = str(uuid.uuid4())
        self._lines = {line_name(terminal.line): terminal for terminal in terminals}
        self._channels = {adc_name(terminal.adc): terminal for terminal in terminals if terminal.adc}
        self._lamps = {lamp.name: lamp for lamp in lamps}
        self._owners: dict[str, _Connection] = {}
        self._connections: set[_Connection] = set()
        self._loop = asyncio.get_running_loop()
        self._socket: socket.socket | None = None

    def listen(self, path: Path) -> None:
        """Listen at a path; raises Conflict when another simulation does."""
        path.parent.mkdir(parents=True, exist_ok=True)
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as probe:
            if probe.connect_ex(str(path)) == 0:
                raise Conflict(f"another simulation listens at {path}; stop it first")
        path.unlink(missing_ok=True)
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET | socket.SOCK_NONBLOCK)
        listener.bind(str(path))
        listener.listen(64)
        self._socket = listener
        self._loop.add_reader(listener.fileno(), self._accept, listener)

    def close(self) -> None:
        """Close every connection: the board is without power."""
        if self._socket:
            self._loop.remove_reader(self._socket.fileno())
            Path(self._socket.getsockname()).unlink(missing_ok=True)
            self._socket.close()
        for connection in list(self._connections):
            connection.close()

    def edges(self, terminal: Terminal, edges: Sequence[tuple[bool, int]]) -> None:
        """Tell the owner of a line of changes: (closed, CLOCK_MONOTONIC in nanoseconds), in order."""
        owner = self._owners.get(terminal.id)
        if owner is not None and not (terminal.wire and terminal.wire.broken):
            owner.tell(edges)

    # --- what connections ask for ---

    def take_line(self, connection: _Connection, name: str) -> Terminal:
        terminal = self._lines.get(name)
        if terminal is None:
            raise OSError(errno.ENOENT, name)
        if terminal.id in self._owners:
            raise OSError(errno.EBUSY, name)
        self._owners[terminal.id] = connection
        return terminal

    def take_channel(self, name: str) -> Terminal:
        terminal = self._channels.get(name)
        if terminal is None:
            raise OSError(errno.ENOENT, name)
        return terminal

    def take_lamp(self, name: str) -> Lamp:
        lamp = self._lamps.get(name)
        if lamp is None:
            raise OSError(errno.ENOENT, name)
        return lamp

    def ended(self, connection: _Connection, terminal: Terminal | None) -> None:
        self._connections.discard(connection)
        if terminal is not None and self._owners.get(terminal.id) is connection:
            del self._owners[terminal.id]
            if terminal.drive is not None:
                terminal.drive.held = False
                terminal.drive.put(active=False)
            terminal.changed()

    def _accept(self, listener: socket.socket) -> None:
        with contextlib.suppress(BlockingIOError):
            accepted, _ = listener.accept()
            self._connections.add(_Connection(self, accepted))


class _Connection:
    """One line, channel or LED, from the side of the board."""

    def __init__(self, server: LineServer, sock: socket.socket) -> None:
        sock.setblocking(False)  # noqa: FBT003 # the standard library's signature
        self._server = server
        self._sock = sock
        self._loop = asyncio.get_running_loop()
        self._terminal: Terminal | None = None
        self._lamp: Lamp | None = None
        self._analogue = False
        self._active_low = False
        self._direction: Operation | None = None
        self._sequence = 0
        self._waiting: deque[Edge] = deque(maxlen=_EDGES_KEPT)
        self._answers: deque[bytes] = deque()
        self._writing = False
        self._loop.add_reader(sock.fileno(), self._readable)

    def close(self) -> None:
        self._loop.remove_reader(self._sock.fileno())
        if self._writing:
            self._loop.remove_writer(self._sock.fileno())
        self._sock.close()
        self._server.ended(self, None if self._analogue else self._terminal)

    def tell(self, edges: Sequence[tuple[bool, int]]) -> None:
        if self._direction is not Operation.INPUT:
            return
        for closed, when_ns in edges:
            self._sequence += 1
            self._waiting.append(Edge(self._logical(closed), when_ns, self._sequence))
        self._send()

    def _readable(self) -> None:
        try:
            packet = self._sock.recv(MAX_PACKET)
        except BlockingIOError:
            return
        except OSError:
            packet = b""
        if not packet:
            self.close()
            return
        try:
            operation, _, value, serial, rest = unpack(packet)
        except ValueError:
            self.close()
            return
        error, answer, extra = 0, 0, b""
        try:
            answer, extra = self._carry_out(operation, value, rest)
        except OSError as failure:
            error = failure.errno or errno.EIO
        self._answers.append(pack(operation, serial, answer, error, extra))
        self._send()
        # Whoever plays is told after the answer: a line of the kernel makes nobody wait for spectators.
        if self._terminal is not None and operation in _MOVING:
            self._terminal.changed()

    def _carry_out(self, operation: int, value: int, rest: bytes) -> tuple[int, bytes]:
        if operation == Operation.BOOT:
            return 0, self._server.boot_id.encode()
        if self._lamp is not None:
            return 0, _of_lamp(self._lamp, operation, rest.decode("utf-8", "replace"))
        if self._terminal is None:
            self._take(operation, value, rest.decode("utf-8", "replace"))
            return 0, b""
        terminal = self._terminal
        if self._analogue:
            if operation != Operation.GET or terminal.adc is None or terminal.wire is None:
                raise OSError(errno.EPERM, terminal.id)
            if terminal.wire.broken:
                raise OSError(errno.EIO, terminal.id)
            return terminal.wire.reading(terminal.adc, random.uniform), b""
        if operation == Operation.GET:
            return self._get(terminal), b""
        if operation == Operation.ABOUT:
            return self._direction is Operation.OUTPUT, line_name(terminal.line).encode()
        if operation == Operation.SET:
            if self._direction is not Operation.OUTPUT:
                raise OSError(errno.EPERM, terminal.id)
            self._put(terminal, bool(value))
        elif operation == Operation.OUTPUT:
            self._put(terminal, bool(value))
            self._direction = Operation.OUTPUT
        elif operation == Operation.INPUT:
            self._become_input(terminal)
        else:
            raise OSError(errno.EINVAL, terminal.id)
        return 0, b""

    def _take(self, operation: int, value: int, name: str) -> None:
        if operation == Operation.LINE:
            self._terminal = self._server.take_line(self, name)
            self._active_low = bool(value)
        elif operation == Operation.ADC:
            self._terminal = self._server.take_channel(name)
            self._analogue = True
        elif operation == Operation.LED:
            self._lamp = self._server.take_lamp(name)
        else:
            raise OSError(errno.EINVAL, name)

    def _get(self, terminal: Terminal) -> int:
        if self._direction is Operation.OUTPUT and terminal.drive is not None:
            # Whatever else is connected to the terminal pulls it too.
            outside = terminal.wire is not None and terminal.wire.closed
            return self._logical(terminal.drive.active or outside)
        if terminal.wire is None:
            return self._logical(bool(terminal.drive and terminal.drive.active))
        if terminal.wire.broken:
            raise OSError(errno.EIO, terminal.id)
        return self._logical(terminal.wire.closed)

    def _put(self, terminal: Terminal, value: bool) -> None:
        drive = terminal.drive
        if drive is None:
            raise OSError(errno.EPERM, terminal.id)
        if drive.broken:
            raise OSError(errno.EIO, terminal.id)
        drive.held = True
        drive.put(self._logical(value))

    def _become_input(self, terminal: Terminal) -> None:
        if terminal.wire is None:
            raise OSError(errno.EPERM, terminal.id)
        if terminal.wire.broken:
            raise OSError(errno.EIO, terminal.id)
        if terminal.drive is not None:
            terminal.drive.held = False
            terminal.drive.put(active=False)
        self._direction = Operation.INPUT

    def _logical(self, circuit: bool) -> bool:
        """Turn a circuit into a level or back: the same unless the board is wired the other way than is asked for."""
        wired_low = bool(self._terminal and self._terminal.line.active_low)
        return circuit != (wired_low != self._active_low)

    def _send(self) -> None:
        """Send what waits, as far as there is room: an answer after the edges before it, as from the kernel's queue."""
        while self._waiting or self._answers:
            some = [self._waiting[index] for index in range(min(len(self._waiting), _EDGES_IN_PACKET))]
            packet = pack(Operation.EDGES, 0, rest=b"".join(map(pack_edge, some))) if some else self._answers[0]
            try:
                self._sock.send(packet)
            except BlockingIOError:
                self._write_later(wanted=True)
                return
            except OSError:
                return
            for _ in some:
                self._waiting.popleft()
            if not some:
                self._answers.popleft()
        self._write_later(wanted=False)

    def _write_later(self, *, wanted: bool) -> None:
        if wanted and not self._writing:
            self._loop.add_writer(self._sock.fileno(), self._send)
        elif self._writing and not wanted:
            self._loop.remove_writer(self._sock.fileno())
        self._writing = wanted


def _of_lamp(lamp: Lamp, operation: int, text: str) -> bytes:
    """Answer what is asked of an LED."""
    if operation == Operation.NAMES:
        return " ".join(lamp.names()).encode()
    if operation == Operation.READ:
        return lamp.read(text).encode()
    if operation == Operation.WRITE:
        name, _, text = text.partition("\0")
        lamp.write(name, text)
        return b""
    raise OSError(errno.EINVAL, lamp.id)
