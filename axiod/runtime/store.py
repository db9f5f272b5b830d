# SPDX-License-Identifier: Apache-2.0
"""Settings that were acknowledged, as YAML: what save() returned from is on disk, whatever happens next.

FILE is the present generation, FILE.previous the one before, and FILE.damaged-N what could not be read.
"""

from __future__ import annotations

import contextlib
import logging
import os
from typing import TYPE_CHECKING, Any, TypeVar

import yaml

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

    def __init__(self, path: Path) -> None:
        self.path = path
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
                _log.error("%s is damaged (%s); set aside as %s", path, " ".join(str(error).split()), aside.name)
        return default

    def save(self, data: Any) -> None:
        """Make data the present generation; raises HardwareFailure, and then the former one stays."""
        new = self.path.with_name(self.path.name + ".new")
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with new.open("w", encoding="utf-8") as file:
                yaml.dump(data, file, Dumper=_DUMPER, sort_keys=False, allow_unicode=True)
                file.flush()
                os.fsync(file.fileno())
            with contextlib.suppress(FileNotFoundError):
                self.path.replace(self.previous)
            new.replace(self.path)
            folder = os.open(self.path.parent, os.O_RDONLY | os.O_DIRECTORY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
        except OSError as error:
            with contextlib.suppress(OSError):
                new.unlink()
            raise HardwareFailure(f"the settings cannot be stored in {self.path}: {error.strerror}") from error


def set_aside(path: Path) -> Path:
    """Rename a damaged file to NAME.damaged-N and return the new path."""
    number = 1
    while (aside := path.with_name(f"{path.name}.damaged-{number}")).exists():
        number += 1
    path.replace(aside)
    return aside
