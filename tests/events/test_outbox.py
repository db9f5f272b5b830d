# SPDX-License-Identifier: Apache-2.0
"""The outbox: retries, bounds, restarts and crashes, and a disk that refuses."""

from __future__ import annotations

import asyncio
import signal
import sqlite3
import subprocess
import sys
from collections import Counter
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from axiod.errors import LimitReached
from axiod.events.outbox import UNKNOWN, Order, Outbox, Result, Turn, wait_seconds
from axiod.events.sending.failure import SendFailed
from tests.conftest import until
from tests.runtime.small_disk import fill, small_disk

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

ROOT = Path(__file__).parents[2]


@dataclass
class World:
    """Recipients that do as they are told."""

    sent: list[tuple[str, int, Any]] = field(default_factory=list)
    tried: list[tuple[str, int]] = field(default_factory=list)
    results: list[Result] = field(default_factory=list)
    problems: list[str | None] = field(default_factory=list)
    failing: dict[str, SendFailed] = field(default_factory=dict)
    gates: dict[str, asyncio.Event] = field(default_factory=dict)

    async def deliver(self, recipient: str, turn: Turn) -> None:
        self.tried.append((recipient, turn.number))
        if gate := self.gates.get(recipient):
            await gate.wait()
        if failure := self.failing.get(recipient):
            raise failure
        self.sent.append((recipient, turn.number, turn.message.get("m")))

    def outcomes(self) -> list[tuple[int, str]]:
        return [(result.number, result.outcome) for result in self.results]


@asynccontextmanager
async def outbox(folder: Path, world: World, **options: Any) -> AsyncIterator[Outbox]:
    made = Outbox(
        folder / "outbox.sqlite", world.deliver, world.results.append, on_problem=world.problems.append,
        **{"first_wait": 0.001, **options},
    )  # fmt: skip
    await made.start()
    try:
        yield made
    finally:
        await made.close()


def order(recipient: str = "1", message: object = "m", **more: Any) -> Order:
    return Order(recipient, {"m": message}, **more)


def rows(folder: Path) -> int:
    database = sqlite3.connect(folder / "outbox.sqlite")
    try:
        count: int = database.execute("SELECT count(*) FROM entry").fetchone()[0]
        return count
    finally:
        database.close()


async def test_it_is_sent_in_order_and_told(tmp_path: Path) -> None:
    world = World()
    async with outbox(tmp_path, world) as box:
        numbers = [await box.put(order(message=i, origin={"rule": str(i)})) for i in range(20)]
        assert numbers == sorted(set(numbers))
        await until(lambda: len(world.results) == 20)
        assert world.sent == [("1", number, i) for i, number in enumerate(numbers)]
        assert world.results[3] == Result(numbers[3], "1", {"rule": "3"}, "done", "", 1)
        assert box.waiting("1") == 0
    assert rows(tmp_path) == 0
    assert (tmp_path / "outbox.sqlite").stat().st_mode & 0o077 == 0


async def test_a_slow_recipient_delays_no_other(tmp_path: Path) -> None:
    world = World(gates={"slow": asyncio.Event()})
    async with outbox(tmp_path, world) as box:
        for i in range(3):
            await box.put(order("slow", i))
        for i in range(3):
            await box.put(order("fast", i))
        await until(lambda: [name for name, _, _ in world.sent] == ["fast"] * 3)
        assert (box.waiting("slow"), box.waiting("fast")) == (3, 0)
        world.gates["slow"].set()
        await until(lambda: len(world.results) == 6)


async def test_it_is_tried_again_until_it_is_enough(tmp_path: Path) -> None:
    world = World(failing={"1": SendFailed("no answer")})
    async with outbox(tmp_path, world) as box:
        number = await box.put(order(retries=3))
        await until(lambda: world.results)
        assert world.tried == [("1", number)] * 4
        assert world.results == [Result(number, "1", {}, "failed", "no answer", 4)]
        number = await box.put(order(retries=0))
        await until(lambda: len(world.results) == 2)
        assert world.tried.count(("1", number)) == 1


async def test_what_cannot_be_helped_is_not_tried_again(tmp_path: Path) -> None:
    world = World(failing={"1": SendFailed("404", final=True)})
    async with outbox(tmp_path, world) as box:
        await box.put(order())
        await until(lambda: world.results)
        assert (len(world.tried), world.results[0].reason) == (1, "404")


async def test_it_takes_too_long(tmp_path: Path) -> None:
    world = World(gates={"1": asyncio.Event()})
    async with outbox(tmp_path, world) as box:
        await box.put(order(retries=1, timeout_ms=10))
        await until(lambda: world.results)
        assert world.results[0].reason == "it was not done within 0.01 s"
        assert len(world.tried) == 2


