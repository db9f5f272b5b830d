# SPDX-License-Identifier: Apache-2.0
"""Schedules and virtual inputs over SOAP, and which events there are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.gateway.vapix.conftest import EVENTS
from tests.gateway.vapix.soap_caller import AEV, Node, Soap, SoapError

if TYPE_CHECKING:
    from axiod.bus.client import Service

MORNING = "DTSTART:20111212T06:00 DTEND:20111212T09:00 RRULE:FREQ=WEEKLY;BYDAY=MO,TU"
HOURLY = "DTSTART:20111212T06:00 RRULE:FREQ=HOURLY"


def scheduled(name: str, calendar: str) -> str:
    return (
        f"<NewScheduledEvent><Name>{name}</Name><Schedule><ICalendar>{calendar}</ICalendar></Schedule>"
        "</NewScheduledEvent>"
    )


async def listed(soap: Soap, kind: str = "") -> dict[str, Node]:
    filter_ = kind and f"<ScheduleFilter><ScheduleType>{kind}</ScheduleType></ScheduleFilter>"
    found = await soap.call("GetScheduledEvents", filter_, AEV)
    return {one["EventID"].text: one for one in found["ScheduledEvents"].children}


async def test_schedules(soap: Soap) -> None:
    soap.user = "oper"
    shipped = set(await listed(soap))
    assert "com.axis.schedules.office_hours" in shipped
    ids = []
    for name, calendar in (("Morning", MORNING.replace(" ", "\n  ")), ("Hourly", HOURLY)):
        made = await soap.call("AddScheduledEvent", scheduled(name, calendar), AEV)
        ids.append(made["EventID"].text)
    assert all(id_.startswith("com.axis.schedules.genid") for id_ in ids)
    found = (await listed(soap, "Interval"))[ids[0]]
    assert (found["Name"].text, found["Schedule"]["ICalendar"].text) == ("Morning", MORNING)
    assert list(await listed(soap, "Pulse")) == [ids[1]]
    topics = (await soap.call("GetEventInstances", "", AEV))["TopicSet"]
    recurring = topics["UserAlarm"]["Recurring"]
    sources = {
        kind: {
            value.text: value.attributes["NiceName"]
            for value in recurring[kind]["MessageInstance"]["SourceInstance"]["SimpleItemInstance"].children
        }
        for kind in ("Interval", "Pulse")
    }
    assert sources["Interval"][ids[0]] == "Morning"
    assert sources["Interval"]["com.axis.schedules.weekends"] == "Weekends"
    assert sources["Pulse"] == {ids[1]: "Hourly"}
    for id_ in ids:
        await soap.call("RemoveScheduledEvent", f"<EventID>{id_}</EventID>", AEV)
    assert set(await listed(soap)) == shipped


async def test_wrong_schedules(soap: Soap) -> None:
    shipped = set(await listed(soap))
    for operation, content, fault in (
        ("AddScheduledEvent", scheduled("x", "DTSTART:tomorrow"), ""),
        ("AddScheduledEvent", scheduled("x", ""), ""),
        ("AddScheduledEvent", "<NewScheduledEvent><Name>x</Name></NewScheduledEvent>", ""),
        ("RemoveScheduledEvent", "<EventID>com.axis.schedules.none</EventID>", "ScheduledEventNotFoundFault"),
        ("RemoveScheduledEvent", "<EventID>com.axis.schedules.weekdays</EventID>", ""),
        ("GetScheduledEvents", "<ScheduleFilter><ScheduleType>x</ScheduleType></ScheduleFilter>", ""),
    ):
        with pytest.raises(SoapError) as caught:
            await soap.call(operation, content, AEV)
        assert (caught.value.status, caught.value.detail) == (400, fault)
    assert set(await listed(soap)) == shipped


async def test_virtual_inputs(soap: Soap, events: Service) -> None:
    soap.user = "oper"
    for active, changed in (("1", "true"), ("true", "false"), ("0", "true")):
        content = f"<port>64</port><active>{active}</active>"
        found = await soap.call("ChangeVirtualInputState", content, AEV)
        assert found["stateChanged"].text == changed
    where = "/org/axiod/events1/input/64", f"{EVENTS}.VirtualInput"
    assert (await events.properties(*where))["Active"] is False
    for content in ("<port>65</port><active>1</active>", "<active>1</active>", "<port>1</port><active>2</active>"):
        with pytest.raises(SoapError) as caught:
            await soap.call("ChangeVirtualInputState", content, AEV)
        assert caught.value.status == 400
    soap.user = "viewer"
    answer = await soap.ask(
        f'<ChangeVirtualInputState xmlns="{AEV}"><port>1</port><active>1</active></ChangeVirtualInputState>'
    )
    assert answer.status == 403


async def test_events_without_a_state(soap: Soap) -> None:
    soap.user = "viewer"
    topics = (await soap.call("GetEventInstances", "", AEV))["TopicSet"]
    [device] = [topic for topic in topics.children if "IO" in topic]
    message = device["SystemMessage"]["ActionFailed"]["MessageInstance"]
    assert message.attributes["isProperty"] == "false"
    assert [child.name for child in message.children] == ["DataInstance"]
    inputs = device["IO"]["VirtualInput"]["MessageInstance"]
    assert inputs.attributes["isProperty"] == "true"
    assert len(inputs["SourceInstance"]["SimpleItemInstance"].children) == 64
    pulses = topics["UserAlarm"]["Recurring"]["Pulse"]["MessageInstance"]
    assert [child.name for child in pulses.children] == ["SourceInstance"]
