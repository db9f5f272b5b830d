# SPDX-License-Identifier: Apache-2.0
"""All templates on disk: those that came with axiod, and over them those of users."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from axiod import durable
from axiod.errors import HardwareFailure, InvalidArgument, LimitReached
from axiod.sensors.reader import LARGEST, read

if TYPE_CHECKING:
    from collections.abc import Mapping

    from axiod.sensors.template import Template

MOST_OF_USERS = 64
SHIPPED_FOLDERS = (Path("/usr/share/axiod/templates"), Path(__file__).parents[2] / "etc" / "templates")
"""Where those that came with axiod are: the package's, a checkout's; the first that there is."""


@dataclass(frozen=True, slots=True)
class Kept:
    """One template, and the text that says so."""

    template: Template
    text: str
    user: bool
    overrides: bool = False


class Shelf:
    """What there is. Files that cannot be taken are named in `problems`; what they said before stays."""

    def __init__(self, folder: Path) -> None:
        """`folder`: that of users. Raises HardwareFailure when the disk refuses to be read."""
        self._folder = folder
        self._shipped: dict[str, Kept] = {}
        self._users: dict[str, Kept] = {}
        self.problems: list[str] = []
        self.reload()

    @property
    def all(self) -> Mapping[str, Kept]:
        """Return those that count, by id."""
        users = {
            id_: Kept(kept.template, kept.text, user=True, overrides=id_ in self._shipped)
            for id_, kept in self._users.items()
        }
        return dict(sorted((self._shipped | users).items()))

    def shipped(self, id_: str) -> Kept | None:
        """Return the one that came with axiod."""
        return self._shipped.get(id_)

    def reload(self) -> None:
        """Read all files; raises HardwareFailure."""
        problems: list[str] = []
        shipped = next((folder for folder in SHIPPED_FOLDERS if folder.is_dir()), None)
        if shipped is None:
            problems.append(f"the templates that came with axiod are not there: {SHIPPED_FOLDERS[0]}")
        else:
            self._shipped = _read_all(shipped, self._shipped, problems, user=False)
        if self._folder.is_dir():
            self._users = _read_all(self._folder, self._users, problems, user=True)
        self.problems = problems

    def check(self, text: str) -> Kept:
        """Return what a text says, which is not kept yet; raises InvalidArgument, LimitReached."""
        template = read(text)
        if template.id not in self._users and len(self._users) >= MOST_OF_USERS:
            raise LimitReached(f"there are {MOST_OF_USERS} templates of users already; remove one first")
        return Kept(template, text, user=True, overrides=template.id in self._shipped)

    def keep(self, kept: Kept) -> None:
        """Store a template; raises HardwareFailure, and then the former one stays."""
        path = self._path(kept.template.id)
        try:
            durable.write(path, kept.text)
            path.with_name(path.name + ".previous").unlink(missing_ok=True)
        except OSError as error:
            raise HardwareFailure(f"the template cannot be stored in {path}: {error.strerror}") from error
        self._users = self._users | {kept.template.id: kept}
        self.problems = [text for text in self.problems if not text.startswith(str(path))]

    def drop(self, id_: str) -> None:
        """Remove a template of a user; raises HardwareFailure."""
        path = self._path(id_)
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise HardwareFailure(f"{path} cannot be removed: {error.strerror}") from error
        self._users = {key: kept for key, kept in self._users.items() if key != id_}

    def _path(self, id_: str) -> Path:
        return self._folder / f"{id_}.json"


def _read_all(folder: Path, former: Mapping[str, Kept], problems: list[str], *, user: bool) -> dict[str, Kept]:
    found: dict[str, Kept] = {}
    try:
        paths = sorted(folder.glob("*.json"))
    except OSError as error:
        raise HardwareFailure(f"{folder} cannot be read: {error.strerror}") from error
    for path in paths[: MOST_OF_USERS * 2]:
        try:
            kept = _read_one(path, user=user)
        except (InvalidArgument, OSError) as error:
            problems.append(" ".join(str(error).split()))
            if path.stem in former:
                found[path.stem] = former[path.stem]
        else:
            found[path.stem] = kept
    return found


def _read_one(path: Path, *, user: bool) -> Kept:
    if path.stat().st_size > LARGEST * 4:
        raise InvalidArgument(f"{path}: it is larger than any template")
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise InvalidArgument(f"{path}: not UTF-8: {error.reason}") from error
    template = read(text, str(path))
    if template.id != path.stem:
        raise InvalidArgument(f"{path}: id: it is {template.id}, so its file must be called {template.id}.json")
    return Kept(template, text, user=user)
