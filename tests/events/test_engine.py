# SPDX-License-Identifier: Apache-2.0
"""When rules become active and inactive, and what they do then."""

from __future__ import annotations

from dataclasses import replace

import pytest

from axiod.bus import topics
from axiod.events.loop_guard import LOOP_ACTIVATIONS
from axiod.events.moment import Happening
from axiod.events.rule import Action, Condition, amended
from tests.events.stage import EVENTS, IO, RELAYS, Stage, off, on, port, pulse, rule, schedule

TOGGLE = Action("toggle", {"Output": "relay2"})
LASTING = on(while_active=True)


# --- active while all conditions hold ---


def test_a_rule_acts_when_its_last_condition_comes_true_and_ends_with_the_first_that_does_not_hold() -> None:
    stage = Stage(rule("1", [port(1), port(2)], [LASTING]))
    stage.port(1, 1)
    assert stage.took() == []
    stage.port(2, 1)
    assert stage.took() == ["1.1.0 set relay1 on"]
    stage.port(2, 1)
    stage.port(3, 1)
    assert stage.took() == []
    stage.port(1, 0)
    assert stage.took() == ["1.1.0 undo set relay1 off"]
    assert stage.said == ["1 on: all its conditions hold", "1 off: condition 1 does not hold any more"]
    view = stage.engine.view("1")
    assert (view.active, view.activations, view.suspended) == (False, 1, False)


def test_a_rule_that_is_turned_on_while_its_conditions_hold_acts_at_once() -> None:
    stage = Stage(rule("1", [port(1)], [LASTING], enabled=False))
    stage.port(1, 1)
    assert stage.took() == []
    stage.put(rule("1", [port(1)], [LASTING]))
    assert stage.took() == ["1.1.0 set relay1 on"]


def test_what_does_not_last_is_not_undone() -> None:
    stage = Stage(rule("1", [port(1)], [on()]))
    stage.port(1, 1)
    stage.port(1, 0)
    assert stage.took() == ["1.1.0 set relay1 on"]


@pytest.mark.parametrize(
    ("condition", "values"),
    [
        (port(1), {"0": False, "1": True, "true": True, "FALSE": False, "2": False}),
        (port(1, "true"), {"0": False, "1": True}),
        (port(1, inverted=True), {"0": True, "1": False}),
        (port(1, "high"), {"high": True, "HIGH": False, "low": False}),
        (Condition(topics.PORT, {"port": "1"}, "state", above=3), {"3": False, "3.5": True, "-1": False, "x": False}),
        (Condition(topics.PORT, {"port": "1"}, "state", above=3, below=5), {"4": True, "5": False, "nan": False}),
        (Condition(topics.PORT, {"port": "1"}, "state", below=5, inverted=True), {"5": True, "4": False, "x": False}),
        (Condition(topics.PORT, {"port": "1"}, "state", above=3), {"inf": False, "1e999": False, "": False}),
        (Condition(topics.PORT, {"port": "1"}, "other", "1"), {"1": False}),
        (Condition(topics.PORT, {"port": "1"}, "other", "1", inverted=True), {"1": False}),
        (Condition("onvif:Device/axis:IO/axis:Port", {"port": "1"}, "state", "1"), {"1": True, "0": False}),
        (Condition(topics.PORT, {}, "state", "1"), {"1": True, "0": False}),
        (Condition(topics.PORT, {"port": "1", "more": "1"}, "state", "1"), {"1": False}),
    ],
)
def test_values(condition: Condition, values: dict[str, bool]) -> None:
    for value, expected in values.items():
        stage = Stage(rule("1", [condition]))
        stage.tell(IO, topics.PORT, {"port": "1"}, {"state": value})
        assert stage.engine.view("1").active is expected, value


def test_any_source_that_is_so_is_enough_and_inverted_none_may_be() -> None:
    stage = Stage(
        rule("1", [Condition(topics.PORT, {}, "state", "1")]),
        rule("2", [Condition(topics.PORT, {}, "state", "1", inverted=True)]),
    )

    def active() -> tuple[bool, bool]:
        return stage.engine.view("1").active, stage.engine.view("2").active

    assert active() == (False, False)
    stage.port(1, 0)
    assert active() == (False, True)
    stage.port(2, 1)
    stage.port(1, 1)
    assert active() == (True, False)
    stage.port(2, 0)
    assert active() == (True, False)
    stage.port(1, 0)
    assert active() == (False, True)


