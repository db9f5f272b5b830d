# SPDX-License-Identifier: Apache-2.0
"""The hostname is changed as a whole or not at all, whichever of those who keep it refuses."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, cast

import pytest

from axiod.bus.server import Server
from axiod.bus.service import EventSource, ServiceRoot
from axiod.errors import AxiodError, HardwareFailure, Internal, Timeout, Unavailable
from axiod.network.host import HostHandler
from axiod.runtime.app import Context
from axiod.runtime.board import NO_BOARD
from axiod.runtime.fds import FdStore
from axiod.runtime.state import State

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from axiod.bus.connection import Connection
    from tests.conftest import Connect

ROOT = "/org/axiod/network1"


class Keepers:
    """systemd-hostnamed and NetworkManager, as far as they are called."""

    def __init__(self) -> None:
        self.static = self.current = "gate"
        self.refused: dict[str, AxiodError] = {}
        """By method, what it is refused with."""

    async def has_owner(self, _name: str) -> bool:
        return True

    async def call(self, _name: str, _path: str, _interface: str, member: str, *words: Any) -> list[Any]:
        if member in self.refused:
            raise self.refused[member]
        if member == "SetStaticHostname":
            self.static = words[1][0]
        if member == "SetHostname":
            self.current = words[1][0]
        return [{"StaticHostname": self.static, "Hostname": self.current}]


class Bench:
    """The handler, and who keeps the name."""

    def __init__(self, context: Context, keepers: Keepers, mode: Path) -> None:
        self.keepers = keepers
        self.mode = mode
        self.handler = HostHandler(context, asyncio.Lock(), mode)

    def now(self) -> tuple[str, str, bool]:
        """The name, the one in force, and whether it is set by hand."""
        return self.keepers.static, self.keepers.current, self.mode.exists()


@asynccontextmanager
async def bench(connection: Connect, folder: Path) -> AsyncIterator[Bench]:
    server = Server(await connection(), ROOT)
    root = ServiceRoot(server, ROOT, lambda _line: None)
    state = State(folder / "state.sqlite")
    keepers = Keepers()
    said = cast("Connection", keepers)
    async with asyncio.TaskGroup() as tasks:
        context = Context(
            NO_BOARD, ROOT, said, server, root, EventSource(server, ROOT), FdStore(), state, folder, tasks
        )
        made = Bench(context, keepers, folder / "conf.d" / "hostname.conf")
        await made.handler.start()
        yield made
        await server.close()
        await state.close()


@pytest.mark.parametrize("by_hand", [False, True])
@pytest.mark.parametrize(
    ("member", "refusal", "error"),
    [
        ("Reload", Internal("no"), HardwareFailure),
        ("Reload", Timeout("too late"), Timeout),
        ("Reload", Unavailable("gone"), Unavailable),
        ("SetStaticHostname", Internal("no"), Unavailable),
        ("SetHostname", Internal("no"), Unavailable),
        ("SetHostname", Timeout("too late"), Timeout),
    ],
    ids=lambda value: value if isinstance(value, str) else type(value).__name__,
)
async def test_what_is_refused_leaves_everything_as_it_was(
    connection: Connect, tmp_path: Path, member: str, refusal: AxiodError, error: type[AxiodError], *, by_hand: bool
) -> None:
    async with bench(connection, tmp_path) as at:
        if by_hand:
            await at.handler.configure({"HostnameAutomatic": False})
        before = at.now()
        at.keepers.refused = {member: refusal}
        with pytest.raises(error):
            await at.handler.configure({"Hostname": "plant", "HostnameAutomatic": by_hand})
        assert at.now() == before == ("gate", "gate", by_hand)
        assert (at.handler.hostname, at.handler.hostname_automatic) == ("gate", not by_hand)


async def test_where_the_file_cannot_be_written_the_name_stays(connection: Connect, tmp_path: Path) -> None:
    async with bench(connection, tmp_path) as at:
        at.mode.parent.write_text("no folder")
        with pytest.raises(HardwareFailure, match=r"hostname\.conf cannot be written"):
            await at.handler.configure({"Hostname": "plant", "HostnameAutomatic": False})
        assert at.now() == ("gate", "gate", False)


async def test_both_are_changed_together(connection: Connect, tmp_path: Path) -> None:
    async with bench(connection, tmp_path) as at:
        await at.handler.configure({"Hostname": "plant", "HostnameAutomatic": False})
        assert at.now() == ("plant", "plant", True)
        assert (at.handler.hostname, at.handler.hostname_automatic) == ("plant", False)
