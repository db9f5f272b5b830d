# SPDX-License-Identifier: Apache-2.0
"""The simulated two-wire line: a pty, on which frames take the time that they would on a real one."""

from __future__ import annotations

import asyncio
import contextlib
import os
import pty
import select
import termios
import time
import tty
from typing import TYPE_CHECKING

from axiod.runtime.fine_timer import FineTimer
from axiod.sim.faults import Faults, crc

if TYPE_CHECKING:
    from pathlib import Path
    from random import Random

    from axiod.sim.units import Unit

_SPEEDS = {
    getattr(termios, f"B{rate}"): rate
    for rate in (300, 600, 1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200, 230400, 460800, 921600)
}
_SMALLEST = 4
_LONGEST = 512
_OPENED_SECONDS = 0.01
"""So often it is looked whether somebody opened the other end again."""
_OTHERS_SECONDS = 0.03
_FAST = 19200
_FAST_SILENCE = 0.00175


class SerialLine:
    """One line with its units. The end of whoever asks is a pty, to which a link leads."""

    def __init__(self, link: Path, random: Random) -> None:
        self._link = link
        self._random = random
        self.units: dict[int, Unit] = {}
        self.faults = Faults()
        self.echo = False
        self.requests = 0
        self.answered = 0
        self._master = -1
        self._heard = bytearray()
        self._timer = FineTimer()
        self._loop = asyncio.get_running_loop()
        self._again: asyncio.TimerHandle | None = None
        self._answering: set[asyncio.Task[None]] = set()
        self._speaking = asyncio.Lock()
        self._said = 0.0

    @property
    def plugged(self) -> bool:
        """The adapter is plugged in."""
        return self._master >= 0

    def plug(self) -> None:
        """Plug the adapter in: another pty."""
        if self.plugged:
            return
        self._master, slave = pty.openpty()
        tty.setraw(slave)
        os.fchown(slave, -1, os.getegid())
        os.fchmod(slave, 0o660)
        name = os.ttyname(slave)
        # Nobody but its user keeps it open: what he set goes when he goes.
        os.close(slave)
        os.set_blocking(self._master, False)
        fresh = self._link.with_name(self._link.name + ".new")
        fresh.unlink(missing_ok=True)
        fresh.symlink_to(name)
        fresh.replace(self._link)
        self._look()

    def unplug(self) -> None:
        """Pull the adapter out."""
        if not self.plugged:
            return
        self._link.unlink(missing_ok=True)
        self._loop.remove_reader(self._master)
        if self._again is not None:
            self._again.cancel()
        for task in self._answering:
            task.cancel()
        os.close(self._master)
        self._master = -1
        self._heard.clear()

    def close(self) -> None:
        """Let go of everything."""
        self.unplug()
        self._timer.close()

    # --- what the other end sends ---

    def _look(self) -> None:
        """Listen as soon as somebody has opened the other end."""
        poll = select.poll()
        poll.register(self._master, select.POLLIN)
        if any(event & select.POLLHUP for _, event in poll.poll(0)):
            self._again = self._loop.call_later(_OPENED_SECONDS, self._look)
        else:
            self._loop.add_reader(self._master, self._readable)

    def _readable(self) -> None:
        try:
            data = os.read(self._master, _LONGEST)
        except BlockingIOError:
            return
        except OSError:  # the other end was closed
            self._loop.remove_reader(self._master)
            self._heard.clear()
            self._look()
            return
        now = time.monotonic()
        character = self._character()
        if self._heard and now - self._said > self._silence(character) + 0.05:
            self._heard.clear()  # a frame that had no end
        self._said = now
        self._heard += data
        if self.echo:
            self._write(data)
        if len(self._heard) >= _SMALLEST and crc(bytes(self._heard[:-2])) == self._heard[-2:]:
            frame = bytes(self._heard)
            self._heard.clear()
            task = self._loop.create_task(self._answer(frame, now, character))
            self._answering.add(task)
            task.add_done_callback(self._ended)
        elif len(self._heard) > _LONGEST:
            self._heard.clear()

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._answering.discard(task)
        if not task.cancelled():
            task.result()

    async def _answer(self, frame: bytes, begun: float, character: float) -> None:
        self.requests += 1
        if not frame[0]:
            for each in self.units.values():
                if self._hears(each):
                    each.answer(frame[1:-2])
            return
        unit = self.units.get(frame[0])
        if unit is None or not self._hears(unit):
            return
        pdu = unit.answer(frame[1:-2])
        self.answered += 1
        body = frame[:1] + pdu
        heard, late = self.faults.spoil(body + crc(body), self._random)
        begin = begun + len(frame) * character + self._silence(character) + unit.delay_ms / 1000 + late
        # Others may speak until then.
        await asyncio.sleep(begin - time.monotonic() - _OTHERS_SECONDS)
        async with self._speaking:
            begin = max(begin, time.monotonic())
            await self._timer.until(begin + character)
            self._write(heard[:1])
            await self._timer.until(begin + len(heard) * character)
            self._write(heard[1:])

    def _hears(self, unit: Unit) -> bool:
        return not unit.silent and unit.baud_rate in (0, self._baud_rate())

    def _write(self, data: bytes) -> None:
        with contextlib.suppress(OSError):  # nobody listens any more, or reads
            os.write(self._master, data)

    def _baud_rate(self) -> int:
        return _SPEEDS.get(termios.tcgetattr(self._master)[5], 9600)

    def _character(self) -> float:
        stop_bits = 2 if termios.tcgetattr(self._master)[2] & termios.CSTOPB else 1
        return (9 + stop_bits) / self._baud_rate()

    def _silence(self, character: float) -> float:
        return max(3.5 * character, _FAST_SILENCE if self._baud_rate() > _FAST else 0.0)
