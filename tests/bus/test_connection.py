# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import asyncio
import os
import socket
import time
from typing import TYPE_CHECKING, Any

import pytest

from axiod.bus._lib import NO_REPLY, SIGNAL, Message
from axiod.bus.connection import Connection, Subscription
from axiod.errors import Conflict, InvalidArgument, NotFound, Timeout, Unavailable
from tests.conftest import run, until

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Connect, Daemon

BUS = ("org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus")
THING = "org.axiod.test1.Thing"


def event(path: str = "/org/axiod/test1", body: Any = 1, **more: Any) -> Message:
    return Message(
        message_type=SIGNAL,
        flags=NO_REPLY,
        path=path,
        interface=THING,
        member="Event",
        signature="u",
        body=[body],
        **more,
    )


async def test_a_call_is_answered(connection: Connect) -> None:
    mine = await connection()
    assert await mine.call(*BUS, "GetNameOwner", "s", ["org.freedesktop.DBus"]) == ["org.freedesktop.DBus"]
    assert mine.unique_name.startswith(":")


async def test_an_unknown_service_is_unavailable(connection: Connect) -> None:
    mine = await connection()
    with pytest.raises(Unavailable, match=r"org\.axiod\.nobody1"):
        await mine.call("org.axiod.nobody1", "/", THING, "Do")


async def test_errors_of_the_bus_are_typed(connection: Connect) -> None:
    mine = await connection()
    with pytest.raises(InvalidArgument):
        await mine.call(*BUS, "AddMatch", "u", [5])
    with pytest.raises(NotFound):
        await mine.call(*BUS, "NoSuchMethod")


async def test_a_call_that_is_not_answered_ends_in_time(connection: Connect, bus: Daemon) -> None:
    mine = await connection(bus.address)
    bus.stop()
    began = time.monotonic()
    with pytest.raises(Timeout, match=r"did not answer GetId within 0\.2 s"):
        await mine.call(*BUS, "GetId", timeout=0.2)
    assert time.monotonic() - began < 2
    bus.go_on()
    # The late answer is nobody's; what follows is answered as ever.
    assert len(await mine.call(*BUS, "GetId")) == 1


async def test_a_call_under_way_ends_when_the_bus_dies(connection: Connect, bus: Daemon) -> None:
    mine = await connection(bus.address)
    bus.stop()
    call = asyncio.create_task(mine.call(*BUS, "GetId", timeout=30))
    await asyncio.sleep(0)
    bus.kill()
    with pytest.raises(Unavailable):
        await call
    assert isinstance(await mine.closed, Exception)
    with pytest.raises(Unavailable):
        await mine.call(*BUS, "GetId")
    mine.send(event())


async def test_a_call_under_way_ends_when_the_connection_is_closed(connection: Connect, bus: Daemon) -> None:
    mine = await connection(bus.address)
    bus.stop()
    call = asyncio.create_task(mine.call(*BUS, "GetId", timeout=30))
    await asyncio.sleep(0)
    await mine.close()
    with pytest.raises(Unavailable):
        await call
    assert await mine.closed is None
    with pytest.raises(Unavailable):
        await mine.call(*BUS, "GetId")


async def test_closing_leaves_no_file_descriptor(bus_address: str, bus: Daemon) -> None:
    async def once(address: str) -> None:
        mine = await Connection.open(address)
        await mine.flush()
        await mine.close()
        await mine.close()

    await once(bus_address)
    before = len(os.listdir("/proc/self/fd"))  # noqa: PTH208 # of the kernel
    for _ in range(3):
        await once(bus_address)
    lost = await Connection.open(bus.address)
    bus.kill()
    await lost.closed
    await lost.close()
    assert len(os.listdir("/proc/self/fd")) == before  # noqa: PTH208 # of the kernel


async def test_no_bus_is_unavailable(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="cannot connect to the bus at"):
        await Connection.open(f"unix:path={tmp_path}/nothing")


async def test_a_bus_that_stands_still_is_unavailable(bus: Daemon) -> None:
    bus.stop()
    with pytest.raises(Unavailable, match="TimeoutError"):
        await Connection.open(bus.address, timeout=0.2)


async def test_a_taken_name_is_a_conflict_that_names_the_process(connection: Connect) -> None:
    first, second = await connection(), await connection()
    await first.request_name("org.axiod.taken1")
    with pytest.raises(Conflict, match=rf"org\.axiod\.taken1 is taken by process {os.getpid()}"):
        await second.request_name("org.axiod.taken1")
    bus = "org.freedesktop.DBus"
    owners: list[list[str]] = []
    await second.subscribe(
        Subscription(bus, bus, "NameOwnerChanged", "/org/freedesktop/DBus", lambda m: owners.append(m.body))
    )
    await first.close()
    await until(lambda: ["org.axiod.taken1", first.unique_name, ""] in owners)
    await second.request_name("org.axiod.taken1")


async def test_signals_reach_those_who_subscribed(connection: Connect) -> None:
    service, client = await connection(), await connection()
    await service.request_name("org.axiod.test1")
    received: list[tuple[str | None, Any]] = []
    subscription = Subscription(
        "org.axiod.test1", THING, "Event", "/org/axiod/test1", lambda m: received.append((m.path, m.body[0]))
    )
    await client.subscribe(subscription)
    service.send(event(body=1))
    service.send(event("/org/axiod/test1/a", 2))
    service.send(event("/org/axiod/test10", 3))
    service.send(event("/org/axiod/test1/a/b", 4))
    await until(lambda: len(received) == 3)
    assert received == [("/org/axiod/test1", 1), ("/org/axiod/test1/a", 2), ("/org/axiod/test1/a/b", 4)]
    await client.unsubscribe(subscription)
    service.send(event(body=5))
    await service.flush()
    await client.flush()
    assert len(received) == 3


