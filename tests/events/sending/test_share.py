# SPDX-License-Identifier: Apache-2.0
"""Network shares, with smbd of Samba as the server."""

from __future__ import annotations

import asyncio
import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from axiod.events.sending.message import File
from tests.conftest import until
from tests.events.sending.conftest import HASTE, Mute, failure, free_port, job, needs, program, up
from tests.runtime.small_disk import small_disk

if TYPE_CHECKING:
    from axiod.events.sending.postman import Postman

CONTENT = bytes(range(256)) * 400
NAME = "report_20260101T000000_000017.txt"
PASSWORD = " =pass; word% "
CONFIG = """
[global]
  server role = standalone server
  interfaces = 127.0.0.1/8
  bind interfaces only = yes
  smb ports = {port}
  private dir = {folder}/private
  state directory = {folder}/state
  cache directory = {folder}/cache
  lock directory = {folder}/lock
  pid directory = {folder}/pid
  ncalrpc dir = {folder}/ncalrpc
  log file = {folder}/smb.log
  passdb backend = tdbsam:{folder}/passdb.tdb
  disable netbios = yes
  load printers = no
  printcap name = /dev/null
  disable spoolss = yes
[the files]
  path = {folder}/files
  read only = no
[reading]
  path = {folder}/files
  read only = yes
"""


class Smbd:
    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, free_port()
        self.files = folder / "files"
        for name in ("private", "state", "cache", "lock", "pid", "ncalrpc", "files/a b/deep"):
            (folder / name).mkdir(parents=True)
        (folder / "conf").write_text(CONFIG.format(port=self.port, folder=folder))
        command = ["smbpasswd", "-c", str(folder / "conf"), "-L", "-s", "-a", "root"]
        typed = f"{PASSWORD}\n{PASSWORD}\n".encode()
        subprocess.run(command, input=typed, check=True, capture_output=True)

    @property
    def command(self) -> list[str]:
        return [needs("smbd"), "-F", "--no-process-group", "--debug-stdout", "-s", str(self.folder / "conf")]

    def fields(self, **more: Any) -> dict[str, Any]:
        return {"Host": "127.0.0.1", "Port": self.port, "Share": "the files", "Username": "root", **more}

    @property
    def names(self) -> list[str]:
        return sorted(str(path.relative_to(self.files)) for path in self.files.rglob("*.*"))


@pytest.fixture
def smbd(folder: Path) -> Smbd:
    needs("smbd")
    needs("smbclient")
    if os.geteuid() != 0:
        pytest.skip("only root can start smbd")
    return Smbd(folder)


@pytest.mark.parametrize("temporary", [True, False])
async def test_a_file_arrives(postman: Postman, smbd: Smbd, temporary: bool) -> None:
    with program(smbd.folder / "log", *smbd.command) as process:
        await up(smbd.port, process, smbd.folder / "log")
        fields = smbd.fields(Folder="a b/deep", TemporaryName=temporary)
        what = job("network-share", fields, File(NAME, CONTENT), Password=PASSWORD)
        await postman.send(what)
        await postman.send(what)
        assert smbd.names == [f"a b/deep/{NAME}"]
        assert (smbd.files / "a b" / "deep" / NAME).read_bytes() == CONTENT
        await postman.send(job("network-share", smbd.fields(), File(NAME, b""), keep=False, Password=PASSWORD))
        assert smbd.names == [f"a b/deep/{NAME}"]


async def test_what_the_server_refuses(postman: Postman, smbd: Smbd) -> None:
    with program(smbd.folder / "log", *smbd.command) as process:
        await up(smbd.port, process, smbd.folder / "log")
        where = f"127.0.0.1:{smbd.port}"
        for fields, password, said in (
            (smbd.fields(), "wrong word", f"{where}: login refused; look at Username and Password"),
            (smbd.fields(Username=""), "", "login refused|does not let a guest"),
            (smbd.fields(Share="nothing"), PASSWORD, f"{where} has no share nothing"),
            (smbd.fields(Folder="no/where"), PASSWORD, f"the folder no/where does not exist on {where}"),
            (smbd.fields(Share="reading"), PASSWORD, f"{where} does not let root write {NAME} there"),
        ):
            error = await failure(postman, job("network-share", fields, File(NAME, b"x"), Password=password))
            assert any(part in str(error) for part in said.split("|")), str(error)
            assert error.final
        assert smbd.names == []


async def test_the_password_is_nowhere_to_be_seen(postman: Postman) -> None:
    needs("smbclient")
    async with Mute() as server:
        fields = {"Host": "127.0.0.1", "Port": server.port, "Share": "files", "Username": "joe"}
        sending = asyncio.create_task(
            postman.send(job("network-share", fields, File(NAME, b"x"), Password="hidden word"))
        )
        await until(lambda: server.got)
        mine = _running(f"--port={server.port}")
        assert len(mine) == 1
        assert "hidden" not in _read(mine[0] / "cmdline")
        assert "hidden" not in _read(mine[0] / "environ")
        sending.cancel()
        with pytest.raises(asyncio.CancelledError):
            await sending
        # Who stops waiting ends the program.
        await until(lambda: not mine[0].exists())


def _running(argument: str) -> list[Path]:
    return [path for path in Path("/proc").glob("[0-9]*") if argument in _read(path / "cmdline")]


def _read(path: Path) -> str:
    try:
        return path.read_text(errors="replace")
    except OSError:
        return ""


async def test_a_full_disk(postman: Postman, smbd: Smbd) -> None:
    with small_disk(smbd.files / "small", "64k"), program(smbd.folder / "log", *smbd.command) as process:
        await up(smbd.port, process, smbd.folder / "log")
        fields = smbd.fields(Folder="small")
        error = await failure(postman, job("network-share", fields, File(NAME, CONTENT), Password=PASSWORD))
        assert "is full" in str(error)
        assert not error.final
        assert smbd.names == []


async def test_nobody_there(postman: Postman) -> None:
    needs("smbclient")
    fields = {"Host": "127.0.0.1", "Port": free_port(), "Share": "files"}
    error = await failure(postman, job("network-share", fields, File(NAME, b"")))
    assert "refuses connections" in str(error)
    assert (error.final, error.begun) == (False, False)
    fields["Host"] = "nowhere.invalid"
    assert "is not found" in str(await failure(postman, job("network-share", fields, File(NAME, b""))))


@pytest.mark.parametrize("says", [b"", b"220 I am FTP\r\n"])
async def test_a_server_that_hangs_up(postman: Postman, says: bytes) -> None:
    needs("smbclient")
    async with Mute(says, closes=True) as server:
        fields = {"Host": "127.0.0.1", "Port": server.port, "Share": "files"}
        error = await failure(postman, job("network-share", fields, File(NAME, b"x"), patience=HASTE))
    assert "is no file server, or speaks only SMB 1" in str(error), str(error)


async def test_without_the_program(postman: Postman, monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    monkeypatch.setenv("PATH", str(folder))
    fields = {"Host": "127.0.0.1", "Port": 445, "Share": "files"}
    error = await failure(postman, job("network-share", fields, File(NAME, b"x")))
    assert str(error) == "there is no smbclient on this device; install the package smbclient"
    assert error.final
