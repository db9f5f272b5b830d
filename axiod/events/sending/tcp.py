# SPDX-License-Identifier: Apache-2.0
"""TCP: connects, sends the message as it is in UTF-8, and closes.

TCP says nothing of what becomes of it; so a server that closes without an error within two seconds, or just goes on,
took it.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

from axiod.events.sending.failure import broken_off, unreachable

if TYPE_CHECKING:
    from axiod.events.sending.job import Job

_ANSWER_SECONDS = 2.0
_MOST_BYTES = 1 << 16


async def send(job: Job) -> None:
    """Do a job; raises SendFailed."""
    try:
        async with asyncio.timeout(job.patience.connect):
            reader, writer = await asyncio.open_connection(job.host, job.port, limit=_MOST_BYTES)
    except (OSError, UnicodeError) as error:
        raise unreachable(error, job.host, job.port) or broken_off(error, job.host, job.port) from error
    try:
        async with asyncio.timeout(job.patience.silence):
            writer.write(job.notification.message.encode(errors="replace"))
            writer.write_eof()
            await writer.drain()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(min(_ANSWER_SECONDS, job.patience.silence / 2)):
                    left = _MOST_BYTES
                    while left > 0 and (said := await reader.read(4096)):
                        left -= len(said)
    except OSError as error:
        raise broken_off(error, job.host, job.port) from error
    finally:
        writer.transport.abort()
