# SPDX-License-Identifier: Apache-2.0
"""What no client may do, sent byte by byte."""

from __future__ import annotations

import asyncio
import contextlib
import json
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

import pytest

from axiod.gateway.limits import Limits
from tests.gateway.raw import Raw

if TYPE_CHECKING:
    from pathlib import Path

    from tests.gateway.web_device import WebDevice

LIMITS = Limits()
GET = b"GET /healthz HTTP/1.1\r\nHost: d\r\n"
POST = b"POST /api/v1/session HTTP/1.1\r\nHost: d\r\nContent-Type: application/json\r\n"
SMUGGLED = b"GET /healthz HTTP/1.1\r\nHost: d\r\n\r\n"

NO_HTTP = {
    "length and chunked": POST + b"Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + SMUGGLED,
    "chunked and length": POST + b"Transfer-Encoding: chunked\r\nContent-Length: 6\r\n\r\n0\r\n\r\n" + SMUGGLED,
    "two lengths": POST + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}" + SMUGGLED,
    "two equal lengths": POST + b"Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}" + SMUGGLED,
    "a list of lengths": POST + b"Content-Length: 2, 2\r\n\r\n{}" + SMUGGLED,
    "a negative length": POST + b"Content-Length: -1\r\n\r\n" + SMUGGLED,
    "a length with a sign": POST + b"Content-Length: +2\r\n\r\n{}" + SMUGGLED,
    "a hexadecimal length": POST + b"Content-Length: 0x2\r\n\r\n{}" + SMUGGLED,
    "a length of underscores": POST + b"Content-Length: 1_0\r\n\r\n0123456789" + SMUGGLED,
    "a huge length": POST + b"Content-Length: 99999999999999999999999\r\n\r\n",
    "another coding": POST + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n" + SMUGGLED,
    "chunked not last": POST + b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n" + SMUGGLED,
    "a tab before chunked's colon": POST + b"Transfer-Encoding\t: chunked\r\n\r\n0\r\n\r\n" + SMUGGLED,
    "a space before the colon": GET + b"Content-Length : 5\r\n\r\n" + SMUGGLED,
    "a space in a name": GET + b"Content Length: 5\r\n\r\n" + SMUGGLED,
    "a folded line": GET + b"X-A: b\r\n c: d\r\n\r\n",
    "NUL in a value": GET + b"X-A: b\0c\r\n\r\n",
    "NUL in a name": GET + b"X\0A: b\r\n\r\n",
    "NUL in the path": b"GET /health\0z HTTP/1.1\r\nHost: d\r\n\r\n",
    "CR in a value": GET + b"X-A: b\rX-B: c\r\n\r\n",
    "a bare LF in the head": b"GET /healthz HTTP/1.1\nHost: d\n\n",
    "a huge chunk": POST + b"Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n",
    "a negative chunk": POST + b"Transfer-Encoding: chunked\r\n\r\n-1\r\n\r\n",
    "a chunk that does not end": POST + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}}0\r\n\r\n" + SMUGGLED,
    "no version": b"GET /healthz\r\n\r\n",
    "a wrong version": b"GET /healthz HTTP/9.9\r\nHost: d\r\n\r\n",
    "a wrong method": b"G\x01T /healthz HTTP/1.1\r\nHost: d\r\n\r\n",
    "no HTTP": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(64) + b"\r\n\r\n",
    "two hosts": GET + b"Host: e\r\n\r\n",
    "no host": b"GET /healthz HTTP/1.1\r\n\r\n",
    "two logins": GET + b"Authorization: Bearer a\r\nAuthorization: Bearer b\r\n\r\n",
    "a long line": b"GET /healthz?" + b"a" * LIMITS.line_bytes + b" HTTP/1.1\r\nHost: d\r\n\r\n",
    "a long field": GET + b"X-A: " + b"a" * LIMITS.line_bytes + b"\r\n\r\n",
}


@pytest.mark.parametrize("sent", NO_HTTP.values(), ids=NO_HTTP)
async def test_what_is_no_http_is_refused_once(web: WebDevice, sent: bytes) -> None:
    async with Raw(web.ports["http"]) as raw:
        await raw.send(sent)
        said = await raw.closed()
    statuses = [line.split()[1] for line in said.split(b"\r\n") if line.startswith(b"HTTP/")]
    assert statuses in ([b"400"], [b"413"], [b"431"]), said
    assert b"Traceback" not in said
    assert b"aiohttp" not in said


async def test_a_header_may_be_so_long_and_no_longer(web: WebDevice) -> None:
    field = b"X-A: " + b"a" * 1000 + b"\r\n"
    async with Raw(web.ports["http"]) as raw:
        await raw.send(GET + field * 7 + b"\r\n")
        assert (await raw.answer())[0] == 200
        await raw.send(GET + field * 9 + b"\r\n")
        assert (await raw.answer())[0] == 431


async def test_an_endless_header_is_cut_off(web: WebDevice) -> None:
    async with Raw(web.ports["http"]) as raw:
        await raw.send(GET)
        with contextlib.suppress(ConnectionError):
            for n in range(10_000):
                await raw.send(b"X-%d: %s\r\n" % (n, b"a" * 100))
            pytest.fail("a megabyte of header was taken")


async def test_a_body_may_be_so_long_and_no_longer(web: WebDevice) -> None:
    async with Raw(web.ports["http"]) as raw:
        body = json.dumps({"Name": "x", "Password": "y", "More": "z" * 60_000}).encode()
        await raw.send(POST + b"Content-Length: %d\r\n\r\n" % len(body) + body)
        assert (await raw.answer())[0] == 401
    async with Raw(web.ports["http"]) as raw:
        await raw.send(POST + b"Content-Length: %d\r\n\r\n" % (LIMITS.strangers_body_bytes + 1))
        assert (await raw.answer())[0] == 413
    async with Raw(web.ports["http"]) as raw:
        await raw.send(POST + b"Transfer-Encoding: chunked\r\n\r\n")
        assert (await raw.answer())[0] == 411


