# SPDX-License-Identifier: Apache-2.0
"""Which addresses are shut out, as org.axiod.system1.Blocking names them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from axiod.bus.connection import Connection
from axiod.clock import wall_usec
from axiod.gateway.daemon import gateway_of
from axiod.gateway.mirror import Mirror
from tests.gateway.stand_in import SYSTEM, System

if TYPE_CHECKING:
    from tests.conftest import Daemon


@pytest.mark.parametrize(
    ("named", "address", "shut_out"),
    [
        ("192.0.2.1", "192.0.2.1", True),
        ("192.0.2.1", "192.0.2.11", False),
        ("2001:db8:0:1::/64", "2001:db8:0:1:aaaa::5", True),
        ("2001:db8:0:1::/64", "2001:db8:0:2::5", False),
        ("192.0.2.1", "no address", False),
    ],
)
async def test_who_is_shut_out(bus: Daemon, named: str, address: str, shut_out: bool) -> None:
    there, here = await Connection.open(bus.address), await Connection.open(bus.address)
    system = System(there)
    now = wall_usec()
    system.blocking.blocked = [(named, 0, now + 60_000_000), ("203.0.113.9", 0, now - 1)]  # type: ignore[attr-defined] # see ContractHandler
    system.tell_blocking()
    await system.start()
    mirror = Mirror(here, (SYSTEM,))
    login = gateway_of(mirror).login
    assert login.blocked(address) == 0
    await mirror.start()
    assert (50 < login.blocked(address) <= 60) is shut_out
    assert (login.blocked(address) == 0) is not shut_out
    assert login.blocked("203.0.113.9") == 1, "who is in the list is shut out, whatever the clock says"
    await mirror.stop()
    await here.close()
    await there.close()
