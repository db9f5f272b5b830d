# SPDX-License-Identifier: Apache-2.0
"""One port at work: its device is opened, and opened again; transactions are carried out in turn.

Every port has a task of its own, and none waits for another.
"""

from __future__ import annotations

import asyncio
import logging
import time
from dataclasses import replace
from typing import TYPE_CHECKING

from axiod.clock import wall_usec
from axiod.errors import AxiodError, Busy, HardwareFailure, Unavailable
from axiod.fieldbus.backend import InUse
from axiod.fieldbus.backend.serial_port import SerialPort
from axiod.fieldbus.backend.tcp import TcpConnection
from axiod.fieldbus.link import Books
from axiod.fieldbus.mbap import MbapLink
from axiod.fieldbus.model import Kind, State
from axiod.fieldbus.rtu import RtuLink
from axiod.fieldbus.turns import Turns

if TYPE_CHECKING:
    from collections.abc import Callable

    from axiod.fieldbus.backend import Wire
    from axiod.fieldbus.frame import Request
    from axiod.fieldbus.link import Answer, Link
    from axiod.fieldbus.model import PortSettings
    from axiod.fieldbus.monitor import Monitor
    from axiod.fieldbus.turns import Turn

_log = logging.getLogger(__name__)

RETRY_SECONDS = (0.1, 0.2, 0.5, 1.0)
"""Pauses before a serial port is looked for again; the last one from then on."""
RETRY_TCP_SECONDS = (0.1, 0.5, 1.0, 2.0, 5.0, 10.0)
_LASTED_SECONDS = 5.0
"""A connection that lasted so long may be made anew at once."""


