# SPDX-License-Identifier: Apache-2.0
"""FTP, passive and active, with pyftpdlib as the server, and servers that fail."""

from __future__ import annotations

import asyncio
import gc
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from axiod.events.sending.message import File, file_name
from tests.conftest import until
from tests.events.sending.conftest import HASTE, Mute, failure, free_port, job, program, up
from tests.runtime.small_disk import small_disk

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from axiod.events.sending.postman import Postman

SERVER = """
import sys
from pyftpdlib.authorizers import DummyAuthorizer
from pyftpdlib.handlers import FTPHandler
from pyftpdlib.servers import FTPServer
port, folder, refused = int(sys.argv[1]), sys.argv[2], sys.argv[3].split(",")
who = DummyAuthorizer()
who.add_user("joe", "pass word", folder, perm="elradfmwMT")
who.add_user("reader", "pass word", folder, perm="elr")
who.add_anonymous(folder, perm="elradfmw")
class Handler(FTPHandler):
    authorizer = who
    proto_cmds = {name: what for name, what in FTPHandler.proto_cmds.items() if name not in refused}
    def on_file_received(self, file):
        print("received", file, flush=True)
    def ftp_RNTO(self, path):
        print("renamed to", path, flush=True)
        return super().ftp_RNTO(path)
FTPServer(("127.0.0.1", port), Handler).serve_forever()
"""
CONTENT = bytes(range(256)) * 400
NAME = "event-log_20260101T000000_000017.csv"


class Ftp:
    def __init__(self, folder: Path, port: int) -> None:
        self.folder, self.port = folder, port

    def fields(self, **more: Any) -> dict[str, Any]:
        return {"Host": "127.0.0.1", "Port": self.port, "Username": "joe", **more}

    @property
    def files(self) -> dict[str, int]:
        return {str(path.relative_to(self.folder)): path.stat().st_size for path in self.folder.rglob("*.*")}


@contextmanager
def ftp(folder: Path, files: Path, refused: str = "") -> Iterator[tuple[Ftp, Any]]:
    port = free_port()
    command = (sys.executable, "-W", "ignore", "-c", SERVER, str(port), str(files), refused)
    with program(folder / "log", *command) as process:
        yield Ftp(files, port), up(port, process, folder / "log")


@pytest.fixture
def files(folder: Path) -> Path:
    made = folder / "files"
    (made / "a b" / "deep").mkdir(parents=True)
    return made


@pytest.mark.parametrize("passive", [True, False])
@pytest.mark.parametrize("temporary", [True, False])
async def test_a_file_arrives(postman: Postman, folder: Path, files: Path, passive: bool, temporary: bool) -> None:
    with ftp(folder, files) as (server, ready):
        await ready
        fields = server.fields(Passive=passive, TemporaryName=temporary, Folder="/a b/deep")
        what = job("ftp", fields, File(NAME, CONTENT), Password="pass word")
        await postman.send(what)
        assert (files / "a b" / "deep" / NAME).read_bytes() == CONTENT
        # Once more, as after an answer that was lost: it replaces the same file.
        await postman.send(what)
        assert server.files == {f"a b/deep/{NAME}": len(CONTENT)}
        await until(lambda: (folder / "log").read_text().count("received ") == 2)
        log = (folder / "log").read_text()
        assert (f"{NAME}.part" in log) is temporary
        assert log.count("renamed to ") == (2 if temporary else 0)


@pytest.mark.parametrize("passive", [True, False])
async def test_a_test_leaves_nothing(postman: Postman, folder: Path, files: Path, passive: bool) -> None:
    with ftp(folder, files) as (server, ready):
        await ready
        fields = server.fields(Passive=passive)
        await postman.send(job("ftp", fields, File(NAME, b"x"), keep=False, Password="pass word"))
        assert server.files == {}
        await until(lambda: "received " in (folder / "log").read_text())


async def test_anonymous(postman: Postman, folder: Path, files: Path) -> None:
    with ftp(folder, files) as (server, ready):
        await ready
        await postman.send(job("ftp", server.fields(Username=""), File(NAME, b"x")))
        assert server.files == {NAME: 1}


