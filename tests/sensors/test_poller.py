# SPDX-License-Identifier: Apache-2.0
"""A port that is polled: who is asked, and what becomes of those that go while they are asked."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from axiod.errors import Timeout, Unavailable
from axiod.sensors import plan
from axiod.sensors.poller import Poller
from tests.conftest import until
from tests.sensors.test_model import channel, template

if TYPE_CHECKING:
    from axiod.sensors.plan import Block


class Sensor:
    """One that is asked."""

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error
        self.polls = self.answers = 0
        self.failures: list[int] = []
        self.reasons: list[str] = []
        self.gate: asyncio.Event | None = None

    async def poll(self, _block: Block) -> None:
        self.polls += 1
        if self.gate is not None:
            await self.gate.wait()
        if self.error is not None:
            raise self.error

    def answered(self) -> None:
        self.answers += 1

    def failed(self, _error: Exception, failures: int) -> None:
        self.failures.append(failures)

    def unreachable(self, reason: str) -> None:
        self.reasons.append(reason)


BLOCKS = plan.blocks(template(channel()), {"t": 100})


async def test_the_dead_hold_up_nobody() -> None:
    async with asyncio.TaskGroup() as tasks:
        poller = Poller(tasks)
        living, dead = Sensor(), [Sensor(Timeout("no")) for _ in range(3)]
        for number, one in enumerate(dead):
            poller.put(f"dead{number}", one, BLOCKS)
        poller.put("living", living, BLOCKS)
        await until(lambda: living.answers >= 5)
        for one in dead:  # from now on nothing comes back at all
            one.gate = asyncio.Event()
        before = living.answers
        await until(lambda: living.answers >= before + 10)
        assert all(one.polls <= 4 for one in dead)
        assert all(one.failures == list(range(1, len(one.failures) + 1)) for one in dead)
        poller.close()


async def test_who_goes_while_it_is_asked_is_told_nothing() -> None:
    async with asyncio.TaskGroup() as tasks:
        poller = Poller(tasks)
        gone, other = Sensor(Timeout("no")), Sensor()
        gone.gate = asyncio.Event()
        poller.put("one", gone, BLOCKS)
        await until(lambda: gone.polls == 1)
        poller.drop("one")
        poller.put("one", other, BLOCKS)
        gone.gate.set()
        await until(lambda: other.answers >= 2)
        assert gone.failures == []
        poller.put("two", gone, BLOCKS)
        await asyncio.sleep(0)  # it is about to be asked
        poller.drop("two")
        await until(lambda: other.answers >= 4)
        poller.close()


async def test_who_could_not_be_asked_is_asked_when_the_port_changes() -> None:
    async with asyncio.TaskGroup() as tasks:
        poller = Poller(tasks)
        sensor = Sensor(Unavailable("the port is away"))
        poller.put("one", sensor, BLOCKS)
        await until(lambda: sensor.reasons == ["the port is away"])
        sensor.error = None
        poller.hurry()
        await until(lambda: sensor.answers > 0)
        assert sensor.failures == []
        poller.close()
