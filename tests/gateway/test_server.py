# SPDX-License-Identifier: Apache-2.0
"""Where the gateway listens, how it follows the settings, and TLS as openssl sees it."""

from __future__ import annotations

import asyncio
import gc
import ssl
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio

from axiod.bus.connection import Connection
from axiod.gateway import tls
from axiod.gateway.incoming import Incoming
from axiod.gateway.limits import Limits
from tests.conftest import Until, run
from tests.gateway.raw import Raw
from tests.gateway.stand_in import System, free_port, here, listener, make_certificate

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.conftest import Daemon

GET = b"GET /healthz HTTP/1.1\r\nHost: d\r\n\r\n"


@pytest_asyncio.fixture
async def system(bus: Daemon) -> AsyncIterator[System]:
    """axiod-system, played."""
    connection = await Connection.open(bus.address)
    system = System(connection)
    await system.start()
    yield system
    await connection.close()


async def answers(port: int, source: str = "127.0.0.1") -> bool:
    """Whether somebody serves HTTP there; a connection that is reset is an error, one that hangs a time-out."""
    async with Raw(port, source) as raw:
        await raw.send(GET)
        return (await raw.answer())[0] == 200


async def is_refused(port: int) -> bool:
    """Whether whoever connects is sent away at once."""
    try:
        async with Raw(port) as raw:
            return await raw.closed() == b""
    except ConnectionError:
        return True


async def test_the_settings_are_followed_and_connections_stay(bus: Daemon, system: System, until: Until) -> None:
    async with here(bus.address) as gateway:
        former = gateway.port("http")
        async with Raw(former) as raw:
            await raw.send(GET)
            assert (await raw.answer())[0] == 200
            new = free_port()
            system.configure(http_port=new)
            await until(lambda: gateway.port("http") == new)
            assert await answers(new)
            assert await is_refused(former)
            await raw.send(GET)
            assert (await raw.answer())[0] == 200
        assert f"http at 127.0.0.1:{new}" in gateway.statuses[-1]


async def test_a_port_that_is_taken_leaves_the_former(
    bus: Daemon, system: System, until: Until, caplog: pytest.LogCaptureFixture
) -> None:
    async with here(bus.address) as gateway:
        former = gateway.port("http")
        with listener() as other:
            taken = other.getsockname()[1]
            system.configure(http_port=taken)
            await until(lambda: f"http cannot listen at port {taken}" in gateway.statuses[-1])
            assert await answers(former)
            assert f"http cannot listen at port {taken}: Address already in use" in caplog.text
        gateway.server.reload()
        assert await answers(taken)
        assert await is_refused(former)
        assert "cannot" not in gateway.statuses[-1]


async def test_sockets_of_systemd_are_used_at_their_ports_and_refuse_when_not_wanted(
    bus: Daemon, system: System, until: Until
) -> None:
    sockets = [listener(), listener()]
    first, second = (item.getsockname()[1] for item in sockets)
    system.configure(http_port=first, rtsp_port=second)
    async with here(bus.address, inherited=sockets) as gateway:
        assert await answers(first)
        async with Raw(second) as raw:
            await raw.send(b"hello\n")
            assert await raw.reader.readline() == b"hello\n"
        own = free_port()
        system.configure(http_port=own)
        await until(lambda: gateway.port("http") == own)
        assert await answers(own)
        assert await is_refused(first)
        system.configure(http_port=second, rtsp_port=first)
        await until(lambda: gateway.port("http") == second)
        assert await answers(second)
        async with Raw(first) as raw:
            await raw.send(b"hello\n")
            assert await raw.reader.readline() == b"hello\n"
        assert await is_refused(own)


async def test_a_protocol_that_is_not_allowed_is_refused(
    bus: Daemon, system: System, until: Until, tmp_path: Path
) -> None:
    pem, key = make_certificate(tmp_path, "one")
    system.add_certificate("one", pem, key)
    system.configure(certificate="one", protocols="http")
    async with here(bus.address) as gateway:
        assert set(gateway.server.where()) == {"http", "rtsp"}
        system.configure(protocols="both")
        await until(lambda: "https" in gateway.server.where())
        https = gateway.port("https")
        http = gateway.port("http")
        async with Raw(http) as raw:
            await raw.send(GET)
            assert (await raw.answer())[0] == 200
            system.configure(protocols="https")
            await until(lambda: "http" not in gateway.server.where())
            assert await raw.closed() == b""
        assert await is_refused(http)
        answer = await run("curl", "-sik", f"https://127.0.0.1:{https}/healthz")
        assert "Strict-Transport-Security: max-age=31536000" in answer.out
        system.configure(protocols="both")
        await until(lambda: "http" in gateway.server.where())
        answer = await run("curl", "-sik", f"https://127.0.0.1:{https}/healthz")
        assert "Strict-Transport-Security" not in answer.out


