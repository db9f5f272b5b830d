# SPDX-License-Identifier: Apache-2.0
"""The service of a running device, on its bus, with the simulated line."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from axiod.bus.client import Service
from axiod.bus.connection import Connection
from axiod.errors import Busy, Conflict, InvalidArgument, LimitReached, NotFound, NotSupported, Timeout, Unavailable
from tests.sim.device_process import Client, Thing

if TYPE_CHECKING:
    from tests.sim.device_process import DeviceProcess

NAME, ROOT = "org.axiod.fieldbus1", "/org/axiod/fieldbus1"
PORT, PORTS, MONITOR = f"{NAME}.Port", f"{NAME}.Ports", f"{NAME}.Monitor"
PATH = f"{ROOT}/port/rs485"
READ = bytes.fromhex("03 00c8 0004")
"""The identification of a probe."""
pytestmark = pytest.mark.alone  # answers must come within 20 to 100 ms


def fieldbus(client: Client) -> Service:
    return Service(client.connection, NAME)


def port(client: Client, id_: str = "rs485", interface: str = PORT) -> Thing:
    return Thing(fieldbus(client), f"{ROOT}/port/{id_}", interface)


def sim_bus(client: Client) -> Thing:
    return Thing(client.sim, "/org/axiod/sim1/bus/rs485", "org.axiod.sim1.Bus")


def sim_unit(client: Client, address: int) -> Thing:
    return Thing(client.sim, f"/org/axiod/sim1/bus/rs485/unit/{address}", "org.axiod.sim1.Unit")


async def other(device: DeviceProcess) -> tuple[Connection, Client]:
    connection = await Connection.open(device.address)
    return connection, Client(connection, device.address)


async def test_it_is_there_with_all_it_has(client: Client) -> None:
    found = await port(client).all()
    assert found.items() >= {
        "Kind": "serial", "Name": "RS485", "Terminal": "RS485", "State": "online", "Enabled": True, "BaudRate": 9600,
        "Parity": "none", "StopBits": 1, "TurnaroundMs": 100, "SilenceMs": 0, "TimeoutMs": 500,
        "DirectionControl": "auto",
    }.items()  # fmt: skip
    assert not found.keys() & {"Host", "TcpPort", "Owner", "Reason"}


async def test_a_transaction_over_busctl(client: Client) -> None:
    call = ("call", NAME, PATH, PORT, "Transact", "yaya{sv}", "65", "5", "3", "0", "200", "0", "4", "0")
    outcome = await client.busctl(*call)
    answer, latency = json.loads(outcome.out)["data"]
    assert bytes(answer) == bytes.fromhex("03 08 0041 0002 0000 aa55")
    assert latency > 0


async def test_errors(client: Client) -> None:
    bus = port(client)
    with pytest.raises(Timeout, match="unit 77 did not answer within"):
        await bus.call("Transact", 77, READ, {"TimeoutMs": 50})
    for unit, pdu, options, text in (
        (248, READ, {}, "unit is 248"),
        (1, b"", {}, "pdu has 0 bytes"),
        (1, b"\x03" * 254, {}, "pdu has 254 bytes"),
        (1, READ, {"BaudRate": 9601}, "must be one of"),
        (1, READ, {"TimeoutMs": 5}, "TimeoutMs"),
        (1, READ, {"Priority": "now"}, "Priority"),
    ):
        with pytest.raises(InvalidArgument, match=text):
            await bus.call("Transact", unit, pdu, options)
    assert (await bus.call("Transact", 65, b"\x03\0\1\0\1", {}))[0] == b"\x83\x02"


async def test_settings_are_stored_before_they_are_acknowledged(client: Client, device: DeviceProcess) -> None:
    bus = port(client)
    try:
        await bus.configure(BaudRate=19200, Name="Sensors")
        stored = (device.state / "fieldbus" / "settings.yaml").read_text()
        assert "rs485" in stored
        assert "BaudRate: 19200" in stored
        await client.kill(fieldbus(client))
        await bus.eventually(State="online", BaudRate=19200, Name="Sensors")
        await bus.call("Transact", 65, READ, {})
    finally:
        await bus.configure(BaudRate=9600, Name="RS485")
    for changes, text in (
        ({"BaudRate": 12345}, "must be one of"),
        ({"Host": "a"}, "a serial port has no Host"),
        ({"Baud": 9600}, "did you mean BaudRate"),
    ):
        with pytest.raises(InvalidArgument, match=text):
            await bus.configure(**changes)


async def test_a_port_that_is_disabled_is_free(client: Client) -> None:
    bus = port(client)
    await bus.configure(Enabled=False)
    await bus.eventually(State="disabled")
    with pytest.raises(Unavailable, match="disabled"):
        await bus.call("Transact", 65, READ, {})
    await bus.configure(Enabled=True)
    await bus.eventually(State="online", Reason=None)


async def test_unplugging_is_an_event(client: Client) -> None:
    story = await client.follow(fieldbus(client))
    await sim_bus(client).call("SetPlugged", False)
    found = await port(client).eventually(State="offline")
    assert found["Reason"]
    root = await Thing(fieldbus(client), ROOT, "org.axiod.Service1").eventually(Health="degraded")
    assert "port rs485" in root["Problems"][0]
    await sim_bus(client).call("SetPlugged", True)
    await port(client).eventually(State="online", Reason=None)
    await client.flush(fieldbus(client))
    assert story.of("Fieldbus/PortOnline", port="rs485") == [
        {"online": "0", "state": "offline"},
        {"online": "1", "state": "online"},
    ]
    assert (await Thing(fieldbus(client), ROOT, "org.axiod.Service1").all())["Health"] == "ok"


async def test_exclusive_use_ends_with_release_time_or_leaving(client: Client, device: DeviceProcess) -> None:
    connection, friend = await other(device)
    mine, theirs = port(client), port(friend)
    await theirs.call("Acquire", "firmware of unit 65", 60)
    assert "firmware of unit 65" in (await mine.all())["Owner"]
    with pytest.raises(Busy, match="firmware of unit 65"):
        await mine.call("Transact", 65, READ, {})
    with pytest.raises(Busy):
        await mine.call("Acquire", "me too", 1)
    assert (await theirs.call("Transact", 65, READ, {}))[0][:2] == b"\x03\x08"
    await theirs.call("Release")
    with pytest.raises(Conflict):
        await theirs.call("Release")
    await mine.call("Transact", 65, READ, {})
    await theirs.call("Acquire", "short", 1)
    await mine.eventually(Owner=None)
    await theirs.call("Acquire", "and away", 60)
    await connection.close()
    await mine.eventually(Owner=None, OwnedUntilUsec=None)


async def test_what_a_client_left_behind_is_dropped(client: Client, device: DeviceProcess) -> None:
    connection, friend = await other(device)
    await sim_unit(client, 65).configure(Silent=True)
    before = (await port(client).all())["Transactions"]
    calls = [asyncio.ensure_future(port(friend).call("Transact", 65, READ, {"TimeoutMs": 300})) for _ in range(20)]
    await asyncio.sleep(0)
    await connection.close()
    await asyncio.gather(*calls, return_exceptions=True)
    await sim_unit(client, 65).configure(Silent=False)
    await port(client).call("Transact", 64, READ, {})
    found = await port(client).eventually(Waiting=0)
    assert found["Transactions"] - before < 10


async def test_units_and_counts(client: Client) -> None:
    bus = port(client)
    await bus.call("ResetCounters")
    for _ in range(3):
        await bus.call("Transact", 65, READ, {"Priority": "poll"})
    units = {row["Unit"]: row for row in await bus.call("ListUnits")}
    assert units[65].items() >= {"Transactions": 3, "Answers": 3, "Failures": 0}.items()
    found = await bus.eventually(Transactions=3)
    assert 0 < found["LoadPercent"] <= 100


async def test_the_monitor(client: Client) -> None:
    monitor = port(client, interface=MONITOR)
    frames = await monitor.call("Read", 0, {})
    last = frames[-1]["Id"] if frames else 0
    await monitor.eventually(Active=True)
    await port(client).call("Transact", 65, READ, {})
    frames = await monitor.call("Read", last, {"WaitMs": 1000})
    assert [frame["Direction"] for frame in frames] == ["sent", "received"]
    assert frames[0].items() >= {"Unit": 65, "Function": 3, "Text": "read holding registers 200 to 203"}.items()


async def test_tcp_ports_come_and_go(client: Client, device: DeviceProcess) -> None:
    ports = Thing(fieldbus(client), f"{ROOT}/ports", PORTS)
    id_ = await ports.call("AddPort", "Boiler", "modbus-tcp", "127.0.0.1", {"Id": "boiler", "TcpPort": 1})
    assert id_ == "boiler"
    boiler = port(client, "boiler")
    found = await boiler.eventually(State="offline")
    assert found.items() >= {"Kind": "modbus-tcp", "Device": "127.0.0.1:1", "Name": "Boiler", "TcpPort": 1}.items()
    with pytest.raises(Unavailable):
        await boiler.call("Transact", 1, READ, {})
    with pytest.raises(Conflict, match="boiler"):
        await ports.call("AddPort", "Boiler", "modbus-tcp", "127.0.0.1", {"Id": "boiler"})
    with pytest.raises(Conflict, match="rs485"):
        await ports.call("AddPort", "Boiler", "modbus-tcp", "127.0.0.1", {"Id": "rs485"})
    with pytest.raises(InvalidArgument, match="small letters"):
        await ports.call("AddPort", "Boiler", "modbus-tcp", "127.0.0.1", {"Id": "No"})
    await boiler.configure(TimeoutMs=700)
    await client.kill(fieldbus(client))
    await boiler.eventually(Kind="modbus-tcp", TimeoutMs=700)
    others = [await ports.call("AddPort", f"P{n}", "rtu-over-tcp", "127.0.0.1", {"TcpPort": 1}) for n in range(15)]
    assert others[0] == "tcp1"
    with pytest.raises(LimitReached):
        await ports.call("AddPort", "More", "rtu-over-tcp", "127.0.0.1", {})
    for one in ("boiler", *others):
        await port(client, one).call("Remove")
    with pytest.raises(NotFound):
        await boiler.all()
    with pytest.raises(NotSupported, match="serial port of the board"):
        await port(client).call("Remove")
    assert "boiler" not in (device.state / "fieldbus" / "ports.yaml").read_text()
    _, events = await fieldbus(client).snapshot()
    assert [event.source["port"] for event in events] == ["rs485"]


OPTIONS = st.dictionaries(
    st.sampled_from(["Priority", "BaudRate", "Parity", "StopBits", "TimeoutMs", "Nonsense"]),
    st.sampled_from(["poll", "odd", "none", "", 0, 1, 9600, 9601, 10**9, 10, 20]),
    max_size=3,
)


@settings(max_examples=40, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
@given(unit=st.integers(0, 255), pdu=st.binary(max_size=260), options=OPTIONS)
async def test_any_transaction_is_answered_or_refused_in_words(
    device: DeviceProcess, unit: int, pdu: bytes, options: dict[str, Any]
) -> None:
    from axiod.errors import AxiodError, Internal

    connection, client = await other(device)
    try:
        try:
            await port(client).call("Transact", unit, pdu, {"TimeoutMs": 20, **options})
        except AxiodError as error:
            assert not isinstance(error, Internal), error  # noqa: PT017 # that is the point
        answer, _ = await port(client).call("Transact", 64, READ, {"TimeoutMs": 2000})
        assert answer == bytes.fromhex("03 08 0040 0001 0000 aa55")
    finally:
        await connection.close()
