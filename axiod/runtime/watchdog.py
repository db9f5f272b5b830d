# SPDX-License-Identifier: Apache-2.0
"""What tells systemd that the event loop turns."""

from __future__ import annotations

import asyncio
import os

from systemd import daemon


async def watchdog() -> None:
    """Tell systemd twice in each period that the event loop turns; it does so from the loop itself."""
    period = int(os.environ.get("WATCHDOG_USEC", "0")) / 1e6
    while period:
        daemon.notify("WATCHDOG=1")
        await asyncio.sleep(period / 2)
