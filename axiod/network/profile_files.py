# SPDX-License-Identifier: Apache-2.0
"""The files of the profiles of NetworkManager, as a whole: what they say, and that again. They hold secrets."""

from __future__ import annotations

from pathlib import Path

from axiod import durable
from axiod.errors import HardwareFailure

FOLDER = Path("/etc/NetworkManager/system-connections")


def read() -> dict[str, str]:
    """Return the text of every profile by its path; raises HardwareFailure."""
    try:
        return {str(path): path.read_text(encoding="utf-8") for path in sorted(FOLDER.glob("*.nmconnection"))}
    except (OSError, UnicodeDecodeError) as error:
        raise HardwareFailure(f"the profiles in {FOLDER} cannot be read: {error}") from error


def write(former: dict[str, str]) -> bool:
    """Make the profiles what they were, and remove those that came meanwhile; returns whether anything differed.

    Raises HardwareFailure.
    """
    present = read()
    changed = {path: text for path, text in former.items() if present.get(path) != text}
    gone = present.keys() - former.keys()
    try:
        for path, text in changed.items():
            durable.write(Path(path), text, mode=0o600)
            durable.remove(Path(path + ".previous"))
        for path in gone:
            durable.remove(Path(path))
    except OSError as error:
        raise HardwareFailure(f"the profiles in {FOLDER} cannot be put back: {error}") from error
    return bool(changed or gone)
