# SPDX-License-Identifier: Apache-2.0
"""The commands of docs/events.md, typed as they stand there, in their order, at a device."""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.sim.device_process import DeviceProcess

PAGE = (Path(__file__).parents[2] / "docs" / "events.md").read_text(encoding="utf-8")
COMMANDS = [line.partition("  #")[0].rstrip() for line in re.findall(r"^    (axioctl .*)$", PAGE, re.MULTILINE)]
OUTSIDE = {
    "axioctl recipient test Guard": "192.0.2.10",  # nobody is there
    "axioctl recipient set-password Guard": "",
    "axioctl mqtt set-password": "",
}
"""What fails here, and what it says; those that ask for a password get none."""


@pytest.mark.timeout(120)
async def test_the_commands_of_the_page_work(tmp_path: Path) -> None:
    assert len(COMMANDS) >= 25
    device = DeviceProcess("--bare", "--events")
    try:
        surroundings = {
            **os.environ,
            "DBUS_SYSTEM_BUS_ADDRESS": device.address,
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        }
        for command in COMMANDS:
            process = await asyncio.create_subprocess_exec(
                "bash", "-c", command, cwd=tmp_path, env=surroundings, stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            )  # fmt: skip
            out, err = await process.communicate()
            if command in OUTSIDE:
                assert process.returncode, command
                assert OUTSIDE[command] in (out + err).decode(), (command, out, err)
            else:
                assert process.returncode == 0, (command, out, err)
        assert (tmp_path / "events.csv").read_text().startswith("Id,Time,When,")
    finally:
        device.close()