async def test_the_body_of_an_administrator(web: WebDevice, tmp_path: Path) -> None:
    body = tmp_path / "body"
    for size, status in ((200_000, 400), (LIMITS.body_bytes + 1, 413)):
        body.write_bytes(b" " * size)
        words = ["-H", "Content-Type: application/json", "--data-binary", f"@{body}"]
        answer = await web.curl("/api/v1/accounts", *words, user="admin")
        assert answer.status == status


async def test_nothing_is_unpacked(web: WebDevice) -> None:
    answer = await web.curl(
        "/api/v1/session", "--json", '{"Name": "x", "Password": "y"}', "-H", "Content-Encoding: gzip"
    )
    assert answer.status == 415


async def test_connections_of_one_address(web: WebDevice) -> None:
    source = "127.0.0.88"
    async with AsyncExitStack() as stack:
        raws = [
            await stack.enter_async_context(Raw(web.ports["http"], source))
            for _ in range(LIMITS.connections_of_address)
        ]
        for raw in raws:
            await raw.send(GET + b"\r\n")
            assert (await raw.answer())[0] == 200
        with contextlib.suppress(ConnectionError):  # it may be reset before we know that it was taken
            async with Raw(web.ports["http"], source) as more:
                assert await more.closed() == b""
        assert (await web.curl("/healthz")).status == 200  # others get in
        await raws[0].send(GET + b"\r\n")
        assert (await raws[0].answer())[0] == 200  # and those who are in stay
    async with asyncio.timeout(10):
        while True:
            with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
                async with Raw(web.ports["http"], source) as raw:
                    await raw.send(GET + b"\r\n")
                    if (await raw.answer())[0] == 200:
                        return


async def test_requests_one_after_the_other_in_one_go(web: WebDevice) -> None:
    async with Raw(web.ports["http"]) as raw:
        await raw.send((GET + b"\r\n") * 50)
        for _ in range(50):
            assert (await raw.answer())[0] == 200


async def test_no_more_is_taken_ahead_than_is_allowed(web: WebDevice) -> None:
    """A request whose answer does not end, and more requests behind it."""
    token = await a_token(web)
    async with Raw(web.ports["http"]) as raw:
        await raw.send(b"GET /api/v1/events HTTP/1.1\r\nHost: d\r\nAccept: text/event-stream\r\n" + token + b"\r\n")
        await raw.reader.readuntil(b"\r\n\r\n")
        # It is cut off, or aiohttp (since 3.13) reads no more from it.
        with contextlib.suppress(ConnectionError, TimeoutError):
            for _ in range(10_000):
                async with asyncio.timeout(1):
                    await raw.send((GET + b"\r\n") * 1000)
            pytest.fail("megabytes of requests were taken")


async def a_token(web: WebDevice) -> bytes:
    made = await web.curl("/api/v1/tokens", "--json", '{"Name": "limits", "Role": "viewer"}', user="admin")
    assert made.status == 201, made.body
    return f"Authorization: Bearer {made.json()['Token']}\r\n".encode()


@pytest.mark.parametrize("part", [b"", b"GET /healthz HTTP/1.1\r\nHos"], ids=["nothing", "half a header"])
async def test_a_header_that_does_not_come(web: WebDevice, part: bytes) -> None:
    async with Raw(web.ports["http"]) as raw:
        await raw.send(part)
        assert await raw.closed() == b""


async def test_a_slow_header_does_not_become_faster_with_time(web: WebDevice) -> None:
    async with Raw(web.ports["http"]) as raw:
        await raw.send(GET + b"\r\n")
        assert (await raw.answer())[0] == 200
        await raw.send(b"GET /healthz")
        assert await raw.closed() == b""


# --- what every answer has ---


@pytest.mark.parametrize("path", ["/healthz", "/api/v1/relays", "/nothing", "/axis-cgi/nothing.cgi", "/../etc/passwd"])
async def test_security_headers(web: WebDevice, path: str) -> None:
    answer = await web.curl(path)
    assert answer.header("X-Content-Type-Options") == "nosniff"
    assert answer.header("X-Frame-Options") == "DENY"
    assert answer.header("Referrer-Policy") == "same-origin"
    assert "default-src 'none'" in answer.header("Content-Security-Policy")
    assert answer.header("Cache-Control") in ("no-store", "no-cache")
    assert "server" not in answer.headers
    assert "strict-transport-security" not in answer.headers
    secure = await web.curl(path, secure=True)
    assert "strict-transport-security" not in secure.headers  # HTTP is allowed, too


@pytest.mark.parametrize(
    "path",
    [
        "/../../etc/passwd",
        "/%2e%2e/%2e%2e/etc/passwd",
        "/axis-cgi/..%2f..%2fetc/passwd",
        "/api/v1/../../etc/passwd",
        "//etc/passwd",
        "/api/v1/ports/..%2f..",
        "/%00",
        "/\\..\\etc",
    ],
)
async def test_no_path_leads_elsewhere(web: WebDevice, path: str) -> None:
    answer = await web.curl(path, user="admin")
    assert answer.status in (400, 404), answer
    assert "root:" not in answer.body


async def test_an_unknown_path_and_method(web: WebDevice) -> None:
    assert (await web.curl("/api/v1/nothing")).status == 404
    wrong = await web.curl("/healthz", "-X", "DELETE")
    assert wrong.status == 405
    assert "GET" in wrong.header("Allow")
    assert (await web.curl("/api/v1/nothing")).header("Content-Type") == "application/problem+json"
