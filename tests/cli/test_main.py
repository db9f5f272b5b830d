# SPDX-License-Identifier: Apache-2.0
"""Errors, exit codes, and the ends that a command can come to."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from typing import TYPE_CHECKING

import pytest

import axiod
from axiod import errors
from axiod.cli.__main__ import EXIT_CODES
from tests.cli.fakes import RELAY, World, relay_service

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.cli.conftest import Axioctl, Running
    from tests.cli.fakes import FakeService

    Spawn = Callable[..., Running]


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (errors.Internal, 1),
        (errors.InvalidArgument, 2),
        (errors.NotFound, 3),
        (errors.NotAuthorized, 4),
        (errors.Busy, 6),
        (errors.Conflict, 6),
        (errors.LimitReached, 6),
        (errors.Timeout, 7),
        (errors.NotSupported, 8),
        (errors.HardwareFailure, 9),
    ],
)
def test_an_error_of_a_service_is_a_line_and_an_exit_code(
    axioctl: Axioctl, relays: FakeService, error: type[errors.AxiodError], code: int
) -> None:
    relays.errors["Set"] = error("Relay 1 does not\nwant to.")
    for words in (("relay", "on", "relay1"), ("relay", "on", "relay1", "--json")):
        done = axioctl(*words)
        assert (done.code, done.out, done.err) == (code, "", "axioctl: Relay 1 does not want to.\n")


def test_every_error_has_an_exit_code() -> None:
    assert set(EXIT_CODES) == {
        error for error in errors.AxiodError.__subclasses__() if error.__module__ == errors.__name__
    }


def test_a_service_that_is_away_is_named_with_how_to_start_it(axioctl: Axioctl) -> None:
    done = axioctl("relay", "list")
    assert done.code == 5
    assert (
        done.err == "axioctl: org.axiod.relays1 is not running; "
        "start it with: systemctl start axiod-relays (in a checkout: make run)\n"
    )


def test_a_bus_that_is_away_is_named(axioctl: Axioctl, tmp_path: Path) -> None:
    done = axioctl("--bus", f"unix:path={tmp_path}/none", "status")
    assert done.code == 5
    assert done.err.startswith(f"axioctl: cannot connect to the bus at unix:path={tmp_path}/none: ")
    assert "--bus ADDRESS names another bus" in done.err


@pytest.mark.parametrize("address", ["nonsense", "tcp:", "unix:"])
def test_a_wrong_bus_address_is_no_traceback(axioctl: Axioctl, address: str) -> None:
    done = axioctl("status", "--bus", address)
    assert done.code in (2, 5)
    assert done.err.count("\n") == 1


def test_the_bus_is_found_before_and_after_the_command(
    axioctl: Axioctl, relays: FakeService, cli_bus: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/nowhere")
    assert axioctl("relay", "list").code == 5
    assert axioctl("--bus", cli_bus, "relay", "list").code == 0
    assert axioctl("relay", "--bus", cli_bus, "list").code == 0
    assert axioctl("relay", "list", "--bus", cli_bus).code == 0


def test_a_refusal_of_the_bus_says_who_may(axioctl: Axioctl, strict_world: World) -> None:
    strict_world.start(relay_service())
    done = axioctl("relay", "on", "relay1", "--bus", strict_world.address)
    assert done.code == 4
    assert done.err == (
        f"axioctl: the bus does not let user {os.getuid()} change org.axiod.relays1; "
        "the groups axiod-operator and axiod-admin may\n"
    )


def test_a_service_that_does_not_answer_is_a_timeout(axioctl: Axioctl, relays: FakeService, world: World) -> None:
    relays.answers["Set"] = world.future()
    done = axioctl("relay", "on", "relay1", "--timeout", "0.2")
    assert (done.code, done.err) == (7, "axioctl: org.axiod.relays1 did not answer Set within 0.2 s\n")
    world.run(_answer(relays))


async def _answer(service: FakeService) -> None:
    service.answers["Set"].set_result(None)


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (
            [],
            "say what to do: status, port, relay, alarm, led, rule, schedule, trigger, virtual-input, recipient, ",
        ),
        (["relay"], "say what to do: list, show, on, off"),
        (["frobnicate"], "there is no command 'frobnicate'; there is status, port, relay, alarm, led, rule"),
        (["relay", "frobnicate"], "there is no command 'frobnicate'; there is list, show, on, off, toggle"),
        (["acount"], "there is no command 'acount'; did you mean account? See axioctl --help\n"),
        (["port", "shwo"], "there is no command 'shwo'; did you mean show? See axioctl port --help\n"),
        (["account", "del", "bob"], "there is no command 'del'; did you mean remove? See axioctl account --help\n"),
        (["shwo", "relay1"], "'show' is a command of port, relay, alarm, led, rule"),
        (
            ["on", "relay1"],
            "'on' is a command of port, relay, trigger, virtual-input; for example: axioctl relay on relay1",
        ),
        (["relay", "relay1", "on"], "the command comes first: axioctl relay on relay1; see axioctl relay --help"),
        (["port", "io1", "pulse", "500"], "the command comes first: axioctl port pulse io1 500; see axioctl port"),
        (["relay", "on"], "the following arguments are required: ID; see axioctl relay on --help"),
        (["relay", "on", "relay1", "relay2"], "unrecognized arguments: relay2"),
        (["relay", "on", "--", "relay1", "--json"], "unrecognized arguments: --json; see axioctl relay on --help"),
        (["status", "--verbose"], "there is no option '--verbose'; see axioctl status --help"),
        (
            ["web", "configure", "--metricz", "true"],
            "there is no option '--metricz'; did you mean --metrics? See axioctl w",
        ),
        (["status", "--timeout", "x"], "argument --timeout: invalid number of seconds value: 'x'"),
        (["status", "--timeout", "0"], "argument --timeout: invalid number of seconds value: '0'"),
        (["status", "--timeout", "nan"], "argument --timeout: invalid number of seconds value: 'nan'"),
        (["--js", "status"], "there is no option '--js'; did you mean --json? See axioctl --help"),
        (
            ["watch", "--service", "cloud"],
            "--service is 'cloud'; it must be one of events, fieldbus, io, network, relays, sensors, sim, system; see",
        ),
    ],
)
def test_a_wrong_command_line_is_a_line(axioctl: Axioctl, words: list[str], text: str) -> None:
    done = axioctl(*words)
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("axioctl: ")
    assert text in done.err
    assert done.err.count("\n") == 1


def test_version_is_quick(spawn: Spawn) -> None:
    running = spawn("--version")
    assert running.line() == f"axioctl {axiod.__version__}"
    assert running.end() == (0, "")
    loaded = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "axiod.cli", "--version"], capture_output=True, text=True, check=True
    ).stderr
    # What takes time is imported by those who need it.
    for slow in ("asyncio", "axiod.bus", "dbus_fast", "yaml", "xml.etree"):
        assert not re.search(rf"\| +{slow}", loaded), f"{slow} was imported"


def test_an_exit_code_leaves_the_process(spawn: Spawn) -> None:
    assert spawn("relay", "list").end()[0] == 5


def test_ctrl_c_is_quiet(spawn: Spawn, relays: FakeService) -> None:
    running = spawn("watch", "--json")
    running.line()
    running.interrupt()
    assert running.end() == (130, "")


@pytest.mark.parametrize("words", [["port", "list"], ["port", "show", "io1", "--json"], ["completion", "bash"]])
def test_a_pipe_that_nobody_reads_is_quiet(spawn: Spawn, io: FakeService, words: list[str]) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    running = spawn(*words, stdout=writer)
    os.close(writer)
    assert running.end() == (141, "")


def test_help_that_nobody_reads_is_quiet(spawn: Spawn) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    running = spawn("--help", stdout=writer)
    os.close(writer)
    code, err = running.end()
    assert (code in (0, 141), err) == (True, "")  # argparse does not always notice


@pytest.mark.parametrize(
    ("environment", "colours"), [({}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False)]
)
@pytest.mark.parametrize("width", [60, 80, 120])
def test_a_terminal_has_colours_and_a_width(
    spawn: Spawn, io: FakeService, environment: dict[str, str], width: int, colours: bool
) -> None:
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, width, 0, 0))
    plain = {"NO_COLOR": "", "TERM": "xterm", "COLUMNS": ""}
    running = spawn("port", "list", stdout=theirs, env=plain | environment)
    assert running.end() == (0, "")
    os.close(theirs)
    lines = os.read(ours, 65536).decode().splitlines()
    os.close(ours)
    assert ("\x1b[" in "".join(lines)) is colours
    bare = [re.sub(r"\x1b\[\d*m", "", line) for line in lines]
    assert len(bare) == 3
    assert max(map(len, bare)) <= max(width, 74)  # below that nothing more can be left out
    assert ("TERMINAL" in bare[0]) is (width == 120)


def test_output_is_valid_where_the_locale_has_no_such_letters(spawn: Spawn, world: World, relays: FakeService) -> None:
    world.run(relays.change("/org/axiod/relays1/relay/relay1", RELAY, Name="门"))
    running = spawn("relay", "list", env={"PYTHONIOENCODING": "ascii"})
    assert running.end() == (0, "")
    assert "\\u95e8" in running.line() + running.line()


def test_json_is_json_everywhere(axioctl: Axioctl, io: FakeService) -> None:
    for words in (["status"], ["port", "list"], ["port", "show", "io1"], ["completion", "bash"]):
        json.loads(axioctl(*words, "--json").out)
