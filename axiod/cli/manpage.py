# SPDX-License-Identifier: Apache-2.0
"""The manual page, from the tree of commands: python -m axiod.cli.manpage >docs/man/axioctl.1"""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING

from axiod.cli.__main__ import EXIT_CODES, INTERRUPTED, PIPE_CLOSED
from axiod.cli.completion import walk
from axiod.cli.tree import FIRST, INTRODUCTION, _everywhere, build, sentence

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from axiod.cli.tree import Parser

_OBJECTS = """
ID names an object. It may be its id, as the lists show it and as the board profile has it ("io1"); what is printed
beside its terminal ("I/O 1"; case, spaces and signs do not matter, so io-1 is the same); the name that the user gave
it; or the VAPIX port number, as #7 or 7. An ID that could be more than one object is refused.
"""

_LISTS = """
Lists show in CHANGED how long ago the state changed last, and in QUALITY how far it can be trusted: good, stale, fault
(the last known state) or never (not read yet). LOOP is the state of a supervised loop: open, closed, short or cut. What
is absent is shown as "-". On a terminal that is too narrow, columns are left out or cut; in a pipe or a file none is.
"""

_JSON = """
With --json the properties have the names of the D-Bus interfaces, beside Id and Path; times are microseconds since
1970. A property that is absent is not there. Lists are arrays. Errors remain text on the standard error.
"""

_MEANINGS = {
    "Internal": "another failure, or a fault of axiod; board check: the profile has mistakes",
    "InvalidArgument": "the command line, or a value in it, is wrong",
    "NotFound": "there is no such object, or the ID could be more than one",
    "NotAuthorized": "the user may not do that",
    "Unavailable": "the service, or the bus, is not running",
    "Busy": "something else is under way, the configuration does not allow it, or there are too many",
    "Timeout": "no answer in time; a command that moves something is not carried out later",
    "NotSupported": "the object cannot do that",
    "HardwareFailure": "a line, an ADC or the disk refused",
}

_ENVIRONMENT = (
    ("DBUS_SYSTEM_BUS_ADDRESS", "The address of the system bus, where it is not the usual one."),
    ("NO_COLOR", "Without colours, when it is set to anything. There are none in a pipe or a file anyway."),
    ("COLUMNS", "The width of the terminal, where it is not the real one."),
)


def page() -> str:
    """Return the page in the man macros of roff."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    root = build()
    yield '.\\" Made by: python -m axiod.cli.manpage'
    yield '.TH AXIOCTL 1 "" axiod "User Commands"'
    yield from (".SH NAME", "axioctl \\- show, switch and configure a network I/O relay module")
    yield from (".SH SYNOPSIS", ".B axioctl", _roff(root.synopsis().removeprefix("axioctl ")))
    yield from (".SH DESCRIPTION", *_text(INTRODUCTION), ".PP", *_text(_OBJECTS), ".PP", *_text(_LISTS))
    yield ".SH OPTIONS"
    yield "They are understood before and after the command."
    for action in [*_everywhere()._actions, *root.arguments()]:
        yield from _option(action, action.help or "")
    yield from _tagged("\\-h, \\-\\-help", "Print what the command does and takes.")
    yield ".SH COMMANDS"
    for _, parser in walk(root):
        if parser is not root and not parser.verbs:
            yield from _command(parser)
    yield from (".SH JSON", *_text(_JSON))
    yield from (".SH EXIT STATUS", *_tagged("0", "it was done"))
    for code in sorted(set(EXIT_CODES.values())):
        yield from _tagged(str(code), _meaning(code))
    yield from _tagged(str(INTERRUPTED), "interrupted with Ctrl-C")
    yield from _tagged(str(PIPE_CLOSED), "nobody reads the output any more")
    yield ".SH ENVIRONMENT"
    for name, text in _ENVIRONMENT:
        yield from _tagged(name, text)
    yield from (".SH EXAMPLES", ".nf", *map(_roff, _examples()), ".fi")
    yield from (".SH SEE ALSO", ".BR busctl (1),", ".BR systemctl (1)")


def _command(parser: Parser) -> Iterator[str]:
    yield ".SS " + _roff(parser.synopsis())
    about = sentence((parser.description or "").replace("%%", "%"))
    more = parser.manual.get("")
    yield from _text(f"{about} {sentence(more)}" if more else about)
    for action in parser.arguments():
        yield from _option(action, parser.manual.get(action.dest) or action.help or "")
    for example in parser.examples:
        yield from (".IP", f".B {_roff(example)}")


def _option(action: argparse.Action, text: str) -> Iterator[str]:
    name = ", ".join(f"\\fB{_roff(option)}\\fR" for option in action.option_strings)
    metavar = f"\\fI{_roff(str(action.metavar))}\\fR" if action.metavar else ""
    yield from _tagged(f"{name} {metavar}".strip(), sentence(text.replace("%%", "%")))


def _tagged(tag: str, text: str) -> Iterator[str]:
    yield from (".TP", tag, *_text(text))


def _meaning(code: int) -> str:
    return next(_MEANINGS[error.__name__] for error, known in EXIT_CODES.items() if known == code)


def _examples() -> Iterator[str]:
    for line in FIRST.splitlines():
        if line.startswith("  axioctl"):
            yield line.strip()


def _text(text: str) -> Iterator[str]:
    """Yield a text with a line for each sentence, as roff wants it."""
    for line in re.split(r"(?<=[.:?]) (?=[A-Z\"'])", " ".join(text.split())):
        if line:
            yield _roff(line)


def _roff(text: str) -> str:
    """Escape what roff would read as its own."""
    text = text.replace("\\", "\\e").replace("-", "\\-")
    return "\\&" + text if text[:1] in (".", "'") else text


if __name__ == "__main__":
    sys.stdout.write(page())
