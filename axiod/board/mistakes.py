# SPDX-License-Identifier: Apache-2.0
"""What is wrong with a board profile: every mistake with its place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


_LONG_LIST = 14


@dataclass(frozen=True, slots=True)
class Mistake:
    """One mistake. `str()` of it is "FILE:LINE: KEY: TEXT"."""

    file: str
    line: int
    """From 1; 0 when no line can be named, for example of a file that does not exist."""
    key: str
    """Dotted path, for example ports.input1.line.name; empty for the file as a whole."""
    text: str
    """What is wrong, and what would be right."""

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}" if self.line else self.file
        return f"{where}: {self.key}: {self.text}" if self.key else f"{where}: {self.text}"


class BoardError(Exception):
    """A profile cannot be used. `str()` of it is one line for each mistake."""

    def __init__(self, mistakes: Iterable[Mistake]) -> None:
        self.mistakes = tuple(mistakes)
        super().__init__("\n".join(str(mistake) for mistake in self.mistakes))


def hint(word: str, known: Iterable[str]) -> str:
    """Return, as the end of a sentence, what may have been meant by `word`, or else all that is known if it is few."""
    import difflib  # only a profile with a mistake pays for it

    names = list(known)
    near = difflib.get_close_matches(word, names, n=1, cutoff=0.6)
    if near:
        return f'; did you mean "{near[0]}"?'
    if len(names) > _LONG_LIST:
        return ""
    return "; there are: " + ", ".join(f'"{name}"' for name in names) if names else "; there are none"
