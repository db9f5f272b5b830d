# SPDX-License-Identifier: Apache-2.0
"""Both protocols together, and the description that UPnP leads to."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from axiod.discovery import ssdp
from axiod.discovery.description import description
from axiod.discovery.links import Links
from axiod.discovery.page import Page
from axiod.discovery.responder import Responder
from axiod.discovery.voices import SsdpVoice, WsDiscoveryVoice

if TYPE_CHECKING:
    from collections.abc import Callable

    from axiod.discovery.links import Link
    from axiod.discovery.model import Address, Announced

_log = logging.getLogger(__name__)


class Announcing:
    """Makes the network know what is shown here."""

    def __init__(self, on_status: Callable[[str], None]) -> None:
        """`on_status` gets one line whenever what can be found changes. Raises OSError: the links are not told."""
        self._on_status = on_status
        self._what: Announced | None = None
        self._changing = asyncio.Lock()
        self._page = Page(self._text)
        self._voice = SsdpVoice(lambda: self._page.port)
        self._upnp = Responder(self._voice, ssdp.MAX_AGE_SECONDS / 2)
        self._ws_discovery = Responder(WsDiscoveryVoice())
        self._tasks: set[asyncio.Task[None]] = set()
        self._links = Links(self._links_changed)

    async def show(self, what: Announced | None) -> None:
        """Announce this from now on; None: nothing."""
        async with self._changing:
            self._what = what
            await self._show()

    async def _show_again(self) -> None:
        """Announce what is shown, which may be another by now, on the links that there are."""
        async with self._changing:
            await self._show()

    async def _show(self) -> None:
        problems = await self._apply()
        on = [word for word, one in (("UPnP", self._upnp), ("WS-Discovery", self._ws_discovery)) if one.listens]
        links = ", ".join(link.name for link in self._links.present) or "no link yet"
        line = f"found by {' and '.join(on)} on {links}" if on else "announces nothing"
        self._on_status("; ".join([line, *problems]))

    async def close(self) -> None:
        """Say good-bye and end."""
        self._links.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._what = None
        await self._apply()

    async def _apply(self) -> list[str]:
        what, links, problems = self._what, self._links.present, []
        upnp = what if what is not None and what.upnp else None
        try:
            if upnp is not None:
                await self._page.open()
            self._upnp.show(upnp, links)
            if upnp is None:
                await self._page.close()
        except OSError as error:
            problems.append(_said("UPnP", error))
        try:
            self._ws_discovery.show(what if what is not None and what.ws_discovery else None, links)
        except OSError as error:
            problems.append(_said("WS-Discovery", error))
        return problems

    def _links_changed(self, _links: list[Link]) -> None:
        task = asyncio.get_running_loop().create_task(self._show_again())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _text(self, own: Address, peer: Address) -> bytes | None:
        what = self._what
        if what is None or not any(link.local(peer) for link in self._links.present):
            return None
        return description(what, own, self._voice.boot_id)


def _said(word: str, error: OSError) -> str:
    text = f"{word} cannot listen: {error.strerror or error}"
    _log.error("%s", text)
    return text
