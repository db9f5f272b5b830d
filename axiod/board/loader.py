# SPDX-License-Identifier: Apache-2.0
"""From a profile file to a Board, or to all its mistakes.

It runs whenever a daemon starts: nothing slow is imported, and nothing of the machine is touched.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from axiod.board.mistakes import BoardError, Mistake, hint
from axiod.board.reader import Reader
from axiod.board.source import Notes, plain, read, walk

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from axiod.board.profile import Board
    from axiod.board.source import Node

__all__ = ["DEFAULT_FOLDERS", "BoardError", "Mistake", "find", "load", "load_whole"]

DEFAULT_FOLDERS = (
    Path("/etc/axiod/boards"),
    Path("/usr/share/axiod/boards"),
    Path(__file__).parents[2] / "etc" / "boards",
)
"""Where profiles are looked for: the administrator's, the package's, a checkout's."""


def find(name_or_path: str, folders: Sequence[Path] = DEFAULT_FOLDERS) -> Path:
    """Return the file of a profile.

    A path (it has a slash or ends in .yaml) is returned as it is; a name is looked for in the folders, first come.
    BoardError: no folder has it.
    """
    if "/" in name_or_path or name_or_path.endswith(".yaml"):
        return Path(name_or_path)
    for folder in folders:
        path = folder / f"{name_or_path}.yaml"
        if path.is_file():
            return path
    known = sorted({path.stem for folder in folders for path in folder.glob("*.yaml")})
    looked = ", ".join(str(folder) for folder in folders)
    raise BoardError([Mistake(name_or_path, 0, "", f"no such profile in {looked}{hint(name_or_path, known)}")])


class Whole(NamedTuple):
    """A board, and what its profile says."""

    board: Board
    places: Mapping[str, tuple[str, int]]
    """File and line of each dotted key."""
    profile: Mapping[str, Any]
    """All of it as plain data that extends nothing."""


def load(path: Path, folders: Sequence[Path] = DEFAULT_FOLDERS) -> Board:
    """Return the board of a profile. What it extends is looked for beside it, then in `folders`.

    BoardError: all its mistakes, in order of file and line.
    """
    return _load(path, folders)[0]


def load_whole(path: Path, folders: Sequence[Path] = DEFAULT_FOLDERS) -> Whole:
    """Return the board with what its profile says, read once. Errors as load."""
    board, root = _load(path, folders)
    profile: dict[str, Any] = plain(root)
    profile.pop("extends", None)
    return Whole(board, {node.key: (node.file, node.line) for node in walk(root)}, profile)


def _load(path: Path, folders: Sequence[Path]) -> tuple[Board, Node]:
    notes = Notes()
    root = read(path, folders, notes)
    board = Reader(root, notes).board() if root else None
    if board is None or root is None or notes.mistakes:
        # The file that was asked for comes first, then what it extends.
        raise BoardError(sorted(notes.mistakes, key=lambda it: (it.file != str(path), it.file, it.line)))
    return board, root
