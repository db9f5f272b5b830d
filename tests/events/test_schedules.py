# SPDX-License-Identifier: Apache-2.0
"""Schedules on a private bus: settings, events, errors, and what a restart leaves."""

from __future__ import annotations

import asyncio
import shutil
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from typing import TYPE_CHECKING, Any

import pytest
import pytest_asyncio
import yaml

from axiod.bus.client import Service
from axiod.bus.server import Server
from axiod.bus.service import EventSource, ServiceRoot
from axiod.clock import wall_usec
from axiod.errors import Conflict, HardwareFailure, InvalidArgument, LimitReached, NotFound, NotSupported
from axiod.events.schedules import SCHEDULE, SCHEDULES, SchedulesHandler
from axiod.runtime.app import Context
from axiod.runtime.board import NO_BOARD
from axiod.runtime.fds import FdStore
from axiod.runtime.state import State
from tests.conftest import run, until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator
    from pathlib import Path

    from axiod.bus.client import Event
    from tests.conftest import Connect, Daemon, Watch

NAME = "org.axiod.events1"
ROOT = "/org/axiod/events1"
LIST = f"{ROOT}/schedules"
INTERVAL = "tns1:UserAlarm/tnsaxis:Recurring/Interval"
PULSE = "tns1:UserAlarm/tnsaxis:Recurring/Pulse"
EACH = "DTSTART:20260101T000000 RRULE:FREQ=SECONDLY"
NEVER_AGAIN = "DTSTART:20260101T000000"


class Bench:
    """The schedules in a process of ours, and a client of them."""

    def __init__(self, client: Service, handler: SchedulesHandler) -> None:
        self.client = client
        self.handler = handler

    async def call(self, member: str, *arguments: Any, of: str = "") -> Any:
        path, interface = (f"{ROOT}/schedule/{of}", SCHEDULE) if of else (LIST, SCHEDULES)
        return await self.client.call(path, interface, member, *arguments)

    async def get(self, id_: str) -> dict[str, Any]:
        return await self.client.properties(f"{ROOT}/schedule/{id_}", SCHEDULE)

    async def ids(self) -> set[str]:
        objects = await self.client.objects()
        return {path.rpartition("/")[2] for path, interfaces in objects.items() if SCHEDULE in interfaces}

    async def states(self) -> dict[str, str]:
        _, events = await self.client.snapshot()
        return {event.source["id"]: event.data["active"] for event in events if event.topic == INTERVAL}


@asynccontextmanager
async def running(connect: Connect, address: str, folder: Path, localtime: Path) -> AsyncIterator[Bench]:
    mine, client = await connect(address), await connect(address)
    server = Server(mine, ROOT)
    root = ServiceRoot(server, ROOT, lambda _line: None)
    events = EventSource(server, ROOT)
    state = State(folder / "state.sqlite")
    async with asyncio.TaskGroup() as tasks:
        context = Context(NO_BOARD, ROOT, mine, server, root, events, FdStore(), state, folder, tasks)
        handler = SchedulesHandler(context, asyncio.Lock(), localtime)
        handler.start()
        events.live = True
        await mine.request_name(NAME)
        yield Bench(Service(client, NAME), handler)
        await server.close()
        handler.close()
        await state.close()
        await mine.close()


@pytest.fixture
def localtime(tmp_path: Path) -> Path:
    path = tmp_path / "localtime"
    path.symlink_to("/usr/share/zoneinfo/Etc/UTC")
    return path


@pytest_asyncio.fixture
async def again(bus: Daemon, connection: Connect, tmp_path: Path, localtime: Path) -> AsyncIterator[Callable[[], Any]]:
    """A function that starts the schedules, after ending those that ran."""
    async with AsyncExitStack() as stack:

        async def start() -> Bench:
            await stack.aclose()
            return await stack.enter_async_context(running(connection, bus.address, tmp_path, localtime))

        yield start


@pytest_asyncio.fixture
async def bench(again: Callable[[], Any]) -> Bench:
    return await again()  # type: ignore[no-any-return] # what its fixture yields


# --- what there is ---


