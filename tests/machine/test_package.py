# SPDX-License-Identifier: Apache-2.0
"""The packages as a person meets them: what is in them, and what is there once apt has installed them."""

from __future__ import annotations

import json
import re
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.machine.board import SERVICES, choose_board, drives, properties, show
from tests.machine.cache import build
from tests.machine.container import Container

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

UNITS = (
    "axiod-io.service",
    "axiod-relays.service",
    "axiod-sim.service",
    "axiod-system.service",
    "axiod-events.service",
    "axiod-fieldbus.service",
    "axiod-sensors.service",
    "axiod-discovery.service",
    "axiod-gateway.service",
    "axiod-network.socket",
    "axiod.target",
)
PACKAGES = ("axiod", "axiod-gateway", "axiod-sim")
USERS = (
    "axiod-io", "axiod-relays", "axiod-fieldbus", "axiod-sim", "axiod-system", "axiod-events", "axiod-gateway",
    "axiod-sensors", "axiod-discovery",
)  # fmt: skip
GROUPS = {
    "axiod-operator": "axiod-events,axiod-sensors",
    "axiod-admin": "",
    "gpio": "",
    "dialout": "axiod-fieldbus",
    "systemd-journal": "axiod-system",
}
"""Each with its members: rules switch, sensors are asked, serial ports belong to dialout, and the journal is read."""
BELONGS = re.compile(
    r"/(etc/axiod/(boards/|[a-z]+\.yaml)"
    r"|usr/bin/axioctl|usr/lib/axiod/fail-safe"
    r"|usr/lib/python3/dist-packages/axiod(/[\w./-]+|-[\d.+]+\.dist-info/\w+(\.txt)?)"
    r"|usr/lib/systemd/system/(axiod[\w@.-]*|lldpd\.service\.d/50-axiod\.conf)"
    r"|usr/lib/sysusers\.d/axiod[\w-]*\.conf"
    r"|usr/lib/udev/rules\.d/(60-axiod|90-axiod-dot1x)\.rules"
    r"|usr/share/axiod/boards/[\w-]+\.yaml"
    r"|usr/share/axiod/templates/\w+\.json"
    r"|usr/share/axiod/help/(dbus/)?[\w.-]+\.md"
    r"|usr/share/bash-completion/completions/axioctl"
    r"|usr/share/dbus-1/(interfaces|system-services|system\.d)/(org\.)?axiod[\w.-]*"
    r"|usr/share/doc/axiod(-sim|-gateway)?/[\w./-]+"
    r"|usr/share/lintian/overrides/axiod(-sim|-gateway)?"
    r"|usr/share/man/man[17]/axi(od|octl)\.[17]\.gz)"
)
CODE = re.compile(
    r".*\.(py|pyi|xml|json)|.*/py\.typed|.*/gateway/web/([\w./-]+\.(html|js|css|svg)|vendor/(VERSIONS|LICENSES))"
)


@pytest.fixture(scope="module")
def device(debs: Sequence[Path]) -> Iterator[Container]:
    """A container that was clean: apt had to find all that our packages depend on."""
    with Container() as running:
        running.install(debs)
        yield running


def contents(debs: Sequence[Path], package: str) -> list[str]:
    """Return the paths of the files in a package, and of folders that are empty, without those of others."""
    (deb,) = [deb for deb in debs if deb.name.startswith(f"{package}_")]
    listed = subprocess.run(["dpkg-deb", "--contents", deb], capture_output=True, text=True, check=True).stdout
    paths = [line.split()[5].removeprefix(".") for line in listed.splitlines()]
    return [path for path in paths if not any(other != path and other.startswith(path) for other in paths)]


@pytest.fixture(scope="module")
def opinion(debs: Sequence[Path]) -> str:
    """What lintian says; it takes as long as the machine is slow, as all that is built."""
    return (build("lintian", str(debs[0].parent)) / "lintian.txt").read_text()


def test_lintian_finds_no_error_and_nothing_to_warn_of(opinion: str) -> None:
    tags = re.findall(r"^([A-Z]): (.+)$", opinion, re.MULTILINE)
    for level, tag in tags:
        if level != "N":
            print(f"lintian: {level}: {tag}")
    assert not [tag for level, tag in tags if level in "EW"]


