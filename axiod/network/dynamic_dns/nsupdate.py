# SPDX-License-Identifier: Apache-2.0
"""nsupdate, which axiod-dynamic-dns.socket runs, once for each connection: axiod-network itself has no network.

The commands, and with them the secret of the key, go over that socket, which is for root alone, and into no file.
"""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

from axiod.network.dynamic_dns.words import Answer

SOCKET = Path("/run/axiod-dynamic-dns.socket")
NOT_INSTALLED = "nsupdate is not installed; install the package bind9-dnsutils"
_PROGRAMS = "/usr/bin:/bin"
_NOBODY_SENDS = "nobody sends updates here; start what does: systemctl start axiod-dynamic-dns.socket"
SECONDS = 60.0
"""Longer than the unit runs."""
_MOST_BYTES = 1 << 16


def installed() -> bool:
    """Whether there is an nsupdate."""
    return shutil.which("nsupdate", path=_PROGRAMS) is not None


async def told(script: str, socket: Path = SOCKET) -> str | Answer:
    """Have nsupdate run with these commands, and return what it says; an Answer, where it cannot be run."""
    if not installed():
        return Answer(NOT_INSTALLED)
    try:
        async with asyncio.timeout(SECONDS):
            reader, writer = await asyncio.open_unix_connection(socket)
            try:
                writer.write(script.encode())
                writer.write_eof()
                said = b""
                while len(said) < _MOST_BYTES and (more := await reader.read(_MOST_BYTES)):
                    said += more
            finally:
                writer.close()
    except TimeoutError:
        return Answer(f"nsupdate did not end within {SECONDS:g} s")
    except FileNotFoundError:
        return Answer(_NOBODY_SENDS)
    except OSError as error:
        return Answer(f"nsupdate cannot be run: {error.strerror}")
    return said.decode(errors="replace")
