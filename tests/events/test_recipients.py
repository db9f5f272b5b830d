# SPDX-License-Identifier: Apache-2.0
"""Recipients of the running service: their settings, secrets, tests, and what rules send to them."""

from __future__ import annotations

import asyncio
import signal
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest

from axiod.errors import Busy, Conflict, HardwareFailure, InvalidArgument, LimitReached, NotFound
from axiod.events.recipient import MOST_RECIPIENTS
from tests.events.conftest import EventsProcess, is_on, refusal, until
from tests.events.sending.conftest import free_port

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.sim.device_process import Thing

PASSWORD = "correct horse battery"


def recipient(events: EventsProcess, id_: str) -> Thing:
    return events.thing(f"recipient/{id_}", "Recipient")


async def add(events: EventsProcess, type_: str, name: str = "R", **fields: Any) -> str:
    id_: str = await events.thing("recipients", "Recipients").call("AddRecipient", name, type_, fields)
    return id_


class Web:
    """An HTTP server that records messages, and answers as it is told."""

    def __init__(self) -> None:
        self.port = 0
        self.status = "200 OK"
        self.messages: list[str] = []
        self.silent = False
        self._server: asyncio.Server | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    async def serve(self, port: int = 0) -> None:
        self._server = await asyncio.start_server(self._answer, "127.0.0.1", port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()
            self._server = None

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        query = urlsplit(head.split()[1]).query
        self.messages += parse_qs(query).get("Message", [])
        if self.silent:
            await reader.read()
        else:
            writer.write(f"HTTP/1.1 {self.status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())
        writer.close()


@asynccontextmanager
async def web() -> AsyncIterator[Web]:
    server = Web()
    await server.serve()
    try:
        yield server
    finally:
        await server.close()


async def test_a_recipient_has_the_fields_of_its_type(events: EventsProcess) -> None:
    id_ = await add(events, "ftp", "The archive", Host="ftp.example.com", Folder="a/b")
    assert await recipient(events, id_).all() == {
        "Name": "The archive", "Type": "ftp", "Host": "ftp.example.com", "Port": 21, "Username": "", "Folder": "a/b",
        "TemporaryName": True, "Passive": True, "Secrets": [], "Waiting": 0,
    }  # fmt: skip
    mail = await add(events, "smtp", Host="mail", To="a@example.com", Sender="b@example.com")
    found = await recipient(events, mail).all()
    assert (found["Sender"], found["Encryption"], found["PopPort"]) == ("b@example.com", "tls", 110)
    assert await events.thing("recipients", "Recipients").all() == {"Count": 2, "Limit": MOST_RECIPIENTS}


async def test_settings_outlive_everything(events: EventsProcess) -> None:
    id_ = await add(events, "https", Url="https://example.com/", ProxyHost="proxy")
    await recipient(events, id_).configure(Name="Other", Username="joe", ValidateCertificate=False)
    await recipient(events, id_).call("SetSecrets", {"Password": PASSWORD, "ProxyPassword": "x"})
    await recipient(events, id_).call("SetSecrets", {"ProxyPassword": ""})
    before = await recipient(events, id_).all()
    assert before["Secrets"] == ["Password"]
    for number in (signal.SIGKILL, signal.SIGTERM):
        await events.restart(number)
        assert await recipient(events, id_).all() == before


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"Port": 0}, "Port is 0; it must be a port from 1 to 65535"),
        ({"Port": 70_000}, "0 to 65535"),
        ({"Host": "a b"}, "Host is 'a b'"),
        ({"Host": ""}, "Host is missing"),
        ({"Url": "http://x/"}, "a recipient of type ftp has no Url; it has Host, Port"),
        ({"Password": "x"}, "there is no option 'Password'"),
        ({"Name": " "}, "Name is blank"),
        ({"Folder": "ok", "Host": "-x"}, "Host is '-x'"),
    ],
)
async def test_what_cannot_be_changes_nothing(events: EventsProcess, changes: dict[str, Any], said: str) -> None:
    id_ = await add(events, "ftp", Host="ftp.example.com")
    before = await recipient(events, id_).all()
    error = await refusal(recipient(events, id_).configure(**changes))
    assert isinstance(error, InvalidArgument)
    assert said in str(error)
    fields = {"Host": "ftp.example.com", **changes}
    assert isinstance(await refusal(add(events, "ftp", fields.pop("Name", "R"), **fields)), InvalidArgument)
    assert await recipient(events, id_).all() == before
    assert await events.names("recipient") == [id_]


