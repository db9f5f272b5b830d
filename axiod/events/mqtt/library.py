# SPDX-License-Identifier: Apache-2.0
"""paho-mqtt, made to fit: the only module that imports it. Import this one when a client is needed, not before.

paho speaks MQTT 3.1.1 and keeps the session; bytes come and go through a Wire, which asyncio fills and empties. So
nothing of it waits, and nothing needs a thread. Four of its private members are used, because it has no public ones
for this; tests/events/mqtt/test_library.py names them:

_create_socket()   returns the Wire
_mid_generate()    the packet id of a message is that of the one who hands it over, the same after a restart
_send_pubrel()     is told before it is done: what is about to be released must be remembered first
_out_messages      what is on its way, filled after a restart; _in_messages, what the broker has not released
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from paho.mqtt.client import (
    Client,
    MQTTMessage,
    MQTTMessageInfo,
    mqtt_ms_publish,
    mqtt_ms_wait_for_pubcomp,
)
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode

from axiod.events.mqtt.message import LARGEST_PAYLOAD, LONGEST_TOPIC, Message, Received

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from axiod.events.mqtt.settings import ClientSettings

LARGEST_PACKET = LARGEST_PAYLOAD + LONGEST_TOPIC + 8
MOST_UNRELEASED = 64
"""So many messages of QoS 2 a broker may send without releasing them, 16 MiB at the most."""
LAST_OWN_ID = 60_000
"""Packet ids of messages are 1 to this; those above are for subscriptions."""


class TooMuch(ConnectionError):
    """The broker sent more than this client takes."""


class Wire:
    """A connection as paho sees it: a socket that never blocks."""

    def __init__(self, send: Callable[[bytes], bool]) -> None:
        """`send` takes bytes, or returns False when there is no room for them now."""
        self._send = send
        self._bytes = b""
        self._place = 0
        self.closed = False
        self.reason = ""
        """Why it was closed, where this side did it."""

    def feed(self, data: bytes) -> None:
        """Take what arrived."""
        self._bytes = self._bytes[self._place :] + data
        self._place = 0

    @property
    def unread(self) -> int:
        """How many bytes are there that were not read."""
        return 0 if self.closed else len(self._bytes) - self._place

    def recv(self, size: int) -> bytes:
        """Return what is there, at most `size` bytes; raises BlockingIOError where there is nothing."""
        if size > LARGEST_PACKET:
            self.reason = f"it sent a packet of more than {LARGEST_PACKET} bytes"
            raise TooMuch(self.reason)
        if not self.unread:
            raise BlockingIOError
        piece = self._bytes[self._place : self._place + size]
        self._place += len(piece)
        return piece

    def send(self, data: bytes) -> int:
        """Take all bytes; raises BlockingIOError when there is no room."""
        if self.closed:
            raise ConnectionError("closed")
        if not self._send(bytes(data)):
            raise BlockingIOError
        return len(data)

    def close(self) -> None:
        """Close it."""
        self.closed = True
        self._bytes = b""
        self._place = 0

    def setblocking(self, flag: bool) -> None:  # as paho calls it
        """It never blocks."""

    def fileno(self) -> int:
        """It has none."""
        return -1


class Paho(Client):
    """One session with a broker, over as many connections as it takes."""

    def __init__(
        self,
        settings: ClientSettings,
        client_id: str,
        password: str,
        will: Message | None,
        releasing: Callable[[int, Callable[[], None]], None],
    ) -> None:
        """`releasing` gets a packet id that is about to be released, and what to call when it is remembered."""
        super().__init__(
            CallbackAPIVersion.VERSION2,
            client_id,
            settings.clean_session,
            # Otherwise it would try older protocols, and other ids, by itself.
            reconnect_on_failure=False,
        )
        self._releasing = releasing
        self._wire: Wire | None = None
        self._given: int | None = None
        # The one who hands messages over sees to it that there are not too many.
        self.max_inflight_messages_set(0)
        if settings.username:
            self.username_pw_set(settings.username, password or None)
        if will is not None:
            self.will_set(will.topic, will.payload, will.qos, will.retain)
        server = settings.server()
        self.connect_async(server.host, server.port, settings.keep_alive_sec)

    def connect_over(self, wire: Wire) -> None:
        """Begin a connection over a wire: the CONNECT packet is ready to be written."""
        self._wire = wire
        self.reconnect()

    def send(self, message: Message, id_: int | None) -> bool:
        """Hand a message over, with its packet id or with one that is made up; False when it was not taken."""
        self._given = id_ if message.qos else None
        try:
            info: MQTTMessageInfo = self.publish(message.topic, message.payload, message.qos, message.retain)
        finally:
            self._given = None
        return info.rc == MQTTErrorCode.MQTT_ERR_SUCCESS

    def restore(self, messages: Mapping[int, tuple[Message, bool]]) -> None:
        """Take up messages by packet id that may have been sent before a restart, and whether they were released."""
        for id_, (message, released) in messages.items():
            kept = MQTTMessage(id_, message.topic.encode())
            kept.payload, kept.qos, kept.retain, kept.dup = message.payload, message.qos, message.retain, True
            # Of this reconnect() makes what is to be sent.
            kept.state = mqtt_ms_wait_for_pubcomp if released else mqtt_ms_publish
            self._out_messages[id_] = kept

    def forget_session(self) -> None:
        """The broker knows nothing of what it received, not even of what was about to be released: send that again."""
        for kept in self._out_messages.values():
            kept.state = mqtt_ms_publish
        self._in_messages.clear()

    @property
    def on_the_way(self) -> int:
        """How many messages the broker has not acknowledged."""
        return len(self._out_messages)

    @property
    def unreleased(self) -> int:
        """How many messages the broker sent and did not release."""
        return len(self._in_messages)

    def _create_socket(self) -> Any:  # a Wire; what paho expects differs from version to version
        if self._wire is None:
            raise ConnectionError("there is no wire")
        return self._wire

    def _mid_generate(self) -> int:
        if self._given is not None:
            return self._given
        self._last_mid = max(self._last_mid + 1, LAST_OWN_ID + 1)
        if self._last_mid > 0xFFFF:
            self._last_mid = LAST_OWN_ID + 1
        return self._last_mid

    def _send_pubrel(self, mid: int) -> MQTTErrorCode:
        wire = self._wire

        def remembered() -> None:
            # It may have taken so long that there is another connection; that one has sent it itself.
            if wire is not None and wire is self._wire and not wire.closed:
                super(Paho, self)._send_pubrel(mid)

        self._releasing(mid, remembered)
        return MQTTErrorCode.MQTT_ERR_SUCCESS


def received(message: MQTTMessage) -> Received | None:
    """Return a message that arrived; None for one whose topic is none."""
    try:
        topic = message.topic
    except UnicodeDecodeError:
        return None
    if "\0" in topic:
        return None
    return Received(topic, bytes(message.payload), message.retain)


REFUSALS: Mapping[int, str] = {
    0x84: "it does not speak MQTT 3.1.1",
    0x85: "it does not take this ClientId",
    0x86: "it does not take this Username and password",
    0x87: "it does not allow this client",
    0x88: "it is not available now",
}
"""What a broker says that refuses, by the reason code that paho makes of it."""


def refusal(reason: Any) -> str:
    """Return why a broker refused, as the end of a sentence."""
    return REFUSALS.get(reason.value, f"it said {str(reason)[:60]!r}")