def test_a_source_with_many_items_is_found_by_those_that_are_named() -> None:
    stage = Stage(rule("1", [Condition("tnsaxiod:Test", {"b": "2"}, "x", "1")]))
    stage.tell(IO, "tnsaxiod:Test", {name: str(place) for place, name in enumerate("cabdefgh")}, {"x": "1"})
    assert stage.took() == ["1.1.0 set relay1 on"]


@pytest.mark.parametrize("inverted", [False, True])
def test_what_is_gone_is_neither_so_nor_not_so(*, inverted: bool) -> None:
    stage = Stage(rule("1", [port(1, inverted=inverted)], [LASTING]))
    stage.port(1, 0 if inverted else 1)
    assert stage.engine.view("1").active
    stage.gone(IO, topics.PORT, {"port": "1"})
    assert not stage.engine.view("1").active
    assert stage.outputs == {"relay1": False}


def test_a_service_that_is_away_leaves_its_states_until_its_next_snapshot() -> None:
    stage = Stage(rule("1", [port(1)], [LASTING]))
    stage.port(1, 1)
    stage.wait(3600)
    assert stage.engine.view("1").active
    stage.states[IO].clear()
    stage.port(2, 1)
    stage.hear(IO)
    assert not stage.engine.view("1").active


def test_a_change_that_only_a_snapshot_shows_counts() -> None:
    stage = Stage(
        rule("1", [port(1)], [LASTING]), rule("2", [Condition(topics.PORT, {"port": "1"})], [Action("log", {})])
    )
    stage.port(1, 0)
    stage.took()
    (key,) = stage.states[IO]
    stage.states[IO][key] = replace(stage.states[IO][key], data={"state": "1"})
    stage.hear(IO)
    assert stage.took() == ["1.1.0 set relay1 on", "2.2.0 log"]
    stage.hear(IO)
    assert stage.took() == []


# --- triggers ---


def test_a_trigger_starts_a_rule_that_lasts_as_long_as_the_others_hold() -> None:
    stage = Stage(rule("1", [port(1), port(2)], [LASTING], first_is_trigger=True))
    stage.port(1, 1)
    stage.port(2, 1)
    assert stage.took() == [], "the trigger came before the other condition held"
    stage.port(1, 0)
    stage.port(1, 1)
    assert stage.took() == ["1.1.0 set relay1 on"]
    stage.port(1, 0)
    stage.port(1, 1)
    assert stage.took() == []
    stage.port(2, 0)
    assert stage.took() == ["1.1.0 undo set relay1 off"]
    stage.port(2, 1)
    assert stage.took() == []
    assert stage.said == [
        "1 dropped: condition 2 does not hold",
        "1 on: condition 1 started it",
        "1 dropped: it was active already",
        "1 off: condition 2 does not hold any more",
    ]


def test_a_trigger_alone_is_momentary() -> None:
    stage = Stage(rule("1", [port(1)], [on()], first_is_trigger=True))
    for state in (0, 1, 1, 0, 1):
        stage.port(1, state)
    assert stage.took() == ["1.1.0 set relay1 on", "1.2.0 set relay1 on"]
    assert not stage.engine.view("1").active


def test_a_trigger_that_holds_already_when_the_rule_is_turned_on_does_not_start_it() -> None:
    stage = Stage()
    stage.port(1, 1)
    stage.put(rule("1", [port(1)], [on()], first_is_trigger=True))
    assert stage.took() == []
    stage.port(1, 0)
    stage.port(1, 1)
    assert stage.took() == ["1.1.0 set relay1 on"]


def test_what_appears_for_the_first_time_starts_a_rule() -> None:
    stage = Stage(rule("1", [Condition(topics.MQTT_STATEFUL, {}, "payload", "open")], first_is_trigger=True))
    stage.tell(EVENTS, topics.MQTT_STATEFUL, {"subscription": "gate"}, {"payload": "open", "topic": "gate"})
    assert stage.took() == ["1.1.0 set relay1 on"]