async def test_without_axiod_system_it_stays_where_it_was(bus: Daemon, until: Until) -> None:
    connection = await Connection.open(bus.address)
    system = System(connection)
    await system.start()
    async with here(bus.address) as gateway:
        http = gateway.port("http")
        await connection.close()
        async with asyncio.timeout(10):
            while await answers(http):
                pass
        assert gateway.port("http") == http


async def test_without_axiod_system_at_the_start_the_command_line_counts(bus: Daemon) -> None:
    async with here(bus.address, ports={"http": 0, "https": 0, "rtsp": 0}) as gateway:
        assert set(gateway.server.where()) == {"http", "rtsp"}
        answer = await run("curl", "-s", f"http://127.0.0.1:{gateway.port('http')}/healthz")
        assert "system" in answer.out


async def test_without_an_address_it_listens_everywhere(bus: Daemon, system: System) -> None:
    async with here(bus.address, addresses=()) as gateway:
        for host, source in (("127.0.0.1", "127.0.0.1"), ("127.0.0.9", "127.0.0.1"), ("[::1]", "::1")):
            answer = await run("curl", "-s", "-g", f"http://{host}:{gateway.port('http')}/address")
            assert answer.out == source


# --- TLS ---


async def s_client(port: int, *words: str) -> str:
    """Have openssl connect, and return all that it says."""
    done = await run("sh", "-c", f"openssl s_client -connect 127.0.0.1:{port} {' '.join(words)} </dev/null 2>&1")
    return done.out


async def test_tls_as_openssl_sees_it(bus: Daemon, system: System, tmp_path: Path) -> None:
    pem, key = make_certificate(tmp_path, "one")
    system.add_certificate("one", pem, key)
    system.configure(certificate="one")
    async with here(bus.address) as gateway:
        https = gateway.port("https")
        said = await s_client(https, "-tls1_3", "-alpn", "h2,http/1.1")
        assert "TLSv1.3" in said
        assert "ALPN protocol: http/1.1" in said
        for cipher in (
            "ECDHE-ECDSA-AES128-GCM-SHA256",
            "ECDHE-ECDSA-AES256-GCM-SHA384",
            "ECDHE-ECDSA-CHACHA20-POLY1305",
        ):
            said = await s_client(https, "-tls1_2", "-cipher", cipher)
            assert f"Cipher is {cipher}" in said
            assert "Secure Renegotiation IS supported" in said
            assert "Compression: NONE" in said
        weak = "ALL:COMPLEMENTOFALL:!ECDHE+AESGCM:!ECDHE+CHACHA20@SECLEVEL=0"
        for words in (
            ["-tls1_2", "-cipher", f"'{weak}'"],
            ["-tls1_1", "-cipher", "ALL@SECLEVEL=0"],
            ["-tls1", "-cipher", "ALL@SECLEVEL=0"],
        ):
            assert "Cipher is (NONE)" in await s_client(https, *words), words


