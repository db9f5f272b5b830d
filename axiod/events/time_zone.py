# SPDX-License-Identifier: Apache-2.0
"""The time zone of the device, and that it was changed: TZ of the process, else /etc/localtime."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from datetime import tzinfo

LOCALTIME = Path("/etc/localtime")


class TimeZone:
    """The zone as it was when it was last looked at."""

    name: str
    """For example "Europe/Stockholm"; "local" for a file that does not say its name."""
    zone: tzinfo

    def __init__(self, path: Path = LOCALTIME) -> None:
        self._path = path
        self._fixed = os.environ.get("TZ", "").removeprefix(":")
        self._mark: object = None
        self.name, self.zone = "UTC", ZoneInfo("UTC")
        self.changed()

    def changed(self) -> bool:
        """Look, and return whether it is another one now. What cannot be read leaves the former one."""
        mark = self._fixed or _mark(self._path)
        if mark == self._mark:
            return False
        self._mark = mark
        former = self.name, self.zone
        try:
            self.name, self.zone = self._read()
        except (OSError, ValueError, KeyError):  # none, half written, or no zone
            return False
        if not self._fixed:
            time.tzset()  # for everything in this process that asks the C library
        return former != (self.name, self.zone)

    def _read(self) -> tuple[str, tzinfo]:
        if self._fixed and not self._fixed.startswith("/"):
            return self._fixed, ZoneInfo(self._fixed)
        path = Path(self._fixed) if self._fixed else self._path
        name = str(path.resolve()).partition("/zoneinfo/")[2].removeprefix("posix/") or "local"
        with path.open("rb") as file:
            return name, ZoneInfo.from_file(file, key=name)


def _mark(path: Path) -> object:
    """Return what differs when the file is another one."""
    try:
        link = str(path.readlink()) if path.is_symlink() else ""
        found = path.stat()
    except OSError:
        return None
    return link, found.st_ino, found.st_mtime_ns, found.st_size
