# SPDX-License-Identifier: Apache-2.0
"""How it goes on one interface: events of wpa_supplicant as they come, and a look at its status each second."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from axiod.errors import AxiodError
from axiod.network.dot1x.control import Control, status
from axiod.network.dot1x.course import NO_LINK, Course, State
from axiod.network.dot1x.settings import Method

if TYPE_CHECKING:
    from collections.abc import Callable

    from axiod.network.dot1x.settings import Settings
    from axiod.network.dot1x.unit import Units

_LOOK_SECONDS = 1.0
_INTERFACES = Path("/sys/class/net")
_SIT_DOWN_SECONDS = 0.05
_STARTING = ("active", "activating", "reloading")


class Watch:
    """Follows one interface until it is stopped."""

    def __init__(
        self,
        interface: str,
        settings: Settings,
        control: Path,
        units: Units,
        on_change: Callable[[], None],
        but: tuple[int, int] | None = None,
    ) -> None:
        """`control`: the control socket of wpa_supplicant there. `on_change` is called when state or reason changed.

        `but`: the identity of a socket whose wpa_supplicant is about to end, and has other settings.
        """
        self._but = but
        self._interface = interface
        self._control = control
        self._units = units
        self._on_change = on_change
        self._course = Course(settings)
        self._told = (State.CONNECTING, "")
        self._events: asyncio.Queue[str] = asyncio.Queue()
        self._task: asyncio.Task[None] | None = None
        self.secured_interface: str | None = None
        """The interface that MACsec made, where it protects the link."""

    @property
    def state(self) -> State:
        """How it stands."""
        return self._told[0]

    @property
    def reason(self) -> str:
        """Why it is not secured; "" where there is nothing to say."""
        return self._told[1]

    def start(self, tasks: asyncio.TaskGroup) -> None:
        """Begin to follow it."""
        self._task = tasks.create_task(self._run())

    def stop(self) -> None:
        """Follow it no more."""
        if self._task is not None:
            self._task.cancel()

    async def _run(self) -> None:
        while True:
            try:
                if self._but is not None and identity(self._control) == self._but:
                    await asyncio.sleep(_SIT_DOWN_SECONDS)
                    continue
                control = Control(self._control, self._events.put_nowait)
            except OSError:
                await self._not_there()
                await asyncio.sleep(_LOOK_SECONDS)
                continue
            try:
                await self._follow(control)
            except AxiodError:
                self._course = Course(self._course.settings)  # it has ended, and begins anew
            finally:
                control.close()
            # It is on its way down, or up again; whoever turned it off stops this, too.
            await asyncio.sleep(_SIT_DOWN_SECONDS)

    async def _follow(self, control: Control) -> None:
        await control.ask("ATTACH")
        while True:
            found = status(await control.ask("STATUS"))
            # What was heard before the answer is older than it.
            while not self._events.empty():
                self._course = self._course.heard(self._events.get_nowait())
            self._course = self._course.stands(found)
            self._look()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_LOOK_SECONDS):
                    self._course = self._course.heard(await self._events.get())

    def _look(self) -> None:
        state, reason = self._course.state, self._course.reason
        link = has_link(self._interface)
        if link is False:
            self._course = replace(Course(self._course.settings), watched=True)
            state, reason = State.CONNECTING, NO_LINK
        secured = state is State.SECURED and self._course.settings.method == Method.MACSEC
        self.secured_interface = made_by_macsec(self._interface) if secured else None
        self._tell(state, reason)

    async def _not_there(self) -> None:
        self.secured_interface = None
        if not (_INTERFACES / self._interface).exists():
            self._tell(State.UNAVAILABLE, f"there is no interface {self._interface}")
            return
        try:
            unit = await self._units.state(self._interface)
        except AxiodError as error:
            self._tell(State.UNAVAILABLE, str(error))
            return
        if unit.active == "active" and self._told[0] is not State.UNAVAILABLE:
            self._tell(State.CONNECTING, "")
            return
        said = unit.said or "wpa_supplicant does not run"
        if unit.active not in _STARTING:
            said += f" (systemctl status axiod-dot1x@{self._interface} says more)"
        self._tell(State.UNAVAILABLE, said)

    def _tell(self, state: State, reason: str) -> None:
        if (state, reason) != self._told:
            self._told = (state, reason)
            self._on_change()


def identity(path: Path) -> tuple[int, int] | None:
    """Return what tells a file from another one that had its name before; None where there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_ctime_ns


def has_link(interface: str) -> bool | None:
    """Whether a cable is in; None where the kernel does not say, because the interface is down or gone."""
    try:
        return (_INTERFACES / interface / "carrier").read_text().strip() == "1"
    except OSError:
        return None


def is_wired(interface: str) -> bool:
    """Whether an interface may have a switch at its other end: Ethernet, and neither wireless nor made of another."""
    folder = _INTERFACES / interface
    return not (folder / "wireless").exists() and _kind(folder) == ""


def made_by_macsec(interface: str) -> str | None:
    """Return the MACsec interface on top of another one; None where there is none."""
    for path in sorted(_INTERFACES.glob("*/lower_" + interface)):
        if _kind(path.parent) == "macsec":
            return path.parent.name
    return None


def _kind(folder: Path) -> str:
    try:
        lines = (folder / "uevent").read_text().splitlines()
    except OSError:
        return ""
    return next((line.removeprefix("DEVTYPE=") for line in lines if line.startswith("DEVTYPE=")), "")
