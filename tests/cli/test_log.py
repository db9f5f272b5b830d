# SPDX-License-Identifier: Apache-2.0
"""The system log, the access log and the audit log from the command line: searched, page by page, followed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from axiod.errors import Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.cli.conftest import Axioctl, Running
    from tests.cli.fakes import FakeService, World

    Spawn = Callable[..., Running]

THEN = 1_700_000_000_000_000
SYSTEM = {
    "Severity": "warning",
    "Unit": "axiod-io.service",
    "Program": "python3",
    "Pid": 7,
    "Text": "it \x1b[2J is hot",
}
ACCESS = {
    "Severity": "info",
    "Unit": "axiod-gateway.service",
    "Text": "all of it",
    "Address": "192.0.2.7",
    "How": "anonymous",
    "Request": "GET /api/v1/relays",
    "Status": 401,
    "DurationMs": 1.5,
}
AUDIT = {
    "Severity": "notice",
    "Unit": "axiod-gateway.service",
    "Text": "all of it",
    "User": "anna",
    "Address": "192.0.2.7",
    "How": "digest",
    "Object": "/org/axiod/relays1/relay/relay1",
    "Method": "org.axiod.relays1.Relay.Set",
    "Arguments": '{"active": true, "options": {}}',
    "Result": "ok",
}
REFUSED = {
    **AUDIT,
    "User": "eve",
    "Arguments": "{}",
    "Result": "NotAuthorized",
    "Reason": "relays1.Relay.Set of relay1 is for the role operator",
}


class Log:
    """What the log has, the newest last, and what was asked of it."""

    def __init__(self) -> None:
        self.entries: list[dict[str, Any]] = []
        self.asked: list[dict[str, Any]] = []

    def fill(self, *entries: dict[str, Any]) -> None:
        for entry in entries:
            number = len(self.entries)
            self.entries.append({"Cursor": f"{number:05}", "When": THEN + number * 1_000_000, **entry})

    def query(self, options: dict[str, Any]) -> tuple[list[dict[str, Any]], bool]:
        self.asked.append(options)
        if "After" in options:
            found = [one for one in self.entries if one["Cursor"] > options["After"]]
        else:
            found = [one for one in reversed(self.entries) if one["Cursor"] < options.get("Before", "x")]
        limit = options.get("Limit", 100)
        return found[:limit], len(found) > limit


@pytest.fixture
def log(system: FakeService) -> Log:
    log = Log()
    system.answers["Query"] = log.query
    return log


@pytest.mark.parametrize(
    ("name", "entry", "end"),
    [
        ("system", SYSTEM, "  warning    axiod-io[7]  it \N{REPLACEMENT CHARACTER}[2J is hot"),
        ("access", ACCESS, "  somebody from 192.0.2.7 (anonymous)  GET /api/v1/relays  401 in 1.5 ms"),
        (
            "audit",
            AUDIT,
            '  anna from 192.0.2.7 (digest)  relays1.Relay.Set of relay1 {"active": true, "options": {}}  ok',
        ),
        (
            "audit",
            REFUSED,
            "  eve from 192.0.2.7 (digest)  relays1.Relay.Set of relay1  NotAuthorized: "
            "relays1.Relay.Set of relay1 is for the role operator",
        ),
    ],
)
def test_an_entry_is_a_line(axioctl: Axioctl, log: Log, name: str, entry: dict[str, Any], end: str) -> None:
    log.fill(entry)
    [line] = axioctl("log", name).out.splitlines()
    assert line.endswith(end)
    assert log.asked == [{"Log": name, "Limit": 100}]


def test_json_has_what_the_contract_has(axioctl: Axioctl, log: Log) -> None:
    log.fill(AUDIT, {**AUDIT, "Arguments": '{"name": "cut'})
    whole, cut = json.loads(axioctl("log", "audit", "--json").out)
    assert whole == {
        "Time": whole["Time"],
        **log.entries[0],
        "Arguments": {"active": True, "options": {}},
    }
    assert whole["Time"].startswith("2023-11-14T")
    assert cut["Arguments"] == '{"name": "cut'


def test_what_is_asked_for(axioctl: Axioctl, log: Log) -> None:
    axioctl(
        *("log", "system", "--severity", "error", "--unit", "axiod-*", "--search", "hot", "--limit", "5"),
        *("--until", "2026-11-22T00:00:00+00:00"),
    )
    until = {"ToUsec": 1_795_305_600_000_000}
    assert log.asked == [
        {"Log": "system", **until, "Severity": "error", "Unit": "axiod-*", "Text": "hot", "Limit": 5},
    ]


def test_the_last_ones_stand_in_their_order_however_many(axioctl: Axioctl, log: Log) -> None:
    log.fill(*({**SYSTEM, "Text": f"number {number}"} for number in range(2500)))
    lines = axioctl("log", "system", "--limit", "2200").out.splitlines()
    assert [int(line.rpartition(" ")[2]) for line in lines] == list(range(300, 2500))
    assert [asked.get("Before") for asked in log.asked] == [None, "01500", "00500"]


def test_since_prints_all_of_them(axioctl: Axioctl, log: Log) -> None:
    log.fill(*({**SYSTEM, "Text": f"number {number}"} for number in range(1001)))
    found = json.loads(axioctl("log", "system", "--since", "2023-11-14", "--json").out)
    assert [entry["Text"] for entry in found] == [f"number {number}" for number in range(1001)]
    assert [asked.get("After") for asked in log.asked] == ["", "00999"]


def test_nothing(axioctl: Axioctl, log: Log) -> None:
    assert axioctl("log", "audit").out == "no entries in the audit log\n"
    assert axioctl("log", "access", "--since", "today").out == "no entries since today in the access log\n"
    assert axioctl("log", "system", "--json").out == "[]\n"
    assert len(log.asked) == 3


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["system", "--since", "soon"], "'soon' is no moment; it must be as 2026-11-22"),
        (["audit", "--since", "2026-11-22", "--until", "2026-11-21"], "--since 2026-11-22 is later than --until"),
        (["system", "--severity", "loud"], "--severity is 'loud'; it must be one of emergency, alert, critical"),
        (["system", "--limit", "0"], "--limit is 0; it must be a whole number from 1"),
        (["system", "--unit", ""], "--unit is ''; it must be"),
        (["audit", "--unit", "axiod-io"], "--unit"),
    ],
)
def test_what_is_wrong(axioctl: Axioctl, log: Log, words: list[str], says: str) -> None:
    done = axioctl("log", *words)
    assert done.code == 2
    assert says in done.err
    assert log.asked == []


def test_what_the_service_refuses_is_a_line(axioctl: Axioctl, system: FakeService) -> None:
    system.errors["Query"] = Unavailable("the journal cannot be read: it is gone")
    done = axioctl("log", "system")
    assert (done.code, done.err) == (5, "axioctl: the journal cannot be read: it is gone\n")


def test_a_text_of_several_lines_is_indented(axioctl: Axioctl, log: Log) -> None:
    log.fill({**SYSTEM, "Text": "it failed\n2026-11-30 notice somebody\n  else\x1b[2J"})
    first, *more = axioctl("log", "system").out.splitlines()
    assert first.endswith("it failed")
    assert more == ["    2026-11-30 notice somebody", "      else\N{REPLACEMENT CHARACTER}[2J"]


def test_follow(spawn: Spawn, log: Log) -> None:
    log.fill(SYSTEM)
    running = spawn("log", "system", "--follow", "--json")
    assert json.loads(running.line())["Cursor"] == "00000"
    log.fill(SYSTEM, SYSTEM)
    assert [json.loads(running.line())["Cursor"] for _ in range(2)] == ["00001", "00002"]
    running.interrupt()
    assert running.end() == (130, "")


def test_follow_begins_with_an_empty_log(spawn: Spawn, log: Log) -> None:
    running = spawn("log", "audit", "--follow")
    log.fill(AUDIT)
    assert running.line().rstrip().endswith("  ok")
    running.interrupt()
    assert running.end() == (130, "")


def test_follow_goes_on_when_the_service_was_started_again(
    spawn: Spawn, log: Log, world: World, system: FakeService
) -> None:
    log.fill(SYSTEM)
    running = spawn("log", "system", "--follow", "--json")
    assert json.loads(running.line())["Cursor"] == "00000"
    world.stop(system)
    assert running.process.stderr
    assert b"goes on when it can" in running.process.stderr.readline()
    log.fill(SYSTEM)
    world.start(system)
    assert json.loads(running.line())["Cursor"] == "00001"
    running.interrupt()
    assert running.end() == (130, "")


def test_follow_has_no_end(axioctl: Axioctl, log: Log) -> None:
    done = axioctl("log", "system", "--follow", "--until", "today")
    assert (done.code, "--follow goes on" in done.err) == (2, True)
