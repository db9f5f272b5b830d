# SPDX-License-Identifier: Apache-2.0
"""The roles of real users in real groups: the service runs where /etc/group has the groups of axiod."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from axiod.bus.caller import ADMINISTRATOR_GROUP, OPERATOR_GROUP
from tests.bus.conftest import NAME, PATH, RELAY
from tests.conftest import run, until

if TYPE_CHECKING:
    from tests.bus.conftest import StartRelay

OPERATORS, ADMINISTRATORS = 64101, 64102


@pytest.fixture
def group_file(tmp_path: Path) -> Path:
    """A /etc/group with the groups of axiod; skips where no process can be given one of its own."""
    if os.geteuid() != 0 or subprocess.run(["unshare", "--mount", "true"], check=False, capture_output=True).returncode:
        pytest.skip("only root, and not in every container, can have a /etc/group of its own")
    ours = {OPERATOR_GROUP: OPERATORS, ADMINISTRATOR_GROUP: ADMINISTRATORS}
    others = [line for line in Path("/etc/group").read_text().splitlines() if line.partition(":")[0] not in ours]
    made = tmp_path / "group"
    made.write_text("\n".join([*others, *(f"{name}:x:{gid}:" for name, gid in ours.items())]) + "\n")
    return made


@pytest.mark.parametrize(
    ("groups", "may"),
    [("64100", False), ("64101", True), ("64102", True), ("64100,64101", True), ("", False)],
    ids=["another group", "operator", "administrator", "one of two", "no group"],
)
async def test_members_of_the_groups_may_operate(
    start_relay: StartRelay, bus_address: str, group_file: Path, groups: str, may: bool
) -> None:
    relay = await start_relay(
        bus_address, "unshare", "--mount", "sh", "-c", f"mount --bind {group_file} /etc/group && exec \"$@\"", "sh"
    )  # fmt: skip
    user = ("setpriv", "--reuid", "65534", f"--groups={groups}" if groups else "--clear-groups")
    call = ("busctl", f"--address={bus_address}", "call", NAME, PATH, RELAY)
    outcome = await run(*user, *call, "Set", "ba{sv}", "true", "0")
    if may:
        assert (outcome.code, outcome.err) == (0, "")
        await until(lambda: [member for member, _ in relay.carried_out] == ["Set"])
    else:
        assert "needs the role operator; user 65534 is viewer" in outcome.err
        assert relay.carried_out == []
