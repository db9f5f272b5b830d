# SPDX-License-Identifier: Apache-2.0
"""dot1x.yaml: settings and secrets of each interface, one whole, which only its owner may read.

axiod-network writes it. axiod-dot1x@INTERFACE reads it when it starts, whether or not axiod-network runs.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from axiod.bus import interface as contract
from axiod.bus.arguments import plain_options
from axiod.errors import AxiodError, HardwareFailure
from axiod.network.dot1x.settings import Secrets, Settings, check_interface, checked_secrets
from axiod.runtime.config import parse
from axiod.runtime.store import Store

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

DOT1X = "org.axiod.network1.Dot1x"
_NAME = "dot1x.yaml"
_VERSION = 1


@dataclass(frozen=True, slots=True)
class Kept:
    """What is kept of one interface."""

    settings: Settings = field(default_factory=Settings)
    secrets: Secrets = field(default_factory=dict, repr=False)


NOTHING = Kept()


class Dot1xFile:
    """The file, for axiod-network. What `keep` returned from is on disk; when it raises, nothing was changed."""

    def __init__(self, state_dir: Path) -> None:
        """Raises HardwareFailure when the disk refuses to be read."""
        self._store = Store(state_dir / _NAME, private=True)
        there = self._store.path.exists()
        self._kept: dict[str, Kept] = self._store.load(_read, {})
        self.problem: str | None = None
        """What is to be said of a file that could not be read."""
        if there and not self._store.path.exists():
            self.problem = f"{_NAME} could not be read: what is set for 802.1X is older, or nothing; look at it"

    @property
    def interfaces(self) -> tuple[str, ...]:
        """The interfaces that something is kept of."""
        return tuple(self._kept)

    def get(self, interface: str) -> Kept:
        """Return what is kept of an interface."""
        return self._kept.get(interface, NOTHING)

    async def keep(self, interface: str, kept: Kept) -> None:
        """Keep something else of an interface."""
        changed = {name: each for name, each in {**self._kept, interface: kept}.items() if each != NOTHING}
        await asyncio.to_thread(self._store.save, {"version": _VERSION, "interfaces": to_plain(changed)})
        self._kept = changed


def read_only(state_dir: Path, interface: str) -> Kept:
    """Return what is kept of an interface, and change nothing on disk; raises HardwareFailure.

    For who is not the owner: what is damaged is left to be set aside by him.
    """
    wrong = None
    path = state_dir / _NAME
    for each in (path, Store(path).previous):
        try:
            return _read(parse(each.read_text(encoding="utf-8"))).get(interface, NOTHING)
        except FileNotFoundError:
            continue
        except OSError as error:
            raise HardwareFailure(f"{each} cannot be read: {error.strerror}") from error
        except (ValueError, AxiodError):
            wrong = each
    if wrong is not None:
        raise HardwareFailure(f"{wrong} is damaged; set 802.1X anew")
    return NOTHING


def to_plain(kept: Mapping[str, Kept]) -> dict[str, Any]:
    """Return what is kept as YAML and JSON have it, with its secrets."""
    names = {value.python_name: name for name, value in contract.load(DOT1X).configurable.items()}
    return {
        interface: {
            "settings": {names[name]: value for name, value in each.settings.beyond_default.items()},
            "secrets": dict(each.secrets),
        }
        for interface, each in kept.items()
    }


def _read(found: Any) -> dict[str, Kept]:
    if not isinstance(found, dict) or found.keys() != {"version", "interfaces"} or found["version"] != _VERSION:
        raise ValueError(f"it must say version: {_VERSION}, and what is set for each interface")
    return from_plain(found["interfaces"])


def from_plain(found: Any) -> dict[str, Kept]:
    """Return what `to_plain` gave; raises ValueError or InvalidArgument for anything else."""
    if not isinstance(found, dict):
        raise ValueError("interfaces must hold an entry for each interface")
    return {str(name): _entry(str(name), entry) for name, entry in found.items()}


def _entry(interface: str, entry: Any) -> Kept:
    check_interface(interface)
    if not isinstance(entry, dict) or entry.keys() != {"settings", "secrets"}:
        raise ValueError(f"{interface} must have settings and secrets")
    if not all(isinstance(part, dict) for part in entry.values()):
        raise ValueError(f"{interface}: settings and secrets must hold lines of the form NAME: VALUE")
    known = contract.load(DOT1X).configurable
    named = plain_options(known, {str(name): value for name, value in entry["settings"].items()}, "setting")
    settings = Settings().amended({known[name].python_name: value for name, value in named.items()})
    options = contract.load(DOT1X).methods["SetSecrets"].inputs[0].options or {}
    secrets = plain_options(options, {str(name): value for name, value in entry["secrets"].items()}, "secret")
    return Kept(settings, checked_secrets(secrets))
