# SPDX-License-Identifier: Apache-2.0
"""What the tests of sending share: jobs, and peers of other makers, each in a folder and on a port of its own."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from axiod.events import recipient
from axiod.events.sending.failure import SendFailed
from axiod.events.sending.job import Job, Patience
from axiod.events.sending.message import File, Notification
from axiod.events.sending.postman import Postman
from tests.conftest import until

if TYPE_CHECKING:
    from collections.abc import Iterator

PATIENCE = Patience(connect=5.0, silence=5.0)
HASTE = Patience(connect=0.3, silence=0.3)
"""For servers that never answer."""


@pytest.fixture
def postman() -> Iterator[Postman]:
    made = Postman()
    yield made
    made.close()


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder of a test that other users may enter."""
    path = Path(tempfile.mkdtemp(prefix="axiod-"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path)


def job(
    type_: str,
    fields: dict[str, Any],
    what: Notification | File | str = "the gate is open",
    patience: Patience = PATIENCE,
    *,
    keep: bool = True,
    **secrets: str,
) -> Job:
    """Return a job; a text is a notification."""
    if isinstance(what, str):
        what = Notification(message=what)
    made = recipient.new("1", "R", type_, fields)
    return Job(made, what, secrets, 17, 1_700_000_000_000_000, "gatehouse", keep, patience)


async def failure(postman: Postman, what: Job) -> SendFailed:
    """Return why something is not sent; no secret stands in it."""
    try:
        await postman.send(what)
    except SendFailed as error:
        text = str(error)
        assert "\n" not in text
        assert not any(secret in text for secret in what.secrets.values() if secret)
        return error
    raise AssertionError("it was sent")


def free_port(host: str = "127.0.0.1") -> int:
    """Return a port that nobody listens on."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as found:
        found.bind((host, 0))
        port: int = found.getsockname()[1]
        return port


def listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


@contextlib.contextmanager
def program(log: Path, *command: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run a program until the end of the block; it writes its log. Some signal their whole group when they end."""
    with log.open("wb") as out:
        process = subprocess.Popen(
            command, stdout=out, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, start_new_session=True
        )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


async def up(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    """Wait until a program listens."""

    def ready() -> bool:
        assert process.poll() is None, log.read_text(errors="replace")
        return listens(port)

    await until(ready)


def needs(name: str) -> str:
    """Return where a program is; skips where it is not installed."""
    found = shutil.which(name, path="/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")
    if found is None:
        pytest.skip(f"{name} is not installed")
    return found


class Mute:
    """A server that takes connections, says what it was told to, and then either hangs or closes."""

    def __init__(self, says: bytes = b"", *, closes: bool = False) -> None:
        self._says, self._closes = says, closes
        self.port = 0
        self.got = b""
        self.ended = False
        self._server: asyncio.Server | None = None
        self._writers: list[asyncio.StreamWriter] = []

    async def __aenter__(self) -> Mute:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server
        self._server.close()
        for writer in self._writers:
            writer.transport.abort()
        await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.append(writer)
        with contextlib.suppress(OSError):
            writer.write(self._says)
            await writer.drain()
            if self._closes:
                writer.close()
                return
            while said := await reader.read(4096):
                self.got += said
        self.ended = True


def certificate(folder: Path, name: str = "localhost") -> tuple[Path, Path]:
    """Have openssl make a key and a certificate that is its own CA, for a name and 127.0.0.1."""
    key, crt = folder / f"{name}.key", folder / f"{name}.crt"
    address = ",IP:127.0.0.1" if name == "localhost" else ""
    command = [
        "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
        "-subj", f"/CN={name}", "-addext", f"subjectAltName=DNS:{name}{address}", "-keyout", str(key), "-out", str(crt),
    ]  # fmt: skip
    subprocess.run(command, check=True, capture_output=True)
    return key, crt
