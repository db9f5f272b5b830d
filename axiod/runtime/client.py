# SPDX-License-Identifier: Apache-2.0
"""A process that has no bus name and no objects, because it is a client: its command line and its main loop.

Exit codes: 0 stopped on request; 1 the bus went away, or could not be reached; 2 the command line is wrong. SIGTERM and
SIGINT stop it.
"""

from __future__ import annotations

import asyncio
import getopt
import os
import signal
import sys
from typing import TYPE_CHECKING, TypeVar

from axiod.bus.connection import Connection
from axiod.errors import AxiodError
from axiod.runtime import log

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

EXIT_FAILED = 1
EXIT_USAGE = 2
Options = TypeVar("Options")


class UsageError(ValueError):
    """The command line is wrong."""


def given(arguments: Sequence[str], known: Sequence[str]) -> list[tuple[str, str]]:
    """Return the options of a command line with their values, in order; `known` as getopt has it. Raises UsageError."""
    # getopt, because argparse would cost half a megabyte.
    try:
        found, rest = getopt.getopt(list(arguments), "", known)
    except getopt.GetoptError as error:
        raise UsageError(str(error)) from None
    if rest:
        raise UsageError(f"{rest[0]!r} is not expected")
    return found


def log_level(text: str) -> str:
    """Return the value of --log-level; raises UsageError."""
    if text not in log.LEVELS:
        raise UsageError(f"--log-level must be one of {', '.join(log.LEVELS)}, not {text!r}")
    return text


def read(name: str, usage: str, parse: Callable[[Sequence[str]], Options]) -> Options:
    """Read the command line of this process; one that is wrong ends it with status 2, --help with 0."""
    if sys.argv[1:] in (["--help"], ["-h"]):
        sys.stdout.write(usage)
        sys.exit(0)
    try:
        return parse(sys.argv[1:])
    except UsageError as error:
        sys.stderr.write(f"{name}: {error}\n{usage}")
        sys.exit(EXIT_USAGE)


async def serve(work: Callable[[Connection, asyncio.Event], Awaitable[int]]) -> int:
    """Do the work on a connection to the bus, which may go away, until an event says to stop; returns the exit code."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    try:
        connection = await Connection.open(os.environ.get("DBUS_SYSTEM_BUS_ADDRESS"))
    except AxiodError as error:
        log.complain(error)
        return EXIT_FAILED
    try:
        return await work(connection, stop)
    except AxiodError as error:
        log.complain(error)
        return EXIT_FAILED
    finally:
        await connection.close()
