# SPDX-License-Identifier: Apache-2.0
"""Values that outlive the process at once: appended to a file without waiting, until the state has them.

A write to a file outlives the process when it returns; only a power cut may lose it. So a value costs some microseconds
here, and not the two changes of thread that a database needs. What is there counts until the boot ends, and until a
commit covers its number: then the file is written again from its beginning, and never grows for long.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

_log = logging.getLogger(__name__)

MOST_BYTES = 1 << 20
"""More than this does not wait for a commit."""
_TEXT = json.JSONEncoder(separators=(",", ":"))
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


class Journal:
    """One file. Lines of it that are damaged, of another boot, or left from before it was begun anew, count as none."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._fd: int | None = None
        self._end = 0
        self._seed = zlib.crc32(_boot_id())
        self.number = 0
        """That of the last value."""

    def read(self, covered: int) -> dict[str, Any]:
        """Return the values after those that a commit covers, by their keys; to be called once, before append()."""
        self.number = covered
        found: dict[str, Any] = {}
        try:
            lines = self._path.read_bytes().split(b"\n")
        except FileNotFoundError:
            return found
        except OSError as error:
            _log.error("%s cannot be read: %s", self._path, error)
            return found
        last = 0
        for line in lines:
            checksum, _, text = line.partition(b" ")
            if checksum != self._checksum(text):
                break
            number, key, value = json.loads(text)
            if number <= last:
                break
            last = number
            self._end += len(line) + 1
            if number > covered:
                found[key] = value
                self.number = number
        if not found:
            self._end = 0
        return found

    def append(self, values: Mapping[str, Any]) -> bool:
        """Add values in their order; return whether all of them outlive the process from now on."""
        lines = []
        for number, (key, value) in enumerate(values.items(), self.number + 1):
            text = _TEXT.encode([number, key, value]).encode()
            lines.append(b"%b %b\n" % (self._checksum(text), text))
        written = b"".join(lines)
        try:
            if self._end > MOST_BYTES or os.pwrite(self._opened(), written, self._end) < len(written):
                return False
        except OSError as error:
            _log.debug("%s cannot be written: %s", self._path, error)
            return False
        self._end += len(written)
        self.number += len(lines)
        return True

    def covered(self, number: int) -> None:
        """A commit has all values up to a number."""
        if number == self.number:
            self._end = 0

    def close(self) -> None:
        """Close the file."""
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None

    def _opened(self) -> int:
        if self._fd is None:
            self._fd = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        return self._fd

    def _checksum(self, text: bytes) -> bytes:
        return b"%08x" % zlib.crc32(text, self._seed)


def _boot_id() -> bytes:
    with contextlib.suppress(OSError):
        return _BOOT_ID.read_bytes()
    return b""