async def test_the_shipped_ones_are_there_and_are_states(bench: Bench) -> None:
    assert await bench.ids() == {"weekdays", "weekends", "office_hours", "after_hours"}
    states = await bench.states()
    prefix = "com.axis.schedules."
    assert set(states) == {prefix + id_ for id_ in await bench.ids()}
    assert states[f"{prefix}weekdays"] != states[f"{prefix}weekends"]
    office = await bench.get("office_hours")
    assert office["EventId"] == f"{prefix}office_hours"
    assert (office["Kind"], office["Shipped"], office["Missed"]) == ("interval", True, "skip")
    assert office["Active"] is (states[f"{prefix}office_hours"] == "1")
    assert office["NextUsec"] > wall_usec()
    listed = await bench.client.properties(LIST, SCHEDULES)
    assert listed == {"Count": 4, "Limit": 100, "TimeZone": "Etc/UTC"}


async def test_a_pulse_is_an_event_each_second(bench: Bench, signals: Watch, bus: Daemon) -> None:
    witness = await signals(NAME, bus.address)
    id_ = await bench.call("AddSchedule", "Bell", EACH, {})
    assert id_ == "1"
    found = await witness.count(3, "Event", ROOT)
    times = []
    for seen in found[:3]:
        topic, source, data, timestamp, _ = seen.body
        assert (topic, source, data) == (PULSE, {"id": "com.axis.schedules.genid.id-1"}, {})
        times.append(timestamp)
    assert [later - times[0] for later in times] == [0, 1_000_000, 2_000_000]
    bell = await bench.get(id_)
    assert (bell["Kind"], bell["Name"], bell["Shipped"]) == ("pulse", "Bell", False)
    assert "Active" not in bell
    assert await bench.states() == {key: value for key, value in (await bench.states()).items() if "genid" not in key}


async def test_an_interval_comes_and_goes(bench: Bench) -> None:
    seen: list[Event] = []
    await bench.client.on_event(seen.append)
    text = "DTSTART:20260101T000000 DTEND:20260101T000001 RRULE:FREQ=SECONDLY;INTERVAL=2"
    await bench.call("AddSchedule", "Blink", text, {})
    mine = "com.axis.schedules.genid.id-1"
    found = await until(lambda: hits if len(hits := [one for one in seen if one.source["id"] == mine]) >= 4 else [])
    actives = [one.data["active"] for one in found]
    assert actives[:4] in (["0", "1", "0", "1"], ["1", "0", "1", "0"])
    assert all(one.timestamp_usec % 1_000_000 == 0 for one in found[1:]), "it is told with the time of the bound"


async def test_busctl_sees_the_same(bench: Bench, bus: Daemon) -> None:
    found = await run(
        "busctl", f"--address={bus.address}", "call", NAME, f"{ROOT}/schedule/weekdays", SCHEDULE, "Occurrences", "tt",
        "1767225600000000", "1768003200000000",  # from Thursday, the 1st of January 2026, for nine days
    )  # fmt: skip
    assert found.out.split() == ["a(tt)", "1", "1767571200000000", "1768003200000000"]


async def test_occurrences(bench: Bench) -> None:
    found = await bench.call("Occurrences", 1767225600_000000, 1769904000_000000, of="office_hours")
    assert len(found) == 22
    assert found[0] == (1767254400_000000, 1767290400_000000)
    id_ = await bench.call("AddSchedule", "Bell", EACH, {})
    pulses = await bench.call("Occurrences", 1767225600_000000, 1969904000_000000, of=id_)
    assert len(pulses) == 1000
    assert pulses[1] == (1767225601_000000, 1767225601_000000)
    with pytest.raises(InvalidArgument, match="to_usec must be later than from_usec"):
        await bench.call("Occurrences", 5, 5, of=id_)
    with pytest.raises(InvalidArgument, match="microseconds since 1970"):
        await bench.call("Occurrences", 5, (1 << 64) - 1, of=id_)


async def test_when_it_is_next_is_known_at_once_and_after_a_restart(again: Callable[[], Any]) -> None:
    for _ in range(2):
        bench = await again()
        id_ = await bench.call("AddSchedule", "Noon", "DTSTART:20260101T120000 RRULE:FREQ=DAILY", {})
        for each in ("1", id_):
            await until_property(bench, each, "NextUsec")


async def until_property(bench: Bench, id_: str, name: str) -> Any:
    """Wait until a schedule has a property."""
    async with asyncio.timeout(10):
        while name not in (found := await bench.get(id_)):
            pass
    return found[name]


# --- changes ---


