# SPDX-License-Identifier: Apache-2.0
"""Checks rules and replays events, in a process of its own: see axiod/runtime/workshop.py.

It may take seconds, and while it does relays must move.
"""

from __future__ import annotations

import os
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from axiod.events import stored
from axiod.events.check import There
from axiod.events.check import check as judged
from axiod.events.index import Known
from axiod.events.output import Output, OutputKind
from axiod.events.replay import replay as replayed
from axiod.runtime.worker import serve

if TYPE_CHECKING:
    from axiod.events.rule import Rule

_NICE = 10

Outputs = list[tuple[str, int, str]]
"""The id, number and kind of each."""
Found = list[dict[str, Any]]


def check(rules: dict[str, Any], outputs: Outputs, known: list[list[Any]], there: dict[str, Any]) -> Found:
    """Return what is wrong with rules, as Check of the contract."""
    all_there = There(
        known={
            (topic, tuple((name, value) for name, value in source)): Known(service, data, timestamp_usec)
            for topic, source, service, data, timestamp_usec in known
        },
        outputs={output.id: output for output in _outputs(outputs)},
        **there,
    )
    found = judged(_rules(rules), all_there)
    return [{name.capitalize(): str(value) for name, value in asdict(one).items()} for one in found]


def replay(rules: dict[str, Any], outputs: Outputs, events: list[list[Any]]) -> Found:
    """Say what rules would do, as Replay of the contract; raises AxiodError."""
    steps = replayed(_rules(rules), (tuple(event) for event in events), _outputs(outputs))
    return [{"When": one.when_usec, "Rule": one.rule, "What": one.what, "Text": one.text} for one in steps]


def _rules(entries: dict[str, Any]) -> list[Rule]:
    return [stored.rule(id_, entry) for id_, entry in entries.items()]


def _outputs(given: Outputs) -> list[Output]:
    return [Output(id_, number, OutputKind(kind)) for id_, number, kind in given]


if __name__ == "__main__":
    os.nice(_NICE)
    serve({"check": check, "replay": replay})
