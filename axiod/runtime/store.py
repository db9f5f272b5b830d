# SPDX-License-Identifier: Apache-2.0
"""Settings that were acknowledged, as YAML: what save() returned from is on disk, whatever happens next.

FILE is the present generation, FILE.previous the one before, and FILE.damaged-N what could not be read.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, TypeVar

import yaml

from axiod import durable
from axiod.errors import AxiodError, HardwareFailure
from axiod.runtime.config import parse

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_log = logging.getLogger(__name__)
_DUMPER: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
_T = TypeVar("_T")


class Store:
    """One file of settings. Used by one process at a time."""

    def __init__(self, path: Path, *, private: bool = False) -> None:
        """`private`: only its owner may read it, and no log quotes from it."""
        self.path = path
        self._private = private
        self.previous = path.with_name(path.name + ".previous")

    def load(self, read: Callable[[Any], _T], default: _T) -> _T:
        """Return what `read` makes of the newest generation that it takes; the default where there is none.

        `read` gets what the YAML says and raises ValueError or an AxiodError for what it cannot take. A file that
        cannot be taken is set aside and named in the log. Raises HardwareFailure when the disk refuses to be read.
        """
        for path in (self.path, self.previous):
            try:
                text = path.read_text(encoding="utf-8")
                return read(parse(text))
            except FileNotFoundError:
                continue
            except OSError as error:
                raise HardwareFailure(f"{path} cannot be read: {error}") from error
            except (ValueError, AxiodError) as error:
                aside = set_aside(path)
                reason = "its text cannot be taken" if self._private else " ".join(str(error).split())
                _log.error("%s is damaged (%s); set aside as %s", path, reason, aside.name)
        return default

    def save(self, data: Any) -> None:
        """Make data the present generation; raises HardwareFailure, and then the former one stays."""
        text = yaml.dump(data, Dumper=_DUMPER, sort_keys=False, allow_unicode=True)
        try:
            durable.write(self.path, text, mode=0o600 if self._private else None)
        except OSError as error:
            raise HardwareFailure(f"the settings cannot be stored in {self.path}: {error.strerror}") from error


def set_aside(path: Path) -> Path:
    """Rename a damaged file to NAME.damaged-N and return the new path."""
    number = 1
    while (aside := path.with_name(f"{path.name}.damaged-{number}")).exists():
        number += 1
    path.replace(aside)
    return aside


def damage(folder: Path) -> str | None:
    """Say what was set aside in a state folder and still lies there; None where nothing does."""
    names = sorted(str(path.relative_to(folder)) for path in folder.rglob("*.damaged-*"))
    if not names:
        return None
    return (
        f"{', '.join(names)} in {folder} could not be read and was set aside, so what counts is older or the default; "
        "look at what it was for, remove it, and restart the service"
    )