async def test_a_change_is_in_force_and_on_disk(again: Callable[[], Any], tmp_path: Path) -> None:
    bench = await again()
    id_ = await bench.call("AddSchedule", "Bell", NEVER_AGAIN, {"Missed": "run-once"})
    await bench.call("Configure", {"Name": "Gong"}, of=id_)
    always = "DTSTART:20260101T000000  DTEND:20260102T000000 RRULE:FREQ=DAILY"
    await bench.call("Configure", {"Icalendar": always, "Missed": "skip"}, of="office_hours")
    assert (await bench.states())["com.axis.schedules.office_hours"] == "1"
    stored = yaml.safe_load((tmp_path / "schedules.yaml").read_text())
    assert stored == {
        "version": 1,
        "next": 2,
        "schedules": {
            "1": {"Name": "Gong", "Icalendar": NEVER_AGAIN, "Missed": "run-once"},
            "office_hours": {"Name": "Office hours", "Icalendar": " ".join(always.split()), "Missed": "skip"},
        },
    }
    bench = await again()
    gong = await bench.get(id_)
    assert (gong["Name"], gong["Icalendar"], gong["Missed"]) == ("Gong", NEVER_AGAIN, "run-once")
    assert "NextUsec" not in gong
    assert (await bench.states())["com.axis.schedules.office_hours"] == "1"
    await bench.call("Reset", of="office_hours")
    assert "20260101" not in (await bench.get("office_hours"))["Icalendar"]
    assert list(yaml.safe_load((tmp_path / "schedules.yaml").read_text())["schedules"]) == ["1"]


async def test_an_id_is_never_given_again(again: Callable[[], Any]) -> None:
    bench = await again()
    assert await bench.call("AddSchedule", "a", NEVER_AGAIN, {}) == "1"
    await bench.call("Remove", of="1")
    assert await bench.ids() == {"weekdays", "weekends", "office_hours", "after_hours"}
    bench = await again()
    assert await bench.call("AddSchedule", "b", NEVER_AGAIN, {}) == "2"
    with pytest.raises(NotFound):
        await bench.call("Remove", of="1")


async def test_removing_an_interval_takes_its_state_away(bench: Bench) -> None:
    id_ = await bench.call("AddSchedule", "Once", f"{NEVER_AGAIN} DTEND:20260102T000000", {})
    assert (await bench.states())["com.axis.schedules.genid.id-1"] == "0"
    await bench.call("Configure", {"Icalendar": NEVER_AGAIN}, of=id_)
    assert "com.axis.schedules.genid.id-1" not in await bench.states(), "a pulse has no state"
    await bench.call("Configure", {"Icalendar": f"{NEVER_AGAIN} DTEND:20260102T000000"}, of=id_)
    assert "com.axis.schedules.genid.id-1" in await bench.states()
    await bench.call("Remove", of=id_)
    assert "com.axis.schedules.genid.id-1" not in await bench.states()


async def test_what_is_refused_changes_nothing(bench: Bench, tmp_path: Path) -> None:
    for text in ("every monday", "DTSTART:99990101T000000", f"{EACH};INTERVAL=0", f"{EACH};COUNT=1000000000"):
        with pytest.raises(InvalidArgument):
            await bench.call("AddSchedule", "a", text, {})
        with pytest.raises(InvalidArgument):
            await bench.call("Configure", {"Name": "a", "Icalendar": text}, of="weekdays")
    with pytest.raises(InvalidArgument, match="Icalendar"):
        await bench.call("Configure", {"Icalendar": "D" * 10_000}, of="weekdays")
    with pytest.raises(NotSupported, match="did not come with the device"):
        await bench.call("Reset", of=await bench.call("AddSchedule", "Bell", NEVER_AGAIN, {}))
    with pytest.raises(Conflict, match="Weekdays came with the device"):
        await bench.call("Remove", of="weekdays")
    bench.handler.needed_by = lambda event_id: "rule 1 (Gate)" if event_id == "com.axis.schedules.genid.id-1" else None
    with pytest.raises(Conflict, match=r"^rule 1 \(Gate\) needs Bell; change or remove that rule first"):
        await bench.call("Remove", of="1")
    with pytest.raises(InvalidArgument, match=r"^rule 1 \(Gate\) needs Bell as a pulse"):
        await bench.call("Configure", {"Icalendar": f"{NEVER_AGAIN} DTEND:20260102T000000"}, of="1")
    assert (await bench.get("weekdays"))["Name"] == "Weekdays"
    assert list(yaml.safe_load((tmp_path / "schedules.yaml").read_text())["schedules"]) == ["1"]


