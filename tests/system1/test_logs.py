# SPDX-License-Identifier: Apache-2.0
"""org.axiod.system1.Logs: from a program that answers as journalctl does (the real one is read in tests/machine), and
from the files of a device that systemd does not run.
"""

from __future__ import annotations

import json
import os
import stat
from typing import TYPE_CHECKING, Any

import pytest

from axiod.errors import InvalidArgument, Unavailable
from axiod.runtime.log_file import MOST_BYTES, SUFFIX, VARIABLE, former
from axiod.system.log_question import AUDIT
from tests.system1.conftest import refusal

if TYPE_CHECKING:
    from pathlib import Path

    from tests.sim.device_process import Thing
    from tests.system1.conftest import SystemProcess

BEGIN = 1_700_000_000_000_000


def entry(number: int, **changes: Any) -> dict[str, Any]:
    """Return an entry as journalctl prints it; the higher its number, the newer."""
    return {
        "__CURSOR": f"s=1;i={number}",
        "__REALTIME_TIMESTAMP": str(BEGIN + number),
        "PRIORITY": "6",
        "_SYSTEMD_UNIT": "ssh.service",
        "MESSAGE": f"number {number}",
        **changes,
    }


class Journal:
    """A folder with a journalctl that writes its options to `asked`, prints `out` and `err`, and ends with `code`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir()
        program = folder / "journalctl"
        script = f"cd {folder}; printf '%s\\n' \"$@\" >asked; cat out; cat err >&2; exit $(cat code)"
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
        self.answer()

    def answer(self, *entries: dict[str, Any], err: str = "", code: int = 0, out: str = "") -> None:
        """Say what it prints from now on."""
        text = out or "".join(f"{json.dumps(one)}\n" for one in entries) or "-- No entries --\n"
        for name, content in (("out", text), ("err", err), ("code", str(code))):
            (self._folder / name).write_text(content)

    @property
    def asked(self) -> list[str]:
        """The options of the last call."""
        return (self._folder / "asked").read_text().splitlines()


@pytest.fixture
def journal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Journal:
    """What the service under test finds as journalctl."""
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    monkeypatch.delenv(VARIABLE, raising=False)
    return Journal(tmp_path / "bin")


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder into which services log."""
    folder = tmp_path / "log"
    monkeypatch.setenv(VARIABLE, str(folder / f"axiod-system{SUFFIX}"))
    return folder


def logs(system: SystemProcess) -> Thing:
    return system.thing("logs", "Logs")


async def query(system: SystemProcess, **options: Any) -> tuple[list[dict[str, Any]], bool]:
    entries, more = await logs(system).call("Query", options)
    return entries, more


async def texts(system: SystemProcess, **options: Any) -> list[str]:
    return [one["Text"] for one in (await query(system, **options))[0]]


# --- of the journal ---


async def test_a_page_has_so_many_and_says_whether_there_are_more(journal: Journal, stopped: SystemProcess) -> None:
    await stopped.start()
    assert await logs(stopped).get("Origin") == "journal"
    journal.answer(entry(3), entry(2), entry(1))
    assert await query(stopped, Limit=3, Unit="ssh") == (
        [
            {
                "Cursor": f"s=1;i={number}",
                "When": BEGIN + number,
                "Severity": "info",
                "Unit": "ssh.service",
                "Text": f"number {number}",
            }
            for number in (3, 2, 1)
        ],
        False,
    )
    assert "--unit=ssh.service" in journal.asked
    entries, more = await query(stopped, Limit=2)
    assert ([one["Text"] for one in entries], more) == (["number 3", "number 2"], True)


async def test_a_time_range_holds_beside_a_cursor(journal: Journal, stopped: SystemProcess) -> None:
    await stopped.start()
    journal.answer(entry(4), entry(3), entry(2), entry(1))
    assert await texts(stopped, Before="s=1;i=5", FromUsec=BEGIN + 2, ToUsec=BEGIN + 3) == ["number 3", "number 2"]
    journal.answer(entry(1), entry(2), entry(3), entry(4))
    assert await texts(stopped, After="s=1;i=0", FromUsec=BEGIN + 2, ToUsec=BEGIN + 3) == ["number 2", "number 3"]


async def test_a_pattern_of_units_is_those_that_there_are(journal: Journal, stopped: SystemProcess) -> None:
    await stopped.start()
    journal.answer(out="ssh.service\naxiod-io.service\naxiod-relays.service\n")
    assert await logs(stopped).call("ListUnits") == ["axiod-io.service", "axiod-relays.service", "ssh.service"]
    assert await query(stopped, Unit="nothing-*") == ([], False)
    assert "--field=_SYSTEMD_UNIT" in journal.asked  # journalctl would complain of a pattern that nothing matches


async def test_many_long_entries_come_in_several_pages(journal: Journal, stopped: SystemProcess) -> None:
    await stopped.start()
    journal.answer(*(entry(number, MESSAGE="x" * 4000) for number in range(1000)))
    entries, more = await query(stopped, Limit=1000)
    assert 400 < len(entries) < 700
    assert more


