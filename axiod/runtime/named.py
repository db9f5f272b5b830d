# SPDX-License-Identifier: Apache-2.0
"""A file of things that were added, each with an id, such as ports.yaml and sensors.yaml.

version: 1
ports:
  boiler: {Kind: modbus-tcp, Name: Boiler, Host: 192.0.2.7, TcpPort: 502}
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from axiod.runtime.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

_VERSION = 1
_T = TypeVar("_T")


class NamedFile(Generic[_T]):
    """One such file. A damaged one is set aside, as Store says."""

    def __init__(
        self,
        path: Path,
        what: str,
        most: int,
        *,
        check_id: Callable[[str], None],
        read: Callable[[str, dict[str, Any]], _T],
        plain: Callable[[_T], Mapping[str, Any]],
    ) -> None:
        """`what`: the word that they stand under in the file. `most`: how many there may be.

        `read` gets the id and the lines of one, and `plain` returns these lines. `check_id` and `read` raise ValueError
        or AxiodError for what cannot be. Raises HardwareFailure when the disk refuses to be read.
        """
        self._what = what
        self._most = most
        self._check_id = check_id
        self._read_one = read
        self._plain = plain
        self._store = Store(path)
        nothing: dict[str, _T] = {}
        self.entries: dict[str, _T] = self._store.load(self._read, nothing)
        """All of them, by their ids."""

    async def save(self, id_: str, one: _T) -> None:
        """Store a new or changed one; raises HardwareFailure, and then nothing changed."""
        await self._write(self.entries | {id_: one})

    async def remove(self, id_: str) -> None:
        """Store that there is one less; raises HardwareFailure, and then it is still there."""
        await self._write({key: one for key, one in self.entries.items() if key != id_})

    async def _write(self, entries: dict[str, _T]) -> None:
        plain = {id_: dict(self._plain(one)) for id_, one in entries.items()}
        await asyncio.to_thread(self._store.save, {"version": _VERSION, self._what: plain})
        self.entries = entries

    def _read(self, found: Any) -> dict[str, _T]:
        keys = {"version", self._what}
        if not isinstance(found, dict) or found.keys() != keys or found["version"] != _VERSION:
            raise ValueError(f"it must have version: {_VERSION} and {self._what}, and nothing else")
        given = found[self._what]
        if not isinstance(given, dict):
            raise ValueError(f"{self._what} must hold lines of the form ID: ...")
        entries: dict[str, _T] = {}
        for key, lines in given.items():
            id_ = str(key)
            self._check_id(id_)
            if not isinstance(lines, dict):
                raise ValueError(f"{id_} must hold lines of the form NAME: VALUE")
            entries[id_] = self._read_one(id_, {str(name): value for name, value in lines.items()})
        if len(entries) > self._most:
            raise ValueError(f"it has {len(entries)} {self._what}; there may be {self._most}")
        return entries
