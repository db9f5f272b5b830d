# SPDX-License-Identifier: Apache-2.0
"""Every analogue channel of the board, of Linux IIO (sysfs, Documentation/ABI/testing/sysfs-bus-iio) or simulated."""

from __future__ import annotations

import asyncio
import errno
from pathlib import Path
from typing import TYPE_CHECKING

from axiod.gpio.simulated import SimulatedAdc

if TYPE_CHECKING:
    from axiod.board.profile import AdcRef
    from axiod.gpio.lines import Adc


class IioAdc:
    """The IIO devices of this machine, found by their name or label.

    A reading is done in a thread: an ADC on I2C takes milliseconds, and the kernel waits for it.
    """

    def __init__(self, devices: Path = Path("/sys/bus/iio/devices")) -> None:
        self._devices = devices
        self._files: dict[AdcRef, Path] = {}

    async def read(self, ref: AdcRef) -> int:
        return await asyncio.to_thread(self._read, ref)

    def close(self) -> None:
        self._files.clear()

    def _read(self, ref: AdcRef) -> int:
        file = self._files.get(ref)
        if file is None:
            file = self._files[ref] = self._find(ref)
        try:
            level = int(file.read_text(encoding="ascii"))
        except OSError:
            # The device may come back under another number.
            self._files.pop(ref, None)
            raise
        except ValueError as error:
            raise OSError(errno.EIO, f"{file} holds no number") from error
        return min(max(level, 0), ref.front_end.highest)

    def _find(self, ref: AdcRef) -> Path:
        for device in sorted(self._devices.glob("iio:device*")):
            for kind in ("label", "name"):
                named = device / kind
                if named.exists() and named.read_text(encoding="utf-8").strip() == ref.device:
                    return device / f"in_voltage{ref.channel}_raw"
        raise OSError(errno.ENODEV, f"no IIO device has the name or label {ref.device!r}")


class BoardAdc:
    """The analogue channels of a board: of Linux IIO, or of the simulated world where the profile says so."""

    def __init__(self) -> None:
        self._real: Adc = IioAdc()
        self._simulated: Adc = SimulatedAdc()

    async def read(self, ref: AdcRef) -> int:
        return await (self._simulated if ref.simulated else self._real).read(ref)

    def close(self) -> None:
        self._real.close()
        self._simulated.close()
