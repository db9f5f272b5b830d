# SPDX-License-Identifier: Apache-2.0
"""org.axiod.events1.Rules and Rule: what is taken and what is refused, and that it is kept."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import pytest

from axiod.errors import InvalidArgument, LimitReached, NotFound
from tests.conftest import run
from tests.events.conftest import INPUT, is_on, refusal, say, turn

if TYPE_CHECKING:
    from tests.events.conftest import EventsProcess

MESSAGE = "tnsaxiod:MQTT/Stateful"


async def test_a_rule_lasts_as_long_as_its_conditions_hold(events: EventsProcess) -> None:
    rule = await events.add_rule([is_on(1), is_on(2, active=False)], [turn(3, WhileActive=True)])
    assert await rule.get("Active") is False
    await events.input(1).call("Set", True, {})
    await events.input(3).eventually(Active=True)
    found = await rule.eventually(Active=True, Activations=1)
    assert found["LastActivatedUsec"] > 1e15
    await events.input(2).call("Set", True, {})
    await events.input(3).eventually(Active=False)
    await rule.eventually(Active=False, Activations=1)


async def test_a_text_speaks_of_what_holds_where_no_event_started_the_rule(events: EventsProcess) -> None:
    await events.input(1).call("Set", True, {})
    await events.add_rule([is_on(1)], [say("input #{source.port} is #{data.active}")])
    async with asyncio.timeout(10):
        while not await _said(events, "input 1 is 1"):
            pass


async def _said(events: EventsProcess, text: str) -> bool:
    return any(entry["Text"] == text for entry in await events.logged(Kind="action"))


async def test_a_rule_is_what_was_asked_for_also_after_a_restart(events: EventsProcess) -> None:
    conditions = [
        is_on(1, Inverted=True, ForMs=5000),
        {"Topic": MESSAGE, "Item": "payload", "Above": 0.5, "Below": 2.0},
    ]
    actions = [
        {"Kind": "pulse", "Output": "relay1", "DurationMs": 500, "DelayMs": 10},
        say("two\nlines", Severity="warning", AtMostOnce=True),
    ]
    rule = await events.add_rule(conditions, actions, "Gate", FirstIsTrigger=True, WaitMs=100, Enabled=False)
    before = await rule.all()
    assert {name: before[name] for name in ("Name", "Enabled", "FirstIsTrigger", "WaitMs")} == {
        "Name": "Gate",
        "Enabled": False,
        "FirstIsTrigger": True,
        "WaitMs": 100,
    }
    assert (before["Conditions"], before["Actions"]) == (conditions, actions)
    await events.restart()
    assert await rule.all() == before
    await events.kill()
    assert await rule.all() == before


async def test_topics_of_clients_are_kept_in_their_one_form(events: EventsProcess) -> None:
    condition = {**is_on(1), "Topic": "onvif:Device/axis:IO/VirtualInput"}
    rule = await events.add_rule([condition], [say("hello")])
    assert (await rule.get("Conditions"))[0]["Topic"] == INPUT


async def test_busctl_makes_a_rule(events: EventsProcess) -> None:
    condition = ["4", "Topic", "s", INPUT, "Source", "a{ss}", "1", "port", "7", "Item", "s", "active"]
    condition += ["Equals", "s", "1"]
    action = ["3", "Kind", "s", "virtual-input", "Input", "u", "8", "Active", "b", "true"]
    words = ["AddRule", "saa{sv}aa{sv}a{sv}", "From busctl", "1", *condition, "1", *action, "1", "WaitMs", "u", "10"]
    bus = ["busctl", f"--address={events.address}", "--json=short", "call", "org.axiod.events1"]
    made = await run(*bus, "/org/axiod/events1/rules", "org.axiod.events1.Rules", *words)
    assert json.loads(made.out)["data"] == ["1"], made.err
    path = "/org/axiod/events1/input/7"
    done = await run(*bus, path, "org.axiod.events1.VirtualInput", "Set", "ba{sv}", "true", "0")
    assert json.loads(done.out)["data"] == [True], done.err
    await events.input(8).eventually(Active=True)


async def test_a_change_turns_a_rule_off_unless_it_says_otherwise(events: EventsProcess) -> None:
    rule = await events.add_rule([is_on(1)], [turn(2, WhileActive=True)])
    await events.input(1).call("Set", True, {})
    await events.input(2).eventually(Active=True)
    await rule.configure(Name="Another name")
    assert (await rule.get("Enabled"), await rule.get("Active")) == (True, True)
    await rule.configure(WaitMs=5)
    assert (await rule.get("Enabled"), await rule.get("Active")) == (False, False)
    await events.input(2).eventually(Active=False)
    await rule.configure(Enabled=True)
    await events.input(2).eventually(Active=True)
    await rule.configure(Actions=[turn(3, WhileActive=True)], Enabled=True)
    await events.input(3).eventually(Active=True)
    await events.input(2).eventually(Active=False)


async def test_what_lasted_is_undone_when_a_rule_is_removed(events: EventsProcess) -> None:
    rule = await events.add_rule([is_on(1)], [turn(2, WhileActive=True)])
    await events.input(1).call("Set", True, {})
    await events.input(2).eventually(Active=True)
    await rule.call("Remove")
    await events.input(2).eventually(Active=False)
    assert isinstance(await refusal(rule.call("Remove")), NotFound)
    assert await events.rules.get("Count") == 0


async def test_a_number_is_never_given_again(events: EventsProcess) -> None:
    first = await events.add_rule([is_on(1)], [say("one")])
    assert first.path.endswith("/1")
    await first.call("Remove")
    await events.restart()
    second = await events.add_rule([is_on(1)], [say("two")])
    assert second.path.endswith("/2")


async def test_a_copy_is_turned_off(events: EventsProcess) -> None:
    rule = await events.add_rule([is_on(1)], [say("one")], WaitMs=7)
    copy = events.rule(await rule.call("Copy", "The other"))
    found, expected = await copy.all(), await rule.all()
    assert (found.pop("Name"), found.pop("Enabled")) == ("The other", False)
    del expected["Name"], expected["Enabled"]
    assert found == expected


WRONG: list[tuple[str, Any, Any, dict[str, Any], type[Exception], str]] = [
    ("unknown topic", [{**is_on(1), "Topic": "tns1:Device/tnsaxis:IO/VirtualInpt"}], [say("x")], {}, InvalidArgument,
     "condition 1: no service tells tns1:Device/tnsaxis:IO/VirtualInpt; did you mean " + INPUT),
    ("no topic", [{"Topic": "a\0"[:1] * 5000}], [say("x")], {}, InvalidArgument, "condition 1"),
    ("port 65", [is_on(65)], [say("x")], {}, InvalidArgument, "condition 1"),
    ("unknown item", [is_on(1), {**is_on(1), "Item": "activ"}], [say("x")], {}, InvalidArgument, "condition 2"),
    ("a value that it never has", [{**is_on(1), "Equals": "blue"}], [say("x")], {}, InvalidArgument, "condition 1"),
    ("no condition", [], [say("x")], {}, InvalidArgument, "condition"),
    ("17 conditions", [is_on(n) for n in range(1, 18)], [say("x")], {}, InvalidArgument, "17 conditions"),
    ("no action", [is_on(1)], [], {}, InvalidArgument, "action"),
    ("17 actions", [is_on(1)], [say("x")] * 17, {}, InvalidArgument, "17 actions"),
    ("no output", [is_on(1)], [{"Kind": "toggle"}], {}, InvalidArgument, "action 1"),
    ("no recipient", [is_on(1)], [{"Kind": "notify", "Recipient": "9", "Message": "x"}], {}, NotFound,
     "action 1: there is no recipient '9'; there is none"),
    ("a toggle that lasts", [is_on(1)], [{"Kind": "toggle", "Output": "relay1", "WhileActive": True}], {},
     InvalidArgument, "action 1"),
]  # fmt: skip


async def test_a_wrong_rule_changes_nothing(events: EventsProcess) -> None:
    for what, conditions, actions, options, kind, text in WRONG:
        error = await refusal(events.rules.call("AddRule", "wrong", conditions, actions, options))
        assert isinstance(error, kind), (what, error)
        assert text in str(error), what
    assert await events.rules.get("Count") == 0
    assert not (events.state / "rules.yaml").exists()


async def test_what_the_contract_does_not_have_is_refused_by_name(events: EventsProcess) -> None:
    """Seen by busctl, because our own client does not even send it."""
    bus = ["busctl", f"--address={events.address}", "call", "org.axiod.events1", "/org/axiod/events1/rules"]
    words = ["org.axiod.events1.Rules", "AddRule", "saa{sv}aa{sv}a{sv}", "x"]
    unknown = await run(*bus, *words, "1", "1", "Topics", "s", "x", "0", "0")
    assert unknown.code
    assert "conditions 1: there is no field 'Topics'; did you mean Topic?" in unknown.err
    kind = await run(*bus, *words, "0", "1", "1", "Kind", "s", "explode", "0")
    assert "Kind is 'explode'; it must be one of set, toggle" in kind.err
    long = await run(*bus, *words, "0", "1", "2", "Kind", "s", "pulse", "DurationMs", "u", "86400001", "0")
    assert "DurationMs is 86400001; it must be" in long.err


@pytest.mark.timeout(120)
async def test_there_are_256_rules_and_no_more(events: EventsProcess) -> None:
    for _ in range(256):
        await events.add_rule([is_on(1)], [say("x")], Enabled=False)
    error = await refusal(events.add_rule([is_on(1)], [say("x")]))
    assert isinstance(error, LimitReached)
    assert "256 rules" in str(error)
    assert isinstance(await refusal(events.rule("1").call("Copy", "x")), LimitReached)
    assert await events.rules.get("Count") == await events.rules.get("Limit") == 256
    await events.rule("7").call("Remove")
    rule = await events.add_rule([is_on(1)], [say("x")])
    assert rule.path.endswith("/257")


async def test_explain_says_why(events: EventsProcess) -> None:
    rule = await events.add_rule([is_on(1), is_on(2)], [say("x")])
    await events.input(1).call("Set", True, {})
    text, conditions = await rule.call("Explain")
    assert [one["Holds"] for one in conditions] == [True, False]
    assert "Condition 2" in text
    assert conditions[1]["Value"] == "0"


async def test_check_finds_what_cannot_work(events: EventsProcess) -> None:
    await events.add_rule([is_on(1), is_on(1, active=False)], [say("never")])
    await events.add_rule([is_on(2)], [turn(2, active=False), turn(2)])
    schedule = {"Topic": "tns1:UserAlarm/tnsaxis:Recurring/Pulse", "Source": {"id": "nobody"}}
    await events.add_rule([schedule], [say("never")])
    found = await events.rules.call("Check")
    assert [(one["Rule"], one["Severity"], one["Kind"]) for one in found] == [
        ("1", "error", "dead"),
        ("2", "warning", "loop"),
        ("3", "warning", "absent"),
    ]


async def test_replay_says_what_would_be_done_and_does_nothing(events: EventsProcess) -> None:
    await events.add_rule([is_on(1)], [turn(2)])
    steps = await events.rules.call("Replay", [(10**15, INPUT, {"port": "1"}, {"active": "1"})])
    assert [(one["When"], one["Rule"], one["What"]) for one in steps] == [
        (10**15, "1", "activated"),
        (10**15, "1", "performed"),
    ]
    assert await events.input(2).get("Active") is False
    assert isinstance(await refusal(events.rules.call("Replay", [(1, INPUT, {}, {})] * 100_001)), InvalidArgument)


async def test_actions_of_vapix_clients_are_kept(events: EventsProcess) -> None:
    parameters = {"port": "0", "state": "high"}
    id_ = await events.rules.call("AddActionConfiguration", "", "com.axis.action.fixed.io.toggle", parameters)
    await events.restart()
    thing = events.thing(f"action_configuration/{id_}", "ActionConfiguration")
    assert await thing.all() == {"Name": "", "Token": "com.axis.action.fixed.io.toggle", "Parameters": parameters}
    too_much = {str(n): "x" for n in range(65)}
    assert isinstance(
        await refusal(events.rules.call("AddActionConfiguration", "", "token", too_much)), InvalidArgument
    )
    await thing.call("Remove")
    assert isinstance(await refusal(thing.call("Remove")), NotFound)


async def test_a_rule_that_starts_itself_is_suspended_and_can_be_turned_on_again(events: EventsProcess) -> None:
    await events.add_rule([is_on(1)], [turn(1, active=False)], "off")
    rule = await events.add_rule([is_on(1, active=False)], [turn(1)], "on")
    found = await rule.eventually(Suspended=True)
    assert "suspended" in found["Problem"]
    await events.rule("1").configure(Enabled=False)
    await rule.configure(Enabled=True)
    assert await rule.get("Suspended") is False


async def test_a_damaged_file_of_rules_is_set_aside_and_the_former_one_taken(events: EventsProcess) -> None:
    await events.add_rule([is_on(1)], [say("one")])
    await events.add_rule([is_on(1)], [say("two")])
    await events.stop()
    (events.state / "rules.yaml").write_text("version: 1\nnext: [")
    await events.start()
    assert await events.rules.get("Count") == 1
    assert (events.state / "rules.yaml.damaged-1").exists()
    assert "rules.yaml is damaged" in events.log


async def test_a_rule_that_was_edited_so_that_it_cannot_be_is_turned_off(stopped: EventsProcess) -> None:
    nothing = {"Name": "A", "Enabled": True, "Conditions": [], "Actions": [turn(1)]}
    entries = {
        "1": nothing,
        "2": nothing | {"FirstIsTrigger": True},
        "3": nothing | {"Conditions": [is_on(9, active=False)], "Actions": [{"Kind": "set"}]},
        "4": nothing | {"Conditions": [is_on(9, active=False)], "Actions": [turn(2)]},
    }
    stopped.state.mkdir(exist_ok=True)
    text = json.dumps({"version": 1, "next": 5, "entries": entries})
    (stopped.state / "rules.yaml").write_text(text, encoding="utf-8")
    await stopped.start()
    await stopped.input(2).eventually(Active=True)
    assert await stopped.input(1).get("Active") is False
    for id_ in "123":
        assert "turned off" in (await stopped.rule(id_).eventually(Enabled=False, Active=False))["Problem"]
    assert "rules.yaml: rule 3 (A) is turned off: action 1: set needs Active" in stopped.log
    assert isinstance(await refusal(stopped.rule("2").call("Configure", {"Enabled": True})), InvalidArgument)


async def test_an_action_configuration_keeps_no_password(events: EventsProcess) -> None:
    token = "com.axis.action.fixed.notification.http"
    with pytest.raises(InvalidArgument, match="'proxy_password' must not be kept here"):
        await events.rules.call("AddActionConfiguration", "a", token, {"proxy_password": "x"})
    assert await events.rules.call("AddActionConfiguration", "a", token, {"password": ""}) == "1"
