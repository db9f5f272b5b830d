# SPDX-License-Identifier: Apache-2.0
"""What becomes of the outputs when the services cannot be kept alive."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml

from axiod.gpio.memory import Memory
from axiod.gpio.protocol import SOCKET_VARIABLE
from axiod.io.fail_safe import fail_safe as io_fail_safe
from axiod.relays.fail_safe import fail_safe as relays_fail_safe
from axiod.runtime.fail_safe import EXIT_FAIL_SAFE
from axiod.runtime.state import State
from tests.gpio.fakes import FakeFds
from tests.sim.board import BOARD, World

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    folder = Path(tempfile.mkdtemp(prefix="axiod-sim-"))
    monkeypatch.setenv(SOCKET_VARIABLE, str(folder / "lines"))
    world = World(folder / "lines")
    yield world
    world.close()
    shutil.rmtree(folder)


@pytest.fixture
def fds() -> Iterator[FakeFds]:
    fds = FakeFds()
    yield fds
    fds.close()


def write(folder: Path, kind: str, **entries: dict[str, str]) -> None:
    (folder / "settings.yaml").write_text(yaml.safe_dump({"version": 1, kind: entries}))


@pytest.mark.parametrize(
    ("settings", "held", "conducts"),
    [
        ({}, False, False),
        ({"FailurePolicy": "hold"}, False, False),
        ({"FailurePolicy": "normal"}, True, False),
        ({"FailurePolicy": "active"}, True, True),
        ({"FailurePolicy": "normal", "NormalState": "closed"}, True, True),
        ({"FailurePolicy": "active", "NormalState": "closed"}, True, False),
    ],
)
def test_an_output_goes_where_its_policy_says(
    world: World, fds: FakeFds, tmp_path: Path, settings: dict[str, str], held: bool, conducts: bool
) -> None:
    write(tmp_path, "ports", output1=settings)
    assert io_fail_safe(BOARD, fds, tmp_path) == []
    drive = world.drive(world.line("output1"))
    assert world.do(lambda: (drive.held, drive.active)) == (held, conducts)
    assert list(fds.kept) == (["output1"] if held else [])


async def test_where_an_output_was_put_is_known_to_the_next_start(world: World, fds: FakeFds, tmp_path: Path) -> None:
    """The level of an open drain would not say it."""
    write(tmp_path, "ports", output1={"FailurePolicy": "active"}, output2={"FailurePolicy": "hold"})
    assert await asyncio.to_thread(io_fail_safe, BOARD, fds, tmp_path) == []
    state = State(tmp_path / "state.sqlite")
    put, held = (Memory(name, state) for name in ("output1", "output2"))
    assert (put.active, held.active, held.changed_usec) == (True, None, None)
    assert put.changed_usec
    await state.close()


def test_an_io_terminal_that_is_an_input_is_left_alone(world: World, fds: FakeFds, tmp_path: Path) -> None:
    write(tmp_path, "ports", io1={"FailurePolicy": "active"}, io2={"FailurePolicy": "active", "Direction": "output"})
    io_fail_safe(BOARD, fds, tmp_path)
    assert list(fds.kept) == ["io2"]


@pytest.mark.parametrize(("policy", "active"), [("off", False), ("on", True)])
def test_a_relay_that_was_kept_goes_where_its_policy_says(
    world: World, fds: FakeFds, tmp_path: Path, policy: str, active: bool
) -> None:
    write(tmp_path, "relays", relay1={"FailurePolicy": "on"})
    relays_fail_safe(BOARD, fds, tmp_path)
    fds.restart()
    write(tmp_path, "relays", relay1={"FailurePolicy": policy})
    relays_fail_safe(BOARD, fds, tmp_path)
    drive = world.drive(world.line("relay1"))
    assert world.do(lambda: (drive.held, drive.active)) == (True, active)


def test_without_a_world_the_others_are_tried_and_it_is_said(
    fds: FakeFds, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv(SOCKET_VARIABLE, str(tmp_path / "nothing"))
    write(tmp_path, "ports", output1={"FailurePolicy": "active"}, output2={"FailurePolicy": "active"})
    assert io_fail_safe(BOARD, fds, tmp_path) == ["output1", "output2"]
    for name in ("output1", "output2"):
        assert f"the failure policy of {name} was not carried out" in caplog.text


@pytest.mark.parametrize("service", ["io", "relays"])
def test_settings_that_cannot_be_read_are_said_so(tmp_path: Path, service: str) -> None:
    (tmp_path / "settings.yaml").mkdir()
    config = tmp_path / "config.yaml"
    config.write_text("board: a9210-sim\n")
    outcome = subprocess.run(
        [sys.executable, "-m", f"axiod.{service}", "--fail-safe", "--config", config],
        env={**os.environ, "STATE_DIRECTORY": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert outcome.returncode == EXIT_FAIL_SAFE
    assert "settings.yaml cannot be read" in outcome.stderr
    assert "Traceback" not in outcome.stderr
