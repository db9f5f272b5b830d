# SPDX-License-Identifier: Apache-2.0
"""E-mail by SMTP: over TLS from the first byte (ssl), with STARTTLS (tls), or in the open (none).

smtplib in a thread, because what a server says can be bounded there, and what the thread waits on can be cut off.
"""

from __future__ import annotations

import asyncio
import smtplib
from email import utils
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from typing import TYPE_CHECKING, Any

from axiod.events.sending import pop, trust
from axiod.events.sending.blocking import Bounded, Cutter, in_thread
from axiod.events.sending.failure import SendFailed, broken_off, place, shown, unreachable

if TYPE_CHECKING:
    import socket
    import ssl

    from axiod.events.sending.job import Job

_LONGEST_SUBJECT = 250


async def send(job: Job) -> None:
    """Do a job; raises SendFailed."""
    recipient = job.recipient
    tls = None
    if recipient.text("Encryption") != "none":
        tls = await asyncio.to_thread(lambda: trust.context(validate=recipient.flag("ValidateCertificate")))
    mail = letter(job)

    def work(cutter: Cutter) -> None:
        if recipient.text("PopHost"):
            pop.log_in(job, tls, cutter)
        _send(job, tls, cutter, mail)

    await in_thread(work)


def letter(job: Job) -> EmailMessage:
    """Return the e-mail of a job; no line of what is told can become a header."""
    what, sender = job.notification, job.recipient.text("Sender")
    # Half of a surrogate pair, which no encoding of mail has, becomes a question mark.
    text = (what.body or what.message).encode(errors="replace").decode()
    mail = EmailMessage(SMTP_POLICY)
    mail["From"] = sender
    mail["To"] = ", ".join(job.recipient.addresses)
    mail["Subject"] = _line(what.subject or what.message) or f"Notification by {job.host_name}"
    mail["Date"] = utils.formatdate(job.created_usec / 1e6)
    # The same whenever it is tried again, so that a mailbox shows it once.
    mail["Message-ID"] = f"<axiod.{job.number}.{job.created_usec}@{sender.rpartition('@')[2].strip('[]')}>"
    # No holiday notes to a device.
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(text)
    return mail


def _line(text: str) -> str:
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())[:_LONGEST_SUBJECT]


class _Smtp(smtplib.SMTP):
    """SMTP over a connection that can be cut off, of a server that may not say more than so much."""

    def __init__(self, job: Job, tls: ssl.SSLContext | None, cutter: Cutter) -> None:
        self._job, self._cutter = job, cutter
        self._tls = tls if job.recipient.text("Encryption") == "ssl" else None
        # Without a name it would ask the DNS for one.
        name = job.host_name if job.host_name.isascii() and " " not in job.host_name else "localhost"
        super().__init__(local_hostname=name, timeout=job.patience.silence)

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:  # noqa: ARG002 # Patience says how long
        made = self._cutter.connect(host, port, self._job.patience)
        if self._tls is None:
            return made
        try:
            return self._tls.wrap_socket(made, server_hostname=host)
        except OSError:
            made.close()
            raise

    def getreply(self) -> tuple[int, bytes]:
        if self.file is None and self.sock is not None:
            self.file: Any = Bounded(self.sock.makefile("rb"))
        return super().getreply()


def _send(job: Job, tls: ssl.SSLContext | None, cutter: Cutter, mail: EmailMessage) -> None:
    host, port = job.host, job.port
    smtp = _Smtp(job, tls, cutter)
    smtp._host = host  # type: ignore[attr-defined] # what starttls() checks the certificate against
    begun = False
    try:
        code, said = smtp.connect(host, port)
        if code != 220:
            raise smtplib.SMTPConnectError(code, said)
        if job.recipient.text("Encryption") == "tls":
            smtp.starttls(context=tls)
        if username := job.recipient.text("Username"):
            _log_in(smtp, username, job.secret("Password"))
        begun = True
        refused = smtp.send_message(mail)
        if refused:
            who = ", ".join(sorted(refused))
            code, said = next(iter(refused.values()))
            raise SendFailed(f"the server refuses {shown(who)} ({code} {shown(said)}); the others got it", final=True)
    except (smtplib.SMTPException, OSError, ValueError) as error:
        raise _failure(error, host, port, begun=begun) from error
    finally:
        smtp.close()


def _log_in(smtp: _Smtp, username: str, password: str) -> None:
    if not (username.isascii() and password.isascii()):
        # smtplib would quote a letter of it.
        text = "Username or Password has a letter that is not ASCII, which this device cannot send to a mail server"
        raise SendFailed(text, final=True, begun=False)
    try:
        smtp.login(username, password)
    except ValueError as error:
        raise smtplib.SMTPResponseException(334, "what is no Base64, instead of a question") from error


def _failure(error: Exception, host: str, port: int, *, begun: bool) -> SendFailed:
    where = place(host, port)
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return SendFailed(
            f"{where}: login refused ({error.smtp_code} {shown(error.smtp_error)}); look at Username and Password",
            final=error.smtp_code >= 500,
            begun=False,
        )
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        code, said = next(iter(error.recipients.values()))
        who = shown(", ".join(sorted(error.recipients)))
        return SendFailed(f"{where} refuses {who}: {code} {shown(said)}; look at To", final=code >= 500, begun=False)
    if isinstance(error, smtplib.SMTPSenderRefused):
        return SendFailed(
            f"{where} refuses the sender {shown(error.sender)}: {error.smtp_code} {shown(error.smtp_error)}; "
            "look at Sender, and whether it wants a login",
            final=error.smtp_code >= 500,
            begun=False,
        )
    if isinstance(error, smtplib.SMTPNotSupportedError):
        what = "no login" if "AUTH" in str(error) else "no STARTTLS"
        advice = "empty Username, or use encryption" if "AUTH" in str(error) else "set Encryption to ssl or none"
        return SendFailed(f"{where} offers {what}; {advice}", final=True, begun=False)
    if isinstance(error, smtplib.SMTPServerDisconnected):
        return broken_off(error, host, port) if begun else SendFailed(f"{where} closed the connection", begun=False)
    if isinstance(error, smtplib.SMTPResponseException):
        text = f"{where} says {error.smtp_code} {shown(error.smtp_error)}"
        return SendFailed(text, final=500 <= error.smtp_code < 600)
    if isinstance(error, OSError) and not isinstance(error, smtplib.SMTPException) and not begun:
        return unreachable(error, host, port) or broken_off(error, host, port)
    return broken_off(error, host, port)
