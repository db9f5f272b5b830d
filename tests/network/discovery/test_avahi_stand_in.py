# SPDX-License-Identifier: Apache-2.0
"""What a real avahi-daemon does not do at will: a disk that is slow. See test_avahi.py for all else."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING

import pytest

from axiod.errors import HardwareFailure
from axiod.network.discovery.avahi import Avahi

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Connect


async def test_a_disk_that_is_slow_holds_nothing_up(connection: Connect, tmp_path: Path) -> None:
    slow = tmp_path / "axiod.new"
    os.mkfifo(slow)
    telling = asyncio.create_task(Avahi(await connection(), lambda: None, tmp_path).tell("text"))
    await asyncio.sleep(0)
    assert not telling.done()  # nobody reads yet, so it cannot even be opened
    reader = os.open(slow, os.O_RDONLY | os.O_NONBLOCK)
    with pytest.raises(HardwareFailure, match=r"axiod\.service cannot be written"):  # what is no file is on no disk
        await telling
    os.close(reader)
