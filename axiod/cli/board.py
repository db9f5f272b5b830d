# SPDX-License-Identifier: Apache-2.0
"""axioctl board: board profiles, read here without any service."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from axiod.board.mistakes import BoardError
from axiod.cli import render
from axiod.cli.render import Column, Result
from axiod.errors import InvalidArgument, NotFound

if TYPE_CHECKING:
    from argparse import Namespace
    from pathlib import Path

    from axiod.board.mistakes import Mistake
    from axiod.board.profile import Board
    from axiod.cli.remote import Remote
    from axiod.cli.render import Screen
    from axiod.cli.tree import Parser

DEFAULT = "/etc/axiod/board.yaml"
"""The board of this device, as the services take it when their settings name no other."""

_SECTIONS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("ports", ("number", "id", "terminal", "direction", "supervised", "line", "connector")),
    ("relays", ("number", "id", "terminal", "form", "led", "line", "connector")),
    ("alarms", ("id", "terminal", "kind", "supervised", "line")),
    ("serial", ("id", "terminal", "device", "connector")),
    ("leds", ("id", "terminal", "colours", "line")),
    ("buttons", ("id", "terminal", "line")),
)
"""The parts of a board, and what is shown of each."""


def fill(group: Parser) -> None:
    """Add the verbs."""
    show = group.verb("show", "show what a board has", run=_show, examples=["axioctl board show a9210"])
    show.add_argument(
        "file", metavar="FILE|NAME", nargs="?", default=DEFAULT, help=f"a profile, or its name; {DEFAULT} without it"
    )
    check = group.verb(
        "check",
        "check a board profile and name every mistake",
        run=_check,
        examples=["axioctl board check my-board.yaml", "axioctl board check --hardware my-board.yaml"],
    )
    check.add_argument("file", metavar="FILE|NAME", help="a profile, or its name")
    check.add_argument("--hardware", action="store_true", help="also look whether this machine has what it names")
    check.manual[""] = (
        "Prints a line FILE:LINE: KEY: TEXT for each mistake, and exits with 1 when there is one. With --hardware it "
        "also looks for the GPIO chips, lines, ADC channels and serial ports on this machine, without touching them."
    )
    for verb in (show, check):
        verb.complete["file"] = "files"


async def _show(args: Namespace, _remote: Remote) -> Result:
    from axiod.board.loader import find, load

    try:
        path = find(args.file)
        board = load(path)
    except BoardError as error:
        first = error.mistakes[0]
        more = f" (and {len(error.mistakes) - 1} more; see axioctl board check)" if len(error.mistakes) > 1 else ""
        raise (InvalidArgument if first.line else NotFound)(f"{first}{more}") from error
    return Result({"File": str(path)} | _plain(board), lambda screen: _board(board, path, screen))


async def _check(args: Namespace, _remote: Remote) -> Result:
    from axiod.board.loader import find, load_with_places

    mistakes: tuple[Mistake, ...] = ()
    path: Path | None = None
    try:
        path = find(args.file)
        board, places = load_with_places(path)
        if args.hardware:
            from axiod.board.hardware import check_hardware

            mistakes = check_hardware(board, places)
    except BoardError as error:
        mistakes = error.mistakes
    if not mistakes:
        return Result([], lambda _screen: [f"{path} is right"])
    data = [{item.name.title(): getattr(each, item.name) for item in dataclasses.fields(each)} for each in mistakes]
    return Result(data, lambda _screen: [str(mistake) for mistake in mistakes], code=1)


def _board(board: Board, path: Path, screen: Screen) -> list[str]:
    lines = render.record({"Board": board.name, "Title": board.title, "File": str(path)}, screen)
    for section, names in _SECTIONS:
        things = getattr(board, section)
        if things:
            columns = [
                Column(name.upper().replace("NUMBER", "#"), name == "number", shrink=name == "connector")
                for name in names
            ]
            rows = [[_cell(thing, name) for name in names] for thing in things]
            lines += ["", screen.paint(section, "1"), *render.table(columns, rows, screen)]
    return lines


def _cell(thing: Any, name: str) -> str:
    if name == "direction":
        return {(True, True): "configurable", (True, False): "input"}.get((thing.input, thing.output), "output")
    if name == "supervised":
        return "yes" if thing.adc else "no"
    if name == "line" and thing.line is None:
        return render.value(thing.kernel_name)
    given = getattr(thing, name)
    return render.value(str(given) if name == "line" else given)


def _plain(of: Any) -> Any:
    """Return dataclasses, enums and mappings as JSON has them."""
    if dataclasses.is_dataclass(of):
        return {item.name: _plain(getattr(of, item.name)) for item in dataclasses.fields(of)}
    if isinstance(of, list | tuple):
        return [_plain(item) for item in of]
    if hasattr(of, "items"):
        return {str(key): _plain(item) for key, item in of.items()}
    return of
