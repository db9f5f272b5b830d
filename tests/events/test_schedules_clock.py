# SPDX-License-Identifier: Apache-2.0
"""Schedules in the real service, whose clock is set while it runs. libfaketime does that for this process alone."""

from __future__ import annotations

import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.conftest import until
from tests.events.conftest import ROOT, EventsProcess, folder

if TYPE_CHECKING:
    from axiod.bus.client import Event
    from tests.conftest import Connect

LIBRARIES = sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))
PULSE = "tns1:UserAlarm/tnsaxis:Recurring/Pulse"

pytestmark = pytest.mark.skipif(not LIBRARIES, reason="libfaketime is not installed: apt-get install faketime")


class Clock:
    """The wall's clock of the service."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.set(0)

    def set(self, hours: int) -> None:
        """Let it be so far from the real one."""
        new = self._path.with_suffix(".new")
        new.write_text(f"{hours * 3600:+d}")
        new.replace(self._path)

    def environment(self) -> list[str]:
        """What stands before a command that shall have this clock."""
        return [
            "env", f"LD_PRELOAD={LIBRARIES[0]}", f"FAKETIME_TIMESTAMP_FILE={self._path}", "FAKETIME_NO_CACHE=1",
            "FAKETIME_DONT_FAKE_MONOTONIC=1", "DONT_FAKE_MONOTONIC=1", "TZ=UTC",
        ]  # fmt: skip


def calendar(hours: float, length: float = 0) -> str:
    """A day's time that is so far from now, by the real clock."""
    start = datetime.now(UTC).replace(minute=0, second=0) + timedelta(hours=hours, minutes=30)
    text = f"DTSTART:{start - timedelta(days=30):%Y%m%dT%H%M%S} "
    if length:
        text += f"DTEND:{start - timedelta(days=30) + timedelta(hours=length):%Y%m%dT%H%M%S} "
    return text + "RRULE:FREQ=DAILY"


async def test_a_clock_that_is_set_is_noticed(connection: Connect, bus_address: str, folder: Path) -> None:
    clock = Clock(folder / "clock")
    process = EventsProcess(await connection(), bus_address, folder)
    process.command = clock.environment() + process.command
    await process.start()
    try:
        schedules = process.thing("schedules", "Schedules")
        seen: list[Event] = []
        await process.client.on_event(seen.append)

        def pulsed(id_: str) -> list[Event]:
            return [e for e in seen if e.topic == PULSE and e.source["id"].endswith(f"id-{id_}")]

        async def active(id_: str) -> bool:
            return bool(
                (await process.client.properties(f"{ROOT}/schedule/{id_}", "org.axiod.events1.Schedule"))["Active"]
            )

        tick = await schedules.call("AddSchedule", "Each", "DTSTART:20260101T000000 RRULE:FREQ=SECONDLY", {})
        once = await schedules.call("AddSchedule", "Once", calendar(2), {"Missed": "run-once"})
        skip = await schedules.call("AddSchedule", "Skip", calendar(2), {"Missed": "skip"})
        span = await schedules.call("AddSchedule", "Span", calendar(2, 4), {})
        assert await active(span) is False
        await until(lambda: pulsed(tick))

        def states() -> list[str]:
            return [e.data["active"] for e in seen if e.source.get("id", "").endswith(f"id-{span}")]

        clock.set(4)
        (made_up,) = await until(lambda: pulsed(once))
        assert abs(made_up.timestamp_usec - (time.time_ns() // 1000 + 4 * 3600_000_000)) < 30_000_000
        await until(lambda: states() == ["0", "1"])
        assert await active(span) is True

        clock.set(0)
        await until(lambda: states() == ["0", "1", "0"])
        before = len(pulsed(tick))
        await until(lambda: len(pulsed(tick)) > before + 1)  # what comes each second goes on
        assert await active(span) is False

        clock.set(4)
        await until(lambda: states() == ["0", "1", "0", "1"])
        before = len(pulsed(tick))
        await until(lambda: len(pulsed(tick)) > before + 1)
        assert len(pulsed(once)) == 1, "what was made up for once is not made up for again"
        assert pulsed(skip) == []
        assert "the clock was set by +14400" in process.log
    finally:
        with suppress(ProcessLookupError):
            await process.stop()


__all__ = ["folder"]
