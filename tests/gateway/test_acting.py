# SPDX-License-Identifier: Apache-2.0
"""Acting for people: the roles are those of the contract, and the audit log tells everything but secrets."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
import pytest_asyncio

from axiod.bus import interface as contract
from axiod.bus.caller import Role
from axiod.bus.connection import Connection
from axiod.bus.server import Server
from axiod.bus.service import EventSource, ServiceRoot
from axiod.errors import Conflict, InvalidArgument, NotAuthorized
from axiod.gateway.acting import Acting, came_to
from axiod.gateway.audit import Audit
from axiod.gateway.mirror import Mirror
from axiod.gateway.names import ACCESS, FIREWALL
from axiod.gateway.person import NotLoggedIn, Person
from tests.bus.contract_handler import ContractHandler, plausible
from tests.conftest import until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.conftest import Daemon

RELAY = "org.axiod.relays1.Relay"
PATHS = {
    RELAY: "/org/axiod/relays1/relay/relay1",
    ACCESS: "/org/axiod/system1/access",
    FIREWALL: "/org/axiod/network1/firewall",
}
NOBODY = Person("", None, "192.0.2.1", "anonymous")
PEOPLE = [Person(role.name.lower(), role, "192.0.2.1", "digest") for role in list(Role)[:3]]


class Stage:
    """Two services with one object each, and who acts on them."""

    def __init__(self, mirror: Mirror, handlers: dict[str, ContractHandler]) -> None:
        self.mirror = mirror
        self.handlers = handlers
        self.changed: list[Person] = []
        """Those whose account has changed."""
        self.acting = Acting(mirror, Audit(), self._check)

    def _check(self, person: Person) -> None:
        if person in self.changed:
            raise NotLoggedIn("log in again")

    async def act(self, person: Person, interface: str, member: str, *arguments: Any) -> Any:
        return await self.acting.act(person, self.mirror.thing(interface), member, *arguments)

    def arguments(self, interface: str, member: str) -> tuple[Any, ...]:
        inputs = contract.load(interface).methods[member].inputs
        return tuple({} if value.options is not None else plausible(value) for value in inputs)


@pytest_asyncio.fixture
async def stage(bus: Daemon, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Stage]:
    monkeypatch.delenv("JOURNAL_STREAM", raising=False)
    connection = await Connection.open(bus.address)
    services, network = await Connection.open(bus.address), await Connection.open(bus.address)
    handlers = {
        RELAY: ContractHandler(RELAY),
        ACCESS: ContractHandler(ACCESS, needs_setup=False),
        FIREWALL: ContractHandler(FIREWALL),
    }
    for interface, handler in handlers.items():
        name = interface.rpartition(".")[0]
        own = {RELAY: services, ACCESS: connection, FIREWALL: network}[interface]
        server = Server(own, "/" + name.replace(".", "/"))
        EventSource(server, "/" + name.replace(".", "/"))
        ServiceRoot(server, "/" + name.replace(".", "/"), lambda _: None)
        server.export(PATHS[interface], interface, handler)
        await own.request_name(name)
    mirror = Mirror(connection, ("org.axiod.network1", "org.axiod.relays1", "org.axiod.system1"))
    await mirror.start()
    yield Stage(mirror, handlers)
    await mirror.stop()
    await connection.close()
    await services.close()
    await network.close()


@pytest.mark.parametrize("interface", [RELAY, ACCESS])
async def test_each_method_is_for_the_role_of_the_contract(stage: Stage, interface: str) -> None:
    for method in contract.load(interface).methods.values():
        arguments = stage.arguments(interface, method.name)
        for person in PEOPLE:
            stage.handlers[interface].calls.clear()
            if person.role is not None and person.role >= Role.named(method.role):
                await stage.act(person, interface, method.name, *arguments)
                assert [name for name, _ in stage.handlers[interface].calls] == [method.name]
            else:
                with pytest.raises(NotAuthorized):
                    await stage.act(person, interface, method.name, *arguments)
                assert not stage.handlers[interface].calls


async def test_nobody_is_told_to_log_in(stage: Stage) -> None:
    with pytest.raises(NotLoggedIn, match="log in first"):
        await stage.act(NOBODY, RELAY, "Set", True, {})
    assert not stage.handlers[RELAY].calls


@pytest.mark.parametrize(
    ("needs_setup", "role", "allowed"),
    [(True, "administrator", True), (True, "operator", False), (False, "administrator", False)],
)
async def test_anybody_makes_the_first_administrator_and_nothing_else(
    stage: Stage, needs_setup: bool, role: str, allowed: bool
) -> None:
    thing = stage.mirror.thing(ACCESS)
    told = replace(thing, properties={**thing.properties, "NeedsSetup": needs_setup})
    adding = stage.acting.act(NOBODY, told, "AddAccount", "admin", "Pass word1", role, {})
    if allowed:
        await adding
        # Somebody else may be adding one at this moment, so the service is told what is meant.
        assert stage.handlers[ACCESS].calls == [("AddAccount", ("admin", "Pass word1", role, {"First": True}))]
    else:
        with pytest.raises(NotLoggedIn):
            await adding
    assert bool(stage.handlers[ACCESS].calls) is allowed


async def test_whose_account_has_changed_does_nothing_more(stage: Stage) -> None:
    await stage.act(PEOPLE[1], RELAY, "Set", True, {})
    stage.changed.append(PEOPLE[1])
    with pytest.raises(NotLoggedIn, match="log in again"):
        await stage.act(PEOPLE[1], RELAY, "Set", False, {})
    await stage.act(PEOPLE[2], RELAY, "Set", True, {})
    assert [arguments[0] for _, arguments in stage.handlers[RELAY].calls] == [True, True]


def audited(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.name == "axiod.gateway.audit"]


async def test_the_audit_log_says_who_what_where_and_the_result(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    def refuse(*_: Any) -> None:
        raise Conflict("there is such an account")

    stage.handlers[ACCESS].answers["AddAccount"] = refuse
    with caplog.at_level(logging.INFO):
        await stage.act(PEOPLE[1], RELAY, "Set", True, {})
        with pytest.raises(Conflict):
            await stage.act(PEOPLE[2], ACCESS, "AddAccount", "joe", "Secret 123", "viewer", {})
        with pytest.raises(NotAuthorized):
            await stage.act(PEOPLE[0], RELAY, "Set", False, {})
    done, failed, refused = audited(caplog)
    assert "operator from 192.0.2.1: org.axiod.relays1.Relay.Set of relay1" in done
    assert '"active": true' in done
    assert done.endswith(": ok")
    assert "Conflict: there is such an account" in failed
    assert "Secret 123" not in failed
    assert '"***"' in failed
    assert "NotAuthorized" in refused


async def test_who_only_looks_is_in_the_audit_log_when_he_may_not(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    draft = {"Rules": [{"Kind": "filter", "Policy": "accept", "Address": "192.0.2.1", "Protocol": "tcp"}]}

    def refuse(*_: Any) -> None:
        raise InvalidArgument("Rules 1: Port is missing")

    with caplog.at_level(logging.INFO):
        await stage.act(PEOPLE[2], FIREWALL, "Check", draft, {})
        stage.handlers[FIREWALL].answers["Check"] = refuse
        with pytest.raises(InvalidArgument):
            await stage.act(PEOPLE[2], FIREWALL, "Check", draft, {})
        with pytest.raises(NotAuthorized):
            await stage.act(PEOPLE[0], FIREWALL, "Check", draft, {})
    [refused] = audited(caplog)
    assert "NotAuthorized" in refused


async def test_the_audit_log_tells_of_what_was_broken_off(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    stage.handlers[RELAY].answers["Set"] = lambda *_: asyncio.Event().wait()
    with caplog.at_level(logging.INFO):
        setting = asyncio.create_task(stage.act(PEOPLE[1], RELAY, "Set", True, {}))
        await until(lambda: bool(stage.handlers[RELAY].calls))
        setting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await setting
    [entry] = audited(caplog)
    assert "operator from 192.0.2.1: org.axiod.relays1.Relay.Set of relay1" in entry
    assert entry.endswith("Internal: broken off; it may have been carried out")


async def test_no_login_in_a_url_is_in_the_audit_log(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO), pytest.raises(InvalidArgument):
        await stage.act(PEOPLE[2], ACCESS, "AddAccount", "http://joe:p@ss:word@host/x", "Secret 123", "viewer", {})
    [entry] = audited(caplog)
    assert '"http://***@host/x"' in entry


async def test_nobody_fills_the_audit_log_with_one_command(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO), pytest.raises(InvalidArgument):
        await stage.act(PEOPLE[2], ACCESS, "AddAccount", "joe" * 100_000, "Secret 123", "viewer", {})
    [entry] = audited(caplog)
    assert '"joejoe' in entry
    assert len(entry) < 6000


async def test_a_method_that_wants_to_know_is_told_which_connection_asks(stage: Stage) -> None:
    administrator = PEOPLE[-1]
    handler = stage.handlers[FIREWALL]
    token = came_to.set(443)
    try:
        await stage.act(administrator, FIREWALL, "Test", {"Active": True}, 60, {})
        await stage.act(administrator, FIREWALL, "Check", {}, {"ClientAddress": "192.0.2.9"})
        await stage.act(administrator, FIREWALL, "Configure", {"Active": True})
    finally:
        came_to.reset(token)
    await stage.act(administrator, FIREWALL, "Check", {}, {})
    assert handler.calls == [
        ("Test", ({"Active": True}, 60, {"ClientAddress": "192.0.2.1", "ServerPort": 443})),
        ("Check", ({}, {"ClientAddress": "192.0.2.9", "ServerPort": 443})),
        ("Configure", ({"ClientAddress": "192.0.2.1", "ServerPort": 443, "Active": True},)),
        ("Check", ({}, {})),
    ]
