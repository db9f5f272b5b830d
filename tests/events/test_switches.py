# SPDX-License-Identifier: Apache-2.0
"""org.axiod.events1.Trigger and VirtualInput: on, off, pulses, and what is kept."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from axiod.clock import monotonic_usec
from axiod.errors import NotFound, Timeout
from tests.conftest import run
from tests.events.conftest import INPUT, NAME, ROOT, TRIGGER, refusal

if TYPE_CHECKING:
    from tests.conftest import Watch
    from tests.events.conftest import EventsProcess


async def test_there_are_8_triggers_and_64_virtual_inputs(events: EventsProcess) -> None:
    objects = await events.client.objects()
    assert sum("/trigger/" in path for path in objects) == 8
    assert sum("/input/" in path for path in objects) == 64
    found = await events.trigger(8).all()
    assert found == {"Number": 8, "Name": "Manual trigger 8", "Active": False}
    _, states = await events.client.snapshot()
    told = {(event.topic, *event.source.items()): dict(event.data) for event in states}
    assert told[TRIGGER, ("port", "8")] == {"state": "0"}
    assert told[INPUT, ("port", "64")] == {"active": "0"}
    assert isinstance(await refusal(events.input(65).call("Set", True, {})), NotFound)


async def test_each_change_is_told_once(events: EventsProcess, signals: Watch) -> None:
    witness = await signals(NAME)
    assert await events.trigger(3).call("Set", True, {}) is True
    assert await events.trigger(3).call("Set", True, {}) is False
    assert await events.trigger(3).call("Set", False, {}) is True
    told = await witness.count(2, "Event")
    assert [(one.body[0], one.body[1], one.body[2]) for one in told] == [
        (TRIGGER, {"port": "3"}, {"state": "1"}),
        (TRIGGER, {"port": "3"}, {"state": "0"}),
    ]
    changes = await witness.count(2, "PropertiesChanged", f"{ROOT}/trigger/3")
    assert [one.body[1]["Active"]["data"] for one in changes] == [True, False]
    # The property is told before the event.
    assert witness.signals.index(changes[0]) < witness.signals.index(told[0])


async def test_a_pulse_ends_by_itself(events: EventsProcess) -> None:
    assert await events.input(5).call("Pulse", 50, {}) is True
    await events.input(5).eventually(Active=False)
    data = [one["Data"]["active"] for one in await events.logged(AfterId=0)]
    assert data == ["1", "0"]


async def test_a_pulse_begins_anew_and_a_set_ends_it(events: EventsProcess) -> None:
    await events.input(5).call("Pulse", 60_000, {})
    assert await events.input(5).call("Pulse", 10, {}) is False
    await events.input(5).eventually(Active=False)
    await events.input(5).call("Pulse", 10, {})
    await events.input(5).call("Set", True, {})
    await events.input(6).call("Pulse", 60, {})
    await events.input(6).eventually(Active=False)
    assert await events.input(5).get("Active") is True


@pytest.mark.parametrize("killed", [False, True])
async def test_where_one_stands_is_kept_and_so_is_the_end_of_a_pulse(events: EventsProcess, killed: bool) -> None:
    await events.trigger(1).call("Set", True, {})
    await events.input(2).call("Pulse", 60_000, {})
    await events.input(3).call("Pulse", 200, {})
    before = await events.trigger(1).all()
    await (events.kill() if killed else events.restart())
    assert await events.trigger(1).all() == before
    assert await events.input(2).get("Active") is True
    await events.input(3).eventually(Active=False)


async def test_after_the_machine_booted_all_are_off(events: EventsProcess) -> None:
    await events.input(2).call("Set", True, {})
    await events.stop()
    with closing(sqlite3.connect(events.state / "state.sqlite")) as database, database:
        (text,) = database.execute("SELECT value FROM state WHERE key = 'input/2'").fetchone()
        stored = json.dumps(json.loads(text) | {"boot": "another"})
        database.execute("UPDATE state SET value = ? WHERE key = 'input/2'", (stored,))
    await events.start()
    assert await events.input(2).all() == {"Number": 2, "Name": "Virtual input 2", "Active": False}


async def test_a_name_is_kept(events: EventsProcess) -> None:
    await events.trigger(2).configure(Name="Open the gate")
    await events.input(2).configure(Name="From the alarm panel")
    await events.restart()
    assert await events.trigger(2).get("Name") == "Open the gate"
    assert await events.input(2).get("Name") == "From the alarm panel"
    assert await events.input(1).get("Name") == "Virtual input 1"
    assert await events.input(2).get("Active") is False


async def test_what_comes_too_late_is_not_done(events: EventsProcess) -> None:
    late = {"DeadlineUsec": monotonic_usec() - 1}
    assert isinstance(await refusal(events.input(1).call("Set", True, late)), Timeout)
    assert isinstance(await refusal(events.input(1).call("Pulse", 5, late)), Timeout)
    assert await events.input(1).get("Active") is False


async def test_busctl_is_told_what_is_wrong(events: EventsProcess) -> None:
    bus = ["busctl", f"--address={events.address}", "call", NAME, f"{ROOT}/input/1", f"{NAME}.VirtualInput"]
    done = await run(*bus, "Pulse", "ua{sv}", "0", "0")
    assert "duration_ms is 0; it must be a whole number" in done.err
    assert done.code