def test_what_was_gone_and_comes_back_as_it_was_starts_nothing() -> None:
    stage = Stage(rule("1", [port(1)], [on()], first_is_trigger=True))
    stage.port(1, 1)
    stage.took()
    stage.gone(IO, topics.PORT, {"port": "1"})
    stage.port(1, 1)
    assert stage.took() == []
    stage.port(1, 0)
    stage.gone(IO, topics.PORT, {"port": "1"})
    stage.port(1, 1)
    assert stage.took() == ["1.2.0 set relay1 on"]


def test_a_stateless_condition_acts_each_time_while_the_others_hold() -> None:
    stage = Stage(rule("1", [schedule(), pulse()], [on()]))
    stage.pulse()
    stage.schedule("office", 1)
    stage.pulse("other")
    assert stage.took() == []
    stage.pulse()
    stage.pulse()
    assert stage.took() == ["1.1.0 set relay1 on", "1.2.0 set relay1 on"]
    assert not stage.engine.view("1").active
    stage.schedule("office", 0)
    stage.pulse()
    assert stage.took() == []
    assert stage.engine.activity("1").state.missed is not None


def test_a_stateless_trigger_starts_a_rule_that_lasts() -> None:
    stage = Stage(rule("1", [pulse(), schedule()], [LASTING], first_is_trigger=True))
    stage.schedule("office", 1)
    stage.pulse()
    stage.pulse()
    assert stage.took() == ["1.1.0 set relay1 on"]
    stage.schedule("office", 0)
    assert stage.took() == ["1.1.0 undo set relay1 off"]


def test_a_stateless_event_is_judged_by_its_data() -> None:
    condition = Condition(topics.MQTT_STATELESS, {"subscription": "a/#"}, "payload", above=20)
    stage = Stage(rule("1", [condition]), rule("2", [replace(condition, inverted=True)], [on("relay2")]))
    for payload in ("19", "21", "hot"):
        stage.tell(EVENTS, topics.MQTT_STATELESS, {"subscription": "a/#"}, {"payload": payload, "topic": "a/b"})
    assert stage.took() == ["2.1.0 set relay2 on", "1.1.0 set relay1 on"]
    assert stage.engine.known == {}, "a stateless event is not kept"


def test_every_change_of_a_state_is_an_event_where_no_item_is_looked_at() -> None:
    stage = Stage(rule("1", [Condition(topics.PORT, {"port": "1"})]))
    stage.port(1, 1)
    stage.port(1, 0)
    assert len(stage.took()) == 2


# --- time ---


def test_a_condition_with_a_hold_time_must_hold_without_a_break() -> None:
    stage = Stage(rule("1", [port(1, for_ms=5000)], [LASTING]))
    stage.port(1, 1)
    stage.wait(4.9)
    stage.port(1, 0)
    stage.port(1, 1)
    stage.wait(4.9)
    assert stage.took() == []
    stage.wait(0.1)
    assert stage.took() == ["1.1.0 set relay1 on"]
    stage.port(1, 0)
    assert stage.took() == ["1.1.0 undo set relay1 off"]


def test_time_that_was_due_before_an_event_comes_before_it() -> None:
    """However late the service wakes up."""
    stage = Stage(rule("1", [port(1, for_ms=5000)], [LASTING]))
    stage.port(1, 1)
    stage.now = stage.now.after(6_000_000)
    stage.port(1, 0)
    assert stage.took() == ["1.1.0 set relay1 on", "1.1.0 undo set relay1 off"]


def test_what_is_read_late_ended_a_hold_time_when_it_happened() -> None:
    """The service stood still: the contact was closed for 2 s, not for 6."""
    stage = Stage(rule("1", [port(1, for_ms=5000)], [on()]), rule("2", [port(2, for_ms=1000)], [on("relay2")]))
    stage.port(1, 1)
    stage.port(2, 1)
    then, stage.now = stage.now.after(2_000_000), stage.now.after(6_000_000)
    opened = Happening(topics.PORT, {"port": "1"}, {"state": "0"}, then.wall_usec)
    stage.do(stage.engine.event(IO, opened, stage.now))
    stage.wait(10)
    assert stage.took() == ["2.1.0 set relay2 on"]


def test_a_trigger_with_a_hold_time_starts_when_it_has_held() -> None:
    stage = Stage(rule("1", [port(1, for_ms=1000)], first_is_trigger=True))
    stage.port(1, 0)
    stage.port(1, 1)
    assert stage.took() == []
    stage.wait(1)
    assert stage.took() == ["1.1.0 set relay1 on"]
    stage.wait(100)
    assert stage.took() == []


