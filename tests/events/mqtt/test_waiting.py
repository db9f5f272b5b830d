# SPDX-License-Identifier: Apache-2.0
"""The queue: its bounds, its file, and what a crash leaves."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

from axiod.events.mqtt.library import LAST_OWN_ID
from axiod.events.mqtt.message import Message
from axiod.events.mqtt.waiting import IDS, MOST_BYTES, WINDOW, Waiting

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from tests.conftest import Until


def message(number: int, qos: int = 1, size: int = 0) -> Message:
    return Message("t", str(number).encode().ljust(size), qos)


def test_the_ids_of_messages_and_of_subscriptions_are_apart() -> None:
    assert IDS == LAST_OWN_ID


async def test_they_come_out_as_they_went_in(tmp_path: Path) -> None:
    waiting = Waiting(tmp_path / "w.sqlite")
    for number in range(WINDOW + 5):
        waiting.put(message(number, number % 3))
    taken = []
    while (one := waiting.take()) is not None:
        taken.append(one)
        if one[0]:
            waiting.acknowledged(one[0])
    assert [int(one.payload) for _, one in taken] == list(range(WINDOW + 5))
    assert all((id_ == 0) == (one.qos == 0) for id_, one in taken)
    assert (len(waiting), waiting.size) == (0, 0)
    await waiting.close()


async def test_only_a_window_is_on_the_way(tmp_path: Path) -> None:
    waiting = Waiting(tmp_path / "w.sqlite")
    for number in range(2 * WINDOW):
        waiting.put(message(number))
    ids = [taken[0] for _ in range(WINDOW) if (taken := waiting.take())]
    assert waiting.take() is None
    waiting.acknowledged(ids[0])
    waiting.acknowledged(ids[0])
    waiting.acknowledged(59_999)
    assert waiting.take() is not None
    assert waiting.take() is None
    assert len(waiting) == 2 * WINDOW - 1
    await waiting.close()


async def test_bytes_are_bounded_and_what_is_on_the_way_stays(tmp_path: Path) -> None:
    waiting = Waiting(tmp_path / "w.sqlite")
    waiting.put(message(0, size=200_000))
    first = waiting.take()
    for number in range(1, 200):
        waiting.put(message(number, size=200_000))
    assert waiting.size <= MOST_BYTES
    assert len(waiting) + waiting.dropped == 200
    assert first is not None
    assert list(waiting.resume()) == [first[0]]
    await waiting.close()


async def test_what_waits_is_there_after_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "w.sqlite"
    waiting = Waiting(path)
    for number in range(40):
        waiting.put(message(number, 1 + number % 2))
    waiting.put(message(40, 0))
    first = waiting.take()
    assert first is not None
    waiting.acknowledged(first[0])
    await waiting.close()
    assert path.stat().st_mode & 0o777 == 0o600
    again = Waiting(path)
    assert len(again) == 39
    resumed = again.resume()
    assert [int(one.payload) for one, _ in resumed.values()] == list(range(1, WINDOW + 1))
    for id_ in resumed:
        again.acknowledged(id_)
    rest = [again.take() for _ in range(WINDOW)]
    assert [int(one[1].payload) for one in rest if one] == list(range(WINDOW + 1, 2 * WINDOW + 1))
    await again.close()


async def test_a_crash_leaves_what_was_released_and_no_number_twice(tmp_path: Path, until: Until) -> None:
    waiting = Waiting(tmp_path / "w.sqlite")
    for number in range(3):
        waiting.put(message(number, 2))
    ids = [taken[0] for _ in range(3) if (taken := waiting.take())]
    done: list[int] = []
    waiting.releasing(ids[0], lambda: done.append(ids[0]))
    assert done == []
    await until(lambda: done)
    # The moment of the crash.
    for name in ("w.sqlite", "w.sqlite-wal"):
        shutil.copy(tmp_path / name, tmp_path / f"after-{name}")
    after = Waiting(tmp_path / "after-w.sqlite")
    assert {id_: released for id_, (_, released) in after.resume().items()} == {
        ids[0]: True, ids[1]: False, ids[2]: False,
    }  # fmt: skip
    assert after.last > waiting.last + 1000
    await waiting.close()
    await after.close()


async def test_what_is_acknowledged_soon_never_touches_the_disk(tmp_path: Path) -> None:
    path = tmp_path / "w.sqlite"
    waiting = Waiting(path)
    waiting.patient = True
    before = path.with_name("w.sqlite-wal").stat().st_size
    for number in range(100):
        waiting.put(message(number))
        taken = waiting.take()
        assert taken is not None
        waiting.acknowledged(taken[0])
    await waiting.close()
    again = Waiting(path)
    assert len(again) == 0
    assert path.with_name("w.sqlite-wal").stat().st_size <= before + 20_000
    await again.close()


async def test_a_damaged_file_is_set_aside(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "w.sqlite"
    path.write_bytes(b"no database " * 1000)
    waiting = Waiting(path)
    assert len(waiting) == 0
    assert "is damaged" in caplog.text
    waiting.put(message(1))
    await waiting.close()
    assert [name for name in os.listdir(tmp_path) if "damaged" in name]  # noqa: PTH208 # a moment
    again = Waiting(path)
    assert len(again) == 1
    await again.close()


async def test_a_disk_that_refuses_is_told_and_does_without(tmp_path: Path, until: Until) -> None:
    (tmp_path / "file").write_text("")
    problems: list[str | None] = []
    waiting = Waiting(tmp_path / "file" / "w.sqlite", problems.append)
    assert "is lost with a restart" in str(problems[0])
    done: list[int] = []
    waiting.put(message(1, 2))
    taken = waiting.take()
    assert taken is not None
    waiting.releasing(taken[0], lambda: done.append(1))
    await until(lambda: done)
    waiting.acknowledged(taken[0])
    assert len(waiting) == 0
    await waiting.close()
