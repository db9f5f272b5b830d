# SPDX-License-Identifier: Apache-2.0
"""Whether an id is that of another kind of object: `port on relay1` means a relay."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from axiod.cli.tree import MODULES
from axiod.errors import AxiodError

if TYPE_CHECKING:
    from axiod.cli.objects import Kind
    from axiod.cli.remote import Remote

_ALIKE = ("port", "relay", "alarm")
"""The kinds that may be taken for one another: what has terminals."""


async def kind_of(id_: str, but: Kind, verb: str, remote: Remote) -> Kind | None:
    """Return the other kind that has exactly this id, and the verb; None where none has. Asking starts no service."""
    for word in _ALIKE if but.word in _ALIKE else ():
        kind: Kind = import_module(f"axiod.cli.{MODULES[word]}").KIND
        if word == but.word or verb not in kind.verbs:
            continue
        try:
            if await remote.owner(kind.service) and any(thing.id == id_ for thing in await kind.all(remote)):
                return kind
        except AxiodError:  # then it stays what could not be found
            continue
    return None
