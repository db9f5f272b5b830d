# SPDX-License-Identifier: Apache-2.0
"""What the contract says of its members: the comments in axiod/interfaces/*.xml."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING

from axiod.bus import interface as contract

if TYPE_CHECKING:
    from collections.abc import Mapping

_COMMENT = re.compile(r"<!--\s*(?P<name>[\w.]+):\s(?P<text>.*?)\s*-->", re.DOTALL)
_PART = re.compile(r"^\s*(?:@(?P<argument>\w+)|(?P<errors>Errors)):\s", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Comment:
    """The comment of one member."""

    text: str
    """What it is or does."""
    arguments: Mapping[str, str] = field(default_factory=dict)
    """What each argument and result of a method or signal is."""
    errors: str = ""
    """Why a method may refuse."""

    @property
    def brief(self) -> str:
        """The first sentence, without its full stop."""
        return re.split(r"\.(?=\s|$)", self.text, maxsplit=1)[0]


@cache
def read(interface: str) -> Mapping[str, Comment]:
    """Return the comment of each member of an interface, and of the interface itself under its own name."""
    return {match["name"]: _parse(match["text"]) for match in _COMMENT.finditer(contract.source(interface))}


def _parse(text: str) -> Comment:
    marks = list(_PART.finditer(text))
    ends = [*(mark.start() for mark in marks), len(text)]
    parts = {
        mark["argument"] or mark["errors"]: _flow(text[mark.end() : end])
        for mark, end in zip(marks, ends[1:], strict=True)
    }
    errors = parts.pop("Errors", "")
    return Comment(_flow(text[: ends[0]]), parts, errors)


def _flow(text: str) -> str:
    # A word that is broken at its hyphen is one word.
    return " ".join(re.sub(r"(?<=\w)-\n\s*(?=\w)", "-", text).split())
