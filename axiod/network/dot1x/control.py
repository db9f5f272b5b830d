# SPDX-License-Identifier: Apache-2.0
"""The control socket of wpa_supplicant (wpa_ctrl.h): a command and its answer, and events in between."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from typing import TYPE_CHECKING

from axiod.errors import Timeout, Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_LARGEST = 1 << 16
_SECONDS = 3.0


class Control:
    """A connection to wpa_supplicant on one interface."""

    def __init__(self, path: Path, on_event: Callable[[str], None]) -> None:
        """Connect; raises OSError where nobody listens. `on_event` is called with each event, without its level."""
        self._on_event = on_event
        self._answers: asyncio.Queue[str] = asyncio.Queue()
        self._asking = asyncio.Lock()
        self._loop = asyncio.get_running_loop()
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        try:
            # An address for the answers that no file stands for. Connected, it takes them from wpa_supplicant alone.
            self._socket.bind("")
            self._socket.connect(str(path))
        except OSError:
            self._socket.close()
            raise
        self._loop.add_reader(self._socket, self._read)

    async def ask(self, command: str) -> str:
        """Return the answer to a command; raises Unavailable when wpa_supplicant has ended, Timeout."""
        async with self._asking:
            while not self._answers.empty():
                self._answers.get_nowait()  # of somebody who did not wait for it
            try:
                self._socket.send(command.encode())
                async with asyncio.timeout(_SECONDS):
                    return await self._answers.get()
            except OSError as error:
                if isinstance(error, TimeoutError):
                    raise Timeout(f"wpa_supplicant did not answer {command} within {_SECONDS:g} s") from error
                raise Unavailable(f"wpa_supplicant has ended: {error.strerror}") from error

    def close(self) -> None:
        """Let go of it. Events end."""
        self._loop.remove_reader(self._socket)
        with contextlib.suppress(OSError):  # it has ended, which is the same
            self._socket.send(b"DETACH")
        self._socket.close()

    def _read(self) -> None:
        try:
            text = self._socket.recv(_LARGEST).decode(errors="replace")
        except OSError:
            return  # told at the next question
        if text.startswith("<"):
            self._on_event(text.partition(">")[2])
        else:
            self._answers.put_nowait(text)


def status(text: str) -> dict[str, str]:
    """Read the answer to STATUS: lines NAME=VALUE."""
    pairs = (line.partition("=") for line in text.splitlines())
    return {name.strip(): value for name, _, value in pairs}
