# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import asyncio
import json
import os
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

import pytest

from axiod.bus._lib import NO_REPLY, Message, Variant
from axiod.bus.client import Event, Service
from axiod.bus.connection import Subscription
from axiod.bus.server import Server
from axiod.bus.service import EventSource, ServiceRoot
from axiod.bus.variant import plain
from axiod.errors import (
    AxiodError,
    Busy,
    HardwareFailure,
    Internal,
    InvalidArgument,
    LimitReached,
    NotFound,
    NotSupported,
)
from tests.bus.conftest import NAME, PATH, RELAY, ROOT
from tests.bus.contract_handler import ContractHandler
from tests.conftest import run, until

if TYPE_CHECKING:
    from tests.bus.conftest import Served
    from tests.conftest import Connect, Watch

PROPERTIES = "org.freedesktop.DBus.Properties"
MANAGER = "org.freedesktop.DBus.ObjectManager"
INTROSPECTABLE = "org.freedesktop.DBus.Introspectable"
STANDARD = "org.freedesktop.DBus.Error."
AXIOD = "org.axiod.Error."


async def error_of(served: Served, message: Message) -> tuple[str, str]:
    """Send a call as it is and return the name and the text of the error that answers it."""
    answers: list[Message] = []

    def take(message: Message) -> bool:
        if message.reply_serial == sent.serial:
            answers.append(message)
        return False

    sent = message
    sent.destination = NAME
    served.client._bus.add_message_handler(take)
    try:
        served.client.send(sent)
        await until(lambda: bool(answers))
    finally:
        served.client._bus.remove_message_handler(take)
    (answer,) = answers
    return answer.error_name or "", answer.body[0] if answer.body else ""


def call(interface: str | None, member: str, signature: str = "", *body: Any, path: str = PATH) -> Message:
    return Message(path=path, interface=interface, member=member, signature=signature, body=list(body))


# --- what is refused, and how ---


