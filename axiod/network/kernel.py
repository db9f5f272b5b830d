# SPDX-License-Identifier: Apache-2.0
"""The kernel's side: reading what there is with `ip`, and hearing that it changed.

Changes are heard on a netlink socket. Where systemd holds it (axiod-network.socket, ListenNetlink=) the service is
started by the first change after it exited, and is handed the socket.
"""

from __future__ import annotations

import asyncio
import json
import logging
import shutil
import socket
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from axiod.errors import Unavailable
from axiod.network.links import Link, links

if TYPE_CHECKING:
    from collections.abc import Callable

    from axiod.runtime.fds import FdStore

_log = logging.getLogger(__name__)

SOCKET = "axiod-network.socket"
"""What systemd calls the socket that it hands over."""
_GROUPS = 0x1 | 0x10 | 0x40 | 0x100 | 0x400
"""RTMGRP_LINK, _IPV4_IFADDR, _IPV4_ROUTE, _IPV6_IFADDR, _IPV6_ROUTE (linux/rtnetlink.h)."""
_SETTLE_SECONDS = 0.1
"""One change of an address is a handful of messages; they are looked at together."""
_SECONDS = 10.0
_READ = 65536


async def run(*command: str, seconds: float = _SECONDS, given: str | None = None) -> str:
    """Run a program of the system and return what it says; `given` is what it reads.

    Raises Unavailable, with the last line of what it complained of, when it is not there, fails or takes too long.
    """
    program = shutil.which(command[0], path="/usr/sbin:/usr/bin:/sbin:/bin")
    if program is None:
        raise Unavailable(f"there is no {command[0]} on this system; install the package that has it")
    process = await asyncio.create_subprocess_exec(
        program,
        *command[1:],
        stdin=asyncio.subprocess.DEVNULL if given is None else asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(seconds):
            said, complaints = await process.communicate(None if given is None else given.encode())
    except TimeoutError:
        raise Unavailable(f"{command[0]} did not end within {seconds:g} s") from None
    finally:
        if process.returncode is None:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()
    if process.returncode:
        lines = complaints.decode(errors="replace").strip().splitlines()
        raise Unavailable(f"{command[0]} failed: {lines[-1] if lines else f'status {process.returncode}'}")
    return said.decode(errors="replace")


async def read_links() -> dict[str, Link]:
    """Return the interfaces that there are, by name; raises Unavailable."""
    try:
        addresses = await _json("-details", "address")
        routes = await _json("-4", "route", "show", "default") + await _json("-6", "route", "show", "default")
        return links(addresses, routes)
    except (KeyError, TypeError, ValueError) as error:
        raise Unavailable(f"what ip says cannot be understood: {type(error).__name__}: {error}") from error


async def _json(*arguments: str) -> list[Any]:
    text = await run("ip", "-json", *arguments)
    return list(json.loads(text)) if text.strip() else []


class Changes:
    """Calls a function some time after interfaces, addresses or routes changed."""

    def __init__(self, fds: FdStore, callback: Callable[[], None]) -> None:
        """Raises Unavailable where the kernel does not tell."""
        self._callback = callback
        self._loop = asyncio.get_running_loop()
        self._settling: asyncio.TimerHandle | None = None
        inherited = fds.take(SOCKET)
        try:
            if inherited is not None:
                self._socket = socket.socket(fileno=inherited)
            else:
                self._socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE)
                self._socket.bind((0, _GROUPS))
        except OSError as error:
            raise Unavailable(f"the kernel does not tell of changes of the network: {error}") from error
        self._socket.setblocking(False)  # noqa: FBT003 # the signature of the standard library
        self._loop.add_reader(self._socket, self._read)

    def close(self) -> None:
        """Hear nothing more."""
        if self._settling is not None:
            self._settling.cancel()
        self._loop.remove_reader(self._socket)
        self._socket.close()

    def _read(self) -> None:
        # What the messages say is not looked at: what counts is what there is afterwards. A full queue (ENOBUFS) says
        # that there were many.
        with suppress(BlockingIOError):
            while True:
                try:
                    self._socket.recv(_READ)
                except BlockingIOError:
                    raise
                except OSError as error:
                    _log.debug("changes of the network were lost: %s", error)
        if self._settling is None:
            self._settling = self._loop.call_later(_SETTLE_SECONDS, self._settled)

    def _settled(self) -> None:
        self._settling = None
        self._callback()
