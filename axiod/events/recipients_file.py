# SPDX-License-Identifier: Apache-2.0
"""The recipients on disk: recipients.yaml, and apart from it recipient-secrets.yaml, which only its owner may read.

What a file cannot say any more (it was damaged) is said in `problem`.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any, TypeVar

from axiod.bus import interface as contract
from axiod.bus.arguments import plain_options
from axiod.errors import HardwareFailure, LimitReached, NotFound
from axiod.events import recipient as model
from axiod.runtime.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from axiod.events.recipient import Recipient

RECIPIENT = "org.axiod.events1.Recipient"
_VERSION = 1
_T = TypeVar("_T")

Secrets = dict[str, str]


class RecipientsFile:
    """Both files. What a method returned from is on disk; one that raises HardwareFailure changed nothing."""

    def __init__(self, state_dir: Path) -> None:
        """Raises HardwareFailure when the disk refuses to be read."""
        self.problem: str | None = None
        self._store = Store(state_dir / "recipients.yaml")
        self._secret_store = Store(state_dir / "recipient-secrets.yaml", private=True)
        nobody: tuple[int, dict[str, Recipient]] = (0, {})
        self._last, self._recipients = self._load(
            self._store, _recipients, nobody, "the recipients are those before the last change, or none; look at them"
        )
        none: dict[str, Secrets] = {}
        secrets = self._load(
            self._secret_store, _secrets, none, "passwords of recipients may be missing; test the recipients"
        )
        self._secrets = {id_: named for id_, named in secrets.items() if id_ in self._recipients}
        # No new recipient gets what is left of one that is no more.
        self._last = max([self._last, *map(int, secrets)])

    @property
    def recipients(self) -> Mapping[str, Recipient]:
        """All recipients by their id."""
        return self._recipients

    def recipient(self, id_: str) -> Recipient:
        """Return one; raises NotFound."""
        found = self._recipients.get(id_)
        if found is None:
            raise NotFound(f"there is no recipient {id_}")
        return found

    def secrets(self, id_: str) -> Mapping[str, str]:
        """Return the secrets of a recipient that are set."""
        return self._secrets.get(id_, {})

    def new_id(self) -> str:
        """Return an id that was never given; raises LimitReached."""
        if len(self._recipients) >= model.MOST_RECIPIENTS:
            raise LimitReached(f"there are {model.MOST_RECIPIENTS} recipients, which is the most; remove one first")
        self._last += 1
        return str(self._last)

    async def keep(self, recipient: Recipient) -> None:
        """Store a recipient, new or changed."""
        await self._save({**self._recipients, recipient.id: recipient})

    async def keep_secrets(self, id_: str, secrets: Mapping[str, str]) -> None:
        """Store the secrets of a recipient; empty ones are none."""
        await self._save_secrets({**self._secrets, id_: {name: value for name, value in secrets.items() if value}})

    async def remove(self, id_: str) -> None:
        """Remove a recipient and its secrets."""
        await self._save({key: value for key, value in self._recipients.items() if key != id_})
        # What is left of secrets nobody gets any more, and the next change takes it away.
        with contextlib.suppress(HardwareFailure):
            await self._save_secrets({key: value for key, value in self._secrets.items() if key != id_})

    def _load(self, store: Store, read: Callable[[Any], _T], default: _T, lost: str) -> _T:
        there = store.path.exists()
        found = store.load(read, default)
        if there and not store.path.exists():
            said = f"{store.path.name} could not be read: {lost}"
            self.problem = f"{self.problem}; {said}" if self.problem else said
        return found

    async def _save(self, recipients: dict[str, Recipient]) -> None:
        entries = {
            id_: {"Name": recipient.name, "Type": recipient.type, **recipient.beyond_default}
            for id_, recipient in recipients.items()
        }
        whole = {"version": _VERSION, "last": self._last, "recipients": entries}
        await asyncio.to_thread(self._store.save, whole)
        self._recipients = recipients

    async def _save_secrets(self, secrets: dict[str, Secrets]) -> None:
        kept = {id_: named for id_, named in secrets.items() if named}
        if kept == self._secrets:
            return
        await asyncio.to_thread(self._secret_store.save, {"version": _VERSION, "secrets": kept})
        self._secrets = kept


def _recipients(found: Any) -> tuple[int, dict[str, Recipient]]:
    entries = _entries(found, "recipients")
    last = found.get("last")
    if not isinstance(last, int) or isinstance(last, bool):
        raise ValueError("last must be a number")
    known = contract.load(RECIPIENT).configurable
    recipients = {}
    for id_, entry in entries.items():
        fields = {str(name): value for name, value in entry.items()}
        type_ = str(fields.pop("Type", ""))
        plain = plain_options(known, fields, f"setting of recipient {id_}")
        recipients[id_] = model.new(id_, str(plain.pop("Name", "")), type_, plain)
    return max([last, *map(int, recipients)]), recipients


def _secrets(found: Any) -> dict[str, Secrets]:
    return {
        id_: {str(name): str(value) for name, value in entry.items()}
        for id_, entry in _entries(found, "secrets").items()
    }


def _entries(found: Any, kind: str) -> dict[str, dict[Any, Any]]:
    if not isinstance(found, dict) or found.get("version") != _VERSION or not isinstance(found.get(kind), dict):
        raise ValueError(f"it must say version: {_VERSION} and have {kind}")
    entries = {}
    for id_, entry in found[kind].items():
        text = str(id_)
        if not (text.isascii() and text.isdigit() and len(text) < 10 and isinstance(entry, dict)):
            raise ValueError(f"{kind} must have an entry for each number")
        entries[text] = entry
    return entries
