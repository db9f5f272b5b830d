# SPDX-License-Identifier: Apache-2.0
"""Upgrades and reinstallation on a device that works: nothing moves, nothing is forgotten, the new version serves."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.machine.board import SERVICES, choose_board, drives, pid, properties, show, wait_active
from tests.machine.cache import build
from tests.machine.events import UNIT, add_following, get

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.machine.container import Container

ROOT = Path(__file__).parents[2]
NEW_VERSION = "9.8.7"
NEW_LINE = "# A line that only the new version has.\n"


@pytest.fixture(scope="session")
def newer(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The packages of a later version, which says another version and brings another /etc/axiod/io.yaml."""
    tree = tmp_path_factory.mktemp("newer") / "axiod"
    git = ["git", "-C"]
    listed = subprocess.run(
        [*git, ROOT, "ls-files", "-co", "--exclude-standard", "-z"], capture_output=True, check=True
    )
    for name in filter(None, listed.stdout.decode().split("\0")):
        if (ROOT / name).is_file() and not name.startswith("tests/"):
            (tree / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, tree / name)
    package = tree / "axiod" / "__init__.py"
    text = package.read_text()
    package.write_text(text.replace('__version__ = "', f'__version__ = "{NEW_VERSION}"  # was "'))
    assert NEW_VERSION in package.read_text()
    with (tree / "etc" / "io.yaml").open("a") as file:
        file.write(NEW_LINE)
    subprocess.run([*git, tree, "init", "--quiet"], check=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(os.environ, "AXIOD_SOURCE", str(tree))
        built = build("deb", str(tmp_path_factory.mktemp("newer-debs")), "+1")
    return sorted(built.glob("*.deb"))


@pytest.fixture
def working(prepared_container: Container, debs: Sequence[Path]) -> Container:
    """A device that works: outputs are active, by hand and by a rule, counters count, settings are made."""
    device = prepared_container
    device.install(debs)
    choose_board(device)
    device.run(
        "axioctl port configure io1 --direction output --name Lamp && axioctl relay configure relay1 --name Gate"
    )
    for what in ("relay on relay1", "port on io1", "port on output2"):
        device.run(f"axioctl {what}")
    for condition in ("closed", "open") * 2:
        device.run(f"axioctl sim wire input1 {condition}")
        device.wait_for(f'axioctl port show input1 --json | grep -q \'"State": "{condition}"\'')
    add_following(device, properties(device, "port input2")["Number"], "output3")
    device.run("axioctl sim wire input2 closed")
    device.wait_for("axioctl port show output3 --json | grep -q '\"Active\": true'")
    return device


def remembered(device: Container) -> dict[str, object]:
    """Return what must be the same afterwards."""
    relay, io1, input1 = (properties(device, what) for what in ("relay relay1", "port io1", "port input1"))
    return {
        "drives": drives(device),
        "relay": [relay[name] for name in ("Name", "Active", "Cycles")],
        "io": [io1[name] for name in ("Name", "Direction", "Active")],
        "input": [input1[name] for name in ("Counter", "LostEdges", "State")],
        "rule": [get(device, "rule/1", "Rule", name) for name in ("Name", "Active", "Activations")],
        "simulated board": pid(device, "axiod-sim"),
        "enabled": [show(device, unit, "UnitFileState") for unit in SERVICES],
    }


def versions(device: Container) -> dict[str, str]:
    """Return the version that each service says, of those that run."""
    found = json.loads(device.run("axioctl status --json", check=False).stdout)
    return {each["Service"]: each.get("Version", "") for each in found}


def test_an_upgrade_moves_nothing_and_forgets_nothing(working: Container, newer: Sequence[Path]) -> None:
    before, processes = remembered(working), {unit: pid(working, unit) for unit in (*SERVICES, UNIT)}
    assert before["relay"] == ["Gate", True, 1]
    assert before["input"] == [2, 0, "open"]
    assert before["rule"] == ["follow", True, 1]
    old = versions(working)["org.axiod.io1"]
    working.install(newer)
    for unit, process in processes.items():
        wait_active(working, unit, process)
    assert remembered(working) == before
    found = versions(working)
    # It runs only while somebody needs it.
    assert found.pop("org.axiod.network1", NEW_VERSION) == NEW_VERSION
    # The simulated board goes on with its power, and so with its program, until somebody restarts it.
    assert found == {
        "org.axiod.events1": NEW_VERSION,
        "org.axiod.fieldbus1": NEW_VERSION,
        "org.axiod.io1": NEW_VERSION,
        "org.axiod.relays1": NEW_VERSION,
        "org.axiod.sensors1": NEW_VERSION,
        "org.axiod.sim1": old,
        "org.axiod.system1": NEW_VERSION,
    }
    assert working.run("systemctl is-system-running").stdout == "running\n"
    assert working.run("dpkg --audit; dpkg --verify axiod axiod-gateway axiod-sim").stdout == ""
    assert working.run("dpkg-query -W -f '${Version}' axiod").stdout.endswith("+1")
    # A file of settings that nobody edited is that of the new version.
    assert working.get("/etc/axiod/io.yaml").decode().endswith(NEW_LINE)

    working.run("axioctl relay off relay1")
    assert drives(working)["relay1"].moves == 2


def test_a_reinstallation_moves_nothing_and_forgets_nothing(working: Container, debs: Sequence[Path]) -> None:
    before, processes = remembered(working), {unit: pid(working, unit) for unit in SERVICES}
    working.apt("install", "--reinstall", *(f"/var/tmp/debs/{deb.name}" for deb in debs))
    for unit, process in processes.items():
        wait_active(working, unit, process)
    assert remembered(working) == before
    assert working.run("systemctl is-system-running").stdout == "running\n"


def test_an_upgrade_leaves_a_masked_service_away(working: Container, newer: Sequence[Path]) -> None:
    moves = drives(working)["io1"].moves
    working.run("systemctl mask --now axiod-relays")
    assert not drives(working)["relay1"].held, "to mask a service lets go of its lines"
    io = pid(working, "axiod-io")
    working.install(newer)
    wait_active(working, "axiod-io", io)
    assert (show(working, "axiod-relays", "LoadState"), show(working, "axiod-relays", "ActiveState")) == (
        "masked",
        "inactive",
    )
    assert drives(working)["io1"].moves == moves
    assert working.run("systemctl is-system-running").stdout == "running\n"
    working.run("systemctl unmask axiod-relays && systemctl start axiod-relays")
    assert properties(working, "relay relay1")["Name"] == "Gate"


def test_an_upgrade_leaves_a_disabled_service_disabled(working: Container, newer: Sequence[Path]) -> None:
    working.run("systemctl disable axiod-io")
    before, process = remembered(working), pid(working, "axiod-io")
    working.install(newer)
    assert remembered(working) == before
    assert show(working, "axiod-io", "UnitFileState") == "disabled"
    # It ran, so it runs on, in the new version.
    assert pid(working, "axiod-io") != process
    assert versions(working)["org.axiod.io1"] == NEW_VERSION


def test_an_upgrade_does_not_start_what_was_disabled_and_stopped(working: Container, newer: Sequence[Path]) -> None:
    working.run("systemctl disable --now axiod-relays")
    working.install(newer)
    wait_active(working, "axiod-io")
    assert show(working, "axiod-relays", "ActiveState") == "inactive"
    assert show(working, "axiod-relays", "UnitFileState") == "disabled"


def test_an_upgrade_starts_what_was_stopped_by_hand_and_moves_nothing(
    working: Container, newer: Sequence[Path]
) -> None:
    before = drives(working)
    working.run("systemctl stop axiod-io")
    working.install(newer)
    # Debian's helpers restart what is enabled, and that starts what is stopped.
    wait_active(working, "axiod-io")
    assert drives(working) == before
    assert versions(working)["org.axiod.io1"] == NEW_VERSION


def test_an_upgrade_keeps_an_edited_file_of_settings_without_asking(working: Container, newer: Sequence[Path]) -> None:
    before = drives(working)
    board = working.get("/etc/axiod/board.yaml")
    working.run("echo 'log_level: warning' >> /etc/axiod/io.yaml")
    edited = working.get("/etc/axiod/io.yaml")
    working.install(newer)
    assert working.get("/etc/axiod/io.yaml") == edited
    assert working.get("/etc/axiod/io.yaml.dpkg-dist").decode().endswith(NEW_LINE)
    assert working.get("/etc/axiod/board.yaml") == board
    assert drives(working) == before
    assert working.run("dpkg --audit").stdout == ""