async def test_a_forged_signal_is_not_believed(connection: Connect, bus_address: str) -> None:
    """Anybody may send a signal to one connection, whatever that asked for."""
    service, client, forger = await connection(), await connection(), await connection()
    await service.request_name("org.axiod.test1")
    received: list[Any] = []
    await client.subscribe(
        Subscription("org.axiod.test1", THING, "Event", "/org/axiod/test1", lambda m: received.append(m.body[0]))
    )
    forger.send(event(body=666, destination=client.unique_name))
    forger.send(event(body=667))
    await run(
        "gdbus", "emit", "--address", bus_address, "--dest", client.unique_name, "--object-path", "/org/axiod/test1",
        "--signal", f"{THING}.Event", "uint32 668",
    )  # fmt: skip
    await forger.flush()
    service.send(event(body=1))
    await until(lambda: bool(received))
    assert received == [1]


async def test_a_signal_for_one_connection_is_heard_by_whoever_looks_at_the_sender(connection: Connect) -> None:
    """Some daemons, such as avahi, tell only whoever asked."""
    service, client, forger = await connection(), await connection(), await connection()
    await service.request_name("org.axiod.test1")
    senders: list[str | None] = []
    await client.subscribe(
        Subscription(
            "org.axiod.test1", THING, "Event", "/org/axiod/test1", lambda m: senders.append(m.sender), directed=True
        )
    )
    forger.send(event(body=666, destination=client.unique_name))
    await forger.flush()
    service.send(event(body=1, destination=client.unique_name))
    service.send(event(body=2))
    await until(lambda: len(senders) == 3)
    assert senders == [forger.unique_name, service.unique_name, service.unique_name]


async def test_a_subscriber_that_fails_does_not_harm_the_others(
    connection: Connect, caplog: pytest.LogCaptureFixture
) -> None:
    service, client = await connection(), await connection()
    await service.request_name("org.axiod.test1")
    received: list[Any] = []

    def fails(_message: Message) -> None:
        raise ValueError("a fault of the subscriber")

    for callback in (fails, lambda m: received.append(m.body[0])):
        await client.subscribe(Subscription("org.axiod.test1", THING, "Event", "/org/axiod/test1", callback))
    service.send(event(body=1))
    await until(lambda: bool(received))
    assert "a fault of the subscriber" in caplog.text
    await client.flush()


async def test_serials_come_round(connection: Connect) -> None:
    """32 bits are used up after some months of signals."""
    mine = await connection()
    mine._serial = (1 << 32) - 3
    for _ in range(6):
        await mine.flush()
    assert mine._serial < 1 << 20


async def test_everybody_can_be_pinged(connection: Connect, bus_address: str) -> None:
    mine = await connection()
    peer = "org.freedesktop.DBus.Peer"
    for path in ("/", "/any/where"):
        call = ("busctl", f"--address={bus_address}", "call", mine.unique_name, path, peer)
        assert (await run(*call, "Ping")).code == 0
        assert (await run(*call, "GetMachineId")).out.startswith('s "')
        outcome = await run(*call, "Pong")
        assert "no method Pong" in outcome.err


async def test_the_library_never_writes_past_our_writer(connection: Connect, bus: Daemon) -> None:
    """Answers that the library gives by itself would land in the middle of a message that waits half written."""
    mine, other = await connection(bus.address), await connection(bus.address)
    me = (mine.unique_name, "/")
    unknown = [
        asyncio.create_task(other.call(*me, "org.freedesktop.DBus.Peer", "Ping")),
        asyncio.create_task(other.call(*me, "org.freedesktop.DBus.Introspectable", "Introspect")),
        asyncio.create_task(other.call(*me, "org.freedesktop.DBus.Properties", "GetAll", "s", ["x.y"])),
        asyncio.create_task(other.call(*me, "org.freedesktop.DBus.ObjectManager", "GetManagedObjects")),
        asyncio.create_task(other.call(*me, THING, "Do")),
    ]
    await other.flush()
    bus.stop()
    for number in range(3000):
        mine.send(event(body=number))
    assert mine.pending_bytes > 0
    bus.go_on()
    results = await asyncio.gather(*unknown, return_exceptions=True)
    assert results[0] == []
    assert all(isinstance(result, NotFound) for result in results[1:])
    await mine.flush()
    assert not mine.closed.done()


async def test_what_no_library_can_send_is_an_error_of_the_sender_alone(connection: Connect) -> None:
    mine = await connection()
    with pytest.raises(Exception, match="u"):
        await mine.call(*BUS, "GetId", "u", [-1])
    await mine.flush()
    assert mine.pending_bytes == 0


async def test_a_bus_that_hangs_up_in_the_handshake_is_unavailable(tmp_path: Path) -> None:
    server = socket.socket(socket.AF_UNIX)
    server.bind(f"{tmp_path}/socket")
    server.listen()
    server.close()
    with pytest.raises(Unavailable):
        await Connection.open(f"unix:path={tmp_path}/socket")
