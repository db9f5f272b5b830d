# SPDX-License-Identifier: Apache-2.0
"""What counts as a service that cannot be kept alive: one that hangs does, one that is restarted often does not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.machine.board import choose_board, drives, drop_in, remove_drop_in, show, wait_active, wait_given_up

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.machine.container import Container

UNIT = "axiod-relays"


@pytest.fixture(scope="module")
def board(device: Container) -> Container:
    """A device whose relay shall be off when its service cannot be kept alive."""
    choose_board(device)
    device.run("axioctl relay configure relay1 --failure-policy off")
    return device


@pytest.fixture
def ready(board: Container) -> Iterator[Container]:
    """That device, its relay on."""
    board.run(f"systemctl reset-failed; systemctl restart {UNIT} && axioctl relay on relay1")
    yield board
    remove_drop_in(board, f"{UNIT}.service")


def test_restarting_by_hand_is_no_failure(ready: Container) -> None:
    drop_in(ready, f"{UNIT}.service", "")
    before = drives(ready)
    refused = sum(ready.run(f"systemctl restart {UNIT}", check=False).code != 0 for _ in range(30))
    assert refused, "there is a limit"
    wait_active(ready, UNIT)
    assert drives(ready) == before
    assert show(ready, f"axiod-fail-safe@{UNIT}", "Result") == "success"
    assert "restarted too often by somebody" in ready.journal(f"axiod-fail-safe@{UNIT}")


def test_a_service_that_hangs_whenever_it_is_ready_is_given_up(ready: Container) -> None:
    drop_in(ready, f"{UNIT}.service", "[Service]\nWatchdogSec=1\nTimeoutAbortSec=1\n")
    ready.run(f"systemctl restart {UNIT}")
    stop = (
        f"until [ $(systemctl show -P ExecMainStatus {UNIT}) = 79 ]; do "
        f"p=$(systemctl show -P MainPID {UNIT}); "
        f"[ $p = 0 ] || ! systemctl is-active --quiet {UNIT} || kill -STOP $p; sleep 0.1; done"
    )
    ready.run(stop, timeout=120)
    wait_given_up(ready, UNIT)
    assert not drives(ready)["relay1"].active


def test_a_service_that_never_gets_ready_is_given_up(ready: Container) -> None:
    """It hangs in its start; only what it is started for at last is done."""
    sleeper = f"/bin/sh -c 'test -e /run/axiod-fail-safe/{UNIT}/now || sleep 1000; exec $0 $*'"
    command = ready.run(f"systemctl cat {UNIT} | sed -n 's/^ExecStart=//p'").stdout.strip()
    text = f"[Service]\nTimeoutStartSec=1\nTimeoutAbortSec=1\nExecStart=\nExecStart={sleeper} {command}\n"
    drop_in(ready, f"{UNIT}.service", text)
    ready.run(f"systemctl restart {UNIT}", check=False)
    ready.wait_for(f"test $(systemctl show -P ExecMainStatus {UNIT}) = 79", 120)
    wait_given_up(ready, UNIT)
    assert not drives(ready)["relay1"].active
