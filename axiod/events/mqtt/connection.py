# SPDX-License-Identifier: Apache-2.0
"""One session with a broker, kept alive: connecting, again and again where it must be, and what goes both ways."""

from __future__ import annotations

import asyncio
import os
import random
import ssl
import struct
from typing import TYPE_CHECKING, Protocol

from axiod.errors import AxiodError
from axiod.events.mqtt import trust
from axiod.events.mqtt.link import Link
from axiod.events.mqtt.subscription import Throttle

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from axiod.events.mqtt.library import Paho, Wire
    from axiod.events.mqtt.message import Message, Received
    from axiod.events.mqtt.settings import ClientSettings, Server

DELAYS_SECONDS = (1.0, 60.0)
"""Before the first new connection after a loss, and at most; each is twice the one before it."""
_GOODBYE_SECONDS = 2.0
_MOST_UNSENT = 1 << 16
_PACKETS_PER_SECOND = 2_000.0
_NO_MQTT = (struct.error, ValueError, IndexError, KeyError, TypeError, AttributeError)
"""What the library raises for packets that are none."""


class Listener(Protocol):
    """Who is told what happens. Nothing of it waits."""

    def connected(self) -> None:
        """The broker took us in; what was on the way is on its way again."""

    def lost(self, problem: str) -> None:
        """There is no connection, or none any more."""

    def received(self, message: Received) -> None:
        """A message arrived."""

    def acknowledged(self, id_: int) -> None:
        """The broker has the message with this packet id."""

    def releasing(self, id_: int, then: Callable[[], None]) -> None:
        """The broker has received the message with this packet id; call `then` when that is remembered."""

    def subscribed(self, id_: int, refused: list[int]) -> None:
        """The broker answered a subscription: the places in it of what it refused."""

    def room(self) -> None:
        """More can be sent."""


