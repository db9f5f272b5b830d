# SPDX-License-Identifier: Apache-2.0
"""Accounts and tokens from the command line, and passwords, which are never on it."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from axiod import errors
from tests.cli.fakes import ACCOUNT, SYSTEM, TOKEN, FakeService

if TYPE_CHECKING:
    from tests.cli.conftest import Axioctl
    from tests.cli.fakes import World
    from tests.conftest import Outcome


def _typed(bus: str, words: list[str], *typed: str) -> tuple[int, str]:
    """Run axioctl on a terminal of its own and answer each of its questions; return exit code and what was shown."""
    shown = b""
    process, terminal = pty.fork()
    if process == 0:  # pragma: no cover # the terminal is the child's own
        os.environ["DBUS_SYSTEM_BUS_ADDRESS"] = bus
        os.execv(sys.executable, [sys.executable, "-m", "axiod.cli", *words])
    for answer in typed:
        while not shown.endswith(b": "):
            shown += os.read(terminal, 1000)
        os.write(terminal, answer.encode() + b"\n")
        shown += b"\n"
    while True:
        try:
            more = os.read(terminal, 1000)
        except OSError:  # it has ended
            break
        shown += more
    os.close(terminal)
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]), shown.decode()


def _piped(bus: str, words: list[str], data: bytes) -> Outcome:
    from tests.conftest import Outcome  # here, so that it is not taken for a fixture

    done = subprocess.run(
        [sys.executable, "-m", "axiod.cli", *words],
        input=data,
        env={**os.environ, "DBUS_SYSTEM_BUS_ADDRESS": bus},
        capture_output=True,
        check=False,
        start_new_session=True,  # without a terminal
        timeout=20,
    )
    return Outcome(done.returncode, done.stdout.decode(), done.stderr.decode())


def test_account_list(axioctl: Axioctl, system: FakeService) -> None:
    head, anna, bo = (line.split() for line in axioctl("account", "list").out.splitlines())
    assert head == ["NAME", "ROLE", "PASSWORD", "SET", "COMMENT"]
    assert (anna[:2], bo[:2], bo[4:]) == (["anna", "administrator"], ["bo", "viewer"], ["the", "gate"])
    assert [each["Id"] for each in json.loads(axioctl("account", "list", "--json").out)] == ["anna", "bo"]


def test_accounts_are_in_the_order_of_their_names(axioctl: Axioctl, world: World) -> None:
    service = FakeService(SYSTEM)
    for name in ("zoe", "bo", "anna"):
        service.add(ACCOUNT, name, Name=name)
    world.start(service)
    assert [each["Id"] for each in json.loads(axioctl("account", "list", "--json").out)] == ["anna", "bo", "zoe"]


def test_account_show_and_configure(axioctl: Axioctl, system: FakeService) -> None:
    assert "Role:" in axioctl("account", "show", "bo").out
    done = axioctl("account", "configure", "bo", "--role", "operator")
    assert done.out == "bo is configured: role operator\n"
    assert system.calls == [("bo", "Configure", ({"Role": "operator"},))]


def test_a_password_is_read_from_the_standard_input(cli_bus: str, system: FakeService) -> None:
    words = ["account", "add", "eva", "operator", "--comment", "night", "--password-stdin"]
    done = _piped(cli_bus, words, b"Pass word1\n")
    assert (done.code, done.out, done.err) == (0, "eva may enter as operator\n", "")
    assert _piped(cli_bus, ["account", "set-password", "bo", "--password-stdin"], b"x y").code == 0
    assert system.calls == [
        ("", "AddAccount", ("eva", "Pass word1", "operator", {"Comment": "night"})),
        ("bo", "SetPassword", ("x y",)),
    ]


def test_a_password_is_asked_for_twice_and_not_shown(cli_bus: str, system: FakeService) -> None:
    code, shown = _typed(cli_bus, ["account", "add", "eva", "viewer"], "Pass word1", "Pass word1")
    assert code == 0, shown
    assert "password of eva: " in shown
    assert "Pass word1" not in shown
    assert system.calls == [("", "AddAccount", ("eva", "Pass word1", "viewer", {}))]


def test_two_passwords_that_differ_change_nothing(cli_bus: str, system: FakeService) -> None:
    code, shown = _typed(cli_bus, ["account", "set-password", "bo"], "Pass word1", "Pass word2")
    assert (code, "the two passwords differ" in shown) == (2, True)
    assert not system.calls


@pytest.mark.parametrize(
    ("words", "data", "text"),
    [
        ([], b"", "there is no terminal to ask for the password; give it on the standard input with --password-stdin"),
        (["--password-stdin"], b"", "password must be printable text of 1 to 64 characters"),
        (["--password-stdin"], b"secret1\nsecret2\n", "the standard input must have one line, the password"),
        (["--password-stdin"], b"secret" * 1000, "the standard input must have one line, the password"),
        (["--password-stdin"], b"secret" * 20, "password must be printable text of 1 to 64 characters"),
        (["--password-stdin"], b"secret\xff", "the password on the standard input is not UTF-8"),
        (["--password-stdin"], b"secret\0", "password must be printable text of 1 to 64 characters"),
    ],
)
def test_a_wrong_password_is_refused_and_not_quoted(
    cli_bus: str, system: FakeService, words: list[str], data: bytes, text: str
) -> None:
    done = _piped(cli_bus, ["account", "add", "eva", "viewer", *words], data)
    assert (done.code, done.out, done.err) == (2, "", f"axioctl: {text}\n")
    assert not system.calls


def test_a_wrong_role_is_a_line(axioctl: Axioctl, system: FakeService) -> None:
    done = axioctl("account", "add", "eva", "king", "--password-stdin")
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith(
        "axioctl: role is 'king'; it must be one of viewer, operator, administrator; see axioctl "
    )


def test_a_password_on_the_command_line_is_refused_and_not_quoted(axioctl: Axioctl, system: FakeService) -> None:
    for words in (["eva", "viewer", "--password", "secret"], ["eva", "--password", "secret"], ["--password=secret"]):
        assert axioctl("account", "add", *words).err == (
            "axioctl: there is no option '--password'; did you mean --password-stdin? See axioctl account add --help\n"
        )
    assert not system.calls


def test_an_account_is_removed_by_its_exact_name(axioctl: Axioctl, system: FakeService) -> None:
    assert axioctl("account", "remove", "bo").out == "account bo is removed\n"
    done = axioctl("account", "remove", "Anna")
    assert (done.code, done.err) == (3, "axioctl: give the id to remove it: axioctl account remove anna\n")
    done = axioctl("token", "remove", "report")
    assert (done.code, done.err) == (3, "axioctl: give the id to remove it: axioctl token remove t1\n")
    assert axioctl("account", "set-password", "Anna").err == "axioctl: give the id: anna\n"
    assert axioctl("token", "remove", "nothing").err.startswith("axioctl: there is no token 'nothing'")
    assert axioctl("token", "remove", "t1").out == "token t1 is removed\n"
    assert [call[:2] for call in system.calls] == [("bo", "Remove"), ("t1", "Remove")]


def test_a_refusal_of_the_service_is_a_line(axioctl: Axioctl, system: FakeService) -> None:
    system.errors["Remove"] = errors.Conflict("anna is the last administrator; make another one first")
    done = axioctl("account", "remove", "anna")
    assert (done.code, done.err) == (6, "axioctl: anna is the last administrator; make another one first\n")


def test_token_list_says_when_a_token_ends(axioctl: Axioctl, system: FakeService) -> None:
    head, first, second = (line.split() for line in axioctl("token", "list").out.splitlines())
    assert head == ["ID", "NAME", "ROLE", "MADE", "ENDS"]
    assert (first[:3], first[-1]) == (["t1", "report", "viewer"], "-")
    assert (second[:3], second[-3], second[-1]) == (["t2", "home", "operator"], "in", "d")


def test_a_token_is_shown_once(axioctl: Axioctl, system: FakeService) -> None:
    system.answers["AddToken"] = ("t3", "axiod_abc")
    done = axioctl("token", "add", "Home Assistant", "operator")
    assert done.out == "token t3 enters as operator; it is shown only now:\naxiod_abc\n"
    shown = json.loads(axioctl("token", "add", "report", "viewer", "--days", "30", "--json").out)
    assert (shown["Id"], shown["Token"]) == ("t3", "axiod_abc")
    (_, _, plain), (_, _, ending) = system.calls
    assert plain == ("Home Assistant", "operator", {})
    assert ending == ("report", "viewer", {"ExpiresUsec": shown["ExpiresUsec"]})
    assert axioctl("token", "add", "report", "viewer", "--days", "0").code == 2


@pytest.mark.parametrize(("word", "interface"), [("account", ACCOUNT), ("token", TOKEN)])
def test_ids_may_be_asked_for(axioctl: Axioctl, system: FakeService, word: str, interface: str) -> None:
    found = [path.rpartition("/")[2] for path, name in system.objects if name == interface]
    assert json.loads(axioctl("completion", "ids", word, "--json").out) == found