async def test_another_certificate_counts_for_new_connections(
    bus: Daemon, system: System, until: Until, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    pems = {name: make_certificate(tmp_path, name) for name in ("one", "two", "three")}
    system.add_certificate("one", *pems["one"])
    system.configure(certificate="one")
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client.check_hostname = False
    client.verify_mode = ssl.CERT_NONE
    async with here(bus.address) as gateway:
        https = gateway.port("https")

        async def presented() -> str:
            return (await s_client(https)).partition("subject=")[2].partition("\n")[0].replace(" ", "")

        assert await presented() == "CN=one"
        reader, writer = await asyncio.open_connection("127.0.0.1", https, ssl=client)
        system.add_certificate("two", *pems["two"])
        system.configure(certificate="two")
        async with asyncio.timeout(10):
            while await presented() != "CN=two":
                pass
        system.add_certificate("two", *pems["three"])
        async with asyncio.timeout(10):
            while await presented() != "CN=three":
                pass
        # One that cannot be used changes nothing, and is named.
        system.add_certificate("broken", pems["one"][0], pems["two"][1])
        system.configure(certificate="broken")
        await until(lambda: "HTTPS keeps what it had" in gateway.statuses[-1])
        assert await presented() == "CN=three"
        assert "PRIVATE KEY" not in caplog.text
        system.configure(certificate="absent")
        await until(lambda: "absent" in gateway.statuses[-1])
        system.configure(certificate="two")
        await until(lambda: "keeps" not in gateway.statuses[-1])
        writer.write(GET)  # the first connection still counts
        assert (await reader.readline()).startswith(b"HTTP/1.1 200")
        writer.close()


@pytest.mark.parametrize("kind", ["password", "swapped", "empty", "noise"])
def test_what_is_no_certificate(tmp_path: Path, kind: str) -> None:
    pem, key = make_certificate(tmp_path, "one")
    if kind == "password":
        _, key = make_certificate(tmp_path, "hidden", password="secret")
    elif kind == "swapped":
        _, key = make_certificate(tmp_path, "two")
    elif kind == "empty":
        pem = key = ""
    else:
        pem = "-----BEGIN CERTIFICATE-----\n????\n-----END CERTIFICATE-----"
    with pytest.raises(ValueError, match=r"cannot be used|password"):
        tls.context(pem, key)


async def test_who_speaks_no_tls_does_no_harm(bus: Daemon, system: System, tmp_path: Path, until: Until) -> None:
    system.add_certificate("one", *make_certificate(tmp_path, "one"))
    system.configure(certificate="one")
    async with here(bus.address, limits=Limits(head_seconds=0.2)) as gateway:
        https = gateway.port("https")
        async with Raw(https) as raw:
            await raw.send(GET)
            await raw.closed()
        async with Raw(https) as raw:  # nothing at all
            assert await raw.closed() == b""
        assert (await run("curl", "-sk", f"https://127.0.0.1:{https}/healthz")).out == '{"status": "ok"}'


# --- limits of time, shortened ---


async def test_a_body_that_does_not_come(bus: Daemon, system: System) -> None:
    async with here(bus.address, limits=Limits(body_seconds=0.2)) as gateway, Raw(gateway.port("http")) as raw:
        await raw.send(b"POST /take HTTP/1.1\r\nHost: d\r\nContent-Length: 10\r\n\r\n12345")
        status, head = await raw.answer()
        assert status == 408
        assert b"Connection: close" in head


async def test_an_idle_connection_is_closed(bus: Daemon, system: System) -> None:
    async with here(bus.address, limits=Limits(idle_seconds=0.2)) as gateway, Raw(gateway.port("http")) as raw:
        await raw.send(GET)
        assert (await raw.answer())[0] == 200
        assert await raw.closed() == b""


async def test_a_large_body_behind_a_slow_start(bus: Daemon, system: System) -> None:
    """Nothing of a body is taken for a header, whatever it holds and however it is cut."""
    body = b"\r\n\r\nGET / HTTP/1.1\r\n" * 3000
    async with here(bus.address) as gateway, Raw(gateway.port("http")) as raw:
        for size in (1, 1000, len(body)):
            head = b"POST /take HTTP/1.1\r\nHost: d\r\nContent-Length: %d\r\n\r\n" % len(body)
            for place in range(0, len(head), 7):
                await raw.send(head[place : place + 7])
            await raw.send(body[:size])
            await raw.send(body[size:])
            assert (await raw.answer())[0] == 200


async def test_all_connections_together(bus: Daemon, system: System) -> None:
    async with here(bus.address, limits=Limits(connections=3, connections_of_address=2)) as gateway:
        port = gateway.port("http")
        async with Raw(port, "127.0.0.2") as one, Raw(port, "127.0.0.2") as two, Raw(port, "127.0.0.3") as three:
            for raw in (one, two, three):
                await raw.send(GET)
                assert (await raw.answer())[0] == 200
            assert await is_refused(port)


async def test_a_fault_is_said_in_one_line(bus: Daemon, system: System, caplog: pytest.LogCaptureFixture) -> None:
    async with here(bus.address) as gateway:
        answer = await run("curl", "-si", f"http://127.0.0.1:{gateway.port('http')}/fail")
    assert answer.out.startswith("HTTP/1.1 500 ")
    assert answer.out.endswith("a fault of axiod; its log says more\n")
    assert "on purpose" in caplog.text
    assert caplog.text.count("Traceback") == 1


async def test_who_goes_in_the_middle_is_no_fault(
    bus: Daemon, system: System, until: Until, caplog: pytest.LogCaptureFixture
) -> None:
    """Anybody can do so as often as they like, so the log has nothing of it."""
    async with here(bus.address) as gateway:
        async with Raw(gateway.port("http")) as raw:
            await raw.send(b"POST /take HTTP/1.1\r\nHost: d\r\nContent-Length: 10\r\n\r\nhalf")
            await until(lambda: any(client.requests for client in gateway.clients))
        await until(lambda: not len(gateway.clients))
        assert await answers(gateway.port("http"))
    assert not [record for record in caplog.records if record.name == "axiod.gateway.incoming"]


async def test_what_cut_connections_leave_is_freed(bus: Daemon, system: System, until: Until) -> None:
    """It is a circle of few objects, which nobody else would look at for a long time, with a body in it."""
    async with here(bus.address) as gateway:
        gc.collect()
        gc.disable()
        try:
            for _ in range(40):
                async with Raw(gateway.port("http")) as raw:
                    await raw.send(b"POST /take HTTP/1.1\r\nHost: d\r\nContent-Length: 10\r\n\r\nhalf")
                    await until(lambda: any(client.requests for client in gateway.clients))
                await until(lambda: not len(gateway.clients))
            await until(lambda: sum(isinstance(item, Incoming) for item in gc.get_objects()) <= 20)
        finally:
            gc.enable()


async def test_who_was_let_in_before_the_end_is_answered(bus: Daemon, system: System, until: Until) -> None:
    async with here(bus.address) as gateway, Raw(gateway.port("http")) as raw:
        await until(lambda: len(gateway.clients) == 1)
        ending = asyncio.create_task(gateway.server.stop())
        await until(lambda: not gateway.server.where())
        await raw.send(GET)
        assert (await raw.answer())[0] == 200
        await ending