def test_each_file_of_the_packages_belongs_there(debs: Sequence[Path]) -> None:
    files = [path for package in PACKAGES for path in contents(debs, package)]
    assert len(files) > 100
    assert [path for path in files if not BELONGS.fullmatch(path)] == []
    assert [path for path in files if "__pycache__" in path or "test" in path.lower()] == []
    code = [path for path in files if "/dist-packages/axiod/" in path]
    assert [path for path in code if not CODE.fullmatch(path)] == []


def test_the_simulated_board_is_in_its_own_package_alone(debs: Sequence[Path]) -> None:
    code = "/usr/lib/python3/dist-packages/axiod/"
    mine = ("sim/", "cli/sim.py", "cli/sim_bus.py", "interfaces/org.axiod.sim1.")
    ours = contents(debs, "axiod")
    assert [path for path in ours if path.startswith(tuple(code + part for part in mine))] == []
    assert [path for path in ours if "axiod-sim" in path or ("sim1" in path and "/doc/" not in path)] == []
    sims = [path for path in contents(debs, "axiod-sim") if path.startswith(code)]
    assert sims
    assert [path for path in sims if not path.startswith(tuple(code + part for part in mine))] == []


def test_the_gateway_is_in_its_own_package_alone(debs: Sequence[Path]) -> None:
    code = "/usr/lib/python3/dist-packages/axiod/"
    assert [path for path in contents(debs, "axiod") if "gateway" in path] == []
    files = [path for path in contents(debs, "axiod-gateway") if path.startswith(code)]
    assert f"{code}gateway/__main__.py" in files
    assert [path for path in files if not path.startswith(f"{code}gateway/")] == []


def test_all_that_axiod_depends_on_is_in_debian(device: Container) -> None:
    # The archive of the guest has nothing of ours, and apt did not install what it could not find there.
    query = "dpkg-query -W -f '${Pre-Depends} ${Depends}' "
    wanted = {package: device.run(query + package).stdout for package in PACKAGES}
    assert "python3-dbus-fast" in wanted["axiod"]
    assert "python3-cryptography" in wanted["axiod"]
    for library in ("aiohttp", "asyncssh", "paho-mqtt"):
        assert f"python3-{library}" in wanted["axiod"]
    assert "tzdata" in wanted["axiod"]
    assert ["python3-aiohttp" in wanted[package] for package in PACKAGES] == [True, True, False]
    assert device.run("dpkg --audit").stdout == ""
    device.run("apt-get check")
    foreign = device.run("apt-get indextargets --format '$(SITE) $(REPO_URI)' 'Created-By: Packages'").stdout
    assert "axiod.org" not in foreign


def test_what_dpkg_unpacked_is_what_the_package_had(device: Container) -> None:
    verified = device.run(f"dpkg --verify {' '.join(PACKAGES)}", check=False)
    assert (verified.stdout, verified.stderr, verified.code) == ("", "", 0)


def test_the_services_run_and_are_started_at_each_boot(device: Container) -> None:
    assert device.run("systemctl is-system-running").stdout == "running\n"
    assert device.run("systemctl --failed --no-legend").stdout == ""
    for unit in UNITS:
        assert (show(device, unit, "ActiveState"), show(device, unit, "UnitFileState")) == ("active", "enabled"), unit


@pytest.mark.parametrize("unit", SERVICES)
def test_without_a_board_a_service_runs_and_says_so(device: Container, unit: str) -> None:
    found = json.loads(device.run("axioctl status --json").stdout)
    (service,) = [each for each in found if each["Service"] == f"org.axiod.{unit.removeprefix('axiod-')}1"]
    assert service["State"] == "running"
    assert service["Health"] == "degraded"
    assert "no board is chosen" in service["Problems"][0]
    assert "no board is chosen" in show(device, unit, "StatusText")
    assert show(device, unit, "NFileDescriptorStore") == "0"


def test_the_users_and_groups_are_there_and_nobody_can_log_in(device: Container) -> None:
    for user in USERS:
        name, _, uid, _, _, _, shell = device.run(f"getent passwd {user}").stdout.strip().split(":")
        assert (name, shell) == (user, "/usr/sbin/nologin")
        assert 0 < int(uid) < 1000
        of_others = [group for group, members in GROUPS.items() if user in members.split(",")]
        assert device.run(f"id -nG {user}").stdout.split() == [user, *of_others], "others are given by its unit"
        assert device.run(f"getent shadow {user}").stdout.split(":")[1].startswith("!"), "it has a password"
    for group, members in GROUPS.items():
        found = device.run(f"getent group {group}").stdout.rstrip("\n").split(":")[3]
        assert sorted(found.split(",")) == members.split(","), "who else is a member?"


