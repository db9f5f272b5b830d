# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: ASYNC220, ASYNC240 # short files, and children that answer at once
"""The state: what put() returned from is there after kill -9, many at a time, and a disk that refuses is survived."""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
import sqlite3
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest
import pytest_asyncio

from axiod.errors import HardwareFailure
from axiod.runtime.state import LATER_SECONDS, State
from tests.conftest import until
from tests.runtime.small_disk import fill, small_disk

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "folder" / "state.sqlite"


@pytest_asyncio.fixture
async def state(path: Path) -> AsyncIterator[State]:
    state = State(path)
    yield state
    await state.close()


def on_disk(path: Path) -> dict[str, Any]:
    """Return what another process would read."""
    with contextlib.closing(sqlite3.connect(path)) as database:
        return {key: json.loads(value) for key, value in database.execute("SELECT key, value FROM state")}


def watched(state: State) -> list[str]:
    """Return the list of statements that the database gets from now on."""
    statements: list[str] = []
    assert state._database
    state._database.set_trace_callback(statements.append)
    return statements


async def test_what_was_put_is_on_disk_when_put_returns(state: State, path: Path) -> None:
    value = {"kind": "pulse", "steps": [[True, 5]], "ü": None}
    await state.put("a", value, durable=True)
    assert state.get("a") == value
    assert on_disk(path) == {"a": value}


async def test_what_was_never_put_is_none(state: State) -> None:
    assert state.get("nothing") is None


async def test_what_was_taken_at_once_is_there_for_the_next_start(state: State, path: Path) -> None:
    await state.put("a", 1, durable=True)
    await state.put("c", 1, durable=True)
    assert state.at_once("a", {"b": 2})
    assert state.at_once("c", None)
    assert (state.get("a"), state.get("c")) == ({"b": 2}, None)
    assert on_disk(path) == {"a": 1, "c": 1}  # nobody has waited for that
    other = State(path)
    assert (other.get("a"), other.get("c")) == ({"b": 2}, None)
    await other.close()
    assert on_disk(path) == {"a": {"b": 2}}


async def test_what_came_after_it_counts(state: State, path: Path) -> None:
    assert state.at_once("a", 1)
    assert state.at_once("b", 1)
    await state.put("a", 2, durable=False)
    assert state.at_once("b", 2)
    other = State(path)
    assert (other.get("a"), other.get("b")) == (2, 2)
    await other.close()


async def test_what_was_set_before_is_there_too(state: State, path: Path) -> None:
    state.later("b", 1)
    state.soon("c", 1)
    assert state.at_once("a", 1)
    state.later("b", 2)
    other = State(path)
    assert [other.get(key) for key in "abc"] == [1, 1, 1]
    await other.close()


async def test_what_was_taken_at_once_is_written_within_the_second(state: State, path: Path) -> None:
    assert state.at_once("a", 1)
    await until(lambda: on_disk(path) == {"a": 1}, 5 * LATER_SECONDS)


async def test_without_a_journal_it_is_said_and_put_is_there(tmp_path: Path) -> None:
    (tmp_path / "state.journal").mkdir()
    state = State(tmp_path / "state.sqlite")
    assert not state.at_once("a", 1)
    assert state.get("a") is None
    await state.put("a", 1, durable=False)
    await state.close()


async def test_none_takes_it_away(state: State, path: Path) -> None:
    await state.put("a", 1, durable=False)
    await state.put("a", None, durable=False)
    assert (state.get("a"), on_disk(path)) == (None, {})


async def test_it_comes_back(path: Path) -> None:
    first = State(path)
    first.later("a", 1)
    await first.put("b", [2], durable=False)
    first.later("c", 3)
    await first.close()
    second = State(path)
    assert [second.get(key) for key in "abc"] == [1, [2], 3]
    await second.close()


@pytest.mark.alone
async def test_what_may_wait_is_written_within_the_second(state: State, path: Path) -> None:
    begin = time.monotonic()
    state.later("a", 1)
    assert state.get("a") == 1
    await until(lambda: on_disk(path) == {"a": 1})
    assert time.monotonic() - begin < LATER_SECONDS + 1