async def test_the_21st_and_ids_that_are_never_given_again(events: EventsProcess) -> None:
    ids = [await add(events, "tcp", Host="h", Port=9) for _ in range(MOST_RECIPIENTS)]
    for work in (add(events, "tcp", Host="h", Port=9), recipient(events, ids[0]).call("Copy", "c")):
        error = await refusal(work)
        assert isinstance(error, LimitReached)
        assert "20 recipients" in str(error)
    await recipient(events, ids[-1]).call("Remove")
    assert isinstance(await refusal(recipient(events, ids[-1]).call("Remove")), NotFound)
    await events.restart(signal.SIGKILL)
    assert await add(events, "tcp", Host="h", Port=9) == str(int(ids[-1]) + 1)


async def test_secrets_are_told_to_nobody(events: EventsProcess) -> None:
    id_ = await add(events, "http", Url="http://127.0.0.1:9/", Username="joe")
    await recipient(events, id_).call("SetSecrets", {"Password": PASSWORD})
    error = await refusal(recipient(events, id_).call("SetSecrets", {"PopPassword": "hidden word"}))
    assert "a recipient of type http has no PopPassword; it has Password and ProxyPassword" in str(error)
    errors = [error, await refusal(recipient(events, id_).call("SetSecrets", {"Password": "hidden\nword"}))]
    errors.append(await refusal(recipient(events, id_).call("SetSecrets", {"Password": "hidden word" * 20})))
    assert not any("hidden" in str(error) for error in errors)
    copy = await recipient(events, id_).call("Copy", "The copy")
    found = await recipient(events, copy).all()
    assert (found["Name"], found["Secrets"], found["Username"]) == ("The copy", ["Password"], "joe")
    _, text = await recipient(events, copy).call("Test")
    everything = [str(await recipient(events, name).all()) for name in (id_, copy)] + [text, events.log]
    assert not any(PASSWORD in said or "hidden" in said for said in everything)
    private = events.state / "recipient-secrets.yaml"
    assert private.stat().st_mode & 0o077 == 0
    assert private.read_text().count(PASSWORD) == 2
    for path in events.state.iterdir():
        if path.is_file() and PASSWORD.encode() in path.read_bytes():
            assert path.name.startswith("recipient-secrets.yaml")
            assert path.stat().st_mode & 0o077 == 0
    await recipient(events, id_).call("Remove")
    await recipient(events, copy).call("Remove")
    assert PASSWORD not in private.read_text()


async def test_test_says_what_is_wrong(events: EventsProcess) -> None:
    async with web() as server:
        id_ = await add(events, "http", "The guard", Url=server.url)
        reached, text = await recipient(events, id_).call("Test")
        assert (reached, text) == (True, f"a test notification was sent to {server.url}")
        assert server.messages[0].startswith("This is a test of the recipient The guard by ")
        server.status = "404 Not Found"
        reached, text = await recipient(events, id_).call("Test")
        assert not reached
        assert f"127.0.0.1:{server.port} answered 404 Not Found; look at Url" in text
        found = await recipient(events, id_).eventually(LastResult=text)
        assert found["LastResultUsec"] > 0
        server.silent = True
        first = asyncio.create_task(recipient(events, id_).call("Test"))
        await until(lambda: len(server.messages) == 3)
        assert isinstance(await refusal(recipient(events, id_).call("Test")), Busy)
        server.silent = False
        await recipient(events, id_).call("Remove")
        first.cancel()


def notify(id_: str, message: str = "%H #{rule} #{data.active}", **more: Any) -> dict[str, Any]:
    return {"Kind": "notify", "Recipient": id_, "Message": message, **more}


async def test_a_rule_notifies(events: EventsProcess) -> None:
    async with web() as server:
        id_ = await add(events, "http", Url=server.url)
        rule = await events.add_rule([is_on(1)], [notify(id_, "#{rule}: #{data.active} #{source.port}")], "the gate")
        await events.input(1).call("Set", True, {})
        await until(lambda: server.messages == ["the gate: 1 1"])
        await recipient(events, id_).eventually(Waiting=0, LastResult="sent")
        error = await refusal(recipient(events, id_).call("Remove"))
        assert isinstance(error, Conflict)
        assert "the gate" in str(error)
        await rule.call("Remove")
        await recipient(events, id_).call("Remove")


