# SPDX-License-Identifier: Apache-2.0
"""avahi: told by a file what to announce, which goes on when this process ends; asked over D-Bus what became of it.

Source: the D-Bus interfaces of avahi 0.8 (org.freedesktop.Avahi.Server, .ServiceBrowser).
"""

from __future__ import annotations

import asyncio
import os
import threading
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from axiod.bus.connection import Subscription
from axiod.clock import wall_usec
from axiod.errors import AxiodError, HardwareFailure

if TYPE_CHECKING:
    from collections.abc import Callable

    from axiod.bus._lib import Message
    from axiod.bus.connection import Connection

_NOT_INSTALLED = "avahi-daemon is not installed; install the package avahi-daemon"
NOT_ALLOWED = "axiod-network was not started by its unit, so it announces nothing"
_FOLDER = "AXIOD_AVAHI_SERVICES"
_FILE = "axiod.service"
_AVAHI = "org.freedesktop.Avahi"
_SERVER, _BROWSER = f"{_AVAHI}.Server", f"{_AVAHI}.ServiceBrowser"
_BUS, _BUS_PATH = "org.freedesktop.DBus", "/org/freedesktop/DBus"
_ANY = -1
_RUNNING = 2
_LOOPBACK = 1
"""Its index; a name that was given up for another one stays there, and nobody hears it."""
_LOCAL = 8
"""AVAHI_LOOKUP_RESULT_LOCAL: this host announces it."""


def folder() -> Path | None:
    """Return where avahi looks for what it announces. The unit says so: no other process of ours may announce."""
    named = os.environ.get(_FOLDER)
    return Path(named) if named else None


class Avahi:
    """One avahi-daemon."""

    def __init__(self, connection: Connection, changed: Callable[[], None], folder: Path | None) -> None:
        """`changed` is called when something else is announced than before, or avahi came or went.

        `folder`: where it looks for files of services; None: nothing may be announced.
        """
        self._connection = connection
        self._changed = changed
        self._path = folder / _FILE if folder is not None else None
        self._writing = threading.Lock()
        self._browser: str | None = None
        self._browsed: str | None = None
        self._owner: str | None = None
        self._items: dict[tuple[str, int, int], None] = {}
        """What this host announces, as name, interface and protocol, in the order in which it came."""
        self.host: str | None = None
        """The host name that it answers to; None while it does not run."""

    @property
    def allowed(self) -> bool:
        """Whether the unit of axiod-network says where to announce: without it nothing of this device is announced."""
        return self._path is not None

    @property
    def installed(self) -> bool:
        """Whether there is an avahi-daemon."""
        return self._path is not None and self._path.parent.is_dir()

    @property
    def why_not(self) -> str:
        """Why nothing can be announced, where it is not `installed`."""
        return _NOT_INSTALLED if self.allowed else NOT_ALLOWED

    @property
    def announced(self) -> str | None:
        """The name under which the type that follow() was called for is announced by this host."""
        # A name that another device had first is given up for a new one, and not taken away: that device has it.
        return next(reversed(self._items), (None,))[0]

    @property
    def told(self) -> str | None:
        """What the file says; None where there is none."""
        try:
            return self._path.read_text(encoding="utf-8") if self._path is not None else None
        except (OSError, UnicodeDecodeError):
            return None

    async def tell(self, text: str | None) -> None:
        """Have this announced from now on, by a file that is whole at any time; None: nothing.

        Raises HardwareFailure, and then the file is as it was.
        """
        if self._path is not None:
            await asyncio.to_thread(self._write, self._path, text)

    def _write(self, path: Path, text: str | None) -> None:
        # Who waited for a disk may have given up, and come again, while it still writes.
        with self._writing:
            if text != self.told:
                self._write_anew(path, text)

    def _write_anew(self, path: Path, text: str | None) -> None:
        new = path.with_suffix(".new")  # avahi reads what ends with .service
        try:
            if text is None:
                path.unlink(missing_ok=True)
                return
            with new.open("w", encoding="utf-8") as file:
                os.fchmod(file.fileno(), 0o644)
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            # avahi reads a file again whose time differs, in whole seconds: two changes in one would be one to it.
            second = max(wall_usec() // 1_000_000, self._written() + 1)
            os.utime(new, (second, second))
            new.replace(path)
        except OSError as error:
            with suppress(OSError):
                new.unlink()
            raise HardwareFailure(f"{path} cannot be written: {error.strerror}") from error

    def _written(self) -> int:
        """Return the second in which the file was written last, since 1970; 0: there is none."""
        try:
            return int(self._path.stat().st_mtime) if self._path is not None else 0
        except FileNotFoundError:
            return 0

    async def start(self) -> None:
        """Begin to hear of it."""
        for member in ("ItemNew", "ItemRemove"):
            await self._connection.subscribe(Subscription(_AVAHI, _BROWSER, member, "/", self._on_item, directed=True))
        await self._connection.subscribe(
            Subscription(_AVAHI, _SERVER, "StateChanged", "/", lambda _message: self._changed())
        )
        await self._connection.subscribe(Subscription(_BUS, _BUS, "NameOwnerChanged", _BUS_PATH, self._on_owner))

    async def follow(self, type_: str | None) -> str | None:
        """Look what is announced of a type of service; None: nothing is to be. Returns why that is not known."""
        if type_ is None:
            await self._forget()
            return None
        try:
            state = (await self._call("GetState"))[0]
            if state != _RUNNING:
                return "avahi is not ready yet"
            self.host = str((await self._call("GetHostNameFqdn"))[0])
            if self._browsed != type_:
                host = self.host
                await self._forget()
                self._owner = (await self._connection.call(_BUS, _BUS_PATH, _BUS, "GetNameOwner", "s", [_AVAHI]))[0]
                # What it finds it tells at once, which may be before the path of the browser is known here.
                self.host, self._browsed = host, type_
                self._browser = str((await self._call("ServiceBrowserNew", "iissu", _ANY, _ANY, type_, "", 0))[0])
        except AxiodError as error:
            await self._forget()
            return f"avahi does not answer: {error}"
        return None

    async def _forget(self) -> None:
        browser, self._browser, self._browsed, self.host = self._browser, None, None, None
        self._items.clear()
        if browser is not None:
            with suppress(AxiodError):
                await self._connection.call(_AVAHI, browser, _BROWSER, "Free")

    async def _call(self, member: str, signature: str = "", *arguments: object) -> list[object]:
        return await self._connection.call(_AVAHI, "/", _SERVER, member, signature, list(arguments))

    def _on_item(self, message: Message) -> None:
        if message.sender != self._owner:
            return  # anybody may send us a signal that looks like it
        interface, protocol, name, type_, _domain, flags = message.body
        if type_ != self._browsed or interface == _LOOPBACK:
            return
        item = name, interface, protocol
        ours = message.member == "ItemNew" and bool(flags & _LOCAL)
        if ours == (item in self._items):
            return  # what others announce is no matter, or anybody on the network could keep us busy
        if ours:
            self._items[item] = None
        else:
            del self._items[item]
        self._changed()

    def _on_owner(self, message: Message) -> None:
        if message.body[0] == _AVAHI:
            self._browser = self._browsed = self.host = None
            self._items.clear()
            self._changed()