@pytest.mark.parametrize(
    ("message", "error"),
    [
        (call(RELAY, "Set", "ba{sv}", True, {}, path="/nowhere"), STANDARD + "UnknownObject"),
        (call(RELAY, "Set", "ba{sv}", True, {}, path="/"), STANDARD + "UnknownObject"),
        (call(RELAY, "Set", "ba{sv}", True, {}, path=ROOT + "/relay"), STANDARD + "UnknownObject"),
        (call("org.axiod.io1.Port", "Set", "ba{sv}", True, {}), STANDARD + "UnknownInterface"),
        (call(RELAY, "Explode"), STANDARD + "UnknownMethod"),
        (call(None, "Explode"), STANDARD + "UnknownMethod"),
        (call("org.freedesktop.DBus.Debug", "Stats"), STANDARD + "UnknownMethod"),
        (call(INTROSPECTABLE, "Explode"), STANDARD + "UnknownMethod"),
        (call(INTROSPECTABLE, "Introspect", path="/nowhere"), STANDARD + "UnknownObject"),
        (call(MANAGER, "Explode", path=ROOT), STANDARD + "UnknownMethod"),
        (call(MANAGER, "GetManagedObjects"), STANDARD + "UnknownInterface"),
        (call(PROPERTIES, "Explode"), STANDARD + "UnknownMethod"),
        (call(PROPERTIES, "Get", "s", RELAY), STANDARD + "InvalidArgs"),
        (call(PROPERTIES, "GetAll"), STANDARD + "InvalidArgs"),
        (call(PROPERTIES, "Get", "ss", RELAY, "Active", path="/nowhere"), STANDARD + "UnknownObject"),
        (call(PROPERTIES, "Get", "ss", "a.b", "Active"), STANDARD + "UnknownInterface"),
        (call(PROPERTIES, "Get", "ss", RELAY, "Colour"), STANDARD + "UnknownProperty"),
        (call(PROPERTIES, "Set", "ssv", RELAY, "Active", Variant("b", True)), STANDARD + "PropertyReadOnly"),
        (call(PROPERTIES, "Set", "ssv", RELAY, "Colour", Variant("b", True)), STANDARD + "UnknownProperty"),
        (call(RELAY, "Set", "b", True), AXIOD + "InvalidArgument"),
        (call(RELAY, "Set", "ua{sv}", 1, {}), AXIOD + "InvalidArgument"),
        (call(RELAY, "Set"), AXIOD + "InvalidArgument"),
        (call(RELAY, "Cancel", "s", "now"), AXIOD + "InvalidArgument"),
        (call(RELAY, "Pulse", "ua{sv}", 0, {}), AXIOD + "InvalidArgument"),
        (call(RELAY, "Set", "ba{sv}", True, {"Deadline": Variant("t", 1)}), AXIOD + "InvalidArgument"),
        (call(RELAY, "Configure", "a{sv}", {"Active": Variant("b", True)}), AXIOD + "InvalidArgument"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_what_cannot_be_is_refused_by_its_name(served: Served, message: Message, error: str) -> None:
    message.serial = 0
    name, text = await error_of(served, message)
    assert name == error
    assert text
    assert "Traceback" not in text
    assert served.relay.calls == []


async def test_the_text_of_a_wrong_signature_says_what_is_right(served: Served) -> None:
    with pytest.raises(InvalidArgument) as refusal:
        await served.call("Set", "b", True)
    assert str(refusal.value) == "Set takes active (b), options (a{sv}); the call has the types 'b'"


async def test_huge_names_are_not_repeated(served: Served) -> None:
    for arguments in (["x" * 1_000_000, "Active"], [RELAY, "x" * 1_000_000]):
        with pytest.raises(NotFound) as refusal:
            await served.call("Get", "ss", *arguments, interface=PROPERTIES)
        assert len(str(refusal.value)) < 300


# --- methods ---


async def test_a_handler_gets_plain_python_and_its_result_goes_back(served: Served) -> None:
    served.relay.answers["ResetCounter"] = lambda: 17
    assert await served.call("ResetCounter") == [17]
    await served.call("RunSequence", "a(bu)a{sv}", [[True, 10], [False, 0]], {})
    assert served.relay.calls[1][1][0] == [(True, 10), (False, 0)]
    await served.call("Configure", "a{sv}", {"Name": Variant("s", "Gate"), "BootPolicy": Variant("s", "last")})
    assert served.relay.calls[2] == ("Configure", ({"Name": "Gate", "BootPolicy": "last"},))


async def test_a_handler_may_wait(served: Served) -> None:
    async def waits() -> int:
        await asyncio.sleep(0)
        return 18

    served.relay.answers["ResetCounter"] = waits
    assert await served.call("ResetCounter") == [18]


async def test_calls_without_an_interface_find_their_method(served: Served) -> None:
    message = call(None, "Cancel")
    message.destination = NAME
    served.client.send(message)
    await until(lambda: served.relay.calls == [("Cancel", ())])


@pytest.mark.parametrize("waits", [False, True], ids=["at once", "later"])
@pytest.mark.parametrize("known", [False, True], ids=["new caller", "known caller"])
@pytest.mark.parametrize("error", [Busy("a sequence runs"), HardwareFailure("line 5: \0 \udcff 🚪"), NotSupported("")])
async def test_the_errors_of_a_handler_reach_the_caller(
    served: Served, error: AxiodError, waits: bool, known: bool
) -> None:
    if known:
        await served.call("ResetCounter")
    fail_with(served, error, waits)
    with pytest.raises(type(error)) as refusal:
        await served.call("Cancel")
    assert str(refusal.value) == str(error).replace("\0", "?").replace("\udcff", "?")


@pytest.mark.parametrize("waits", [False, True], ids=["at once", "later"])
@pytest.mark.parametrize("known", [False, True], ids=["new caller", "known caller"])
async def test_a_fault_of_a_handler_is_internal_and_stays_in_the_log(
    served: Served, waits: bool, known: bool, caplog: pytest.LogCaptureFixture
) -> None:
    if known:
        await served.call("ResetCounter")
    fail_with(served, ValueError("the password is 1234"), waits)
    with pytest.raises(Internal) as refusal:
        await served.call("Cancel")
    assert str(refusal.value) == "a fault of axiod; its log says more"
    assert "the password is 1234" in caplog.text
    assert f"{RELAY}.Cancel failed" in caplog.text
    del served.relay.answers["Cancel"]
    await served.call("Cancel")


def fail_with(served: Served, error: Exception, waits: bool) -> None:
    def at_once() -> None:
        raise error

    async def later() -> None:
        await asyncio.sleep(0)
        raise error

    served.relay.answers["Cancel"] = later if waits else at_once


@pytest.mark.parametrize("waits", [False, True], ids=["at once", "later"])
@pytest.mark.parametrize("result", [-1, None, "17", 1 << 64])
async def test_a_result_that_cannot_be_sent_is_internal(served: Served, result: Any, waits: bool) -> None:
    async def later() -> Any:
        return result

    served.relay.answers["ResetCounter"] = later if waits else lambda: result
    with pytest.raises(Internal):
        await served.call("ResetCounter")


async def test_who_wants_no_reply_gets_none(served: Served, signals: Watch) -> None:
    witness = await signals(NAME)

    async def waits() -> int:
        return 1

    served.relay.answers["ResetCounter"] = waits
    for message in (
        call(RELAY, "Cancel"),
        call(RELAY, "ResetCounter"),
        call(RELAY, "Explode"),
        call(RELAY, "Pulse", "ua{sv}", 0, {}),
        call(PROPERTIES, "GetAll", "s", RELAY),
        call(PROPERTIES, "GetAll", "s", "a.b"),
        call(INTROSPECTABLE, "Introspect"),
        call("org.freedesktop.DBus.Peer", "Ping"),
    ):
        message.destination = NAME
        message.flags = NO_REPLY
        served.client.send(message)
    await served.call("Cancel")

    def answers_seen() -> list[dict[str, Any]]:
        return [m for m in witness.messages if m.get("destination") == served.client.unique_name]

    answers = await until(answers_seen)
    calls = [m for m in witness.messages if m["type"] == "method_call" and m["destination"] == NAME]
    assert len(calls) == 9
    assert [m["reply_cookie"] for m in answers] == [calls[-1]["cookie"]]
    assert [member for member, _ in served.relay.calls] == ["Cancel", "ResetCounter", "Cancel"]


async def test_so_many_calls_of_one_caller_and_no_more(served: Served, connection: Connect) -> None:
    release = asyncio.Event()
    served.relay.answers["Cancel"] = lambda: _nothing_after(release)
    calls = [asyncio.create_task(served.call("Cancel")) for _ in range(300)]
    await until(lambda: sum(task.done() for task in calls) == 300 - 256)
    for refused in (task for task in calls if task.done()):
        assert isinstance(refused.exception(), LimitReached)
    assert len(served.relay.calls) == 256
    # Others are not kept waiting by it.
    other = await connection()
    assert await other.call(NAME, PATH, RELAY, "ResetCounter") == [1]
    with pytest.raises(LimitReached):
        await served.call("ResetCounter")
    release.set()
    await until(lambda: all(task.done() for task in calls))
    assert sum(task.exception() is None for task in calls) == 256
    assert await served.call("ResetCounter") == [1]


async def _nothing_after(event: asyncio.Event) -> None:
    await event.wait()


async def test_a_slow_call_does_not_hold_up_the_others(served: Served) -> None:
    release = asyncio.Event()
    served.relay.answers["Cancel"] = lambda: _nothing_after(release)
    slow = asyncio.create_task(served.call("Cancel"))
    await until(lambda: bool(served.relay.calls))
    assert await served.call("ResetCounter") == [1]
    assert not slow.done()
    release.set()
    assert await slow == []


async def test_closing_finishes_calls_under_way_and_takes_no_more(served: Served) -> None:
    release = asyncio.Event()
    served.relay.answers["Cancel"] = lambda: _nothing_after(release)
    slow = asyncio.create_task(served.call("Cancel"))
    await until(lambda: bool(served.relay.calls))
    closing = asyncio.create_task(served.server.close())
    await asyncio.sleep(0)
    with pytest.raises(Busy, match="stopping"):
        await served.call("ResetCounter")
    release.set()
    await closing
    assert await slow == []


async def test_closing_breaks_off_what_does_not_end(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("axiod.bus.server._CLOSE_SECONDS", 0.05)
    served.relay.answers["Cancel"] = lambda: _nothing_after(asyncio.Event())
    slow = asyncio.create_task(served.call("Cancel"))
    await until(lambda: bool(served.relay.calls))
    await served.server.close()
    with pytest.raises(Internal, match="broken off"):
        await slow


# --- properties ---


async def test_get_and_get_all_say_the_same(served: Served) -> None:
    (everything,) = await served.call("GetAll", "s", RELAY, interface=PROPERTIES)
    assert set(everything) == set(served.relay.interface.properties)
    for name, value in everything.items():
        assert await served.call("Get", "ss", RELAY, name, interface=PROPERTIES) == [value]
    assert await served.call("GetAll", "s", "", interface=PROPERTIES) == [everything]


async def test_an_absent_property_is_absent_everywhere(served: Served) -> None:
    served.change(last_change_usec=None)
    (everything,) = await served.call("GetAll", "s", RELAY, interface=PROPERTIES)
    assert "LastChangeUsec" not in everything
    with pytest.raises(NotFound, match=r"LastChangeUsec of .* has no value now"):
        await served.call("Get", "ss", RELAY, "LastChangeUsec", interface=PROPERTIES)


class Broken(ContractHandler):
    """Some of its properties cannot be read."""

    @property
    def cycles(self) -> int:
        raise OSError("no ADC")

    @cycles.setter
    def cycles(self, value: int) -> None: ...


@pytest.mark.parametrize(
    "wrong", [{}, {"active": "yes"}, {"number": -1}, {"terminal": "a\0b"}, {"connector": "a\udc80"}, {"name": 5}]
)
async def test_a_broken_property_breaks_no_other(
    connection: Connect, served: Served, wrong: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    path = ROOT + "/relay/broken"
    handler = Broken(RELAY, **wrong)
    served.server.export(path, RELAY, handler)
    bad = {"Cycles", *(name.capitalize() for name in wrong)}
    (everything,) = await served.call("GetAll", "s", RELAY, interface=PROPERTIES, path=path)
    assert set(everything) == set(handler.interface.properties) - bad
    (objects,) = await served.call("GetManagedObjects", interface=MANAGER, path=ROOT)
    assert set(objects[path][RELAY]) == set(everything)
    assert set(objects[PATH][RELAY]) == set(handler.interface.properties)
    assert caplog.text.count("cannot be read and is left out") == len(bad)
    served.server.changed(path, RELAY)
    assert caplog.text.count("cannot be read and is left out") == len(bad)
    for name in bad:
        with pytest.raises(NotFound):
            await served.call("Get", "ss", RELAY, name, interface=PROPERTIES, path=path)


async def test_a_handler_that_lacks_a_member_is_not_exported(served: Served) -> None:
    for member in ("cancel", "active"):
        handler = ContractHandler(RELAY)
        delattr(handler, member)
        with pytest.raises(AttributeError, match=member):
            served.server.export(ROOT + "/relay/2", RELAY, handler)
    (objects,) = await served.call("GetManagedObjects", interface=MANAGER, path=ROOT)
    assert set(objects) == {PATH}


@pytest.mark.parametrize("path", [ROOT + "/relay/relay 1", ROOT + "/", "relay", "/org/axiod/io1/port/1", ROOT + "x"])
async def test_what_is_no_path_of_ours_is_not_exported(served: Served, path: str) -> None:
    with pytest.raises(ValueError, match=r"path|below"):
        served.server.export(path, RELAY, ContractHandler(RELAY))
    await served.connection.flush()


# --- signals, as busctl sees them ---


async def test_each_change_is_one_signal_in_order_and_no_change_is_none(served: Served, signals: Watch) -> None:
    witness = await signals(NAME)
    served.change(active=False)
    served.change(active=False)
    served.change(active=True, cycles=2)
    served.change(last_change_usec=None)
    served.change(last_change_usec=5)
    seen = await witness.count(4, "PropertiesChanged")
    assert [s.body for s in seen] == [
        [RELAY, {"Active": {"type": "b", "data": False}}, []],
        [RELAY, {"Active": {"type": "b", "data": True}, "Cycles": {"type": "t", "data": 2}}, []],
        [RELAY, {}, ["LastChangeUsec"]],
        [RELAY, {"LastChangeUsec": {"type": "t", "data": 5}}, []],
    ]
    assert {(s.path, s.interface, s.destination) for s in seen} == {(PATH, PROPERTIES, None)}


async def test_objects_come_and_go_with_signals_from_the_root(served: Served, signals: Watch) -> None:
    witness = await signals(NAME)
    path = ROOT + "/relay/relay2"
    served.server.export(path, RELAY, ContractHandler(RELAY, absent=["Problem"], name="Gate"))
    served.server.unexport(path)
    (added,) = await witness.count(1, "InterfacesAdded")
    (removed,) = await witness.count(1, "InterfacesRemoved")
    assert (added.path, added.interface) == (removed.path, removed.interface) == (ROOT, MANAGER)
    assert added.body[0] == path
    assert added.body[1][RELAY]["Name"] == {"type": "s", "data": "Gate"}
    assert "Problem" not in added.body[1][RELAY]
    assert removed.body == [path, [RELAY]]
    with pytest.raises(NotFound):
        await served.call("Cancel", path=path)
    (objects,) = await served.call("GetManagedObjects", interface=MANAGER, path=ROOT)
    assert set(objects) == {PATH}


async def test_managed_objects_are_all_below_the_root_with_their_values(served: Served) -> None:
    ServiceRoot(served.server, ROOT, lambda _line: None)
    served.server.export(ROOT + "/relay/relay2", RELAY, ContractHandler(RELAY, name="Gate"))
    objects = await Service(served.client, NAME).objects()
    assert set(objects) == {PATH, ROOT + "/relay/relay2"}
    assert objects[ROOT + "/relay/relay2"][RELAY]["Name"] == "Gate"


# --- what stands at the root ---


async def test_the_root_says_how_the_service_is(served: Served, signals: Watch) -> None:
    lines: list[str] = []
    root = ServiceRoot(served.server, ROOT, lines.append)
    witness = await signals(NAME)
    root.say("1 relay")
    root.problem("relay1", "Relay 1 cannot be driven: I/O error")
    root.problem("relay1", "Relay 1 cannot be driven: I/O error")
    root.problem("other", None)
    root.problem("relay1", None)
    seen = await witness.count(3, "PropertiesChanged", ROOT)
    told = [{name: value["data"] for name, value in s.body[1].items()} for s in seen]
    assert told == [
        {"Status": "1 relay"},
        {"Health": "degraded", "Problems": ["Relay 1 cannot be driven: I/O error"]},
        {"Health": "ok", "Problems": []},
    ]
    assert lines == ["1 relay", "1 relay; degraded: Relay 1 cannot be driven: I/O error", "1 relay"]
    properties = await Service(served.client, NAME).properties(ROOT, "org.axiod.Service1")
    assert set(properties) == {"Version", "StartedUsec", "Health", "Problems", "Status"}


async def test_events_are_counted_and_a_snapshot_has_the_latest(served: Served) -> None:
    source = EventSource(served.server, ROOT)
    client = Service(served.client, NAME)
    events: list[Any] = []
    await client.on_event(events.append)
    topic, port = "tns1:Device/tnsaxis:IO/Port", {"port": "1"}
    source.state(topic, port, {"state": "0"}, 100)
    source.live = True
    assert await client.snapshot() == (0, [Event(topic, port, {"state": "0"}, 100, 0)])
    source.state(topic, port, {"state": "0"}, 150)
    source.state(topic, port, {"state": "1"}, 200)
    source.state(topic, port, {"state": "0"}, 300)
    await until(lambda: len(events) == 2)
    assert events == [
        Event(topic, port, {"state": "1"}, 200, 1),
        Event(topic, port, {"state": "0"}, 300, 2),
    ]
    assert await client.snapshot() == (2, [Event(topic, port, {"state": "0"}, 300, 2)])
    source.forget(topic, port)
    assert await client.snapshot() == (3, [])  # a gap: the snapshot has changed


async def test_what_only_happens_is_told_and_in_no_snapshot(served: Served) -> None:
    source = EventSource(served.server, ROOT)
    client = Service(served.client, NAME)
    events: list[Any] = []
    await client.on_event(events.append)
    topic = "tns1:UserAlarm/tnsaxis:Recurring/Pulse"
    source.live = True
    source.happened(topic, {"id": "noon"}, {}, 5)
    source.happened(topic, {"id": "noon"}, {}, 6)
    await until(lambda: len(events) == 2)
    assert events == [Event(topic, {"id": "noon"}, {}, 5, 1), Event(topic, {"id": "noon"}, {}, 6, 2)]
    assert await client.snapshot() == (2, [])


async def test_what_appears_later_is_told_with_its_first_value(served: Served) -> None:
    source = EventSource(served.server, ROOT)
    client = Service(served.client, NAME)
    events: list[Any] = []
    await client.on_event(events.append)
    source.live = True
    source.state("tnsaxiod:Relay", {"relay": "relay1"}, {"active": "1"}, 7)
    await until(lambda: len(events) == 1)
    assert events == [Event("tnsaxiod:Relay", {"relay": "relay1"}, {"active": "1"}, 7, 1)]


async def test_a_change_is_told_before_its_event(served: Served, signals: Watch) -> None:
    source = EventSource(served.server, ROOT)
    source.state("tnsaxiod:Relay", {"relay": "relay1"}, {"active": "1"}, 1)
    source.live = True
    witness = await signals(NAME)
    for number in range(20):
        served.change(cycles=number)
        source.state("tnsaxiod:Relay", {"relay": "relay1"}, {"active": str(number)}, number)
    await witness.count(20, "Event")
    assert [s.member for s in witness.signals] == ["PropertiesChanged", "Event"] * 20
    assert [s.body[4] for s in witness.of("Event")] == list(range(1, 21))


# --- the client ---


async def test_the_client_speaks_plain_python(served: Served) -> None:
    client = Service(served.client, NAME)
    assert await client.call(PATH, RELAY, "Toggle", {}) is True
    assert await client.call(PATH, RELAY, "RunSequence", [(True, 5)], {}) is None
    (_, (steps, options)) = served.relay.calls[1]
    assert steps == [(True, 5)]
    assert "DeadlineUsec" in options
    with pytest.raises(InvalidArgument, match="did you mean BootPolicy"):
        await client.call(PATH, RELAY, "Configure", {"BootPolice": "off"})
    for wrong in ("false", 1, None):
        with pytest.raises(InvalidArgument, match=r"active is .*; it must be true or false"):
            await client.call(PATH, RELAY, "Set", wrong, {})
    with pytest.raises(InvalidArgument):
        await client.call(PATH, RELAY, "RunSequence", [(True, -1)], {})
    assert len(served.relay.calls) == 2


async def test_the_client_follows_changes(served: Served) -> None:
    client = Service(served.client, NAME)
    seen: list[Any] = []
    subscription = await client.on_changed(lambda *change: seen.append(change))
    served.change(active=False, last_change_usec=None)
    await until(lambda: bool(seen))
    assert seen == [(PATH, RELAY, {"Active": False}, ["LastChangeUsec"])]
    assert isinstance(subscription, Subscription)


# --- independent peers ---


async def busctl(address: str, *arguments: str) -> str:
    outcome = await run("busctl", f"--address={address}", *arguments)
    assert outcome.code == 0, outcome.err
    return outcome.out


async def test_every_path_down_to_an_object_can_be_introspected(served: Served) -> None:
    ServiceRoot(served.server, ROOT, lambda _line: None)
    expected = {
        "/": ["org"],
        "/org": ["axiod"],
        "/org/axiod": ["relays1"],
        ROOT: ["relay"],
        ROOT + "/relay": ["relay1"],
        PATH: [],
    }
    for path, children in expected.items():
        (text,) = await served.call("Introspect", path=path, interface=INTROSPECTABLE)
        node = ElementTree.fromstring(text)
        assert [child.attrib["name"] for child in node.iterfind("node")] == children
        interfaces = {item.attrib["name"] for item in node.iterfind("interface")}
        assert (RELAY in interfaces) == (path == PATH)
        assert (MANAGER in interfaces) == (path == ROOT)
        assert (PROPERTIES in interfaces) == (path in (PATH, ROOT))


async def test_busctl_tree_and_introspect(served: Served, bus_address: str) -> None:
    ServiceRoot(served.server, ROOT, lambda _line: None)
    served.change(problem=None)
    tree = (await busctl(bus_address, "tree", "--list", NAME)).split()
    assert tree == ["/", "/org", "/org/axiod", ROOT, ROOT + "/relay", PATH]
    table = await busctl(bus_address, "introspect", NAME, PATH)
    rows = {row.split()[0]: row.split()[1:] for row in table.splitlines()}
    assert rows[".RunSequence"][:3] == ["method", "a(bu)a{sv}", "-"]
    assert rows[".Toggle"][:3] == ["method", "a{sv}", "b"]
    assert rows[".Active"][:3] == ["property", "b", "true"]
    assert rows[".Number"][-1] == "const"
    assert ".PropertiesChanged" in rows
    text = await busctl(bus_address, "introspect", "--xml-interface", NAME, PATH)
    assert 'name="org.axiod.Role" value="operator"' in text


async def test_busctl_call_and_get_property(served: Served, bus_address: str) -> None:
    served.change(name="Tür 1")
    assert await busctl(bus_address, "get-property", NAME, PATH, RELAY, "Name") == 's "T\\303\\274r 1"\n'
    assert await busctl(bus_address, "call", NAME, PATH, RELAY, "ResetCounter") == "t 1\n"
    assert await busctl(bus_address, "call", NAME, PATH, RELAY, "Toggle", "a{sv}", "0") == "b true\n"
    await busctl(bus_address, "call", NAME, PATH, RELAY, "Configure", "a{sv}", "1", "Name", "s", "Gate")
    assert served.relay.calls[-1] == ("Configure", ({"Name": "Gate"},))
    text = await busctl(bus_address, "--json=short", "call", NAME, ROOT, MANAGER, "GetManagedObjects")
    assert json.loads(text)["data"][0][PATH][RELAY]["Name"] == {"type": "s", "data": "Tür 1"}
    outcome = await run("busctl", f"--address={bus_address}", "set-property", NAME, PATH, RELAY, "Name", "s", "Gate")
    assert "changes are methods, see Configure" in outcome.err


async def test_gdbus_and_dbus_send_understand_it_too(served: Served, bus_address: str) -> None:
    target = ("--address", bus_address, "--dest", NAME, "--object-path", PATH)
    outcome = await run("gdbus", "introspect", *target)
    assert outcome.code == 0, outcome.err
    assert "RunSequence(in  a(bu) steps," in outcome.out
    assert "Active = true" in outcome.out
    outcome = await run("gdbus", "call", *target, "--method", f"{RELAY}.Pulse", "500", "{}")
    assert outcome.out == "()\n"
    outcome = await run(
        "dbus-send", f"--bus={bus_address}", "--print-reply", f"--dest={NAME}", PATH, f"{RELAY}.ResetCounter",
        DBUS_SESSION_BUS_ADDRESS=bus_address,
    )  # fmt: skip
    assert "uint64 1" in outcome.out, outcome.err
    assert [member for member, _ in served.relay.calls] == ["Pulse", "ResetCounter"]


async def test_a_service_with_many_objects_answers_in_one_go(served: Served) -> None:
    for number in range(300):
        served.server.export(f"{ROOT}/relay/r{number}", RELAY, ContractHandler(RELAY, number=number))
    objects = plain((await served.call("GetManagedObjects", interface=MANAGER, path=ROOT))[0])
    assert len(objects) == 301
    assert objects[f"{ROOT}/relay/r299"][RELAY]["Number"] == 299


async def test_two_servers_need_two_connections(connection: Connect, served: Served) -> None:
    """A connection serves one service; a second process of the same kind does not get the name."""
    mine = await connection()
    server = Server(mine, ROOT)
    try:
        with pytest.raises(AxiodError, match=f"process {os.getpid()}"):
            await mine.request_name(NAME)
    finally:
        await server.close()
