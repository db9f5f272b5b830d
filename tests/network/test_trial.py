# SPDX-License-Identifier: Apache-2.0
"""A trial of settings that are made up: how it ends when several things come at once, and what its record may say."""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from axiod.bus.server import Server
from axiod.bus.service import EventSource, ServiceRoot
from axiod.clock import monotonic_usec, wall_usec
from axiod.errors import Unavailable
from axiod.network.trial_handler import TrialHandler
from axiod.runtime.app import Context
from axiod.runtime.board import NO_BOARD
from axiod.runtime.fds import FdStore
from axiod.runtime.state import State
from tests.conftest import until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.conftest import Connect

ROOT = "/org/axiod/network1"
FORMER = "what there was"


class Paint:
    """A setting that can be tried."""

    name = "paint"

    def __init__(self) -> None:
        self.now = FORMER
        self.dry = True
        """Whether it can be put back."""

    async def capture(self) -> Any:
        return self.now

    async def restore(self, former: Any) -> None:
        if not self.dry:
            raise Unavailable("the paint is wet")
        if not isinstance(former, str):
            raise TypeError("paint is a word")
        self.now = former


class Bench:
    """A trial, and what it is about."""

    def __init__(self, context: Context) -> None:
        self.paint = Paint()
        self.root = context.root
        self.file = context.state_dir / "trial.json"
        self.trial = TrialHandler(context, (self.paint,), asyncio.Lock(), lambda: None)


@asynccontextmanager
async def bench(connection: Connect, folder: Path) -> AsyncIterator[Bench]:
    mine = await connection()
    server = Server(mine, ROOT)
    root = ServiceRoot(server, ROOT, lambda _line: None)
    state = State(folder / "state.sqlite")
    async with asyncio.TaskGroup() as tasks:
        context = Context(
            NO_BOARD, ROOT, mine, server, root, EventSource(server, ROOT), FdStore(), state, folder, tasks
        )
        context.on_the_bus.set()
        made = Bench(context)
        yield made
        made.trial.close()
        await server.close()
        await state.close()


def record(**changes: Any) -> str:
    """A record as it is on disk, of a trial whose time is over."""
    found = {
        "boot_id": Path("/proc/sys/kernel/random/boot_id").read_text().strip(),
        "begun_usec": wall_usec(),
        "deadline_monotonic_usec": monotonic_usec(),
        "seconds": 5,
        "former": {"paint": FORMER},
    }
    return json.dumps(found | changes)


async def test_what_is_confirmed_at_the_last_moment_stays(connection: Connect, tmp_path: Path) -> None:
    async with bench(connection, tmp_path) as at:
        at.paint.now = "tried"
        at.file.write_text(record())
        await at.trial.start()
        await at.trial.confirm()  # its time is over while the record is removed
        await at.trial.begin(3600)
        assert (at.paint.now, at.trial.last, at.trial.pending) == ("tried", "confirmed", True)
        assert at.file.exists()


async def test_without_a_word_the_former_settings_come_back(connection: Connect, tmp_path: Path) -> None:
    async with bench(connection, tmp_path) as at:
        at.paint.now = "tried"
        at.file.write_text(record())
        await at.trial.start()
        await until(lambda: at.trial.last == "expired")
        assert (at.paint.now, at.file.exists()) == (FORMER, False)


async def test_a_roll_back_that_was_broken_off_is_brought_to_its_end_by_the_next_start(
    connection: Connect, tmp_path: Path
) -> None:
    async with bench(connection, tmp_path) as at:
        await at.trial.start()
        await at.trial.begin(3600)
        at.paint.now, at.paint.dry = "tried", False
        broken_off = asyncio.create_task(at.trial.roll_back())
        await until(lambda: bool(at.root.problems))
        broken_off.cancel()
        assert not at.file.with_name("trial.json.previous").exists()
    async with bench(connection, tmp_path) as at:
        at.paint.now = "tried"
        await at.trial.start()
        await until(lambda: at.trial.last == "expired")
        assert (at.paint.now, at.file.exists()) == (FORMER, False)


async def test_a_trial_lasts_until_its_record_is_removed(connection: Connect, tmp_path: Path) -> None:
    async with bench(connection, tmp_path) as at:
        await at.trial.start()
        await at.trial.begin(3600)
        at.paint.now = "tried"
        at.file.unlink()
        at.file.mkdir()  # which cannot be removed as a file can
        rolling_back = asyncio.create_task(at.trial.roll_back())
        await until(lambda: bool(at.root.problems))
        assert "trial.json cannot be removed" in at.root.problems[0]
        assert (at.paint.now, at.trial.pending, at.trial.last) == (FORMER, True, "restoring")
        at.file.rmdir()
        await rolling_back
        assert (at.root.problems, at.trial.pending, at.trial.last) == ([], False, "rolled-back")


@pytest.mark.parametrize(
    "damaged",
    ["", "{", "[]", "5", record(seconds="5"), record(deadline_monotonic_usec=None), record(former=[])],
    ids=["empty", "cut", "list", "number", "seconds", "deadline", "former"],
)
async def test_a_damaged_record_is_said_until_the_next_trial(connection: Connect, tmp_path: Path, damaged: str) -> None:
    async with bench(connection, tmp_path) as at:
        at.file.write_text(damaged)
        await at.trial.start()
        assert "trial.json says cannot be read" in at.root.problems[0]
        assert not at.trial.pending
        await at.trial.begin(3600)
        assert at.root.problems == []
        await at.trial.confirm()
        assert not at.file.exists()


async def test_a_record_of_another_version_ends_the_trial_and_not_the_service(
    connection: Connect, tmp_path: Path
) -> None:
    async with bench(connection, tmp_path) as at:
        at.paint.now = "tried"
        at.file.write_text(record(former={"paint": ["two", "coats"], "wallpaper": "stripes"}))
        await at.trial.start()
        await until(lambda: at.trial.last == "expired")
        assert "the record of the trial says of the former paint what is not understood" in at.root.problems[0]
        assert (at.paint.now, at.trial.pending, at.file.exists()) == ("tried", False, False)
        await at.trial.begin(3600)
        assert at.root.problems == []
