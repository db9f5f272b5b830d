# SPDX-License-Identifier: Apache-2.0
"""Which object a person means. Never a guess: what may be two is refused, because a wrong relay is dangerous."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from axiod.errors import NotFound

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from axiod.bus.client import Objects


@dataclass(frozen=True, slots=True)
class Thing:
    """One object of a service."""

    path: str
    interfaces: Mapping[str, Mapping[str, Any]]
    """Interface -> property -> value."""

    @property
    def id(self) -> str:
        """The last word of its path, which the board profile calls its id."""
        return self.path.rpartition("/")[2]

    def get(self, name: str) -> Any:
        """Return a property of any of its interfaces; None where it is absent."""
        return next((values[name] for values in self.interfaces.values() if name in values), None)


def things(objects: Objects, *interfaces: str) -> list[Thing]:
    """Return the objects that have one of the interfaces: by number those that have one, the others as they come."""
    found = [
        Thing(path, {name: present[name] for name in interfaces if name in present})
        for path, present in objects.items()
        if any(name in present for name in interfaces)
    ]
    return sorted(found, key=lambda thing: (thing.get("Number") is None, thing.get("Number") or 0))


def find(word: str, among: Sequence[Thing], text: str) -> Thing:
    """Return the one that a text means.

    Its id; "#N", its number; else its id, terminal or name, whatever their case, spaces and signs, or its bare number.
    NotFound: none, or more than one; the text lists those that are near.
    """
    for thing in among:
        if thing.id == text:
            return thing
    if text.startswith("#"):
        found = [thing for thing in among if _has_number(thing, text[1:])]
    else:
        found = [thing for thing in among if _is_called(thing, text) or _has_number(thing, text)]
    if len(found) == 1:
        return found[0]
    if found:
        raise NotFound(f"{text!r} is more than one {word}: {_listed(found)}; give the ID")
    raise NotFound(f"there is no {word} {text!r}; {_hint(among, text)}")


def _is_called(thing: Thing, text: str) -> bool:
    names = [thing.id, *(name for name in (thing.get("Terminal"), thing.get("Name")) if name)]
    bare = _bare(text)
    return text in names or (bool(bare) and bare in map(_bare, names))


def _has_number(thing: Thing, text: str) -> bool:
    return text.isdecimal() and thing.get("Number") == int(text)


def _bare(text: str) -> str:
    """Take away what does not matter: case, spaces, slashes and other signs."""
    return "".join(filter(str.isalnum, text.casefold()))


def _hint(among: Sequence[Thing], text: str) -> str:
    if not among:
        return "there is none"
    import difflib  # only a typing mistake pays for it

    of = {
        _bare(str(name)): thing
        for thing in among
        for name in (thing.get("Name"), thing.get("Terminal"), thing.id)
        if name
    }
    near = list(dict.fromkeys(of[key].id for key in difflib.get_close_matches(_bare(text), of, n=3)))
    if near:
        return "did you mean " + _listed([thing for thing in among if thing.id in near], " or ") + "?"
    return "there is " + _listed(among)


def _listed(found: Sequence[Thing], separator: str = ", ") -> str:
    shown = []
    for thing in found:
        name = thing.get("Name") or thing.get("Terminal")
        shown.append(f"{thing.id} ({name})" if name and name != thing.id else thing.id)
    return separator.join(shown)
