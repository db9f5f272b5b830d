# SPDX-License-Identifier: Apache-2.0
"""What is said of why a rule is active or is not."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from axiod.bus import topics
from axiod.events.explain import Explanation, explain
from axiod.events.rule import Condition
from tests.events.stage import IO, START, Stage, on, port, pulse, rule, schedule

if TYPE_CHECKING:
    from axiod.events.rule import Rule


def said(stage: Stage, id_: str = "1") -> Explanation:
    return explain(stage.engine, id_, stage.now, lambda usec: f"{(usec - START.wall_usec) / 1e6:g}s")


def first(*rules: Rule) -> str:
    return said(Stage(*rules)).sentences[0]


def test_an_active_rule() -> None:
    stage = Stage(rule("1", [port(1), schedule(inverted=True)]))
    stage.schedule("office", 0)
    stage.wait(5)
    stage.port(1, 1)
    stage.wait(5)
    explanation = said(stage)
    assert explanation.text == (
        "It is active.\n"
        "Condition 1, Digital input (port 1): state is 1: holds since 5s.\n"
        "Condition 2, Schedule (id office): active is not 1: holds since 0s.\n"
        "It became active once, last at 5s."
    )
    one, other = explanation.conditions
    assert (one.text, one.holds, one.value) == ("Digital input (port 1): state is 1", True, "1")
    assert one.since_usec == START.wall_usec + 5_000_000
    assert (other.holds, other.value) == (True, "0")


def test_why_it_is_not() -> None:
    stage = Stage(rule("1", [port(1), port(2), schedule()]))
    stage.port(1, 0)
    stage.schedule("office", 1)
    assert said(stage).sentences == (
        "It is not active, because conditions 1 and 2 do not hold.",
        "Condition 1, Digital input (port 1): state is 1: does not hold: it is 0.",
        "Condition 2, Digital input (port 2): state is 1: does not hold: nothing is known of it, it is not there now.",
        "Condition 3, Schedule (id office): active is 1: holds since 0s.",
        "It never was active.",
    )
    assert said(stage).conditions[1].value is None


def test_turned_off_suspended_and_waiting_for_a_service() -> None:
    assert first(rule("1", [port(1)], enabled=False)) == "It is turned off."
    stage = Stage(rule("1", [port(1)]), heard=False)
    assert said(stage).sentences[:2] == (
        "It waits for the service that tells condition 1.",
        "Condition 1, Digital input (port 1): state is 1: does not hold: its service has not told anything yet.",
    )
    stage.engine.activity("1").state.suspended = True
    assert said(stage).sentences[0].startswith("It is suspended: it started itself again and again")


def test_a_trigger() -> None:
    stage = Stage(rule("1", [pulse(), port(1)], wait_ms=90_000))
    stage.port(1, 1)
    assert said(stage).sentences[:2] == (
        "It would become active now if condition 1 started it.",
        "Condition 1 (the trigger), Recurrence (id tick): happens: does not hold: it only happens for a moment.",
    )
    stage.pulse()
    stage.wait(20)
    stage.pulse()
    assert said(stage).sentences[0] == (
        "It is not active: its wait ends in 70 s, and until then condition 1 does not start it."
    )
    assert said(stage).sentences[-2:] == (
        "It became active once, last at 0s.",
        "At 20s it did not become active: condition 1 came within its wait.",
    )
    stage.restart()
    stage.wait(70)
    stage.pulse()
    stage.restart()
    assert said(stage).sentences[-1] == "At 20s it did not become active: condition 1 came within its wait."


def test_times() -> None:
    stage = Stage(rule("1", [port(1, for_ms=90_000)], wait_ms=600_000))
    stage.port(1, 1)
    stage.wait(30)
    assert (
        said(stage)
        .sentences[1]
        .endswith("state is 1 for 90 s: does not hold: it is so since 0s, 1 min more are needed.")
    )
    stage.wait(60)
    assert said(stage).sentences[0] == "It is active."
    stage.port(1, 0)
    stage.port(1, 1)
    stage.wait(90)
    assert said(stage).sentences[0] == "It is not active: its wait ends in 510 s, then it becomes active."
    stage = Stage(rule("1", [port(1, for_ms=90_000)], enabled=False))
    stage.port(1, 1)
    assert "its time has not begun, because the rule is not turned on" in said(stage).text


def test_any_source() -> None:
    stage = Stage(rule("1", [Condition(topics.PORT, {}, "state", "1")]), rule("2", [port(1, "0"), port(1)], [on()]))
    for number in range(7):
        stage.port(number, 0)
    condition = said(stage).conditions[0]
    assert condition.text == "Digital input (any port): state is 1"
    assert condition.value == "port 0: 0, port 1: 0, port 2: 0, port 3: 0, port 4: 0, …"


def test_undeclared_topics_and_limits() -> None:
    condition = Condition("tnsaxiod:Boiler", {}, "heat", above=3, below=7.5, inverted=True)
    stage = Stage(rule("1", [condition, replace(condition, source={"unit": "1"})]))
    stage.tell(IO, "tnsaxiod:Boiler", {"unit": "1"}, {"heat": "5"})
    assert said(stage).conditions[1].text == "tnsaxiod:Boiler (unit 1): heat is not above 3 and below 7.5"