@pytest.mark.alone
async def test_what_was_not_waited_for_is_synced_within_the_second(
    state: State, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A power cut takes what no sync has brought to the disk."""
    synced: list[dict[str, Any]] = []
    monkeypatch.setattr("os.fdatasync", lambda _file: synced.append(on_disk(path)))
    for number in (1, 2):
        begin = time.monotonic()
        state.soon("a", number)
        await until(lambda number=number: synced[-1:] == [{"a": number}])  # type: ignore[misc] # mypy cannot infer it
        assert time.monotonic() - begin < LATER_SECONDS + 1


async def test_many_at_once_are_one_commit(state: State, path: Path) -> None:
    statements = watched(state)
    await asyncio.gather(*(state.put(f"k{n}", n, durable=False) for n in range(200)))
    assert statements.count("COMMIT") <= 2
    assert on_disk(path) == {f"k{n}": n for n in range(200)}


async def test_the_last_value_of_a_key_counts(state: State, path: Path) -> None:
    await asyncio.gather(*(state.put("a", n, durable=n % 2 == 0) for n in range(50)))
    assert (state.get("a"), on_disk(path)) == (49, {"a": 49})


async def test_durable_means_an_fsync(state: State) -> None:
    statements = watched(state)
    await state.put("a", 1, durable=False)
    assert "PRAGMA synchronous = NORMAL" in statements
    statements.clear()
    await asyncio.gather(state.put("b", 1, durable=False), state.put("c", 1, durable=True))
    assert "PRAGMA synchronous = FULL" in statements
    statements.clear()
    await state.put("d", 1, durable=False)
    assert "PRAGMA synchronous = FULL" not in statements


_CHILD = """
import asyncio, sys
from pathlib import Path
from axiod.runtime.state import State
async def main():
    state = State(Path(sys.argv[1]))
    number = 0
    while True:
        number += 1
        await asyncio.gather(state.put("a", number, durable=number % 5 == 0), state.put("b", number, durable=False))
        print(number, flush=True)
asyncio.run(main())
"""


@pytest.mark.parametrize("acknowledged", [1, 7, 40])
async def test_kill_9_keeps_what_was_acknowledged(path: Path, acknowledged: int) -> None:
    with subprocess.Popen([sys.executable, "-c", _CHILD, path], stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout
        numbers = [int(child.stdout.readline()) for _ in range(acknowledged)]
        child.send_signal(signal.SIGKILL)
        rest = child.stdout.read().split("\n")
    last = max([*numbers, *(int(line) for line in rest[:-1])])
    state = State(path)
    assert state.get("a") in (last, last + 1)
    assert state.get("b") == state.get("a"), "both or none"
    await state.close()


_AT_ONCE = """
import asyncio, sys
from pathlib import Path
from axiod.runtime.state import State
async def main():
    state = State(Path(sys.argv[1]))
    number = state.get("a") or 0
    print(number, flush=True)
    while True:
        number += 1
        assert state.at_once("a", number)
        print(number, flush=True)
        if number % 3 == 0:  # a commit is on its way sometimes
            state.soon("b", number)
        if number % 7 == 0:
            await asyncio.sleep(0.001)
asyncio.run(main())
"""


async def test_kill_9_keeps_what_was_taken_at_once(path: Path) -> None:
    last = 0
    for acknowledged in (1, 2, 30, 500, 2000):
        with subprocess.Popen([sys.executable, "-c", _AT_ONCE, path], stdout=subprocess.PIPE, text=True) as child:
            assert child.stdout
            assert int(child.stdout.readline()) in (last, last + 1)
            numbers = [int(child.stdout.readline()) for _ in range(acknowledged)]
            child.send_signal(signal.SIGKILL)
            last = max([*numbers, *(int(line) for line in child.stdout.read().split("\n")[:-1])])
    state = State(path)
    assert state.get("a") in (last, last + 1)
    await state.close()
    assert on_disk(path)["a"] in (last, last + 1)


@pytest.mark.parametrize("damage", [b"this is no database" * 100, b"SQLite format 3\0" + b"\xff" * 5000])
async def test_a_damaged_database_is_set_aside(path: Path, damage: bytes, caplog: pytest.LogCaptureFixture) -> None:
    path.parent.mkdir()
    path.write_bytes(damage)
    path.with_name("state.sqlite-wal").write_bytes(b"old")
    problems: list[str | None] = []
    state = State(path, problems.append)
    assert path.with_name("state.sqlite.damaged-1").read_bytes() == damage
    assert "is damaged" in caplog.text
    assert "state.sqlite.damaged-1" in caplog.text
    assert "counters begin anew" in caplog.text
    await state.put("a", 1, durable=True)
    assert on_disk(path) == {"a": 1}
    assert set(problems) <= {None}
    await state.close()


async def test_a_database_whose_values_are_damaged_is_set_aside(path: Path) -> None:
    first = State(path)
    await first.put("a", 1, durable=True)
    await first.close()
    with contextlib.closing(sqlite3.connect(path)) as database:
        database.execute("UPDATE state SET value = '{'")
        database.commit()
    second = State(path)
    assert second.get("a") is None
    assert path.with_name("state.sqlite.damaged-1").exists()
    await second.close()


@pytest.mark.parametrize("left", [100, 1024, 4096, 5000])
async def test_a_database_that_was_cut_short_does_not_keep_it_from_starting(path: Path, left: int) -> None:
    first = State(path)
    await asyncio.gather(*(first.put(f"k{n}", "x" * 100, durable=True) for n in range(200)))
    await first.close()
    with path.open("r+b") as file:
        file.truncate(left)
    state = State(path)
    await state.put("a", 1, durable=True)
    assert on_disk(path)["a"] == 1
    await state.close()


async def test_a_folder_that_cannot_be_made_keeps_everything_in_memory(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("")
    path = tmp_path / "file" / "state.sqlite"
    problems: list[str | None] = []
    state = State(path, problems.append)
    assert problems
    assert f"{path} cannot be written" in (problems[0] or "")
    state.later("a", 1)
    with pytest.raises(HardwareFailure, match=r"state.sqlite cannot be written: .*(Not a directory|File exists)"):
        await state.put("b", 2, durable=True)
    assert state.get("a") == 1
    (tmp_path / "file").unlink()
    await until(lambda: problems[-1] is None)
    assert on_disk(path) == {"a": 1, "b": 2}
    await state.close()


async def test_a_full_disk_is_reported_and_recovered_from(tmp_path: Path) -> None:
    problems: list[str | None] = []
    with small_disk(tmp_path / "disk") as disk:
        state = State(disk / "state.sqlite", problems.append)
        await state.put("a", 1, durable=True)
        with fill(disk):
            for _ in range(3):
                with pytest.raises(HardwareFailure, match=r"state.sqlite cannot be written: .*(full|disk I/O)"):
                    await state.put("b", "x" * 20_000, durable=True)
            assert (state.get("a"), len(state.get("b"))) == (1, 20_000)
            assert problems[-1]
        await until(lambda: problems[-1] is None)
        assert on_disk(disk / "state.sqlite") == {"a": 1, "b": "x" * 20_000}
        await state.put("c", 3, durable=True)
        await state.close()


async def test_what_was_refused_is_undone_by_the_next_value(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk") as disk:
        state = State(disk / "state.sqlite")
        await state.put("a", "former", durable=True)
        with fill(disk):
            with pytest.raises(HardwareFailure):
                await state.put("a", "x" * 20_000, durable=True)
            state.later("a", "former")
        await state.close()
        assert on_disk(disk / "state.sqlite") == {"a": "former"}


async def test_close_writes_what_waits(path: Path) -> None:
    state = State(path)
    state.later("a", 1)
    await state.close()
    assert on_disk(path) == {"a": 1}


@pytest.fixture(autouse=True)
def _quick_switches() -> Iterator[None]:
    """Both threads get their turn often."""
    former = sys.getswitchinterval()
    sys.setswitchinterval(0.0005)
    yield
    sys.setswitchinterval(former)
