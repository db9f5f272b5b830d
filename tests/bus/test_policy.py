# SPDX-License-Identifier: Apache-2.0
"""The bus policies: what is written is what the contract says, and a real bus holds real users to it."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree

import pytest

from axiod.bus import interface as contract
from axiod.bus import policy
from axiod.bus.caller import ADMINISTRATOR_GROUP, GATEWAY_USER, OPERATOR_GROUP
from axiod.bus.generated import write
from axiod.bus.service import EVENTS, SERVICE
from tests.bus.conftest import (
    ADMINISTRATORS,
    NAME,
    NOBODY,
    OPERATORS,
    PATH,
    RELAY,
    ROOT,
    ROOTS,
    SERVICES,
    USERS,
    Accounts,
    somebody,
)
from tests.conftest import Daemon, run, until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.bus.conftest import RelayProcess, StartRelay
    from tests.conftest import Outcome

FOLDER = Path(__file__).parents[2] / "dbus-policy"
VIEWERS = ("context", "default")
OPERATOR = ("group", OPERATOR_GROUP)
EVERYTHING = {("group", ADMINISTRATOR_GROUP), ("user", "root"), ("user", GATEWAY_USER)}
"""Who may call whatever a service has."""
NOBODY_BY_NAME = set[tuple[str, str]]()
ALLOWED = {"viewer": {VIEWERS}, "operator": {OPERATOR}, "administrator": NOBODY_BY_NAME, "gateway": NOBODY_BY_NAME}
"""Role -> who is allowed its methods by name."""
STANDARD: dict[str, set[str | None]] = {
    "org.freedesktop.DBus.Peer": {None},
    "org.freedesktop.DBus.Introspectable": {"Introspect"},
    "org.freedesktop.DBus.Properties": {"Get", "GetAll"},
    "org.freedesktop.DBus.ObjectManager": {"GetManagedObjects"},
}
"""The standard interfaces that everybody may call; None: with all their members."""

_SYSTEM_BUS = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>custom</type>
  <listen>unix:path={socket}</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow user="*"/>
    <deny own="*"/>
    <deny send_type="method_call"/>
    <allow send_type="signal"/>
    <allow send_requested_reply="true" send_type="method_return"/>
    <allow send_requested_reply="true" send_type="error"/>
    <allow receive_type="method_call"/>
    <allow receive_type="method_return"/>
    <allow receive_type="error"/>
    <allow receive_type="signal"/>
    <allow send_destination="org.freedesktop.DBus" send_interface="org.freedesktop.DBus"/>
  </policy>
  %s
</busconfig>
"""
"""What dbus has in its system.conf, as far as it decides who may do what."""


# --- what is written ---


def rules(service: str) -> Iterator[tuple[tuple[str, str], str, dict[str, str]]]:
    """Yield all rules of a policy: whom it is for (attribute and value), whether it allows, and its attributes."""
    for block in ElementTree.parse(FOLDER / f"axiod-{service}.conf").getroot().iter("policy"):
        (who,) = block.attrib.items()
        for rule in block:
            yield who, rule.tag, dict(rule.attrib)


def own(service: str) -> list[str]:
    """Return the interfaces that the objects of a service have."""
    return [SERVICE, EVENTS, *(name for name in contract.names() if name.startswith(f"org.axiod.{service}1."))]


def test_the_files_say_what_the_contract_says() -> None:
    written = {path.name: path.read_text(encoding="utf-8") for path in FOLDER.iterdir()}
    assert written == policy.files(), "write them anew with: python -m axiod.bus.policy dbus-policy"


def test_there_is_a_file_for_each_service() -> None:
    assert set(policy.files()) == {f"axiod-{service}.conf" for service in SERVICES}


def test_writing_removes_what_is_gone(tmp_path: Path) -> None:
    (tmp_path / "axiod-old.conf").write_text("old")
    write(tmp_path, policy.files())
    assert {path.name for path in tmp_path.iterdir()} == set(policy.files())


