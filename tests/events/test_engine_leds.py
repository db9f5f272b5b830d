# SPDX-License-Identifier: Apache-2.0
"""LEDs that rules light: who has his way, what is given back, and what a restart changes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from axiod.events.moving import light
from axiod.events.output import level, move, target
from axiod.events.rule import Action
from axiod.events.wording import action_words
from tests.events.stage import Stage, port, rule

if TYPE_CHECKING:
    from axiod.events.effect import Perform, Undo


def led(colour: str, *, while_active: bool = True, **more: Any) -> Action:
    return Action("led", {"Led": "status", "Colour": colour, **more}, while_active=while_active)


class Lit(Stage):
    """A stage that writes down what LEDs are told."""

    def perform(self, effect: Perform | Undo) -> None:
        self.log.append(action_words(effect.action).removeprefix("light the LED status: "))


RED = led("red", FlashMs=250)
GREEN = led("green")
BACK = "give the LED status back"


def test_it_is_given_back_when_the_rule_ends() -> None:
    stage = Lit(rule("1", [port(1)], [RED]))
    stage.port(1, 1)
    assert stage.engine.wanted("led:status") == "red 250 none"
    stage.port(1, 0)
    assert stage.took() == ["red, flashing", BACK]
    assert stage.engine.wanted("led:status") is None


def test_the_later_rule_has_its_way_and_the_last_one_gives_it_back() -> None:
    stage = Lit(rule("1", [port(1)], [GREEN]), rule("2", [port(2)], [RED]), rule("3", [port(3)], [RED]))
    for number in (1, 2, 3):
        stage.port(number, 1)
    assert stage.took() == ["green", "red, flashing", "red, flashing"]
    stage.port(3, 0)
    assert stage.took() == []  # the other one wants the same
    stage.port(2, 0)
    assert stage.took() == ["green"]
    stage.port(1, 0)
    assert stage.took() == [BACK]


def test_the_earlier_rule_ends_first() -> None:
    stage = Lit(rule("1", [port(1)], [GREEN]), rule("2", [port(2)], [RED]))
    stage.port(1, 1)
    stage.port(2, 1)
    stage.port(1, 0)
    assert stage.took() == ["green", "red, flashing"]
    stage.port(2, 0)
    assert stage.took() == [BACK]


def test_what_is_for_a_time_holds_nothing() -> None:
    stage = Lit(rule("1", [port(1)], [led("amber", while_active=False, DurationMs=2000, FlashMs=100, Between="red")]))
    stage.port(1, 1)
    stage.port(1, 0)
    assert stage.took() == ["amber and red, flashing, for 2 s"]


def test_a_restart_lights_nothing_and_the_end_still_gives_it_back() -> None:
    stage = Lit(rule("1", [port(1)], [GREEN]), rule("2", [port(2)], [RED]))
    stage.port(1, 1)
    stage.port(2, 1)
    stage.took()
    stage.restart()
    assert stage.took() == []
    stage.port(2, 0)
    stage.restart()
    stage.port(1, 0)
    assert stage.took() == ["green", BACK]


def test_after_a_boot_it_is_lit_again() -> None:
    stage = Lit(rule("1", [port(1)], [RED]))
    stage.port(1, 1)
    stage.took()
    stage.restart(reboot=True)
    assert stage.took() == ["red, flashing"]


def test_giving_back_that_was_not_done_is_done_after_a_restart() -> None:
    stage = Lit(rule("1", [port(1)], [RED]))
    stage.port(1, 1)
    stage.confirming = False
    stage.port(1, 0)
    stage.confirming = True
    stage.took()
    stage.restart()
    assert stage.took() == [BACK]


@pytest.mark.parametrize(
    ("action", "kept", "called"),
    [
        (GREEN, "green", ("Light", "green", {})),
        (led("none"), "none", ("Light", "none", {})),
        (RED, "red 250 none", ("Light", "red", {"FlashMs": 250, "Between": "none"})),
        (
            led("red", FlashMs=99, Between="green"),
            "red 99 green",
            ("Light", "red", {"FlashMs": 99, "Between": "green"}),
        ),
    ],
)
def test_a_level_is_all_that_it_takes(action: Action, kept: str, called: tuple[object, ...]) -> None:
    assert level(action) == kept
    back = move("led:status", kept)
    assert (target(back), level(back)) == ("led:status", kept)
    assert light(back, {}) == called


def test_giving_back_ends_only_what_lasts() -> None:
    assert light(move("led:status", ""), {"DeadlineUsec": 5}) == ("GiveBack", {"LastingOnly": True, "DeadlineUsec": 5})
    assert light(led("red", DurationMs=5), {}) == ("Light", "red", {"DurationMs": 5})
