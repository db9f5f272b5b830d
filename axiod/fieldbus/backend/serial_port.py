# SPDX-License-Identifier: Apache-2.0
"""A serial port of the kernel, or the pty of the simulated world.

Sources: termios(3), ioctl_tty(2); Linux Documentation/driver-api/serial/serial-rs485.rst; linux/serial.h.
"""

from __future__ import annotations

import asyncio
import errno
import fcntl
import logging
import os
import stat
import struct
import termios
from typing import TYPE_CHECKING

from axiod.errors import HardwareFailure, Unavailable
from axiod.fieldbus.backend import InUse

if TYPE_CHECKING:
    from axiod.fieldbus.backend import Listener
    from axiod.modbus.line import Line

_log = logging.getLogger(__name__)

_TIOCGSERIAL, _TIOCSSERIAL = 0x541E, 0x541F
_TIOCGRS485, _TIOCSRS485 = 0x542E, 0x542F
_ASYNC_LOW_LATENCY = 1 << 13
_SERIAL_STRUCT = 128
"""More than struct serial_struct needs anywhere."""
_SERIAL_FLAGS = struct.Struct("@i")
_SERIAL_FLAGS_AT = 16
_RS485 = struct.Struct("@8I")
_RS485_ENABLED, _RTS_ON_SEND, _RTS_AFTER_SEND = 1, 2, 4
_PTY_MAJORS = range(136, 144)
_READ = 4096
_QUIET = 0.02
"""USB adapters gather what comes for up to 16 ms."""


