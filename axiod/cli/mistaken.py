# SPDX-License-Identifier: Apache-2.0
"""What a wrong command line may have meant. Only said, never done: a guess could move a relay."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from axiod.cli.tree import Parser

_OTHERS = {"del": "remove", "delete": "remove", "rm": "remove", "ls": "list", "set": "configure", "get": "show"}
"""What other programs call a command."""
_LONGEST = 40


def option(parser: Parser, name: str) -> str:
    """Say that a command has no such option, and which one may have been meant."""
    known = [each for action in parser._actions for each in action.option_strings if each.startswith("--")]
    return f"there is no option {name[:_LONGEST]!r}{_did_you_mean(name, known)}"


def command(parser: Parser, name: str, given: Sequence[str]) -> str:
    """Say that there is no such command below another, and what may have been meant; `given`: all words behind it."""
    words = list(given[given.index(name) :] if name in given else given)
    if len(words) > 1 and words[1] in parser.verbs and name not in _OTHERS:
        return f"the command comes first: {parser.prog} {' '.join([words[1], name, *words[2:]])}"
    meant = _OTHERS.get(name, name)
    hint = _did_you_mean(meant, parser.verbs)
    below = {group: verbs for group, each in parser.verbs.items() if (verbs := each.fill().verbs)}
    verb = _near(meant, {verb for verbs in below.values() for verb in verbs})
    if verb and not hint:
        groups = [group for group, verbs in below.items() if verb in verbs]
        first = next((group for group in groups if any(word.startswith(group) for word in words)), groups[0])
        example = " ".join([parser.prog, first, verb, *words[1:]])
        return f"{verb!r} is a command of {', '.join(groups)}; for example: {example}"
    return f"there is no command {name[:_LONGEST]!r}" + (hint or f"; there is {', '.join(parser.verbs)}")


def _did_you_mean(name: str, known: Iterable[str]) -> str:
    near = _near(name, known)
    return f"; did you mean {near}?" if near else ""


def _near(name: str, known: Iterable[str]) -> str | None:
    import difflib  # only a mistake pays for it

    return next(iter(difflib.get_close_matches(name[:_LONGEST], sorted(known), n=1)), None)
