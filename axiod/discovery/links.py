# SPDX-License-Identifier: Apache-2.0
"""The links of this machine and its addresses on them, asked of the kernel (rtnetlink(7)) and followed."""

from __future__ import annotations

import asyncio
import logging
import socket
import struct
from dataclasses import dataclass
from ipaddress import IPv4Interface, IPv6Interface, ip_interface
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from axiod.discovery.model import Address

_log = logging.getLogger(__name__)

_GROUPS = 0x1 | 0x10 | 0x100
"""RTMGRP_LINK, RTMGRP_IPV4_IFADDR, RTMGRP_IPV6_IFADDR"""
_NEW_LINK, _GET_LINK, _NEW_ADDRESS, _GET_ADDRESS = 16, 18, 20, 22
_REQUEST_DUMP = 0x301
_ERROR, _DONE = 2, 3
_HEADER = struct.Struct("=IHHII")
_LINK = struct.Struct("=BxHiII")
_ADDRESS = struct.Struct("=BBBBI")
_ATTRIBUTE = struct.Struct("=HH")
_IFLA_IFNAME = 3
_IFA_ADDRESS, _IFA_LOCAL, _IFA_FLAGS = 1, 2, 8
_UP, _LOOPBACK, _POINT_TO_POINT, _MULTICAST = 0x1, 0x8, 0x10, 0x1000
_TEMPORARY, _DUPLICATE, _DEPRECATED, _TENTATIVE = 0x01, 0x08, 0x20, 0x40
_ETHERNET = 1
_SECONDS = 2.0
_SETTLE_SECONDS = 0.2
"""Changes come in bursts: a link comes up, gets one address and then another."""


@dataclass(frozen=True, slots=True)
class Link:
    """One link on which this device can be found."""

    index: int
    name: str
    addresses: tuple[IPv4Interface | IPv6Interface, ...]

    def local(self, peer: Address) -> Address | None:
        """Return the own address in the network of a peer; None for one who is not on this link."""
        for own in self.addresses:
            if own.version == peer.version and peer in own.network:
                return own.ip
        return None

    def of(self, version: int) -> list[Address]:
        """Return the own addresses of an IP version, those first that mean the same everywhere."""
        return sorted((own.ip for own in self.addresses if own.version == version), key=lambda one: one.is_link_local)


def present() -> list[Link]:
    """Return the links that are up and have an address; raises OSError."""
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, socket.NETLINK_ROUTE) as kernel:
        kernel.settimeout(_SECONDS)
        kernel.bind((0, 0))
        names = dict(filter(None, map(_link, _dump(kernel, _GET_LINK, _NEW_LINK))))
        addresses: dict[int, list[IPv4Interface | IPv6Interface]] = {}
        for found in filter(None, map(_address, _dump(kernel, _GET_ADDRESS, _NEW_ADDRESS))):
            addresses.setdefault(found[0], []).append(found[1])
    return [
        Link(index, name, tuple(sorted(addresses[index], key=lambda one: (one.version, one.ip.packed))))
        for index, name in sorted(names.items())
        if index in addresses
    ]


def _dump(kernel: socket.socket, question: int, kind: int) -> Iterator[bytes]:
    """Yield the messages of one kind that answer a question."""
    kernel.send(_HEADER.pack(_HEADER.size + 1, question, _REQUEST_DUMP, 1, 0) + bytes(1))
    while True:
        data = kernel.recv(1 << 16)
        while data:
            length, got, _flags, _sequence, _port = _HEADER.unpack_from(data)
            if got == _DONE:
                return
            if got == _ERROR:
                number = -struct.unpack_from("=i", data, _HEADER.size)[0]
                raise OSError(number, "the kernel does not tell its links")
            if got == kind:
                yield data[_HEADER.size : length]
            data = data[(length + 3) & ~3 :]


def _attributes(data: bytes) -> dict[int, bytes]:
    found = {}
    while len(data) >= _ATTRIBUTE.size:
        length, kind = _ATTRIBUTE.unpack_from(data)
        if length < _ATTRIBUTE.size:
            break
        found[kind] = data[_ATTRIBUTE.size : length]
        data = data[(length + 3) & ~3 :]
    return found


def _link(data: bytes) -> tuple[int, str] | None:
    _family, kind, index, flags, _change = _LINK.unpack_from(data)
    if kind != _ETHERNET or flags & (_LOOPBACK | _POINT_TO_POINT) or flags & (wanted := _UP | _MULTICAST) != wanted:
        return None
    name = _attributes(data[_LINK.size :])[_IFLA_IFNAME]
    return index, name.rstrip(b"\0").decode(errors="replace")


def _address(data: bytes) -> tuple[int, IPv4Interface | IPv6Interface] | None:
    family, prefix, flags, _scope, index = _ADDRESS.unpack_from(data)
    attributes = _attributes(data[_ADDRESS.size :])
    if _IFA_FLAGS in attributes:
        flags = struct.unpack("=I", attributes[_IFA_FLAGS])[0]
    own = attributes.get(_IFA_LOCAL) or attributes.get(_IFA_ADDRESS)
    # An address that is temporary is there for not being known.
    if family not in (socket.AF_INET, socket.AF_INET6) or own is None:
        return None
    if flags & (_DUPLICATE | _DEPRECATED | _TENTATIVE) or (family == socket.AF_INET6 and flags & _TEMPORARY):
        return None
    return index, ip_interface((own, prefix))


class Links:
    """The links as they are, and a call whenever they changed."""

    def __init__(self, changed: Callable[[list[Link]], None]) -> None:
        """Begin to follow; raises OSError."""
        self._changed = changed
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        kind = socket.SOCK_RAW | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK
        self._news = socket.socket(socket.AF_NETLINK, kind, socket.NETLINK_ROUTE)
        self._news.bind((0, _GROUPS))
        self.present = present()
        self._loop.add_reader(self._news, self._heard)

    def close(self) -> None:
        """Follow no more."""
        if self._timer is not None:
            self._timer.cancel()
        self._loop.remove_reader(self._news)
        self._news.close()

    def _heard(self) -> None:
        try:
            while True:
                self._news.recv(1 << 16)
        except BlockingIOError:
            pass
        except OSError:  # more changed than the socket could hold: what there is now is asked for anyway
            pass
        if self._timer is None:
            self._timer = self._loop.call_later(_SETTLE_SECONDS, self._look)

    def _look(self) -> None:
        self._timer = None
        try:
            found = present()
        except OSError as error:
            _log.warning("what has changed of the network is not known: %s", error)
            return
        if found != self.present:
            self.present = found
            self._changed(found)