async def test_a_fault_stops_only_what_it_belongs_to(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    world = World(failing={"1": ZeroDivisionError("oh")})  # type: ignore[dict-item] # that is the fault
    async with outbox(tmp_path, world) as box:
        await box.put(order())
        await box.put(order())
        await until(lambda: len(world.results) == 2)
    assert {result.reason for result in world.results} == {"a fault of axiod; its log says more"}
    assert "ZeroDivisionError" in caplog.text


@pytest.mark.parametrize(("begun", "tries"), [(True, 1), (False, 3)])
async def test_at_most_once_is_tried_again_only_where_nothing_was_begun(
    tmp_path: Path, begun: bool, tries: int
) -> None:
    world = World(failing={"1": SendFailed("no", begun=begun)})
    async with outbox(tmp_path, world) as box:
        await box.put(order(at_most_once=True, retries=2))
        await until(lambda: world.results)
        assert len(world.tried) == tries
        assert world.results[0].outcome == "failed"


async def test_a_change_of_the_recipient_is_tried_at_once(tmp_path: Path) -> None:
    world = World(failing={"1": SendFailed("login refused")})
    async with outbox(tmp_path, world, first_wait=1000.0) as box:
        await box.put(order())
        await until(lambda: world.tried)
        world.failing.clear()

        def done() -> bool:
            box.hurry("1")  # as soon as it has failed
            return bool(world.results)

        await until(done)
        assert world.results[0].outcome == "done"


async def test_a_recipient_that_is_removed(tmp_path: Path) -> None:
    world = World(gates={"1": asyncio.Event()})
    async with outbox(tmp_path, world) as box:
        numbers = [await box.put(order()) for _ in range(3)]
        await box.put(order("2"))
        await until(lambda: world.tried)
        box.drop("1", "its recipient was removed")
        dropped = [result for result in world.results if result.recipient == "1"]
        assert [(result.number, result.outcome, result.reason) for result in dropped] == [
            (number, "dropped", "its recipient was removed") for number in numbers
        ]
        await until(lambda: world.sent)
        world.gates.clear()
        await box.put(order())
        await until(lambda: len(world.sent) == 2)
    assert rows(tmp_path) == 0


async def test_the_oldest_goes_first_when_there_are_too_many(tmp_path: Path) -> None:
    world = World(gates={"1": asyncio.Event()})
    async with outbox(tmp_path, world, most_entries=5) as box:
        numbers = [await box.put(order(message=i)) for i in range(8)]
        assert box.dropped == 3
        # The first is being sent.
        assert world.outcomes() == [(number, "dropped") for number in numbers[1:4]]
        world.gates["1"].set()
        await until(lambda: len(world.results) == 8)
        assert [number for _, number, _ in world.sent] == [numbers[0], *numbers[4:]]


async def test_bytes_are_bounded_too(tmp_path: Path) -> None:
    world = World(gates={"1": asyncio.Event()})
    async with outbox(tmp_path, world, most_bytes=10_000) as box:
        for i in range(4):
            await box.put(order(message=str(i) * 3000))
        assert box.dropped == 1
        with pytest.raises(LimitReached, match="10000 at most"):
            await box.put(order(message="x" * 10_000))
        assert box.waiting("1") == 3
        world.gates["1"].set()


async def test_a_restart_goes_on(tmp_path: Path) -> None:
    world = World(failing={"1": SendFailed("no answer")}, gates={"2": asyncio.Event()})
    async with outbox(tmp_path, world, first_wait=1000.0) as box:
        numbers = [await box.put(order(name, i, origin={"a": "b"})) for i, name in enumerate("1112")]
        await until(lambda: world.tried)
    assert world.results == []
    world = World()
    async with outbox(tmp_path, world) as box:
        await until(lambda: len(world.results) == 4)
        assert sorted(world.sent) == [(name, numbers[i], i) for i, name in enumerate("1112")]
        assert world.results[0].origin == {"a": "b"}
        # Numbers are never given again, even after everything was sent.
        assert await box.put(order()) > max(numbers)
        await until(lambda: len(world.results) == 5)


async def test_attempts_outlive_a_restart(tmp_path: Path) -> None:
    world = World(failing={"1": SendFailed("no answer")})
    async with outbox(tmp_path, world, first_wait=1000.0) as box:
        await box.put(order(retries=1))
        await until(lambda: world.tried)
    world = World(failing=world.failing)
    async with outbox(tmp_path, world):
        await until(lambda: world.results)
        assert (len(world.tried), world.results[0].attempts) == (1, 2)


async def test_a_file_that_is_damaged(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "outbox.sqlite").write_bytes(b"rubbish" * 1000)
    world = World()
    async with outbox(tmp_path, world) as box:
        await box.put(order())
        await until(lambda: world.results)
    assert "set aside as outbox.sqlite.damaged-1" in caplog.text


async def test_a_full_disk(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk") as folder:
        world = World(gates={"1": asyncio.Event()})
        async with outbox(folder, world) as box:
            with fill(folder):
                # It is sent all the same, from memory.
                numbers = [await box.put(order(message="x" * 5000, at_most_once=bool(i % 2))) for i in range(4)]
                assert "does not survive a restart" in (world.problems[-1] or "")
                world.gates["1"].set()
                await until(lambda: len(world.results) == 4)
                assert [number for _, number, _ in world.sent] == numbers
            await box.put(order())
            await until(lambda: len(world.results) == 5)
            assert world.problems[-1] is None


async def test_a_disk_that_cannot_be_opened(tmp_path: Path) -> None:
    world = World()
    (tmp_path / "outbox.sqlite").mkdir()
    async with outbox(tmp_path, world) as box:
        await box.put(order(at_most_once=True))
        await until(lambda: world.results)
        assert world.results[0].outcome == "done"
        assert world.problems[-1]


# --- kill -9 ---

CHILD = """
import asyncio, sys
from pathlib import Path
from axiod.events.outbox import UNKNOWN, Order, Outbox
NAMES = ("once1", "once2", "least1", "least2")
async def main(folder, tag, count):
    delivered = open(folder / "delivered", "ab", buffering=0)
    results = open(folder / "results", "ab", buffering=0)
    async def deliver(recipient, turn):
        delivered.write(f"{turn.message['m']}\\n".encode())
    def told(result):
        results.write(f"{result.origin['m']} {result.outcome} {result.reason}\\n".encode())
    box = Outbox(folder / "outbox.sqlite", deliver, told)
    await box.start()
    async def feed(name):
        for i in range(count):
            text = f"{name}.{tag}.{i}"
            await box.put(Order(name, {"m": text}, {"m": text}, at_most_once=name.startswith("once")))
            print(text, flush=True)
    await asyncio.gather(*map(feed, NAMES))
    while any(map(box.waiting, NAMES)):
        await asyncio.sleep(0.001)
    await box.close()
    print("END", flush=True)
asyncio.run(main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])))
"""


def test_kill_9_loses_nothing_and_repeats_nothing_that_must_not_be(tmp_path: Path) -> None:
    acknowledged: list[str] = []
    for round_ in range(8):
        process = subprocess.Popen(
            [sys.executable, "-c", CHILD, str(tmp_path), str(round_), "1000"],
            stdout=subprocess.PIPE, text=True, cwd=ROOT,
        )  # fmt: skip
        assert process.stdout
        acknowledged += [process.stdout.readline().strip() for _ in range(37 + 61 * round_)]
        process.send_signal(signal.SIGKILL)
        acknowledged += [line.strip() for line in process.stdout if line.endswith("\n")]
        process.stdout.close()
        process.wait()
    command = [sys.executable, "-c", CHILD, str(tmp_path), "end", "0"]
    assert subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT).stdout == "END\n"
    delivered = Counter((tmp_path / "delivered").read_text().split())
    unknown = {line.split()[0] for line in (tmp_path / "results").read_text().splitlines() if UNKNOWN in line}
    for text in acknowledged:
        if text.startswith("once"):
            assert delivered[text] == 1 or text in unknown, text
        else:
            assert delivered[text] >= 1, text
    assert {text: count for text, count in delivered.items() if text.startswith("once") and count > 1} == {}
    assert len(unknown) <= 2 * 8, "of each recipient one in each round"
    # Sent again is only what was sent within the last moments before it died.
    assert sum(delivered.values()) < 2 * len(delivered)


@given(st.integers(1, 2000), st.floats(0, 1), st.floats(0.001, 10))
def test_how_long_it_waits(attempts: int, chance: float, first: float) -> None:
    wait = wait_seconds(attempts, chance, first)
    longest = wait_seconds(attempts, 0.0, first)
    assert longest / 2 <= wait <= longest <= 300
    assert wait_seconds(attempts + 1, 0.0, first) >= longest


def test_the_waits() -> None:
    assert [wait_seconds(i, 0.0) for i in (1, 2, 3, 9, 10, 100)] == [1, 2, 4, 256, 300, 300]
