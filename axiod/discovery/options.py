# SPDX-License-Identifier: Apache-2.0
"""The command line of axiod-discovery."""

from __future__ import annotations

import getopt
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

EXIT_USAGE = 2
LEVELS = ("debug", "info", "warning", "error")
USAGE = """usage: axiod-discovery [OPTIONS]

--log-level LEVEL     debug, info, warning or error (default: info)
"""


class UsageError(ValueError):
    """The command line is wrong."""


def parse(arguments: Sequence[str]) -> str:
    """Read the command line and return the log level; raises UsageError."""
    try:
        given, rest = getopt.getopt(list(arguments), "", ["log-level="])
    except getopt.GetoptError as error:
        raise UsageError(str(error)) from None
    if rest:
        raise UsageError(f"{rest[0]!r} is not expected")
    level = "info"
    for _name, value in given:
        if value not in LEVELS:
            raise UsageError(f"--log-level must be one of {', '.join(LEVELS)}, not {value!r}")
        level = value
    return level


def read() -> str:
    """Read the command line of this process; one that is wrong ends it with status 2, --help with 0."""
    if sys.argv[1:] in (["--help"], ["-h"]):
        sys.stdout.write(USAGE)
        sys.exit(0)
    try:
        return parse(sys.argv[1:])
    except UsageError as error:
        sys.stderr.write(f"axiod-discovery: {error}\n{USAGE}")
        sys.exit(EXIT_USAGE)
