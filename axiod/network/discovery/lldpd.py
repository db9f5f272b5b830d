# SPDX-License-Identifier: Apache-2.0
"""lldpd: what it speaks is an option of its command line, what it heard its own client tells.

Its unit reads the options from a file of ours (units/lldpd.service.d), so it has them after a boot, too. Its socket is
for its own group, which axiod-network is not in: axiod-neighbours.socket runs the client, once for each connection.
"""

from __future__ import annotations

import asyncio
import shutil
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from axiod import durable
from axiod.errors import AxiodError, HardwareFailure, NotSupported, Unavailable
from axiod.network.discovery import neighbours
from axiod.network.systemd import active_state, call

if TYPE_CHECKING:
    from axiod.bus.connection import Connection

NOT_INSTALLED = "lldpd is not installed; install the package lldpd"
UNIT = "lldpd.service"
SOCKET = Path("/run/axiod-neighbours.socket")
_NOBODY_ASKS = "nobody can ask lldpd here; start what does: systemctl start axiod-neighbours.socket"
_PROGRAMS = "/usr/sbin:/usr/bin:/sbin:/bin"
_SECONDS = 10.0
_MOST_BYTES = 1 << 20


class Lldpd:
    """One lldpd."""

    def __init__(self, connection: Connection, folder: Path, socket: Path = SOCKET, programs: str = _PROGRAMS) -> None:
        """`folder`: of our state; `programs`: where it may be installed."""
        self._connection = connection
        self._path = folder / "lldpd.env"
        self._socket = socket
        self._programs = programs

    @property
    def installed(self) -> bool:
        """Whether there is an lldpd."""
        return shutil.which("lldpd", path=self._programs) is not None

    async def why_not(self) -> str | None:
        """Return why it does not work; None where it does."""
        if not self.installed:
            return NOT_INSTALLED
        if await active_state(self._connection, UNIT) not in ("active", "reloading", None):
            return "lldpd does not run; start it with: systemctl enable --now lldpd"
        return None

    async def speak(self, *, lldp: bool, cdp: bool) -> None:
        """Have it speak these protocols from now on; where that is another choice than before, restart it.

        Raises HardwareFailure or Unavailable, and then it is as it was.
        """
        former = self._told()
        wanted = neighbours.options(lldp=lldp, cdp=cdp)
        if wanted == former:
            return
        await self._write(wanted)
        if not self.installed:
            return
        with suppress(AxiodError):  # so that a person who tries each choice runs into no limit of starts
            await call(self._connection, "ResetFailedUnit", "s", UNIT)
        try:
            await call(self._connection, "RestartUnit" if lldp or cdp else "TryRestartUnit", "ss", UNIT, "replace")
        except AxiodError as error:
            await self._write(former)
            raise Unavailable(f"systemd does not restart lldpd: {error}") from error

    def _told(self) -> str:
        try:
            text = self._path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            return ""
        return text.strip().removeprefix("LLDPD_OPTIONS=").strip('"')

    async def _write(self, options: str) -> None:
        try:
            await asyncio.to_thread(durable.write, self._path, f'LLDPD_OPTIONS="{options}"\n')
        except OSError as error:
            raise HardwareFailure(f"{self._path} cannot be written: {error.strerror}") from error

    async def neighbours(self) -> list[dict[str, Any]]:
        """Return who it heard; raises NotSupported or Unavailable."""
        if not self.installed:
            raise NotSupported(NOT_INSTALLED)
        # In a task of its own: a handler has none before its first wait.
        text = await asyncio.ensure_future(self._ask())
        if not text.strip():
            raise Unavailable("lldpd does not answer; see: systemctl status lldpd")
        try:
            return neighbours.neighbours(text.decode(errors="replace"))
        except ValueError as error:
            raise Unavailable(f"what lldpd says cannot be understood: {error}") from error

    async def _ask(self) -> bytes:
        try:
            async with asyncio.timeout(_SECONDS):
                reader, writer = await asyncio.open_unix_connection(self._socket, limit=_MOST_BYTES)
                try:
                    text = await reader.read(_MOST_BYTES)
                    while more := await reader.read(_MOST_BYTES):
                        if len(text) + len(more) > _MOST_BYTES:
                            raise Unavailable("lldpd tells of more neighbours than can be read")
                        text += more
                finally:
                    writer.close()
        except TimeoutError:
            raise Unavailable(f"lldpd did not answer within {_SECONDS:g} s") from None
        except FileNotFoundError:
            raise NotSupported(_NOBODY_ASKS) from None
        except OSError as error:
            raise Unavailable(f"lldpd cannot be asked: {error.strerror}") from error
        return text
