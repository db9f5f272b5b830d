# SPDX-License-Identifier: Apache-2.0
"""One connection to the bus: calls with a time limit, signals, names, and the end of it."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from axiod.bus import _lib
from axiod.bus._lib import CALL, ERROR, NO_REPLY, REPLY, SIGNAL, Message
from axiod.bus.writer import Writer
from axiod.errors import Conflict, Timeout, Unavailable, from_dbus

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

_log = logging.getLogger(__name__)

CALL_SECONDS = 5.0
_BUS = "org.freedesktop.DBus"
_BUS_PATH = "/org/freedesktop/DBus"
_PEER = "org.freedesktop.DBus.Peer"
_MACHINE_ID = Path("/etc/machine-id")
_DO_NOT_QUEUE = 4
_PRIMARY_OWNER = 1
_FIRST_SERIAL = 1 << 16
"""The library's own few messages count from 1."""
_LAST_SERIAL = (1 << 32) - 1


@dataclass(frozen=True, slots=True)
class Subscription:
    """Which signals somebody wants."""

    sender: str
    """The well-known name of the service."""
    interface: str
    member: str
    root: str
    """The object, or an ancestor of the objects, that send them."""
    callback: Callable[[Message], None]
    directed: bool = False
    """Those as well that were sent to this connection alone; then the callback must look at the sender itself."""

    @property
    def signal(self) -> tuple[str, str]:
        """The interface and the member of the signals."""
        return self.interface, self.member

    @property
    def rule(self) -> str:
        """The match rule of the bus."""
        return (
            f"type='signal',sender='{self.sender}',interface='{self.interface}',member='{self.member}',"
            f"path_namespace='{self.root}'"
        )

    def takes(self, path: str) -> bool:
        """Whether a signal of its interface and member is one of them; the sender is left to the bus."""
        return path == self.root or path.startswith(self.root.rstrip("/") + "/")


