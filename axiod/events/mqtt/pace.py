# SPDX-License-Identifier: Apache-2.0
"""How fast messages of subscriptions become events: what only happens is dropped beyond that, of a state the latest
stays and is told a moment later."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from axiod.events.mqtt.subscription import Throttle

if TYPE_CHECKING:
    from collections.abc import Callable

    from axiod.events.mqtt.subscription import Heard

_LATER_SECONDS = 0.1


class Pace:
    """Lets events through."""

    def __init__(self, tell: Callable[[Heard], None]) -> None:
        self._tell = tell
        self._throttle = Throttle()
        self._held: dict[str, Heard] = {}
        """States that are to be told, by the filter of their subscription."""
        self._timer: asyncio.TimerHandle | None = None

    def take(self, event: Heard) -> bool:
        """Tell an event, now or a moment later; False when it is dropped."""
        passes = self._throttle.take(time.monotonic())
        name = event.source["subscription"]
        if not event.stateful:
            if passes:
                self._tell(event)
            return passes
        if passes:
            self._held.pop(name, None)
            self._tell(event)
            return True
        self._held[name] = event
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(_LATER_SECONDS, self._later)
        return True

    def forget(self, topic_filter: str) -> None:
        """Tell nothing of a subscription that is no more."""
        self._held.pop(topic_filter, None)

    def _later(self) -> None:
        self._timer = None
        held, self._held = self._held, {}
        for event in held.values():
            self._tell(event)
