# SPDX-License-Identifier: Apache-2.0
"""Several outputs in one request, beside two services made from the contract that do the worst at the worst moment."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest_asyncio
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from axiod.bus.caller import Role
from axiod.bus.connection import Connection
from axiod.bus.server import Server
from axiod.bus.service import EventSource, ServiceRoot
from axiod.errors import AxiodError, HardwareFailure
from axiod.gateway.acting import Acting
from axiod.gateway.audit import Audit
from axiod.gateway.daemon import gateway_of
from axiod.gateway.mirror import Mirror
from axiod.gateway.names import PORT, RELAY, SYSTEM
from axiod.gateway.person import PERSON, Person
from axiod.gateway.problem import problem
from axiod.gateway.rest.outputs import PATH, Outputs
from tests.bus.contract_handler import ContractHandler
from tests.conftest import until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.conftest import Daemon

OPERATOR = Person("oper", Role.OPERATOR, "127.0.0.1", "digest")


class Played:
    """A service with outputs of one kind, which go where they are told to."""

    def __init__(self, connection: Connection, interface: str, together: str, kind: str, *names: str) -> None:
        self.connection = connection
        self.name = interface.rpartition(".")[0]
        self._root = "/" + self.name.replace(".", "/")
        self._kind = kind
        self._interface = interface
        self._server = Server(connection, self._root)
        ServiceRoot(self._server, self._root, lambda _: None)
        EventSource(self._server, self._root).live = True
        self.outputs = {name: ContractHandler(interface, active=False, running="idle") for name in names}
        for name, handler in self.outputs.items():
            if interface == PORT:
                handler.direction = "output"  # type: ignore[attr-defined] # it has the properties of the contract
            self._server.export(f"{self._root}/{kind}/{name}", interface, handler)
        self.together = ContractHandler(f"{self.name}.{together}")
        self.together.answers["SetAll"] = self._set_all
        self._server.export(self._root, f"{self.name}.{together}", self.together)

    def _set_all(self, states: dict[str, bool], _options: dict[str, Any]) -> None:
        for name, active in states.items():
            self.change(name, active=active)

    def change(self, id_: str, **values: Any) -> None:
        """Change properties of an output."""
        for name, value in values.items():
            setattr(self.outputs[id_], name, value)
        self._server.changed(f"{self._root}/{self._kind}/{id_}", self._interface)

    @property
    def asked(self) -> list[dict[str, bool]]:
        """What SetAll was called with."""
        return [arguments[0] for _, arguments in self.together.calls]


class Stage:
    """Both services, and who asks for their outputs."""

    def __init__(self, mirror: Mirror, relays: Played, io: Played, http: TestClient[Any, Any]) -> None:
        self.mirror = mirror
        self.relays = relays
        self.io = io
        self._http = http

    async def set(self, **states: bool) -> tuple[int, Any]:
        """Return the status and the answer."""
        async with self._http.post(PATH, json=states) as answer:
            return answer.status, await answer.json(content_type=None)


@pytest_asyncio.fixture
async def stage(bus: Daemon) -> AsyncIterator[Stage]:
    connections = [await Connection.open(bus.address) for _ in range(3)]
    relays = Played(connections[0], RELAY, "Relays", "relay", "relay1", "relay2")
    io = Played(connections[1], PORT, "Outputs", "port", "output1")
    for service in (relays, io):
        await service.connection.request_name(service.name)
    mirror = Mirror(connections[2], (relays.name, io.name, SYSTEM))
    await mirror.start()
    gateway = replace(gateway_of(mirror), acting=Acting(mirror, Audit(), lambda _: None))
    handler = next(route.handler for route in Outputs(gateway).routes() if route.method == "POST")

    async def answer(request: web.Request) -> web.StreamResponse:
        request[PERSON] = OPERATOR
        try:
            return await handler(request)
        except AxiodError as error:
            return problem(error, request.path)

    application = web.Application()
    application.router.add_post(PATH, answer)
    async with TestClient(TestServer(application)) as http:
        yield Stage(mirror, relays, io, http)
    await mirror.stop()
    for connection in connections:
        await connection.close()


async def test_nothing_moves_while_it_is_not_known_where_one_stands(stage: Stage) -> None:
    stage.relays.change("relay1", active=None)
    await until(lambda: "Active" not in stage.mirror.thing(RELAY, "relay1").properties)
    status, answer = await stage.set(output1=True, relay1=True)
    assert (status, answer["detail"]) == (503, "where relay1 stands is not known; try again when it is")
    assert (stage.io.asked, stage.relays.asked) == ([], [])


async def test_what_has_moved_meanwhile_is_left_alone(stage: Stage) -> None:
    async def fail(*_: Any) -> None:
        stage.relays.change("relay2", active=False)  # somebody else wants it so
        await until(lambda: not stage.mirror.thing(RELAY, "relay2")["Active"])
        raise HardwareFailure("output1 is broken")

    stage.io.together.answers["SetAll"] = fail
    status, answer = await stage.set(relay1=True, relay2=True, output1=True)
    text = "output1 is broken; put back: relay1; not put back, because it has moved since: relay2"
    assert (status, answer["detail"]) == (502, text)
    assert stage.relays.asked == [{"relay1": True, "relay2": True}, {"relay1": False}]


async def test_where_all_have_moved_meanwhile_nothing_is_put_back(stage: Stage) -> None:
    async def fail(*_: Any) -> None:
        stage.relays.change("relay1", active=False)
        await until(lambda: not stage.mirror.thing(RELAY, "relay1")["Active"])
        raise HardwareFailure("output1 is broken")

    stage.io.together.answers["SetAll"] = fail
    status, answer = await stage.set(relay1=True, output1=True)
    assert (status, answer["detail"]) == (502, "output1 is broken; not put back, because it has moved since: relay1")
    assert stage.relays.asked == [{"relay1": True}]


async def test_a_service_that_goes_afterwards_does_not_make_it_undone(stage: Stage) -> None:
    async def succeed(*_: Any) -> None:
        await stage.relays.connection.close()
        await until(lambda: not stage.mirror.available(stage.relays.name))

    stage.io.together.answers["SetAll"] = succeed
    assert await stage.set(relay1=True, output1=False) == (200, {"relay1": True, "output1": False})
