# SPDX-License-Identifier: Apache-2.0
"""A service that cannot be kept alive on an installed device: its outputs, what it says, and how it comes back."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.machine.board import (
    SERVICES,
    Drive,
    choose_board,
    drives,
    drop_in,
    kill,
    kill_for_good,
    now,
    pid,
    properties,
    remove_drop_in,
    said,
    show,
    wait_active,
    wait_given_up,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.machine.container import Container

NOT_ALIVE = "it could not be kept alive; its outputs are where their failure policies say"
PROFILE = b"""
schema: 1
name: three-relays
extends: a9210-sim.yaml
relays:
  relay2: {number: 3, terminal: Relay 2, connector: Output 1, form: form-a, line: {name: output1}}
  relay3: {number: 4, terminal: Relay 3, connector: Output 2, form: form-a, line: {name: output2}}
ports:
  output1: null
  output2: null
"""
MISTAKES = {
    "not YAML": ("echo 'name: [mine' > /etc/axiod/board.yaml", r"/etc/axiod/board.yaml:\d+: not YAML: .+"),
    "an unknown key": ("echo 'colour: blue' >> /etc/axiod/board.yaml", r"/etc/axiod/board.yaml:\d+: colour: .+"),
    "missing": ("rm /etc/axiod/board.yaml", r"/etc/axiod/board.yaml: .+"),
}


@pytest.fixture(scope="module")
def board(device: Container) -> Container:
    """A device with three relays and three outputs, one of each failure policy."""
    device.put(PROFILE, "/root/three-relays.yaml")
    choose_board(device, "/root/three-relays.yaml")
    for name, policy in (("relay1", "off"), ("relay2", "on"), ("relay3", "hold")):
        device.run(f"axioctl relay configure {name} --failure-policy {policy}")
    for name, policy in (("output3", "normal"), ("io1", "active"), ("io2", "hold")):
        device.run(f"axioctl port configure {name} --failure-policy {policy}")
    device.run("axioctl port configure io1 --direction output; axioctl port configure io2 --direction output")
    return device


@pytest.fixture
def ready(board: Container) -> Iterator[Container]:
    """That device, all well each output where its failure policy does not want it; and all well again afterwards."""
    board.run("systemctl reset-failed; systemctl stop 'axiod-retry@*.timer'; systemctl start axiod-io axiod-relays")
    for what in ("relay on relay1", "relay off relay2", "relay on relay3"):
        board.run(f"axioctl {what}")
    for what in ("port on output3", "port off io1", "port on io2"):
        board.run(f"axioctl {what}")
    board.run("cp -p /etc/axiod/board.yaml /root/good.yaml")
    yield board
    board.run("cp -p /root/good.yaml /etc/axiod/board.yaml; systemctl reset-failed; systemctl restart axiod.target")
    for unit in SERVICES:
        wait_active(board, unit)


def moved(before: dict[str, Drive], after: dict[str, Drive]) -> dict[str, bool]:
    """Return the outputs that moved, once each, and where they are."""
    found = {name: drive for name, drive in after.items() if drive != before[name]}
    assert {name: drive.moves - before[name].moves for name, drive in found.items()} == dict.fromkeys(found, 1)
    assert all(drive.held == before[name].held for name, drive in found.items())
    return {name: drive.active for name, drive in found.items()}


def runs(guest: Container, unit: str, since: str) -> int:
    """Return how often the unit that carries out the failure policies of a service was started."""
    journal = guest.journal(f"axiod-fail-safe@{unit}", options=f"-o cat --after-cursor='{since}'")
    return len(re.findall("^Starting ", journal, re.MULTILINE))


@pytest.mark.parametrize(
    ("unit", "there"),
    [("axiod-relays", {"relay1": False, "output1": True}), ("axiod-io", {"output3": False, "io1": True})],
)
def test_a_service_that_dies_again_and_again_leaves_its_outputs_where_they_are_safe(
    ready: Container, unit: str, there: dict[str, bool]
) -> None:
    (other,) = set(SERVICES) - {unit}
    before, other_pid, since = drives(ready), pid(ready, other), now(ready)
    kill_for_good(ready, unit)
    assert moved(before, drives(ready)) == there
    assert runs(ready, unit, since) == 1
    assert "Start request repeated too quickly" in ready.journal(unit, options=f"--after-cursor='{since}'")
    assert (show(ready, unit, "ActiveState"), show(ready, unit, "Result")) == ("failed", "exit-code")
    assert show(ready, unit, "ExecMainStatus") == "79"
    assert f'Status: "{NOT_ALIVE}"' in ready.run(f"systemctl status {unit}", check=False).stdout
    assert pid(ready, other) == other_pid
    show_how_soon(ready, unit, since)


@pytest.mark.parametrize(("unit", "what"), [
    ("axiod-relays", "relay relay1"), ("axiod-relays", "relay relay2"), ("axiod-io", "port output3"),
    ("axiod-io", "port io1"),
])  # fmt: skip
def test_a_service_that_is_started_by_hand_finds_its_outputs_as_they_were_left(
    ready: Container, unit: str, what: str
) -> None:
    ready.run(f"echo 'colour: blue' >> /etc/axiod/board.yaml; systemctl restart {unit}", check=False)
    wait_given_up(ready, unit)
    after = drives(ready)
    ready.run(f"cp -p /root/good.yaml /etc/axiod/board.yaml && systemctl start {unit}")
    name = {"relay2": "output1"}.get(what.split()[1], what.split()[1])
    assert drives(ready)[name] == after[name]
    assert properties(ready, what)["Active"] is after[name].active


def show_how_soon(guest: Container, unit: str, since: str) -> None:
    """Print how long the outputs took, by the clock of the guest."""
    journal = guest.journal(unit, options=f"-o short-unix --after-cursor='{since}'")
    moments = [
        float(re.findall(rf"^(\d+\.\d+) .*{text}", journal, re.MULTILINE)[-1])
        for text in ("Start request repeated too quickly", "was put where its failure policy says")
    ]
    assert moments == sorted(moments)
    print(f"{unit}: {moments[1] - moments[0]:.3f} s from giving up to the last output")


def test_it_is_tried_again_and_comes_back_when_the_cause_is_gone(ready: Container) -> None:
    cause = "[ -e /run/cause-is-gone ] || [ -e /run/axiod-fail-safe/axiod-relays/now ] || exit 1"
    drop_in(ready, "axiod-relays.service", f"[Service]\nExecStartPre=/bin/sh -c '{cause}'\n")
    timer = "axiod-retry@axiod-relays.timer"
    ready.run("systemctl restart axiod-relays", check=False)
    wait_given_up(ready, "axiod-relays")
    after = drives(ready)
    assert show(ready, timer, "ActiveState") == "active"
    assert "OnActiveUSec=5min" in show(ready, timer, "TimersMonotonic")
    left = ready.run(f"systemctl list-timers --no-legend {timer}").stdout
    assert re.search(r" (4min \d+s|5min) ", left), left

    drop_in(ready, timer, "[Timer]\nOnActiveSec=\nOnActiveSec=2s\n")
    ready.run(f"touch /run/cause-is-gone; systemctl reset-failed axiod-relays; systemctl restart {timer}")
    wait_active(ready, "axiod-relays")
    assert drives(ready) == after
    # It has done what it was there for: systemd calls it running as long as what it started does.
    ready.wait_for(f"test $(systemctl show -P SubState {timer}) = running")
    ready.run("axioctl relay on relay1")
    remove_drop_in(ready, timer)
    remove_drop_in(ready, "axiod-relays.service")


@pytest.mark.parametrize("unit", SERVICES)
def test_one_death_is_not_giving_up(ready: Container, unit: str) -> None:
    before, since = drives(ready), now(ready)
    former = kill(ready, unit)
    wait_active(ready, unit, former)
    assert drives(ready) == before
    assert runs(ready, unit, since) == 0
    assert show(ready, f"axiod-retry@{unit}.timer", "ActiveState") == "inactive"
    assert ready.run("systemctl --failed --no-legend").stdout == ""


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_board_that_cannot_be_used_is_named_and_the_last_good_one_serves(ready: Container, mistake: str) -> None:
    make, line = MISTAKES[mistake]
    before, io, since = drives(ready), pid(ready, "axiod-io"), now(ready)
    ready.run(make)
    assert ready.run("systemctl restart axiod-relays", check=False).code != 0
    wait_given_up(ready, "axiod-relays")
    assert moved(before, drives(ready)) == {"relay1": False, "output1": True}
    assert "status=78" in ready.journal("axiod-relays", options=f"--after-cursor='{since}'")
    assert runs(ready, "axiod-relays", since) == 1
    complaints = [each for each in said(ready, "axiod-relays", since) if "board.yaml" in each]
    assert all(re.fullmatch(line, each) for each in complaints), complaints
    # Once by the service, and once by itself as it carries out the failure policies.
    assert len(complaints) == 2, complaints
    status = show(ready, "axiod-relays", "StatusText")
    assert re.match(line, status), status
    assert status.endswith("; its outputs are where their failure policies say")
    assert pid(ready, "axiod-io") == io

    after = drives(ready)
    ready.run("cp -p /root/good.yaml /etc/axiod/board.yaml && systemctl restart axiod-relays")
    assert drives(ready) == after
    assert properties(ready, "relay relay1")["Active"] is False
    ready.run("axioctl relay on relay1")
    assert pid(ready, "axiod-io") == io


def test_settings_that_cannot_be_used_are_named_and_the_outputs_are_safe(ready: Container) -> None:
    before, since = drives(ready), now(ready)
    ready.run("cp -p /etc/axiod/relays.yaml /root/; echo 'log_levle: info' >> /etc/axiod/relays.yaml")
    ready.run("systemctl restart axiod-relays", check=False)
    wait_given_up(ready, "axiod-relays")
    ready.run("mv /root/relays.yaml /etc/axiod/")
    complaint = "/etc/axiod/relays.yaml: log_levle: 'info': there is no such key; did you mean log_level?"
    assert complaint in said(ready, "axiod-relays", since)
    assert show(ready, "axiod-relays", "StatusText").startswith(complaint)
    assert moved(before, drives(ready)) == {"relay1": False, "output1": True}


def test_a_bus_that_is_restarted_costs_each_service_a_restart(ready: Container) -> None:
    """The simulated board is restarted, too, and that is a power cut for it; so nothing is said of the outputs here."""
    since = now(ready)
    processes = {unit: pid(ready, unit) for unit in (*SERVICES, "axiod-sim")}
    ready.run("systemctl restart dbus.service")
    for unit, process in processes.items():
        wait_active(ready, unit, process)
    for unit in SERVICES:
        assert runs(ready, unit, since) == 0
    assert ready.run("systemctl --failed --no-legend").stdout == ""
    ready.wait_for("axioctl relay on relay1")
    assert drives(ready)["relay1"].active
