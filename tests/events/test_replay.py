# SPDX-License-Identifier: Apache-2.0
"""What rules would have done."""

from __future__ import annotations

from dataclasses import replace

import pytest

from axiod.bus import topics
from axiod.errors import InvalidArgument
from axiod.events import replay as module
from axiod.events.replay import Recorded, replay
from axiod.events.rule import Action
from tests.events.stage import OUTPUTS, off, on, port, pulse, rule, schedule

T = 1_800_000_000_000_000


def at(seconds: float, number: int, state: int) -> Recorded:
    return T + round(seconds * 1e6), topics.PORT, {"port": str(number)}, {"state": str(state)}


RULES = [
    rule("2", [port(1)], [on(while_active=True)]),
    rule("1", [port(1), schedule(inverted=True)], [Action("log", {"Message": "hi"}), off("relay2", delay_ms=1500)]),
    rule("3", [port(2, for_ms=2000)], [Action("pulse", {"Output": "io3", "DurationMs": 500})], wait_ms=60_000),
    rule("4", [port(2)], [on("relay2")], enabled=False),
]
EVENTS: list[Recorded] = [
    (T, topics.INTERVAL, {"id": "office"}, {"active": "0"}),
    at(1, 1, 1),
    at(2, 2, 1),
    at(5, 1, 0),
    at(6, 2, 0),
    at(7, 2, 1),
]


def test_a_recorded_log() -> None:
    steps = [((step.when_usec - T) / 1e6, step.rule, step.what, step.text) for step in replay(RULES, EVENTS)]
    assert steps == [
        (1, "1", "activated", "all its conditions hold"),
        (1, "1", "performed", "log 'hi'"),
        (1, "2", "activated", "all its conditions hold"),
        (1, "2", "performed", "set relay1 active"),
        (2.5, "1", "performed", "set relay2 inactive"),
        (4, "3", "activated", "all its conditions hold"),
        (4, "3", "performed", "pulse io3 for 0.5 s"),
        (5, "1", "deactivated", "condition 1 does not hold any more"),
        (5, "2", "deactivated", "condition 1 does not hold any more"),
        (5, "2", "undone", "set relay1 inactive"),
        (6, "3", "deactivated", "condition 1 does not hold any more"),
        (64, "3", "activated", "its wait is over and all its conditions hold"),
        (64, "3", "performed", "pulse io3 for 0.5 s"),
    ]


def test_it_is_the_same_every_time() -> None:
    assert replay(RULES, EVENTS) == replay(list(reversed(RULES)), iter(EVENTS), OUTPUTS)


def test_nothing() -> None:
    assert replay(RULES, []) == []
    assert replay([], EVENTS) == []


def test_times_that_go_back_stand_still() -> None:
    rules = [rule("1", [pulse()], [on()], wait_ms=1000)]
    times = (T, T - 10**9, T + 500_000, 0, T + 1_000_000)
    steps = replay(rules, [(time, topics.PULSE, {"id": "tick"}, {}) for time in times])
    assert [(step.when_usec - T, step.what) for step in steps] == [
        (0, "activated"),
        (0, "performed"),
        (0, "dropped"),
        (500_000, "dropped"),
        (500_000, "dropped"),
        (1_000_000, "activated"),
        (1_000_000, "performed"),
    ]


def test_odd_events_do_no_harm() -> None:
    odd: list[Recorded] = [(0, "", {}, {}), (2**64 - 1, "x" * 5000, {"": ""}, {"": ""}), (5, topics.PORT, {}, {})]
    assert replay(RULES, odd) == []


def test_what_would_happen_without_end() -> None:
    rules = [rule(str(n), [pulse()], [on()] * 16) for n in range(1, 257)]
    events: list[Recorded] = [(T, topics.PULSE, {"id": "tick"}, {})] * 100
    with pytest.raises(InvalidArgument, match=f"more than {module.MOST_STEPS} things would happen"):
        replay(rules, events)


def test_a_suspended_rule_is_told() -> None:
    relay = replace(port(1), topic=topics.RELAY, source={"RelayToken": "5"}, item="LogicalState", equals="active")
    toggling = rule("1", [relay], [Action("toggle", {"Output": "relay1"})])
    events: list[Recorded] = [
        (T + place, topics.RELAY, {"RelayToken": "5"}, {"LogicalState": "inactive" if place % 2 else "active"})
        for place in range(100)
    ]
    assert replay([toggling], events, OUTPUTS)[-1].what == "suspended"
