# SPDX-License-Identifier: Apache-2.0
"""Network shares (SMB 2 and 3), by the program smbclient.

The password goes to it in memory: it stands on no command line, in no environment and in no file on a disk.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
from asyncio.subprocess import PIPE, STDOUT
from typing import TYPE_CHECKING

from axiod.events.sending.failure import SendFailed, place, shown
from axiod.events.sending.message import temporary_name

if TYPE_CHECKING:
    from axiod.events.sending.job import Job

_MOST_BYTES = 1 << 16
_STATUS = re.compile(r"NT_STATUS_([A-Z_]+)")
_MISSING = "there is no smbclient on this device; install the package smbclient"


async def send(job: Job) -> None:
    """Do a job; raises SendFailed."""
    name = job.file.name
    temporary = temporary_name(name) if job.recipient.flag("TemporaryName") else name
    try:
        await _run(job, f'put - "{temporary}"', job.file.content)
    except SendFailed as failure:
        if failure.begun and temporary != name:
            with contextlib.suppress(SendFailed):
                await _run(job, f'rm "{temporary}"')
        raise
    if temporary != name:
        await _run(job, f'rename "{temporary}" "{name}" -f')
    if not job.keep:
        await _run(job, f'rm "{name}"')


async def _run(job: Job, command: str, content: bytes = b"") -> None:
    """Have smbclient do one thing; several in one go would go on after a failure. Raises SendFailed."""
    recipient = job.recipient
    username, folder = recipient.text("Username"), recipient.text("Folder")
    arguments = [
        f"//{job.host}/{recipient.text('Share')}",
        f"--port={job.port}",
        "--configfile=/dev/null",
        f"--timeout={max(1, round(job.patience.silence))}",
        # The level that says what became of the connection.
        "--debuglevel=1",
        f"--command={command}",
        f"--user={username}" if username else "--no-pass",
    ]
    if folder:
        arguments.append(f"--directory={folder}")
    # A file in memory: smbclient reads it more than once.
    secret = os.memfd_create("password")
    try:
        os.write(secret, job.secret("Password").encode() + b"\n")
        environment = {
            "PATH": os.environ.get("PATH", "/usr/bin:/bin"),
            "LC_ALL": "C.UTF-8",
            "PASSWD_FILE": f"/proc/self/fd/{secret}",
        }
        try:
            process = await asyncio.create_subprocess_exec(
                "smbclient", *arguments, stdin=PIPE, stdout=PIPE, stderr=STDOUT, pass_fds=[secret], env=environment
            )
        except FileNotFoundError:
            raise SendFailed(_MISSING, final=True, begun=False) from None
    finally:
        os.close(secret)
    try:
        said = await _talk(process, content)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode or "NT_STATUS_" in said:
        raise _failure(job, said)


async def _talk(process: asyncio.subprocess.Process, content: bytes) -> str:
    """Give it the file, and return what it says, up to a bound."""
    given, taken = process.stdin, process.stdout
    if given is None or taken is None:
        raise ValueError("it was started without pipes")

    async def give() -> None:
        with contextlib.suppress(ConnectionError):
            given.write(content)
            await given.drain()
        given.close()

    async def take() -> bytes:
        said = b""
        while part := await taken.read(4096):
            said = (said + part)[:_MOST_BYTES]
        return said

    _, said = await asyncio.gather(give(), take())
    await process.wait()
    return said.decode(errors="replace")


def _failure(job: Job, said: str) -> SendFailed:
    recipient = job.recipient
    where = place(job.host, job.port)
    found = _STATUS.search(said)
    status = found[1] if found else ""
    if "negotiat" in said.lower():
        return SendFailed(f"{where} is no file server, or speaks only SMB 1: {status}", begun=False)
    if "do_connect" in said:
        if status == "CONNECTION_REFUSED":
            return SendFailed(
                f"{where} refuses connections; look at the port, and whether the server runs", begun=False
            )
        if status in ("UNSUCCESSFUL", "NOT_FOUND", "BAD_NETWORK_NAME"):
            text = f"the host {job.host} is not found; look at its name, and whether this device has a DNS server"
            return SendFailed(text, begun=False)
        if status in ("HOST_UNREACHABLE", "NETWORK_UNREACHABLE"):
            return SendFailed(f"there is no way to {where}; look at the network of this device", begun=False)
        if status == "IO_TIMEOUT":
            return SendFailed(f"no answer from {where} in time; look at host, port and firewall", begun=False)
        return SendFailed(f"no connection to {where}: {status}", begun=False)
    texts = {
        "LOGON_FAILURE": f"{where}: login refused; look at Username and Password",
        "ACCOUNT_DISABLED": f"{where}: the account {recipient.text('Username')} is disabled",
        "ACCOUNT_LOCKED_OUT": f"{where}: the account {recipient.text('Username')} is locked",
        "PASSWORD_EXPIRED": f"{where}: the password has expired",
        "BAD_NETWORK_NAME": f"{where} has no share {recipient.text('Share')}",
        "ACCESS_DENIED": f"{where} does not let {recipient.text('Username') or 'a guest'} write {job.file.name} there",
    }
    if status in texts:
        return SendFailed(texts[status], final=True, begun=False)
    if said.lstrip().startswith("cd ") or "\ncd " in said:
        folder = recipient.text("Folder")
        return SendFailed(
            f"the folder {folder} does not exist on {where}, or cannot be entered ({status})", final=True, begun=False
        )
    if status == "DISK_FULL":
        return SendFailed(f"the disk of {where} is full")
    if status in ("CONNECTION_DISCONNECTED", "CONNECTION_RESET", "PIPE_BROKEN", "IO_TIMEOUT"):
        return SendFailed(f"{where} closed the connection half way")
    return SendFailed(f"{where} does not store {job.file.name}: {shown(said) or 'smbclient gives no reason'}")
