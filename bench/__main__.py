# SPDX-License-Identifier: Apache-2.0
"""python -m bench: measures, and prints a table. The exit code says only whether everything could be measured."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from axiod.errors import AxiodError
from bench import (
    broker,
    burst,
    calls,
    edges,
    fieldbus,
    flood,
    gateway,
    managed,
    memory,
    page,
    pipeline,
    rules,
    sensors,
    start,
    streams,
    table,
)
from bench.figure import BenchError, Effort

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bench.figure import Question

QUESTIONS: Mapping[str, Question] = {
    "calls": calls.measure,
    "pipeline": pipeline.measure,
    "managed": managed.measure,
    "burst": burst.measure,
    "edges": edges.measure,
    "start": start.measure,
    "memory": memory.measure,
    "gateway": gateway.measure,
    "streams": streams.measure,
    "rules": rules.measure,
    "flood": flood.measure,
    "broker": broker.measure,
    "fieldbus": fieldbus.measure,
    "sensors": sensors.measure,
    "page": page.measure,
}
_ROUNDS, _QUICK_ROUNDS = 7, 3


async def run(names: Sequence[str], effort: Effort) -> tuple[list[dict[str, Any]], list[str]]:
    """Answer questions, and print each answer as it comes; returns the figures, and what could not be measured."""
    figures: list[dict[str, Any]] = []
    failures: list[str] = []
    print(table.heading())
    for name in names:
        try:
            for figure in await QUESTIONS[name](effort):
                figures.append(table.plain(figure))
                print(table.line(figure), flush=True)
        except (BenchError, AxiodError, OSError) as error:
            failures.append(f"{name} could not be measured: {error}")
            print(failures[-1], flush=True)
    return figures, failures


def main(argv: Sequence[str] | None = None) -> int:
    """Measure; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m bench", description="What axiod costs, beside a reference.")
    parser.add_argument("--rounds", type=int, metavar="N", help=f"default: {_ROUNDS}; quick: {_QUICK_ROUNDS}")
    parser.add_argument("--quick", action="store_true", help="less of everything, in half a minute")
    parser.add_argument(
        "--hour", action="store_true", help="page: watch its memory for an hour of events, not for two minutes"
    )
    parser.add_argument("--only", choices=QUESTIONS, action="append", metavar="NAME", help=", ".join(QUESTIONS))
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures with the values of every round")
    parser.add_argument("--library", choices=("dbus-fast", "dbus-next"), help="the D-Bus library of the daemons")
    arguments = parser.parse_args(argv)
    if arguments.library:
        # Only for the processes to come: our own client side stays what it is.
        os.environ["AXIOD_DBUS_LIBRARY"] = arguments.library
    rounds = arguments.rounds or (_QUICK_ROUNDS if arguments.quick else _ROUNDS)
    effort = Effort(max(rounds, 1), arguments.quick, arguments.hour)
    figures, failures = asyncio.run(run(arguments.only or list(QUESTIONS), effort))
    if arguments.json:
        about = {
            "python": platform.python_version(),
            "processors": os.cpu_count(),
            "machine": platform.machine(),
            "library": arguments.library or os.environ.get("AXIOD_DBUS_LIBRARY") or "default",
            "rounds": effort.rounds,
            "quick": effort.quick,
            "hour": effort.an_hour,
        }
        arguments.json.write_text(json.dumps({**about, "figures": figures, "failures": failures}, indent=1) + "\n")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