class SerialPort:
    """An open serial port that nobody else has."""

    quiet = _QUIET

    def __init__(self, path: str, line: Line, direction: str) -> None:
        """Open it. `direction`: as DirectionControl of the contract. Raises InUse, Unavailable, HardwareFailure."""
        self._path = path
        self._fd = _open(path)
        self._loop = asyncio.get_running_loop()
        self._listener: Listener | None = None
        self._line: Line | None = None
        try:
            self._pty = os.major(os.fstat(self._fd).st_rdev) in _PTY_MAJORS
            _claim(self._fd, path, alone=not self._pty)
            self.set_line(line)
            self._control_direction(direction)
            self._hurry()
            termios.tcflush(self._fd, termios.TCIOFLUSH)
        except BaseException:
            os.close(self._fd)
            raise

    def listen(self, listener: Listener) -> None:
        self._listener = listener
        self._loop.add_reader(self._fd, self._readable)

    def set_line(self, line: Line) -> None:
        if line == self._line:
            return
        flags = termios.CS8 | termios.CREAD | termios.CLOCAL
        if line.parity != "none" and not self._pty:  # a pty has no characters, so it knows no parity
            flags |= termios.PARENB | (termios.PARODD if line.parity == "odd" else 0)
        if line.stop_bits == 2:
            flags |= termios.CSTOPB
        speed = getattr(termios, f"B{line.baud_rate}")
        # Neither input nor output is changed on its way, and a character with a wrong parity is a NUL, which the
        # checksum finds.
        input_flags = termios.INPCK if line.parity != "none" else 0
        control: list[bytes | int] = [b"\0"] * 32
        control[termios.VMIN], control[termios.VTIME] = 1, 0
        try:
            termios.tcsetattr(self._fd, termios.TCSANOW, [input_flags, 0, flags, 0, speed, speed, control])
            now = termios.tcgetattr(self._fd)
        except termios.error as error:
            if error.args[0] in (errno.EIO, errno.ENODEV, errno.ENXIO):
                raise Unavailable(f"{self._path} is gone; it is looked for") from error
            raise self._cannot(line) from error
        compared = termios.PARENB | termios.PARODD | termios.CSTOPB | termios.CSIZE
        if now[5] != speed or (now[2] ^ flags) & compared:
            raise self._cannot(line)
        self._line = line

    def write(self, data: bytes) -> None:
        try:
            sent = os.write(self._fd, data)
        except BlockingIOError:
            sent = 0
        except OSError as error:
            raise Unavailable(f"{self._path} cannot be written to: {error.strerror}") from error
        if sent < len(data):
            termios.tcflush(self._fd, termios.TCOFLUSH)
            raise Unavailable(f"{self._path} takes nothing: it holds back {sent} of {len(data)} bytes")

    def close(self) -> None:
        if self._listener is not None:
            self._loop.remove_reader(self._fd)
            self._listener = None
        os.close(self._fd)

    def _readable(self) -> None:
        listener = self._listener
        if listener is None:
            return
        try:
            data = os.read(self._fd, _READ)
        except BlockingIOError:
            return
        except OSError as error:
            data, reason = b"", f"{self._path} was unplugged, or failed: {error.strerror}"
        else:
            reason = f"{self._path} was unplugged"
        if data:
            listener.received(data)
        else:
            self._loop.remove_reader(self._fd)
            self._listener = None
            listener.lost(reason)

    def _control_direction(self, direction: str) -> None:
        if direction == "adapter":
            return
        block = bytearray(_RS485.size)
        try:
            fcntl.ioctl(self._fd, _TIOCGRS485, block)
            given = _RS485.unpack(block)
            if direction == "auto" and given[0] & _RS485_ENABLED:
                return  # the device tree said how
            level = _RTS_AFTER_SEND if direction == "rts-inverted" else _RTS_ON_SEND
            flags = (given[0] & ~(_RTS_ON_SEND | _RTS_AFTER_SEND)) | _RS485_ENABLED | level
            fcntl.ioctl(self._fd, _TIOCSRS485, bytearray(_RS485.pack(flags, *given[1:])))
        except OSError as error:
            if direction != "auto":
                raise HardwareFailure(
                    f"{self._path} has no RS-485 mode ({error.strerror}); set DirectionControl to auto or adapter"
                ) from error

    def _hurry(self) -> None:
        """Have received bytes handed over at once, where the driver can."""
        block = bytearray(_SERIAL_STRUCT)
        try:
            fcntl.ioctl(self._fd, _TIOCGSERIAL, block)
            (flags,) = _SERIAL_FLAGS.unpack_from(block, _SERIAL_FLAGS_AT)
            _SERIAL_FLAGS.pack_into(block, _SERIAL_FLAGS_AT, flags | _ASYNC_LOW_LATENCY)
            fcntl.ioctl(self._fd, _TIOCSSERIAL, block)
        except OSError as error:
            _log.debug("%s has no low latency mode: %s", self._path, error)

    def _cannot(self, line: Line) -> HardwareFailure:
        return HardwareFailure(
            f"{self._path} cannot do {line.baud_rate} baud, parity {line.parity}, {line.stop_bits} stop bits"
        )


def _open(path: str) -> int:
    try:
        fd = os.open(path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        if error.errno == errno.EBUSY:
            raise InUse(f"{path} is in use by another program; stop that, it is tried again") from error
        if error.errno in (errno.ENOENT, errno.ENXIO, errno.ENODEV, errno.EIO):
            raise Unavailable(f"{path} is not there; plug the adapter in, it is looked for") from error
        if error.errno in (errno.EACCES, errno.EPERM):
            raise Unavailable(f"{path} may not be opened; it must belong to the group dialout") from error
        raise Unavailable(f"{path} cannot be opened: {error.strerror}") from error
    if not stat.S_ISCHR(os.fstat(fd).st_mode) or not os.isatty(fd):
        os.close(fd)
        raise Unavailable(f"{path} is no serial port; look at the board profile")
    return fd


def _claim(fd: int, path: str, *, alone: bool) -> None:
    """Keep other programs out, or find that one is in. `alone`: those as well that do not lock."""
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise InUse(f"{path} is in use by another program, which has locked it; stop that, it is tried again") from None
    if alone:  # of a pty that would outlive us, because its other end lives on
        fcntl.ioctl(fd, termios.TIOCEXCL)
