# SPDX-License-Identifier: Apache-2.0
"""A multicast group of one protocol: who speaks to it is heard on each link, and answered from there.

What was not sent to the group is not heard, so nobody is from beyond the link; nor is whoever is not in a network of
the link that the packet came in by.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import struct
from dataclasses import dataclass
from ipaddress import ip_address
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from axiod.discovery.links import Link
    from axiod.discovery.model import Address

_log = logging.getLogger(__name__)

_AT_ONCE = 64
"""Packets that are read before others have their turn."""
_IP_PKTINFO = 8
_IP_MULTICAST_ALL = 49
_IPV6_MULTICAST_ALL = 29
_INFO_4 = struct.Struct("=i4s4s")
_INFO_6 = struct.Struct("=16si")


@dataclass(frozen=True, slots=True)
class Peer:
    """Who sent a packet."""

    link: Link
    address: Address
    port: int
    local: Address
    """The own address in the network of the peer."""


class Group:
    """One group of one IP version."""

    def __init__(
        self, address: str, port: int, hops: int, most_bytes: int, received: Callable[[bytes, Peer], None]
    ) -> None:
        """Begin to listen, on no link yet; raises OSError. `received` gets each packet that is not too long."""
        self.address = ip_address(address)
        self.port = port
        self._most_bytes = most_bytes
        self._received = received
        self._links: dict[int, Link] = {}
        self._joined: set[int] = set()
        self._loop = asyncio.get_running_loop()
        four = self.address.version == 4
        self._level = socket.IPPROTO_IP if four else socket.IPPROTO_IPV6
        kind = socket.SOCK_DGRAM | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK
        self._socket = socket.socket(socket.AF_INET if four else socket.AF_INET6, kind)
        try:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # others listen to the group as well
            if four:
                options = {_IP_PKTINFO: 1, _IP_MULTICAST_ALL: 0, socket.IP_MULTICAST_TTL: hops}
            else:
                options = {
                    socket.IPV6_V6ONLY: 1,
                    socket.IPV6_RECVPKTINFO: 1,
                    _IPV6_MULTICAST_ALL: 0,
                    socket.IPV6_MULTICAST_HOPS: hops,
                }
            for option, value in options.items():
                self._socket.setsockopt(self._level, option, value)
            # (One of IPv6 could be bound to the group of a single link only.)
            self._socket.bind((address if four else "::", port))
        except OSError:
            self._socket.close()
            raise
        self._loop.add_reader(self._socket, self._readable)

    def close(self) -> None:
        """Listen no more."""
        self._loop.remove_reader(self._socket)
        self._socket.close()

    def follow(self, links: Iterable[Link]) -> None:
        """Listen on these links, and on no other."""
        self._links = {link.index: link for link in links if link.of(self.address.version)}
        for index in self._joined - set(self._links):
            with contextlib.suppress(OSError):  # the link is gone, and with it the membership
                self._socket.setsockopt(self._level, self._option(leave=True), self._membership(index))
            self._joined.discard(index)
        for index in set(self._links) - self._joined:
            try:
                self._socket.setsockopt(self._level, self._option(leave=False), self._membership(index))
            except OSError as error:
                _log.warning("nobody can find this device on %s: %s", self._links[index].name, error)
            else:
                self._joined.add(index)

    def _option(self, *, leave: bool) -> int:
        if self.address.version == 4:
            return socket.IP_DROP_MEMBERSHIP if leave else socket.IP_ADD_MEMBERSHIP
        return socket.IPV6_LEAVE_GROUP if leave else socket.IPV6_JOIN_GROUP

    def _membership(self, index: int) -> bytes:
        if self.address.version == 4:
            return struct.pack("=4s4si", self.address.packed, bytes(4), index)
        return struct.pack("=16si", self.address.packed, index)

    def announce(self, message: Callable[[list[Address]], bytes]) -> None:
        """Tell everybody on each link what is made of the own addresses there, the one that is sent from first."""
        for link in self._links.values():
            own = link.of(self.address.version)
            self._send(message(own), link, own[0], self.address, self.port)

    def answer(self, data: bytes, peer: Peer) -> None:
        """Answer to one, unless the link is gone by now."""
        if peer.link.index in self._links:
            self._send(data, peer.link, peer.local, peer.address, peer.port)

    def _send(self, data: bytes, link: Link, local: Address, to: Address, port: int) -> None:
        if local.version == 4:
            control = (self._level, _IP_PKTINFO, _INFO_4.pack(link.index, local.packed, bytes(4)))
        else:
            control = (self._level, socket.IPV6_PKTINFO, _INFO_6.pack(local.packed, link.index))
        zone = (0, link.index) if local.version == 6 else ()
        try:
            self._socket.sendmsg([data], [control], 0, (str(to), port, *zone))
        except OSError as error:  # the link goes down, or its buffer is full: who searches asks again
            _log.debug("%s was not told on %s: %s", to, link.name, error)

    def _readable(self) -> None:
        for _ in range(_AT_ONCE):
            try:
                data, control, flags, source = self._socket.recvmsg(self._most_bytes, socket.CMSG_SPACE(64))
            except BlockingIOError:
                return
            except OSError as error:
                _log.debug("a packet was lost: %s", error)
                return
            peer = self._peer(control, source)
            if peer is not None and not flags & socket.MSG_TRUNC:
                self._received(data, peer)

    def _peer(self, control: list[tuple[int, int, bytes]], source: tuple[str, int]) -> Peer | None:
        for level, kind, info in control:
            if (level, kind) == (socket.IPPROTO_IP, _IP_PKTINFO):
                index, _own, to = _INFO_4.unpack(info)
            elif (level, kind) == (socket.IPPROTO_IPV6, socket.IPV6_PKTINFO):
                to, index = _INFO_6.unpack(info)
            else:
                continue
            link, address = self._links.get(index), ip_address(source[0].partition("%")[0])
            local = link.local(address) if link is not None else None
            if link is not None and local is not None and to == self.address.packed and source[1]:
                return Peer(link, address, source[1], local)
        return None
