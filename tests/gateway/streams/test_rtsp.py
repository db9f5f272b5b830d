# SPDX-License-Identifier: Apache-2.0
"""The event stream over RTSP, request by request."""

from __future__ import annotations

import asyncio
import contextlib
import re
import socket
from typing import TYPE_CHECKING

import pytest

from axiod.gateway.rtsp.stream import Stream
from tests.conftest import until

if TYPE_CHECKING:
    from tests.gateway.streams.conftest import Connect, Serve
    from tests.gateway.streams.rtsp_client import RtspClient
    from tests.gateway.web_device import WebDevice
    from tests.sim.device_process import Client

import pytest_asyncio

pytestmark = pytest.mark.filterwarnings("ignore:It is recommended to use web.RequestKey")
ACCOUNT = "org.axiod.system1.Account"


@pytest_asyncio.fixture
async def rtsp(connect: Connect) -> RtspClient:
    """A connection to the device."""
    return await connect().open()


@pytest.fixture(params=[True, False], ids=["udp", "tcp"])
def udp(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


# --- the dialogue, as clients read it ---


async def test_the_dialogue(rtsp: RtspClient) -> None:
    options = await rtsp.ask("OPTIONS")
    assert options.status == 200
    assert "DESCRIBE" in options.headers["Public"].split(", ")
    refused = await rtsp.ask("DESCRIBE")
    assert refused.status == 401
    # Realm first, nonce second, then stale=, and neither qop nor algorithm.
    assert re.fullmatch(
        r'Digest realm="AXIOD_[0-9A-F]{12}", nonce="[0-9a-f]{32}", stale=FALSE', refused.headers["WWW-Authenticate"]
    )
    described = await rtsp.describe()
    assert described.headers["Content-Type"] == "application/sdp"
    lines = described.body.splitlines()
    media = next(number for number, line in enumerate(lines) if "m=application" in line)
    control = next(line for line in lines[media:] if line.startswith("a=control:"))
    assert control == f"a=control:rtsp://127.0.0.1:{rtsp.port}/axis-media/media.amp/stream=0?video=0&audio=0&event=on"
    assert "a=rtpmap:98 vnd.onvif.metadata/90000" in lines
    setup = await rtsp.setup("RTP/AVP;unicast;client_port=40000-40001")
    assert re.fullmatch(r"[0-9a-f]{16};timeout=60", setup.headers["Session"])
    assert re.fullmatch(
        r"RTP/AVP;unicast;client_port=40000-40001;server_port=\d+-\d+;ssrc=[0-9A-F]{8};mode=PLAY",
        setup.headers["Transport"],
    )
    # The digest is that of the URL of DESCRIBE, whatever is asked for.
    play = await rtsp.ask("PLAY", Session=rtsp.session, Authorization=rtsp.digest("PLAY"))
    assert play.status == 200
    assert (await rtsp.ask("OPTIONS", Session=rtsp.session)).status == 200
    assert (await rtsp.ask("GET_PARAMETER", Session=rtsp.session)).status == 200
    assert (await rtsp.ask("TEARDOWN", Session=rtsp.session)).status == 200
    assert (await rtsp.ask("OPTIONS", Session=rtsp.session)).status == 454


async def test_all_states_come_first_and_then_each_change(connect: Connect, client: Client, udp: bool) -> None:
    rtsp = await connect().play(udp=udp)
    _, io = await client.io.snapshot()
    _, relays = await client.relays.snapshot()
    _, system = await client.io.__class__(client.connection, "org.axiod.system1").snapshot()
    await until(lambda: len(rtsp.told) >= len(io) + len(relays) + len(system))
    assert {told.operation for told in rtsp.told} == {"Initialized"}
    assert all(told.marker and told.size < 1400 for told in rtsp.told)
    assert [told.sequence for told in rtsp.told] == [
        (rtsp.told[0].sequence + number) & 0xFFFF for number in range(len(rtsp.told))
    ]
    number = str(await client.port("input1").get("Number"))
    await rtsp.hears("IO/Port", "Initialized", "0", port=number)
    await client.wire("input1").call("Set", "closed")
    await rtsp.hears("IO/Port", "Changed", "1", port=number)
    await rtsp.hears("Trigger/DigitalInput", "Changed", "true", InputToken=number)
    relay = str(await client.relay().get("Number"))
    await client.relay().call("Set", True, {})
    await rtsp.hears("tns1:Device/Trigger/Relay", "Changed", "active", RelayToken=relay)


async def test_a_supervised_input_tells_both(connect: Connect, client: Client) -> None:
    rtsp = await connect().play()
    number = str(await client.port("input1").get("Number"))
    await client.wire("input1").configure(Resistors="parallel-22k-4k7")
    await client.port("input1").configure(Supervision="parallel-22k-4k7")
    for wire, state, tampered in (("short", "shorted", "1"), ("cut", "cut", "1"), ("closed", "closed", "0")):
        await client.wire("input1").call("Set", wire)
        told = await until(
            lambda state=state: [t for t in rtsp.of("SupervisedPort", port=number) if t.data["state"] == state]  # type: ignore[misc] # mypy cannot infer it
        )
        assert told[-1].data == {"state": state, "tampered": tampered}
        assert next(iter(told[-1].data)) == "state"


async def test_a_service_that_comes_back_tells_its_states_again(connect: Connect, client: Client, udp: bool) -> None:
    rtsp = await connect().play(udp=udp)
    relay = str(await client.relay().get("Number"))
    await rtsp.hears("Trigger/Relay", "Initialized", "inactive", RelayToken=relay)
    await client.kill(client.relays)
    await rtsp.hears("Trigger/Relay", "Changed", "inactive", RelayToken=relay)
    await client.relay().call("Set", True, {})
    await rtsp.hears("Trigger/Relay", "Changed", "active", RelayToken=relay)
    assert (await rtsp.ask("OPTIONS", Session=rtsp.session)).status == 200 if udp else True


async def test_who_comes_again_hears_everything_anew(connect: Connect) -> None:
    for _ in range(3):
        rtsp = await connect().play()
        await rtsp.hears("Trigger/Relay", "Initialized", "inactive")


async def test_only_the_topics_of_the_url(connect: Connect, client: Client) -> None:
    query = "/axis-media/media.amp?event=on&eventtopic=onvif:Device/axis:IO/Port%7Convif:Device/Trigger/Relay"
    rtsp = await connect(query=query).play(udp=False)
    _, io = await client.io.snapshot()
    ports = sum(event.topic.endswith("IO/Port") for event in io)
    outputs = sum(event.topic.endswith("Trigger/Relay") for event in io)
    await until(lambda: len(rtsp.told) == ports + outputs + 1)
    await client.wire("input1").call("Set", "closed")
    await rtsp.hears("IO/Port", "Changed", "1")
    assert {told.topic for told in rtsp.told} == {"tns1:Device/tnsaxis:IO/Port", "tns1:Device/Trigger/Relay"}


# --- who may ---


async def test_a_wrong_password_is_told_and_then_the_connection_ends(connect: Connect) -> None:
    rtsp = await connect(password="wrong").open()
    assert (await rtsp.describe()).status == 401
    for _ in range(2):
        assert (await rtsp.ask("DESCRIBE", Authorization=rtsp.digest("DESCRIBE"))).status == 401
    # Clients ask again at once and for ever unless the connection ends.
    assert await rtsp.reader.read() == b""


@pytest.mark.parametrize(
    "authorization",
    [
        "Basic dmlld2VyOlBhc3Mgd29yZDE=",
        "Digest",
        "Digest username=viewer",
        'Digest username="viewer", realm="x", nonce="y", uri="z", response="0"',
        "Bearer x",
        "\xff\xfe",
    ],
)
async def test_nothing_else_lets_anybody_in(rtsp: RtspClient, authorization: str) -> None:
    reply = await rtsp.ask("DESCRIBE", Authorization=authorization)
    assert reply.status == 401
    assert reply.headers["WWW-Authenticate"].startswith("Digest ")


async def test_a_nonce_is_good_for_its_connection_alone(connect: Connect, rtsp: RtspClient) -> None:
    other = await connect().open()
    assert (await other.describe()).status == 200
    reply = await rtsp.ask("DESCRIBE", Authorization=other.digest("DESCRIBE"))
    assert reply.status == 401
    assert reply.headers["WWW-Authenticate"].endswith("stale=TRUE")


@pytest.mark.parametrize("method", ["SETUP", "PLAY"])
async def test_nobody_gets_further_without_a_login(rtsp: RtspClient, method: str) -> None:
    reply = await rtsp.ask(method, Transport="RTP/AVP;unicast;client_port=40000-40001", Session="0")
    assert reply.status == 401


async def test_guessing_is_stopped(connect: Connect, web: WebDevice) -> None:
    web.busctl(
        "call", "org.axiod.system1", "/org/axiod/system1/blocking", "org.axiod.system1.Blocking", "Configure", "a{sv}",
        "3", "DeviceFailures", "u", "2", "DeviceIntervalSec", "u", "60", "PeriodSec", "u", "60",
    )  # fmt: skip
    try:
        rtsp = await connect(password="wrong").open()
        statuses = [(await rtsp.describe()).status]
        statuses.append((await rtsp.ask("DESCRIBE", Authorization=rtsp.digest("DESCRIBE"))).status)
        again = await connect(password="wrong").open()
        statuses.append((await again.ask("DESCRIBE")).status)
        again.challenge = rtsp.challenge
        reply = await again.ask("DESCRIBE", Authorization=again.digest("DESCRIBE"))

        async def blocked() -> int:
            right = await connect().open()
            reply = await right.ask("DESCRIBE")
            return reply.status

        async with asyncio.timeout(10):
            while await blocked() != 403:
                pass
        assert reply.status in (401, 403)
    finally:
        web.busctl(
            "call", "org.axiod.system1", "/org/axiod/system1/blocking", "org.axiod.system1.Blocking", "Configure",
            "a{sv}", "3", "DeviceFailures", "u", "10000", "DeviceIntervalSec", "u", "300", "PeriodSec", "u", "60",
        )  # fmt: skip
        web.busctl(
            "call", "org.axiod.system1", "/org/axiod/system1/blocking", "org.axiod.system1.Blocking", "Unblock", "s",
            "127.0.0.1",
        )  # fmt: skip


async def test_a_stream_ends_with_its_account(connect: Connect, web: WebDevice, udp: bool) -> None:
    web.add_account("guest", "viewer")
    path = "/org/axiod/system1/account/guest"
    rtsp = await connect(user="guest").play(udp=udp)
    other = await connect().play()
    await rtsp.hears("Trigger/Relay", "Initialized", "inactive")
    web.busctl("call", "org.axiod.system1", path, ACCOUNT, "SetPassword", "s", "Another word2")
    if udp:
        with pytest.raises((asyncio.IncompleteReadError, ConnectionError)):
            await rtsp.reader.readexactly(1)
    else:
        await until(lambda: rtsp.ended)
    assert (await other.ask("OPTIONS", Session=other.session)).status == 200
    web.busctl("call", "org.axiod.system1", path, ACCOUNT, "Remove")


async def test_a_fault_ends_the_stream_and_its_connection(
    connect: Connect, serve: Serve, caplog: pytest.LogCaptureFixture
) -> None:
    here = await serve()
    rtsp = await connect(here.port("rtsp")).play(udp=False)
    await rtsp.hears("Trigger/Relay", "Initialized", "inactive")
    [stream] = here.rtsp.audience._followers
    assert isinstance(stream, Stream)
    stream.outbox.put("no bytes")  # type: ignore[arg-type] # on purpose
    await until(lambda: rtsp.ended)
    await until(lambda: not len(here.rtsp.audience) and not len(here.rtsp))
    assert "the event stream of 127.0.0.1 fails" in caplog.text


# --- what is refused ---


@pytest.mark.parametrize(
    "transport",
    [
        "",
        "RTP/AVP;multicast",
        "RTP/AVP;unicast",
        "RTP/AVP;unicast;client_port=80-81",
        "RTP/AVP;unicast;client_port=1023-1024",
        "RTP/AVP;unicast;client_port=70000-70001",
        "RTP/AVP;unicast;client_port=5000-5000",
        "RTP/AVP;unicast;client_port=-1",
        "RTP/AVP/TCP;unicast;interleaved=256-257",
        "RTP/SAVP;unicast;client_port=5000-5001",
        "RTP/AVP;unicast;client_port=5000-5001;mode=RECORD",
    ],
)
async def test_transports_that_there_are_not(rtsp: RtspClient, transport: str) -> None:
    assert (await rtsp.setup(transport)).status == 461


async def test_the_first_transport_that_is_possible_is_taken(rtsp: RtspClient) -> None:
    reply = await rtsp.setup("RTP/AVP;multicast,RTP/AVP/TCP;unicast;interleaved=4-5,RTP/AVP;unicast;client_port=5000")
    assert reply.headers["Transport"].startswith("RTP/AVP/TCP;unicast;interleaved=4-5")


async def test_nothing_is_sent_to_somebody_else(rtsp: RtspClient) -> None:
    victim = socket.socket(socket.AF_INET, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
    victim.bind(("127.0.0.2", 0))
    port = victim.getsockname()[1]
    ours = socket.socket(socket.AF_INET, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
    ours.bind(("127.0.0.1", port))
    await rtsp.setup(f"RTP/AVP;unicast;destination=127.0.0.2;client_port={port}-{port ^ 1}")
    await rtsp.ask("PLAY", Session=rtsp.session, Authorization=rtsp.digest("PLAY"))
    assert await asyncio.get_running_loop().sock_recv(ours, 65536)
    with pytest.raises(BlockingIOError):
        victim.recv(65536)
    victim.close()
    ours.close()


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (b"NONSENSE\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", 400),
        (b"OPTIONS * RTSP/2.0\r\nCSeq: 1\r\n\r\n", 505),
        (b"OPTIONS rtsp://h/ RTSP/1.0\r\nno colon\r\n\r\n", 400),
        (b"OPTIONS rtsp://h/ RTSP/1.0\r\n folded: x\r\n\r\n", 400),
        (b"OPTIONS rtsp://h/ RTSP/1.0\r\nCSeq: 1\r\nContent-Length: -1\r\n\r\n", 400),
        (b"OPTIONS rtsp://h/ RTSP/1.0\r\nCSeq: 1\r\nContent-Length: 99999\r\n\r\n", 413),
        (b"OPTIONS rtsp://h/ RTSP/1.0\r\nCSeq: 1\r\nX: " + b"x" * 9000 + b"\r\n\r\n", 413),
        (b"OPTIONS rtsp://h/ RTSP/1.0\r\n" + b"X: 1\r\n" * 100 + b"\r\n", 400),
        (b"\0" * 100 + b"\r\n\r\n", 400),
        (b"x" * 100_000, 413),
    ],
)
async def test_what_cannot_be_read_is_refused_and_the_connection_ends(
    rtsp: RtspClient, request_: bytes, status: int
) -> None:
    rtsp.writer.write(request_)
    reply = await rtsp.reply()
    assert reply.status == status
    with contextlib.suppress(ConnectionResetError):  # what it did not read makes the end a reset
        assert await rtsp.reader.read() == b""


@pytest.mark.parametrize(
    ("method", "url", "status"),
    [
        ("PAUSE", "", 405),
        ("RECORD", "", 405),
        ("ANNOUNCE", "", 405),
        ("DESCRIBE", "rtsp://h/other", 404),
        ("DESCRIBE", "/axis-media/media.amp", 400),
        ("DESCRIBE", "rtsp://h/axis-media/media.amp?event=off", 404),
        ("DESCRIBE", "rtsp://h/axis-media/media.amp?event=on&eventtopic=nonsense", 400),
        ("DESCRIBE", "rtsp://h/axis-media/media.amp?event=on&eventcontent=//x", 400),
        ("PLAY", "", 454),
        ("TEARDOWN", "", 454),
        ("GET_PARAMETER", "", 454),
    ],
)
async def test_what_cannot_be_done(rtsp: RtspClient, method: str, url: str, status: int) -> None:
    await rtsp.describe()
    reply = await rtsp.ask(method, url, Session="0123456789abcdef", Authorization=rtsp.digest(method))
    assert reply.status == status
    assert reply.body.strip()


async def test_a_client_that_is_refused_for_ever_is_let_go(rtsp: RtspClient) -> None:
    for _ in range(10):
        assert (await rtsp.ask("PAUSE")).status == 405
    assert await rtsp.reader.read() == b""


async def test_setup_once_more_before_play(rtsp: RtspClient) -> None:
    await rtsp.setup("RTP/AVP;unicast;client_port=40000-40001")
    transport = "RTP/AVP/TCP;unicast;interleaved=0-1"
    reply = await rtsp.ask("SETUP", Transport=transport, Session=rtsp.session, Authorization=rtsp.digest("SETUP"))
    assert reply.status == 200
    assert reply.headers["Session"].split(";")[0] == rtsp.session
    await rtsp.ask("PLAY", Session=rtsp.session, Authorization=rtsp.digest("PLAY"))
    assert (await rtsp.packet()).operation == "Initialized"
    reply = await rtsp.ask("SETUP", Transport=transport, Session=rtsp.session, Authorization=rtsp.digest("SETUP"))
    assert reply.status == 455


# --- limits ---


async def test_who_says_nothing_for_long_is_gone(connect: Connect, serve: Serve, client: Client) -> None:
    here = await serve(session_seconds=-9)  # with the grace of 10 s
    rtsp = await connect(here.port("rtsp")).play()
    await rtsp.hears("Trigger/Relay", "Initialized", "inactive")
    assert [entry.streams for entry in here.gateway.clients] == [["rtsp by udp"]]
    assert [entry.user for entry in here.gateway.clients] == ["viewer"]
    assert await rtsp.reader.read() == b""
    await until(lambda: not len(here.rtsp) and not len(here.rtsp.audience) and not len(here.gateway.clients))


async def test_rtcp_is_a_sign_of_life(connect: Connect, serve: Serve) -> None:
    here = await serve(session_seconds=-9)
    rtsp = await connect(here.port("rtsp")).open()
    rtcp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    rtcp.bind(("127.0.0.1", 0))
    port = rtcp.getsockname()[1]
    reply = await rtsp.setup(f"RTP/AVP;unicast;client_port={port ^ 1}-{port}")
    theirs = re.search(r"server_port=\d+-(\d+)", reply.headers["Transport"])
    assert theirs
    loop = asyncio.get_running_loop()
    ends = loop.time() + 3
    while loop.time() < ends:
        rtcp.sendto(b"\x80\xc9\0\1\0\0\0\0", ("127.0.0.1", int(theirs[1])))
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                await rtsp.reader.read()
    assert (await rtsp.ask("OPTIONS", Session=rtsp.session)).status == 200
    rtcp.close()


async def test_a_dead_client_of_udp_harms_nobody(connect: Connect, serve: Serve, client: Client) -> None:
    here = await serve()
    dead = await connect(here.port("rtsp")).play()
    await dead.hears("Trigger/Relay", "Initialized", "inactive")
    dead.leave_udp()
    alive = await connect(here.port("rtsp")).play()
    for active in (True, False) * 20:
        await client.relay().call("Set", active, {})
    await until(lambda: len([t for t in alive.of("Trigger/Relay") if t.operation == "Changed"]) == 40)
    assert (await dead.ask("OPTIONS", Session=dead.session)).status == 200


async def test_a_client_that_takes_nothing_is_dropped_and_others_go_on(
    connect: Connect, serve: Serve, client: Client
) -> None:
    here = await serve()
    slow = connect(here.port("rtsp"))
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    sock.setblocking(False)
    await asyncio.get_running_loop().sock_connect(sock, ("127.0.0.1", here.port("rtsp")))
    slow.reader, slow.writer = await asyncio.open_connection(sock=sock, limit=4096)
    await slow.setup("RTP/AVP/TCP;unicast;interleaved=0-1")
    await slow.ask("PLAY", Session=slow.session, Authorization=slow.digest("PLAY"))
    slow.writer.transport.pause_reading()  # type: ignore[attr-defined] # of a socket
    quick = await connect(here.port("rtsp")).play(udp=False)
    await until(lambda: len(here.rtsp.audience) == 2)
    story = await client.follow(client.relays)
    sent = 0
    async with asyncio.timeout(50):
        while len(here.rtsp.audience) == 2:
            await client.relay().call("Set", sent % 2 == 0, {})
            sent += 1
    await until(lambda: len([t for t in quick.of("Trigger/Relay") if t.operation == "Changed"]) == sent)
    await until(lambda: len(story.events) == sent)
    await until(lambda: len(here.rtsp) == 1)
    assert sent < 3000


async def test_fifty_streams_at_once(connect: Connect, serve: Serve, client: Client) -> None:
    here = await serve()
    streams = [await connect(here.port("rtsp")).play(udp=number % 2 == 0) for number in range(50)]
    for active in (True, False) * 5:
        await client.relay().call("Set", active, {})
    for stream in streams:
        await until(lambda s=stream: len([t for t in s.of("Trigger/Relay") if t.operation == "Changed"]) == 10)  # type: ignore[misc] # mypy cannot infer it
    for stream in streams:
        await stream.close()
    await until(lambda: not len(here.rtsp))


async def test_ipv6(serve: Serve, connect: Connect) -> None:
    here = await serve(address="::1")
    rtsp = connect(here.port("rtsp"))
    rtsp.host = "::1"
    await rtsp.play(udp=False)
    await rtsp.hears("Trigger/Relay", "Initialized", "inactive")
    assert {client.address for client in here.gateway.clients} == {"::1"}


async def test_too_many_connections(serve: Serve, connect: Connect) -> None:
    here = await serve()
    here.rtsp.most_connections = 2
    for _ in range(2):
        assert (await (await connect(here.port("rtsp")).open()).ask("OPTIONS")).status == 200
    third = await connect(here.port("rtsp")).open()
    assert (await third.reply()).status == 503
    assert await third.reader.read() == b""
