# SPDX-License-Identifier: Apache-2.0
"""Whether the gateway stood still a moment ago, so that a command may have been waiting at its door.

To the services a command is as old as the gateway's call. One that a client sent, and gave up, while the gateway was
stopped or hung must not move a relay when it goes on; nothing in HTTP says when a request was sent.
"""

from __future__ import annotations

import asyncio
import logging
import time

from axiod.bus.freshness import BEAT_SECONDS, STALE_SECONDS
from axiod.errors import Timeout

_log = logging.getLogger(__name__)

AFTER_SECONDS = 1.0
"""After this everything was read that had been waiting."""


class Standstill:
    """Watches the event loop that it is made in."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._last = time.monotonic()
        self._over = 0.0
        self._beat()

    def check(self) -> None:
        """Raise Timeout when a command may have been waiting for too long."""
        self._look()
        if time.monotonic() < self._over:
            raise Timeout("the gateway stood still and the command may be old; it was not carried out; ask again")

    def _beat(self) -> None:
        self._look()
        self._loop.call_later(BEAT_SECONDS, self._beat)

    def _look(self) -> None:
        now = time.monotonic()
        gap, self._last = now - self._last, now
        if gap > STALE_SECONDS:
            _log.warning("the gateway stood still for %.1f s", gap)
            self._over = now + AFTER_SECONDS
