# SPDX-License-Identifier: Apache-2.0
"""The ways to a broker: TLS with all that can be wrong, WebSocket, ALPN behind a front, proxies; and silence."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio

from axiod.events.mqtt.message import Message
from axiod.events.mqtt.trust import Credentials
from tests.events.mqtt.peers import Broker, Front, Pki, alpn_front, free_port, front, proxy

if TYPE_CHECKING:
    from tests.conftest import Until
    from tests.events.mqtt.conftest import Brokers, Made, Make

TCP, TLS, WS, WSS, MUTUAL, SELF, MISNAMED = range(7)


@pytest_asyncio.fixture
async def ways(brokers: Brokers, pki: Pki) -> Broker:
    """A broker that can be reached in all ways."""

    def tls(name: str) -> str:
        return f"certfile {pki.folder}/{name}.pem\nkeyfile {pki.folder}/{name}.key"

    started = brokers(
        "",
        tls("server"),
        "protocol websockets",
        f"protocol websockets\n{tls('server')}",
        f"{tls('server')}\ncafile {pki.folder}/ca.pem\nrequire_certificate true",
        tls("self"),
        tls("misnamed"),
    )
    await started.start()
    return started


async def goes(made: Made, until: Until) -> None:
    """Connect, and have something acknowledged."""
    made.client.start()
    await until(lambda: made.connected)
    made.client.publish(Message("x", b"0" * 70_000, 1))
    await until(lambda: made.client.waiting == 0)


@pytest.mark.parametrize(("protocol", "way"), [("tcp", TCP), ("ssl", TLS), ("ws", WS), ("wss", WSS)])
async def test_each_protocol(ways: Broker, pki: Pki, make: Make, until: Until, protocol: str, way: int) -> None:
    made = make()
    made.around.given = Credentials(pki.text("ca.pem"))
    made.apply(port=ways.ports[way], protocol=protocol, ca_certificate="ca")
    await goes(made, until)


@pytest.mark.parametrize(
    ("ca", "way", "says"),
    [
        ("", TLS, "is not trusted: unable to get local issuer certificate"),
        ("other.pem", TLS, "is not trusted: unable to get local issuer certificate"),
        ("ca.pem", SELF, "is not trusted: self"),
        ("ca.pem", MISNAMED, "IP address mismatch"),
        ("ca.pem", TCP, "do not agree on TLS|closed the connection|did not answer|reset by peer"),
    ],
)
async def test_a_wrong_certificate_is_told(
    ways: Broker, pki: Pki, make: Make, until: Until, ca: str, way: int, says: str
) -> None:
    made = make()
    made.around.given = Credentials(pki.text(ca) if ca else "")
    made.apply(port=ways.ports[way], protocol="ssl", connect_timeout_sec=2)
    made.client.start()
    await until(lambda: made.problem)
    assert not made.connected
    import re

    assert re.search(says, made.problem), made.problem


async def test_a_certificate_need_not_be_trusted(ways: Broker, make: Make, until: Until) -> None:
    made = make()
    made.apply(port=ways.ports[MISNAMED], protocol="ssl", validate_certificate=False)
    await goes(made, until)


async def test_the_brokers_own_certificate_can_be_trusted(ways: Broker, pki: Pki, make: Make, until: Until) -> None:
    made = make()
    made.around.given = Credentials(pki.text("self.pem"))
    made.apply(port=ways.ports[SELF], protocol="ssl", ca_certificate="self")
    await goes(made, until)


async def test_a_client_certificate(ways: Broker, pki: Pki, make: Make, until: Until) -> None:
    made = make()
    made.around.given = Credentials(pki.text("ca.pem"))
    made.apply(port=ways.ports[MUTUAL], protocol="ssl", connect_timeout_sec=2)
    made.client.start()
    await until(lambda: made.problem)
    assert not made.connected
    made.around.given = Credentials(pki.text("ca.pem"), pki.text("client.pem"), pki.text("client.key"))
    made.apply(client_certificate="client")
    await goes(made, until)
    made.around.given = Credentials(pki.text("ca.pem"), pki.text("client.pem"), pki.text("other.key"))
    made.apply(client_certificate="broken")
    await until(lambda: "certificate broken cannot be shown" in made.problem)


async def test_alpn_behind_a_front(ways: Broker, pki: Pki, make: Make, until: Until) -> None:
    gate = await alpn_front(pki, ways.ports[TCP], "mqtt")
    try:
        made = make()
        made.around.given = Credentials(pki.text("ca.pem"))
        made.apply(port=gate.port, protocol="ssl", alpn_protocol="mqtt")
        await goes(made, until)
        assert gate.seen == ["mqtt"]
        made.apply(alpn_protocol="x-amzn-mqtt-ca")
        await until(lambda: "AlpnProtocol" in made.problem)
        assert not made.connected
    finally:
        await made.client.stop()
        await gate.close()


@pytest.mark.parametrize(("protocol", "way"), [("tcp", TCP), ("ssl", TLS), ("ws", WS), ("wss", WSS)])
async def test_through_a_proxy(ways: Broker, pki: Pki, make: Make, until: Until, protocol: str, way: int) -> None:
    between = await proxy()
    try:
        made = make()
        made.around.given = Credentials(pki.text("ca.pem"))
        url = f"http://joe:p%40ss@127.0.0.1:{between.port}"
        made.apply(port=ways.ports[way], protocol=protocol, http_proxy=url, https_proxy=url)
        await goes(made, until)
        assert between.seen[0].startswith(f"CONNECT 127.0.0.1:{ways.ports[way]} HTTP/1.1\r\n")
        assert "Proxy-Authorization: Basic am9lOnBAc3M=\r\n" in between.seen[0]
    finally:
        await made.client.stop()
        await between.close()


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        ("HTTP/1.1 407 Proxy Authentication Required", "refused: 407 Proxy Authentication Required"),
        ("HTTP/1.1 502 Bad Gateway", "refused: 502 Bad Gateway"),
        ("SSH-2.0-nonsense", "refused|did not answer like an HTTP proxy"),
    ],
)
async def test_a_proxy_that_refuses(ways: Broker, make: Make, until: Until, answer: str, says: str) -> None:
    import re

    between = await proxy(answer)
    try:
        made = make()
        made.apply(port=ways.port, http_proxy=f"http://joe:secret@127.0.0.1:{between.port}")
        made.client.start()
        await until(lambda: made.problem)
        assert re.search(says, made.problem)
        assert "secret" not in made.problem
    finally:
        await made.client.stop()
        await between.close()


async def test_a_proxy_that_is_not_there(ways: Broker, make: Make, until: Until) -> None:
    made = make()
    made.apply(port=ways.port, http_proxy=f"http://127.0.0.1:{free_port()}")
    made.client.start()
    await until(lambda: "the proxy 127.0.0.1" in made.problem)


async def test_a_wrong_base_path_is_told(make: Make, until: Until) -> None:
    async def serve(_found: Front, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()

    web = await front(serve)
    try:
        made = make()
        made.apply(port=web.port, protocol="ws", base_path="/nothing")
        made.client.start()
        await until(lambda: "404 Not Found" in made.problem)
        assert "BasePath" in made.problem
    finally:
        await made.client.stop()
        await web.close()


@pytest.mark.parametrize("protocol", ["tcp", "ssl", "ws", "wss"])
async def test_silence_ends_by_the_timeout(make: Make, until: Until, protocol: str) -> None:
    ended = asyncio.Event()

    async def serve(_found: Front, reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        while await reader.read(1000):
            pass
        ended.set()

    hole = await front(serve)
    try:
        made = make()
        made.apply(port=hole.port, protocol=protocol, connect_timeout_sec=1)
        made.client.start()
        await until(lambda: "did not answer within 1 s" in made.problem)
        await ended.wait()
    finally:
        await made.client.stop()
        await hole.close()


async def test_a_name_that_is_not_found_is_tried_again(ways: Broker, make: Make, until: Until) -> None:
    made = make()
    made.apply(host="nobody.invalid", port=ways.port)
    made.client.start()
    await until(lambda: "nobody.invalid" in made.problem)
    made.apply(host="localhost")
    await until(lambda: made.connected)


async def test_a_broker_that_stands_still_is_noticed(ways: Broker, make: Make, until: Until) -> None:
    made = make()
    made.apply(port=ways.port, keep_alive_sec=1, connect_timeout_sec=1)
    made.client.start()
    await until(lambda: made.connected)
    ways.freeze()
    await until(lambda: not made.connected)
    assert "did not answer" in made.problem


async def test_no_reconnect_where_none_is_wanted(ways: Broker, make: Make, until: Until) -> None:
    made = make()
    made.apply(port=ways.port, auto_reconnect=False)
    made.client.start()
    await until(lambda: made.connected)
    ways.kill()
    await until(lambda: "AutoReconnect is off" in made.problem)
    await ways.start()
    made.client.start()
    await until(lambda: made.connected)
