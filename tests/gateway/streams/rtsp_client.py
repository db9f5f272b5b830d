# SPDX-License-Identifier: Apache-2.0
"""A client of RTSP that does nothing by itself: each request is written out, each answer and packet looked at."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import re
import socket
import struct
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.conftest import until
from tests.gateway.web_device import PASSWORD

if TYPE_CHECKING:
    from collections.abc import Mapping

TT = "{http://www.onvif.org/ver10/schema}"
WSNT = "{http://docs.oasis-open.org/wsn/b-2}"
MEDIA = "/axis-media/media.amp?video=0&audio=0&event=on"


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer."""

    status: int
    headers: Mapping[str, str]
    body: str


@dataclass(frozen=True, slots=True)
class Told:
    """One notification."""

    topic: str
    operation: str
    source: dict[str, str]
    data: dict[str, str]
    marker: bool
    sequence: int
    size: int

    @classmethod
    def read(cls, packet: bytes) -> Told:
        """Take an RTP packet to pieces; it must hold one whole document with one notification."""
        first, second, sequence, _, _ = struct.unpack("!BBHII", packet[:12])
        assert first == 0x80
        assert second & 0x7F == 98
        [event] = ElementTree.fromstring(packet[12:])
        [notification] = event
        topic = notification.find(f"{WSNT}Topic")
        message = notification.find(f"{WSNT}Message/{TT}Message")
        assert topic is not None
        assert message is not None
        assert topic.get("Dialect")
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", message.attrib["UtcTime"])
        items = {
            part: {item.attrib["Name"]: item.attrib["Value"] for item in message.findall(f"{TT}{part}/{TT}SimpleItem")}
            for part in ("Source", "Data")
        }
        return cls(
            topic.text or "", message.attrib.get("PropertyOperation", ""), items["Source"], items["Data"],
            bool(second & 0x80), sequence, len(packet),
        )  # fmt: skip