def test_a_state_that_holds_at_the_end_of_the_wait_makes_the_rule_active_then() -> None:
    stage = Stage(rule("1", [port(1)], [LASTING], wait_ms=10_000))
    stage.port(1, 1)
    stage.port(1, 0)
    stage.port(1, 1)
    assert stage.took() == ["1.1.0 set relay1 on", "1.1.0 undo set relay1 off"]
    stage.wait(9.9)
    assert stage.took() == []
    stage.wait(0.1)
    assert stage.took() == ["1.2.0 set relay1 on"]
    assert stage.said[-1] == "1 on: its wait is over and all its conditions hold"


def test_a_state_that_ends_within_the_wait_does_nothing() -> None:
    stage = Stage(rule("1", [port(1)], wait_ms=10_000))
    for state in (1, 0, 1, 0):
        stage.port(1, state)
    stage.wait(20)
    assert len(stage.took()) == 1


def test_a_trigger_within_the_wait_is_dropped() -> None:
    stage = Stage(rule("1", [pulse()], wait_ms=10_000))
    stage.pulse()
    stage.wait(5)
    stage.pulse()
    stage.wait(5)
    assert len(stage.took()) == 1
    assert stage.said[-1] == "1 dropped: condition 1 came within its wait"
    stage.pulse()
    assert len(stage.took()) == 1


# --- actions ---


def test_actions_are_done_in_order_each_after_its_delay() -> None:
    stage = Stage(
        rule("1", [pulse()], [on("relay1"), on("relay2", delay_ms=1000), TOGGLE, off("relay1", delay_ms=500)])
    )
    stage.pulse()
    assert stage.took() == ["1.1.0 set relay1 on"]
    stage.wait(1)
    assert stage.took() == ["1.1.1 set relay2 on", "1.1.2 toggle relay2"]
    stage.wait(0.5)
    assert stage.took() == ["1.1.3 set relay1 off"]
    assert stage.engine.next_due is None


def test_delayed_steps_of_several_activations_do_not_hinder_each_other() -> None:
    stage = Stage(rule("1", [pulse()], [on(), off(delay_ms=1000)]))
    stage.pulse()
    stage.wait(0.5)
    stage.pulse()
    stage.wait(2)
    assert stage.took() == [
        "1.1.0 set relay1 on",
        "1.2.0 set relay1 on",
        "1.1.1 set relay1 off",
        "1.2.1 set relay1 off",
    ]


def test_a_delayed_step_is_done_after_the_end_but_not_one_that_was_to_last() -> None:
    stage = Stage(rule("1", [port(1)], [on("relay2", delay_ms=1000), on("relay1", while_active=True)]))
    stage.port(1, 1)
    stage.port(1, 0)
    stage.wait(2)
    assert stage.took() == ["1.1.0 set relay2 on"]


def test_a_notification_is_repeated_while_the_rule_is_active() -> None:
    notify = Action("notify", {"Recipient": "1", "PeriodMs": 2000}, while_active=True)
    stage = Stage(rule("1", [port(1)], [notify]))
    stage.port(1, 1)
    stage.wait(5)
    assert stage.took() == ["1.1.0 notify"] * 3
    stage.port(1, 0)
    stage.wait(5)
    assert stage.took() == []


def test_what_was_missed_of_a_repetition_is_not_made_up_for() -> None:
    notify = Action("notify", {"Recipient": "1", "PeriodMs": 2000}, while_active=True)
    stage = Stage(rule("1", [port(1)], [notify]))
    stage.port(1, 1)
    stage.took()
    stage.restart(away=60)
    assert stage.took() == ["1.1.0 notify"]
    stage.wait(2)
    assert stage.took() == ["1.1.0 notify"]


def test_too_many_steps_under_way() -> None:
    stage = Stage(rule("1", [pulse()], [on(delay_ms=86_400_000)]))
    for _ in range(300):
        stage.pulse()
    assert stage.engine.view("1").activations == 256
    assert stage.said[-1] == "1 dropped: too many of its activations are still under way"


def test_the_event_comes_with_the_action() -> None:
    stage = Stage(rule("1", [port(1)], [on(), off(delay_ms=1000)]))
    stage.port(1, 1)
    stage.restart()
    stage.wait(1)
    seen = [(told.topic, told.source, told.data) for told in stage.seen if told is not None]
    assert seen == [(topics.PORT, {"port": "1"}, {"state": "1"})] * 2
    assert stage.engine.activity("1").state.happenings == {}


