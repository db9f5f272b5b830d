# SPDX-License-Identifier: Apache-2.0
"""org.axiod.fieldbus1.Monitor: the frames of one port, noted only while somebody reads them."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from axiod.clock import wall_usec
from axiod.modbus import words

if TYPE_CHECKING:
    from collections.abc import Callable

CAPACITY = 500
ACTIVE_SECONDS = 10.0
_MOST_BYTES = 260
_MOST_READERS = 8


@dataclass(frozen=True, slots=True)
class _Noted:
    id: int
    when: int
    direction: str
    unit: int | None
    pdu: bytes
    """Empty where the bytes are no whole frame."""
    raw: bytes
    error: str
    latency: float | None
    priority: str


class Monitor:
    """The handler; the attributes are the properties of the contract."""

    active: bool
    capacity: int = CAPACITY

    def __init__(self, publish: Callable[[], None]) -> None:
        self.active = False
        self._publish = publish
        self._noted: deque[_Noted] = deque(maxlen=CAPACITY)
        self._last = 0
        self._news = asyncio.Event()
        self._readers = 0
        self._ending: asyncio.TimerHandle | None = None

    async def read(self, after: int, options: dict[str, Any]) -> list[dict[str, Any]]:
        self._go_on()
        wait = options.get("WaitMs", 0)
        if wait and after >= self._last and self._readers < _MOST_READERS:
            self._readers += 1
            self._news.clear()
            news = asyncio.ensure_future(self._news.wait())
            try:
                await asyncio.wait([news], timeout=wait / 1000)
            finally:
                news.cancel()
                self._readers -= 1
            self._go_on()
        found = [noted for noted in self._noted if noted.id > after]
        return [_shown(noted) for noted in found[: options.get("Limit", CAPACITY)]]

    def sent(self, unit: int, pdu: bytes, raw: bytes, priority: str) -> None:
        """A request was sent."""
        if self.active:
            self._note("sent", unit, pdu, raw, "", None, priority)

    def received(self, raw: bytes, pdu: bytes = b"", error: str = "", latency: float | None = None) -> None:
        """Something was received; without a PDU it is rubbish, or nothing at all.

        `raw`: the frame, its unit first.
        """
        if self.active:
            self._note("received", raw[0] if pdu else None, pdu, raw, error, latency, "")

    def close(self) -> None:
        """Note nothing any more, and let those go who wait."""
        if self._ending is not None:
            self._ending.cancel()
            self._ending = None
        self._news.set()

    def _note(self, direction: str, unit: int | None, pdu: bytes, raw: bytes, error: str, latency: float | None,
              priority: str) -> None:  # fmt: skip
        self._last += 1
        self._noted.append(_Noted(self._last, wall_usec(), direction, unit, pdu, raw[:_MOST_BYTES], error, latency,
                                  priority))  # fmt: skip
        self._news.set()

    def _go_on(self) -> None:
        if self._ending is not None:
            self._ending.cancel()
        self._ending = asyncio.get_running_loop().call_later(ACTIVE_SECONDS, self._end)
        if not self.active:
            self.active = True
            self._publish()

    def _end(self) -> None:
        self._ending = None
        self.active = False
        self._noted.clear()
        self._publish()


def _shown(noted: _Noted) -> dict[str, Any]:
    found: dict[str, Any] = {"Id": noted.id, "When": noted.when, "Direction": noted.direction}
    if noted.unit is not None:
        found["Unit"] = noted.unit
    if noted.pdu:
        found["Function"] = noted.pdu[0]
        found["Text"] = words.request(noted.pdu) if noted.direction == "sent" else words.answer(noted.pdu)
    if noted.raw:
        found["Hex"] = noted.raw.hex(" ")
    if noted.error:
        found["Error"] = noted.error
    if noted.latency is not None:
        found["LatencyMs"] = round(noted.latency * 1000, 3)
    if noted.priority:
        found["Priority"] = noted.priority
    return found
