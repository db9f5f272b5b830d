# SPDX-License-Identifier: Apache-2.0
"""The firewall is told who is shut out, where there is one."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from axiod.bus.connection import Connection
from axiod.bus.server import Server
from axiod.clock import wall_usec
from axiod.errors import NotSupported
from axiod.gateway.mirror import Mirror
from axiod.gateway.names import FIREWALL, NETWORK
from axiod.gateway.shut_out import ShutOut
from tests.bus.contract_handler import ContractHandler
from tests.conftest import until
from tests.gateway.stand_in import SYSTEM, System

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.conftest import Daemon

HOUR_USEC = 3600 * 1_000_000


class Firewall:
    """Stands for org.axiod.network1, and may be away."""

    def __init__(self, connection: Connection) -> None:
        root = "/" + NETWORK.replace(".", "/")
        self._connection = connection
        self.handler = ContractHandler(FIREWALL)
        Server(connection, root).export(f"{root}/firewall", FIREWALL, self.handler)

    async def start(self) -> None:
        await self._connection.request_name(NETWORK)

    @property
    def told(self) -> list[tuple[str, str]]:
        return [(name, arguments[0]) for name, arguments in self.handler.calls]

    def seconds(self) -> list[int]:
        return [arguments[1] for name, arguments in self.handler.calls if name == "Block"]


@asynccontextmanager
async def stage(bus: Daemon) -> AsyncIterator[tuple[System, Firewall]]:
    there, network, here = [await Connection.open(bus.address) for _ in range(3)]
    system = System(there)
    await system.start()
    mirror = Mirror(here, (SYSTEM,))
    shut_out = ShutOut(here)
    mirror.listen(shut_out)
    shut_out.start()
    await mirror.start()
    yield system, Firewall(network)
    await shut_out.stop()
    await mirror.stop()
    for connection in (here, network, there):
        await connection.close()


def block(system: System, **until_usec: int) -> None:
    """Shut out addresses, each written as a192_0_2_1, until then by the wall clock."""
    rows = [(address[1:].replace("_", "."), 0, end) for address, end in until_usec.items()]
    system.blocking.blocked = rows  # type: ignore[attr-defined] # see ContractHandler
    system.tell_blocking()


async def test_who_is_shut_out_and_let_in_is_told(bus: Daemon) -> None:
    async with stage(bus) as (system, firewall):
        await firewall.start()
        end = wall_usec() + HOUR_USEC
        block(system, a192_0_2_1=end)
        await until(lambda: firewall.told == [("Block", "192.0.2.1")])
        block(system, a192_0_2_1=end, a192_0_2_2=end)
        await until(lambda: len(firewall.told) == 2)
        block(system, a192_0_2_2=end + HOUR_USEC)
        await until(lambda: len(firewall.told) == 4)
        assert firewall.told[1] == ("Block", "192.0.2.2")
        assert set(firewall.told[2:]) == {("Unblock", "192.0.2.1"), ("Block", "192.0.2.2")}
        first, second, renewed = firewall.seconds()
        assert 3500 < first <= 3600
        assert 3500 < second <= 3600
        assert 7100 < renewed <= 7200


async def test_a_firewall_that_cannot_or_is_away_is_no_matter(bus: Daemon) -> None:
    async with stage(bus) as (system, firewall):
        end = wall_usec() + HOUR_USEC

        def refuse(*_: Any) -> None:
            raise NotSupported("there is no firewall on this device")

        firewall.handler.answers["Block"] = refuse
        block(system, a192_0_2_1=end)
        await firewall.start()
        block(system, a192_0_2_1=end, a192_0_2_2=end)
        await until(lambda: ("Block", "192.0.2.2") in firewall.told)
        del firewall.handler.answers["Block"]
        block(system, a192_0_2_1=end, a192_0_2_2=end, a192_0_2_3=end)
        await until(lambda: ("Block", "192.0.2.3") in firewall.told)


async def test_a_gateway_that_comes_later_tells_who_is_shut_out_already(bus: Daemon) -> None:
    there, network, here = [await Connection.open(bus.address) for _ in range(3)]
    system, firewall = System(there), Firewall(network)
    await firewall.start()
    block(system, a192_0_2_1=wall_usec() + HOUR_USEC, a192_0_2_2=wall_usec() - 1)
    await system.start()
    mirror = Mirror(here, (SYSTEM,))
    shut_out = ShutOut(here)
    mirror.listen(shut_out)
    shut_out.start()
    await mirror.start()
    await until(lambda: len(firewall.told) == 2)
    assert firewall.told[0] == ("Block", "192.0.2.1")
    await shut_out.stop()
    await mirror.stop()
    for connection in (here, network, there):
        await connection.close()
