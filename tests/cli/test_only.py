# SPDX-License-Identifier: Apache-2.0
"""What there is one of: device, access, web, blocking."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest

from axiod.bus import interface as contract
from axiod.clock import wall_usec
from tests.cli.fakes import BLOCKING, SYSTEM, relay_service, system_service

if TYPE_CHECKING:
    from tests.cli.conftest import Axioctl
    from tests.cli.fakes import FakeService, World


@pytest.mark.parametrize("word", ["device", "access", "web", "blocking"])
def test_show_has_every_property(axioctl: Axioctl, system: FakeService, word: str) -> None:
    members = contract.load(f"{SYSTEM}.{word.title()}")
    shown = json.loads(axioctl(word, "show", "--json").out)
    assert set(shown) == {"Path", *members.properties}
    assert shown["Path"] == f"/org/axiod/system1/{word}"
    lines = axioctl(word, "show").out.splitlines()
    assert len(lines) >= len(members.properties)


@pytest.mark.parametrize(
    ("words", "said", "changes"),
    [
        (["web", "--protocols", "https", "--http-port", "8080"], "web is configured: protocols https, HTTP port 8080",
         {"Protocols": "https", "HttpPort": 8080}),
        (["access", "--anonymous-viewing", "yes"], "access is configured: anonymous viewing yes",
         {"AnonymousViewing": True}),
        (["blocking", "--period-sec", "60"], "blocking is configured: period 60 s", {"PeriodSec": 60}),
    ],
)  # fmt: skip
def test_configure(
    axioctl: Axioctl, system: FakeService, words: list[str], said: str, changes: dict[str, object]
) -> None:
    word, *options = words
    assert axioctl(word, "configure", *options).out == f"{said}\n"
    assert system.calls == [("", "Configure", (changes,))]


def test_nothing_of_the_device_can_be_configured(axioctl: Axioctl, system: FakeService) -> None:
    assert "there is no command 'configure'; there is show; see" in axioctl("device", "configure").err


def test_a_command_that_only_shows_does_so_alone(axioctl: Axioctl, system: FakeService) -> None:
    assert axioctl("device").out == axioctl("device", "show").out != ""
    assert axioctl("web").code == 2


@pytest.mark.parametrize("words", [["--http-port", "0"], ["--http-port", "70000"], ["--protocols", "ftp"], []])
def test_a_wrong_setting_is_refused_before_anything_is_done(
    axioctl: Axioctl, system: FakeService, words: list[str]
) -> None:
    assert axioctl("web", "configure", *words).code == 2
    assert not system.calls


def test_blocked_addresses_are_shown_with_how_long_they_stay_so(
    axioctl: Axioctl, system: FakeService, world: World
) -> None:
    assert axioctl("blocking", "show").out.endswith("no address is blocked\n")
    blocked = [("192.0.2.7", wall_usec() - 3_000_000, wall_usec() + 3_600_000_000)]
    world.run(system.change("/org/axiod/system1/blocking", BLOCKING, Blocked=blocked))
    head, row = (line.split() for line in axioctl("blocking", "show").out.splitlines()[-2:])
    assert head == ["BLOCKED", "SINCE", "FOR"]
    assert (row[0], row[2], row[4]) == ("192.0.2.7", "s", "min")


def test_an_address_is_let_in_again(axioctl: Axioctl, system: FakeService) -> None:
    assert axioctl("blocking", "unblock", "192.0.2.7").out == "192.0.2.7 may come in again\n"
    assert system.calls == [("", "Unblock", ("192.0.2.7",))]


def test_a_refusal_of_the_bus_says_who_may(axioctl: Axioctl, strict_world: World) -> None:
    strict_world.start(relay_service())
    strict_world.start(system_service())
    done = axioctl("blocking", "unblock", "192.0.2.7", "--bus", strict_world.address)
    assert (done.code, done.err) == (
        4,
        f"axioctl: the bus does not let user {os.getuid()} change org.axiod.system1; the group axiod-admin may, "
        "and root\n",
    )
