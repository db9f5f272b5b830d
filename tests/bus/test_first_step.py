# SPDX-License-Identifier: Apache-2.0
"""A coroutine that is begun at once, and goes on in a task only if it waits."""

from __future__ import annotations

import asyncio

import pytest

from axiod.bus.first_step import begin
from axiod.errors import Busy


async def test_one_that_never_waits_needs_no_task() -> None:
    async def work() -> int:
        return 7

    assert begin(work()) == (7, None)


async def test_one_that_waits_goes_on_where_it_is_awaited() -> None:
    answer: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    seen: list[str] = []

    async def work() -> int:
        seen.append("begun")
        first = await answer
        await asyncio.sleep(0)
        seen.append("ended")
        return first + 1

    result, rest = begin(work())
    assert (result, seen) == (None, ["begun"])
    assert rest is not None
    task = asyncio.ensure_future(rest)
    answer.set_result(1)
    assert await task == 2
    assert seen == ["begun", "ended"]


async def test_an_answer_that_comes_before_the_task_is_not_missed() -> None:
    answer: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    async def work() -> int:
        return await answer

    _, rest = begin(work())
    assert rest is not None
    answer.set_result(5)
    assert await rest == 5


async def test_what_it_raises_at_once_comes_at_once() -> None:
    async def work() -> None:
        raise Busy("now")

    with pytest.raises(Busy, match="now"):
        begin(work())


async def test_what_it_raises_later_comes_where_it_is_awaited() -> None:
    async def work() -> None:
        await asyncio.sleep(0)
        raise Busy("later")

    _, rest = begin(work())
    assert rest is not None
    with pytest.raises(Busy, match="later"):
        await rest


async def test_cancelling_the_task_reaches_the_coroutine() -> None:
    heard: list[str] = []
    lock = asyncio.Lock()

    async def work() -> None:
        async with lock:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                heard.append("cancelled")
                raise

    _, rest = begin(work())
    assert rest is not None
    task = asyncio.ensure_future(rest)
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert heard == ["cancelled"]
    assert not lock.locked()


async def test_order_of_a_lock_is_kept() -> None:
    lock = asyncio.Lock()
    order: list[int] = []

    async def work(number: int) -> None:
        async with lock:
            await asyncio.sleep(0)
            order.append(number)

    rests = [rest for _, rest in (begin(work(number)) for number in range(5)) if rest is not None]
    await asyncio.gather(*rests)
    assert order == [0, 1, 2, 3, 4]
