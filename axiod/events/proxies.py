# SPDX-License-Identifier: Apache-2.0
"""The global proxies that axiod-network keeps, as far as recipients go by them.

axiod-network is started by the question and exits when it is idle, so what it said is remembered until it says that
something was changed.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from axiod.bus.client import Service
from axiod.errors import AxiodError

if TYPE_CHECKING:
    from axiod.bus.connection import Connection
    from axiod.events.recipient import Recipient

_log = logging.getLogger(__name__)

_NETWORK, _PROXY = "org.axiod.network1", "org.axiod.network1.Proxy"
_MOST = 256


class Proxies:
    """What axiod-network says."""

    def __init__(self, connection: Connection) -> None:
        self._service = Service(connection, _NETWORK)
        self._known: dict[tuple[str, str], str] = {}

    async def start(self) -> None:
        """Begin to hear of changes."""
        await self._service.on_changed(self._on_changed)

    def _on_changed(self, _path: str, interface: str, *_: object) -> None:
        if interface == _PROXY:
            self._known = {}

    async def for_(self, recipient: Recipient) -> str:
        """Return the URL of the proxy for a recipient that has none of its own; empty for none.

        Without axiod-network there is none.
        """
        if recipient.type not in ("http", "https") or recipient.text("ProxyHost"):
            return ""
        asked = (recipient.type, urlsplit(recipient.text("Url")).hostname or "")
        known = self._known
        if asked not in known:
            try:
                found = str(await self._service.call(f"{self._service.root}/proxy", _PROXY, "ProxyFor", *asked))
            except AxiodError as error:
                _log.debug("nobody says whether there is a proxy: %s", error)
                return ""
            if len(known) >= _MOST:
                known.clear()
            # What was changed meanwhile has made another one of it.
            known[asked] = found
        return known[asked]
