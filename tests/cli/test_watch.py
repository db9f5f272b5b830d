# SPDX-License-Identifier: Apache-2.0
"""Following what happens, over gaps and restarts."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from tests.cli.fakes import PORT, World, relay_service

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.cli.conftest import Running
    from tests.cli.fakes import FakeService
    from tests.conftest import Daemon

    Spawn = Callable[..., Running]

_TOPIC = "tns1:Device/tnsaxis:IO/Port"


@pytest.fixture
def known(io: FakeService) -> FakeService:
    """org.axiod.io1 with two states and some history."""
    io.sequence = 5
    io.states = [
        (_TOPIC, {"port": "1"}, {"state": "0"}, 1_600_000_000_000_000),
        (_TOPIC, {"port": "7"}, {"state": "1"}, 1_600_000_000_000_000),
    ]
    return io


def _json(running: Running) -> dict[str, Any]:
    told = json.loads(running.line())
    assert isinstance(told, dict)
    return told


def _skip_away(running: Running) -> None:
    """Read the lines that say that events, fieldbus, network, relays, sensors, sim and system are not there."""
    assert [_json(running)["Kind"] for _ in range(7)] == ["away"] * 7


def test_watch_begins_with_the_state_and_goes_on_with_events(spawn: Spawn, known: FakeService, world: World) -> None:
    running = spawn("watch", "--service", "io")
    first, second = running.line(), running.line()
    assert re.match(r"2020-09-1\dT\d\d:\d\d:\d\d\.000[+-]\d\d:\d\d  io      = tns1:Device/tnsaxis:IO/Port  ", first)
    assert first.endswith("port=1  state=0")
    assert second.endswith("port=7  state=1")
    world.run(known.emit(_TOPIC, {"port": "7"}, {"state": "0"}))
    assert running.line().endswith("  io        tns1:Device/tnsaxis:IO/Port  port=7  state=0")


def test_watch_json_has_an_object_on_each_line(spawn: Spawn, known: FakeService, world: World) -> None:
    running = spawn("watch", "--json", "--service=io")
    state = _json(running)
    _json(running)
    world.run(known.emit(_TOPIC, {"port": "7"}, {"state": "0"}))
    event = _json(running)
    assert (state["Kind"], state["Sequence"], state["Data"]) == ("state", 5, {"state": "0"})
    assert re.match(r"2023-11-1\dT", event.pop("Time"))
    assert event == {
        "Kind": "event",
        "Service": "org.axiod.io1",
        "TimestampUsec": 1_700_000_000_000_000,
        "Topic": _TOPIC,
        "Source": {"port": "7"},
        "Data": {"state": "0"},
        "Sequence": 6,
    }


def test_watch_without_a_snapshot_shows_only_what_is_new(spawn: Spawn, known: FakeService, world: World) -> None:
    running = spawn("watch", "--no-snapshot", "--json")
    _skip_away(running)
    world.run(known.emit(_TOPIC, {"port": "7"}, {"state": "0"}))
    assert _json(running)["Kind"] == "event"


def test_a_gap_is_said_and_the_state_is_read_once_more(spawn: Spawn, known: FakeService, world: World) -> None:
    running = spawn("watch", "--json", "--service", "io")
    for _ in range(2):
        _json(running)
    known.states[0] = (_TOPIC, {"port": "1"}, {"state": "1"}, 1_650_000_000_000_000)
    world.run(known.emit(_TOPIC, {"port": "7"}, {"state": "0"}, lost=3))
    lost = _json(running)
    assert (lost["Kind"], lost["Lost"], lost["Service"]) == ("lost", 3, "org.axiod.io1")
    assert [_json(running)[key] for key in ("Kind",)] == ["event"]
    states = [_json(running) for _ in range(2)]
    assert [(state["Kind"], state["Data"]["state"]) for state in states] == [("state", "1"), ("state", "0")]
    assert known.snapshots == 2
    world.run(known.emit(_TOPIC, {"port": "7"}, {"state": "1"}))
    assert _json(running)["Sequence"] == 10
    assert known.snapshots == 2


def test_after_a_gap_without_snapshots_only_news_is_shown(spawn: Spawn, known: FakeService, world: World) -> None:
    running = spawn("watch", "--no-snapshot", "--service", "io")
    # There is nothing to see until it has read the state.
    while known.snapshots == 0:
        world.run(known.change("/org/axiod/io1/port/io1", PORT))
    known.states[0] = (_TOPIC, {"port": "1"}, {"state": "1"}, 1_650_000_000_000_000)
    world.run(known.emit(_TOPIC, {"port": "7"}, {"state": "0"}, lost=1))
    assert running.line().endswith("! org.axiod.io1 skipped 1 event: missed, or of what is not there any more")
    assert running.line().endswith("port=7  state=0")
    assert running.line().endswith("= tns1:Device/tnsaxis:IO/Port  port=1  state=1")
    world.run(known.emit(_TOPIC, {"port": "9"}, {"state": "0"}))
    assert running.line().endswith("port=9  state=0")


def test_watch_outlives_a_restart_of_a_service(spawn: Spawn, known: FakeService, world: World) -> None:
    running = spawn("watch", "--service", "io")
    for _ in range(2):
        running.line()
    world.stop(known)
    assert running.line().endswith("  io      ! org.axiod.io1 went away")
    known.sequence = 0
    known.states = known.states[1:]
    world.start(known)
    assert running.line().endswith("  io      ! org.axiod.io1 is back")
    assert running.line().endswith("port=7  state=1")
    world.run(known.emit(_TOPIC, {"port": "7"}, {"state": "0"}))
    assert running.line().endswith("port=7  state=0")


def test_watch_waits_for_a_service_that_is_not_there_yet(spawn: Spawn, world: World) -> None:
    running = spawn("watch", "--service", "relays")
    assert running.line().endswith(
        "  relays  ! org.axiod.relays1 is not running; "
        "start it with: systemctl start axiod-relays (in a checkout: make run)"
    )
    relays = relay_service()
    relays.states = [("tnsaxiod:Relay", {"relay": "relay1"}, {"active": "1"}, 0)]
    world.start(relays)
    assert running.line().endswith("! org.axiod.relays1 is back")
    assert running.line().endswith("relay=relay1  active=1")


def test_watch_properties(spawn: Spawn, known: FakeService, world: World) -> None:
    running = spawn("watch", "--service", "io", "--properties", "--no-snapshot")
    as_json = spawn("watch", "--service", "io", "--properties", "--no-snapshot", "--json")
    while known.snapshots < 2:
        world.run(known.change("/org/axiod/io1/port/input1", PORT))
    world.run(known.change("/org/axiod/io1/port/input1", PORT, Quality="good", Problem=None))
    assert running.line().endswith("  io      . /port/input1 Port  Quality=good Problem=-")
    world.run(known.change("/org/axiod/io1/port/io1", PORT, LastChangeUsec=1_700_000_000_250_000))
    assert re.search(r" LastChangeUsec=\d\d:\d\d:20\.250$", running.line())
    told = _json(as_json)
    assert (told["Kind"], told["Path"], told["Interface"]) == ("properties", "/org/axiod/io1/port/input1", PORT)
    assert (told["Changed"], told["Gone"]) == ({"Quality": "good"}, ["Problem"])


def test_watch_ends_when_nobody_reads_it_any_more(spawn: Spawn, known: FakeService) -> None:
    running = spawn("watch", "--service", "io")
    running.line()
    running.close_output()
    assert running.end() == (141, "")


def test_watch_ends_when_the_bus_goes(spawn: Spawn, bus: Daemon) -> None:
    running = spawn("watch", "--service", "io", "--bus", bus.address)
    running.line()
    bus.kill()
    code, err = running.end()
    assert code == 5
    assert err == "axioctl: the bus went away\n"


def test_a_service_that_does_not_tell_its_state_is_named(spawn: Spawn, known: FakeService, world: World) -> None:
    assert known.server
    known.server.unexport(known.root)
    running = spawn("watch", "--service", "io")
    assert "! org.axiod.io1 does not tell its state: " in running.line()
