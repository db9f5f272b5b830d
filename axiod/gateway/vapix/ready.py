# SPDX-License-Identifier: Apache-2.0
"""systemready.cgi: whether everything is there. Anybody may ask."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from axiod.bus.arguments import shown
from axiod.clock import monotonic_usec
from axiod.errors import InvalidArgument
from axiod.gateway.names import DEVICE, SYSTEM
from axiod.gateway.route import Route
from axiod.gateway.vapix.discovery import Api
from axiod.gateway.vapix.json_call import NEW, Call, JsonCgi

if TYPE_CHECKING:
    from axiod.bus.client import Event
    from axiod.gateway.context import Gateway
    from axiod.gateway.mirror import Mirror, Thing
    from axiod.gateway.person import Person

API = Api("systemready", "1.4", "Systemready")
_LONGEST_SECONDS = 60
_MOST_WAITING = 16
"""More do not wait: they are told at once how it is."""


def routes(gateway: Gateway) -> list[Route]:
    """Return what this part answers."""
    ready = _Ready(gateway.mirror)

    async def systemready(_person: Person, params: Any) -> dict[str, str]:
        await ready.wait(_timeout(params))
        answer = {
            "systemready": _yes(ready.now),
            "needsetup": _yes(gateway.accounts.needs_setup),
            "uptime": str(monotonic_usec() // 1_000_000),
        }
        if gateway.mirror.available(SYSTEM):
            answer["bootid"] = gateway.mirror.thing(DEVICE)["BootId"]
        return answer

    cgi = JsonCgi("systemready.cgi", ("1.0", "1.1", "1.2", "1.3", "1.4"), NEW, {"systemready": Call(systemready, None)})
    return [Route("POST", "/axis-cgi/systemready.cgi", cgi.answer, None)]


class _Ready:
    """Waits for the services (a Listener of the mirror)."""

    def __init__(self, mirror: Mirror) -> None:
        self._mirror = mirror
        self._event = asyncio.Event()
        self._waiting = 0
        mirror.listen(self)

    @property
    def now(self) -> bool:
        """Whether every service is there."""
        return all(self._mirror.available(name) for name in self._mirror.services)

    async def wait(self, seconds: int) -> None:
        """Return when it is so, or when the time is over."""
        if self.now or not seconds or self._waiting >= _MOST_WAITING:
            return
        self._waiting += 1
        self._event.clear()
        try:
            async with asyncio.timeout(seconds):
                await self._event.wait()
        except TimeoutError:
            pass
        finally:
            self._waiting -= 1

    def changed(self, thing: Thing, former: Thing | None) -> None:
        """See Listener."""

    def removed(self, thing: Thing) -> None:
        """See Listener."""

    def event(self, service: str, event: Event) -> None:
        """See Listener."""

    def service(self, name: str, *, available: bool) -> None:  # noqa: ARG002 # one of them is as good as another
        """See Listener."""
        if available and self.now:
            self._event.set()


def _timeout(params: Any) -> int:
    given = params.get("timeout", 0) if isinstance(params, dict) else 0
    if isinstance(given, str) and given.isascii() and given.isdigit() and len(given) < 9:
        given = int(given)
    if not isinstance(given, int) or isinstance(given, bool) or given < 0:
        raise InvalidArgument(f"timeout is {shown(given)}; it must be whole seconds")
    return min(given, _LONGEST_SECONDS)


def _yes(value: bool) -> str:
    return "yes" if value else "no"
