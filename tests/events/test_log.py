# SPDX-License-Identifier: Apache-2.0
"""The event log: nothing is lost that the disk takes, it is bounded, and it is found again."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from axiod.events import log_file
from axiod.events.log_file import Entry, LogFile
from tests.events.conftest import INPUT, is_on, say, until
from tests.runtime.small_disk import fill, small_disk

if TYPE_CHECKING:
    from pathlib import Path

    from tests.events.conftest import EventsProcess


class Problems:
    """What the log says of the disk."""

    def __init__(self) -> None:
        self.told: list[str | None] = []

    def last(self) -> str | None:
        return self.told[-1]

    def __call__(self, text: str | None) -> None:
        self.told.append(text)


def entry(number: int) -> Entry:
    return Entry(10**15 + number, "event", INPUT, {"port": str(number % 64)}, {"active": str(number % 2)})


async def opened(folder: Path, limit: int = 50_000) -> LogFile:
    return LogFile(folder / "events.sqlite", limit, Problems())


async def test_what_was_added_is_found_at_once_and_after_a_restart(folder: Path) -> None:
    log = await opened(folder)
    for number in range(10):
        log.add(entry(number))
    log.add(Entry(10**15 + 10, "action", rule="3", text="set relay1 active", result="done"))
    found = await log.query({})
    assert [one["Id"] for one in found] == list(range(11, 0, -1))
    assert found[0] == {
        "Id": 11,
        "When": 10**15 + 10,
        "Kind": "action",
        "Rule": "3",
        "Text": "set relay1 active",
        "Result": "done",
    }
    assert found[1] == {
        "Id": 10,
        "When": 10**15 + 9,
        "Kind": "event",
        "Topic": INPUT,
        "Source": {"port": "9"},
        "Data": {"active": "1"},
    }
    await log.close()
    again = await opened(folder)
    assert again.count == 11
    assert again.newest_usec == 10**15 + 10
    assert await again.query({}) == found
    await again.close()


async def test_entries_are_found_by_what_is_asked_for(folder: Path) -> None:
    log = await opened(folder)
    for number in range(100):
        log.add(entry(number))
    log.add(Entry(10**15 + 200, "rule", rule="1", text="100% of C:\\x_y became active"))

    async def ids(**options: object) -> list[int]:
        return [one["Id"] for one in await log.query(options)]

    assert await ids(Limit=3) == [101, 100, 99]
    assert await ids(Limit=3, BeforeId=99) == [98, 97, 96]
    assert await ids(Limit=3, AfterId=50) == [51, 52, 53]
    assert await ids(Limit=3, AfterId=50, BeforeId=53) == [52, 51]
    assert await ids(FromUsec=10**15 + 98) == [101, 100, 99]
    assert await ids(ToUsec=10**15 + 1) == [2, 1]
    assert await ids(FromUsec=2**64 - 1) == []
    assert await ids(Kind="rule") == [101]
    assert await ids(Topic="tns1:Device/tnsaxis:IO", Limit=1) == [100]
    assert await ids(Topic="tns1:Device/tnsaxis:I_") == []
    assert await ids(Text='"63"', Kind="event") == [64]
    for text in ("100%", "C:\\x", "x_y", "BECAME"):
        assert await ids(Text=text) == [101], text
    assert await ids(Text="x%y") == []
    await log.close()


async def test_the_oldest_go_when_there_are_too_many(folder: Path) -> None:
    log = await opened(folder, 1000)
    for number in range(2500):
        log.add(entry(number))
    await log.flush()
    assert log.count == 1000
    assert [one["Id"] for one in await log.query({"AfterId": 0, "Limit": 1})] == [1501]
    log.limit = 1200
    for number in range(500):
        log.add(entry(number))
    await log.flush()
    assert log.count == 1200
    await log.clear()
    assert (log.count, await log.query({})) == (0, [])
    log.add(entry(1))
    assert [one["Id"] for one in await log.query({})] == [3001]
    await log.close()


async def test_many_entries_are_few_writes(folder: Path) -> None:
    log = await opened(folder)
    start = time.monotonic()
    with closing(sqlite3.connect(folder / "events.sqlite")) as other:
        versions = {other.execute("PRAGMA data_version").fetchone()}
        for number in range(2000):
            log.add(entry(number))
            if number % 20 == 0:
                await asyncio.sleep(0)
                versions.add(other.execute("PRAGMA data_version").fetchone())
        await until(lambda: other.execute("SELECT count(*) FROM entries").fetchone() == (2000,))
        versions.add(other.execute("PRAGMA data_version").fetchone())
    assert len(versions) <= 2 + (time.monotonic() - start) / log_file.BATCH_SECONDS
    assert log.lost == 0
    await log.close()


async def test_a_damaged_file_is_set_aside(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    (folder / "events.sqlite").write_bytes(b"this is no database" * 1000)
    log = await opened(folder)
    log.add(entry(1))
    assert len(await log.query({})) == 1
    assert (folder / "events.sqlite.damaged-1").exists()
    assert "the event log begins anew" in caplog.text
    await log.close()


async def test_what_the_disk_does_not_take_waits_and_the_oldest_of_it_is_lost(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_file, "MOST_WAITING", 100)  # a number, so that it is soon full
    path = folder / "there" / "events.sqlite"
    path.parent.write_text("a file where the folder should be")
    problems = Problems()
    log = LogFile(path, 1000, problems)
    assert problems.told
    for number in range(150):
        log.add(entry(number))
    assert log.lost == 50
    await log.flush()
    assert problems.last() is not None
    path.parent.unlink()
    await log.flush()
    assert problems.last() is None
    assert [one["When"] for one in await log.query({"Limit": 1000})] == [10**15 + n for n in range(149, 49, -1)]
    await log.close()


async def test_a_full_disk_is_survived(folder: Path) -> None:
    with small_disk(folder / "disk", "512k") as disk:
        problems = Problems()
        log = LogFile(disk / "events.sqlite", 50_000, problems)
        log.add(entry(0))
        await log.flush()
        with fill(disk):
            for number in range(1, 5000):
                log.add(entry(number))
            await log.flush()
            assert "cannot be written" in (problems.last() or "")
            assert len(await log.query({})) == 1
        for _ in range(3):
            await log.flush()
        log.add(entry(5000))
        await log.flush()
        assert log.lost == 0
        await log.close()


@pytest.mark.timeout(120)
async def test_a_search_through_much_holds_up_nothing(folder: Path) -> None:
    log = await opened(folder, 1_000_000)
    for round_ in range(10):
        for number in range(20_000):
            log.add(entry(round_ * 20_000 + number))
        await log.flush()
    assert (log.count, log.lost) == (200_000, 0)
    turns = 0
    searching = asyncio.ensure_future(log.query({"Text": "is nowhere"}))
    while not searching.done():
        turns += 1
        await asyncio.sleep(0.001)
    assert searching.result() == []
    assert turns > 3
    await log.close()


async def test_events_rules_and_actions_are_in_the_log(events: EventsProcess) -> None:
    await events.add_rule([is_on(1)], [say("hello #{rule}", Severity="warning")], "Greeting")
    await events.input(1).call("Set", True, {})
    found = await events.logged(AfterId=0)
    assert [(one["Kind"], one.get("Rule"), one.get("Text"), one.get("Result")) for one in found] == [
        ("event", None, None, None),
        ("rule", "1", "rule 1 (Greeting) became active: all its conditions hold", None),
        ("action", "1", "hello Greeting", "done"),
    ]
    assert found[0]["Topic"] == INPUT
    assert "WARNING axiod.events.running: rule Greeting: hello Greeting" in events.log


async def test_the_log_has_a_limit_that_is_kept(events: EventsProcess) -> None:
    assert await events.event_log.get("Limit") == 50_000
    await events.event_log.configure(Limit=1000)
    await events.input(1).call("Set", True, {})
    await events.restart()
    assert await events.event_log.get("Limit") == 1000
    assert await events.event_log.get("Count") == 1
    await events.event_log.call("Clear")
    assert await events.logged() == []
    assert await events.event_log.get("Count") == 0
    assert await events.event_log.get("Lost") == 0


async def test_what_was_known_before_a_restart_is_no_event_after_it(events: EventsProcess) -> None:
    await events.input(1).call("Set", True, {})
    before = await events.logged()
    await events.restart()
    assert await events.logged() == before
