# SPDX-License-Identifier: Apache-2.0
"""Files that are whole on disk, the former or the new, whatever happens while they are written."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def write(path: Path, text: str, *, mode: int | None = None, errors: str = "strict") -> None:
    """Make text what a file says, and keep what it said before as PATH.previous. Makes its folder.

    There is no moment without PATH, and it is on disk when this returns. Raises OSError, and then PATH is as it was.
    `mode`: the permissions of the file, whatever the umask is. `errors`: what becomes of signs that UTF-8 does not
    have, as str.encode() takes it.
    """
    new, former, previous = (path.with_name(path.name + end) for end in (".new", ".former", ".previous"))
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with new.open("w", encoding="utf-8", errors=errors) as file:
            if mode is not None:
                os.fchmod(file.fileno(), mode)
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        if path.exists():
            former.unlink(missing_ok=True)
            os.link(path, former)
            former.replace(previous)
        new.replace(path)
    except OSError:
        for made in (new, former):
            with contextlib.suppress(OSError):
                made.unlink()
        raise
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def remove(path: Path) -> None:
    """Remove a file for good, whether it is there or not; raises OSError."""
    path.unlink(missing_ok=True)
    if not path.parent.is_dir():
        return
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
