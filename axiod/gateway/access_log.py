# SPDX-License-Identifier: Apache-2.0
"""The access log: one entry of the journal for each request that was refused or failed, with fields of its own; with
the log level debug for every request.

MESSAGE_ID        ACCESS, the same for all of them
AXIOD_USER        the account, "token ID", or empty
AXIOD_ADDRESS     the IP address
AXIOD_HOW         digest, basic, session, token or anonymous
AXIOD_REQUEST     method and path, without the query, which may hold a password
AXIOD_STATUS      the HTTP status
AXIOD_DURATION_MS how long it took until the answer began; of a stream, until it ended
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from aiohttp import hdrs

from axiod.gateway.person import PERSON
from axiod.runtime import log

if TYPE_CHECKING:
    from aiohttp import web

    from axiod.gateway.person import Person

_log = logging.getLogger(__name__)

ACCESS = "5f0c8f1d7d0c4f0f9a6e2b3c1d4e5f60"


class AccessLog:
    """Writes to the journal where there is one, and to the log where there is none."""

    def write(self, request: web.Request, address: str, status: int, seconds: float) -> None:
        """Write an entry, if this one is wanted."""
        person: Person | None = request.get(PERSON)
        name = person.name if person is not None else ""
        asked = f"{request.method} {request.path}"
        text = f"{address} {name or '-'}: {asked!a}: {status} in {seconds * 1000:.1f} ms"
        fields = {
            "MESSAGE_ID": ACCESS,
            "SYSLOG_IDENTIFIER": "axiod-gateway",
            "AXIOD_USER": name,
            "AXIOD_ADDRESS": address,
            "AXIOD_HOW": person.how if person is not None else "",
            "AXIOD_REQUEST": asked,
            "AXIOD_STATUS": status,
            "AXIOD_DURATION_MS": f"{seconds * 1000:.1f}",
        }
        log.entry(_log, _level(request, status), text, fields)


def _level(request: web.Request, status: int) -> int:
    # That a service is away is in its own log; a monitor asks for it again and again.
    if status >= 500 and status != 503:
        return logging.WARNING
    # The first request of a Digest client has no login and is refused; that is how it begins.
    if status in (403, 429) or (status == 401 and hdrs.AUTHORIZATION in request.headers):
        return logging.INFO
    return logging.DEBUG
