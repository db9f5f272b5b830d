# SPDX-License-Identifier: Apache-2.0
"""What the firewall keeps on disk: the configured rules, and the same as nft takes them.

firewall.yaml   the settings, as the contract names them
firewall.json   what puts them in force, for axiod-firewall.service, which needs no Python at boot
"""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

from axiod import durable
from axiod.bus import interface as contract
from axiod.errors import AxiodError, HardwareFailure
from axiod.network.firewall import table
from axiod.network.firewall.rule import RuleSet, read, write
from axiod.runtime.settings import SettingsFile

if TYPE_CHECKING:
    from pathlib import Path

FIREWALL = "org.axiod.network1.Firewall"
_NAME = "firewall.yaml"
_KIND = _ID = "firewall"


class RulesFile:
    """The files of the firewall in a folder."""

    rules: RuleSet
    """What is configured."""
    problem: str | None = None
    """Why it cannot be told what is configured."""

    def __init__(self, folder: Path) -> None:
        """Raises HardwareFailure when the disk refuses to be read."""
        self._file = SettingsFile(folder / _NAME, {_KIND: FIREWALL})
        self._boot = folder / "firewall.json"
        stored = self._file.get(_KIND, _ID)
        self.rules = RuleSet()
        # What was set aside stays so for the starts that follow: none of them may take it for a firewall that is off.
        if not self._file.ids(_KIND) and any(folder.glob(f"{_NAME}*.damaged-*")):
            self.problem = f"{_NAME} was damaged, so what is in force stays as it is; configure the firewall anew"
            return
        try:
            rules = read(stored.get("rules", ()))
        except AxiodError as error:
            self.problem = f"{_NAME} cannot be taken ({error}); repair it, or configure the firewall anew"
            return
        self.rules = RuleSet(stored.get("active", False), stored.get("default_policy", "accept"), rules)

    async def keep(self, rules: RuleSet, *, for_boot: bool) -> None:
        """Store what is configured from now on; raises HardwareFailure, and then the former settings stay.

        Where nobody knows them, what is stored stays: a firewall that is off is not what there was.
        `for_boot`: a boot puts it in force as well; without that the one before, until prepare().
        """
        former = self.rules
        await self._file.save(_KIND, _ID, _beyond_default(rules))
        self.rules = rules
        try:
            if for_boot:
                await self.prepare()
        except HardwareFailure:
            if self.problem is None:
                await self._file.save(_KIND, _ID, _beyond_default(former))
                self.rules = former
            raise
        self.problem = None

    async def prepare(self) -> None:
        """See that what is loaded at boot is what is configured; raises HardwareFailure."""
        text = json.dumps(table.document(self.rules), indent=1) + "\n"
        await asyncio.to_thread(self._write, text)

    def _write(self, text: str) -> None:
        try:
            if not self._boot.exists() or self._boot.read_bytes() != text.encode():
                durable.write(self._boot, text)
        except OSError as error:
            raise HardwareFailure(f"the rules cannot be stored in {self._boot}: {error.strerror}") from error


def settings(rules: RuleSet) -> dict[str, Any]:
    """Return rules as the contract names them."""
    return {
        "Active": rules.active,
        "DefaultPolicy": rules.default_policy,
        "Rules": [write(rule) for rule in rules.rules],
    }


def amended(rules: RuleSet, changes: dict[str, Any]) -> RuleSet:
    """Return rules with changes, whose values are right by themselves; raises InvalidArgument, LimitReached."""
    return RuleSet(
        changes.get("Active", rules.active),
        changes.get("DefaultPolicy", rules.default_policy),
        read(changes["Rules"]) if "Rules" in changes else rules.rules,
    )


def _beyond_default(rules: RuleSet) -> dict[str, Any]:
    names = {name: value.python_name for name, value in contract.load(FIREWALL).configurable.items()}
    default = settings(RuleSet())
    return {names[name]: value for name, value in settings(rules).items() if value != default[name]}
