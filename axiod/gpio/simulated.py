# SPDX-License-Identifier: Apache-2.0
"""Lines, ADC channels and LEDs of the simulated world: each is a connection to its socket, see protocol.py."""

from __future__ import annotations

import errno
import os
import select
import socket
from typing import TYPE_CHECKING

from axiod.errors import HardwareFailure
from axiod.gpio.lines import Edge, unpack_edges
from axiod.gpio.protocol import MAX_PACKET, Operation, adc_name, line_name, pack, socket_path, unpack

if TYPE_CHECKING:
    from collections.abc import Sequence

    from axiod.board.profile import AdcRef, LineRef

_ANSWER_SECONDS = 1.0
_LAST_SERIAL = (1 << 32) - 1


class _Channel:
    """One connection. Raises OSError for whatever goes wrong on it."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        # An answer to whoever had the descriptor before us may still be on its way: it has a serial below ours.
        self._serial = int.from_bytes(os.urandom(3), "little") << 8
        self.early: list[Edge] = []
        """Edges that came while an answer was awaited."""

    @classmethod
    def open(cls) -> _Channel:
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        try:
            sock.connect(socket_path())
        except OSError:
            sock.close()
            raise
        sock.setblocking(False)  # noqa: FBT003 # the standard library's signature
        return cls(sock)

    @classmethod
    def adopt(cls, fd: int) -> _Channel:
        sock = socket.socket(fileno=fd)
        sock.setblocking(False)  # noqa: FBT003 # the standard library's signature
        return cls(sock)

    def ask(self, operation: Operation, value: int = 0, rest: bytes = b"") -> tuple[int, bytes]:
        """Ask and wait for the answer; returns its value and the rest."""
        self._serial = (self._serial + 1) & _LAST_SERIAL
        self._sock.send(pack(operation, self._serial, value, rest=rest))
        while True:
            answer = self._receive(_ANSWER_SECONDS)
            if answer is None:
                raise OSError(errno.ETIMEDOUT, "the simulated world does not answer")
            kind, error, value, serial, rest = unpack(answer)
            if kind == Operation.EDGES:
                self.early += unpack_edges(rest)
            elif serial == self._serial:
                if error:
                    raise OSError(error, os.strerror(error))
                return value, rest

    def edges(self) -> list[Edge]:
        found, self.early = self.early, []
        while (packet := self._receive(0)) is not None:
            kind, _, _, _, rest = unpack(packet)
            if kind == Operation.EDGES:
                found += unpack_edges(rest)
        return found

    def _receive(self, seconds: float) -> bytes | None:
        """Return the next packet, None when none came; raises OSError when the other end is gone."""
        try:
            packet = self._sock.recv(MAX_PACKET)
        except BlockingIOError:
            if not seconds or not select.select([self._sock], [], [], seconds)[0]:
                return None
            packet = self._sock.recv(MAX_PACKET)
        if not packet:
            raise OSError(errno.ENODEV, "the simulated world has ended")
        return packet

    def fileno(self) -> int:
        return self._sock.fileno()

    def close(self) -> None:
        self._sock.close()


class SimulatedLine:
    """One line of the simulated board."""

    def __init__(self, channel: _Channel, *, was_output: bool) -> None:
        self._channel = channel
        self.was_output = was_output

    def fileno(self) -> int:
        return self._channel.fileno()

    def get(self) -> bool:
        return bool(self._channel.ask(Operation.GET)[0])

    def set(self, active: bool) -> None:
        self._channel.ask(Operation.SET, active)

    def to_input(self, debounce_us: int) -> bool:
        self._channel.ask(Operation.INPUT)
        return not debounce_us

    def to_output(self, active: bool) -> None:
        self._channel.ask(Operation.OUTPUT, active)

    def edges(self) -> list[Edge]:
        return self._channel.edges()

    def close(self) -> None:
        self._channel.close()


class SimulatedLines:
    """The GPIO chips of the simulated board."""

    def request(self, ref: LineRef) -> SimulatedLine:
        channel = _open(str(ref))
        try:
            channel.ask(Operation.LINE, ref.active_low, line_name(ref).encode())
        except OSError as error:
            channel.close()
            raise HardwareFailure(_why(ref, error)) from error
        return SimulatedLine(channel, was_output=False)

    def adopt(self, ref: LineRef, fd: int) -> SimulatedLine:
        channel = _Channel.adopt(fd)
        try:
            is_output, name = channel.ask(Operation.ABOUT)
            if name.decode() != line_name(ref):
                raise OSError(errno.ENXIO, f"the profile says {ref} now")
        except OSError:
            channel.close()
            raise
        return SimulatedLine(channel, was_output=bool(is_output))

    def boot_id(self) -> str:
        channel = _open("the simulated board")
        try:
            return channel.ask(Operation.BOOT)[1].decode()
        except OSError as error:
            raise HardwareFailure(f"the simulated board: {error.strerror}") from error
        finally:
            channel.close()


class SimulatedAdc:
    """The ADC of the simulated board."""

    def __init__(self) -> None:
        self._channels: dict[AdcRef, _Channel] = {}

    async def read(self, ref: AdcRef) -> int:
        channel = self._channels.get(ref)
        try:
            if channel is None:
                channel = self._channels[ref] = _Channel.open()
                channel.ask(Operation.ADC, rest=adc_name(ref).encode())
            return channel.ask(Operation.GET)[0]
        except OSError as error:
            if error.errno != errno.EIO and channel is not None:
                channel.close()
                del self._channels[ref]
            raise

    def close(self) -> None:
        for channel in self._channels.values():
            channel.close()
        self._channels.clear()


class SimulatedLedFiles:
    """The files of one LED of the simulated board."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._channel: _Channel | None = None

    def names(self) -> Sequence[str]:
        return self._ask(Operation.NAMES).split()

    def read(self, name: str) -> str:
        return self._ask(Operation.READ, name)

    def write(self, name: str, text: str) -> None:
        self._ask(Operation.WRITE, f"{name}\0{text}")

    def close(self) -> None:
        if self._channel is not None:
            self._channel.close()
            self._channel = None

    def _ask(self, operation: Operation, text: str = "") -> str:
        try:
            if self._channel is None:
                self._channel = _Channel.open()
                self._channel.ask(Operation.LED, rest=self._name.encode())
            return self._channel.ask(operation, rest=text.encode())[1].decode()
        except OSError as error:
            # What the LED itself refuses needs no new connection.
            if error.errno not in (errno.EIO, errno.EINVAL, errno.ENOENT):
                self.close()
            raise


def _open(what: str) -> _Channel:
    try:
        return _Channel.open()
    except OSError as error:
        text = f"{what}: the simulated world is not there ({socket_path()}): {error.strerror}"
        raise HardwareFailure(text) from error


def _why(ref: LineRef, error: OSError) -> str:
    if error.errno == errno.EBUSY:
        return f"{ref} is used by somebody else; stop it first"
    if error.errno == errno.ENOENT:
        return f"{ref}: the simulated board has no such line; is it that of another profile?"
    return f"{ref} cannot be had: {error.strerror}"
