# SPDX-License-Identifier: Apache-2.0
"""Independent peers of the MQTT client: mosquitto and its command line clients, certificates of openssl, proxies."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import signal
import socket
import ssl
import subprocess
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.conftest import until

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path


def free_port() -> int:
    """Return a port of 127.0.0.1 that nobody has.

    Not one that the kernel gives to connections: a broker that is started again must find it free.
    """
    while True:
        port = random.randrange(20_000, 32_000)
        with socket.socket() as found, contextlib.suppress(OSError):
            found.bind(("127.0.0.1", port))
            return port


@dataclass(frozen=True, slots=True)
class Pki:
    """Certificates of one authority, and of another one, as PEM files."""

    folder: Path

    @classmethod
    def make(cls, folder: Path) -> Pki:
        """Make them with openssl."""
        made = cls(folder)
        for authority in ("ca", "other"):
            made._openssl(
                "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "30",
                "-subj", f"/CN=axiod test {authority}", "-addext", "keyUsage=critical,keyCertSign",
                "-keyout", f"{authority}.key", "-out", f"{authority}.pem",
            )  # fmt: skip
        made._sign("server", "subjectAltName=IP:127.0.0.1,DNS:localhost")
        made._sign("misnamed", "subjectAltName=DNS:elsewhere.example")
        made._sign("client", "extendedKeyUsage=clientAuth")
        made._openssl(
            "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "30",
            "-subj", "/CN=self", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", "self.key", "-out", "self.pem",
        )  # fmt: skip
        return made

    def _sign(self, name: str, extension: str) -> None:
        self._openssl(
            "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "30",
            "-subj", f"/CN={name}", "-CA", "ca.pem", "-CAkey", "ca.key",
            "-addext", "basicConstraints=critical,CA:FALSE", "-addext", extension,
            "-keyout", f"{name}.key", "-out", f"{name}.pem",
        )  # fmt: skip

    def _openssl(self, *arguments: str) -> None:
        subprocess.run(["openssl", *arguments], cwd=self.folder, check=True, capture_output=True)

    def text(self, name: str) -> str:
        """Return a file."""
        return (self.folder / name).read_text()


class Broker:
    """mosquitto in a folder of its own, on a port that stays the same when it is restarted."""

    def __init__(self, folder: Path, *listeners: str, options: str = "") -> None:
        """`listeners`: lines of the configuration after each "listener PORT"; one without any is plain TCP."""
        self.folder = folder
        self.ports = [free_port() for _ in listeners or ("",)]
        self._process: subprocess.Popen[bytes] | None = None
        lines = [
            "user root" if os.geteuid() == 0 else "",
            "per_listener_settings false",
            "allow_anonymous true" if "allow_anonymous" not in options else "",
            "log_type all",
            "log_dest stderr",
            "max_queued_messages 100000",
            options,
        ]
        for port, more in zip(self.ports, listeners or ("",), strict=True):
            lines += [f"listener {port} 127.0.0.1", more]
        (folder / "broker.conf").write_text("\n".join(lines) + "\n")

    @property
    def port(self) -> int:
        """The first one."""
        return self.ports[0]

    @property
    def log(self) -> str:
        """What it wrote since it was started for the first time."""
        return (self.folder / "broker.log").read_text(errors="replace")

    async def start(self) -> None:
        """Start it, and wait until it listens."""
        with (self.folder / "broker.log").open("ab") as log:
            self._process = subprocess.Popen(  # noqa: ASYNC220 # it waits for nothing
                ["mosquitto", "-c", str(self.folder / "broker.conf")], stdout=log, stderr=log, cwd=self.folder
            )
        await until(lambda: all(_listens(port) for port in self.ports))

    def kill(self) -> None:
        """End it at once."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """Ask it to end; it stores what it has to, if it is configured so."""
        self._end(signal.SIGTERM)

    def freeze(self) -> None:
        """Make it stand still."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def _end(self, number: int) -> None:
        if self._process is not None:
            self._process.send_signal(number)
            self._process.send_signal(signal.SIGCONT)
            self._process.wait()
            self._process = None


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@dataclass(slots=True)
class Reader:
    """mosquitto_sub: what a broker gives to a subscriber."""

    process: asyncio.subprocess.Process
    lines: list[str] = field(default_factory=list)
    """"QOS RETAIN TOPIC PAYLOAD" of each message."""
    task: asyncio.Task[None] | None = None

    @property
    def payloads(self) -> list[str]:
        """The payload of each message."""
        return [line.split(" ", 3)[3] for line in self.lines]

    def on(self, topic: str) -> list[str]:
        """Return the payload of each message on a topic."""
        return [parts[3] for line in self.lines if (parts := line.split(" ", 3))[2] == topic]

    async def close(self) -> None:
        """End it."""
        if self.process.returncode is None:
            self.process.terminate()
        await self.process.wait()
        if self.task is not None:
            await self.task
        self.process._transport.close()  # type: ignore[attr-defined] # asyncio has no other way


