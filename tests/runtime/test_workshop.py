# SPDX-License-Identifier: Apache-2.0
"""Orders to processes of their own: carried out, refused, crashed, given up."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from axiod.errors import Internal, InvalidArgument
from axiod.runtime.workshop import Workshop

if TYPE_CHECKING:
    from tests.conftest import Until


def workshop(seconds: float = 50.0) -> Workshop:
    return Workshop("tests.runtime.orders", seconds, "it takes more than {}; ask for less")


def exists(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()


async def test_answers_go_to_whoever_ordered() -> None:
    made = workshop()
    orders = (made.order("double", number=number) for number in range(3))
    assert await asyncio.gather(*orders) == [0, 2, 4]


async def test_a_refusal_is_an_argument_that_cannot_be_taken() -> None:
    with pytest.raises(InvalidArgument, match="one called Dolly"):
        await workshop().order("refuse")


async def test_a_crash_is_told_and_ends_nothing_else() -> None:
    made = workshop()
    with pytest.raises(Internal, match="its log says more"):
        await made.order("crash")
    assert await made.order("double", number=4) == 8


async def test_what_takes_too_long_is_given_up_and_ended(tmp_path: Path) -> None:
    # Long enough for the process to say which one it is, on a machine that is not idle.
    with pytest.raises(InvalidArgument, match=r"it takes more than 5 s; ask for less"):
        await workshop(5).order("hang", pid_file=str(tmp_path / "pid"))
    assert not exists(int((tmp_path / "pid").read_text()))


async def test_whoever_stops_waiting_ends_the_process(tmp_path: Path, until: Until) -> None:
    made = workshop()
    pid_file = tmp_path / "pid"
    waiting = asyncio.create_task(made.order("hang", pid_file=str(pid_file)))
    pid = int(await until(lambda: pid_file.exists() and pid_file.read_text().strip(), timeout=30))
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert not exists(pid)
    assert await made.order("double", number=4) == 8