@dataclass
class RtspClient:
    """One connection."""

    port: int
    user: str = "viewer"
    password: str = PASSWORD
    host: str = "127.0.0.1"
    query: str = MEDIA
    told: list[Told] = field(default_factory=list)
    cseq: int = 0
    session: str = ""
    challenge: str = ""
    datagrams: socket.socket | None = None
    reading: asyncio.Task[None] | None = None

    @property
    def url(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"rtsp://{host}:{self.port}{self.query}"

    async def open(self) -> RtspClient:
        """Connect."""
        self.reader, self.writer = await asyncio.open_connection(self.host, self.port, limit=1 << 20)
        return self

    def leave_udp(self) -> None:
        """Let go of the port that the stream comes to."""
        if self.datagrams is not None:
            asyncio.get_running_loop().remove_reader(self.datagrams)
            self.datagrams.close()
            self.datagrams = None

    @property
    def ended(self) -> bool:
        """The device has ended an interleaved stream."""
        return self.reading is not None and self.reading.done()

    async def close(self) -> None:
        """End the connection; nothing happens when it has ended."""
        if self.reading is not None:
            self.reading.cancel()
            await asyncio.gather(self.reading, return_exceptions=True)
        self.leave_udp()
        if hasattr(self, "writer"):
            self.writer.transport.abort()
            with contextlib.suppress(ConnectionError):
                await self.writer.wait_closed()

    async def ask(self, method: str, url: str = "", **headers: str) -> Reply:
        """Send a request and return its answer; what streams meanwhile is put down."""
        self.cseq += 1
        lines = [f"{method} {url or self.url} RTSP/1.0", f"CSeq: {self.cseq}"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        self.writer.write("\r\n".join([*lines, "", ""]).encode())
        reply = await self.reply()
        assert reply.headers["CSeq"] == str(self.cseq)
        return reply

    async def reply(self) -> Reply:
        """Return the next answer; packets before it are put down."""
        async with asyncio.timeout(10):
            while True:
                first = await self.reader.readexactly(1)
                if first != b"$":
                    break
                self._take(await self._frame())
            head = (first + await self.reader.readuntil(b"\r\n\r\n")).decode().removesuffix("\r\n\r\n")
            status, *lines = head.split("\r\n")
            headers = dict(line.split(": ", 1) for line in lines)
            assert len(headers) == len(lines), "a header stands twice"
            body = (await self.reader.readexactly(int(headers.get("Content-Length", "0")))).decode()
        assert status.startswith("RTSP/1.0 ")
        return Reply(int(status.split(" ")[1]), headers, body)

    async def _frame(self) -> bytes:
        channel, length = struct.unpack("!BH", await self.reader.readexactly(3))
        assert channel == 0
        return await self.reader.readexactly(length)

    async def packet(self) -> Told:
        """Wait for the next packet of an interleaved stream."""
        async with asyncio.timeout(10):
            assert await self.reader.readexactly(1) == b"$"
            self._take(await self._frame())
        return self.told[-1]

    def _take(self, packet: bytes) -> None:
        self.told.append(Told.read(packet))

    def digest(self, method: str, uri: str = "") -> str:
        """Return an answer to the challenge, as RFC 2069 has it."""
        realm, nonce = re.findall(r'"([^"]*)"', self.challenge)[:2]

        def h(*parts: str) -> str:
            return hashlib.md5(":".join(parts).encode()).hexdigest()

        uri = uri or self.url
        response = h(h(self.user, realm, self.password), nonce, h(method, uri))
        return (
            f'Digest username="{self.user}", realm="{realm}", algorithm="MD5", nonce="{nonce}", uri="{uri}", '
            f'response="{response}"'
        )

    async def describe(self) -> Reply:
        """Log in."""
        reply = await self.ask("DESCRIBE", Accept="application/sdp")
        assert reply.status == 401
        self.challenge = reply.headers["WWW-Authenticate"]
        return await self.ask("DESCRIBE", Accept="application/sdp", Authorization=self.digest("DESCRIBE"))

    async def setup(self, transport: str) -> Reply:
        """Log in and set a transport up."""
        described = await self.describe()
        assert described.status == 200, described
        control = re.search(r"m=application.*?a=control:(\S+)", described.body, re.DOTALL)
        assert control
        reply = await self.ask("SETUP", control[1], Transport=transport, Authorization=self.digest("SETUP"))
        if reply.status == 200:
            self.session = reply.headers["Session"].split(";")[0]
        return reply

    async def play(self, *, udp: bool = True) -> RtspClient:
        """Do all that is needed until the stream runs."""
        await self.open()
        transport = "RTP/AVP/TCP;unicast;interleaved=0-1"
        if udp:
            self.datagrams = sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
            sock.bind((self.host, 0))
            asyncio.get_running_loop().add_reader(sock, lambda: self._take(sock.recv(65536)))
            port = sock.getsockname()[1]
            transport = f"RTP/AVP;unicast;client_port={port}-{port + 1 if port < 65535 else port - 1}"
        assert (await self.setup(transport)).status == 200
        reply = await self.ask("PLAY", Session=self.session, Authorization=self.digest("PLAY"))
        assert reply.status == 200
        if not udp:
            self.reading = asyncio.create_task(self._read())
        return self

    async def _read(self) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while await self.reader.readexactly(1) == b"$":
                self._take(await self._frame())

    def of(self, topic: str, **source: str) -> list[Told]:
        """Return what was told of a topic whose end is given."""
        return [told for told in self.told if told.topic.endswith(topic) and source.items() <= told.source.items()]

    async def hears(self, topic: str, operation: str, value: str, **source: str) -> Told:
        """Wait until something is told."""

        def found() -> list[Told]:
            return [
                told
                for told in self.of(topic, **source)
                if told.operation == operation and next(iter(told.data.values())) == value
            ]

        return (await until(found))[-1]
