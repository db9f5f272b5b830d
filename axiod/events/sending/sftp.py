# SPDX-License-Identifier: Apache-2.0
"""SFTP to a server whose key has the fingerprint that was given, MD5 or SHA-256; where both were given, both must fit.

A server has several keys. They are asked for in the order RSA, ECDSA, ED25519 until one fits; so it does not matter
which of them somebody wrote down.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hashlib
from typing import TYPE_CHECKING

import asyncssh

from axiod.events.sending.failure import SendFailed, broken_off, place, shown, unreachable
from axiod.events.sending.message import temporary_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    from axiod.events.sending.job import Job

_MOST_BYTES = 4 << 20
"""So much a server may say: it answers a few bytes for each block of a file."""
_KINDS = {
    "RSA": ["rsa-sha2-512", "rsa-sha2-256", "ssh-rsa"],
    "ECDSA": ["ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521"],
    "ED25519": ["ssh-ed25519"],
}


async def send(job: Job) -> None:
    """Do a job; raises SendFailed."""
    connection = await _connected(job)
    try:
        await _upload(job, connection)
    except (asyncssh.Error, OSError) as error:
        raise _failure(error, job) from error
    finally:
        connection.abort()
        with contextlib.suppress(asyncssh.Error, OSError):
            await connection.wait_closed()


class _Client(asyncssh.SSHClient):
    """Trusts the key that has the fingerprints of the recipient."""

    def __init__(self, job: Job, seen: list[str]) -> None:
        self._md5 = job.recipient.text("HostKeyMd5")
        self._sha256 = job.recipient.text("HostKeySha256")
        self._seen = seen
        self.trusted = False
        self._password = job.secret("Password")

    def connection_made(self, conn: asyncssh.SSHClientConnection) -> None:
        received, left = conn.data_received, _MOST_BYTES

        def bounded(data: bytes, datatype: int | None = None) -> None:
            nonlocal left
            left -= len(data)
            if left < 0:
                conn.connection_lost(asyncssh.ProtocolError("it says too much"))
            else:
                received(data, datatype)

        # asyncssh 2.20 would keep a packet of whatever length a server names, before it is known who that is.
        conn.data_received = bounded  # type: ignore[method-assign] # asyncssh offers no other place

    def validate_host_public_key(self, host: str, addr: str, port: int, key: asyncssh.SSHKey) -> bool:  # noqa: ARG002 # the signature of asyncssh
        md5 = hashlib.md5(key.public_data, usedforsecurity=False).hexdigest()
        sha256 = base64.b64encode(hashlib.sha256(key.public_data).digest()).decode().rstrip("=")
        self._seen.append(f"{key.get_algorithm()} SHA256:{sha256} MD5:{md5}")
        pinned = bool(self._md5 or self._sha256)
        self.trusted = pinned and self._md5 in ("", md5) and self._sha256 in ("", sha256)
        return self.trusted

    def kbdint_auth_requested(self) -> str:
        return ""

    def kbdint_challenge_received(
        self,
        name: str,  # noqa: ARG002 # the signature of asyncssh
        instructions: str,  # noqa: ARG002 # the signature of asyncssh
        lang: str,  # noqa: ARG002 # the signature of asyncssh
        prompts: Sequence[tuple[str, bool]],
    ) -> list[str] | None:
        # The password, where it is what is asked for: one question, whose answer is not shown.
        return [self._password] if len(prompts) == 1 and not prompts[0][1] else ([] if not prompts else None)


async def _connected(job: Job) -> asyncssh.SSHClientConnection:
    where = place(job.host, job.port)
    seen: list[str] = []
    problem: Exception | None = None
    client = _Client(job, seen)
    for kinds in _KINDS.values():
        try:
            async with asyncio.timeout(job.patience.connect + job.patience.silence):
                connection, _ = await asyncssh.create_connection(
                    lambda: client,
                    job.host,
                    job.port,
                    config=None,
                    # Empty, so that the client is asked about each key; None would trust all.
                    known_hosts=asyncssh.import_known_hosts(""),
                    server_host_key_algs=kinds,
                    username=job.recipient.text("Username"),
                    password=job.secret("Password"),
                    client_keys=None,
                    agent_path=None,
                    gss_host=None,
                    preferred_auth="password,keyboard-interactive",
                    connect_timeout=job.patience.connect,
                    login_timeout=0,
                )
                return connection
        except asyncssh.PermissionDenied as error:
            raise SendFailed(
                f"{where}: login refused; look at Username and Password", final=True, begun=False
            ) from error
        except (asyncssh.Error, ConnectionResetError, BrokenPipeError) as error:
            # Also what a server does that has no key of this kind.
            problem = error
            if client.trusted:
                break
        except (OSError, UnicodeError) as error:
            raise unreachable(error, job.host, job.port) or broken_off(error, job.host, job.port) from error
    if not seen or client.trusted:
        raise SendFailed(f"{where} ends the connection: {shown(problem)}", begun=False)
    raise SendFailed(
        f"{where} has another key than the one that was given; nothing was sent. Only if this is the right server, "
        f"correct the fingerprint. It has: {'; '.join(seen)}",
        final=True,
        begun=False,
    )


async def _upload(job: Job, connection: asyncssh.SSHClientConnection) -> None:
    file, folder = job.file, job.recipient.text("Folder")
    where = place(job.host, job.port)
    async with connection.start_sftp_client() as sftp:
        if folder:
            try:
                await sftp.chdir(folder)
            except asyncssh.SFTPError as error:
                raise SendFailed(
                    f"the folder {folder} does not exist on {where}, or cannot be entered ({shown(error.reason)})",
                    final=True,
                    begun=False,
                ) from error
        temporary = temporary_name(file.name) if job.recipient.flag("TemporaryName") else file.name
        try:
            async with sftp.open(temporary, "wb") as made:
                await made.write(file.content)
        except asyncssh.SFTPError:
            with contextlib.suppress(asyncssh.Error, OSError):
                await sftp.remove(temporary)
            raise
        if temporary != file.name:
            await _rename(sftp, temporary, file.name)
        if not job.keep:
            await sftp.remove(file.name)


async def _rename(sftp: asyncssh.SFTPClient, old: str, new: str) -> None:
    try:
        await sftp.posix_rename(old, new)
    except asyncssh.SFTPError:
        # Without that extension no file is replaced. One is there where the answer to the attempt before was lost.
        with contextlib.suppress(asyncssh.SFTPError):
            await sftp.remove(new)
        await sftp.rename(old, new)


def _failure(error: Exception, job: Job) -> SendFailed:
    where = place(job.host, job.port)
    if isinstance(error, asyncssh.SFTPConnectionLost | asyncssh.ConnectionLost):
        return broken_off(error, job.host, job.port)
    if isinstance(error, asyncssh.ChannelOpenError):
        return SendFailed(f"{where} offers no SFTP: {shown(error.reason)}", final=True, begun=False)
    if isinstance(error, asyncssh.SFTPPermissionDenied):
        return SendFailed(
            f"{where} does not let {job.recipient.text('Username')} write {job.file.name} there", final=True
        )
    if isinstance(error, asyncssh.SFTPError):
        return SendFailed(f"{where} does not store {job.file.name}: {shown(error.reason)} (its disk may be full)")
    return broken_off(error, job.host, job.port)
