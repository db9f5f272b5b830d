# SPDX-License-Identifier: Apache-2.0
"""Modbus RTU over a wire that carries bytes: silences, answers, echoes, and answers that come late.

An answer counts only when its unit, function, length and checksum fit. A unit that did not answer in time may still do
so. Until that cannot be any more, it is not asked anything to which the late answer would be taken for the right one;
others are. Sources: Modbus over Serial Line 1.02, sections 2.4 and 2.5.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from dataclasses import replace
from typing import TYPE_CHECKING

from axiod.clock import wall_usec
from axiod.errors import HardwareFailure, Timeout, Unavailable
from axiod.fieldbus.frame import Fault, Request, fault, find, first_frame, frames
from axiod.fieldbus.link import Answer
from axiod.fieldbus.unit import Owed
from axiod.modbus.line import LONGEST_FRAME
from axiod.modbus.words import EXCEPTION
from axiod.runtime.fine_timer import FineTimer

if TYPE_CHECKING:
    from collections.abc import Callable

    from axiod.fieldbus.backend import Wire
    from axiod.fieldbus.link import Books
    from axiod.fieldbus.model import PortSettings
    from axiod.fieldbus.turns import Turn

LEAST_TIMEOUT = 0.1
_BABBLE_SECONDS = 0.5
"""A line that is never silent is used after that: whoever talks may stop when asked."""
_MOST_STRAY = 2048
_WHAT = {
    Fault.CHECKSUM: "the answer had a wrong checksum",
    Fault.LENGTH: "what came was too short, too long or rubbish",
    Fault.FOREIGN: "another unit, or another function, answered",
}


class RtuLink:
    """Carries out one transaction after the other."""

    def __init__(self, wire: Wire, settings: PortSettings, books: Books, on_lost: Callable[[str], None]) -> None:
        self._wire = wire
        self._settings = settings
        self._books = books
        self._on_lost = on_lost
        self._line = settings.line
        self._timer = FineTimer()
        self._loop = asyncio.get_running_loop()
        self._lost: str | None = None
        self._busy_until = time.monotonic()
        """The end of what was last on the line."""
        self._stray = bytearray()
        # Of the transaction that is under way:
        self._request: Request | None = None
        self._done: asyncio.Future[bytes] | None = None
        self._received = bytearray()
        self._first = 0.0
        self._sent_until = 0.0
        self._echo = b""
        """What the adapter may still say before the unit does."""
        self._echo_heard = False
        self._ending: asyncio.TimerHandle | None = None
        self._quiet: asyncio.TimerHandle | None = None
        self._latest = 0.0
        wire.listen(self)

    def close(self) -> None:
        self._timer.close()

    async def exchange(self, turn: Turn) -> Answer:
        request = turn.request
        if self._books.echo is None and request.repeated and request.unit:
            await self._find_out_about_echo(turn)
        begin = await self._send(turn)
        try:
            if not request.unit:
                await self._timer.until(self._sent_until + self._settings.turnaround_ms / 1000)
                self._check_lost()
                return Answer(b"", 0.0)
            return await self._answer(turn)
        finally:
            self._books.load.add(begin, time.monotonic())

    # --- what the wire tells ---

    def received(self, data: bytes) -> None:
        now = self._busy_until = time.monotonic()
        if self._done is None or self._done.done():
            self._stray += data
            del self._stray[_MOST_STRAY:]
            return
        if not self._received:
            self._first = now
        self._received += data
        del self._received[_MOST_STRAY:]
        self._look(now, silent=False)

    def lost(self, reason: str) -> None:
        self._lost = reason
        if self._done is not None and not self._done.done():
            self._done.set_exception(Unavailable(reason))
        self._on_lost(reason)

    # --- one transaction ---

    async def _send(self, turn: Turn) -> float:
        """Send a request after a silence; return when its time on the line begins, that silence included."""
        request, line = turn.request, turn.line
        silence = max(line.silence, self._line.silence) + self._settings.silence_ms / 1000
        give_up = time.monotonic() + _BABBLE_SECONDS
        while (now := time.monotonic()) < min(self._busy_until + silence, give_up):
            await self._timer.until(min(self._busy_until + silence, give_up))
        self._check_lost()
        self._sort_strays()
        if line != self._line:
            self._wire.set_line(line)
            self._line = line
        frame = request.frame
        self._echo, self._echo_heard = frame, False
        self._received.clear()
        self._request = request
        self._done = self._loop.create_future() if request.unit else None
        self._wire.write(frame)
        self._busy_until = self._sent_until = time.monotonic() + line.frame(len(frame))
        self._books.counts.transactions += 1
        self._books.monitor.sent(request.unit, request.pdu, frame, turn.priority.name.lower())
        return now - silence

    async def _answer(self, turn: Turn) -> Answer:
        request, unit, done = turn.request, self._books.unit(turn.request.unit), self._done
        longest = turn.timeout or self._settings.timeout_ms / 1000
        limit = unit.timeout(longest, LEAST_TIMEOUT)
        unit.transactions += 1
        deadline = self._sent_until + limit
        self._latest = deadline + self._line.frame(LONGEST_FRAME) + 2 * self._wire.quiet
        self._ending = self._loop.call_at(deadline, self._expired)
        assert done is not None  # noqa: S101 # for mypy: there is one for every request to a unit
        try:
            pdu = await done
        except (Timeout, HardwareFailure) as error:
            unit.failures += 1
            # Also when something garbled came: that may have been of another unit, and the answer be still to come.
            size = request.answer_size or LONGEST_FRAME
            until = self._sent_until + max(longest, self._settings.timeout_ms / 1000) + self._line.frame(size + 3)
            unit.owes(Owed(request, until + self._wire.quiet), time.monotonic())
            if isinstance(error, _Garbled):
                raise HardwareFailure(f"unit {request.unit}: {error}") from None
            raise Timeout(f"unit {request.unit} did not answer within {limit * 1000:.0f} ms") from None
        finally:
            for handle in (self._ending, self._quiet):
                if handle is not None:
                    handle.cancel()
            self._done = self._ending = self._quiet = None
        latency = max(self._first - self._sent_until, 0.0)
        unit.answered(latency, wall_usec())
        if pdu[0] & EXCEPTION:
            self._books.counts.exceptions += 1
        self._books.monitor.received(bytes((request.unit,)) + pdu, pdu, latency=latency)
        return Answer(pdu, latency)

    def _look(self, now: float, *, silent: bool) -> None:
        """Look for the answer in what was received."""
        request, done, received = self._request, self._done, self._received
        if request is None or done is None or done.done():
            return
        if self._echo and self._waits_for_echo(request, now):
            return
        found = find(bytes(received), request, silent=silent)
        if found is not None:
            if found.begin:
                self._first = now - self._line.frame(found.end - found.begin)
                self._sort(bytes(received[: found.begin]))
            self._stray += received[found.end :]
            if not self._echo_heard and not found.begin:
                self._books.echo = False
            done.set_result(found.pdu)
        elif request.answer_size is None and received and not silent:
            if self._quiet is not None:
                self._quiet.cancel()
            self._quiet = self._loop.call_later(self._wire.quiet + self._line.silence, self._silent)

    def _silent(self) -> None:
        self._look(time.monotonic(), silent=True)

    def _expired(self) -> None:
        """The time is over, unless something is just coming."""
        done, now = self._done, time.monotonic()
        if done is None or done.done() or self._request is None:
            return
        on_its_way = self._busy_until + self._wire.quiet + self._line.silence
        if self._received and now < min(on_its_way, self._latest):
            self._ending = self._loop.call_at(min(on_its_way, self._latest), self._expired)
            return
        self._look(now, silent=True)
        if done.done():
            return
        counts, monitor = self._books.counts, self._books.monitor
        received = bytes(self._received)
        if not received and self._books.echo is None:
            self._books.echo = False  # an adapter that hears itself would have
        received = b"".join(part for part in frames(received) if not self._late(part))
        if not received:
            counts.timeouts += 1
            monitor.received(b"", error="timeout")
            done.set_exception(Timeout())
            return
        what = fault(received, self._request)
        if what is Fault.CHECKSUM:
            counts.crc_errors += 1
        elif what is Fault.LENGTH:
            counts.framing_errors += 1
        else:
            counts.foreign_answers += 1
        whole = received if first_frame(received) == len(received) else b""
        monitor.received(received, whole[1:-2], str(what))
        done.set_exception(_Garbled(what))

    # --- what is no answer ---

    def _late(self, frame: bytes) -> bool:
        """Whether something is the answer that a unit owed; then it does not any more."""
        unit = self._books.units.get(frame[0]) if first_frame(frame) == len(frame) else None
        if unit is None or not unit.paid(frame[1:-2]):
            return False
        self._books.counts.late_answers += 1
        self._books.monitor.received(frame, frame[1:-2], "late")
        return True

    def _sort_strays(self) -> None:
        """Say what came between two transactions."""
        if not self._stray:
            return
        stray = bytes(self._stray)
        self._stray.clear()
        former = self._request
        if former is not None and not former.unit and stray.startswith(former.frame):
            stray = stray[len(former.frame) :]
            self._heard_echo(former)
        self._sort(stray)

    def _sort(self, heard: bytes) -> None:
        """Say what something is that is no answer."""
        for part in frames(heard):
            if not self._late(part):
                whole = first_frame(part) == len(part)
                self._books.monitor.received(part, part[1:-2] if whole else b"", "foreign" if whole else "length")

    # --- echo ---

    def _waits_for_echo(self, request: Request, now: float) -> bool:
        """Take the echo out of what was received; True while it has to be waited for."""
        received, echo = self._received, self._echo
        if request.repeated and not self._books.echo:
            return False  # what looks like an echo is the answer
        place = received.find(echo)
        if place < 0:
            return request.repeated or (len(received) < len(echo) and echo.startswith(bytes(received)))
        del received[: place + len(echo)]
        self._echo, self._echo_heard, self._first = b"", True, now
        self._heard_echo(request)
        return False

    def _heard_echo(self, request: Request) -> None:
        self._books.echo = True
        self._books.monitor.received(request.frame, request.pdu, "echo")

    async def _find_out_about_echo(self, turn: Turn) -> None:
        """Ask for a register before something is written: the answer to that cannot be taken for an echo."""
        reading = Request(turn.request.unit, b"\x03" + turn.request.pdu[1:3].ljust(2, b"\0") + b"\0\x01")
        begin = await self._send(replace(turn, request=reading))
        try:
            with contextlib.suppress(Timeout, HardwareFailure):
                await self._answer(turn=replace(turn, request=reading))
        finally:
            self._books.load.add(begin, time.monotonic())

    def _check_lost(self) -> None:
        if self._lost is not None:
            raise Unavailable(self._lost)


class _Garbled(HardwareFailure):
    """What came is no answer."""

    def __init__(self, what: Fault) -> None:
        super().__init__(_WHAT[what])
        self.fault = what
