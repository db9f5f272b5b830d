# SPDX-License-Identifier: Apache-2.0
"""The MQTT client of the service: what is published, what is subscribed to, and what waits.

    client = MqttClient(serial, state_dir / "mqtt.sqlite", surroundings)
    client.apply(settings, password, publication, subscriptions)   # at any time; before start() as well
    client.start()            # connect, and stay connected; stop() says goodbye and disconnects
    client.event(event, stateful=True)                  # each event of every source, in its order
    client.present_changed()                            # something appeared or went: Home Assistant wants to know
    client.publish(Message(topic, payload, qos, retain))  # the action "publish"; raises an AxiodError when it cannot be
    await client.stop(); await client.close()

None of these waits, but stop() and close(). What arrives is told through Surroundings, as is every change of status.

What holds for messages that are published (VAPIX event filters and the action "publish" alike), in their order:
QoS 0  sent once, not waited for. While there is no connection, the last 1,000 wait in memory.
QoS 1  waits on disk until the broker has acknowledged it, and is sent again after a loss or a restart: it arrives, and
       may arrive twice.
QoS 2  the same, and once: as long as the broker keeps its session with this device, which takes CleanSession off. Where
       the broker itself has lost the session, a message that was on the way then is sent again rather than lost.
At most 10,000 messages wait; the oldest go first, and are counted. After each connection the present value of every
stateful event that is published is sent once, between what waited before it and what happens after it.
"""

from __future__ import annotations

import asyncio
import logging
import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from axiod.clock import wall_usec
from axiod.errors import Conflict
from axiod.events.mqtt.announcing import Announcing
from axiod.events.mqtt.connection import DELAYS_SECONDS, Session
from axiod.events.mqtt.message import Message, Received, check_payload, check_topic
from axiod.events.mqtt.outgoing import Outgoing
from axiod.events.mqtt.pace import Pace
from axiod.events.mqtt.publication import Publication, Publisher
from axiod.events.mqtt.settings import ClientSettings
from axiod.events.mqtt.subscription import Subscription, events, wanted
from axiod.events.mqtt.waiting import Waiting

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from axiod.bus.client import Event
    from axiod.events.mqtt.surroundings import Surroundings

_log = logging.getLogger(__name__)

