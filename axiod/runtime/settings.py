# SPDX-License-Identifier: Apache-2.0
"""The settings of a service's objects, held against the contract when they are read back.

The file has a section for each kind of object, in it an entry for each object that was configured, with the names of
the contract:

    version: 1
    ports:
      io1: {Direction: output, NormalState: closed}
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from axiod.bus import interface as contract
from axiod.bus.arguments import plain_options, unknown
from axiod.runtime.store import Store

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_VERSION = 1


class SettingsFile:
    """One file. Entries of objects that the board does not have (any more) are kept as they are."""

    def __init__(self, path: Path, kinds: Mapping[str, str], *, private: bool = False) -> None:
        """`kinds`: the interface of each section; `private`: only its owner may read it.

        Raises HardwareFailure when the disk refuses to be read.
        """
        self._known = {kind: contract.load(interface).configurable for kind, interface in kinds.items()}
        self._store = Store(path, private=private)
        self._sections: dict[str, dict[str, dict[str, Any]]] = self._store.load(self._read, {})

    def get(self, kind: str, id_: str) -> dict[str, Any]:
        """Return what was stored for an object: Python names and values as the contract has them."""
        known = self._known[kind]
        return {known[name].python_name: value for name, value in self._sections.get(kind, {}).get(id_, {}).items()}

    def ids(self, kind: str) -> list[str]:
        """Return the ids of all objects that something was stored for."""
        return list(self._sections.get(kind, {}))

    async def save(self, kind: str, id_: str, values: Mapping[str, Any]) -> None:
        """Store all that is not at its default for an object; on disk when it returns.

        Raises HardwareFailure, and then the former settings stay.
        """
        import asyncio  # who only reads, as the fail-safe does, has no time to lose

        names = {value.python_name: name for name, value in self._known[kind].items()}
        sections = {name: dict(entries) for name, entries in self._sections.items()}
        sections.setdefault(kind, {})[id_] = {names[name]: value for name, value in values.items()}
        await asyncio.to_thread(self._store.save, {"version": _VERSION, **sections})
        self._sections = sections

    def _read(self, found: Any) -> dict[str, dict[str, dict[str, Any]]]:
        if not isinstance(found, dict) or found.get("version") != _VERSION:
            raise ValueError(f"it must say version: {_VERSION}")
        for name in found:
            if name != "version" and name not in self._known:
                raise ValueError(unknown("section", str(name), self._known))
        sections: dict[str, dict[str, dict[str, Any]]] = {}
        for kind, known in self._known.items():
            entries = found.get(kind, {})
            if not isinstance(entries, dict):
                raise ValueError(f"{kind} must hold an entry for each object")
            sections[kind] = {}
            for id_, values in entries.items():
                if not isinstance(values, dict):
                    raise ValueError(f"{kind}: {id_} must hold lines of the form NAME: VALUE")
                named = {str(name): value for name, value in values.items()}
                sections[kind][str(id_)] = plain_options(known, named, f"setting of {id_}")
        return sections
