# SPDX-License-Identifier: Apache-2.0
"""Where an output stands when a service takes its line. Pure.

| the line                                        | the output                                      |
| ----------------------------------------------- | ----------------------------------------------- |
| inherited, and it drove                         | stays, and what ran goes on                     |
| inherited, and it was an input                  | inactive: it has just been made an output       |
| new, and driven since the same boot             | stays, and what ran goes on                     |
| new, and nobody drives it, or the machine booted | goes where its boot policy says; what ran is over |
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Boot(StrEnum):
    """Where an output stands after the machine booted."""

    INACTIVE = "inactive"
    ACTIVE = "active"
    LAST = "last"


@dataclass(frozen=True, slots=True)
class Found:
    """What is known when the line is taken."""

    inherited: bool
    """The process before us had the line."""
    driven: bool
    """The line drives its terminal."""
    same_boot: bool
    """The machine did not boot since the output was served last; True when it never was."""
    active: bool
    """What the line, or what was stored, says."""
    last: bool
    """What was acknowledged last, for the boot policy "last"."""


def stays(found: Found) -> bool:
    """Whether the output stays as it is, and what ran goes on."""
    return found.driven and (found.inherited or found.same_boot)


def begins_active(found: Found, boot: Boot) -> bool:
    """Whether the output is active from now on."""
    if stays(found):
        return found.active
    if found.inherited:
        return False
    return found.last if boot is Boot.LAST else boot is Boot.ACTIVE