async def test_there_are_at_most_a_hundred(bench: Bench) -> None:
    for number in range(96):
        await bench.call("AddSchedule", f"s{number}", NEVER_AGAIN, {})
    with pytest.raises(LimitReached, match="there are 100 schedules"):
        await bench.call("AddSchedule", "one more", NEVER_AGAIN, {})
    assert (await bench.client.properties(LIST, SCHEDULES))["Count"] == 100


@contextmanager
def refusing(folder: Path) -> Iterator[None]:
    """Have nothing be written in a folder."""
    shutil.rmtree(folder)
    folder.write_text("in the way")
    yield
    folder.unlink()
    folder.mkdir()


async def test_a_disk_that_refuses_leaves_everything_as_it_was(bench: Bench, tmp_path: Path) -> None:
    with refusing(tmp_path):
        with pytest.raises(HardwareFailure):
            await bench.call("AddSchedule", "Bell", EACH, {})
        with pytest.raises(HardwareFailure):
            await bench.call("Configure", {"Name": "a"}, of="weekdays")
        assert len(await bench.ids()) == 4
        assert (await bench.get("weekdays"))["Name"] == "Weekdays"


@pytest.mark.parametrize(
    "text",
    [
        "version: 1\nnext: 1\nschedules: {'1': {Name: a, Icalendar: 'DTSTART:20260101T000000', Missed: skip}}",
        "version: 1\nnext: 3\nschedules: {'1': {Name: a, Icalendar: 'never', Missed: skip}}",
        "version: 1\nnext: 3\nschedules: {'../x': {}}",
        "version: 1\nnext: 3\nschedules: {'1': {Name: a}}",
        "version: 2",
        "}{",
    ],
)
async def test_a_damaged_file_is_set_aside(again: Callable[[], Any], tmp_path: Path, text: str) -> None:
    (tmp_path / "schedules.yaml").write_text(text)
    bench = await again()
    assert len(await bench.ids()) == 4
    assert (tmp_path / "schedules.yaml.damaged-1").read_text() == text


# --- time ---


async def test_a_pulse_that_was_missed_is_made_up_for_once(
    again: Callable[[], Any], signals: Watch, bus: Daemon, tmp_path: Path
) -> None:
    bench = await again()
    await bench.call("AddSchedule", "Nightly", "DTSTART:20260101T030000 RRULE:FREQ=DAILY", {"Missed": "run-once"})
    await bench.call("AddSchedule", "Other", "DTSTART:20260101T030000 RRULE:FREQ=DAILY", {"Missed": "skip"})
    bench.handler.close()
    state = bench.handler._context.state
    long_ago = wall_usec() - 3 * 86_400_000_000
    for key in ("schedule/1", "schedule/2"):
        assert state.number(key), "it is known up to when it was looked"
        await state.put(key, long_ago, durable=False)
    witness = await signals(NAME, bus.address)
    bench = await again()
    ((event),) = await witness.count(1, "Event", ROOT)
    assert event.body[1] == {"id": "com.axis.schedules.genid.id-1"}
    assert (bench.handler._context.state.number("schedule/1") or 0) > long_ago


async def test_another_time_zone_is_noticed(bench: Bench, localtime: Path) -> None:
    await bench.call("AddSchedule", "Bell", EACH, {})  # it looks each second
    text = "DTSTART:20260101T000000 DTEND:20260101T120000 RRULE:FREQ=DAILY"
    id_ = await bench.call("AddSchedule", "Mornings", text, {})
    before = (await bench.get(id_))["NextUsec"]
    new = localtime.with_name("new")
    new.symlink_to("/usr/share/zoneinfo/Asia/Tokyo")
    new.replace(localtime)
    loop = asyncio.get_running_loop()
    zone = ""
    while zone != "Asia/Tokyo":
        async with asyncio.timeout_at(loop.time() + 10):
            zone = (await bench.client.properties(LIST, SCHEDULES))["TimeZone"]
    after = (await bench.get(id_))["NextUsec"]
    assert (after - before) % (12 * 3600_000_000) == 3 * 3600_000_000, "nine hours ahead of UTC"
