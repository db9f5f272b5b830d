# SPDX-License-Identifier: Apache-2.0
"""port.cgi?monitor=, read as curl gets it."""

from __future__ import annotations

import asyncio
import re
import subprocess
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest
from aiohttp import web as http
from aiohttp.test_utils import TestServer

from axiod.gateway.person import PERSON, Person
from axiod.gateway.vapix.monitor import monitor
from axiod.gateway.vapix.ports import port_at
from tests.conftest import until
from tests.gateway.web_device import PASSWORD

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.gateway.streams.conftest import Serve
    from tests.gateway.web_device import WebDevice
    from tests.sim.device_process import Client

pytestmark = pytest.mark.filterwarnings("ignore:It is recommended to use web.RequestKey")
CGI = "/axis-cgi/io/port.cgi?monitor="


class Monitor:
    """What curl wrote."""

    def __init__(self) -> None:
        self.text = ""
        self.ended = False

    @property
    def parts(self) -> list[str]:
        """The content of each part."""
        _head, _, body = self.text.partition("\r\n\r\n")
        found = re.findall(r"Content-Type: text/plain\r\n\r\n(.*?)\r\n--ioboundary\r\n", body, re.DOTALL)
        return [part.strip() for part in found]

    async def has(self, *parts: str) -> None:
        """Wait until these are all parts that are there, but for empty ones."""
        await until(lambda: [part for part in self.parts if part] == list(parts))


@asynccontextmanager
async def watched(url: str, user: str = "viewer") -> AsyncIterator[Monitor]:
    """Have curl watch until the end of the block."""
    process = await asyncio.create_subprocess_exec(
        "curl", "--silent", "--no-buffer", "--include", "--digest", "--user", f"{user}:{PASSWORD}", url,
        stdout=subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout
    found = Monitor()

    async def read(stream: asyncio.StreamReader) -> None:
        while data := await stream.read(4096):
            # After the 401 that asks for a login comes the answer that counts.
            found.text += data.decode()
            found.text = found.text[max(0, found.text.rfind("HTTP/1.1 ")) :]
        found.ended = True

    reading = asyncio.create_task(read(process.stdout))
    yield found
    if process.returncode is None:
        process.kill()
    await process.wait()
    await reading
    process._transport.close()  # type: ignore[attr-defined] # asyncio has no other way


async def test_inputs(web: WebDevice, client: Client) -> None:
    one = await client.port("input1").get("Number") + 1
    two = await client.port("input2").get("Number") + 1
    async with watched(f"{web.http}{CGI}{one},{two}") as found:
        await found.has(f"{one}I:L", f"{two}I:L")
        head = found.text.partition("\r\n\r\n")[0]
        assert "Content-Type: multipart/x-mixed-replace; boundary=ioboundary" in head
        assert found.text.partition("\r\n\r\n")[2].startswith("--ioboundary\r\nContent-Type: text/plain\r\n\r\n")
        await client.wire("input1").call("Set", "closed")
        await found.has(f"{one}I:L", f"{two}I:L", f"{one}I:/")
        await client.wire("input1").call("Set", "open")
        await client.wire("input3").call("Set", "closed")
        await client.wire("input2").call("Set", "closed")
        await found.has(f"{one}I:L", f"{two}I:L", f"{one}I:/", f"{one}I:\\", f"{two}I:/")


async def test_outputs_and_a_service_that_restarts(web: WebDevice, client: Client) -> None:
    relay = await client.relay().get("Number") + 1
    await client.relay().call("Set", True, {})
    async with watched(f"{web.http}{CGI}{relay}") as found:
        await found.has(f"{relay}O:H")
        await client.kill(client.relays)
        await client.relay().eventually(Active=True)
        await client.relay().call("Set", False, {})
        await found.has(f"{relay}O:H", f"{relay}O:\\")


async def test_it_ends_with_the_account(web: WebDevice, client: Client) -> None:
    web.add_account("guest3", "viewer")
    number = await client.relay().get("Number") + 1
    async with watched(f"{web.http}{CGI}{number}", "guest3") as found:
        await found.has(f"{number}O:L")
        web.busctl(
            "call", "org.axiod.system1", "/org/axiod/system1/account/guest3", "org.axiod.system1.Account", "Remove"
        )
        await until(lambda: found.ended)


async def test_nobody_watches_without_a_login(web: WebDevice) -> None:
    assert (await web.curl(f"{CGI}1")).status == 401


async def test_what_changes_while_the_answer_begins_is_told(serve: Serve, client: Client) -> None:
    here = await serve()
    mirror = here.gateway.mirror

    async def answer(request: http.Request) -> http.StreamResponse:
        request[PERSON] = Person("", None, "127.0.0.1", "anonymous")
        return await monitor(request, here.gateway, [port_at(mirror, 0)])

    async def meanwhile(_request: http.Request, _response: http.StreamResponse) -> None:
        await client.relay().call("Set", True, {})
        await until(lambda: port_at(mirror, 0).active)

    application = http.Application()
    application.router.add_get("/", answer)
    application.on_response_prepare.append(meanwhile)
    async with TestServer(application) as server, watched(str(server.make_url("/"))) as found:
        await found.has("1O:L", "1O:/")


async def test_empty_parts_say_that_it_is_alive(serve: Serve) -> None:
    here = await serve()

    async def answer(request: http.Request) -> http.StreamResponse:
        request[PERSON] = Person("", None, "127.0.0.1", "anonymous")
        return await monitor(request, here.gateway, [port_at(here.gateway.mirror, 0)], idle_seconds=0.05)

    application = http.Application()
    application.router.add_get("/", answer)
    async with TestServer(application) as server, watched(str(server.make_url("/"))) as found:
        await until(lambda: found.parts.count("") >= 3)
