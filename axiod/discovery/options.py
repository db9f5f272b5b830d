# SPDX-License-Identifier: Apache-2.0
"""The command line of axiod-discovery."""

from __future__ import annotations

from typing import TYPE_CHECKING

from axiod.runtime import client

if TYPE_CHECKING:
    from collections.abc import Sequence

USAGE = """usage: axiod-discovery [OPTIONS]

--log-level LEVEL     debug, info, warning or error (default: info)
"""


def parse(arguments: Sequence[str]) -> str:
    """Read the command line and return the log level; raises UsageError."""
    level = "info"
    for _name, value in client.given(arguments, ["log-level="]):
        level = client.log_level(value)
    return level


def read() -> str:
    """Read the command line of this process; one that is wrong ends it with status 2, --help with 0."""
    return client.read("axiod-discovery", USAGE, parse)
