# SPDX-License-Identifier: Apache-2.0
"""What the state of a port means is looked up when it is set, beside a service made from the contract."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from axiod.bus.caller import Role
from axiod.bus.connection import Connection
from axiod.bus.server import Server
from axiod.bus.service import EventSource, ServiceRoot
from axiod.gateway.acting import Acting
from axiod.gateway.audit import Audit
from axiod.gateway.daemon import gateway_of
from axiod.gateway.mirror import Mirror
from axiod.gateway.names import PORT, RELAY, SYSTEM
from axiod.gateway.person import Person
from axiod.gateway.vapix.portmanagement import PortManagement
from tests.bus.contract_handler import ContractHandler

if TYPE_CHECKING:
    from tests.conftest import Daemon

IO, ROOT = "org.axiod.io1", "/org/axiod/io1"


async def test_a_normal_state_that_changes_while_another_port_is_configured_counts(bus: Daemon) -> None:
    service, ours = await Connection.open(bus.address), await Connection.open(bus.address)
    server = Server(service, ROOT)
    ServiceRoot(server, ROOT, lambda _: None)
    EventSource(server, ROOT).live = True
    ports = [
        ContractHandler(PORT, number=number, direction="output", normal_state="open", active=False) for number in (0, 1)
    ]
    for port in ports:
        server.export(f"{ROOT}/port/output{port.number}", PORT, port)  # type: ignore[attr-defined] # see its contract

    def configure(_changes: dict[str, Any]) -> None:
        ports[1].normal_state = "closed"  # type: ignore[attr-defined] # somebody else wants it so
        server.changed(f"{ROOT}/port/output1", PORT)

    ports[0].answers["Configure"] = configure
    await service.request_name(IO)
    mirror = Mirror(ours, (IO, RELAY.rpartition(".")[0], SYSTEM))
    await mirror.start()
    management = PortManagement(replace(gateway_of(mirror), acting=Acting(mirror, Audit(), lambda _: None)))
    oper = Person("oper", Role.OPERATOR, "127.0.0.1", "digest")
    asked = [{"port": "0", "name": "Siren"}, {"port": "1", "state": "closed"}]
    assert await management.set_ports(oper, asked) == {"ports": ["0", "1"]}
    [(member, (active, _))] = ports[1].calls
    assert (member, active) == ("Set", False), "closed is what it is when it is inactive"
    await mirror.stop()
    await ours.close()
    await service.close()