@pytest.mark.parametrize("service", SERVICES)
def test_a_method_is_allowed_to_its_role_and_to_nobody_else(service: str) -> None:
    found: dict[tuple[str, str | None], set[tuple[str, str]]] = {}
    for who, verb, rule in rules(service):
        if verb == "allow" and "send_interface" in rule:
            found.setdefault((rule["send_interface"], rule.get("send_member")), set()).add(who)
    expected: dict[tuple[str, str | None], set[tuple[str, str]]] = {
        (name, method.name): callers
        for name in own(service)
        for method in contract.load(name).methods.values()
        if (callers := ALLOWED[method.role] | {("user", user) for user in method.users})
    }
    for name, members in STANDARD.items():
        expected |= {(name, member): {VIEWERS} for member in members}
    assert found == expected


@pytest.mark.parametrize("service", SERVICES)
def test_what_is_for_the_gateway_alone_is_denied_to_administrators(service: str) -> None:
    denied = {
        (who, rule["send_interface"], rule["send_member"])
        for who, verb, rule in rules(service)
        if verb == "deny" and "send_interface" in rule
    }
    expected = {
        (("group", ADMINISTRATOR_GROUP), name, method.name)
        for name in own(service)
        for method in contract.load(name).methods.values()
        if method.role == "gateway"
    }
    assert denied == expected
    if service == "system":
        names = {"Credentials", "VerifyPassword", "VerifyToken", "Report", "Key"}
        assert {member for _, _, member in denied} == names


@pytest.mark.parametrize("service", SERVICES)
def test_what_is_not_allowed_is_denied(service: str) -> None:
    name = f"org.axiod.{service}1"
    broad = [(who, verb, rule) for who, verb, rule in rules(service) if "send_interface" not in rule]
    assert broad[:2] == [
        (("user", "root" if service in ROOTS else f"axiod-{service}"), "allow", {"own": name}),
        (VIEWERS, "deny", {"send_destination": name, "send_type": "method_call"}),
    ]
    rest = broad[2:]
    assert {who for who, _, _ in rest} == EVERYTHING
    assert all((verb, rule) == ("allow", {"send_destination": name}) for _, verb, rule in rest)
    # The last rule that fits counts, so the denial is the first of its block.
    assert next(verb for who, verb, _ in rules(service) if who == VIEWERS) == "deny"
    assert {rule["send_destination"] for _, _, rule in rules(service) if "own" not in rule} == {name}


# --- what a bus does with it ---


@pytest.fixture(scope="module")
def system_bus(accounts: Accounts) -> Iterator[Daemon]:
    """A bus that allows what the system bus allows, with our policies, where the users and groups of axiod are."""
    files = "\n  ".join(f"<include>{path}</include>" for path in FOLDER.iterdir())
    daemon = Daemon(_SYSTEM_BUS % files, *accounts.within)
    yield daemon
    daemon.close()


@pytest.fixture
async def relay(system_bus: Daemon, accounts: Accounts, start_relay: StartRelay) -> RelayProcess:
    """The relay, as the user who may have its name."""
    return await start_relay(system_bus.address, *accounts.user("axiod-relays"))


async def call(
    system_bus: Daemon, user: tuple[str, ...], interface: str, member: str, *arguments: str, path: str = PATH
) -> Outcome:
    """Have a user call the relay."""
    busctl = ("busctl", f"--address={system_bus.address}", "call", NAME, path, interface, member)
    return await run(*user, *busctl, *arguments)


def refused_by_the_bus(outcome: Outcome) -> bool:
    """Whether the bus refused it, which busctl says so; the service would say which role is needed."""
    return outcome.err == "Call failed: Access denied\n"


def test_a_bus_takes_them_without_a_word(system_bus: Daemon) -> None:
    # Of a user, a group or a word that it does not know it says so here.
    assert [line for line in system_bus.complaints.splitlines() if "fd limit" not in line] == []


