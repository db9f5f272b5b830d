# SPDX-License-Identifier: Apache-2.0
"""The event log from the command line: searched, exported, followed."""

from __future__ import annotations

import csv
import json
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.cli.conftest import Axioctl, Running
    from tests.cli.fakes import FakeService

    Spawn = Callable[..., Running]

PORT = "tns1:Device/tnsaxis:IO/Port"
THEN = 1_600_000_000_000_000


def entry(number: int) -> dict[str, Any]:
    base: dict[str, Any] = {"Id": number, "When": THEN + number * 1_000_000}
    if number % 3 == 0:
        return base | {"Kind": "action", "Rule": "1", "Text": "pulse relay1 2 s", "Result": "failed"}
    return base | {"Kind": "event", "Topic": PORT, "Source": {"port": "1"}, "Data": {"state": str(number % 2)}}


class Log:
    """What the log has, and what was asked of it."""

    def __init__(self, count: int) -> None:
        self.entries = [entry(number) for number in range(1, count + 1)]
        self.asked: list[dict[str, Any]] = []

    def query(self, options: dict[str, Any]) -> list[dict[str, Any]]:
        self.asked.append(options)
        limit = options.get("Limit", 100)
        if "AfterId" in options:
            return [each for each in self.entries if each["Id"] > options["AfterId"]][:limit]
        return [each for each in reversed(self.entries) if each["Id"] < options.get("BeforeId", 1 << 60)][:limit]


@pytest.fixture
def log(events: FakeService) -> Log:
    log = Log(2500)
    events.answers["Query"] = log.query
    return log


def test_the_last_hundred_in_their_order(axioctl: Axioctl, log: Log) -> None:
    lines = axioctl("log", "events").out.splitlines()
    assert len(lines) == 100
    assert lines[-1].endswith("event   IO/Port  port=1  state=0")
    assert lines[-2].endswith("action  rule 1  pulse relay1 2 s  failed")
    assert log.asked == [{"Limit": 100}]


def test_more_than_a_page(axioctl: Axioctl, log: Log) -> None:
    assert len(axioctl("log", "events", "--limit", "2200").out.splitlines()) == 2200
    assert [asked.get("BeforeId") for asked in log.asked] == [None, 1501, 501]
    found = json.loads(axioctl("log", "events", "--since", "1h", "--json").out)
    assert [each["Id"] for each in found] == list(range(1, 2501))


def test_what_is_asked_for(axioctl: Axioctl, log: Log) -> None:
    axioctl("log", "events", "--topic", "Port", "--kind", "event", "--text", "state", "--limit", "5")
    axioctl("log", "events", "--topic", "tns1:Device", "--limit", "5")
    assert log.asked == [
        {"Kind": "event", "Topic": PORT, "Text": "state", "Limit": 5},
        {"Topic": "tns1:Device", "Limit": 5},
    ]


def test_csv(axioctl: Axioctl, log: Log) -> None:
    log.entries[1]["Data"] = {"state": 'a "b",\n'}
    log.entries[2]["Text"] = "=cmd()"
    log.entries[3]["Text"] = "\t=cmd()"
    rows = list(csv.reader(axioctl("log", "events", "--format", "csv").out.splitlines(keepends=True)))
    assert rows[0] == ["Id", "Time", "When", "Kind", "Topic", "Source", "Data", "Rule", "Text", "Result"]
    assert len(rows) == 2501
    assert rows[2][4:7] == [PORT, "port=1", 'state=a "b",\n']
    assert [rows[3][8], rows[4][8]] == ["'=cmd()", "'\t=cmd()"], "what anybody may have sent is no formula"


def test_json_is_what_replay_reads(axioctl: Axioctl, log: Log, events: FakeService, tmp_path: Any) -> None:
    file = tmp_path / "log"
    out = axioctl("log", "events", "--format", "json").out
    assert [json.loads(line) for line in out.splitlines()] == log.entries
    file.write_text(out)
    events.answers["Replay"] = []
    assert axioctl("rule", "replay", str(file)).out.endswith("1667 events, 0 steps\n")


def test_nothing(axioctl: Axioctl, log: Log) -> None:
    log.entries.clear()
    assert axioctl("log", "events").out == "no entries\n"
    assert axioctl("log", "events", "--format", "json").out == ""
    assert axioctl("log", "events", "--json").out == "[]\n"


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--since", "soon"], "'soon' is no moment; it must be as 2026-11-22"),
        (["--since", "2026-11-22", "--until", "2026-11-21"], "--since 2026-11-22 is later than --until 2026-11-21"),
        (["--topic", "IO/Prot"], "there is no event 'IO/Prot'; did you mean IO/Port"),
        (["--limit", "0"], "--limit is 0; it must be a whole number from 1"),
        (["--kind", "alarm"], "--kind is 'alarm'; it must be one of event, rule, action"),
        (["--format", "xml"], "--format is 'xml'; it must be one of table, csv, json"),
    ],
)
def test_what_is_wrong(axioctl: Axioctl, log: Log, words: list[str], says: str) -> None:
    done = axioctl("log", "events", *words)
    assert done.code == 2
    assert says in done.err
    assert log.asked == []


def test_follow(spawn: Spawn, events: FakeService, log: Log) -> None:
    del log.entries[3:]
    running = spawn("log", "events", "--follow", "--format", "json")
    assert [json.loads(running.line())["Id"] for _ in range(3)] == [1, 2, 3]
    log.entries.append(entry(4))
    assert json.loads(running.line())["Id"] == 4
    log.entries += [entry(5), entry(6)]
    assert [json.loads(running.line())["Id"] for _ in range(2)] == [5, 6]
    running.interrupt()
    assert running.end() == (130, "")
