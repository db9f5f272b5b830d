# SPDX-License-Identifier: Apache-2.0
"""SFTP, with OpenSSH as the server, its own users, and keys of three kinds."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from axiod.events.sending.message import File
from tests.events.sending.conftest import HASTE, Mute, failure, free_port, job, needs, program, up
from tests.runtime.small_disk import small_disk

if TYPE_CHECKING:
    from pathlib import Path

    from axiod.events.sending.postman import Postman

CONTENT = bytes(range(256)) * 400
NAME = "report_20260101T000000_000017.txt"
KINDS = ("rsa", "ecdsa", "ed25519")
CONFIG = """
Port {port}
ListenAddress 127.0.0.1
PidFile none
UsePAM no
PermitRootLogin no
PasswordAuthentication yes
KbdInteractiveAuthentication no
StrictModes no
Subsystem sftp {sftp}
MaxAuthTries 3
LogLevel VERBOSE
"""


class Sshd:
    """sshd with a user "joe" whom only it knows."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, free_port()
        self.files = folder / "home" / "files"
        (self.files / "a b").mkdir(parents=True)
        for path in (folder / "home", self.files, self.files / "a b"):
            os.chown(path, 65_534, 65_534)
        for kind in KINDS:
            command = ["ssh-keygen", "-q", "-t", kind, "-N", "", "-f", str(folder / f"key_{kind}")]
            subprocess.run(command, check=True)
        hashed = subprocess.run(
            ["openssl", "passwd", "-6", "pass word"], check=True, capture_output=True, text=True
        ).stdout.strip()
        (folder / "passwd").write_text(
            f"root:x:0:0:root:/root:/bin/sh\nsshd:x:100:65534::/run/sshd:/bin/false\njoe:x:65534:65534::{folder}/home:/bin/sh\n"
        )
        (folder / "shadow").write_text(f"root:*:19000:::::\nsshd:*:19000:::::\njoe:{hashed}:19000::::::\n")
        (folder / "shadow").chmod(0o600)

    def command(self, kinds: tuple[str, ...], sftp: str = "internal-sftp") -> list[str]:
        keys = "".join(f"HostKey {self.folder}/key_{kind}\n" for kind in kinds)
        (self.folder / "conf").write_text(CONFIG.format(port=self.port, sftp=sftp) + keys)
        # Users of its own, in a mount namespace of its own: nothing on this machine changes.
        script = (
            "mkdir -p /run/sshd && mount --bind $0/passwd /etc/passwd && mount --bind $0/shadow /etc/shadow && "
            "exec $1 -D -e -f $0/conf"
        )
        return [needs("unshare"), "--mount", "sh", "-ec", script, str(self.folder), needs("sshd")]

    def fingerprint(self, kind: str, hash_: str) -> str:
        command = ["ssh-keygen", "-l", "-E", hash_, "-f", str(self.folder / f"key_{kind}.pub")]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()[1]

    def fields(self, kind: str = "ed25519", **more: Any) -> dict[str, Any]:
        pin = {} if "HostKeyMd5" in more or "HostKeySha256" in more else {"HostKeySha256": self.sha256(kind)}
        return {"Host": "127.0.0.1", "Port": self.port, "Username": "joe", "Folder": "files", **pin, **more}

    def sha256(self, kind: str) -> str:
        return self.fingerprint(kind, "sha256").removeprefix("SHA256:")

    def md5(self, kind: str) -> str:
        return self.fingerprint(kind, "md5").removeprefix("MD5:")

    @property
    def names(self) -> list[str]:
        return sorted(str(path.relative_to(self.files)) for path in self.files.rglob("*.*"))


@pytest.fixture
def sshd(folder: Path) -> Sshd:
    needs("sshd")
    if os.geteuid() != 0 or subprocess.run(["unshare", "--mount", "true"], check=False, capture_output=True).returncode:
        pytest.skip("only root, and not in every container, can give sshd users of its own")
    return Sshd(folder)


@pytest.mark.parametrize("temporary", [True, False])
async def test_a_file_arrives(postman: Postman, sshd: Sshd, temporary: bool) -> None:
    with program(sshd.folder / "log", *sshd.command(KINDS)) as process:
        await up(sshd.port, process, sshd.folder / "log")
        fields = sshd.fields(Folder="files/a b", TemporaryName=temporary)
        what = job("sftp", fields, File(NAME, CONTENT), Password="pass word")
        await postman.send(what)
        await postman.send(what)
        assert sshd.names == [f"a b/{NAME}"]
        assert (sshd.files / "a b" / NAME).read_bytes() == CONTENT
        await postman.send(job("sftp", sshd.fields(), File(NAME, b"x"), keep=False, Password="pass word"))
        assert sshd.names == [f"a b/{NAME}"]