async def read_from(broker: Broker, *topics: str, id_: str = "reader", options: tuple[str, ...] = ()) -> Reader:
    """Start mosquitto_sub, and wait until it is subscribed. It connects again by itself."""
    before = broker.log.count(f"Sending SUBACK to {id_}")
    filters = [argument for topic in topics for argument in ("-t", topic)]
    process = await asyncio.create_subprocess_exec(
        "mosquitto_sub", "-h", "127.0.0.1", "-p", str(broker.port), "-i", id_, "-q", "2", "-F", "%q %r %t %p",
        *options, *filters,
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, limit=1 << 22,
    )  # fmt: skip
    reader = Reader(process)

    async def read() -> None:
        assert process.stdout is not None
        async for line in process.stdout:
            reader.lines.append(line.decode(errors="replace").rstrip("\n"))

    reader.task = asyncio.create_task(read())
    await until(lambda: broker.log.count(f"Sending SUBACK to {id_}") > before)
    return reader


async def publish(broker: Broker, topic: str, payload: str, *options: str) -> None:
    """Publish with mosquitto_pub."""
    process = await asyncio.create_subprocess_exec(
        "mosquitto_pub", "-h", "127.0.0.1", "-p", str(broker.port), "-t", topic, "-m", payload, "-q", "1", *options
    )
    assert await process.wait() == 0


async def throw_out(port: int, id_: str) -> None:
    """Connect with the id of another client, which a broker throws out for that."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    body = b"\x00\x04MQTT\x04\x02\x00\x00" + len(id_).to_bytes(2, "big") + id_.encode()
    writer.write(bytes([0x10, len(body)]) + body)
    assert (await reader.readexactly(4))[3] == 0
    writer.transport.abort()


async def _pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(4096):
            writer.write(data)
            await writer.drain()
    writer.close()


@dataclass(slots=True)
class Front:
    """Something that stands before a broker: a proxy, or a TLS front that looks at ALPN."""

    server: asyncio.Server
    port: int
    seen: list[str] = field(default_factory=list)
    tasks: set[asyncio.Task[None]] = field(default_factory=set)

    async def close(self) -> None:
        """End it with all its connections."""
        self.server.close()
        for task in self.tasks:
            task.cancel()
        if self.tasks:
            await asyncio.wait(self.tasks)


Serve = "Callable[[Front, asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]"


async def front(
    serve: Callable[[Front, asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]],
    tls: ssl.SSLContext | None = None,
) -> Front:
    """Listen on a port; `serve` handles each connection."""
    found: list[Front] = []

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        found[0].tasks.add(task)
        try:
            with contextlib.suppress(OSError, asyncio.CancelledError):
                await serve(found[0], reader, writer)
        finally:
            found[0].tasks.discard(task)
            writer.transport.abort()

    server = await asyncio.start_server(connected, "127.0.0.1", 0, ssl=tls)
    found.append(Front(server, server.sockets[0].getsockname()[1]))
    return found[0]


async def relay(port: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Pass everything on to a port and back."""
    far_reader, far_writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        await asyncio.gather(_pipe(reader, far_writer), _pipe(far_reader, writer))
    finally:
        far_writer.transport.abort()


async def alpn_front(pki: Pki, port: int, protocol: str) -> Front:
    """A TLS front that passes on only who asks for an ALPN protocol, as those of cloud brokers on port 443."""
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(pki.folder / "server.pem", pki.folder / "server.key")
    tls.set_alpn_protocols([protocol])

    async def serve(found: Front, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        chosen = writer.get_extra_info("ssl_object").selected_alpn_protocol()
        found.seen.append(str(chosen))
        if chosen == protocol:
            await relay(port, reader, writer)

    return await front(serve, tls)


async def proxy(answer: str = "HTTP/1.1 200 Connection established") -> Front:
    """An HTTP proxy that knows CONNECT; `seen` has the requests."""

    async def serve(found: Front, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        found.seen.append(head)
        writer.write(f"{answer}\r\n\r\n".encode())
        if " 200 " in answer:
            await relay(int(head.split()[1].rpartition(":")[2]), reader, writer)

    return await front(serve)
