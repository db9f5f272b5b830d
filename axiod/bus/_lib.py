# SPDX-License-Identifier: Apache-2.0
"""The only import of the D-Bus library.

dbus-fast is preferred; dbus-next, whose fork it is, works too and is slower. AXIOD_DBUS_LIBRARY ("dbus-fast" or
"dbus-next") forces one of them. Only what both have in common is used: connecting, the reader, Message and Variant.
Sending is ours (writer.py), because the writers of both give up the connection when the socket is full.
"""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING

_FORCED = os.environ.get("AXIOD_DBUS_LIBRARY", "")

if TYPE_CHECKING:
    import socket

    from dbus_fast import BusType, Message, MessageFlag, MessageType, Variant
    from dbus_fast.aio import MessageBus

    NAME: str
elif _FORCED not in ("", "dbus-fast", "dbus-next"):
    raise ImportError(f"AXIOD_DBUS_LIBRARY is {_FORCED!r}; it must be dbus-fast or dbus-next")
else:
    try:
        if _FORCED == "dbus-next":
            raise ImportError
        from dbus_fast import BusType, Message, MessageFlag, MessageType, Variant
        from dbus_fast.aio.message_bus import MessageBus

        NAME = "dbus-fast"
    except ImportError:
        if _FORCED == "dbus-fast":
            raise
        from dbus_next import BusType, Message, MessageFlag, MessageType, Variant
        from dbus_next.aio import MessageBus

        NAME = "dbus-next"

CALL = MessageType.METHOD_CALL
REPLY = MessageType.METHOD_RETURN
ERROR = MessageType.ERROR
SIGNAL = MessageType.SIGNAL
NO_REPLY = MessageFlag.NO_REPLY_EXPECTED


async def connect(address: str | None) -> MessageBus:
    """Connect to the bus at an address, or to the system bus; raises whatever the library raises."""
    bus = MessageBus.__new__(MessageBus)
    try:
        MessageBus.__init__(bus, bus_address=address, bus_type=BusType.SYSTEM)
        return await bus.connect()
    except BaseException:
        # dbus-fast cleans up behind itself. dbus-next does not, and its constructor connects already.
        fd = getattr(bus, "_fd", None)
        if fd is not None:
            asyncio.get_running_loop().remove_reader(fd)
        release(bus)
        raise


def socket_of(bus: MessageBus) -> socket.socket:
    """Return the socket of a connected bus."""
    sock = bus._sock
    if sock is None:
        raise OSError("the bus is not connected")
    return sock


def release(bus: MessageBus) -> None:
    """Close what a bus that ended left open: dbus-next keeps its socket."""
    for name in ("_stream", "_sock"):
        left = getattr(bus, name, None)
        if left is not None:
            left.close()


async def disconnected(bus: MessageBus) -> None:
    """Wait until the connection ends; raises what ended it."""
    await bus.wait_for_disconnect()  # type: ignore[no-untyped-call] # of both libraries


__all__ = [
    "CALL",
    "ERROR",
    "NAME",
    "NO_REPLY",
    "REPLY",
    "SIGNAL",
    "Message",
    "MessageBus",
    "Variant",
    "connect",
    "disconnected",
    "release",
    "socket_of",
]
