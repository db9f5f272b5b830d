# SPDX-License-Identifier: Apache-2.0
"""Events without a state: every stream tells them when they happen, and none says that they are so."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio

from axiod.bus.caller import Role
from axiod.bus.client import Event, Service
from axiod.bus.topics import PORT, PULSE
from axiod.gateway.person import Person
from axiod.gateway.vapix.audience import Follower
from axiod.gateway.vapix.notification import Notification, Operation
from axiod.gateway.vapix.topics import Filter
from tests.conftest import until
from tests.gateway.rest.test_events import following, socket, until_of
from tests.gateway.streams.test_websocket import opened

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.gateway.streams.conftest import Connect
    from tests.gateway.web_device import WebDevice
    from tests.sim.device_process import Client

pytestmark = pytest.mark.filterwarnings("ignore:It is recommended to use web.RequestKey")
EVENTS, ROOT = "org.axiod.events1", "/org/axiod/events1"
EACH_SECOND = "DTSTART:20260101T000000 RRULE:FREQ=SECONDLY"


class Listening(Follower):
    """Writes down what it is told."""

    def __init__(self) -> None:
        super().__init__(Person("joe", Role.VIEWER, "192.0.2.1", "digest"), [Filter.parse("//.")])
        self.told: list[tuple[str, Operation]] = []

    def tell(self, notification: Notification, operation: Operation) -> None:
        """See Follower."""
        self.told.append((notification.event.topic, operation))

    def end(self, reason: str) -> None:
        """See Follower."""


def test_it_is_neither_initialized_nor_changed() -> None:
    follower = Listening()
    for _ in range(2):
        follower.take(Notification(Event(PULSE, {"id": "x"}, {}, 1, 1)))
        follower.take(Notification(Event(PORT, {"port": "1"}, {"state": "1"}, 1, 1)))
    assert follower.told == [
        (PULSE, Operation.HAPPENED), (PORT, Operation.INITIALIZED),
        (PULSE, Operation.HAPPENED), (PORT, Operation.CHANGED),
    ]  # fmt: skip
    document = Notification(Event(PULSE, {"id": "x"}, {}, 1, 1)).xml(Operation.HAPPENED)
    assert b"PropertyOperation" not in document


@pytest_asyncio.fixture
async def pulse(client: Client) -> AsyncIterator[str]:
    """The id of a schedule that pulses every second."""
    service = Service(client.connection, EVENTS)
    id_ = await service.call(f"{ROOT}/schedules", f"{EVENTS}.Schedules", "AddSchedule", "Ticks", EACH_SECOND, {})
    path, interface = f"{ROOT}/schedule/{id_}", f"{EVENTS}.Schedule"
    yield (await service.properties(path, interface))["EventId"]
    await service.call(path, interface, "Remove")


async def test_over_a_websocket(web: WebDevice, pulse: str) -> None:
    async with opened(web) as events:
        assert "data" in await events.configure([{"topicFilter": "onvif:UserAlarm/axis:Recurring/Pulse"}])
        for _ in range(2):
            await events.hears(PULSE, {}, id=pulse)
        assert [told["topic"] for told in events.told] == [PULSE] * 2
        # Who asks anew hears of no pulse that has been.
        assert "data" in await events.configure([{"topicFilter": f"tns1:UserAlarm/tnsaxis:Recurring/Interval|{PULSE}"}])
        assert (await events.next())["params"]["notification"]["topic"] != PULSE


async def test_over_rtsp(connect: Connect, pulse: str) -> None:
    rtsp = await connect(query="/axis-media/media.amp?video=0&audio=0&event=on&eventtopic=onvif:UserAlarm//.").play()
    await until(lambda: sum(told.topic == PULSE for told in rtsp.told) >= 2)
    assert {told.operation for told in rtsp.told if told.topic == PULSE} == {""}
    assert {told.operation for told in rtsp.told if told.topic != PULSE} == {"Initialized"}
    assert next(told.source for told in rtsp.told if told.topic == PULSE) == {"id": pulse}


async def test_over_rest(web: WebDevice, pulse: str) -> None:
    async with socket(web, "?kinds=event&topics=tns1:UserAlarm/*") as stream:
        snapshot = await following(stream)
        assert snapshot["Events"]
        assert PULSE not in {event["Topic"] for event in snapshot["Events"]}
        record = await until_of(stream, "event", Topic=PULSE)
        assert (record["Source"], record["Data"], record["Service"]) == ({"id": pulse}, {}, "events")
    async with asyncio.timeout(10), socket(web) as stream:
        assert PULSE not in {event["Topic"] for event in (await following(stream))["Events"]}
