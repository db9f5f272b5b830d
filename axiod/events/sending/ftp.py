# SPDX-License-Identifier: Apache-2.0
"""FTP, passive and active. A file has a temporary name until it is whole, where the recipient wants that."""

from __future__ import annotations

import contextlib
import ftplib
import io
from typing import TYPE_CHECKING

from axiod.events.sending.blocking import MOST_BYTES, Cutter, in_thread
from axiod.events.sending.failure import SendFailed, broken_off, place, shown, unreachable
from axiod.events.sending.message import temporary_name

if TYPE_CHECKING:
    import socket

    from axiod.events.sending.job import Job


async def send(job: Job) -> None:
    """Do a job; raises SendFailed."""
    await in_thread(lambda cutter: _Upload(job, cutter).run())


class _Ftp(ftplib.FTP):
    """FTP over connections that can be cut off, with a server that may not say more than so much."""

    def __init__(self, job: Job, cutter: Cutter) -> None:
        super().__init__(timeout=job.patience.silence, encoding="utf-8")
        self._cutter = cutter
        self._left = MOST_BYTES
        self.set_pasv(job.recipient.flag("Passive"))
        self.host, self.port = job.host, job.port
        self.sock = cutter.connect(job.host, job.port, job.patience)
        self.af = self.sock.family
        # What a server says need not be UTF-8.
        self.file = self.sock.makefile("r", encoding=self.encoding, errors="replace")
        try:
            self.welcome = self.getresp()
        except BaseException:
            self.close()
            raise

    def getline(self) -> str:
        line = super().getline()
        # Also of an empty line: there may be no end of them.
        self._left -= len(line) + 1
        if self._left < 0:
            raise SendFailed("the FTP server says too much", final=True)
        return line

    def ntransfercmd(self, cmd: str, rest: int | str | None = None) -> tuple[socket.socket, int | None]:
        made, size = super().ntransfercmd(cmd, rest)
        self._cutter.add(made)
        # Whoever is faster than the server must not get the file.
        if not self.passiveserver and self.sock and made.getpeername()[0] != self.sock.getpeername()[0]:
            made.close()
            raise SendFailed("the data connection came from another host than the FTP server", final=True)
        return made, size


class _Upload:
    def __init__(self, job: Job, cutter: Cutter) -> None:
        self._job, self._cutter = job, cutter
        self._where = place(job.host, job.port)
        self._step = "connect"

    def run(self) -> None:
        job = self._job
        ftp = None
        try:
            ftp = _Ftp(job, self._cutter)
            self._step = "login"
            ftp.login(job.recipient.text("Username"), job.secret("Password"))
            if folder := job.recipient.text("Folder"):
                self._step = "folder"
                ftp.cwd(folder)
            self._store(ftp)
            self._step = "quit"
            with contextlib.suppress(OSError, EOFError, ftplib.Error):
                ftp.quit()
        except (ftplib.Error, OSError, EOFError, UnicodeError) as error:
            raise self._failure(error) from error
        finally:
            if ftp is not None:
                ftp.close()

    def _store(self, ftp: ftplib.FTP) -> None:
        file = self._job.file
        temporary = temporary_name(file.name) if self._job.recipient.flag("TemporaryName") else file.name
        self._step = "store"
        try:
            ftp.storbinary(f"STOR {temporary}", io.BytesIO(file.content))
        except ftplib.Error:
            if temporary != file.name:
                with contextlib.suppress(OSError, EOFError, ftplib.Error):
                    ftp.delete(temporary)
            raise
        if temporary != file.name:
            self._step = "rename"
            try:
                ftp.rename(temporary, file.name)
            except ftplib.error_perm:
                # Some servers replace no file: it is there already where the answer to the attempt before was lost.
                ftp.delete(file.name)
                ftp.rename(temporary, file.name)
        if not self._job.keep:
            self._step = "remove"
            ftp.delete(file.name)

    def _failure(self, error: Exception) -> SendFailed:
        job, where, said = self._job, self._where, shown(error)
        if not isinstance(error, ftplib.Error):
            if self._step == "connect":
                if isinstance(error, EOFError):
                    return SendFailed(f"{where} closed the connection at once", begun=False)
                return unreachable(error, job.host, job.port) or broken_off(error, job.host, job.port)
            if self._step == "store" and isinstance(error, TimeoutError | ConnectionRefusedError):
                way = "out" if job.recipient.flag("Passive") else "in; passive FTP may get through"
                return SendFailed(f"{where} makes no data connection; a firewall may not let it {way}")
            return broken_off(error, job.host, job.port)
        # 4xx may be otherwise next time; so may a full disk, which some report as 55x.
        final = isinstance(error, ftplib.error_perm) and not said.startswith(("551", "552"))
        folder = job.recipient.text("Folder")
        text = {
            "connect": f"{where} takes no FTP connections: {said}",
            "login": f"{where}: login refused ({said}); look at Username and Password",
            "folder": f"the folder {folder} does not exist on {where}, or cannot be entered ({said})",
            "store": f"{where} does not store {job.file.name}: {said}",
            "rename": f"{where} does not rename {temporary_name(job.file.name)} to {job.file.name}: {said}",
            "remove": f"{where} stored {job.file.name} but does not remove it: {said}",
        }.get(self._step, f"{where} says {said}")
        return SendFailed(text, final=final, begun=self._step in ("store", "rename", "remove"))
