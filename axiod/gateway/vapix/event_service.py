# SPDX-License-Identifier: Apache-2.0
"""The operations of the event service (event1): which events there are, schedules, and virtual inputs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from axiod.bus import topics
from axiod.errors import NotFound, Unavailable
from axiod.gateway.hearing import may_hear
from axiod.gateway.names import PORT, RELAY, SCHEDULE, SCHEDULES, TRIGGER, VIRTUAL_INPUT
from axiod.gateway.vapix.instances import AEV, topic_set
from axiod.gateway.vapix.notification import Notification, quoted
from axiod.gateway.vapix.soap import Fault
from axiod.gateway.vapix.soap_operation import changing, reading

if TYPE_CHECKING:
    from collections.abc import Mapping

    from axiod.bus.topics import Topic
    from axiod.gateway.context import Gateway
    from axiod.gateway.mirror import Thing
    from axiod.gateway.person import Person
    from axiod.gateway.vapix.soap import Element
    from axiod.gateway.vapix.soap_operation import Operation

_NAMED = {
    topics.VIRTUAL_INPUT: (VIRTUAL_INPUT, "Number"),
    topics.MANUAL_TRIGGER: (TRIGGER, "Number"),
    topics.INTERVAL: (SCHEDULE, "EventId"),
    topics.PULSE: (SCHEDULE, "EventId"),
}
"""Topics whose sources have names: whose, and which property is in the event."""
_ACTIVE = {"1": True, "true": True, "0": False, "false": False}


class EventService:
    """The operations."""

    def __init__(self, gateway: Gateway) -> None:
        self._mirror = gateway.mirror
        self._acting = gateway.acting

    def operations(self) -> Mapping[str, Operation]:
        """Return what there is, by name."""
        return {
            "GetEventInstances": reading(self._instances),
            "AddScheduledEvent": changing(self._add, SCHEDULES, "AddSchedule"),
            "GetScheduledEvents": reading(self._get, SCHEDULE),
            "RemoveScheduledEvent": changing(self._remove, SCHEDULE, "Remove"),
            "ChangeVirtualInputState": changing(self._change, VIRTUAL_INPUT, "Set"),
        }

    # --- events ---

    async def _instances(self, person: Person, _asked: Element) -> str:
        found = [Notification(event) for _, event in self._mirror.states() if may_hear(person.role, event)]
        stateless = self._stateless()
        if not found and not stateless:
            # Clients fail at an empty tree.
            raise Fault("there is no service that has events now; try again when they are back", receiver=True)
        return topic_set(found, self._names(), stateless)

    def _stateless(self) -> list[Topic]:
        """Return what may happen without being a state, of the services that are there."""
        return [
            topic
            for topic in topics.TOPICS
            if not topic.stateful
            and any(name in self._mirror.services and self._mirror.available(name) for name in topic.services)
        ]

    def _names(self) -> dict[str, dict[str, str]]:
        """Return what the user calls what is there, by topic and by the value in the source of its events."""
        ports: dict[str, str] = {}
        for interface in (PORT, RELAY):
            ports |= {str(thing["Number"]): thing["Name"] for thing in self._there(interface)}
        names: dict[str, dict[str, str]] = {topic: {} for topic in (topics.MQTT_STATELESS, topics.MQTT_STATEFUL)}
        for topic, (interface, property_) in _NAMED.items():
            kind = {topics.INTERVAL: "interval", topics.PULSE: "pulse"}.get(topic)
            names[topic] = {
                str(thing[property_]): thing["Name"]
                for thing in self._there(interface)
                if kind is None or thing["Kind"] == kind
            }
        return {"": ports, **names}

    def _there(self, interface: str) -> list[Thing]:
        if interface.rpartition(".")[0] not in self._mirror.services:
            return []
        try:
            return self._mirror.things(interface)
        except Unavailable:
            return []

    # --- schedules ---

    async def _add(self, person: Person, asked: Element) -> str:
        new = asked.require("NewScheduledEvent")
        calendar = " ".join(new.require("Schedule").value("ICalendar").split())
        name = new.value("Name") or "Schedule"
        id_ = await self._acting.act(person, self._mirror.thing(SCHEDULES), "AddSchedule", name, calendar, {})
        event_id = self._mirror.thing(SCHEDULE, id_)["EventId"]
        made = f"<aev:EventID>{_text(event_id)}</aev:EventID>"
        return f"<aev:AddScheduledEventResponse>{made}</aev:AddScheduledEventResponse>"

    async def _get(self, _person: Person, asked: Element) -> str:
        filter_ = asked.child("ScheduleFilter")
        kind = "" if filter_ is None else filter_.value("ScheduleType").lower()
        if kind not in ("", "interval", "pulse"):
            raise Fault("ScheduleType must be Interval or Pulse")
        found = [thing for thing in self._mirror.things(SCHEDULE) if not kind or thing["Kind"] == kind]
        content = "".join(map(_shown, found))
        return (
            f"<aev:GetScheduledEventsResponse><aev:ScheduledEvents>{content}</aev:ScheduledEvents>"
            "</aev:GetScheduledEventsResponse>"
        )

    async def _remove(self, person: Person, asked: Element) -> str:
        id_ = asked.value("EventID")
        thing = next((thing for thing in self._mirror.things(SCHEDULE) if thing["EventId"] == id_), None)
        if thing is None:
            raise Fault(
                f"there is no scheduled event {id_[:100]!r}; GetScheduledEvents lists those that there are",
                subcode="ter:InvalidArgVal",
                detail="ScheduledEventNotFoundFault",
                namespace=AEV,
            )
        await self._acting.act(person, thing, "Remove")
        return "<aev:RemoveScheduledEventResponse/>"

    # --- virtual inputs ---

    async def _change(self, person: Person, asked: Element) -> str:
        port, active = asked.value("port"), asked.value("active").lower()
        if active not in _ACTIVE:
            raise Fault("active must be true or false")
        try:
            thing = self._mirror.thing(VIRTUAL_INPUT, port)
        except NotFound:
            raise Fault(
                f"there is no virtual input {port[:40]!r}; there are 1 to {len(self._mirror.things(VIRTUAL_INPUT))}"
            ) from None
        changed = await self._acting.act(person, thing, "Set", _ACTIVE[active], {})
        return (
            f"<aev:ChangeVirtualInputStateResponse><aev:stateChanged>{'true' if changed else 'false'}"
            "</aev:stateChanged></aev:ChangeVirtualInputStateResponse>"
        )


def _shown(schedule: Thing) -> str:
    return (
        f"<aev:ScheduledEvent><aev:EventID>{_text(schedule['EventId'])}</aev:EventID>"
        f"<aev:Name>{_text(schedule['Name'])}</aev:Name><aev:Schedule>"
        f"<aev:ICalendar>{_text(schedule['Icalendar'])}</aev:ICalendar></aev:Schedule></aev:ScheduledEvent>"
    )


def _text(value: str) -> str:
    return quoted(value)[1:-1]
