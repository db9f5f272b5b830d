# SPDX-License-Identifier: Apache-2.0
"""What the two protocols have in common: groups of both IP versions, and a device that comes, changes and goes."""

from __future__ import annotations

import errno
import logging
import time
from typing import TYPE_CHECKING, Protocol

from axiod.discovery.delay import Delay
from axiod.discovery.group import Group
from axiod.discovery.pace import Pace

if TYPE_CHECKING:
    from collections.abc import Sequence

    from axiod.discovery.group import Peer
    from axiod.discovery.links import Link
    from axiod.discovery.model import Announced

_log = logging.getLogger(__name__)
_NO_SUCH_PROTOCOL = {errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL}
"""A kernel without IPv6, or where it is turned off."""


class Voice(Protocol):
    """One protocol: what it says when the device comes, is asked for, and goes."""

    port: int
    groups: tuple[str, ...]
    hops: int
    max_bytes: int

    def hello(self, groups: Sequence[Group], what: Announced) -> None:
        """Tell everybody that the device is there, or has changed."""

    def bye(self, groups: Sequence[Group], what: Announced) -> None:
        """Tell everybody that it goes."""

    def asked(self, data: bytes, peer: Peer, group: Group, what: Announced, delay: Delay) -> None:
        """Answer to a packet, if it is for this device."""


class Responder:
    """Speaks one protocol on all links as long as there is something to announce."""

    def __init__(self, voice: Voice, repeat_seconds: float | None = None) -> None:
        """`repeat_seconds`: it tells again that it is there after so many seconds."""
        self._voice = voice
        self._repeat_seconds = repeat_seconds
        self._delay = Delay()
        self._pace = Pace()
        self._groups: list[Group] = []
        self._links: Sequence[Link] = ()
        self._what: Announced | None = None

    @property
    def listens(self) -> bool:
        """Whether it can be found."""
        return bool(self._groups)

    def show(self, what: Announced | None, links: Sequence[Link]) -> None:
        """Announce this on these links; None: be silent. Raises OSError when it cannot listen."""
        if (what, links) == (self._what, self._links) and bool(self._groups) is (what is not None):
            return
        self._delay.clear()
        if self._what is not None and self._groups and what != self._what:
            self._voice.bye(self._groups, self._what)
        self._what, self._links = what, list(links)
        if what is None:
            self._close()
            return
        if not self._groups:
            self._open()
        for group in self._groups:
            group.follow(links)
        self._tell()
        self._delay.within(1.0, self._tell)  # once more, because a packet may be lost
        self._later()

    def close(self) -> None:
        """Say good-bye."""
        self.show(None, ())

    def _open(self) -> None:
        voice = self._voice
        try:
            for address in voice.groups:
                self._listen(address)
        except OSError:
            self._close()
            raise

    def _listen(self, address: str) -> None:
        voice = self._voice

        def received(data: bytes, peer: Peer) -> None:
            what = self._what
            if what is not None and self._pace.allows(str(peer.address), time.monotonic()):
                voice.asked(data, peer, group, what, self._delay)

        try:
            group = Group(address, voice.port, voice.hops, voice.max_bytes, received)
        except OSError as error:
            if ":" in address and error.errno in _NO_SUCH_PROTOCOL:
                return
            raise
        self._groups.append(group)

    def _close(self) -> None:
        self._delay.clear()
        for group in self._groups:
            group.close()
        self._groups = []

    def _tell(self) -> None:
        if self._what is not None:
            self._voice.hello(self._groups, self._what)

    def _later(self) -> None:
        if self._repeat_seconds is not None:
            self._delay.after(self._repeat_seconds, self._again)

    def _again(self) -> None:
        self._tell()
        self._later()
