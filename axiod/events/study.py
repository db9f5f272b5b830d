# SPDX-License-Identifier: Apache-2.0
"""Checks rules and replays events in a process of its own, which reads an order and writes the answer, both JSON.

It may take seconds, and while it does relays must move. Called by Judging as `python -m axiod.events.study`.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
from dataclasses import asdict
from typing import Any

from axiod.errors import AxiodError, Internal, InvalidArgument
from axiod.events import stored
from axiod.events.check import There, check
from axiod.events.index import Known
from axiod.events.output import Output, OutputKind
from axiod.events.replay import replay

SECONDS = 55.0
_NICE = 10


async def order(what: str, arguments: dict[str, Any]) -> list[dict[str, Any]]:
    """Return what came of "check" or "replay"; raises InvalidArgument, Internal."""
    isolated = ["-I"] if sys.flags.isolated else []
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *isolated,
        "-m",
        "axiod.events.study",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    text = await asyncio.to_thread(json.dumps, {"what": what, **arguments})
    talking = asyncio.ensure_future(process.communicate(text.encode()))
    try:
        await asyncio.wait([talking], timeout=SECONDS)
        if not talking.done():
            raise InvalidArgument(f"it takes more than {SECONDS:g} s; do it with fewer events")
        answer, _ = talking.result()
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
        if not talking.done():
            await asyncio.wait([talking])
    if process.returncode:
        raise Internal(f"the process for it ended with {process.returncode}; the log says more")
    found = await asyncio.to_thread(json.loads, answer)
    if "refused" in found:
        raise InvalidArgument(found["refused"])
    done: list[dict[str, Any]] = found["done"]
    return done


def carry_out(given: dict[str, Any]) -> list[dict[str, Any]]:
    """Return what came of an order; raises AxiodError."""
    rules = [stored.rule(id_, entry) for id_, entry in given["rules"].items()]
    outputs = [Output(id_, number, OutputKind(kind)) for id_, number, kind in given["outputs"]]
    if given["what"] == "replay":
        steps = replay(rules, (tuple(event) for event in given["events"]), outputs)
        return [{"When": one.when_usec, "Rule": one.rule, "What": one.what, "Text": one.text} for one in steps]
    there = There(
        known={
            (topic, tuple((name, value) for name, value in source)): Known(service, data, timestamp_usec)
            for topic, source, service, data, timestamp_usec in given["known"]
        },
        outputs={output.id: output for output in outputs},
        **given["there"],
    )
    return [{name.capitalize(): str(value) for name, value in asdict(one).items()} for one in check(rules, there)]


def main() -> None:
    """Carry out one order."""
    os.nice(_NICE)
    try:
        answer: dict[str, Any] = {"done": carry_out(json.load(sys.stdin))}
    except AxiodError as error:
        answer = {"refused": str(error)}
    json.dump(answer, sys.stdout)


if __name__ == "__main__":
    main()