_LOG_AGAIN_SECONDS = 3600.0
_MOST_LOGGED = 20
_HOME_ASSISTANT = frozenset({"home_assistant", "home_assistant_prefix"})
_NEED_NO_RECONNECT = _HOME_ASSISTANT | {
    "connect_message_send", "connect_message_use_default", "connect_message_topic", "connect_message_payload",
    "connect_message_retain", "connect_message_qos", "disconnect_message_send", "disconnect_message_use_default",
    "disconnect_message_topic", "disconnect_message_payload", "disconnect_message_retain", "disconnect_message_qos",
    "activate_on_boot",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Status:
    """How the client is."""

    active: bool = False
    connected: bool = False
    problem: str | None = None
    connected_since_usec: int | None = None


class MqttClient:
    """The client."""

    def __init__(
        self, serial: str, path: Path, surroundings: Surroundings, delays: tuple[float, float] = DELAYS_SECONDS
    ) -> None:
        """`path`: the file of what waits. `delays`: seconds between connections, see connection.py."""
        self._serial = serial
        self._around = surroundings
        self._delays = delays
        self._logged: dict[str, float] = {}
        self._waiting = Waiting(path, surroundings.problem_of_disk)
        self._settings = ClientSettings()
        self._password = ""
        self._publisher = Publisher(Publication(), "", serial)
        self._publication = Publication()
        self._subscriptions: tuple[Subscription, ...] = ()
        self._asked: dict[int, list[str]] = {}
        """What the broker is being asked for, by packet id."""
        self._session: Session | None = None
        self._running: asyncio.Task[None] | None = None
        self._ending: set[asyncio.Task[None]] = set()
        self._announcing = Announcing(surroundings)
        self._outgoing = Outgoing(self._waiting)
        self._pace = Pace(surroundings.heard)
        self._missed = 0
        self.status = Status()

    # --- status ---

    @property
    def waiting(self) -> int:
        """How many messages wait for the broker."""
        return len(self._waiting)

    @property
    def dropped(self) -> int:
        """How many messages were dropped, because too many waited or arrived."""
        return self._waiting.dropped + self._missed

    def _say(self, **changes: object) -> None:
        former = self.status
        self.status = replace(former, **changes)  # type: ignore[arg-type] # the names are those of the fields
        if self.status != former:
            self._around.changed()

    # --- settings ---

    def apply(
        self,
        settings: ClientSettings,
        password: str,
        publication: Publication,
        subscriptions: tuple[Subscription, ...],
    ) -> None:
        """Put settings in force. The connection is made anew only where they concern it."""
        former, former_password = self._settings, self._password
        former_subscriptions, former_publication = self._subscriptions, self._publication
        prefix = settings.prefix(self._serial)
        if former != settings and self._connected:
            self._outgoing.now(self._announcing.withdrawn(settings))
        before = wanted(former_subscriptions, former.prefix(self._serial)) | self._announcing.filters(former)
        self._settings, self._password = settings, password
        self._publication, self._subscriptions = publication, subscriptions
        self._publisher = Publisher(publication, prefix, self._serial)
        self._forget({one for one in former_subscriptions if one.stateful} - set(subscriptions))
        changed = {name for name in settings.__slots__ if getattr(settings, name) != getattr(former, name)}
        if changed - _NEED_NO_RECONNECT or password != former_password:
            if self._running is not None:
                self._restart()
        elif self._connected and self._session is not None:
            self._resubscribe(self._session, before)
            if changed & _HOME_ASSISTANT or publication != former_publication:
                self._tell_present()
            self._pump()

    def _forget(self, gone: set[Subscription]) -> None:
        from axiod.bus.topics import MQTT_STATEFUL

        for one in gone:
            self._pace.forget(one.topic_filter)
            self._around.forgotten(MQTT_STATEFUL, {"subscription": one.topic_filter})

    @property
    def _connected(self) -> bool:
        return self._session is not None and self._session.connected

    # --- its life ---

    def start(self) -> None:
        """Connect, and stay connected. It is done when it returns; the connection comes later."""
        if self._running is not None and not self._running.done():
            return
        self._begin()
        self._say(active=True, problem=None)

    def _begin(self) -> None:
        if not self._settings.host:
            raise Conflict("no broker is chosen; set Host first")
        session = Session(
            self._settings,
            self._serial,
            self._password,
            self._around.credentials,
            self,
            self._delays,
        )
        self._session = session
        self._running = asyncio.get_running_loop().create_task(self._run(session))
        self._running.add_done_callback(self._ended)

    async def _run(self, session: Session) -> None:
        # What the former session still says goodbye with must not come after our greeting.
        if self._ending:
            await asyncio.wait(list(self._ending))
        session.restore(self._waiting.resume())
        await session.run()

    def _ended(self, running: asyncio.Task[None]) -> None:
        fault = None if running.cancelled() else running.exception()
        if fault is not None:
            _log.error("a fault of axiod in the MQTT client", exc_info=fault)
            self.lost("there was a fault in the MQTT client; see the log, and turn it on again")

    def _restart(self) -> None:
        """Leave the broker, and connect with other settings."""
        self._leave()
        try:
            self._begin()
        except Conflict as error:
            self._say(active=False, problem=str(error))

    def _leave(self) -> asyncio.Task[None] | None:
        session, running = self._session, self._running
        self._session = self._running = None
        self._disconnected()
        self._say(connected=False, connected_since_usec=None)
        if session is None or running is None:
            return None
        session.leave()
        ending = asyncio.get_running_loop().create_task(self._end(session, running))
        self._ending.add(ending)
        ending.add_done_callback(self._ending.discard)
        return ending

    async def _end(self, session: Session, running: asyncio.Task[None]) -> None:
        try:
            await session.say_goodbye(self._settings.disconnect_message(self._serial, _now()))
        finally:
            running.cancel()
            await asyncio.wait([running])

    async def stop(self) -> None:
        """Say goodbye and disconnect; return when that is done. What waits goes on waiting."""
        ending = self._leave()
        self._say(active=False, problem=None)
        if ending is not None:
            await asyncio.wait([ending])

    async def close(self) -> None:
        """Disconnect, and have on disk what waits."""
        await self.stop()
        if self._ending:
            await asyncio.wait(list(self._ending))
        await self._waiting.close()

    # --- what is published ---

    def event(self, event: Event, *, stateful: bool) -> None:
        """Publish an event, where a filter wants it. While the client is turned off, nothing is published later."""
        if self._running is None:
            return
        message = self._publisher.message(event, stateful=stateful)
        if message is not None:
            self._put(message)
        if self._connected:
            if stateful and self._announcing.is_new(event):
                self._outgoing.now(self._announcing.announced(self._settings))
            elif (state := self._announcing.state(event)) is not None:
                self._outgoing.latest(state)
        self._pump()

    def publish(self, message: Message) -> None:
        """Publish a message. Raises InvalidArgument for a wrong one, and Conflict while the client is turned off."""
        check_topic(message.topic)
        check_payload(message.payload)
        if self._running is None:
            raise Conflict("the MQTT client is turned off; turn it on first")
        self._put(message)
        self._pump()

    def present_changed(self) -> None:
        """Something appeared, went, or has another name: tell Home Assistant."""
        if self._connected and self._settings.home_assistant:
            self._outgoing.now(self._announcing.announced(self._settings))
            self._pump()

    def _put(self, message: Message) -> None:
        before = self._waiting.dropped
        self._waiting.put(message)
        if self._waiting.dropped != before or not self._connected:
            self._around.changed()

    def _pump(self) -> None:
        if self._session is not None:
            self._outgoing.pump(self._session)

    def _tell_present(self) -> None:
        """Have the present value of everything sent, after what waits now."""
        found = (self._publisher.message(event, stateful=True) for event in self._around.present())
        self._outgoing.now(message for message in found if message is not None)
        self._outgoing.now(self._announcing.announced(self._settings))
        self._outgoing.after_what_waits()

    # --- what a session tells ---

    def connected(self) -> None:
        """The broker took us in."""
        session = self._session
        if session is None:
            return
        self._disconnected()
        self._waiting.patient = True
        self._announcing.begin()
        greeting = self._settings.connect_message(self._serial, _now())
        # Also where the broker has kept the session: it may be that of another time.
        self._resubscribe(session, {})
        if greeting is not None:
            session.send(greeting, None)
        self._tell_present()
        self._say(connected=True, problem=None, connected_since_usec=wall_usec())
        self._log(logging.INFO, f"connected to the MQTT broker {self._settings.server().shown}")
        self._pump()

    def lost(self, problem: str) -> None:
        """There is no connection."""
        self._log(logging.WARNING, problem)
        self._disconnected()
        self._say(connected=False, problem=problem, connected_since_usec=None)

    def _log(self, level: int, text: str) -> None:
        """Log what happens; what happens again and again, once an hour."""
        now = time.monotonic()
        if now - self._logged.get(text, -_LOG_AGAIN_SECONDS) < _LOG_AGAIN_SECONDS:
            return
        if len(self._logged) >= _MOST_LOGGED:
            self._logged.clear()
        self._logged[text] = now
        _log.log(level, "%s", text)

    def _disconnected(self) -> None:
        self._waiting.patient = False
        self._outgoing.end()
        self._asked.clear()
        self._announcing.end()

    def room(self) -> None:
        """More can be sent."""
        self._pump()

    def acknowledged(self, id_: int) -> None:
        """The broker has a message."""
        self._waiting.acknowledged(id_)

    def releasing(self, id_: int, then: Callable[[], None]) -> None:
        """The broker has received a message of QoS 2."""
        self._waiting.releasing(id_, then)

    # --- subscriptions ---

    def _resubscribe(self, session: Session, former: dict[str, int]) -> None:
        """Ask the broker for what is wanted and was not, and for no more of what was and is not."""
        prefix = self._settings.prefix(self._serial)
        now = wanted(self._subscriptions, prefix) | self._announcing.filters(self._settings)
        gone = [filter_ for filter_ in former if filter_ not in now]
        new = {filter_: qos for filter_, qos in now.items() if former.get(filter_) != qos}
        if gone:
            session.unsubscribe(gone)
        # One after the other, so that one with a wrong answer does not take the others with it.
        for filter_, qos in new.items():
            id_ = session.subscribe({filter_: qos})
            if id_ is not None:
                self._asked[id_] = [filter_]

    def subscribed(self, id_: int, refused: list[int]) -> None:
        """The broker answered a subscription."""
        filters = self._asked.pop(id_, [])
        for filter_ in filters:
            self._announcing.subscribed(filter_)
        names = [filters[place] for place in refused if place < len(filters)]
        if names:
            self._say(problem=f"the broker refuses the subscription of {', '.join(names)[:200]}")

    def received(self, message: Received) -> None:
        """A message arrived."""
        if self._announcing.received(message, lambda answer: self._outgoing.now([answer])):
            self._pump()
            return
        heard = events(self._subscriptions, self._settings.prefix(self._serial), message)
        for event in heard:
            if not self._pace.take(event):
                self._missed += 1
                self._around.changed()


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
