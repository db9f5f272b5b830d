# SPDX-License-Identifier: Apache-2.0
"""org.axiod.io1.Led."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

from axiod.bus.freshness import check_deadline
from axiod.clock import monotonic_usec, wall_usec
from axiod.errors import HardwareFailure, InvalidArgument
from axiod.gpio.led import DARK, Own
from axiod.io.orders import Look, Orders, key, plain

if TYPE_CHECKING:
    from axiod.board.profile import Led
    from axiod.gpio.led import Lamp
    from axiod.runtime.app import Context

_log = logging.getLogger(__name__)

LED = "org.axiod.io1.Led"


class LedHandler:
    """org.axiod.io1.Led; the attributes are the properties of the contract."""

    interface = LED
    terminal: str
    colours: list[str]

    def __init__(self, context: Context, led: Led, lamp: Lamp) -> None:
        self.id = led.id
        self.path = f"{context.path}/led/{led.id}"
        self.terminal = led.terminal
        self.colours = list(led.colours)
        self._context = context
        self._lamp = lamp
        self._orders = Orders()
        self._own: Own | None = None
        """What it goes back to; None while it shows that."""
        self._seen: Own | None = None
        """What it showed by itself when that was looked at last."""
        self._shown: str | None = None
        """What we made it show; None where that is not known."""
        self._boot_id = ""
        self._problem: str | None = "it was not looked at yet"
        self._loop = asyncio.get_running_loop()
        self._turn = asyncio.Lock()
        self._timer: asyncio.TimerHandle | None = None
        self._end_usec: int | None = None

    # --- properties ---

    @property
    def mode(self) -> str:
        look = self._orders.look
        return "own" if look is None else "flashing" if look.flash_ms else "steady"

    @property
    def colour(self) -> str | None:
        if (look := self._orders.look) is not None:
            return look.colour
        return self._seen.colour if self._seen is not None else None

    @property
    def between(self) -> str | None:
        look = self._orders.look
        return look.between if look is not None and look.flash_ms else None

    @property
    def flash_ms(self) -> int | None:
        look = self._orders.look
        return look.flash_ms or None if look is not None else None

    @property
    def ends_usec(self) -> int | None:
        return self._end_usec

    @property
    def trigger(self) -> str | None:
        own = self._own or self._seen
        return own.trigger or None if own is not None else None

    @property
    def quality(self) -> str:
        return "good" if self._problem is None else "fault" if self._seen else "never"

    @property
    def problem(self) -> str | None:
        return self._problem

    # --- methods ---

    async def light(self, colour: str, options: dict[str, Any]) -> None:
        flash_ms, between = options.get("FlashMs", 0), options.get("Between")
        for one in (colour, between):
            if one not in (None, DARK, *self.colours):
                raise InvalidArgument(f"{self.terminal} shows no {one}; it shows {', '.join(self.colours)} or {DARK}")
        if between is not None and not flash_ms:
            raise InvalidArgument("Between is what it shows between flashes; give FlashMs, too")
        async with self._turn:
            check_deadline(options["DeadlineUsec"])
            now, duration_ms = monotonic_usec(), options.get("DurationMs")
            end = None if duration_ms is None else now + duration_ms * 1000
            await self._begin(self._orders.lit(Look(colour, now, flash_ms, between or DARK, end)))

    async def give_back(self, options: dict[str, Any]) -> None:
        async with self._turn:
            check_deadline(options["DeadlineUsec"])
            if self._own is None:
                return
            self._order(self._orders.given_back(lasting_only=options.get("LastingOnly", False)))
            try:
                self._drive()
            except HardwareFailure as error:
                self._report(str(error))
                raise
            finally:
                self.publish()
                await self._store(self._orders, self._own)

    async def _begin(self, orders: Orders) -> None:
        """Store what is to be shown, and show it; raises HardwareFailure, then all is as before."""
        if not self._boot_id:
            raise HardwareFailure(f"{self.id} cannot be lit: {self._problem}")
        former, own = self._orders, self._own or self._lamp.own()
        self._cancel()  # what ends meanwhile would be stored in its place
        try:
            await self._store(orders, own)
            self._own = own
            self._order(orders)
            self._drive()
        except HardwareFailure:
            self._order(former)
            self._advance()
            self._context.state.soon(key(self.id), self._plain(self._orders, self._own))
            raise
        else:
            self._report(None)
        finally:
            self.publish()

    # --- what the keeper asks for ---

    def acquire(self, boot_id: str) -> None:
        """Look at it, and go on with what it was told to show, unless the device has booted since."""
        if boot_id:
            self._boot_id = boot_id
            if stored := self._context.state.get(key(self.id)):
                self._restore(stored)
            self._advance()
        else:
            self._report("it is not known whether the board has booted")
        self.publish()

    def _restore(self, stored: Any) -> None:
        try:
            if stored["boot"] == self._boot_id:
                self._own = Own.from_json(stored["own"])
                self._order(Orders.from_json(stored["orders"]))
                return
        except (LookupError, AttributeError, TypeError, ValueError):
            _log.error("what was stored of the LED %s makes no sense and is dropped", self.id)
            self._own = None
        self._context.state.soon(key(self.id), None)

    def retry(self, boot_id: str) -> None:
        """Try again what did not work."""
        self._shown = None
        if boot_id != self._boot_id:
            # The board has booted (a simulated one may do that beside us), which ended what was shown.
            self._own = None
            self._order(Orders())
            self.acquire(boot_id)
            return
        self._advance()
        self.publish()

    def check(self) -> None:
        """Look whether it can be reached, and what it shows by itself."""
        former = self._seen
        try:
            seen = self._lamp.look()
        except HardwareFailure as error:
            self._report(str(error))
        else:
            self._seen = seen if self._own is None else former
        if self._seen != former or self._problem:
            self.publish()

    def close(self) -> None:
        """Do nothing more; what it shows stays."""
        self._cancel()
        self._lamp.close()

    # --- inside ---

    def _advance(self) -> None:
        """Show what is to be shown now, and note what goes wrong."""
        had_own = self._own is not None
        orders = self._orders.past(monotonic_usec())
        if orders != self._orders:
            self._order(orders)
        try:
            self._drive()
            if self._own is None:
                self._seen = self._lamp.look()
        except HardwareFailure as error:
            self._report(str(error))
        else:
            self._report(None)
        if had_own and self._orders.look is None:
            self._context.state.soon(key(self.id), self._plain(self._orders, self._own))

    def _drive(self) -> None:
        """Show what is to be shown now, and plan what comes next; raises HardwareFailure."""
        self._cancel()
        now, look = monotonic_usec(), self._orders.look
        if look is None:
            if self._own is not None:
                self._lamp.give_back(self._own)
                self._seen, self._own, self._shown = self._own, None, None
            return
        if (due := look.next_usec(now)) is not None:
            self._timer = self._loop.call_at(due / 1e6, self._due)
        if (colour := look.at(now)) != self._shown:
            self._shown = None
            self._lamp.show(colour)
            self._shown = colour

    def _due(self) -> None:
        self._timer = None
        before = self._orders, self._problem
        self._advance()
        if before != (self._orders, self._problem):
            self.publish()

    def _order(self, orders: Orders) -> None:
        self._orders = orders
        look = orders.look
        end = None if look is None else look.ends_usec
        self._end_usec = None if end is None else wall_usec() + end - monotonic_usec()

    async def _store(self, orders: Orders, own: Own | None) -> None:
        # A power cut ends it anyway, so it need not be synced.
        await self._context.state.put(key(self.id), self._plain(orders, own), durable=False)

    def _plain(self, orders: Orders, own: Own | None) -> dict[str, Any] | None:
        return None if own is None else plain(orders, own.to_json(), self._boot_id)

    def _cancel(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _report(self, problem: str | None) -> None:
        if problem != self._problem and problem:
            _log.error("%s", problem)
        self._problem = problem

    def publish(self) -> None:
        """Tell what changed."""
        self._context.server.changed(self.path, LED)
        self._context.root.problem(self.id, self._problem)