class Session:
    """One session. run() is its life; after it, or when it was cancelled, nothing more is told."""

    def __init__(
        self,
        settings: ClientSettings,
        serial: str,
        password: str,
        credentials: Callable[[Server], Awaitable[trust.Credentials]],
        listener: Listener,
        delays: tuple[float, float] = DELAYS_SECONDS,
    ) -> None:
        """`credentials` looks up the certificates that a server needs; it may raise an AxiodError."""
        # Not before it is needed: it costs a process 10 MiB.
        from axiod.events.mqtt import library

        self._library = library
        self._settings = settings
        self._server = settings.server()
        self._credentials = credentials
        self._listener = listener
        self._first_delay, self._longest_delay = delays
        self._wanted = asyncio.Event()
        self._paho: Paho = library.Paho(
            settings, settings.id(serial), password, settings.last_will(serial), listener.releasing
        )
        self._paho.on_connect = lambda _client, _data, flags, reason, _properties: self._answered(
            flags.session_present, reason
        )
        self._paho.on_publish = lambda _client, _data, id_, _reason, _properties: self._done.append(id_)
        self._paho.on_message = lambda _client, _data, message: self._arrived.append(library.received(message))
        self._paho.on_subscribe = lambda _client, _data, id_, reasons, _properties: self._granted.append(
            (id_, [place for place, reason in enumerate(reasons) if reason.is_failure])
        )
        self._paho.on_socket_register_write = lambda _client, _data, _socket: self._wanted.set()
        self._paho.on_socket_close = lambda _client, _data, closed: self._closed(closed)
        self._link: Link | None = None
        self._wire: Wire | None = None
        self._refusal: str | None = None
        """What the broker said to our CONNECT: "" is yes; None until it said something."""
        self._arrived: list[Received | None] = []
        self._done: list[int] = []
        self._granted: list[tuple[int, list[int]]] = []
        self._idle = asyncio.Event()
        self._closing = False
        self._leaving = False
        self._pace = Throttle(_PACKETS_PER_SECOND, 2 * _PACKETS_PER_SECOND)
        self.connected = False

    def restore(self, messages: Mapping[int, tuple[Message, bool]]) -> None:
        """Take up what may have been sent before a restart; before run()."""
        self._paho.restore(messages)

    # --- its life ---

    async def run(self) -> None:
        """Connect, and connect again whenever that ends; returns only where that is not wanted."""
        loop = asyncio.get_running_loop()
        delay = self._first_delay
        while True:
            began = loop.time()
            self._refusal = None
            problem = await self._once()
            lasted = loop.time() - began if self.connected else 0.0
            self.connected = False
            # Nothing more will be acknowledged; whoever says goodbye need not wait for it.
            self._idle.set()
            if self._leaving:
                return
            if not self._settings.auto_reconnect:
                self._listener.lost(f"{problem}; AutoReconnect is off, so turn the client on again to connect")
                return
            self._listener.lost(problem)
            # Whoever takes us in and throws us out again gets no more of our time than who is not there.
            if lasted > delay:
                delay = self._first_delay
            await asyncio.sleep(delay * random.uniform(0.5, 1.0))  # noqa: S311 # only spreads the load
            delay = min(2 * delay, self._longest_delay)

    async def _once(self) -> str:
        """Connect, stay connected as long as it goes, and return why it ended."""
        wire: Wire | None = None
        tasks: list[asyncio.Task[None]] = []
        try:
            async with asyncio.timeout(self._server.timeout_seconds):
                tls = await self._tls() if self._server.tls else None
                self._link = link = await Link.open(self._server, tls)
                wire = self._wire = self._library.Wire(link.send)
                self._paho.connect_over(wire)
                tasks = [asyncio.create_task(self._write(link)), asyncio.create_task(self._beat(wire))]
                while not self._is_answered:
                    await self._step(link, wire)
            while True:
                await self._step(link, wire)
        except (OSError, AxiodError) as error:
            if self._refusal:
                return f"the broker {self._server.shown} refuses: {self._refusal}"
            reason = wire.reason if wire is not None else ""
            return _explained(error, self._server, reason, answered=self._is_answered, alpn=self._alpn())
        finally:
            for task in tasks:
                task.cancel()
            if wire is not None:
                wire.close()
            if self._link is not None:
                self._link.close()
                self._link = None

    @property
    def _is_answered(self) -> bool:
        return self._refusal is not None

    def _alpn(self) -> str | None:
        return self._link.alpn if self._link is not None else None

    async def _tls(self) -> ssl.SSLContext:
        credentials = await self._credentials(self._server)
        return await asyncio.to_thread(trust.context, self._server, credentials)

    async def _step(self, link: Link, wire: Wire) -> None:
        """Handle what arrives next, and let the rest of the service have its turn."""
        data = await link.read()
        wire.feed(data)
        now = asyncio.get_running_loop().time
        while wire.unread:
            passes = self._pace.take(now())
            try:
                self._paho.loop_read()
            except _NO_MQTT:
                wire.reason = wire.reason or "what it sent is no MQTT"
                wire.close()
            self._tell()
            if wire.closed:
                raise ConnectionError(wire.reason or "the session ended")
            if self._paho.unreleased > self._library.MOST_UNRELEASED:
                wire.reason = "it sent too many messages of QoS 2 without releasing them"
                raise ConnectionError(wire.reason)
            if not passes:
                await asyncio.sleep(self._pace.wait())
        # Who does not read what we answer is not listened to either.
        await link.drain()
        await asyncio.sleep(0)

    def _tell(self) -> None:
        """Tell what the library found."""
        if self._refusal == "" and not self.connected and not self._leaving:
            self.connected = True
            self._listener.connected()
        done, self._done = self._done, []
        for id_ in done:
            if id_:
                self._listener.acknowledged(id_)
        granted, self._granted = self._granted, []
        for id_, refused in granted:
            self._listener.subscribed(id_, refused)
        arrived, self._arrived = self._arrived, []
        for message in arrived:
            if message is not None:
                self._listener.received(message)
        if done and self.connected:
            self._listener.room()
        if self._paho.on_the_way == 0:
            self._idle.set()

    async def _write(self, link: Link) -> None:
        while True:
            await self._wanted.wait()
            self._wanted.clear()
            self._paho.loop_write()
            try:
                await link.drain()
            except OSError:
                return  # whoever reads sees it, too
            if self._paho.want_write():
                self._wanted.set()
            elif self.connected:
                self._listener.room()

    async def _beat(self, wire: Wire) -> None:
        """Have the library look whether the broker still answers."""
        every = max(0.05, self._settings.keep_alive_sec / 4)
        while True:
            await asyncio.sleep(every)
            self._paho.loop_misc()
            if wire.closed and not wire.reason:
                wire.reason = f"it did not answer for {self._settings.keep_alive_sec} s"

    def _answered(self, session_present: bool, reason: object) -> None:
        """Take the answer to CONNECT. After it the library sends again what was on its way."""
        refused = getattr(reason, "is_failure", False)
        self._refusal = self._library.refusal(reason) if refused else ""
        if not refused and not session_present:
            self._paho.forget_session()

    def _closed(self, wire: object) -> None:
        # The library closes the former one when it connects again.
        if wire is self._wire and self._link is not None and not self._closing:
            self._link.close()

    # --- what goes out ---

    @property
    def has_room(self) -> bool:
        """Whether a message can be handed over now."""
        return self.connected and self._link is not None and self._link.unsent < _MOST_UNSENT

    @property
    def on_the_way(self) -> int:
        """How many messages the broker has not acknowledged."""
        return self._paho.on_the_way

    def send(self, message: Message, id_: int | None) -> bool:
        """Hand a message over, with its packet id or with one that is made up; False when it was not taken."""
        self._idle.clear()
        return self._paho.send(message, id_)

    def subscribe(self, filters: Mapping[str, int]) -> int | None:
        """Subscribe to filters with their QoS; return the packet id, None when there is no connection."""
        _, id_ = self._paho.subscribe(list(filters.items()))
        return id_

    def unsubscribe(self, filters: list[str]) -> None:
        """Have no more messages of filters."""
        self._paho.unsubscribe(filters)

    def leave(self) -> None:
        """Connect no more, and tell nothing of connections any more; say_goodbye() comes next."""
        self._leaving = True

    async def say_goodbye(self, message: Message | None) -> None:
        """Send a last message and disconnect, while run() runs; gives up after 2 s."""
        if not self.connected or self._link is None:
            return
        link = self._link
        try:
            async with asyncio.timeout(_GOODBYE_SECONDS):
                if message is not None and self.send(message, None) and message.qos:
                    await self._idle.wait()
                self._closing = True
                self._paho.disconnect()
                self._paho.loop_write()
                await link.finish()
        except (OSError, TimeoutError):
            pass  # then it is lost, as in any other loss
        finally:
            self._closing = False


def _explained(error: Exception, server: Server, reason: str, *, answered: bool, alpn: str | None) -> str:
    """Return in one sentence why there is no connection."""
    broker = f"the broker {server.shown}"
    if isinstance(error, AxiodError):
        return str(error)
    if reason:
        return f"{broker} was left: {reason}"
    if isinstance(error, TimeoutError) and not answered:
        text = f"{broker} did not answer within {server.timeout_seconds:g} s"
    elif isinstance(error, ssl.SSLCertVerificationError):
        text = f"the certificate of {broker} is not trusted: {error.verify_message}"
    elif isinstance(error, ssl.SSLError):
        text = f"{broker} and this device do not agree on TLS: {error.reason or error}"
    elif not server.proxy and not answered and type(error).__name__ == "gaierror":
        text = f"{broker} is not found by its name; look at Host, and at the DNS servers of this device"
    else:
        why = os.strerror(error.errno) if isinstance(error, OSError) and error.errno else str(error)
        text = f"{broker} is not reached: {why}" if not answered else f"{broker} was lost: {why}"
    if server.alpn and not answered and alpn != server.alpn and not isinstance(error, ssl.SSLCertVerificationError):
        text += "; it may not take this AlpnProtocol"
    return text
