# SPDX-License-Identifier: Apache-2.0
"""The files of the profiles of NetworkManager, as a whole: what they say, and that again. They hold secrets.

In this folder NetworkManager reads files whatever their names end with, but for some.
Source: nm_keyfile_utils_ignore_filename() of NetworkManager 1.42.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from axiod import durable
from axiod.errors import HardwareFailure, Unavailable

FOLDER = Path("/etc/NetworkManager/system-connections")
_IGNORED = re.compile(r"\..*|.*(~|\.pem|\.der|\.[A-Za-z0-9]{6})", re.IGNORECASE)
"""Hidden ones, copies of an editor, certificates, and what mkstemp() made."""
_BYTES = "surrogateescape"
"""A comment need not be UTF-8, nor what is no profile at all."""


def read() -> dict[str, str]:
    """Return the text of every profile by its path; raises HardwareFailure."""
    try:
        paths = [path for path in sorted(FOLDER.glob("*")) if not _IGNORED.fullmatch(path.name) and path.is_file()]
        return {str(path): path.read_bytes().decode("utf-8", _BYTES) for path in paths}
    except OSError as error:
        raise HardwareFailure(f"the profiles in {FOLDER} cannot be read: {error}") from error


def check() -> None:
    """Raise Unavailable where they could not be put back: to a process that was started before there were any."""
    if FOLDER.exists() and not os.access(FOLDER, os.W_OK):
        raise Unavailable(f"{FOLDER} came after axiod-network was started; restart that, and try it again")


def write(former: dict[str, str]) -> bool:
    """Make the profiles what they were, and remove those that came meanwhile; returns whether anything differed.

    What came meanwhile and is no profile is left alone.

    Raises HardwareFailure.
    """
    present = read()
    changed = {path: text for path, text in former.items() if present.get(path) != text}
    gone = [path for path in present.keys() - former.keys() if "[connection]" in present[path]]
    try:
        for path, text in changed.items():
            durable.write(Path(path), text, mode=0o600, errors=_BYTES)
            durable.remove(Path(path + ".previous"))
        for path in gone:
            durable.remove(Path(path))
    except OSError as error:
        raise HardwareFailure(f"the profiles in {FOLDER} cannot be put back: {error}") from error
    return bool(changed or gone)
