# SPDX-License-Identifier: Apache-2.0
"""The two protocols as a responder speaks them."""

from __future__ import annotations

import time
import uuid
from email.utils import formatdate
from functools import partial
from typing import TYPE_CHECKING

from axiod.discovery import ssdp, ws_discovery
from axiod.discovery.description import PATH
from axiod.discovery.model import host
from axiod.discovery.soap import Refused

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from axiod.discovery.delay import Delay
    from axiod.discovery.group import Group, Peer
    from axiod.discovery.model import Address, Announced

_SOAP_PATH = "/vapix/services"
"""Where the gateway takes SOAP."""
_REMEMBERED = 128


class SsdpVoice:
    """UPnP."""

    port = ssdp.PORT
    groups: tuple[str, ...] = (ssdp.GROUP_4, ssdp.GROUP_6)
    hops = ssdp.HOPS
    max_bytes = ssdp.MAX_BYTES

    def __init__(self, description_port: Callable[[], int]) -> None:
        """`description_port`: the TCP port where the description is."""
        self._description_port = description_port
        self._told: Announced | None = None
        self.boot_id = int(time.time())

    def hello(self, groups: Sequence[Group], what: Announced) -> None:
        if self._told is not None and what != self._told:
            self.boot_id = max(int(time.time()), self.boot_id + 1)
        self._told = what
        for group in groups:
            for target in ssdp.targets(what):
                group.announce(partial(self._alive, target, what, host(group.address)))

    def bye(self, groups: Sequence[Group], what: Announced) -> None:
        for group in groups:
            for target in ssdp.targets(what):
                group.announce(partial(self._byebye, target, what, host(group.address)))

    def asked(self, data: bytes, peer: Peer, group: Group, what: Announced, delay: Delay) -> None:
        search = ssdp.read(data)
        if search is not None and (found := ssdp.found(search, what)):
            delay.within(search.within, partial(self._answer, found, peer, group, what))

    def _alive(self, target: str, what: Announced, group: str, own: list[Address]) -> bytes:
        return ssdp.alive(target, what, self._location(own[0]), self.boot_id, group)

    def _byebye(self, target: str, what: Announced, group: str, _own: list[Address]) -> bytes:
        return ssdp.byebye(target, what, self.boot_id, group)

    def _answer(self, found: tuple[str, ...], peer: Peer, group: Group, what: Announced) -> None:
        date = formatdate(usegmt=True)
        for target in found:
            group.answer(ssdp.answer(target, what, self._location(peer.local), self.boot_id, date), peer)

    def _location(self, address: Address) -> str:
        return f"http://{host(address)}:{self._description_port()}{PATH}"


class WsDiscoveryVoice:
    """WS-Discovery."""

    port = ws_discovery.PORT
    groups: tuple[str, ...] = (ws_discovery.GROUP_4, ws_discovery.GROUP_6)
    hops = ws_discovery.HOPS
    max_bytes = ws_discovery.MAX_BYTES

    def __init__(self) -> None:
        now = int(time.time())
        self._speaker = ws_discovery.Speaker(now, now)
        self._told: Announced | None = None
        self._answered: dict[str, None] = {}

    def hello(self, groups: Sequence[Group], what: Announced) -> None:
        if what != self._told:
            self._speaker.metadata_version = max(int(time.time()), self._speaker.metadata_version + 1)
        self._told = what
        id_ = _message_id()
        for group in groups:
            group.announce(lambda own: self._speaker.hello(id_, what, _xaddrs(what, own)))

    def bye(self, groups: Sequence[Group], what: Announced) -> None:
        id_ = _message_id()
        for group in groups:
            group.announce(lambda _own: self._speaker.bye(id_, what))

    def asked(self, data: bytes, peer: Peer, group: Group, what: Announced, delay: Delay) -> None:
        try:
            asked = ws_discovery.read(data)
        except Refused:
            return
        # Everything is sent twice over UDP, and answered once.
        if asked is None or asked.message_id in self._answered or not ws_discovery.matches(asked, what):
            return
        while len(self._answered) >= _REMEMBERED:
            del self._answered[next(iter(self._answered))]
        self._answered[asked.message_id] = None
        own = [peer.local, *(one for one in peer.link.of(peer.local.version) if one != peer.local)]

        def answer() -> None:
            group.answer(self._speaker.answer(_message_id(), asked, what, _xaddrs(what, own)), peer)

        delay.within(ws_discovery.MAX_DELAY_SECONDS, answer)


def _xaddrs(what: Announced, own: list[Address]) -> list[str]:
    return [what.url(address, _SOAP_PATH) for address in own]


def _message_id() -> str:
    return f"urn:uuid:{uuid.uuid4()}"