# --- several that want the same output ---


def test_the_last_holder_undoes() -> None:
    stage = Stage(rule("1", [port(1)], [LASTING]), rule("2", [port(2)], [LASTING]))
    stage.port(1, 1)
    stage.port(2, 1)
    stage.took()
    stage.port(1, 0)
    assert stage.took() == []
    stage.port(2, 0)
    assert stage.took() == ["2.1.0 undo set relay1 off"]


def test_the_latest_wins_and_gives_back() -> None:
    stage = Stage(
        rule("1", [port(1)], [on(while_active=True)]),
        rule("2", [port(2)], [off(while_active=True)]),
        rule("3", [port(3)], [on(while_active=True)]),
    )
    stage.port(1, 1)
    stage.port(2, 1)
    stage.port(3, 1)
    stage.took()
    assert stage.engine.wanted("relay1") is True
    stage.port(2, 0)
    assert stage.took() == [], "it had no say"
    stage.port(2, 1)
    assert stage.took() == ["2.2.0 set relay1 off"]
    stage.port(3, 0)
    assert stage.took() == []
    stage.port(2, 0)
    assert stage.took() == ["2.2.0 undo set relay1 on"]
    stage.port(1, 0)
    assert stage.took() == ["1.1.0 undo set relay1 off"]
    assert stage.engine.wanted("relay1") is None


def test_a_virtual_input_is_undone_as_well() -> None:
    action = Action("virtual-input", {"Input": 7, "Active": True}, while_active=True)
    stage = Stage(rule("1", [port(1)], [action]))
    stage.port(1, 1)
    stage.port(1, 0)
    assert stage.took() == ["1.1.0 virtual-input virtual-input:7 on", "1.1.0 undo virtual-input virtual-input:7 off"]


# --- changes ---


def test_turning_off_undoes_what_lasts_and_cancels_what_is_to_come() -> None:
    one = rule("1", [port(1)], [LASTING, on("relay2", delay_ms=1000)])
    stage = Stage(one)
    stage.port(1, 1)
    stage.took()
    stage.put(replace(one, enabled=False))
    stage.wait(5)
    assert stage.took() == ["1.1.0 undo set relay1 off"]
    stage.put(one)
    assert stage.took() == ["1.2.0 set relay1 on"]


def test_a_new_name_changes_nothing() -> None:
    one = rule("1", [port(1)], [LASTING])
    stage = Stage(one)
    stage.port(1, 1)
    stage.took()
    stage.put(replace(one, name="other"))
    assert stage.took() == []
    assert stage.engine.rules[0].name == "other"


def test_removing_undoes_and_leaves_nothing_behind() -> None:
    stage = Stage(rule("1", [port(1)], [LASTING]))
    stage.port(1, 1)
    stage.remove("1")
    assert stage.outputs == {"relay1": False}
    assert stage.disk == {}
    stage.port(1, 0)
    stage.port(1, 1)
    assert len(stage.log) == 2


def test_a_removed_rule_is_forgotten_only_when_its_output_is_back() -> None:
    stage = Stage(rule("1", [port(1)], [LASTING]))
    stage.port(1, 1)
    stage.confirming = False
    stage.remove("1")
    assert stage.disk
    stage.took()
    stage.confirming = True
    stage.restart()
    assert stage.took() == ["1.1.0 undo set relay1 off"]
    assert stage.disk == {}


def test_a_change_of_an_enabled_rule_turns_it_off() -> None:
    one = rule("1", [port(1)])
    assert amended(one, {"name": "x"}).enabled
    assert amended(one, {"wait_ms": 0}).enabled, "nothing changed"
    assert not amended(one, {"wait_ms": 5}).enabled
    assert amended(one, {"wait_ms": 5, "enabled": True}).enabled
    assert not amended(replace(one, enabled=False), {"wait_ms": 5}).enabled


# --- loops ---


def echo(stage: Stage, number: int = 5) -> None:
    """Tell the state of relay1, as the service does after each action."""
    state = "active" if stage.outputs.get("relay1") else "inactive"
    stage.tell(RELAYS, topics.RELAY, {"RelayToken": str(number)}, {"LogicalState": state})


