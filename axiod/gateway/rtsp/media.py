# SPDX-License-Identifier: Apache-2.0
"""How the stream reaches a client: RTP in datagrams, or in frames of the RTSP connection."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import socket
import struct
import time
from typing import TYPE_CHECKING, Protocol

from axiod.gateway.rtsp.message import PAYLOAD_TYPE

if TYPE_CHECKING:
    from collections.abc import Callable

LARGEST = 65_000
"""A document that is longer fits into no datagram and into no frame."""
_MARKER = 0x80
_VERSION = 0x80
_PACED = 16
_PACE_SECONDS = 0.01
"""So many datagrams are sent in a row, and then none for so long: a client that is busy loses what its socket cannot
take, and the first states come all at once."""
_TRIES = 16


class Media(Protocol):
    """A way to a client."""

    @property
    def transport(self) -> str:
        """What the header Transport of the answer says."""

    @property
    def kind(self) -> str:
        """For people: udp or tcp."""

    async def send(self, packet: bytes) -> None:
        """Send one packet; raises OSError when the client is gone."""

    def close(self) -> None:
        """Let go of it."""


class Packets:
    """Makes RTP packets (RFC 3550), each a whole document."""

    def __init__(self) -> None:
        self.ssrc = secrets.randbits(32)
        self.sequence = secrets.randbits(16)
        """That of the next packet."""
        self._begin = secrets.randbits(32)

    @property
    def time(self) -> int:
        """The time of the stream now, in 1/90000 s."""
        return (self._begin + time.monotonic_ns() * 9 // 100_000) & 0xFFFFFFFF

    def packet(self, document: bytes) -> bytes:
        """Return the next packet. The marker says that the document ends with it."""
        head = struct.pack("!BBHII", _VERSION, _MARKER | PAYLOAD_TYPE, self.sequence, self.time, self.ssrc)
        self.sequence = (self.sequence + 1) & 0xFFFF
        return head + document


class Interleaved:
    """Frames within the RTSP connection."""

    kind = "tcp"

    def __init__(self, writer: asyncio.StreamWriter, channels: tuple[int, int], ssrc: int) -> None:
        self._writer = writer
        self._channel = channels[0]
        self.transport = f"RTP/AVP/TCP;unicast;interleaved={channels[0]}-{channels[1]};ssrc={ssrc:08X};mode=PLAY"

    async def send(self, packet: bytes) -> None:
        """See Media."""
        self._writer.write(struct.pack("!cBH", b"$", self._channel, len(packet)) + packet)
        await self._writer.drain()

    def close(self) -> None:
        """See Media."""


class Datagrams:
    """Datagrams to the address that the RTSP connection comes from, and to no other."""

    kind = "udp"

    def __init__(self, connection: socket.socket, ports: tuple[int, int], ssrc: int, alive: Callable[[], None]) -> None:
        """`ports`: the client's, for RTP and RTCP. `alive` is called when RTCP comes from it. Raises OSError."""
        self._loop = asyncio.get_running_loop()
        self._alive = alive
        self._sent = 0
        here, there = connection.getsockname(), connection.getpeername()
        self._rtp, self._rtcp = _pair(connection.family, here)
        try:
            self._rtp.connect((there[0], ports[0], *there[2:]))
            self._rtcp.connect((there[0], ports[1], *there[2:]))
        except OSError:
            self._rtp.close()
            self._rtcp.close()
            raise
        self._loop.add_reader(self._rtcp, self._heard)
        mine = self._rtp.getsockname()[1], self._rtcp.getsockname()[1]
        self.transport = (
            f"RTP/AVP;unicast;client_port={ports[0]}-{ports[1]};server_port={mine[0]}-{mine[1]};"
            f"ssrc={ssrc:08X};mode=PLAY"
        )

    async def send(self, packet: bytes) -> None:
        """See Media. Whether the client is there is seen by its RTSP connection, so no failure counts here."""
        # A refusal is of the packet before, and this one was not sent then.
        for _ in range(2):
            try:
                await self._loop.sock_sendall(self._rtp, packet)
            except ConnectionRefusedError:
                continue
            except OSError:
                pass
            break
        self._sent += 1
        if self._sent % _PACED == 0:
            await asyncio.sleep(_PACE_SECONDS)

    def close(self) -> None:
        """See Media."""
        self._loop.remove_reader(self._rtcp)
        self._rtp.close()
        self._rtcp.close()

    def _heard(self) -> None:
        with contextlib.suppress(OSError):
            self._rtcp.recv(2048)
            self._alive()


def _pair(family: int, address: tuple[str, int]) -> tuple[socket.socket, socket.socket]:
    """Return sockets at two ports in a row at an address, the first one even if possible; raises OSError."""
    for left in reversed(range(_TRIES)):
        first = _bound(family, (address[0], 0, *address[2:]))
        port = first.getsockname()[1]
        try:
            if port % 2 == 0 or left == 0:
                return first, _bound(family, (address[0], port + 1, *address[2:]))
        except (OSError, OverflowError):
            if left == 0:
                first.close()
                raise
        first.close()
    raise OSError("there are no two ports in a row")


def _bound(family: int, address: tuple[str | int, ...]) -> socket.socket:
    sock = socket.socket(family, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC)
    try:
        sock.bind(address)
    except BaseException:
        sock.close()
        raise
    return sock
