# SPDX-License-Identifier: Apache-2.0
"""The listening sockets: those that systemd hands over, and our own for ports that it has none for.

What listens where can change at any time; connections that were accepted do not notice. A socket of systemd whose port
is not wanted now accepts and resets, because it is not ours to close, and a client must not be left hanging.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import logging
import os
import socket
import struct
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from systemd import daemon

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

_log = logging.getLogger(__name__)

_BACKLOG = 128
_AT_ONCE = 32
"""So many connections are accepted before others get their turn."""
_NO_MORE_SECONDS = 0.5
"""Accepting rests so long when there is no descriptor or memory left."""
EVERYWHERE = ("::", "0.0.0.0")  # noqa: S104 # a device on a network


@dataclass(slots=True, eq=False)
class _Bound:
    """The sockets of one port."""

    port: int
    sockets: list[socket.socket]
    ours: bool
    """We made them, and close them; else systemd did."""
    kind: str | None = None
    """http, https or rtsp; None: nobody is wanted here."""


@dataclass(slots=True)
class Listening:
    """Listens where it is wanted, and hands over who comes."""

    take: Callable[[str, socket.socket], None]
    """Called with http, https or rtsp and each new connection; it must not wait."""
    addresses: tuple[str, ...] = ()
    """Where our own sockets listen; empty: everywhere."""
    _bound: list[_Bound] = field(default_factory=list)
    _asked: dict[str, int] = field(default_factory=dict)

    def inherit(self, sockets: Iterable[socket.socket]) -> None:
        """Take sockets of systemd. Who comes waits until want() says for the first time what is wanted where."""
        by_port: dict[int, list[socket.socket]] = {}
        for item in sockets:
            item.settimeout(0)
            by_port.setdefault(item.getsockname()[1], []).append(item)
        for port, found in by_port.items():
            self._bound.append(_Bound(port, found, ours=False))

    def want(self, wanted: Mapping[str, int]) -> list[str]:
        """Listen at these ports, by kind, and at no others; port 0 is any that is free.

        Returns a sentence for each that cannot be had; the kind stays where it was before then.
        """
        problems: list[str] = []
        found: dict[str, _Bound] = {}
        for kind, port in wanted.items():
            bound = next((b for b in self._bound if b.port == port and port), None)
            if bound is None and port == 0 == self._asked.get(kind):
                bound = self._of(kind)
            if bound is None:
                try:
                    bound = self._bind(port)
                except OSError as error:
                    why = error.strerror or str(error)
                    problems.append(f"{kind} cannot listen at port {port}: {why}")
                    bound = self._of(kind)
                    if bound is None or bound.port in wanted.values():
                        continue
            found[kind] = bound
        for bound in list(self._bound):
            bound.kind = next((kind for kind, item in found.items() if item is bound), None)
            if bound.kind is None and bound.ours:
                self._close(bound)
            else:
                self._read(bound)
        self._asked = dict(wanted)
        return problems

    def where(self) -> dict[str, list[str]]:
        """Return address:port of all that listens, by kind."""
        return {bound.kind: [_text(item) for item in bound.sockets] for bound in self._bound if bound.kind is not None}

    def close(self) -> None:
        """Accept nobody any more. What waits at a socket of systemd waits for the next start."""
        for bound in list(self._bound):
            self._close(bound)

    def _of(self, kind: str) -> _Bound | None:
        return next((bound for bound in self._bound if bound.kind == kind), None)

    def _bind(self, port: int) -> _Bound:
        made: list[socket.socket] = []
        try:
            for address in self.addresses or EVERYWHERE:
                try:
                    # The second address gets the port that was free for the first.
                    item = _listener(address, port or (made[0].getsockname()[1] if made else 0), not self.addresses)
                except OSError as error:
                    # One socket serves both protocols, where there are both.
                    if self.addresses or error.errno not in (errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL):
                        raise
                    continue
                made.append(item)
                if not self.addresses:
                    break
        except OSError:
            for item in made:
                item.close()
            raise
        if not made:
            raise OSError(errno.EADDRNOTAVAIL, "there is no such address here")
        bound = _Bound(made[0].getsockname()[1], made, ours=True)
        self._add(bound)
        return bound

    def _add(self, bound: _Bound) -> None:
        self._bound.append(bound)
        self._read(bound)

    def _read(self, bound: _Bound) -> None:
        for item in bound.sockets:
            asyncio.get_running_loop().add_reader(item.fileno(), self._accept, bound, item)

    def _close(self, bound: _Bound) -> None:
        self._bound.remove(bound)
        for item in bound.sockets:
            asyncio.get_running_loop().remove_reader(item.fileno())
            item.close()

    def _accept(self, bound: _Bound, listener: socket.socket) -> None:
        for _ in range(_AT_ONCE):
            try:
                connection, _ = listener.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError as error:
                _log.error("no connection can be accepted: %s", error.strerror or error)
                loop = asyncio.get_running_loop()
                loop.remove_reader(listener.fileno())
                loop.call_later(_NO_MORE_SECONDS, self._again, bound, listener)
                return
            if bound.kind is None:
                reset(connection)
                continue
            connection.settimeout(0)
            self.take(bound.kind, connection)

    def _again(self, bound: _Bound, listener: socket.socket) -> None:
        if bound in self._bound:
            asyncio.get_running_loop().add_reader(listener.fileno(), self._accept, bound, listener)


def _listener(address: str, port: int, both: bool) -> socket.socket:
    family, _, _, _, name = socket.getaddrinfo(
        address, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST | socket.AI_PASSIVE
    )[0]
    item = socket.socket(family, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
    try:
        item.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            item.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, not both)
        item.bind(name)
        item.listen(_BACKLOG)
    except OSError:
        item.close()
        raise
    return item


def _text(item: socket.socket) -> str:
    host, port = item.getsockname()[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def reset(connection: socket.socket) -> None:
    """Close a connection so that the other side sees at once that nobody is there."""
    with contextlib.suppress(OSError):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def inherited() -> list[socket.socket]:
    """Return the listening sockets that systemd handed over (sd_listen_fds(3))."""
    found = []
    for fd in daemon.listen_fds_with_names(unset_environment=True):
        os.set_inheritable(fd, False)  # noqa: FBT003 # the standard library's signature
        if daemon.is_socket_inet(fd, type=socket.SOCK_STREAM, listening=True):
            found.append(socket.socket(fileno=fd))
        else:
            _log.error("descriptor %d, which systemd handed over, is no listening TCP socket", fd)
            os.close(fd)
    return found
