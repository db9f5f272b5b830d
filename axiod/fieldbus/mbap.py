# SPDX-License-Identifier: Apache-2.0
"""Modbus TCP: requests with a number, which their answers have, too.

Source: Modbus Messaging on TCP/IP Implementation Guide 1.0b, section 3.
"""

from __future__ import annotations

import asyncio
import struct
import time
from typing import TYPE_CHECKING

from axiod.clock import wall_usec
from axiod.errors import HardwareFailure, Timeout, Unavailable
from axiod.fieldbus.link import Answer
from axiod.modbus.words import EXCEPTION

if TYPE_CHECKING:
    from collections.abc import Callable

    from axiod.fieldbus.backend import Wire
    from axiod.fieldbus.frame import Request
    from axiod.fieldbus.link import Books
    from axiod.fieldbus.model import PortSettings
    from axiod.fieldbus.turns import Turn

LEAST_TIMEOUT = 0.2
_HEADER = struct.Struct(">HHHB")
"""transaction, protocol, bytes that follow the third, unit"""
_LONGEST = 254
_SILENT_TIMES = 3
"""So many requests in a row that nobody answers, and the connection is made anew."""


class MbapLink:
    """Carries out one transaction after the other."""

    def __init__(self, wire: Wire, settings: PortSettings, books: Books, on_lost: Callable[[str], None]) -> None:
        self._wire = wire
        self._settings = settings
        self._books = books
        self._on_lost = on_lost
        self._lost: str | None = None
        self._number = 0
        self._request: Request | None = None
        self._done: asyncio.Future[bytes] | None = None
        self._received = bytearray()
        self._silent = 0
        wire.listen(self)

    def close(self) -> None:
        pass

    async def exchange(self, turn: Turn) -> Answer:
        request, books = turn.request, self._books
        if self._lost is not None:
            raise Unavailable(self._lost)
        self._number = (self._number + 1) & 0xFFFF
        done: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self._done = done if request.unit else None
        self._request = request
        begin = time.monotonic()
        try:
            self._wire.write(_HEADER.pack(self._number, 0, len(request.pdu) + 1, request.unit) + request.pdu)
            books.counts.transactions += 1
            books.monitor.sent(
                request.unit, request.pdu, bytes((request.unit,)) + request.pdu, turn.priority.name.lower()
            )
            if not request.unit:
                await asyncio.sleep(self._settings.turnaround_ms / 1000)
                return Answer(b"", 0.0)
            return await self._answer(turn, done, begin)
        finally:
            self._done = self._request = None
            books.load.add(begin, time.monotonic())

    async def _answer(self, turn: Turn, done: asyncio.Future[bytes], begin: float) -> Answer:
        books, request = self._books, turn.request
        unit = books.unit(request.unit)
        unit.transactions += 1
        limit = unit.timeout(turn.timeout or self._settings.timeout_ms / 1000, LEAST_TIMEOUT)
        try:
            async with asyncio.timeout(limit):
                pdu = await done
        except TimeoutError:
            unit.failures += 1
            books.counts.timeouts += 1
            books.monitor.received(b"", error="timeout")
            self._silent += 1
            if self._silent >= _SILENT_TIMES:
                self.lost(f"{self._silent} requests in a row were not answered; the connection is made anew")
            raise Timeout(f"unit {request.unit} did not answer within {limit * 1000:.0f} ms") from None
        except HardwareFailure:
            unit.failures += 1
            raise
        latency = time.monotonic() - begin
        unit.answered(latency, wall_usec())
        if pdu[0] & EXCEPTION:
            books.counts.exceptions += 1
        books.monitor.received(bytes((request.unit,)) + pdu, pdu, latency=latency)
        return Answer(pdu, latency)

    # --- what the wire tells ---

    def received(self, data: bytes) -> None:
        self._silent = 0
        self._received += data
        while self._lost is None and len(self._received) >= _HEADER.size:
            number, protocol, size, unit = _HEADER.unpack_from(self._received)
            if protocol or not 2 <= size <= _LONGEST:
                self._rubbish()
                return
            end = 6 + size
            if len(self._received) < end:
                return
            self._take(number, unit, bytes(self._received[_HEADER.size : end]))
            del self._received[:end]

    def lost(self, reason: str) -> None:
        if self._lost is None:
            self._lost = reason
            self._refuse(Unavailable(reason))
            self._on_lost(reason)

    def _take(self, number: int, unit: int, pdu: bytes) -> None:
        books, request = self._books, self._request
        frame = bytes((unit,)) + pdu
        if request is None or number != self._number or self._done is None or self._done.done():
            books.counts.late_answers += 1
            books.monitor.received(frame, pdu, "late")
        elif unit == request.unit and request.fits(pdu):
            self._done.set_result(pdu)
        else:
            books.counts.foreign_answers += 1
            books.monitor.received(frame, pdu, "foreign")
            self._refuse(HardwareFailure(f"unit {request.unit}: another unit, or another function, answered"))

    def _rubbish(self) -> None:
        self._books.counts.framing_errors += 1
        self._books.monitor.received(bytes(self._received), error="length")
        self._refuse(HardwareFailure("what came is no Modbus TCP; look at the address, and at the kind of the port"))
        self.lost("what came is no Modbus TCP; the connection is made anew")

    def _refuse(self, error: HardwareFailure | Unavailable) -> None:
        if self._done is not None and not self._done.done():
            self._done.set_exception(error)
