# SPDX-License-Identifier: Apache-2.0
"""The audit log, from a program that answers as journalctl does. The real one is read in tests/machine."""

from __future__ import annotations

import json
import stat
from typing import TYPE_CHECKING

import pytest

from axiod.cli.log import AUDIT
from axiod.gateway import audit

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Axioctl

_ENTRY = {
    "__REALTIME_TIMESTAMP": "1700000000000000",
    "AXIOD_USER": "anna",
    "AXIOD_ADDRESS": "192.0.2.7",
    "AXIOD_HOW": "digest",
    "AXIOD_OBJECT": "/org/axiod/relays1/relay/relay1",
    "AXIOD_METHOD": "org.axiod.relays1.Relay.Set",
    "AXIOD_ARGUMENTS": '{"active": true, "options": {}}',
    "AXIOD_RESULT": "ok",
    "AXIOD_REASON": "",
}
_NOT_HERE = (
    "there is no axiod-gateway.service on this machine; in a checkout the audit log is in the output of make run"
)
_REFUSED = _ENTRY | {
    "AXIOD_USER": "",
    "AXIOD_HOW": "anonymous",
    "AXIOD_RESULT": "NotLoggedIn",
    "AXIOD_REASON": list(b"say who\x1b[2J you are"),
}


@pytest.fixture
def journal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a journalctl that writes the arguments to `asked`, prints `out` and `err`, and ends with `code`.

    There is also a systemctl, which prints `units`.
    """
    for name, script in (
        ("journalctl", 'echo "$@" >asked; cat out; cat err >&2; exit "$(cat code)"'),
        ("systemctl", "cat units"),
    ):
        program = tmp_path / name
        program.write_text(f"#!/bin/sh\ncd {tmp_path}; {script}\n")
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
    unit = "axiod-gateway.service enabled enabled\n"
    for name, text in (("out", "-- No entries --\n"), ("err", ""), ("code", "0"), ("units", unit)):
        (tmp_path / name).write_text(text)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    return tmp_path


def test_the_entries_are_those_that_the_gateway_writes() -> None:
    assert AUDIT == audit.AUDIT


def test_an_entry_is_a_line(axioctl: Axioctl, journal: Path) -> None:
    (journal / "out").write_text(f"{json.dumps(_ENTRY)}\n{json.dumps(_REFUSED)}\n")
    done = axioctl("log", "audit", "--since", "today")
    first, second = done.out.splitlines()
    assert first.endswith(
        '  anna from 192.0.2.7 (digest)  relays1.Relay.Set of relay1 {"active": true, "options": {}}  ok'
    )
    assert second.endswith("  NotLoggedIn: say who\N{REPLACEMENT CHARACTER}[2J you are")
    assert "somebody from 192.0.2.7 (anonymous)" in second
    # Only what the gateway itself wrote counts.
    asked = (journal / "asked").read_text().split()
    assert {f"MESSAGE_ID={AUDIT}", "_SYSTEMD_UNIT=axiod-gateway.service", "--since=today"} <= set(asked)


def test_json_has_the_fields(axioctl: Axioctl, journal: Path) -> None:
    (journal / "out").write_text(json.dumps(_ENTRY) + "\n")
    (entry,) = json.loads(axioctl("log", "audit", "--json").out)
    assert entry["TimestampUsec"] == 1_700_000_000_000_000
    assert (entry["User"], entry["Address"], entry["How"]) == ("anna", "192.0.2.7", "digest")
    assert entry["Arguments"] == {"active": True, "options": {}}
    assert entry["Result"] == "ok"


@pytest.mark.parametrize("more", [[], ["--json"]])
def test_follow_prints_each_entry(axioctl: Axioctl, journal: Path, more: list[str]) -> None:
    (journal / "out").write_text(f"{json.dumps(_ENTRY)}\n{json.dumps(_REFUSED)}\n")
    done = axioctl("log", "audit", "--follow", *more)
    assert (done.code, len(done.out.splitlines())) == (0, 2)
    assert "--follow" in (journal / "asked").read_text()
    if more:
        assert json.loads(done.out.splitlines()[0])["User"] == "anna"


def test_no_entry_is_no_error(axioctl: Axioctl, journal: Path) -> None:
    assert axioctl("log", "audit").out == "no entries in the journal of axiod-gateway\n"
    assert axioctl("log", "audit", "--since", "today").out == "no entries since today in the journal of axiod-gateway\n"
    done = axioctl("log", "audit", "--json")
    assert (done.code, done.out) == (0, "[]\n")


@pytest.mark.parametrize("words", [[], ["--json"], ["--follow"], ["--since", "today"]])
@pytest.mark.parametrize("err", ["", "No journal files were opened due to insufficient permissions."])
def test_where_systemd_has_no_gateway_it_says_where_the_log_is(
    axioctl: Axioctl, journal: Path, words: list[str], err: str
) -> None:
    (journal / "units").write_text("")
    (journal / "err").write_text(err)
    done = axioctl("log", "audit", *words)
    assert (done.code, done.out) == (5, "")
    assert done.err.startswith(f"axioctl: {_NOT_HERE}")


def test_entries_of_a_gateway_that_was_removed_are_shown(axioctl: Axioctl, journal: Path) -> None:
    (journal / "units").write_text("")
    (journal / "out").write_text(json.dumps(_ENTRY) + "\n")
    assert axioctl("log", "audit").out.count("anna") == 1


@pytest.mark.parametrize(
    ("err", "ends", "code", "text"),
    [
        ("No journal files were found.", 1, 5, "the journal of this machine cannot be read: No journal files were"),
        ("No journal files were opened due to insufficient permissions.", 1, 4, "try sudo"),
        ("Hint: You are currently not seeing messages from other users and the system.", 0, 4, "try sudo"),
        ("Failed to parse timestamp: whenever", 1, 2, "journalctl: Failed to parse timestamp: whenever"),
        ("", 3, 5, "journalctl ended with 3"),
    ],
)
def test_what_goes_wrong_is_a_line(axioctl: Axioctl, journal: Path, err: str, ends: int, code: int, text: str) -> None:
    (journal / "err").write_text(err)
    (journal / "code").write_text(str(ends))
    done = axioctl("log", "audit")
    assert (done.code, done.out) == (code, "")
    assert text in done.err
    assert done.err.count("\n") == 1


def test_where_there_is_no_journal_it_says_so(
    axioctl: Axioctl, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    done = axioctl("log", "audit")
    assert (done.code, done.err) == (
        5,
        f"axioctl: {_NOT_HERE} (there is no journal on this machine: journalctl: No such file or directory)\n",
    )
