# SPDX-License-Identifier: Apache-2.0
"""Passwords from a person or a program. Never from the command line, which every user of the machine can read."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from axiod.errors import InvalidArgument

if TYPE_CHECKING:
    from argparse import Namespace

    from axiod.cli.tree import Parser

_MOST_BYTES = 4096
_TERMINAL = Path("/dev/tty")


def add_option(verb: Parser) -> None:
    """Add --password-stdin."""
    verb.add_argument(
        "--password-stdin",
        action="store_true",
        help="read the password from the standard input, one line, instead of asking for it on the terminal",
    )


def read(args: Namespace, about: str, *, twice: bool = True) -> str:
    """Return a password: a line of the standard input if that was asked for, else what is typed on the terminal.

    Raises InvalidArgument where there is no terminal, or what was typed twice differs.
    """
    if args.password_stdin:
        return _line()
    import getpass

    try:
        _TERMINAL.open("rb").close()
    except OSError:
        raise InvalidArgument(
            "there is no terminal to ask for the password; give it on the standard input with --password-stdin"
        ) from None
    try:
        first = getpass.getpass(f"{about}: ")
        if twice and getpass.getpass(f"{about}, once more: ") != first:
            raise InvalidArgument("the two passwords differ; nothing was changed")
    except EOFError:
        raise InvalidArgument("no password was typed; nothing was changed") from None
    return first


def _line() -> str:
    data = sys.stdin.buffer.read(_MOST_BYTES)
    try:
        text = data.decode().removesuffix("\n").removesuffix("\r")
    except UnicodeDecodeError:
        raise InvalidArgument("the password on the standard input is not UTF-8") from None
    if "\n" in text or len(data) == _MOST_BYTES:
        raise InvalidArgument("the standard input must have one line, the password")
    return text
