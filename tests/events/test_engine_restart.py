# SPDX-License-Identifier: Apache-2.0
"""A restart, a crash or a reboot at any moment changes nothing of what the rules do."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from axiod.bus import topics
from axiod.events.effect import Perform, Save, Undo
from axiod.events.rule import Action, Condition, Rule
from axiod.events.rule_state import fingerprint
from tests.events.stage import EVENTS, IO, RELAYS, START, Stage, off, on, port, pulse, rule, schedule

if TYPE_CHECKING:
    from collections.abc import Callable

LASTING = on(while_active=True)
PULSE = Action("pulse", {"Output": "relay2", "DurationMs": 500})
NOTIFY = Action("notify", {"Recipient": "1", "PeriodMs": 30_000}, while_active=True)


def scenario() -> tuple[list[Rule], list[Callable[[Stage], None]]]:
    """Ten minutes of a gate."""
    rules = [
        rule("1", [port(1), schedule()], [LASTING, PULSE]),
        rule("2", [port(1, for_ms=60_000)], [on("relay2"), off("relay2", delay_ms=45_000), NOTIFY]),
        rule("3", [port(2), schedule(inverted=True)], [on("io3", while_active=True, delay_ms=20_000)]),
        rule("4", [port(2), schedule()], [off(while_active=True), NOTIFY], first_is_trigger=True),
        rule("5", [pulse(), port(1)], [PULSE, on("io3", delay_ms=10_000)], wait_ms=100_000),
        rule(
            "6", [port(3)], [Action("virtual-input", {"Input": 1, "Active": True}, while_active=True)], wait_ms=70_000
        ),
        rule("7", [port(3, for_ms=5_000)], [Action("toggle", {"Output": "io3"})], first_is_trigger=True),
    ]
    steps: list[Callable[[Stage], None]] = []

    def waiting(seconds: float) -> None:
        steps.extend([lambda stage: stage.wait(seconds / 2)] * 2)

    for number in (1, 2, 3):
        steps.append(lambda stage, number=number: stage.port(number, 0))  # type: ignore[misc] # mypy cannot infer it
    for minute in range(10):
        steps.append(lambda stage, minute=minute: stage.schedule("office", int(2 <= minute < 7)))  # type: ignore[misc] # mypy cannot infer it
        waiting(7)
        steps.append(lambda stage, minute=minute: stage.port(1, int(minute % 4 != 3)))  # type: ignore[misc] # mypy cannot infer it
        waiting(3)
        steps.append(lambda stage: stage.pulse())
        waiting(15)
        steps.append(lambda stage, minute=minute: stage.port(2, minute % 2))  # type: ignore[misc] # mypy cannot infer it
        waiting(11)
        steps.append(lambda stage, minute=minute: stage.port(3, int(minute % 3 == 0)))  # type: ignore[misc] # mypy cannot infer it
        waiting(24)
    return rules, steps


def played(restart_at: int | None = None, *, every: bool = False, **how: Any) -> Stage:
    rules, steps = scenario()
    stage = Stage(*rules)
    for place, step in enumerate(steps):
        if every or place == restart_at:
            stage.restart(**how)
        step(stage)
    return stage


def lasts(line: str) -> bool:
    """Whether a line of the log is of what is done once more after a reboot."""
    rules = {one.id: one for one in scenario()[0]}
    id_, _, step = line.split(" ")[0].split(".")
    action = rules[id_].actions[int(step)]
    return action.while_active and action.kind != "notify" and " undo " not in line


def test_ten_minutes_with_a_restart_at_each_step() -> None:
    expected = played()
    assert len(expected.log) > 50
    for place in range(len(scenario()[1])):
        stage = played(place)
        assert stage.log == expected.log, place
        assert stage.said == expected.said, place


def test_ten_minutes_with_a_restart_at_every_step() -> None:
    assert played(every=True).log == played().log


def test_ten_minutes_with_a_reboot_at_each_step() -> None:
    """What lasts is done once more, and nothing else is."""
    expected = played()
    for place in range(len(scenario()[1])):
        stage = played(place, reboot=True)
        assert [line for line in stage.log if not lasts(line)] == [line for line in expected.log if not lasts(line)]
        assert set(stage.log) == set(expected.log)
        assert stage.said == expected.said
        assert stage.outputs == expected.outputs


# --- at random ---

CONDITIONS = st.one_of(
    st.builds(
        port, st.integers(1, 3), st.sampled_from("01"), inverted=st.booleans(), for_ms=st.sampled_from([0, 0, 700])
    ),
    st.builds(schedule, st.just("office"), st.sampled_from("01")),
    st.builds(lambda inverted: Condition(topics.PORT, {}, "state", "1", inverted=inverted), st.booleans()),
    st.builds(pulse),
)
SETS = st.builds(
    Action,
    st.just("set"),
    st.fixed_dictionaries({"Output": st.sampled_from(["relay1", "relay2"]), "Active": st.booleans()}),
    st.booleans(),
    st.sampled_from([0, 0, 300, 1100]),
    st.booleans(),
)
ACTIONS = st.one_of(
    SETS, SETS, st.sampled_from([PULSE, replace(NOTIFY, parameters={"Recipient": "1", "PeriodMs": 1000})])
)
STEPS = st.one_of(
    st.tuples(st.just("port"), st.integers(1, 3), st.integers(0, 1)),
    st.tuples(st.just("schedule"), st.integers(0, 1)),
    st.tuples(st.just("pulse")),
    st.tuples(st.just("wait"), st.sampled_from([0.1, 0.5, 2])),
)


@st.composite
def rules(draw: st.DrawFn) -> list[Rule]:
    found = []
    for number in range(1, draw(st.integers(1, 4)) + 1):
        conditions = draw(st.lists(CONDITIONS, min_size=1, max_size=3))
        stateless = [item for item in conditions if not item.item]
        conditions = [*stateless[:1], *(item for item in conditions if item.item)]
        found.append(
            rule(
                str(number),
                conditions,
                draw(st.lists(ACTIONS, min_size=1, max_size=3)),
                first_is_trigger=draw(st.booleans()),
                wait_ms=draw(st.sampled_from([0, 0, 900])),
            )
        )
    return found


def run(stage: Stage, step: tuple[Any, ...]) -> None:
    match step:
        case ("port", number, state):
            stage.port(number, state)
        case ("schedule", active):
            stage.schedule("office", active)
        case ("pulse",):
            stage.pulse()
        case ("wait", seconds):
            stage.wait(seconds)


@settings(deadline=None, max_examples=300, suppress_health_check=[HealthCheck.too_slow])
@given(rules(), st.lists(st.tuples(STEPS, st.booleans()), max_size=25))
def test_restarts_change_nothing(made: list[Rule], steps: list[tuple[tuple[Any, ...], bool]]) -> None:
    quiet, shaken = Stage(*made), Stage(*made)
    for step, restarts in steps:
        run(quiet, step)
        run(shaken, step)
        if restarts:
            shaken.restart()
    assert shaken.log == quiet.log
    assert shaken.said == quiet.said
    assert shaken.outputs == quiet.outputs


@settings(deadline=None, max_examples=300, suppress_health_check=[HealthCheck.too_slow])
@given(rules(), st.lists(STEPS, max_size=25))
def test_an_event_looks_at_no_rule_that_does_not_name_it_and_forgets_none_that_does(
    made: list[Rule], steps: list[tuple[Any, ...]]
) -> None:
    """Each rule alone does what it does among all the others."""
    together = Stage(*made)
    alone = [Stage(one) for one in made]
    for step in steps:
        for stage in (together, *alone):
            run(stage, step)
    assert sorted(together.said) == sorted(line for stage in alone for line in stage.said)


class Dies(Exception):
    """The service was killed."""


class Mortal(Stage):
    """A stage whose service dies after so many of the things that it carries out."""

    def __init__(self, *rules: Rule, dies_after: int) -> None:
        self.left = -1
        self.begun: list[tuple[str, int, int]] = []
        super().__init__(*rules)
        self.left = dies_after

    def carry_out(self, effect: Any) -> None:
        if isinstance(effect, Save | Perform | Undo):
            if self.left == 0:
                self.left = -1
                raise Dies
            self.left -= 1
        if isinstance(effect, Perform) and effect.action.kind in ("pulse", "toggle"):
            self.begun.append((effect.rule, effect.activation, effect.step))
        super().carry_out(effect)


def test_killed_between_any_two_things() -> None:
    """Nothing that is at most once is done twice, and in the end every output is where it would be."""
    made, steps = scenario()
    expected = played()
    after = 0
    while True:
        stage = Mortal(*made, dies_after=after)
        died = False
        for step in steps:
            try:
                step(stage)
            except Dies:
                died = True
                stage.restart()
        if not died:
            break
        assert len(stage.begun) == len(set(stage.begun)), after
        assert stage.outputs == expected.outputs, after
        missing = [line for line in expected.log if line not in stage.log]
        # What is at most once may be given up, and an event that is not on disk yet may be lost; one of them, not more.
        assert len({line.split(".")[1] for line in missing}) <= 1, (after, missing)
        after += 1
    assert after > 150


STATES = st.lists(
    st.one_of(
        st.builds(port, st.integers(1, 3), st.sampled_from("01"), inverted=st.booleans()),
        st.builds(schedule, st.just("office"), st.sampled_from("01")),
    ),
    min_size=1,
    max_size=2,
)
KEEPS = st.lists(
    st.builds(on, st.sampled_from(["relay1", "relay2"]), while_active=st.just(True))
    | st.builds(off, st.sampled_from(["relay1", "relay2"]), while_active=st.just(True)),
    min_size=1,
    max_size=2,
)


@settings(deadline=None, max_examples=500, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(STATES, KEEPS), min_size=1, max_size=4), st.lists(STEPS, max_size=15), st.integers(0, 60))
def test_no_output_stays_where_no_rule_wants_it_whenever_the_service_dies(
    made: list[tuple[list[Condition], list[Action]]], steps: list[tuple[Any, ...]], after: int
) -> None:
    rules_ = [rule(str(number), *one) for number, one in enumerate(made, 1)]
    quiet, mortal = Stage(*rules_), Mortal(*rules_, dies_after=after)
    for step in steps:
        run(quiet, step)
        try:
            run(mortal, step)
        except Dies:
            mortal.restart()
    assert mortal.outputs == quiet.outputs
    assert not any(mortal.engine.activity(one.id).state.undoing for one in rules_)


# --- piece by piece ---


def test_nothing_is_decided_before_the_first_snapshot() -> None:
    stage = Stage(rule("1", [port(1)], [LASTING]), rule("2", [port(1, inverted=True)], [on("relay2")]))
    stage.port(1, 1)
    stage.took()
    stage.restart(hear=False)
    stage.wait(3600)
    assert stage.took() == []
    assert stage.engine.view("1").active
    stage.hear(EVENTS)
    assert stage.took() == []
    stage.states[IO].clear()
    stage.hear(IO)
    assert stage.took() == ["1.1.0 undo set relay1 off"]


@pytest.mark.parametrize("inverted", [False, True])
def test_that_none_of_several_is_so_only_all_services_can_say(*, inverted: bool) -> None:
    any_relay = Condition(topics.RELAY, {}, "LogicalState", "active", inverted=inverted)
    stage = Stage(rule("1", [any_relay], [on("io3", while_active=True)]))
    stage.tell(IO, topics.RELAY, {"RelayToken": "2"}, {"LogicalState": "inactive"})
    stage.tell(RELAYS, topics.RELAY, {"RelayToken": "5"}, {"LogicalState": "inactive" if inverted else "active"})
    assert stage.engine.view("1").active
    stage.took()
    stage.restart(hear=False)
    stage.hear(IO)
    assert stage.engine.view("1").active
    stage.hear(RELAYS)
    assert stage.engine.view("1").active
    stage.restart(hear=False)
    stage.hear(RELAYS)
    stage.hear(IO)
    assert stage.took() == []


def test_a_missed_change_counts() -> None:
    stage = Stage(
        rule("1", [port(1)], [LASTING]),
        rule("2", [port(1)], [on("relay2")], first_is_trigger=True),
        rule("3", [port(2)], [on("io3")], first_is_trigger=True),
    )
    stage.port(1, 0)
    stage.port(2, 1)
    stage.took()
    for key, told in stage.states[IO].items():
        stage.states[IO][key] = replace(told, data={"state": "1"})
    stage.restart(away=3600)
    assert stage.took() == ["1.1.0 set relay1 on", "2.1.0 set relay2 on"]


def test_a_stateless_trigger_waits_for_what_is_not_known_yet() -> None:
    stage = Stage(rule("1", [pulse(), port(1)]))
    stage.port(1, 1)
    stage.restart(hear=False)
    stage.pulse()
    assert stage.took() == []
    stage.wait(2)
    stage.hear(IO)
    assert stage.took() == ["1.1.0 set relay1 on"]


def test_but_not_for_long() -> None:
    stage = Stage(rule("1", [pulse(), port(1)]))
    stage.port(1, 1)
    stage.restart(hear=False)
    stage.pulse()
    stage.wait(60)
    stage.hear(IO)
    assert stage.took() == []
    assert stage.said[-1] == "1 dropped: condition 1 was not known in time"


@pytest.mark.parametrize("reboot", [False, True])
def test_deadlines_go_on(*, reboot: bool) -> None:
    stage = Stage(rule("1", [port(1, for_ms=60_000)], [on(), off(delay_ms=60_000)], wait_ms=300_000))
    stage.port(1, 1)
    stage.wait(20)
    stage.restart(reboot=reboot, away=30)
    stage.wait(9)
    assert stage.took() == []
    stage.wait(1)
    assert stage.took() == ["1.1.0 set relay1 on"]
    stage.restart(reboot=reboot, away=50)
    stage.wait(10)
    assert stage.took() == ["1.1.1 set relay1 off"]
    stage.port(1, 0)
    stage.port(1, 1)
    stage.restart(reboot=reboot, away=100)
    stage.wait(139)
    assert stage.took() == []
    stage.wait(1)
    assert stage.took() == ["1.2.0 set relay1 on"]


def test_a_wall_clock_that_is_wrong_after_a_reboot() -> None:
    """A board without a clock begins in the past: no time has passed then, and nothing waits longer than it was to."""
    stage = Stage(rule("1", [port(1, for_ms=60_000)], [on(), off(delay_ms=5_000)]))
    stage.port(1, 1)
    stage.wait(61)
    assert stage.took() == ["1.1.0 set relay1 on"]
    stage.now = replace(stage.now, wall_usec=0)
    stage.restart(reboot=True)
    stage.wait(5)
    assert stage.took() == ["1.1.1 set relay1 off"]
    assert START.wall_usec > 0


def test_steps_that_are_unknown() -> None:
    stage = Stage(
        rule("1", [port(1)], [LASTING, on("relay2"), PULSE, replace(LASTING, at_most_once=True), on(at_most_once=True)])
    )
    stage.confirming = False
    stage.port(1, 1)
    stage.took()
    stage.confirming = True
    stage.restart()
    assert stage.took() == ["1.1.1 set relay2 on"], "the latest holder of relay1 is at most once, and has its way"
    stage.restart(reboot=True)
    stage.port(1, 0)
    assert stage.took() == ["1.1.0 undo set relay1 off"]


def test_after_a_reboot_only_the_holder_that_decides_acts() -> None:
    stage = Stage(rule("1", [port(1)], [on(while_active=True)]), rule("2", [port(2)], [off(while_active=True)]))
    stage.port(2, 1)
    stage.port(1, 1)
    stage.took()
    stage.restart(reboot=True)
    assert stage.took() == ["1.1.0 set relay1 on"]
    stage.port(1, 0)
    assert stage.took() == ["1.1.0 undo set relay1 off"]


def test_an_undo_that_was_not_done_is_done_after_a_restart() -> None:
    stage = Stage(rule("1", [port(1)], [LASTING]))
    stage.port(1, 1)
    stage.confirming = False
    stage.port(1, 0)
    stage.took()
    stage.confirming = True
    stage.restart()
    assert stage.took() == ["1.1.0 undo set relay1 off"]
    stage.restart()
    assert stage.took() == []


def test_a_state_of_a_rule_that_was_changed_or_is_no_more() -> None:
    stage = Stage(rule("1", [port(1)], [LASTING]), rule("2", [port(1)], [on("relay2", while_active=True)]))
    stage.port(1, 1)
    stage.took()
    stage.rules["1"] = rule("1", [port(2)], [LASTING])
    del stage.rules["2"]
    stage.restart()
    assert stage.took() == ["1.1.0 undo set relay1 off", "2.1.0 undo set relay2 off"]
    assert list(stage.disk) == ["1"]
    assert stage.engine.view("1").activations == 1


def test_a_rule_that_was_turned_off_just_before_the_crash() -> None:
    stage = Stage(rule("1", [port(1)], [LASTING]))
    stage.port(1, 1)
    stage.took()
    stage.rules["1"] = replace(stage.rules["1"], enabled=False)
    stage.restart()
    assert stage.took() == ["1.1.0 undo set relay1 off"]
    assert not stage.engine.view("1").active


@pytest.mark.parametrize(
    "damaged",
    [[], {}, {"version": 9}, {"version": 1, "steps": [[1, 2]]}, {"version": 1, "of": "", "last": [1]}, 7, "x",
     {"version": 1, "since": 5}, {"version": 1, "of": "", "happenings": {"x": []}}],
)  # fmt: skip
def test_a_state_that_is_damaged_counts_as_none(damaged: Any) -> None:
    stage = Stage(rule("1", [port(1)], [LASTING]))
    stage.port(1, 1)
    stage.took()
    stage.disk["1"] = damaged
    stage.restart()
    assert stage.took() == ["1.1.0 set relay1 on"]
    stage.disk["gone"] = damaged
    stage.restart()
    assert "gone" not in stage.disk


def test_what_is_the_same_rule() -> None:
    """What is at its default does not count, so that an upgrade that adds a field does not begin every rule anew."""
    condition = Condition("t", {}, "x", "1")
    one = rule("1", [condition], [Action("set", {"Output": "relay1"})])
    assert fingerprint(one) == "49c00f6427c81ba6"
    assert fingerprint(replace(one, name="x", enabled=False)) == fingerprint(one)
    limits = [replace(condition, equals=None, above=above, below=5.0) for above in (None, 0.0, 0, 80, 80.0)]
    prints = [fingerprint(replace(one, conditions=(limit,))) for limit in limits]
    assert prints[0] != prints[1] == prints[2] != prints[3] == prints[4]
    others = [
        replace(one, wait_ms=1),
        replace(one, first_is_trigger=True),
        replace(one, conditions=(condition, condition)),
        replace(one, conditions=(replace(condition, source={"a": "1"}),)),
        replace(one, conditions=(replace(condition, inverted=True),)),
        replace(one, actions=(replace(one.actions[0], delay_ms=1),)),
        replace(one, actions=(replace(one.actions[0], parameters={"Output": "relay1", "Active": False}),)),
    ]
    assert len({fingerprint(other) for other in [one, *others]}) == 8


@pytest.mark.parametrize("reboot", [False, True])
def test_a_step_says_how_long_ago_its_time_came(*, reboot: bool) -> None:
    stage = Stage(rule("1", [port(1)], [Action("toggle", {"Output": "relay1"}, delay_ms=5000)]))
    stage.port(1, 1)
    stage.restart(reboot=reboot, away=65, hear=False)
    assert stage.took() == ["1.1.0 toggle relay1"]
    assert stage.overdue == [60_000_000]