class Worker:
    """One port."""

    state = State.OFFLINE
    reason: str | None = "it is being opened"

    def __init__(
        self, kind: Kind, device: str, settings: PortSettings, monitor: Monitor, on_state: Callable[[], None]
    ) -> None:
        """`device`: the path of a serial port."""
        self._kind = kind
        self._device = device
        self.settings = settings
        self._on_state = on_state
        self.books = Books(monitor)
        self.turns = Turns()
        self.state_changed_usec = wall_usec()
        self._answers: dict[Turn, asyncio.Future[Answer]] = {}
        self.tried = asyncio.Event()
        """Set when it is known whether the device can be had."""
        self._wake = asyncio.Event()
        self._lost: str | None = None
        self._anew = False
        """The settings changed, so that the device has to be opened again."""

    def configure(self, settings: PortSettings) -> None:
        """Take settings; they count from the next transaction on."""
        if settings != replace(self.settings, name=settings.name):
            self._anew = True
            self._wake.set()
        self.settings = settings

    async def transact(self, turn: Turn) -> Answer:
        """Carry out a transaction in its turn; the errors are those of Transact in the contract."""
        counts = self.books.counts
        if self.state is not State.ONLINE:
            raise Unavailable(f"{self.reason}")
        if self.turns.full(turn.client):
            counts.refused += 1
            raise Busy(f"{len(self.turns)} transactions wait for the line already; wait for their answers")
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._answers[turn] = answer
        self.turns.add(turn)
        self._wake.set()
        try:
            return await answer
        finally:
            del self._answers[turn]
            self.turns.remove(turn)

    def refuse(self, which: Callable[[Turn], bool], error: Callable[[], AxiodError]) -> None:
        """Refuse what waits; what is on the line already goes on."""
        for turn in [turn for turn in self.turns if which(turn)]:
            self.turns.remove(turn)
            self._refuse(turn, error())

    def drop_late(self) -> None:
        """Refuse what waited too long."""
        now = time.monotonic()
        self.refuse(lambda turn: turn.deadline < now, _too_late)

    def close(self, error: AxiodError) -> None:
        """The port is no more; its task has to be ended besides."""
        self.refuse(lambda _: True, lambda: error)
        for turn in list(self._answers):
            self._refuse(turn, error)

    async def run(self) -> None:
        """Work until the task is ended."""
        failed = 0
        while True:
            self._wake.clear()
            self._anew = False
            if not self.settings.enabled:
                self._become(State.DISABLED, "it is disabled; enable it with Configure")
                await self._wake.wait()
                continue
            try:
                wire = await self._open()
            except (Unavailable, HardwareFailure) as error:
                self.books.counts.outages += self.state is State.ONLINE
                self._become(State.IN_USE if isinstance(error, InUse) else State.OFFLINE, str(error))
                pauses = RETRY_SECONDS if self._kind is Kind.SERIAL else RETRY_TCP_SECONDS
                await self._pause(pauses[min(failed, len(pauses) - 1)])
                failed += 1
                continue
            failed = 0
            since = time.monotonic()
            await self._use(wire)
            lasted = time.monotonic() - since >= _LASTED_SECONDS
            if self._lost is not None and (self._kind is Kind.SERIAL or not lasted):
                self._outage(self._lost)
                await self._pause(RETRY_SECONDS[0])
                failed = 0 if lasted else 1

    # --- the device ---

    async def _open(self) -> Wire:
        settings = self.settings
        if self._kind is Kind.SERIAL:
            return SerialPort(self._device, settings.line, settings.direction_control)
        return await TcpConnection.connect(settings.host or "", settings.tcp_port or 0)

    async def _use(self, wire: Wire) -> None:
        """Carry out transactions until the wire is lost, or the settings change."""
        self._lost = None
        self.books.echo = None
        link: Link | None = None
        try:
            kind = MbapLink if self._kind is Kind.MODBUS_TCP else RtuLink
            link = kind(wire, self.settings, self.books, self._on_lost)
            self._become(State.ONLINE, None)
            await self._work(link)
        finally:
            if link is not None:
                link.close()
            wire.close()

    async def _work(self, link: Link) -> None:
        while self._lost is None and not self._anew:
            self._wake.clear()
            turn = self.turns.take(time.monotonic(), self._may_ask)
            if turn is None:
                await self._wake.wait()
            elif isinstance(turn, float):
                await self._pause(turn - time.monotonic())
            elif turn.deadline < time.monotonic():
                self._refuse(turn, _too_late())
            else:
                await self._carry_out(link, turn)

    async def _carry_out(self, link: Link, turn: Turn) -> None:
        try:
            answer = await link.exchange(turn)
        except AxiodError as error:
            if isinstance(error, Unavailable) and self._lost is None:
                self._on_lost(str(error))
            future = self._answers.get(turn)
            if future is not None and not future.done():
                future.set_exception(error)
            return
        future = self._answers.get(turn)
        if future is not None and not future.done():
            future.set_result(answer)

    def _may_ask(self, request: Request) -> float:
        if self._kind is Kind.MODBUS_TCP or not request.unit:
            return 0.0  # answers have numbers, or there are none
        unit = self.books.units.get(request.unit)
        return 0.0 if unit is None else unit.may_ask(request)

    def _on_lost(self, reason: str) -> None:
        self._lost = reason
        self._wake.set()

    def _outage(self, reason: str) -> None:
        self.books.counts.outages += 1
        self._become(State.OFFLINE, reason)

    def _become(self, state: State, reason: str | None) -> None:
        if state is not State.ONLINE:
            self.refuse(lambda _: True, lambda: Unavailable(reason or ""))
        if (state, reason) == (self.state, self.reason):
            return
        self.tried.set()
        if state is not self.state:
            self.state_changed_usec = wall_usec()
        self.state, self.reason = state, reason
        self._on_state()

    async def _pause(self, seconds: float) -> None:
        """Wait so long, or until something happens."""
        try:
            async with asyncio.timeout(seconds):
                await self._wake.wait()
        except TimeoutError:
            pass

    def _refuse(self, turn: Turn, error: AxiodError) -> None:
        future = self._answers.get(turn)
        if future is not None and not future.done():
            if isinstance(error, Busy):
                self.books.counts.refused += 1
            future.set_exception(error)


def _too_late() -> Busy:
    return Busy("the line was busy for too long; it was not sent")
