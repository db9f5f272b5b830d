# SPDX-License-Identifier: Apache-2.0
"""axioctl: one command, one result, one exit code. Whatever happens, a person sees a line and not a traceback."""

from __future__ import annotations

import os
import sys
from io import TextIOWrapper
from typing import TYPE_CHECKING

from axiod import errors
from axiod.cli.tree import build

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from axiod.cli.render import Result

FAILED = 1
INTERRUPTED = 130
"""128 and SIGINT, as a shell says it."""
PIPE_CLOSED = 141
"""128 and SIGPIPE."""

EXIT_CODES: dict[type[errors.AxiodError], int] = {
    errors.Internal: FAILED,
    errors.InvalidArgument: 2,
    errors.NotFound: 3,
    errors.NotAuthorized: 4,
    errors.Unavailable: 5,
    errors.Busy: 6,
    errors.Conflict: 6,
    errors.LimitReached: 6,
    errors.Timeout: 7,
    errors.NotSupported: 8,
    errors.HardwareFailure: 9,
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command line, that of the process without one, and return the exit code."""
    if isinstance(sys.stdout, TextIOWrapper):  # a name may have letters that the locale has not
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        return _run(sys.argv[1:] if argv is None else argv)
    except errors.AxiodError as error:
        return _refuse(str(error), EXIT_CODES.get(type(error), FAILED))
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # What is still in the buffer would fail once more when Python ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return PIPE_CLOSED
    except Exception as error:  # noqa: BLE001 # a fault of ours is a line, too
        return _refuse(f"internal error: {type(error).__name__}: {error}", FAILED)


def _run(argv: Sequence[str]) -> int:
    try:
        args = build().parse_args(argv)
    except SystemExit:  # of argparse, after --help and --version
        sys.stdout.flush()
        return 0
    if args.run is None:
        known = ", ".join(args.parser.fill().verbs)
        args.parser.error(f"say what to do: {known}")
    import asyncio  # --help and --version do without
    import logging

    # What the layers below log is for services; here every failure is the line that main() prints.
    logging.getLogger().addHandler(logging.NullHandler())

    result = asyncio.run(_answer(args))
    if result is None:
        return 0
    from axiod.cli import render

    if args.json:
        print(render.as_json(result.data))
    else:
        for line in result.lines(render.Screen.of(sys.stdout)):
            print(line)
    sys.stdout.flush()
    return result.code


async def _answer(args: argparse.Namespace) -> Result | None:
    from axiod.cli.remote import Remote

    async with Remote(args.bus, args.timeout) as remote:
        result: Result | None = await args.run(args, remote)
    return result


def _refuse(text: str, code: int) -> int:
    print("axioctl:", " ".join(text.split()), file=sys.stderr)
    return code


if __name__ == "__main__":
    sys.exit(main())
