# SPDX-License-Identifier: Apache-2.0
"""org.axiod.events1.ActionConfiguration: actions as VAPIX clients have them, kept for those clients."""

from __future__ import annotations

from typing import TYPE_CHECKING

from axiod.errors import InvalidArgument, LimitReached, NotFound
from axiod.events.stored import ACTION_CONFIGURATION, actions_file

if TYPE_CHECKING:
    import asyncio

    from axiod.runtime.app import Context

MOST = 256
_MOST_PARAMETERS = 64
_MOST_CHARACTERS = 65_536


class ActionConfigurations:
    """All of them."""

    def __init__(self, context: Context, changing: asyncio.Lock) -> None:
        """`changing`: held while something changes. Raises HardwareFailure."""
        self._context = context
        self._changing = changing
        self._file = actions_file(context.state_dir)

    def start(self) -> None:
        """Export all of them."""
        for id_ in self._file.entries:
            self._export(id_)

    async def add(self, name: str, token: str, parameters: dict[str, str]) -> str:
        """Add one and return its id."""
        length = sum(len(key) + len(value) for key, value in parameters.items())
        if len(parameters) > _MOST_PARAMETERS or length > _MOST_CHARACTERS:
            raise InvalidArgument(
                f"there are {len(parameters)} parameters with {length} characters; "
                f"there may be {_MOST_PARAMETERS} with {_MOST_CHARACTERS} together"
            )
        if secrets := sorted(key for key, value in parameters.items() if value and "password" in key.lower()):
            raise InvalidArgument(
                f"{secrets[0][:40]!r} must not be kept here, where others can read it; give it to the recipient"
            )
        async with self._changing:
            if len(self._file.entries) >= MOST:
                raise LimitReached(f"there are {MOST} action configurations, the most that there can be; remove one")
            id_ = str(self._file.next)
            entry = {"Name": name, "Token": token, "Parameters": parameters}
            await self._file.save({**self._file.entries, id_: entry}, self._file.next + 1)
            self._export(id_)
            return id_

    async def remove(self, id_: str) -> None:
        """Remove one; raises NotFound."""
        async with self._changing:
            if id_ not in self._file.entries:
                raise NotFound(f"there is no action configuration {id_} any more")
            rest = {other: entry for other, entry in self._file.entries.items() if other != id_}
            await self._file.save(rest, self._file.next)
            self._context.server.unexport(self._path(id_))

    def _export(self, id_: str) -> None:
        entry = self._file.entries[id_]
        handler = ActionConfigurationHandler(self, id_, entry["Name"], entry["Token"], entry["Parameters"])
        self._context.server.export(self._path(id_), ACTION_CONFIGURATION, handler)

    def _path(self, id_: str) -> str:
        return f"{self._context.path}/action_configuration/{id_}"


class ActionConfigurationHandler:
    """org.axiod.events1.ActionConfiguration; the attributes are the properties of the contract."""

    name: str
    token: str
    parameters: dict[str, str]

    def __init__(self, all_: ActionConfigurations, id_: str, name: str, token: str, parameters: dict[str, str]) -> None:
        self._all = all_
        self._id = id_
        self.name = name
        self.token = token
        self.parameters = parameters

    async def remove(self) -> None:
        await self._all.remove(self._id)
