# SPDX-License-Identifier: Apache-2.0
"""Objects on the bus: dispatch, properties, object manager.

A handler is a plain object, see exported.py. The server keeps what it told the bus, and on changed() tells what
differs: each change once, and Get, GetAll and GetManagedObjects never say anything else than the signals did.
"""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import logging
import time
from collections import Counter
from typing import TYPE_CHECKING, Any

from axiod.bus import interface as contract
from axiod.bus import introspection
from axiod.bus._lib import NO_REPLY, SIGNAL, Message, Variant
from axiod.bus.arguments import shown
from axiod.bus.caller import Caller, Callers, Role, caller
from axiod.bus.connection import Connection, wants_reply
from axiod.bus.exported import BoundMethod, Call, Exported
from axiod.bus.first_step import begin
from axiod.bus.freshness import Freshness
from axiod.bus.signature import to_wire
from axiod.errors import AxiodError, Busy, Internal, LimitReached, NotAuthorized, NotFound

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine
    from contextlib import AbstractContextManager

_log = logging.getLogger(__name__)

_STANDARD = "org.freedesktop.DBus."
_PROPERTIES = _STANDARD + "Properties"
_MANAGER = _STANDARD + "ObjectManager"
_INTROSPECTABLE = _STANDARD + "Introspectable"
_IN_FLIGHT = 256
"""So many calls of one caller may be under way at once."""
_CLOSE_SECONDS = 2.0


