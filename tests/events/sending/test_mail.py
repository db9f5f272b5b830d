# SPDX-License-Identifier: Apache-2.0
"""E-mail, with aiosmtpd as the SMTP server and Dovecot as the POP server, and servers that fail."""

from __future__ import annotations

import asyncio
import email
import os
import ssl
import subprocess
from email.policy import default
from typing import TYPE_CHECKING, Any

import pytest
import pytest_asyncio
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from axiod.events.sending.mail import letter
from axiod.events.sending.message import Notification
from tests.events.sending.conftest import HASTE, Mute, certificate, failure, free_port, job, needs, program, up

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from email.message import EmailMessage
    from pathlib import Path

    from axiod.events.sending.postman import Postman


class Inbox:
    """What an SMTP server got."""

    def __init__(self) -> None:
        self.envelopes: list[Envelope] = []
        self.encrypted: list[bool] = []
        self.answer = "250 ok"

    @property
    def mails(self) -> list[EmailMessage]:
        contents = [envelope.original_content or b"" for envelope in self.envelopes]
        return [email.message_from_bytes(content, policy=default) for content in contents]

    async def handle_RCPT(  # noqa: N802 # so it is called
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address.startswith("nobody"):
            return "550 no such user"
        envelope.rcpt_tos.append(address)
        return "250 ok"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 # the name of the library
        if self.answer.startswith("2"):
            self.envelopes.append(envelope)
            self.encrypted.append(session.ssl is not None)
        return self.answer


def _login(server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
    return AuthResult(success=data == LoginPassword(b"joe", b"pass word"), handled=False)


def _tls(made: tuple[Path, Path]) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(made[1], made[0])
    return context


@pytest.fixture
def inbox() -> Inbox:
    return Inbox()


@pytest_asyncio.fixture
async def serve(inbox: Inbox) -> AsyncIterator[Callable[..., int]]:
    """Start SMTP servers; returns their ports."""
    running: list[Controller] = []

    def start(**options: Any) -> int:
        server = Controller(inbox, hostname="127.0.0.1", port=free_port(), **options)
        server.start()
        running.append(server)
        return server.port

    yield start
    for server in running:
        server.stop()


def fields(port: int, **more: Any) -> dict[str, Any]:
    given = {"Host": "localhost", "Port": port, "To": "guard@example.com", "Sender": "gate@example.com"}
    return {**given, "Encryption": "none", **more}


async def test_a_mail(postman: Postman, inbox: Inbox, serve: Callable[..., int]) -> None:
    body = "Grüße\n.\nZeile 2\n" + "x" * 2000
    what = Notification(message="m", subject="Tür auf — 門\r\nBcc: evil@example.com", body=body)
    await postman.send(job("smtp", fields(serve(), To="a@example.com, b@example.com"), what))
    [envelope], [mail] = inbox.envelopes, inbox.mails
    assert (envelope.mail_from, envelope.rcpt_tos) == ("gate@example.com", ["a@example.com", "b@example.com"])
    assert mail["Subject"] == "Tür auf — 門 Bcc: evil@example.com"
    assert mail["Bcc"] is None
    assert mail["To"] == "a@example.com, b@example.com"
    assert mail["Message-ID"] == "<axiod.17.1700000000000000@example.com>"
    assert mail["Date"] == "Tue, 14 Nov 2023 22:13:20 -0000"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail.get_content().splitlines() == body.splitlines()


async def test_without_a_subject_and_a_body(postman: Postman, inbox: Inbox, serve: Callable[..., int]) -> None:
    await postman.send(job("smtp", fields(serve()), "the gate is open"))
    await postman.send(job("smtp", fields(serve()), Notification(body="b")))
    assert [mail["Subject"] for mail in inbox.mails] == ["the gate is open", "Notification by gatehouse"]
    assert inbox.mails[0].get_content().splitlines() == ["the gate is open"]


async def test_starttls_and_logins(
    postman: Postman, inbox: Inbox, serve: Callable[..., int], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    right = certificate(folder)
    monkeypatch.setenv("SSL_CERT_FILE", str(right[1]))
    port = serve(tls_context=_tls(right), require_starttls=True, auth_required=True, authenticator=_login)
    named = fields(port, Encryption="tls", Username="joe")
    await postman.send(job("smtp", named, Password="pass word"))
    assert inbox.encrypted == [True]
    error = await failure(postman, job("smtp", named, Password="wrong word"))
    assert f"localhost:{port}: login refused (535" in str(error)
    assert "look at Username and Password" in str(error)
    assert error.final
    error = await failure(postman, job("smtp", fields(port, Encryption="tls")))
    assert "refuses the sender" in str(error) or "530" in str(error)
    error = await failure(postman, job("smtp", fields(port), Password="pass word"))
    assert "530" in str(error), "without encryption"
    assert len(inbox.mails) == 1


async def test_tls_from_the_first_byte(
    postman: Postman, inbox: Inbox, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = certificate(folder)
    monkeypatch.setenv("SSL_CERT_FILE", str(made[1]))
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(inbox), "127.0.0.1", 0, ssl=_tls(made))
    async with server:
        port = server.sockets[0].getsockname()[1]
        await postman.send(job("smtp", fields(port, Encryption="ssl")))
        assert len(inbox.mails) == 1
        error = await failure(postman, job("smtp", fields(port, Encryption="ssl", Host="127.0.0.2")))
        assert "refuses connections" in str(error)


@pytest.mark.parametrize("encryption", ["tls", "ssl"])
async def test_wrong_certificates(
    postman: Postman, inbox: Inbox, serve: Callable[..., int], folder: Path, encryption: str
) -> None:
    context = _tls(certificate(folder, "other.example.com"))
    server = None
    if encryption == "tls":
        port = serve(tls_context=context)
    else:
        server = await asyncio.get_running_loop().create_server(lambda: SMTP(inbox), "127.0.0.1", 0, ssl=context)
        port = server.sockets[0].getsockname()[1]
    error = await failure(postman, job("smtp", fields(port, Encryption=encryption)))
    assert f"the certificate of localhost:{port} is not trusted: self-signed certificate" in str(error)
    assert "turn ValidateCertificate off" in str(error)
    assert (error.final, error.begun) == (True, False)
    assert inbox.envelopes == []
    await postman.send(job("smtp", fields(port, Encryption=encryption, ValidateCertificate=False)))
    assert len(inbox.mails) == 1
    if server:
        server.close()
        await server.wait_closed()


async def test_no_starttls_no_mail(postman: Postman, inbox: Inbox, serve: Callable[..., int]) -> None:
    port = serve()
    error = await failure(postman, job("smtp", fields(port, Encryption="tls")))
    assert "offers no STARTTLS; set Encryption to ssl or none" in str(error)
    assert error.final
    error = await failure(postman, job("smtp", fields(port, Encryption="ssl")))
    assert "does not speak TLS" in str(error)
    error = await failure(postman, job("smtp", fields(port, Username="joe"), Password="x"))
    assert "offers no login" in str(error)
    assert inbox.envelopes == []


async def test_what_the_server_refuses(postman: Postman, inbox: Inbox, serve: Callable[..., int]) -> None:
    port = serve()
    error = await failure(postman, job("smtp", fields(port, To="nobody@example.com")))
    assert "refuses nobody@example.com: 550 no such user; look at To" in str(error)
    assert error.final
    error = await failure(postman, job("smtp", fields(port, To="nobody@example.com, a@example.com")))
    assert "the server refuses nobody@example.com (550 no such user); the others got it" in str(error)
    assert error.final
    assert [envelope.rcpt_tos for envelope in inbox.envelopes] == [["a@example.com"]]
    for answer, final in (("452 4.3.1 no space", False), ("554 5.6.0 spam", True)):
        inbox.answer = answer
        error = await failure(postman, job("smtp", fields(port)))
        assert f"localhost:{port} says {answer}" in str(error)
        assert error.final is final


# --- POP ---

DOVECOT = """
protocols = pop3
listen = 127.0.0.1
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/dovecot.log
auth_verbose = yes
auth_failure_delay = 0
disable_plaintext_auth = no
ssl = yes
ssl_cert = <{folder}/localhost.crt
ssl_key = <{folder}/localhost.key
mail_location = maildir:{folder}/mail
mail_uid = mail
mail_gid = mail
first_valid_uid = 1
passdb {{
  driver = static
  args = password=pass-word
}}
userdb {{
  driver = static
  args = uid=mail gid=mail home={folder}/mail
}}
service pop3-login {{
  inet_listener pop3 {{
    port = {port}
  }}
  inet_listener pop3s {{
    port = 0
  }}
}}
"""


async def test_pop_before_smtp(
    postman: Postman, inbox: Inbox, serve: Callable[..., int], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dovecot = needs("dovecot")
    version = subprocess.run([dovecot, "--version"], capture_output=True, check=True).stdout  # noqa: ASYNC221 # a moment
    if os.geteuid() != 0 or not version.startswith(b"2.3"):
        pytest.skip("only root can start Dovecot, and the configuration is that of 2.3")
    made = certificate(folder)
    monkeypatch.setenv("SSL_CERT_FILE", str(made[1]))
    port = free_port()
    (folder / "mail").mkdir(mode=0o777)
    (folder / "mail").chmod(0o777)
    (folder / "conf").write_text(DOVECOT.format(folder=folder, port=port))
    smtp = serve(tls_context=_tls(made))
    with program(folder / "log", dovecot, "-F", "-c", str(folder / "conf")) as process:
        await up(port, process, folder / "log")
        for encryption in ("none", "tls"):
            pop = fields(smtp, Encryption=encryption, PopHost="localhost", PopPort=port, PopUsername="jane")
            await postman.send(job("smtp", pop, PopPassword="pass-word"))
            error = await failure(postman, job("smtp", pop, PopPassword="wrong-word"))
            assert f"the POP server localhost:{port}: login refused" in str(error)
            assert "look at PopUsername and PopPassword" in str(error)
            assert (error.final, error.begun) == (True, False)
    assert len(inbox.mails) == 2
    log = (folder / "dovecot.log").read_text()
    assert log.count("Login: user=<jane>") == 2, log
    assert log.count("TLS") >= 1


async def test_pop_servers_that_fail(postman: Postman, inbox: Inbox, serve: Callable[..., int]) -> None:
    port, nobody = serve(), free_port()
    for says, closes, encryption, said in (
        (b"+OK hello\r\n", False, "none", "no answer from"),
        (b"+OK hello\r\n", True, "none", "localhost:"),
        (b"220 smtp\r\n", False, "none", "is no POP server: 220 smtp"),
        (b"+OK hello\r\n-ERR no CAPA\r\n-ERR no STLS\r\n", False, "tls", "offers no STLS"),
        (b"+OK hello\r\n+OK\r\n" + b"X\r\n" * 200_000, False, "tls", "says too much"),
    ):
        async with Mute(says, closes=closes) as server:
            pop = fields(port, Encryption=encryption, PopHost="localhost", PopPort=server.port, PopUsername="j")
            error = await failure(postman, job("smtp", pop, patience=HASTE))
            assert said in str(error), str(error)
            assert not error.begun or "says too much" in str(error)
    error = await failure(postman, job("smtp", fields(port, PopHost="localhost", PopPort=nobody)))
    assert f"localhost:{nobody} refuses connections" in str(error)
    assert inbox.envelopes == []


# --- SMTP servers that fail ---

HELLO = b"220 hi\r\n250 hi\r\n"


@pytest.mark.parametrize(
    ("says", "closes", "said", "begun"),
    [
        (b"", False, "no answer|closed the connection", False),
        (b"", True, "closed the connection", False),
        (b"554 go away\r\n", True, "says 554 go away", True),
        (b"+OK POP3\r\n", False, "says|closed", True),
        (HELLO, False, "stopped answering|closed the connection", True),
        (HELLO + b"250 ok\r\n250 ok\r\n354 go\r\n", False, "stopped answering|half way", True),
        (HELLO + b"250 ok\r\n250 ok\r\n354 go\r\n", True, "half way", True),
        (HELLO + b"250 ok\r\n250 ok\r\n354 go\r\n552 full\r\n", False, "says 552 full", True),
        (b"220-x\r\n" * 100_000, False, "says too much", True),
        (b"220 " + b"x" * 100_000, False, "says|too", True),
    ],
)
async def test_servers_that_fail(postman: Postman, says: bytes, closes: bool, said: str, begun: bool) -> None:
    async with Mute(says, closes=closes) as server:
        error = await failure(postman, job("smtp", fields(server.port, Host="127.0.0.1"), patience=HASTE))
    assert any(part in str(error) for part in said.split("|")), str(error)
    assert error.begun is begun


async def test_a_server_that_asks_no_question(postman: Postman) -> None:
    async with Mute(b"220 hi\r\n250-hi\r\n250 AUTH CRAM-MD5\r\n334 abc\r\n") as server:
        error = await failure(
            postman, job("smtp", fields(server.port, Host="127.0.0.1", Username="joe"), patience=HASTE)
        )
    assert "says 334 what is no Base64" in str(error)


async def test_no_letter_of_a_password_is_told(postman: Postman) -> None:
    async with Mute(b"220 hi\r\n250-hi\r\n250 AUTH PLAIN LOGIN\r\n") as server:
        what = job("smtp", fields(server.port, Host="127.0.0.1", Username="joe"), Password="gehe\xfcmt")
        error = await failure(postman, what)
    assert "not ASCII" in str(error)
    assert "\\xfc" not in str(error)
    assert "\xfc" not in str(error)


async def test_nobody_there(postman: Postman) -> None:
    port = free_port()
    error = await failure(postman, job("smtp", fields(port, Host="127.0.0.1")))
    assert f"127.0.0.1:{port} refuses connections" in str(error)
    assert (error.final, error.begun) == (False, False)


def test_an_address_of_a_literal() -> None:
    mail = letter(job("smtp", fields(25, Sender="gate@[192.0.2.1]"), Notification("\ud800", subject="\x00\x07" * 300)))
    assert mail["Message-ID"].endswith("@192.0.2.1>")
    assert mail["Subject"] == "Notification by gatehouse"
    assert mail.get_content() == "?\n"