async def test_what_the_server_refuses(postman: Postman, folder: Path, files: Path) -> None:
    with ftp(folder, files) as (server, ready):
        await ready
        what = File(NAME, CONTENT)
        error = await failure(postman, job("ftp", server.fields(), what, Password="wrong word"))
        assert "login refused (530" in str(error)
        assert "look at Username and Password" in str(error)
        assert error.final
        error = await failure(postman, job("ftp", server.fields(Folder="no/where"), what, Password="pass word"))
        assert f"the folder no/where does not exist on 127.0.0.1:{server.port}" in str(error)
        assert error.final
        error = await failure(postman, job("ftp", server.fields(Username="reader"), what, Password="pass word"))
        assert f"does not store {NAME}: 550" in str(error)
        assert server.files == {}


async def test_a_server_that_cannot_rename(postman: Postman, folder: Path, files: Path) -> None:
    with ftp(folder, files, "RNFR,RNTO") as (server, ready):
        await ready
        error = await failure(postman, job("ftp", server.fields(), File(NAME, b"x"), Password="pass word"))
        assert "does not rename" in str(error) or "rename" in str(error)


async def test_a_full_disk(postman: Postman, folder: Path) -> None:
    with small_disk(folder / "small", "64k") as files, ftp(folder, files) as (server, ready):
        await ready
        error = await failure(postman, job("ftp", server.fields(), File(NAME, CONTENT), Password="pass word"))
        assert "does not store" in str(error) or "half way" in str(error)
        assert not error.final
        assert NAME not in server.files


async def test_nobody_there(postman: Postman) -> None:
    fields = {"Host": "127.0.0.1", "Port": free_port()}
    error = await failure(postman, job("ftp", fields, File(NAME, b"")))
    assert "refuses connections" in str(error)


@pytest.mark.parametrize(
    ("says", "closes", "said"),
    [
        (b"", False, "no answer|stopped answering"),
        (b"", True, "closed the connection at once"),
        (b"220 hello\r\n", False, "stopped answering"),
        (b"220 hello\r\n", True, "half way"),
        (b"421 too many\r\n", True, "takes no FTP connections: 421 too many"),
        (b"HTTP/1.1 400 Bad Request\r\n", False, "takes no FTP connections: HTTP/1.1 400"),
        (b"220-" + b"x" * 20_000 + b"\r\n", False, "got more than 8192 bytes"),
        (b"220-a\r\n" + b"220-more\r\n" * 50_000, False, "says too much"),
        (b"220-a\r\n" + b"\n" * 400_000, False, "says too much"),
        (b"220 hello\r\n331 ok\r\n230 ok\r\n200 ok\r\n227 Entering (127,0,0,1,0,9)\r\n", False, "data connection"),
    ],
)
async def test_servers_that_fail(postman: Postman, says: bytes, closes: bool, said: str) -> None:
    async with Mute(says, closes=closes) as server:
        fields = {"Host": "127.0.0.1", "Port": server.port}
        error = await failure(postman, job("ftp", fields, File(NAME, b"x"), patience=HASTE))
    assert any(part in str(error) for part in said.split("|")), str(error)


async def test_a_server_that_never_opens_the_data_connection(postman: Postman) -> None:
    async with Mute(b"220 hello\r\n331 ok\r\n230 ok\r\n200 ok\r\n200 port ok\r\n150 wait\r\n") as server:
        fields = {"Host": "127.0.0.1", "Port": server.port, "Passive": False}
        error = await failure(postman, job("ftp", fields, File(NAME, b"x"), patience=HASTE))
    assert "passive FTP may get through" in str(error)


async def test_who_stops_waiting_ends_it(postman: Postman, caplog: pytest.LogCaptureFixture) -> None:
    async with Mute(b"220 hello\r\n") as server:
        what = job("ftp", {"Host": "127.0.0.1", "Port": server.port}, File(NAME, b"x"))
        sending = asyncio.create_task(postman.send(what))
        await until(lambda: server.got)
        sending.cancel()
        with pytest.raises(asyncio.CancelledError):
            await sending
        await until(lambda: server.ended)
    await asyncio.to_thread(gc.collect)
    assert "never retrieved" not in caplog.text


def test_names_of_files() -> None:
    assert file_name("event-log.csv", "S_1") == "event-log_S_1.csv"
    assert file_name('../a\\b"c\r\nd.tar', "S") == "a_b_c_d_S.tar"
    assert file_name("", "S") == "file_S"
    assert file_name("...", "S") == "file_S"
    assert file_name("-rf", "S") == "rf_S"
    assert file_name("ü" * 300, "S") == "file_S"
    assert len(file_name("x" * 300, "S")) == 102