@pytest.mark.parametrize("service", SERVICES)
async def test_only_the_user_of_a_service_may_have_its_name(system_bus: Daemon, service: str) -> None:
    bus = "org.freedesktop.DBus"
    busctl = ("busctl", f"--address={system_bus.address}", "call", bus, "/org/freedesktop/DBus", bus)
    request = (*busctl, "RequestName", "su", f"org.axiod.{service}1", "0")
    for name, uid in USERS.items():
        outcome = await run(*somebody(uid), *request)
        if name == f"axiod-{service}":
            assert (outcome.code, outcome.out) == (0, "u 1\n")
        else:
            assert refused_by_the_bus(outcome), (name, outcome)
    for user in (somebody(), somebody(NOBODY, OPERATORS), somebody(NOBODY, ADMINISTRATORS), ()):
        outcome = await run(*user, *request)
        if user == () and service in ROOTS:
            assert (outcome.code, outcome.out) == (0, "u 1\n")
            continue
        assert refused_by_the_bus(outcome), (user, outcome)


async def test_everybody_may_read_and_is_refused_the_rest_by_the_bus(system_bus: Daemon, relay: RelayProcess) -> None:
    outcome = await call(system_bus, somebody(), RELAY, "Set", "ba{sv}", "true", "0")
    assert outcome.code != 0
    assert refused_by_the_bus(outcome)
    busctl = ("busctl", f"--address={system_bus.address}")
    outcome = await run(*somebody(), *busctl, "introspect", NAME, PATH)
    assert (outcome.code, outcome.err) == (0, "")
    assert RELAY in outcome.out
    outcome = await run(*somebody(), *busctl, "get-property", NAME, PATH, RELAY, "Active")
    assert (outcome.out, outcome.err) == ("b true\n", "")
    assert relay.carried_out == []


@pytest.mark.parametrize("group", [OPERATORS, ADMINISTRATORS])
async def test_a_member_of_a_group_may_switch(system_bus: Daemon, relay: RelayProcess, group: int) -> None:
    outcome = await call(system_bus, somebody(NOBODY, group), RELAY, "Set", "ba{sv}", "true", "0")
    assert (outcome.code, outcome.err) == (0, "")
    await until(lambda: [member for member, _ in relay.carried_out] == ["Set"])


@pytest.mark.parametrize(
    ("who", "may"),
    [
        (somebody(), {"viewer"}),
        (somebody(USERS["axiod-io"]), {"viewer"}),
        (somebody(NOBODY, OPERATORS), {"viewer", "operator"}),
        (somebody(NOBODY, ADMINISTRATORS), {"viewer", "operator", "administrator"}),
        (somebody(USERS[GATEWAY_USER]), {"viewer", "operator", "administrator"}),
        ((), {"viewer", "operator", "administrator"}),
    ],
    ids=["nobody", "another service", "operator", "administrator", "gateway", "root"],
)
@pytest.mark.usefixtures("relay")
async def test_the_bus_lets_through_what_the_role_may(system_bus: Daemon, who: tuple[str, ...], may: set[str]) -> None:
    calls = [(name, method) for name in own("relays") for method in contract.load(name).methods.values()]
    passed = {
        (name, method.name): not refused_by_the_bus(await call(system_bus, who, name, method.name, path=ROOT))
        for name, method in calls
    }
    assert passed == {(name, method.name): method.role in may for name, method in calls}


_EVERY_ROLE = {"viewer", "operator", "administrator", "gateway"}