class Server:
    """The objects of one service below one root path."""

    def __init__(self, connection: Connection, root: str) -> None:
        self._connection = connection
        self._root = root
        self._objects: dict[str, dict[str, Exported]] = {}
        self._callers = Callers(connection)
        self._freshness = Freshness(connection)
        self._unidentified: dict[str, list[Call]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._in_flight: Counter[str] = Counter()
        self._closing = False
        self._held_back: dict[tuple[str, str], dict[str, Variant | None]] = {}
        self.called_at = 0.0
        """When somebody called last, on the monotonic clock in seconds; 0.0: nobody did."""
        connection.serve(self._on_call)
        connection.on_drained(self._tell_held_back)

    def export(self, path: str, interface: str | contract.Interface, handler: object) -> None:
        """Put one interface on an object at or below the root: one of the contract by its name, or any other.

        Raises AttributeError if the handler lacks a member, ValueError for what is no path.
        """
        if path != self._root and not to_wire("o")(path).startswith(self._root + "/"):
            raise ValueError(f"{path} is not below {self._root}")
        exported = Exported(contract.load(interface) if isinstance(interface, str) else interface, handler)
        name = exported.interface.name
        self._objects.setdefault(path, {})[name] = exported
        if path != self._root:
            self._signal(self._root, _MANAGER, "InterfacesAdded", "oa{sa{sv}}", [path, {name: exported.told}])

    def unexport(self, path: str) -> None:
        """Take an object away."""
        interfaces = self._objects.pop(path)
        for interface in interfaces:
            self._held_back.pop((path, interface), None)
        self._signal(self._root, _MANAGER, "InterfacesRemoved", "oas", [path, list(interfaces)])

    def changed(self, path: str, interface: str) -> None:
        """Tell the bus which properties differ from what it was told last; nothing when none does."""
        changed, invalidated = self._objects[path][interface].refresh()
        if not changed and not invalidated:
            return
        if self._holding_back:
            held = self._held_back.setdefault((path, interface), {})
            held.update(changed)
            held.update(dict.fromkeys(invalidated))
            return
        self._signal(path, _PROPERTIES, "PropertiesChanged", "sa{sv}as", [interface, changed, invalidated])

    def gathered(self) -> AbstractContextManager[None]:
        """Tell what is told within this context in one piece, in its order."""
        return self._connection.gathered()

    def emit(self, path: str, interface: str, member: str, *arguments: Any) -> bool:
        """Send a signal of an exported interface; returns False when it was dropped because the bus takes nothing."""
        if self._holding_back:
            return False
        signature, wires = self._objects[path][interface].signals[member]
        body = [wire(value) for wire, value in zip(wires, arguments, strict=True)]
        self._signal(path, interface, member, signature, body)
        return True

    def on_drained(self, callback: Callable[[], None]) -> None:
        """Have a function called when the bus takes signals again, after the properties held back were told."""
        self._connection.on_drained(callback)

    @property
    def working(self) -> bool:
        """Whether a call is under way."""
        return bool(self._tasks)

    async def close(self) -> None:
        """Take no more calls, and finish those under way; what needs more than 2 s is ended."""
        self._freshness.close()
        self._closing = True
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_CLOSE_SECONDS):
                while self._tasks:
                    await asyncio.wait(self._tasks)
        late = list(self._tasks)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)

    # --- signals ---

    @property
    def _holding_back(self) -> bool:
        """Nothing may overtake what was held back, so it ends only when everything was told."""
        return bool(self._held_back) or self._connection.congested

    def _signal(self, path: str, interface: str, member: str, signature: str, body: list[Any]) -> None:
        self._connection.send(
            Message(
                message_type=SIGNAL,
                flags=NO_REPLY,
                path=path,
                interface=interface,
                member=member,
                signature=signature,
                body=body,
            )
        )

    def _tell_held_back(self) -> None:
        held, self._held_back = self._held_back, {}
        for (path, interface), values in held.items():
            changed = {name: value for name, value in values.items() if value is not None}
            invalidated = [name for name, value in values.items() if value is None]
            self._signal(path, _PROPERTIES, "PropertiesChanged", "sa{sv}as", [interface, changed, invalidated])

    # --- calls ---

    def _on_call(self, message: Message) -> bool:
        interface, member = message.interface or "", message.member or ""
        self.called_at = time.monotonic()
        try:
            if interface.startswith(_STANDARD):
                answer = self._standard(message.path or "", interface, member, message)
                if answer is None:
                    return False
                self._reply(message, *answer)
                return True
            method = self._method(message.path or "", interface, member)
            if self._closing:
                raise Busy("the service is stopping; ask again when it is back")
            call = Call(message, method, self._freshness.arrived() if method.deadline_at is not None else 0)
            if method.role is Role.VIEWER:
                self._carry_out(call, None)
            else:
                self._carry_out_in_order(call)
        except Exception as error:  # noqa: BLE001 # see there
            self._failed(message, error)
        return True

    def _method(self, path: str, interface: str, member: str) -> BoundMethod:
        interfaces = self._objects.get(path)
        if interfaces is None:
            raise _Unknown("UnknownObject", f"there is no object {path}")
        if not interface:
            found = [item.methods[member] for item in interfaces.values() if member in item.methods]
            if not found:
                raise _Unknown("UnknownMethod", f"{path} has no method {member}")
            return found[0]
        exported = interfaces.get(interface)
        if exported is None:
            raise _Unknown("UnknownInterface", f"{path} has no interface {interface}")
        method = exported.methods.get(member)
        if method is None:
            raise _Unknown("UnknownMethod", f"{interface} has no method {member}")
        return method

    def _carry_out_in_order(self, call: Call) -> None:
        """Carry out a call as soon as it is known who calls; those that wait for it stay in order."""
        sender = call.message.sender or ""
        waiting = self._unidentified.get(sender)
        if waiting is not None:
            if len(waiting) >= _IN_FLIGHT:
                raise _too_many(sender)
            waiting.append(call)
        elif who := self._callers.known(sender):
            self._carry_out(call, who)
        else:
            self._unidentified[sender] = [call]
            self._spawn(self._identify(sender))

    async def _identify(self, sender: str) -> None:
        try:
            who = await self._callers.find(sender)
        except Exception as error:  # noqa: BLE001 # see _failed
            for call in self._unidentified.pop(sender):
                self._failed(call.message, error)
            return
        for call in self._unidentified.pop(sender):
            try:
                self._carry_out(call, who)
            except Exception as error:  # noqa: BLE001 # see _failed
                self._failed(call.message, error)

    def _carry_out(self, call: Call, who: Caller | None) -> None:
        """Check and call; a handler that waits goes on in a task of its own."""
        message, method = call.message, call.method
        if who is not None and who.role < method.role and not who.is_one_of(method.users):
            raise NotAuthorized(
                f"{method.name} needs the role {method.role.name.lower()}; user {who.uid} is {who.role.name.lower()}"
            )
        sender = message.sender or ""
        if self._in_flight[sender] >= _IN_FLIGHT:
            raise _too_many(sender)
        arguments = method.arguments(message, call.limit)
        former = caller.set(who)
        try:
            result = method.call(*arguments)
            if inspect.iscoroutine(result):
                result, rest = begin(result)
                if rest is not None:
                    self._in_flight[sender] += 1
                    self._spawn(self._finish(message, method, rest)).add_done_callback(lambda _: self._landed(sender))
                    return
        finally:
            caller.reset(former)
        if wants_reply(message):
            self._reply(message, method.out_signature, method.reply(result))

    async def _finish(self, message: Message, method: BoundMethod, result: Awaitable[Any]) -> None:
        try:
            value = await result
            if wants_reply(message):
                self._reply(message, method.out_signature, method.reply(value))
        except asyncio.CancelledError:
            self._refuse(message, Internal(f"{method.name} was broken off as the service stopped; ask for its state"))
            raise
        except Exception as error:  # noqa: BLE001 # see _failed
            self._failed(message, error)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def _landed(self, sender: str) -> None:
        self._in_flight[sender] -= 1
        if not self._in_flight[sender]:
            del self._in_flight[sender]

    def _failed(self, message: Message, error: Exception) -> None:
        """Answer an error. Whatever else a handler raises goes to the log, and the caller gets no traceback."""
        if not isinstance(error, AxiodError):
            _log.error("%s.%s failed", message.interface, message.member, exc_info=error)
            error = Internal("a fault of axiod; its log says more")
        self._refuse(message, error)

    def _reply(self, message: Message, signature: str, body: list[Any]) -> None:
        if wants_reply(message):
            self._connection.send(Message.new_method_return(message, signature, body))

    def _refuse(self, message: Message, error: AxiodError) -> None:
        if wants_reply(message):
            # A text may quote anything, for example a file name; not all of it can stand in a message.
            text = str(error).encode(errors="replace").decode().replace("\0", "?")
            self._connection.send(Message.new_error(message, error.dbus_name, text))

    # --- the standard interfaces ---

    def _standard(self, path: str, interface: str, member: str, message: Message) -> tuple[str, list[Any]] | None:
        if interface == _INTROSPECTABLE and member == "Introspect":
            return "s", [self._introspect(path)]
        if interface == _PROPERTIES:
            return self._properties(path, member, message)
        if interface == _MANAGER and member == "GetManagedObjects":
            if path != self._root:
                raise _Unknown("UnknownInterface", f"the object manager is at {self._root}, not at {path}")
            managed = {
                child: {name: item.told for name, item in interfaces.items()}
                for child, interfaces in self._objects.items()
                if child != self._root
            }
            return "a{oa{sa{sv}}}", [managed]
        return None

    def _introspect(self, path: str) -> str:
        interfaces = self._objects.get(path)
        prefix = path.rstrip("/") + "/"
        children = sorted({p[len(prefix) :].partition("/")[0] for p in self._objects if p.startswith(prefix)})
        if interfaces is None and not children:
            raise _Unknown("UnknownObject", f"there is no object {path}")
        own = [item.interface.xml for item in interfaces.values()] if interfaces else []
        return introspection.node(own, children, properties=bool(own), manager=path == self._root)

    def _properties(self, path: str, member: str, message: Message) -> tuple[str, list[Any]]:
        expected = {"Get": "ss", "GetAll": "s", "Set": "ssv"}.get(member)
        if expected is None:
            raise _Unknown("UnknownMethod", f"{_PROPERTIES} has no method {member}")
        if message.signature != expected:
            raise _Unknown("InvalidArgs", f"{member} takes the types {expected!r}, not {message.signature!r}")
        interfaces = self._objects.get(path)
        if interfaces is None:
            raise _Unknown("UnknownObject", f"there is no object {path}")
        interface = message.body[0]
        exported = interfaces.get(interface)
        if exported is None:
            if member == "GetAll" and not interface:
                return "a{sv}", [{name: value for item in interfaces.values() for name, value in item.told.items()}]
            raise _Unknown("UnknownInterface", f"{path} has no interface {shown(interface)}")
        if member == "GetAll":
            return "a{sv}", [exported.told]
        name = message.body[1]
        if name not in exported.interface.properties:
            raise _Unknown("UnknownProperty", f"{interface} has no property {shown(name)}")
        if member == "Set":
            raise _Unknown("PropertyReadOnly", f"{name} cannot be set; changes are methods, see Configure")
        value = exported.told.get(name)
        if value is None:
            raise NotFound(f"{name} of {path} has no value now")
        return "v", [value]


def _too_many(sender: str) -> LimitReached:
    return LimitReached(f"{_IN_FLIGHT} calls of {sender} are under way already; wait for their answers")


class _Unknown(AxiodError):
    """One of the standard errors of the D-Bus specification."""

    def __init__(self, name: str, text: str) -> None:
        super().__init__(text)
        self.dbus_name = _STANDARD + "Error." + name