def test_each_service_has_a_folder_of_its_own_for_its_state(device: Container) -> None:
    folders = device.run("stat -c '%a %U %n' /var/lib/axiod /var/lib/axiod/*/").stdout.splitlines()
    assert sorted(folders) == [
        "700 axiod-events /var/lib/axiod/events/",
        "700 axiod-fieldbus /var/lib/axiod/fieldbus/",
        "700 axiod-io /var/lib/axiod/io/",
        "700 axiod-relays /var/lib/axiod/relays/",
        "700 axiod-sensors /var/lib/axiod/sensors/",
        "700 axiod-sim /var/lib/axiod/sim/",
        "700 axiod-system /var/lib/axiod/system/",
        "700 root /var/lib/axiod/network/",
        "755 root /var/lib/axiod",
    ]
    files = device.run("find /var/lib/axiod/*/ -type f -printf '%m %u %h\n'").stdout.splitlines()
    assert files
    for mode, owner, folder in (line.split() for line in files):
        assert int(mode, 8) & 0o007 == 0
        whose = "network" if owner == "root" else owner.removeprefix("axiod-")
        assert f"{folder}/".startswith(f"/var/lib/axiod/{whose}/")


def test_only_root_can_write_the_configuration(device: Container) -> None:
    assert device.run("find /etc/axiod -printf '%m %u %g %P\n' | sort").stdout.splitlines() == [
        "644 root root events.yaml",
        "644 root root fieldbus.yaml",
        "644 root root io.yaml",
        "644 root root network.yaml",
        "644 root root relays.yaml",
        "644 root root sensors.yaml",
        "644 root root sim.yaml",
        "644 root root system.yaml",
        "755 root root ",
        "755 root root boards",
    ]


@pytest.mark.parametrize(("page", "section", "word"), [("axioctl", 1, "relay"), ("axiod", 7, "axiod.target")])
def test_the_manual_pages_are_there(device: Container, page: str, section: int, word: str) -> None:
    text = device.run(f"zcat /usr/share/man/man{section}/{page}.{section}.gz").stdout
    assert text.startswith((".TH", '.\\"'))
    assert word in text
    documents = set(re.findall(r"man:(\w+)\((\d)\)", device.run("cat /usr/lib/systemd/system/axiod*").stdout))
    assert (page, str(section)) in documents


def test_bash_completes_axioctl(device: Container) -> None:
    completions = device.run(
        "bash -c 'source /usr/share/bash-completion/completions/axioctl && f=$(complete -p axioctl) && "
        'f=${f#*-F } && f=${f%% *} && COMP_WORDS=(axioctl rel) COMP_CWORD=1 COMP_LINE="axioctl rel" COMP_POINT=11 '
        "COMP_TYPE=9 && $f axioctl rel axioctl && echo ${COMPREPLY[@]}'"
    )
    assert completions.stdout.split() == ["relay"]


def test_a_board_is_chosen_and_the_first_relay_clicks(device: Container) -> None:
    choose_board(device)
    device.run("axioctl relay on relay1")
    assert properties(device, "relay relay1")["Active"] is True
    relay = drives(device)["relay1"]
    assert (relay.active, relay.moves) == (True, 1)
    assert device.run("systemctl is-system-running").stdout == "running\n"
    for unit in SERVICES:
        assert show(device, unit, "StatusText").endswith("of board a9210-sim")


def test_what_a_wrong_choice_of_a_board_would_break_stays(device: Container) -> None:
    before = device.run("sha256sum /etc/axiod/board.yaml").stdout
    device.put(b"schema: 1\nname: mine\nrelays: {relay1: {number: zero}}\n", "/root/mine.yaml")
    for board, why in (("/root/mine.yaml", "relays.relay1.number"), ("rpi4-automation-hat", "pinctrl-bcm2711")):
        refused = device.run(f"axioctl board use {board}", check=False)
        assert refused.code == 1
        assert why in refused.stdout + refused.stderr
    assert device.run("sha256sum /etc/axiod/board.yaml").stdout == before
    assert drives(device)["relay1"].moves == 1
