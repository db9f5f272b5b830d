# SPDX-License-Identifier: Apache-2.0
"""Help texts, the manual page, and where both come from."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from axiod.bus import comments
from axiod.bus import interface as contract
from axiod.cli.completion import walk
from axiod.cli.manpage import page
from axiod.cli.tree import FIRST, GROUPS, build

if TYPE_CHECKING:
    from axiod.cli.tree import Parser
    from tests.cli.conftest import Axioctl

_PAGE = Path(__file__).parents[2] / "docs" / "man" / "axioctl.1"
_COMMANDS = [(path, parser) for path, parser in walk(build()) if path != "axioctl"]
_VERBS = [(path, parser) for path, parser in _COMMANDS if not parser.verbs]


def test_help_teaches(axioctl: Axioctl) -> None:
    done = axioctl("--help")
    assert done.code == 0
    for word in (*GROUPS, "first commands to try", "axioctl status", "axioctl watch", "man axioctl", "--bus", "--json"):
        assert word in done.out


@pytest.mark.parametrize(("path", "parser"), _COMMANDS, ids=[path for path, _ in _COMMANDS])
def test_every_command_has_help_that_fits_the_screen(axioctl: Axioctl, path: str, parser: Parser) -> None:
    done = axioctl(*path.split(), "--help")
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith(f"usage: axioctl {path}")
    long = [line for line in done.out.splitlines() if len(line) > 80 and "{" not in line]
    assert not long
    for action in parser.arguments():
        assert action.help, action.dest
        assert action.dest in parser.complete or action.nargs == 0 or action.metavar


@pytest.mark.parametrize(("path", "parser"), _VERBS, ids=[path for path, _ in _VERBS])
def test_every_verb_has_an_example_that_is_right(axioctl: Axioctl, path: str, parser: Parser) -> None:
    help_ = axioctl(*path.split(), "--help").out
    assert parser.examples
    for example in parser.examples:
        assert example in help_
        words = shlex.split(example.removeprefix("source <(").removesuffix(")"))
        assert words[0] == "axioctl"
        assert build().parse_args(words[1:]).run


def test_help_calls_settings_what_they_are_called_on_the_command_line(axioctl: Axioctl) -> None:
    text = axioctl("blocking", "configure", "--help").out
    assert "--page-interval-sec are allowed" in text
    assert "see --page-failures;" in text
    assert "PageFailures" not in text + page()


def test_help_says_by_what_an_object_is_named(axioctl: Axioctl) -> None:
    assert "the account: its name\n" in axioctl("account", "configure", "--help").out
    assert "the certificate: its id\n" in axioctl("certificate", "remove", "--help").out
    port = " ".join(axioctl("port", "show", "--help").out.split())
    assert "the port: its id, what is printed beside its terminal, its name, its number" in port


def test_the_first_commands_are_in_line() -> None:
    lines = [line for line in FIRST.splitlines() if line.startswith("  axioctl")]
    assert len({line.index(re.findall(r"\S  +(\S.*)", line)[0]) for line in lines}) == 1


def test_no_example_removes_what_is_in_use() -> None:
    assert "axioctl certificate remove device" not in page().replace("\\-", "-")


def test_every_member_of_the_contract_has_a_comment() -> None:
    for name in contract.names():
        members = contract.load(name)
        read = comments.read(name)
        assert set(read) == {name, *members.properties, *members.methods, *members.signals}
        for method in members.methods.values():
            known = {value.name for value in (*method.inputs, *method.outputs)}
            assert set(read[method.name].arguments) <= known
            assert read[method.name].text


def test_a_comment_is_taken_apart() -> None:
    pulse = comments.read("org.axiod.relays1.Relay")["Pulse"]
    assert pulse.brief == "makes the relay active for a time and then inactive"
    assert pulse.arguments == {"duration_ms": "how long it is active.", "options": "as in Set."}
    assert pulse.errors == "as Set, and Busy while a sequence runs."


def test_the_manual_page_is_in_step() -> None:
    assert _PAGE.read_text() == page(), "run: python -m axiod.cli.manpage >docs/man/axioctl.1"


def test_the_manual_page_has_every_command_and_exit_code() -> None:
    text = page().replace("\\-", "-")
    assert " .\n" not in text
    for _, parser in _VERBS:
        assert f".SS {parser.synopsis()}\n" in text
    for code in (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 130, 141):
        assert f".TP\n{code}\n" in text


@pytest.mark.skipif(not shutil.which("groff"), reason="groff is not installed")
def test_the_manual_page_is_right_roff() -> None:
    done = subprocess.run(
        ["groff", "-man", "-Tutf8", "-ww", "-P-bcou"], input=page().encode(), capture_output=True, check=True
    )
    assert done.stderr == b""
    assert b"axioctl relay pulse ID MS" in done.stdout