async def test_each_fingerprint_of_each_key(postman: Postman, sshd: Sshd) -> None:
    with program(sshd.folder / "log", *sshd.command(KINDS)) as process:
        await up(sshd.port, process, sshd.folder / "log")
        for kind in KINDS:
            both = {"HostKeyMd5": sshd.md5(kind), "HostKeySha256": sshd.fingerprint(kind, "sha256")}
            for pin in ({"HostKeyMd5": both["HostKeyMd5"]}, {"HostKeySha256": both["HostKeySha256"]}, both):
                await postman.send(job("sftp", sshd.fields(**pin), File(NAME, b"x"), Password="pass word"))


async def test_another_key_gets_nothing(postman: Postman, sshd: Sshd) -> None:
    with program(sshd.folder / "log", *sshd.command(("rsa", "ecdsa"))) as process:
        await up(sshd.port, process, sshd.folder / "log")
        mixed = {"HostKeyMd5": sshd.md5("rsa"), "HostKeySha256": sshd.sha256("ecdsa")}
        for pin in ({"HostKeySha256": sshd.sha256("ed25519")}, {"HostKeyMd5": sshd.md5("ed25519")}, mixed):
            error = await failure(postman, job("sftp", sshd.fields(**pin), File(NAME, b"x"), Password="pass word"))
            assert "has another key than the one that was given; nothing was sent" in str(error)
            assert f"ssh-rsa SHA256:{sshd.sha256('rsa')} MD5:{sshd.md5('rsa').replace(':', '')}" in str(error)
            assert f"SHA256:{sshd.sha256('ecdsa')}" in str(error)
            assert error.final
    log = (sshd.folder / "log").read_text()
    assert "joe" not in log, "nobody was told a name or a password"
    assert sshd.names == []


async def test_what_the_server_refuses(postman: Postman, sshd: Sshd) -> None:
    with program(sshd.folder / "log", *sshd.command(("ed25519",))) as process:
        await up(sshd.port, process, sshd.folder / "log")
        what = File(NAME, b"x")
        error = await failure(postman, job("sftp", sshd.fields(), what, Password="wrong word"))
        assert "login refused; look at Username and Password" in str(error)
        assert error.final
        error = await failure(postman, job("sftp", sshd.fields(Folder="no/where"), what, Password="pass word"))
        assert f"the folder no/where does not exist on 127.0.0.1:{sshd.port}" in str(error)
        error = await failure(postman, job("sftp", sshd.fields(Folder="/"), what, Password="pass word"))
        assert f"does not let joe write {NAME} there" in str(error)
        assert error.final


async def test_a_full_disk(postman: Postman, sshd: Sshd) -> None:
    with small_disk(sshd.files / "small", "64k") as small:
        small.chmod(0o777)
        with program(sshd.folder / "log", *sshd.command(("ed25519",))) as process:
            await up(sshd.port, process, sshd.folder / "log")
            fields = sshd.fields(Folder="files/small")
            error = await failure(postman, job("sftp", fields, File(NAME, CONTENT), Password="pass word"))
            assert f"does not store {NAME}" in str(error)
            assert "disk may be full" in str(error)
            assert not error.final
            assert sshd.names == []


async def test_it_ends_half_way(postman: Postman, sshd: Sshd) -> None:
    with program(sshd.folder / "log", *sshd.command(("ed25519",), "/bin/false")) as process:
        await up(sshd.port, process, sshd.folder / "log")
        error = await failure(postman, job("sftp", sshd.fields(), File(NAME, b"x"), Password="pass word"))
    assert "half way" in str(error)
    assert not error.final


async def test_nobody_there(postman: Postman) -> None:
    fields = {"Host": "127.0.0.1", "Port": free_port(), "Username": "joe", "HostKeyMd5": "0" * 32}
    error = await failure(postman, job("sftp", fields, File(NAME, b"")))
    assert "refuses connections" in str(error)
    fields["Host"] = "nowhere.invalid"
    assert "is not found" in str(await failure(postman, job("sftp", fields, File(NAME, b""))))


@pytest.mark.parametrize(
    ("says", "closes", "said"),
    [
        (b"", False, "no answer|ends the connection|stopped"),
        (b"", True, "ends the connection"),
        (b"SSH-2.0-x\r\n", True, "ends the connection"),
        (b"SSH-2.0-x\r\n", False, "no answer|ends the connection"),
        (b"220 I am FTP\r\n" * 20, True, "ends the connection"),
        (b"SSH-2.0-x\r\n" + b"\xff" * 5_000_000, False, "ends the connection"),
    ],
)
async def test_servers_that_fail(postman: Postman, says: bytes, closes: bool, said: str) -> None:
    async with Mute(says, closes=closes) as server:
        fields = {"Host": "127.0.0.1", "Port": server.port, "Username": "joe", "HostKeyMd5": "0" * 32}
        error = await failure(postman, job("sftp", fields, File(NAME, b"x"), patience=HASTE))
    assert any(part in str(error) for part in said.split("|")), str(error)
    assert not error.begun
