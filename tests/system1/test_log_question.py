# SPDX-License-Identifier: Apache-2.0
"""What is asked of a log, and what an entry is: from the fields of the journal, whoever wrote them."""

from __future__ import annotations

from typing import Any

import pytest

from axiod.errors import InvalidArgument
from axiod.gateway import access_log, audit
from axiod.system import log_question
from axiod.system.log_question import Question, entry_of
from axiod.system.system_journal import words

ENTRY = {
    "__REALTIME_TIMESTAMP": "1700000000000000",
    "PRIORITY": "4",
    "_SYSTEMD_UNIT": "ssh.service",
    "_PID": "77",
    "SYSLOG_IDENTIFIER": "sshd",
    "MESSAGE": "Failed password for anna",
}
GATEWAY = {"_SYSTEMD_UNIT": "axiod-gateway.service"}


def test_the_entries_are_those_that_the_gateway_writes() -> None:
    assert (log_question.ACCESS, log_question.AUDIT) == (access_log.ACCESS, audit.AUDIT)


def test_an_entry_has_what_is_known() -> None:
    assert entry_of(ENTRY, "c") == {
        "Cursor": "c",
        "When": 1_700_000_000_000_000,
        "Severity": "warning",
        "Unit": "ssh.service",
        "Program": "sshd",
        "Pid": 77,
        "Text": "Failed password for anna",
    }


@pytest.mark.parametrize(
    ("changes", "name", "value"),
    [
        ({"MESSAGE": None}, "Text", "(too long to be shown here; journalctl --all shows it)"),
        ({"MESSAGE": list(b"a\x1b[2J")}, "Text", "a\x1b[2J"),
        ({"MESSAGE": list(b"\xff!")}, "Text", "\N{REPLACEMENT CHARACTER}!"),
        ({"MESSAGE": "a\0b"}, "Text", "a\N{REPLACEMENT CHARACTER}b"),
        ({"MESSAGE": ["one", "two"]}, "Text", "one two"),
        ({"MESSAGE": ["one", list(b"\xff!")]}, "Text", "one \N{REPLACEMENT CHARACTER}!"),
        ({"SYSLOG_IDENTIFIER": ["sshd", "su"]}, "Program", "sshd su"),
        ({"PRIORITY": ["3", "4"]}, "Severity", None),
        ({"PRIORITY": list(b"\x1b3")}, "Severity", None),
        ({"PRIORITY": [list(b"\x1b"), "3"]}, "Severity", None),
        ({**GATEWAY, "AXIOD_STATUS": ["200", "401"]}, "Status", None),
        ({**GATEWAY, "AXIOD_DURATION_MS": ["1", "2"]}, "DurationMs", None),
        ({"PRIORITY": "99"}, "Severity", None),
        ({"PRIORITY": "-1"}, "Severity", None),
        ({"PRIORITY": "loud"}, "Severity", None),
        ({"AXIOD_STATUS": "401"}, "Status", None),
        ({**GATEWAY, "AXIOD_STATUS": "401"}, "Status", 401),
        ({**GATEWAY, "AXIOD_STATUS": "-401"}, "Status", None),
        ({**GATEWAY, "AXIOD_DURATION_MS": "nan"}, "DurationMs", None),
        ({"UNIT": "axiod-io.service"}, "Unit", "ssh.service"),  # anybody can claim that
        ({"UNIT": "axiod-io.service", "_PID": "1"}, "Unit", "axiod-io.service"),
        ({"_SYSTEMD_UNIT": None}, "Unit", None),
    ],
)
def test_whatever_somebody_wrote_is_an_entry(changes: dict[str, Any], name: str, value: Any) -> None:
    assert entry_of({**ENTRY, **changes}, "c").get(name) == value


@pytest.mark.parametrize(
    ("options", "taken"),
    [
        ({}, True),
        ({"Severity": "warning"}, True),
        ({"Severity": "error"}, False),
        ({"Unit": "ssh"}, True),
        ({"Unit": "ssh.service"}, True),
        ({"Unit": "s*"}, True),
        ({"Unit": "axiod-*"}, False),
        ({"Text": "PASSWORD"}, True),
        ({"Text": "passwort"}, False),
        ({"FromUsec": 1_700_000_000_000_000}, True),
        ({"FromUsec": 1_700_000_000_000_001}, False),
        ({"ToUsec": 1_700_000_000_000_000}, True),
        ({"ToUsec": 1_699_999_999_999_999}, False),
        ({"Log": "audit"}, False),
    ],
)
def test_an_entry_is_taken_or_not(options: dict[str, Any], taken: bool) -> None:
    assert Question.of(options).takes(ENTRY) is taken


def test_nobody_but_the_gateway_writes_the_audit_log() -> None:
    question = Question.of({"Log": "audit"})
    forged = {**ENTRY, "MESSAGE_ID": audit.AUDIT}
    assert not question.takes(forged)
    assert question.takes({**forged, "_SYSTEMD_UNIT": "axiod-gateway.service"})
    assert {f"MESSAGE_ID={audit.AUDIT}", "_SYSTEMD_UNIT=axiod-gateway.service"} <= set(words(question))


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"Unit": "a b"}, "must be the name of a unit"),
        ({"Unit": "--file=/etc/shadow"}, "must be the name of a unit"),
        ({"Unit": "axiod-io", "Log": "audit"}, "Unit is for the system log"),
        ({"Before": "a", "After": "b"}, "only one of them"),
        ({"Before": "a b"}, "Before is no cursor of this log"),
        ({"After": "\n"}, "After is no cursor of this log"),
        ({"FromUsec": 2, "ToUsec": 1}, "FromUsec is later than ToUsec"),
    ],
)
def test_what_cannot_be_asked_is_refused_with_what_would_be_right(options: dict[str, Any], text: str) -> None:
    with pytest.raises(InvalidArgument, match=text):
        Question.of(options)


@pytest.mark.parametrize(
    ("options", "expected", "not_expected"),
    [
        ({}, {"--reverse", "--system"}, {"--priority=7"}),
        ({"After": ""}, {"--system"}, {"--reverse", "--after-cursor="}),
        ({"After": "s=1;i=2"}, {"--after-cursor=s=1;i=2"}, {"--reverse"}),
        ({"Before": "s=1;i=2"}, {"--after-cursor=s=1;i=2", "--reverse"}, set()),
        ({"FromUsec": 1_700_000_000_000_001}, {"--since=@1700000000.000001"}, set()),
        ({"Before": "s=1", "FromUsec": 1, "ToUsec": 2}, {"--reverse"}, {"--since=@0.000001", "--until=@0.000002"}),
        ({"FromUsec": 1, "ToUsec": (1 << 64) - 1}, {"--until=@253402214399.000000"}, set()),
        ({"Severity": "error"}, {"--priority=3"}, set()),
        ({"Text": r"a.\E*b ü"}, {r"--grep=a\.\\E\*b\ ü", "--case-sensitive=no"}, set()),
        ({"Unit": "kernel"}, {"_TRANSPORT=kernel"}, {"--unit=kernel"}),
        ({"Unit": "axiod-io"}, {"--unit=axiod-io.service"}, set()),
    ],
)
def test_journalctl_is_asked_for_it(options: dict[str, Any], expected: set[str], not_expected: set[str]) -> None:
    found = set(words(Question.of(options)))
    assert expected <= found
    assert not not_expected & found
