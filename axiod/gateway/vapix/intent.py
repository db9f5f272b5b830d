# SPDX-License-Identifier: Apache-2.0
"""GETs that change something: none by a browser that another site may have sent.

Over HTTP browsers do not say which site made them ask, and send along the login that they remember; so a page anywhere
with <img src="http://device/axis-cgi/io/port.cgi?action=1:/"> would switch a relay. Over HTTPS they do say it
(Sec-Fetch-Site, see origin.py), and programs are no browsers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from axiod.errors import NotAuthorized

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aiohttp import web


def on_purpose(request: web.Request, what: str) -> None:
    """Raise NotAuthorized unless a request that is about to change something is meant so; `what` names it."""
    if request.method == "GET" and _may_be_sent(request.headers):
        raise NotAuthorized(
            f"{what} is not taken from the address bar of a browser over HTTP, where nobody can tell that no other "
            "site asked for it; use HTTPS, the page of the device, or a program"
        )


def _may_be_sent(headers: Mapping[str, str]) -> bool:
    # Programs that call themselves Mozilla, as PowerShell does, have no language.
    if not headers.get("User-Agent", "").startswith("Mozilla/") or "Accept-Language" not in headers:
        return False
    if "Sec-Fetch-Site" in headers:
        return False  # the door has looked at it
    try:
        return urlsplit(headers.get("Referer", "")).netloc != headers.get("Host")
    except ValueError:
        return True
