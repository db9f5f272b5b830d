# SPDX-License-Identifier: Apache-2.0
"""Servers that others made, read by axiod-sensors through axiod-fieldbus: pymodbus and libmodbus over TCP."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.sensors.test_service import until_reading

if TYPE_CHECKING:
    from pathlib import Path

    from tests.fieldbus.conftest import Peers
    from tests.sensors.conftest import World


def template(id_: str, **channels: Any) -> str:
    base = {"schema": 1, "id": id_, "title": id_, "vendor": "Peer", "status": "unverified"}
    return json.dumps({**base, "channels": {name: {"quantity": "x", **how} for name, how in channels.items()}})


@pytest.mark.parametrize("kind", ["modbus-tcp", "rtu-over-tcp"])
async def test_pymodbus(world: World, peers: Peers, free_port: int, kind: str) -> None:
    peers.pymodbus("tcp" if kind == "modbus-tcp" else kind, free_port)
    ports = type(world.port)(world.fieldbus, "/org/axiod/fieldbus1/ports", "org.axiod.fieldbus1.Ports")
    await ports.call("AddPort", "Peer", kind, "127.0.0.1", {"Id": "peer", "TcpPort": free_port, "BaudRate": 115200})
    # Its holding register n is 100 times the unit, plus n.
    text = template(
        "peer",
        one={"register": 1, "type": "s16", "scale": 0.1},
        two={"register": 4, "type": "u32"},
        swapped={"register": 4, "type": "u32", "word_order": "low-first"},
    )
    await world.templates.call("Upload", text)
    for unit in (1, 2, 3):
        sensor = await world.add(f"s{unit}", unit, "peer", "peer")
        first = 100 * unit
        await until_reading(sensor, "one", Value=round((first + 1) * 0.1, 1), Quality="good")
        await until_reading(sensor, "two", Value=float((first + 4) << 16 | (first + 5)), Quality="good")
        await until_reading(sensor, "swapped", Value=float((first + 5) << 16 | (first + 4)), Quality="good")


async def test_libmodbus(world: World, peers: Peers, libmodbus_server: Path, free_port: int) -> None:
    peers.start(libmodbus_server, "tcp", free_port)
    ports = type(world.port)(world.fieldbus, "/org/axiod/fieldbus1/ports", "org.axiod.fieldbus1.Ports")
    await ports.call("AddPort", "Peer", "modbus-tcp", "127.0.0.1", {"Id": "peer", "TcpPort": free_port})
    # Its holding registers are 1000 plus their number, its input registers 2000, up to 99.
    text = template("peer", holding={"register": 3}, input={"function": 4, "register": 99}, none={"register": 100})
    await world.templates.call("Upload", text)
    sensor = await world.add("one", 1, "peer", "peer")
    await until_reading(sensor, "holding", Value=1003.0, Quality="good")
    await until_reading(sensor, "input", Value=2099.0, Quality="good")
    found = await until_reading(sensor, "none", Quality="fault")
    assert found["Reason"] == "unit 1 refuses it: illegal data address"
