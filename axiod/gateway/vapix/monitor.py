# SPDX-License-Identifier: Apache-2.0
"""io/port.cgi?monitor=: an endless answer of parts, each of which says how a port is, or what it has become."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiohttp import web

from axiod.gateway.outbox import STOPPING, Outbox, narrow
from axiod.gateway.person import LOGGED_OUT, person_of
from axiod.gateway.streaming import streaming
from axiod.gateway.vapix.port import port_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from axiod.bus.client import Event
    from axiod.gateway.context import Gateway
    from axiod.gateway.mirror import Thing
    from axiod.gateway.person import Person
    from axiod.gateway.vapix.port import Port

_BOUNDARY = "ioboundary"
_IDLE_SECONDS = 15.0


async def monitor(
    request: web.Request, gateway: Gateway, ports: Sequence[Port], *, idle_seconds: float = _IDLE_SECONDS
) -> web.StreamResponse:
    """Answer with the state of ports, and with each change of it, until the client is gone."""
    response = web.StreamResponse(headers={"Content-Type": f"multipart/x-mixed-replace; boundary={_BOUNDARY}"})
    outbox: Outbox[bytes] = Outbox(response.write, idle=lambda: _part(""), idle_seconds=idle_seconds)
    # What follows a part ends it, so that a client need not wait for the next one to have it.
    outbox.put(f"--{_BOUNDARY}\r\n".encode())
    watch = _Watch(gateway, person_of(request), ports, outbox)
    gateway.mirror.listen(watch)
    gateway.accounts.on_change(watch.may_stay)
    gateway.on_stop.append(watch.stop)
    watch.may_stay()
    try:
        # It waits only now that changes are heard of: the outbox keeps them.
        await response.prepare(request)
        narrow(request.transport)
        with streaming(request, "monitor"):
            reason = await outbox.run()
    finally:
        gateway.mirror.unlisten(watch)
        gateway.accounts.no_change(watch.may_stay)
        gateway.on_stop.remove(watch.stop)
    if reason not in (LOGGED_OUT, STOPPING) and request.transport is not None:
        request.transport.abort()  # it does not take what there is for it, so it would not take the end either
    return response


def _part(text: str) -> bytes:
    return f"Content-Type: text/plain\r\n\r\n{text}\r\n--{_BOUNDARY}\r\n".encode()


class _Watch:
    """Follows the ports of one answer."""

    def __init__(self, gateway: Gateway, person: Person, ports: Sequence[Port], outbox: Outbox[bytes]) -> None:
        self._accounts = gateway.accounts
        self._person = person
        self._outbox = outbox
        self._active: dict[tuple[str, str], bool | None] = {(p.thing.path, p.thing.interface): None for p in ports}
        for port in ports:
            self._tell(port)

    def changed(self, thing: Thing, former: Thing | None) -> None:  # noqa: ARG002 # part of Listener
        """See Listener."""
        if (thing.path, thing.interface) in self._active:
            self._tell(port_of(thing))

    def removed(self, thing: Thing) -> None:
        """See Listener."""

    def event(self, service: str, event: Event) -> None:
        """See Listener."""

    def service(self, name: str, *, available: bool) -> None:
        """See Listener."""

    def may_stay(self) -> None:
        """End it if what let the client in would not any more."""
        if not self._accounts.valid(self._person):
            self._outbox.close(LOGGED_OUT)

    def stop(self) -> None:
        """End it: the gateway stops."""
        self._outbox.close(STOPPING)

    def _tell(self, port: Port) -> None:
        key = (port.thing.path, port.thing.interface)
        known, active = self._active[key], port.active
        if active is None or active == known:
            return
        self._active[key] = active
        mark = ("H" if active else "L") if known is None else "/" if active else "\\"
        self._outbox.put(_part(f"{port.number + 1}{'O' if port.is_output else 'I'}:{mark}\r\n"))
