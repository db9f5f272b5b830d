# SPDX-License-Identifier: Apache-2.0
"""What axiod-events keeps in files: its settings, the rules, and the action configurations of VAPIX clients.

rules.yaml and actions.yaml have the number that the next one gets, so that no number is ever given again:

    version: 1
    next: 3
    entries:
      "2": {Name: Gate, Enabled: true, Conditions: [...], Actions: [...], FirstIsTrigger: false, WaitMs: 0}
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from axiod.bus import interface as contract
from axiod.bus.arguments import plain_options
from axiod.events import record
from axiod.events.rule import Rule
from axiod.runtime.settings import SettingsFile
from axiod.runtime.store import Store

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from axiod.bus.interface import Value

RULE = "org.axiod.events1.Rule"
ACTION_CONFIGURATION = "org.axiod.events1.ActionConfiguration"
_VERSION = 1


def settings_file(state_dir: Path) -> SettingsFile:
    """Return the file of the settings of triggers, virtual inputs and the log; raises HardwareFailure."""
    kinds = {
        "triggers": "org.axiod.events1.Trigger",
        "inputs": "org.axiod.events1.VirtualInput",
        "log": "org.axiod.events1.EventLog",
    }
    return SettingsFile(state_dir / "settings.yaml", kinds)


class NumberedFile:
    """One file of entries with numbers."""

    def __init__(self, path: Path, known: Mapping[str, Value], what: str) -> None:
        """`known`: what an entry may have. `what`: what one is called. Raises HardwareFailure."""
        self._known = known
        self._what = what
        self._store = Store(path)
        nothing: tuple[int, dict[str, dict[str, Any]]] = (1, {})
        self.next, self.entries = self._store.load(self._read, nothing)
        """The number of the next one, and all entries by their numbers."""

    async def save(self, entries: Mapping[str, Mapping[str, Any]], following: int) -> None:
        """Store all entries; on disk when it returns. Raises HardwareFailure, and then the former ones stay."""
        data = {"version": _VERSION, "next": following, "entries": {id_: dict(one) for id_, one in entries.items()}}
        await asyncio.to_thread(self._store.save, data)
        self.next, self.entries = following, {id_: dict(one) for id_, one in entries.items()}

    def _read(self, found: Any) -> tuple[int, dict[str, dict[str, Any]]]:
        if not isinstance(found, dict) or found.get("version") != _VERSION:
            raise ValueError(f"it must say version: {_VERSION}")
        following, entries = found.get("next"), found.get("entries")
        if not isinstance(following, int) or not isinstance(entries, dict):
            raise ValueError("it must have next, a number, and entries")
        read = {}
        for number, values in entries.items():
            id_ = str(number)
            if not (id_.isascii() and id_.isdecimal() and 0 < int(id_) < following) or not isinstance(values, dict):
                raise ValueError(f"{number!r} must be a number below next, with lines of the form NAME: VALUE")
            given = {str(name): value for name, value in values.items()}
            read[id_] = plain_options(self._known, given, f"setting of {self._what} {id_}")
        return following, read


def rules_file(state_dir: Path) -> NumberedFile:
    """Return the file of all rules; raises HardwareFailure."""
    return NumberedFile(state_dir / "rules.yaml", contract.load(RULE).configurable, "rule")


def actions_file(state_dir: Path) -> NumberedFile:
    """Return the file of all action configurations; raises HardwareFailure."""
    properties = contract.load(ACTION_CONFIGURATION).properties
    known = {name: item.value for name, item in properties.items()}
    return NumberedFile(state_dir / "actions.yaml", known, "action configuration")


def rule(id_: str, entry: Mapping[str, Any]) -> Rule:
    """Return the rule that an entry says."""
    settings: dict[str, Any] = {"name": "", "enabled": False, "conditions": (), "actions": ()}
    return Rule(id=id_, **(settings | record.changes(entry)))