RELAY_ON = Condition(topics.RELAY, {"RelayToken": "5"}, "LogicalState", "active")


def test_a_rule_that_starts_itself_is_suspended_until_it_is_turned_on_again() -> None:
    one = rule("1", [replace(RELAY_ON, inverted=True)], [on(while_active=True)])
    stage = Stage(one)
    echo(stage)
    for _ in range(200):
        stage.wait(0.01)
        echo(stage)
    assert stage.engine.view("1").suspended
    assert stage.engine.view("1").activations == 1 + LOOP_ACTIVATIONS
    assert stage.said[-1] == "1 suspended"
    assert stage.outputs["relay1"] is False
    stage.restart()
    assert stage.engine.view("1").suspended
    stage.took()
    stage.put(one)
    assert not stage.engine.view("1").suspended
    assert stage.took() == ["1.22.0 set relay1 on"]


def test_a_loop_through_another_rule_and_a_virtual_input_is_found() -> None:
    virtual = Condition(topics.VIRTUAL_INPUT, {"port": "1"}, "active", "1")
    stage = Stage(
        rule("1", [virtual], [LASTING]),
        rule("2", [RELAY_ON], [Action("virtual-input", {"Input": 1, "Active": False})]),
        rule("3", [replace(RELAY_ON, inverted=True)], [Action("virtual-input", {"Input": 1, "Active": True})]),
    )
    echo(stage)
    for _ in range(200):
        stage.wait(0.01)
        active = "1" if stage.outputs["virtual-input:1"] else "0"
        stage.tell(EVENTS, topics.VIRTUAL_INPUT, {"port": "1"}, {"active": active})
        echo(stage)
    assert [stage.engine.view(id_).suspended for id_ in ("1", "2", "3")].count(True) == 1
    assert max(stage.engine.view(id_).activations for id_ in ("1", "2", "3")) <= LOOP_ACTIVATIONS + 2


def test_a_contact_that_chatters_suspends_nothing() -> None:
    stage = Stage(rule("1", [port(1)], [on()]), rule("2", [RELAY_ON], [on("relay2")]))
    for _ in range(500):
        stage.wait(0.001)
        stage.port(1, 1)
        echo(stage)
        stage.port(1, 0)
        stage.outputs["relay1"] = False
        echo(stage)
    assert [stage.engine.view(id_).activations for id_ in ("1", "2")] == [500, 500]


def test_a_loop_over_mqtt_is_found() -> None:
    publish = Action("publish", {"Topic": "echo/1", "Payload": "x"})
    stage = Stage(rule("1", [Condition(topics.MQTT_STATELESS, {}, "payload", "x")], [publish]))
    for _ in range(100):
        stage.wait(0.01)
        stage.tell(
            EVENTS, topics.MQTT_STATELESS, {"subscription": "#"}, {"payload": "x", "topic": "axis/ACCC8E/echo/1"}
        )
    assert stage.engine.view("1").suspended


def test_a_rule_that_brings_an_output_back_is_not_its_own_cause() -> None:
    """Somebody who plays with the button must not be able to turn off the rule that ends it."""
    stage = Stage(rule("1", [port(1)], [on()]), rule("2", [replace(RELAY_ON, for_ms=50)], [off()]))
    for _ in range(100):
        stage.port(1, 1)
        echo(stage)
        stage.wait(0.1)
        echo(stage)
        stage.port(1, 0)
        stage.wait(0.1)
    assert [stage.engine.view(id_).activations for id_ in ("1", "2")] == [100, 100]


def test_a_rule_whose_action_fails_does_not_go_round_with_what_tells_of_it() -> None:
    notify = Action("notify", {"Recipient": "1", "Message": "x"})
    stage = Stage(rule("1", [Condition(topics.ACTION_FAILED)], [notify]))
    for _ in range(100):
        stage.wait(0.01)
        stage.tell(EVENTS, topics.ACTION_FAILED, {}, {"description": "no answer"})
    assert stage.engine.view("1").suspended


def test_a_slow_circle_goes_on() -> None:
    stage = Stage(rule("1", [replace(RELAY_ON, inverted=True)], [on(while_active=True)]))
    echo(stage)
    for _ in range(100):
        stage.wait(1)
        echo(stage)
    assert not stage.engine.view("1").suspended
