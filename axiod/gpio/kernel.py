# SPDX-License-Identifier: Apache-2.0
"""Lines of the Linux kernel.

libgpiod finds the chip and requests the line; from then on the file descriptor is driven with the ioctls of the GPIO
character device (v2, linux/gpio.h), because that works in the same way for a descriptor that another process requested
before us, which libgpiod cannot take over.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import re
import struct
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from axiod.board.profile import Bias, Drive
from axiod.errors import HardwareFailure
from axiod.gpio.lines import EDGE_BYTES, Edge, unpack_edges

if TYPE_CHECKING:
    import gpiod

    from axiod.board.profile import Chip, LineRef

CONSUMER = "axiod"

# linux/gpio.h
_GET_VALUES = 0xC010B40E
_SET_VALUES = 0xC010B40F
_SET_CONFIG = 0xC110B40D
_VALUES = struct.Struct("=QQ")
"""struct gpio_v2_line_values: bits, mask."""
_CONFIG = struct.Struct("=QI20x240s")
"""struct gpio_v2_line_config: flags, number of attributes, ten attributes."""
_ATTRIBUTE = struct.Struct("=I4xQQ")
"""struct gpio_v2_line_config_attribute: id, value, mask."""
_ACTIVE_LOW = 1 << 1
_INPUT = 1 << 2
_OUTPUT = 1 << 3
_BOTH_EDGES = 1 << 4 | 1 << 5
_DRIVE = {Drive.PUSH_PULL: 0, Drive.OPEN_DRAIN: 1 << 6, Drive.OPEN_SOURCE: 1 << 7}
_BIAS = {Bias.AS_IS: 0, Bias.PULL_UP: 1 << 8, Bias.PULL_DOWN: 1 << 9, Bias.DISABLED: 1 << 10}
_ATTRIBUTE_OUTPUT_VALUES = 2
_ATTRIBUTE_DEBOUNCE = 3
_EVENT_BUFFER = 1024
"""So many edges wait in the kernel while nobody reads, the most that it allows for a line."""
_PLACE = re.compile(r"^gpio-chip:\s*(\S+)\ngpio-line:\s*(\d+)$", re.MULTILINE)
"""What /proc tells of the descriptor of a line (Linux 5.18 and later)."""


class KernelLine:
    """A line of the kernel by its file descriptor, requested by whomever."""

    def __init__(self, ref: LineRef, fd: int, *, was_output: bool) -> None:
        self._fd = fd
        self.was_output = was_output
        self._base = (_ACTIVE_LOW if ref.active_low else 0) | _BIAS[ref.bias]
        self._drive = _DRIVE[ref.drive]
        self._hold_ns = 0
        os.set_blocking(fd, False)  # the standard library's signature

    def fileno(self) -> int:
        return self._fd

    def get(self) -> bool:
        answer = fcntl.ioctl(self._fd, _GET_VALUES, _VALUES.pack(0, 1))
        return bool(_VALUES.unpack(answer)[0] & 1)

    def set(self, active: bool) -> None:
        fcntl.ioctl(self._fd, _SET_VALUES, _VALUES.pack(active, 1))

    def to_input(self, debounce_us: int) -> bool:
        flags = self._base | _INPUT | _BOTH_EDGES
        self._hold_ns = 0
        if not debounce_us:
            self._configure(flags)
            return True
        try:
            self._configure(flags, (_ATTRIBUTE_DEBOUNCE, debounce_us))
        except OSError as error:
            if error.errno not in (errno.EOPNOTSUPP, errno.EINVAL, errno.ENXIO):
                raise
            self._configure(flags)
            return False
        self._hold_ns = debounce_us * 1000
        return True

    def to_output(self, active: bool) -> None:
        self._configure(self._base | _OUTPUT | self._drive, (_ATTRIBUTE_OUTPUT_VALUES, int(active)))

    def edges(self) -> list[Edge]:
        try:
            data = os.read(self._fd, EDGE_BYTES * _EVENT_BUFFER)
        except BlockingIOError:
            return []
        # The kernel tells a debounced edge when it was held long enough; it happened when that began.
        return [replace(edge, timestamp_ns=edge.timestamp_ns - self._hold_ns) for edge in unpack_edges(data)]

    def close(self) -> None:
        os.close(self._fd)

    def _configure(self, flags: int, *attributes: tuple[int, int]) -> None:
        packed = b"".join(_ATTRIBUTE.pack(kind, value, 1) for kind, value in attributes)
        fcntl.ioctl(self._fd, _SET_CONFIG, _CONFIG.pack(flags, len(attributes), packed))


class KernelLines:
    """The GPIO chips of this machine."""

    def __init__(self, devices: Path = Path("/dev")) -> None:
        self._devices = devices

    def request(self, ref: LineRef) -> KernelLine:
        import gpiod

        path = self._find(ref.chip)
        settings = gpiod.LineSettings(direction=gpiod.line.Direction.AS_IS, active_low=ref.active_low)
        line = ref.name if ref.name is not None else ref.offset
        if line is None:
            raise HardwareFailure(f"{ref}: the profile gives neither a name nor an offset")
        try:
            with gpiod.Chip(str(path)) as chip:
                was_output = _drives(chip.get_line_info(line))
                with chip.request_lines(
                    consumer=CONSUMER, config={line: settings}, event_buffer_size=_EVENT_BUFFER
                ) as request:
                    return KernelLine(ref, os.dup(request.fd), was_output=was_output)
        except OSError as error:
            if error.errno == errno.EBUSY:
                raise HardwareFailure(f"{ref} is used by {self._consumer(path, line)}; stop it first") from error
            if error.errno == errno.ENOENT:
                raise HardwareFailure(_no_line(ref, path)) from error
            raise HardwareFailure(f"{ref} cannot be had: {error.strerror}") from error
        except ValueError as error:
            raise HardwareFailure(_no_line(ref, path)) from error

    def adopt(self, ref: LineRef, fd: int) -> KernelLine:
        try:
            info = self._info(ref, fd)
        except (OSError, ValueError, HardwareFailure):
            # It cannot be asked. What was inherited stays as it is, which is what an output needs.
            return KernelLine(ref, fd, was_output=True)
        if info is None or ref.name not in (None, info.name) or ref.offset not in (None, info.offset):
            os.close(fd)
            raise OSError(errno.ENXIO, f"the profile says {ref} now")
        return KernelLine(ref, fd, was_output=_drives(info))

    def boot_id(self) -> str:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()

    def _find(self, chip: Chip) -> Path:
        import gpiod

        if chip.path is not None:
            if not Path(chip.path).exists():
                raise HardwareFailure(f"chip {chip.id}: there is no {chip.path}")
            if not gpiod.is_gpiochip_device(chip.path):
                raise HardwareFailure(f"chip {chip.id}: {chip.path} is no GPIO chip")
            return Path(chip.path)
        found: list[Path] = []
        others: list[str] = []
        for path in sorted(self._devices.glob("gpiochip*")):
            if path.is_symlink():
                continue  # another name of a chip, as gpiochip4 is on a Raspberry Pi 5
            try:
                with gpiod.Chip(str(path)) as candidate:
                    label = candidate.get_info().label
            except OSError as error:
                others.append(f"{path} ({error.strerror})")
                continue
            if label == chip.label:
                found.append(path)
            else:
                others.append(label)
        if not found:
            raise HardwareFailure(
                f"chip {chip.id}: no GPIO chip has the label {chip.label!r}; there is {', '.join(others) or 'none'}"
            )
        if len(found) > 1:
            raise HardwareFailure(
                f"chip {chip.id}: {len(found)} GPIO chips have the label {chip.label!r}; "
                "the profile must give a path made by a udev rule"
            )
        return found[0]

    def _info(self, ref: LineRef, fd: int) -> gpiod.LineInfo | None:
        """Return what the kernel says of an inherited line; None where it is of another chip than the profile's."""
        import gpiod

        place = _PLACE.search(Path(f"/proc/self/fdinfo/{fd}").read_text(encoding="ascii"))
        with gpiod.Chip(str(self._find(ref.chip))) as chip:
            if place is None:
                return chip.get_line_info(ref.name if ref.name is not None else ref.offset or 0)
            return chip.get_line_info(int(place[2])) if chip.get_info().name == place[1] else None

    @staticmethod
    def _consumer(path: Path, line: str | int) -> str:
        import gpiod

        with contextlib.suppress(OSError, ValueError), gpiod.Chip(str(path)) as chip:
            return chip.get_line_info(line).consumer or "the kernel"
        return "somebody else"


def _no_line(ref: LineRef, path: Path) -> str:
    return f"{ref}: {path} has no such line; see what gpioinfo prints"


def _drives(info: gpiod.LineInfo) -> bool:
    import gpiod

    return info.direction == gpiod.line.Direction.OUTPUT
