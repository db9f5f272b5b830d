# SPDX-License-Identifier: Apache-2.0
"""Entries of the logs as text: one line each, whatever somebody wrote."""

from __future__ import annotations

from typing import Any

import pytest

from axiod.gateway.log_text import line

ENTRY = {
    "Cursor": "c",
    "When": 1_700_000_000_123_456,
    "Severity": "warning",
    "Unit": "ssh.service",
    "Program": "sshd",
    "Pid": 7,
    "Text": "Failed password",
}
TIME = "2023-11-14T22:13:20.123Z"


@pytest.mark.parametrize(
    ("entry", "text"),
    [
        (ENTRY, f"{TIME} warning ssh[7]: Failed password\n"),
        ({**ENTRY, "Unit": ""}, f"{TIME} warning sshd[7]: Failed password\n"),
        ({"When": ENTRY["When"], "Text": "x"}, f"{TIME} - -: x\n"),
        ({**ENTRY, "Text": f"a\n{TIME} info ssh[7]: ok"}, f"{TIME} warning ssh[7]: a\n    {TIME} info ssh[7]: ok\n"),
        ({**ENTRY, "Text": "a\x1b[2J\r\u2028"}, f"{TIME} warning ssh[7]: a" + "\ufffd[2J\ufffd\ufffd\n"),
    ],
)
def test_an_entry_is_a_line(entry: dict[str, Any], text: str) -> None:
    assert line(entry) == text
