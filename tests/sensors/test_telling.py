# SPDX-License-Identifier: Apache-2.0
"""What is told of a sensor outlives its service before anybody hears of it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

from axiod.runtime.state import State
from axiod.sensors.measured import Measured
from axiod.sensors.telling import Telling
from axiod.sensors.template import Channel, Source
from axiod.sensors.threshold import Level, Limits, Threshold

if TYPE_CHECKING:
    from pathlib import Path


async def test_a_level_that_was_told_is_known_to_the_next_service_whenever_this_one_ends(tmp_path: Path) -> None:
    path = tmp_path / "state.sqlite"
    next_ones: list[State] = []

    def killed(*_event: Any) -> None:
        """The service is killed while the event is told: see what the next one finds."""
        next_ones.append(State(path))

    state = State(path)
    context = SimpleNamespace(state=state, events=SimpleNamespace(state=killed))
    telling = Telling(cast("Any", context), "cellar")
    item = Measured(Channel("t", "T", "t", "°C", Source(3, 0)), Threshold(Limits(above=10), Level.ABOVE))
    telling.level(item)
    assert [one.get("level/cellar/t") for one in next_ones] == ["above"]
    for one in (state, *next_ones):
        await one.close()
