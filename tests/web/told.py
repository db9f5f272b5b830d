# SPDX-License-Identifier: Apache-2.0
"""What a page is told besides what its device says: states that no machine of the tests can have."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from playwright.async_api import Page, WebSocketRoute


class Told:
    """The event stream of a page, to which something can be added."""

    def __init__(self) -> None:
        self._socket: WebSocketRoute | None = None
        self._last: dict[str, Any] = {}

    async def stand_between(self, page: Page) -> None:
        """Stand between a page, before it is opened, and its device."""
        await page.route_web_socket(re.compile("/api/v1/events"), self._opened)

    def _opened(self, socket: WebSocketRoute) -> None:
        self._socket = socket
        socket.connect_to_server().on_message(self._heard)

    def _heard(self, text: str | bytes) -> None:
        assert self._socket
        self._last = json.loads(text)
        self._socket.send(text)

    def changed(self, resource: str, id_: str, **changes: Any) -> None:
        """Say that something of a resource changed; the page must have heard of it before."""
        assert self._socket
        place = {name: self._last[name] for name in ("Epoch", "Sequence")}
        record = {"Kind": "changed", "Resource": resource, "Id": id_, "Changed": changes, "Gone": [], **place}
        self._socket.send(json.dumps(record))
