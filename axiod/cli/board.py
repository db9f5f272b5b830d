# SPDX-License-Identifier: Apache-2.0
"""axioctl board: board profiles, read here without any service, and which one this device has."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Any

from axiod.board.choose import CHOSEN
from axiod.board.mistakes import BoardError
from axiod.bus.interface import ON_DEMAND, services, stem
from axiod.bus.service import SERVICE
from axiod.cli import render
from axiod.cli.render import Column, Result
from axiod.errors import AxiodError, HardwareFailure, InvalidArgument, NotAuthorized, NotFound

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Sequence

    from axiod.board.mistakes import Mistake
    from axiod.board.profile import Board
    from axiod.cli.remote import Remote
    from axiod.cli.render import Screen
    from axiod.cli.tree import Parser

_SYSTEMD = "org.freedesktop.systemd1"
_LOOK_AGAIN_SECONDS = 0.05

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
        "file", metavar="FILE|NAME", nargs="?", default=str(CHOSEN), help=f"a profile, or its name; {CHOSEN} without it"
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
    use = group.verb(
        "use",
        "make a profile the board of this device",
        run=_use,
        examples=["axioctl board use rpi4-automation-hat", "axioctl board use my-board.yaml"],
    )
    use.add_argument("file", metavar="FILE|NAME", help="a profile, or its name")
    use.add_argument("--force", action="store_true", help="also when this machine does not have what it names")
    use.add_argument(
        "--to", metavar="FILE", default=str(CHOSEN), help="write it there and restart nothing, for an image"
    )
    use.manual[""] = (
        f"Checks the profile and this machine, copies it to {CHOSEN} with all that it extends, and restarts the "
        "services, which hold their outputs meanwhile. What was there is kept as board.yaml.previous. With a mistake "
        "nothing is changed. Prints what each service says of itself then, and exits with 1 when one is not well. Only "
        "root may."
    )
    for verb in (show, check, use):
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
    from axiod.board.loader import find, load_whole

    mistakes: tuple[Mistake, ...] = ()
    path: Path | None = None
    try:
        path = find(args.file)
        board, places, _ = load_whole(path)
        if args.hardware:
            from axiod.board.hardware import check_hardware

            mistakes = check_hardware(board, places)
    except BoardError as error:
        mistakes = error.mistakes
    if not mistakes:
        return Result([], lambda _screen: [f"{path} is right"])
    return _mistaken(mistakes)


async def _use(args: Namespace, remote: Remote) -> Result:
    from axiod.board.choose import choose
    from axiod.board.hardware import check_hardware
    from axiod.board.loader import find, load_whole

    to = Path(args.to)
    try:
        path = find(args.file)
        whole = load_whole(path)
        mistakes = () if args.force else check_hardware(whole.board, whole.places)
        if mistakes:
            return _mistaken(mistakes)
        choose(whole.profile, path.resolve(), to)
    except BoardError as error:
        return _mistaken(error.mistakes)
    except PermissionError as error:
        raise NotAuthorized(f"{to} cannot be written: only root may choose the board; try sudo") from error
    except OSError as error:
        raise HardwareFailure(f"{to} cannot be written: {error.strerror}") from error
    name = whole.board.name
    chosen = f"the board of this device is {name} ({to})"
    restarted = await _restarted(remote) if to == CHOSEN else {}
    data = {"Board": name, "File": str(to), "Services": {service: said.status for service, said in restarted.items()}}
    lines = [f"{service}: {said.status}" for service, said in restarted.items()]
    if not lines:
        return Result(data, lambda _screen: [f"{chosen}; restart the services of axiod to take it"])
    well = all(said.well and said.board in ("", name) for said in restarted.values())
    return Result(data, lambda _screen: [chosen, *lines], code=0 if well else 1)


@dataclasses.dataclass(frozen=True, slots=True)
class _Said:
    """What a service says of itself after its restart."""

    status: str
    well: bool = False

    @property
    def board(self) -> str:
        """The board that its status names; empty where it names none."""
        return self.status.partition(" of board ")[2]


async def _restarted(remote: Remote) -> dict[str, _Said]:
    """Have systemd restart the services, and return what each says of itself then; empty where there is no systemd."""
    if await remote.owner(_SYSTEMD) is None:
        return {}
    # All at once, and then each is waited for. What runs on demand alone has nothing to do with a board.
    names = [name for name in services() if stem(name) != "sim" and name not in ON_DEMAND]
    jobs = {service: await _restart(remote, service) for service in names}
    return {f"axiod-{stem(service)}": await _after(remote, service, job) for service, job in jobs.items()}


async def _restart(remote: Remote, service: str) -> str | AxiodError:
    """Begin to restart a service, and return the path of the job."""
    manager = "/org/freedesktop/systemd1", f"{_SYSTEMD}.Manager"
    try:
        connection = await remote.connection()
        reply = await connection.call(
            _SYSTEMD, *manager, "RestartUnit", "ss", [f"axiod-{stem(service)}.service", "replace"]
        )
    except AxiodError as error:
        return error
    return str(reply[0])


async def _after(remote: Remote, service: str, job: str | AxiodError) -> _Said:
    """Wait until a job is over, and return what the service says of itself then."""
    try:
        if isinstance(job, AxiodError):
            raise job
        with contextlib.suppress(NotFound):
            while True:
                await remote.properties(_SYSTEMD, job, f"{_SYSTEMD}.Job")
                await asyncio.sleep(_LOOK_AGAIN_SECONDS)
        root = await remote.properties(service, "/" + service.replace(".", "/"), SERVICE)
    except AxiodError as error:
        return _Said(f"{error}; see systemctl status axiod-{stem(service)}")
    return _Said("; degraded: ".join([str(root["Status"]), *root["Problems"]]), well=not root["Problems"])


def _mistaken(mistakes: Sequence[Mistake]) -> Result:
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