async def test_what_waits_outlives_a_kill_and_arrives_when_the_server_is_back(events: EventsProcess) -> None:
    server, port = Web(), free_port()
    id_ = await add(events, "http", Url=f"http://127.0.0.1:{port}/")
    await events.add_rule([is_on(1)], [notify(id_, "on #{source.port}", Retries=100)], "the gate")
    for on in (True, False, True, False, True):
        await events.input(1).call("Set", on, {})
    found = await recipient(events, id_).eventually(Waiting=3)
    await events.kill()
    found = await recipient(events, id_).eventually(Waiting=3)
    await server.serve(port)
    # Whoever corrects the recipient need not wait for the next attempt.
    await recipient(events, id_).configure(Name=found["Name"] + "!")
    await until(lambda: server.messages == ["on 1"] * 3)
    await recipient(events, id_).eventually(Waiting=0, LastResult="sent")
    await server.close()


async def test_a_failure_is_told(events: EventsProcess) -> None:
    async with web() as server:
        server.status = "410 Gone"
        id_ = await add(events, "http", Url=server.url)
        await events.add_rule([is_on(1)], [notify(id_)], "the gate")
        await events.input(1).call("Set", True, {})
        await until(lambda: server.messages)
        gone = f"127.0.0.1:{server.port} answered 410 Gone; look at Url"
        await recipient(events, id_).eventually(Waiting=0, LastResult=gone)
        async with asyncio.timeout(10):
            while not any("410 Gone" in str(entry) for entry in await events.logged()):
                await recipient(events, id_).all()


async def test_a_slow_recipient_delays_no_other(events: EventsProcess) -> None:
    async with web() as slow, web() as fast:
        slow.silent = True
        ids = [await add(events, "http", Url=server.url) for server in (slow, fast)]
        await events.add_rule([is_on(1)], [notify(ids[0], "s"), notify(ids[1], "f")], "the gate")
        for on in (True, False, True):
            await events.input(1).call("Set", on, {})
        await until(lambda: fast.messages == ["f", "f"])
        assert slow.messages in ([], ["s"])
        await recipient(events, ids[0]).eventually(Waiting=2)


async def test_what_cannot_be_stored_is_not_in_force(events: EventsProcess) -> None:
    id_ = await add(events, "tcp", Host="h", Port=9)
    before = await recipient(events, id_).all()
    (events.state / "recipients.yaml.new").mkdir()
    (events.state / "recipient-secrets.yaml.new").mkdir()
    for work in (
        recipient(events, id_).configure(Port=10),
        recipient(events, id_).call("Copy", "c"),
        recipient(events, id_).call("Remove"),
        add(events, "tcp", Host="h", Port=9),
    ):
        assert isinstance(await refusal(work), HardwareFailure)
    assert await recipient(events, id_).all() == before
    assert await events.names("recipient") == [id_]


async def test_damaged_files_are_told(events: EventsProcess) -> None:
    id_ = await add(events, "ftp", Host="h")
    await recipient(events, id_).call("SetSecrets", {"Password": PASSWORD})
    await events.stop()
    for name, text in (
        ("recipient-secrets.yaml", f"version: 1\nsecrets: [{PASSWORD}]\n"),
        ("recipients.yaml", "version: 1\nlast: 1\nrecipients: {1: {Name: R, Type: ftp, Host: h, Port: 0}}\n"),
    ):
        (events.state / name).write_text(text)
        (events.state / f"{name}.previous").unlink(missing_ok=True)
    await events.start()
    problems = await events.problems()
    assert any("recipients.yaml could not be read" in problem for problem in problems), problems
    assert PASSWORD not in events.log
    assert await events.names("recipient") == []


async def test_any_call_is_answered(events: EventsProcess) -> None:
    """What is wrong is refused with an error of ours; nothing of it breaks the service."""
    id_ = await add(events, "http", Url="http://127.0.0.1:9/")
    for value in ("\0", "x" * 5000, "\ud7ff", "%s%n", "../../etc/passwd", "☃" * 128):
        for name in ("Name", "Url", "Username", "ProxyHost", "ProxyUsername"):
            with suppress(InvalidArgument):
                await recipient(events, id_).configure(**{name: value})
    assert (await recipient(events, id_).get("Type")) == "http"
