# SPDX-License-Identifier: Apache-2.0
"""Completion, in a real bash."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from axiod.cli.completion import bash

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Axioctl
    from tests.cli.fakes import FakeService


@pytest.fixture
def command(tmp_path: Path, cli_bus: str) -> dict[str, str]:
    """An environment in which axioctl is a command."""
    program = tmp_path / "axioctl"
    program.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m axiod.cli "$@"\n')
    program.chmod(0o755)
    path = f"{tmp_path}:{os.environ['PATH']}"
    return {**os.environ, "PATH": path, "DBUS_SYSTEM_BUS_ADDRESS": cli_bus}


def _complete(environment: dict[str, str], *words: str) -> list[str]:
    """Press the tabulator after the words; the last one is unfinished."""
    line = ["axioctl", *words]
    script = (
        bash()
        + f"COMP_WORDS=({shlex.join(line)}); COMP_CWORD={len(line) - 1}\n"
        + 'compopt() { :; }; _axioctl; printf "%s\\n" "${COMPREPLY[@]}"\n'
    )
    done = subprocess.run(
        ["bash", "--norc", "-c", script], capture_output=True, text=True, check=True, env=environment, timeout=20
    )
    assert done.stderr == ""
    return done.stdout.split()


def test_bash_takes_the_script(command: dict[str, str]) -> None:
    done = subprocess.run(
        ["bash", "--norc", "-c", "source <(axioctl completion bash); complete -p axioctl"],
        capture_output=True,
        text=True,
        check=True,
        env=command,
    )
    assert (done.stdout, done.stderr) == ("complete -F _axioctl axioctl\n", "")


def test_a_function_may_read_the_script(command: dict[str, str]) -> None:
    # bash-completion reads it so, when it is first needed.
    script = f"load() {{\n{bash()}\n}}\nload; COMP_WORDS=(axioctl st); COMP_CWORD=1; _axioctl; echo ${{COMPREPLY[@]}}"
    done = subprocess.run(["bash", "--norc", "-c", script], capture_output=True, text=True, check=True, env=command)
    assert done.stdout == "status\n"


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["rel"], ["relay"]),
        (["--json", "al"], ["alarm"]),
        (["--timeout", "3", "al"], ["alarm"]),
        (["--bus", "unix:path=/x", "al"], ["alarm"]),
        (["relay", "to"], ["toggle"]),
        (["--"], ["--version", "--bus", "--json", "--timeout", "--help"]),
        (["relay", "configure", "--b"], ["--boot-policy", "--bus"]),
        (["relay", "configure", "x", "--boot-policy", ""], ["off", "on", "last"]),
        (["relay", "configure", "x", "--boot-policy", "=", "l"], ["last"]),
        (["relay", "configure", "x", "--boot-policy", "="], ["off", "on", "last"]),
        (["sim", "wire", "x", "c"], ["closed", "cut"]),
        (["watch", "--service", ""], ["events", "fieldbus", "io", "network", "relays", "sensors", "sim", "system"]),
        (["watch", "--service", "io", "--p"], ["--properties"]),
        (["completion", ""], ["bash"]),
        (["relay", "on", "x", ""], []),
    ],
)
def test_words_are_completed(command: dict[str, str], words: list[str], expected: list[str]) -> None:
    assert _complete(command, *words) == expected


def test_ids_are_completed(command: dict[str, str], io: FakeService, sim: FakeService) -> None:
    assert _complete(command, "port", "show", "") == ["input1", "io1"]
    assert _complete(command, "port", "show", "io") == ["io1"]
    assert _complete(command, "alarm", "configure", "") == ["casing"]
    assert _complete(command, "sim", "wire", "o") == ["output1"]


def test_ids_of_a_service_that_is_away_are_none(command: dict[str, str]) -> None:
    assert _complete(command, "relay", "on", "") == []


def test_files_are_completed(command: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "mine.yaml").touch()
    monkeypatch.chdir(tmp_path)
    assert _complete(command, "board", "check", "m") == ["mine.yaml"]


def test_ids_may_be_asked_for_as_json(axioctl: Axioctl, relays: FakeService) -> None:
    assert json.loads(axioctl("completion", "ids", "relay", "--json").out) == ["relay1", "relay2"]