@pytest.mark.parametrize(
    ("answer", "error", "text"),
    [
        ({"err": "No journal files were opened due to insufficient permissions."}, Unavailable, "usermod -aG"),
        ({"err": "Hint: You are currently not seeing messages from other users."}, Unavailable, "systemd-journal"),
        ({"err": "Failed to seek to cursor: Invalid argument", "code": 1}, InvalidArgument, "After is no cursor"),
        ({"err": "Failed to open: gone", "code": 1}, Unavailable, "cannot be read: Failed to open: gone"),
        ({"code": 3}, Unavailable, "journalctl ended with 3"),
    ],
)
async def test_what_goes_wrong_is_said(
    journal: Journal, stopped: SystemProcess, answer: dict[str, Any], error: type[Exception], text: str
) -> None:
    await stopped.start()
    journal.answer(**answer)
    refused = await refusal(query(stopped, After="s=1"))
    assert isinstance(refused, error)
    assert text in str(refused)


async def test_an_entry_that_is_far_too_long_hides_no_other(journal: Journal, stopped: SystemProcess) -> None:
    await stopped.start()
    for length in (1 << 20, (1 << 20) + 100, 5 << 20):
        journal.answer(entry(3), entry(2, MESSAGE="x" * length), entry(1))
        assert await texts(stopped) == ["number 3", "number 1"]


async def test_a_search_that_finds_nothing_is_no_error(journal: Journal, stopped: SystemProcess) -> None:
    await stopped.start()
    for code in (0, 1):  # as systemd 252 and 257 end then
        journal.answer(code=code)
        assert await query(stopped, Text="nothing") == ([], False)


async def test_where_there_is_no_journalctl_it_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stopped: SystemProcess
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    await stopped.start()
    refused = await refusal(query(stopped))
    assert isinstance(refused, Unavailable)
    assert str(refused) == "there is no journal on this machine: journalctl: No such file or directory"


# --- of files ---


def write(path: Path, *entries: dict[str, Any], torn: bool = False) -> None:
    """Write what a service logged; `torn`: with half a line at the end."""
    path.parent.mkdir(exist_ok=True)
    text = "".join(f"{json.dumps({**one, '_SYSTEMD_UNIT': path.name.split('.')[0] + '.service'})}\n" for one in entries)
    path.write_text(text + ('{"MESS' if torn else ""))


async def test_files_of_all_services_are_one_log(files: Path, stopped: SystemProcess) -> None:
    io = files / f"axiod-io{SUFFIX}"
    write(former(io), entry(1))
    write(io, entry(3), entry(5), torn=True)
    write(files / f"axiod-gateway{SUFFIX}", entry(2), entry(4, MESSAGE_ID=AUDIT, AXIOD_USER="anna"))
    await stopped.start()
    assert await logs(stopped).get("Origin") == "files"
    past = {"ToUsec": BEGIN + 100}  # without what the service itself logs
    assert await texts(stopped, **past) == [f"number {number}" for number in (5, 4, 3, 2, 1)]
    assert await texts(stopped, Unit="axiod-i*", **past) == ["number 5", "number 3", "number 1"]
    ((audited,), _) = await query(stopped, Log="audit")
    assert (audited["User"], audited["Text"]) == ("anna", "number 4")
    assert await logs(stopped).call("ListUnits") == [
        "axiod-gateway.service",
        "axiod-io.service",
        "axiod-system.service",
    ]


async def test_files_are_read_page_by_page_and_followed(files: Path, stopped: SystemProcess) -> None:
    io = files / f"axiod-io{SUFFIX}"
    write(io, *(entry(number) for number in range(1, 6)))
    await stopped.start()
    asked: dict[str, Any] = {"Unit": "axiod-io", "Limit": 2}
    page, more = await query(stopped, **asked)
    assert ([one["Text"] for one in page], more) == (["number 5", "number 4"], True)
    newest = page[0]["Cursor"]
    page, more = await query(stopped, Before=page[-1]["Cursor"], **asked)
    assert ([one["Text"] for one in page], more) == (["number 3", "number 2"], True)
    page, more = await query(stopped, Before=page[-1]["Cursor"], **asked)
    assert ([one["Text"] for one in page], more) == (["number 1"], False)
    assert await query(stopped, After=newest, **asked) == ([], False)
    write(io, *(entry(number) for number in range(1, 9)))
    assert await texts(stopped, After=newest, **asked) == ["number 6", "number 7"]
    assert await texts(stopped, After="", **asked) == ["number 1", "number 2"]
    assert isinstance(await refusal(query(stopped, After="nonsense")), InvalidArgument)


async def test_the_service_writes_what_it_logs_and_never_more_than_two_files(
    files: Path, stopped: SystemProcess
) -> None:
    own = files / f"axiod-system{SUFFIX}"
    write(own, *(entry(number, MESSAGE="x" * 1000) for number in range(MOST_BYTES // 1000)))
    write(former(own), entry(0, MESSAGE="gone"))
    await stopped.start()
    found = await texts(stopped, Limit=1000)
    assert "is ready" in found[0]
    assert "gone" not in found
    assert own.stat().st_size < MOST_BYTES < former(own).stat().st_size
    assert not former(former(own)).exists()