@pytest.mark.parametrize(
    ("who", "may"),
    [
        (somebody(), {"viewer"}),
        (somebody(USERS["axiod-relays"]), {"viewer"}),
        (somebody(USERS["axiod-events"]), {"viewer", "axiod-events"}),
        (somebody(NOBODY, OPERATORS), {"viewer", "operator"}),
        (somebody(NOBODY, ADMINISTRATORS), {"viewer", "operator", "administrator"}),
        (somebody(NOBODY, OPERATORS, ADMINISTRATORS), {"viewer", "operator", "administrator"}),
        (somebody(USERS[GATEWAY_USER]), _EVERY_ROLE),
        ((), _EVERY_ROLE),
    ],
    ids=["nobody", "another service", "events", "operator", "administrator", "both", "gateway", "root"],
)
async def test_secrets_are_for_the_gateway_alone(
    system_bus: Daemon, accounts: Accounts, tmp_path: Path, who: tuple[str, ...], may: set[str]
) -> None:
    """axiod-system itself, as its own user, behind the bus."""
    state = tmp_path / "state"
    state.mkdir()
    state.chmod(0o777)
    for folder in (tmp_path, *tmp_path.parents[:2]):
        folder.chmod(0o755)
    environment = {"DBUS_SYSTEM_BUS_ADDRESS": system_bus.address, "STATE_DIRECTORY": str(state)}
    command = (*accounts.user("axiod-system"), sys.executable, "-m", "axiod.system")
    process = await asyncio.create_subprocess_exec(
        *command, cwd=Path(__file__).parents[2], env={**os.environ, **environment}, stderr=subprocess.DEVNULL
    )
    busctl = ("busctl", f"--address={system_bus.address}")
    try:
        await _until_there(*busctl)
        methods = {
            (name, method.name): {method.role, *method.users}
            for name in own("system")
            for method in contract.load(name).methods.values()
        }
        passed = {}
        for name, member in methods:
            outcome = await run(*who, *busctl, "call", "org.axiod.system1", "/org/axiod/system1/access", name, member)
            passed[name, member] = not refused_by_the_bus(outcome)
        assert passed == {key: bool(who_may & may) for key, who_may in methods.items()}
    finally:
        process.terminate()
        await process.wait()


async def _until_there(*busctl: str) -> None:
    async with asyncio.timeout(20):
        while (await run(*busctl, "status", "org.axiod.system1")).code != 0:
            pass


@pytest.mark.usefixtures("relay")
async def test_a_property_is_set_by_nobody(system_bus: Daemon) -> None:
    setting = ("org.freedesktop.DBus.Properties", "Set", "ssv", RELAY, "Active", "b", "true")
    for who in (somebody(), somebody(NOBODY, OPERATORS)):
        assert refused_by_the_bus(await call(system_bus, who, *setting))
    # Who may call everything is told so by the service.
    outcome = await call(system_bus, (), *setting)
    assert outcome.code != 0
    assert not refused_by_the_bus(outcome)


_LISTENER = """
import asyncio, sys
from axiod.bus.client import Service
from axiod.bus.connection import Connection

async def main():
    connection = await Connection.open(sys.argv[1])
    await connection.request_name("org.axiod.io1")
    heard = asyncio.get_running_loop().create_future()
    await Service(connection, "org.axiod.relays1").on_event(heard.set_result)
    print("ready", flush=True)
    print((await heard).topic)
    await connection.close()

asyncio.run(main())
"""
_TELLER = """
import asyncio, sys
from axiod.bus.connection import Connection
from axiod.bus.server import Server
from axiod.bus.service import EventSource

async def main():
    connection = await Connection.open(sys.argv[1])
    server = Server(connection, "/org/axiod/relays1")
    events = EventSource(server, "/org/axiod/relays1")
    await connection.request_name("org.axiod.relays1")
    events.happened("tns1:Device/Something", {}, {}, 1)
    await server.close()
    await connection.close()

asyncio.run(main())
"""


async def test_a_service_hears_what_another_tells(system_bus: Daemon, accounts: Accounts) -> None:
    """A rule on who may call it must not keep signals from the connection that has its name."""
    source = Path(__file__).parents[2]
    python = (sys.executable, "-c")
    listener = await asyncio.create_subprocess_exec(
        *accounts.user("axiod-io"), *python, _LISTENER, system_bus.address, stdout=subprocess.PIPE, cwd=source
    )
    assert listener.stdout
    try:
        assert await listener.stdout.readline() == b"ready\n"
        teller = await asyncio.create_subprocess_exec(
            *accounts.user("axiod-relays"), *python, _TELLER, system_bus.address, cwd=source
        )
        assert await teller.wait() == 0
        async with asyncio.timeout(20):
            assert await listener.stdout.readline() == b"tns1:Device/Something\n"
            await listener.wait()
    finally:
        if listener.returncode is None:
            listener.kill()
            await listener.wait()


def test_the_policies_can_be_read_by_the_bus() -> None:
    """The daemon gave up being root."""
    assert all(path.stat().st_mode & 0o444 == 0o444 for path in FOLDER.iterdir())