class Connection:
    """A connection to a bus. One event loop, no threads."""

    def __init__(self, bus: _lib.MessageBus, timeout: float) -> None:
        """Take over a bus that is connected; use open() instead."""
        self.timeout = timeout
        """How long a call waits for its answer unless it says otherwise, seconds."""
        self._bus = bus
        self._loop = asyncio.get_running_loop()
        self._serial = _FIRST_SERIAL
        self._pending: dict[int, asyncio.Future[Message]] = {}
        self._subscriptions: dict[tuple[str, str], list[Subscription]] = {}
        """By interface and member."""
        self._handler: Callable[[Message], bool] | None = None
        self._drained: list[Callable[[], None]] = []
        self._writer = Writer(_lib.socket_of(bus), self._lost, self._on_drained)
        self.closed: asyncio.Future[Exception | None] = self._loop.create_future()
        """Done when the connection ended: with None when close() ended it, else with the reason."""
        bus.add_message_handler(self._on_message)
        self._watch = self._loop.create_task(self._wait_for_end())

    @classmethod
    async def open(cls, address: str | None = None, timeout: float = CALL_SECONDS) -> Connection:
        """Connect to the bus at an address, or to the system bus; raises Unavailable.

        `timeout`: how long to wait for that, and later for the answer to each call, seconds.
        """
        try:
            async with asyncio.timeout(timeout):
                return cls(await _lib.connect(address), timeout)
        except Exception as error:
            where = f"the bus at {address}" if address else "the system bus"
            raise Unavailable(f"cannot connect to {where}: {str(error) or type(error).__name__}") from error

    @property
    def unique_name(self) -> str:
        """The name that the bus gave to this connection."""
        return self._bus.unique_name or ""

    @property
    def congested(self) -> bool:
        """The bus does not take what is sent; hold back what can be told later in one word."""
        return self._writer.congested

    @property
    def pending_bytes(self) -> int:
        """What waits to be sent, bytes."""
        return self._writer.pending

    def on_drained(self, callback: Callable[[], None]) -> None:
        """Have a function called whenever everything that waited in a congestion was sent."""
        self._drained.append(callback)

    def serve(self, handler: Callable[[Message], bool] | None) -> None:
        """Have method calls handled by a function; it returns False for those that it does not know."""
        self._handler = handler

    def send(self, message: Message) -> None:
        """Send a message; never waits. Nothing is sent once the connection has ended."""
        if not message.serial:
            message.serial = self._next_serial()
        self._writer.write(message._marshall(negotiate_unix_fd=False))

    def gathered(self) -> AbstractContextManager[None]:
        """Send all messages of this context in one piece, so that whoever gets several of them is woken once."""
        return self._writer.gathered()

    async def call(
        self,
        destination: str,
        path: str,
        interface: str,
        member: str,
        signature: str = "",
        body: list[Any] | None = None,
        timeout: float | None = None,
    ) -> list[Any]:
        """Call a method and return what it answers.

        Raises the AxiodError that the reply stands for, Timeout after `timeout` seconds (by default those of the
        connection), Unavailable when the connection has ended.
        """
        seconds = self.timeout if timeout is None else timeout
        if self.closed.done():
            raise Unavailable("the connection to the bus has ended")
        message = Message(
            destination=destination,
            path=path,
            interface=interface,
            member=member,
            signature=signature,
            body=body or [],
        )
        message.serial = self._next_serial()
        future: asyncio.Future[Message] = self._loop.create_future()
        self._pending[message.serial] = future
        try:
            self.send(message)
            await asyncio.wait((future,), timeout=seconds)
        finally:
            del self._pending[message.serial]
        if not future.done():
            raise Timeout(f"{destination} did not answer {member} within {seconds:g} s")
        reply = future.result()
        if reply.message_type is ERROR:
            raise from_dbus(reply.error_name or "", str(reply.body[0]) if reply.body else "")
        return list(reply.body)

    async def request_name(self, name: str) -> None:
        """Own a well-known name; raises Conflict when somebody else does."""
        code = (await self.call(_BUS, _BUS_PATH, _BUS, "RequestName", "su", [name, _DO_NOT_QUEUE]))[0]
        if code != _PRIMARY_OWNER:
            owner = (await self.call(_BUS, _BUS_PATH, _BUS, "GetNameOwner", "s", [name]))[0]
            pid = (await self.call(_BUS, _BUS_PATH, _BUS, "GetConnectionUnixProcessID", "s", [owner]))[0]
            raise Conflict(f"the bus name {name} is taken by process {pid}; stop it first")

    async def has_owner(self, name: str) -> bool:
        """Whether somebody has a name now; nobody is started by asking."""
        return bool((await self.call(_BUS, _BUS_PATH, _BUS, "NameHasOwner", "s", [name]))[0])

    async def release_name(self, name: str) -> None:
        """Own a name no more; what was sent to it before has arrived when this returns."""
        await self.call(_BUS, _BUS_PATH, _BUS, "ReleaseName", "s", [name])

    async def subscribe(self, subscription: Subscription) -> None:
        """Have a function called for each signal of a kind."""
        self._subscriptions.setdefault(subscription.signal, []).append(subscription)
        await self.call(_BUS, _BUS_PATH, _BUS, "AddMatch", "s", [subscription.rule])

    async def unsubscribe(self, subscription: Subscription) -> None:
        """Have it called no more."""
        self._subscriptions[subscription.signal].remove(subscription)
        await self.call(_BUS, _BUS_PATH, _BUS, "RemoveMatch", "s", [subscription.rule])

    async def flush(self) -> None:
        """Wait until the bus has taken everything that was sent before."""
        await self.call(_BUS, _BUS_PATH, _BUS, "GetId")

    async def close(self) -> None:
        """End the connection; calls under way raise Unavailable."""
        self._end(None)
        if not self._watch.done():
            self._bus.disconnect()
        await self._watch

    async def _wait_for_end(self) -> None:
        try:
            await _lib.disconnected(self._bus)
        except Exception as error:  # noqa: BLE001 # the library raises whatever ended the connection
            self._end(error if str(error) else ConnectionError("the bus went away"))
        else:
            self._end(None)
        finally:
            _lib.release(self._bus)

    def _lost(self, error: OSError) -> None:
        self._end(error)
        self._bus.disconnect()

    def _next_serial(self) -> int:
        # 32 bits on the wire: a service that runs for years comes round.
        self._serial = self._serial + 1 if self._serial < _LAST_SERIAL else _FIRST_SERIAL
        return self._serial

    def _end(self, error: Exception | None) -> None:
        self._writer.close()
        if not self.closed.done():
            self.closed.set_result(error)
        for future in self._pending.values():
            if not future.done():
                future.set_exception(Unavailable("the connection to the bus has ended"))

    def _on_drained(self) -> None:
        for callback in self._drained:
            callback()

    def _on_message(self, message: Message) -> bool:
        kind = message.message_type
        if kind is CALL:
            # Never left to the library: its own writer would write into the middle of what waits in ours.
            if not (self._handler and self._handler(message)):
                self._answer(message)
            return True
        if kind is SIGNAL:
            # The match rules name the sender, and the bus holds broadcasts against them; but anybody may send a signal
            # to one destination past all rules, and nobody of ours does.
            path = message.path or ""
            for subscription in self._subscriptions.get((message.interface or "", message.member or ""), ()):
                if (subscription.directed or not message.destination) and subscription.takes(path):
                    try:
                        subscription.callback(message)
                    except Exception:  # noqa: BLE001 # whatever it raises must not keep the signal from the others
                        _log.exception("%s of %s could not be handled", message.member, subscription.sender)
            return True
        if kind in (REPLY, ERROR):
            future = self._pending.get(message.reply_serial)
            if future is None:
                return False
            if not future.done():
                future.set_result(message)
        return True

    def _answer(self, message: Message) -> None:
        """Answer a call that nobody handles: org.freedesktop.DBus.Peer, which everybody on a bus has, or an error."""
        if not wants_reply(message):
            return
        if message.interface == _PEER and message.member == "Ping":
            reply = Message.new_method_return(message)
        elif message.interface == _PEER and message.member == "GetMachineId":
            machine = _MACHINE_ID.read_text().strip() if _MACHINE_ID.exists() else ""
            reply = Message.new_method_return(message, "s", [machine])
        else:
            text = f"there is no method {message.member} of {message.interface or 'any interface'} at {message.path}"
            reply = Message.new_error(message, _BUS + ".Error.UnknownMethod", text)
        self.send(reply)


def wants_reply(message: Message) -> bool:
    """Whether a method call is to be answered."""
    return not int(message.flags) & int(NO_REPLY)


__all__ = ["CALL_SECONDS", "Connection", "Subscription", "wants_reply"]
