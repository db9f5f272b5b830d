# SPDX-License-Identifier: Apache-2.0
"""Removing and purging the packages: what goes, what stays, what a later installation finds; and image building."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.machine.board import SERVICES, choose_board, drives, properties, show, wait_active

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tests.machine.container import Container

NOT_OURS = re.compile(
    r"/var/(log|cache|tmp)(/.*)?"  # logs, what apt and the interpreter keep, the packages that we installed from
    r"|/var/lib/(apt|dpkg|systemd|ucf|python)(/.*)?"  # the package system and systemd: looked at for our name below
    r"|/usr/.*/__pycache__(/.*)?|/usr/lib/python3[\d.]*(/.*)?|/etc/python3[\d.]*(/.*)?"
    r"|/etc/(passwd|group|shadow|gshadow|subuid|subgid)-?|/etc/\.pwd\.lock|/etc/ld\.so\.cache|/root/\.[\w./-]+"
    r"|/etc/inputrc|/usr/local/lib/python3[\d.]*(/dist-packages)?"  # what Python needs and apt leaves
    r"|/(tmp|run|proc|sys|dev)(/.*)?"
)
FILES = "find / -xdev \\( -path /proc -o -path /sys -o -path /dev -o -path /run \\) -prune -o -print | sort"
OF_OURS = "find / -xdev -iname '*axiod*' -o -xdev -iname '*axioctl*' | grep -v '^/var/tmp/debs'"
BACKUPS = "--exclude=passwd- --exclude=group- --exclude=shadow- --exclude=gshadow-"
"""What the account tools keep of each file, one change behind."""
ACCOUNTS = "cat /etc/passwd /etc/group /etc/shadow /etc/gshadow"
UNITS = "systemctl list-units --all --no-legend --plain 'axiod*'; systemctl list-unit-files --no-legend 'axiod*'"
NAMES = "busctl list --activatable --acquired --json=short | grep -o 'org.axiod[^\"]*'"


@pytest.fixture
def working(prepared_container: Container, debs: Sequence[Path]) -> Container:
    """A device with a board, settings, and a relay that is on."""
    prepared_container.install(debs)
    choose_board(prepared_container)
    prepared_container.run("axioctl relay configure relay1 --name Gate && axioctl relay on relay1")
    return prepared_container


def left(device: Container) -> str:
    """Return everything that still has our name: files, accounts, units, bus names."""
    parts = (OF_OURS, f"{ACCOUNTS} | grep axiod", UNITS, NAMES, f"grep -rl {BACKUPS} axiod /etc /var/lib/systemd")
    return "".join(device.run(part, check=False).stdout for part in parts)


def test_a_removal_keeps_configuration_and_state_and_a_later_installation_finds_them(
    working: Container, debs: Sequence[Path]
) -> None:
    board = working.get("/etc/axiod/board.yaml")
    working.run("echo 'log_level: warning' >> /etc/axiod/relays.yaml")
    edited = working.get("/etc/axiod/relays.yaml")
    working.apt("remove", "axiod")
    assert working.run("pgrep -f 'axiod[.]'", check=False).stdout == ""
    assert working.run(NAMES, check=False).stdout == ""
    assert working.run("systemctl --failed --no-legend").stdout == ""
    assert working.run("systemctl is-system-running").stdout == "running\n"
    assert working.run("ls /usr/bin/axioctl /usr/lib/systemd/system/axiod* /usr/lib/python3/dist-packages/axiod*",
                       check=False).stdout == ""  # fmt: skip
    assert working.get("/etc/axiod/board.yaml") == board
    assert working.run("ls /var/lib/axiod/relays/settings.yaml").stdout

    working.install(debs)
    for unit in SERVICES:
        wait_active(working, unit)
    assert working.get("/etc/axiod/relays.yaml") == edited
    relay = properties(working, "relay relay1")
    assert (relay["Name"], relay["Cycles"]) == ("Gate", 1)
    assert relay["Active"] is False, "its line was let go, and its boot policy is off"


def test_a_purge_leaves_nothing(container: Container, debs: Sequence[Path]) -> None:
    before = {what: container.run(what).stdout.splitlines() for what in (FILES, ACCOUNTS)}
    container.install(debs)
    choose_board(container)
    container.run("axioctl relay on relay1; touch /etc/axiod/boards/mine.yaml")
    container.run("systemctl kill --signal KILL axiod-io; echo '# mine' >> /etc/axiod/io.yaml")
    container.apt("purge", "axiod", "axiod-gateway", "axiod-sim")
    container.apt("autoremove", "--purge")
    assert left(container) == ""
    # Packages that came along and are wanted by others by now.
    of_others = set(container.run("cat /var/lib/dpkg/info/*.list").stdout.splitlines())
    now = set(container.run(FILES).stdout.splitlines()) - of_others
    assert [path for path in sorted(now - set(before[FILES])) if not NOT_OURS.fullmatch(path)] == []
    gone = set(before[FILES]) - now - of_others
    assert [path for path in sorted(gone) if not NOT_OURS.fullmatch(path)] == []
    assert sorted(container.run(ACCOUNTS).stdout.splitlines()) == sorted(before[ACCOUNTS])
    assert container.run("systemctl is-system-running").stdout == "running\n"
    assert container.run("systemctl list-dependencies multi-user.target | grep axiod", check=False).stdout == ""


def test_a_purge_leaves_the_group_of_the_gpio_chips_to_who_had_it_before(
    prepared_container: Container, debs: Sequence[Path]
) -> None:
    device = prepared_container
    device.run("groupadd --system gpio && useradd --groups gpio pi")
    device.install(debs)
    device.apt("purge", "axiod", "axiod-gateway", "axiod-sim")
    assert device.run("id -nG pi").stdout.split() == ["pi", "gpio"]
    assert left(device) == ""


def test_a_purge_of_the_simulated_board_leaves_the_services_as_they_are(working: Container) -> None:
    working.apt("purge", "axiod-sim")
    for unit in SERVICES:
        assert show(working, unit, "ActiveState") == "active"
    assert working.run("systemctl is-system-running").stdout == "running\n"
    here = left(working)
    documentation = ("/usr/share/doc/axiod/", "/usr/share/axiod/help/")
    assert not [line for line in here.splitlines() if "sim1" in line and not line.startswith(documentation)]
    assert "axiod-sim" not in here
    assert working.run("ls /etc/axiod/sim.yaml /var/lib/axiod/sim", check=False).stdout == ""
    assert properties(working, "relay relay1")["Name"] == "Gate"
    working.run("axioctl status")


def test_a_purge_of_the_gateway_closes_its_ports_and_leaves_the_services_as_they_are(working: Container) -> None:
    others = ("axiod-system", "axiod-events", "axiod-fieldbus", "axiod-sensors")
    before = {unit: show(working, unit, "MainPID") for unit in (*SERVICES, *others)}
    assert listening(working) >= {80, 443, 554}
    working.apt("purge", "axiod-gateway")
    assert listening(working) & {80, 443, 554} == set()
    assert {unit: show(working, unit, "MainPID") for unit in before} == before
    assert drives(working)["relay1"].moves == 1
    assert working.run("systemctl is-system-running").stdout == "running\n"
    # Its user is one of axiod, whose policies name it.
    assert "axiod-gateway" not in working.run(f"{UNITS}; {OF_OURS}").stdout


def listening(device: Container) -> set[int]:
    """Return the TCP ports at which somebody listens."""
    lines = device.run("ss --no-header --listening --tcp --numeric").stdout.splitlines()
    return {int(line.split()[3].rpartition(":")[2]) for line in lines}


def test_a_purge_of_axiod_after_a_removal_leaves_the_simulated_board_what_belongs_to_it(
    working: Container, debs: Sequence[Path]
) -> None:
    working.apt("remove", "axiod")
    working.apt("purge", "axiod")
    assert working.run("ls -A /etc/axiod").stdout == "sim.yaml\n"
    working.install(debs)
    choose_board(working)
    assert drives(working)["relay1"].held, "the simulated board does not know which board it is"
    working.apt("remove", "axiod")
    working.apt("purge", "axiod")
    working.apt("purge", "axiod-gateway", "axiod-sim")
    assert left(working) == ""


def test_a_removal_after_giving_up_leaves_nothing_that_would_try_again(working: Container) -> None:
    working.run("echo 'colour: blue' >> /etc/axiod/board.yaml; systemctl restart axiod-relays axiod-io", check=False)
    working.wait_for("systemctl is-active axiod-retry@axiod-io.timer axiod-retry@axiod-relays.timer")
    working.wait_for("! systemctl is-active --quiet 'axiod-fail-safe@*'")
    working.apt("remove", "axiod")
    assert working.run("systemctl list-timers --all --no-legend 'axiod*'").stdout == ""
    assert working.run("systemctl --failed --no-legend").stdout == ""
    working.apt("purge", "axiod", "axiod-gateway", "axiod-sim")
    assert left(working) == ""


@pytest.fixture
def image(prepared_container: Container, debs: Sequence[Path]) -> Container:
    """A guest in which the packages were installed as in image building: no systemd, no bus, no udev to talk to."""
    container = prepared_container
    for deb in debs:
        container.put(deb, f"/var/tmp/debs/{deb.name}")
    hidden = "mount -t tmpfs tmpfs /run && exec apt-get -y -o APT::Sandbox::User=root install /var/tmp/debs/*.deb"
    done = container.run(f"DEBIAN_FRONTEND=noninteractive unshare --mount sh -c '{hidden}'", timeout=120)
    assert "Failed to" not in done.stdout + done.stderr
    return container


def test_an_image_is_built_without_systemd_and_has_all_at_its_first_boot(image: Container) -> None:
    assert image.run("dpkg --audit; dpkg --verify axiod axiod-gateway axiod-sim").stdout == ""
    assert image.run("pgrep -f 'axiod[.]'", check=False).stdout == ""
    for service in ("events", "fieldbus", "io", "relays", "sensors", "sim", "system", "gateway"):
        user = f"axiod-{service}"
        image.run(f"getent passwd {user} && getent group {user}")
    links = image.run("find /etc/systemd/system -name 'axiod*' -type l -printf '%P %l\n' | sort").stdout.splitlines()
    assert links == [
        "axiod.target.wants/axiod-discovery.service /usr/lib/systemd/system/axiod-discovery.service",
        "axiod.target.wants/axiod-dynamic-dns.socket /usr/lib/systemd/system/axiod-dynamic-dns.socket",
        "axiod.target.wants/axiod-events.service /usr/lib/systemd/system/axiod-events.service",
        "axiod.target.wants/axiod-fieldbus.service /usr/lib/systemd/system/axiod-fieldbus.service",
        "axiod.target.wants/axiod-gateway.service /usr/lib/systemd/system/axiod-gateway.service",
        "axiod.target.wants/axiod-io.service /usr/lib/systemd/system/axiod-io.service",
        "axiod.target.wants/axiod-neighbours.socket /usr/lib/systemd/system/axiod-neighbours.socket",
        "axiod.target.wants/axiod-network.service /usr/lib/systemd/system/axiod-network.service",
        "axiod.target.wants/axiod-network.socket /usr/lib/systemd/system/axiod-network.socket",
        "axiod.target.wants/axiod-relays.service /usr/lib/systemd/system/axiod-relays.service",
        "axiod.target.wants/axiod-sensors.service /usr/lib/systemd/system/axiod-sensors.service",
        "axiod.target.wants/axiod-sim.service /usr/lib/systemd/system/axiod-sim.service",
        "axiod.target.wants/axiod-system.service /usr/lib/systemd/system/axiod-system.service",
        "multi-user.target.wants/axiod.target /usr/lib/systemd/system/axiod.target",
        "sysinit.target.wants/axiod-firewall.service /usr/lib/systemd/system/axiod-firewall.service",
    ]
    # What a first boot would do: read the units and the policies, and start what is wanted.
    image.run("systemctl daemon-reload && systemctl reload dbus && systemctl start multi-user.target axiod.target")
    choose_board(image)
    image.run("axioctl relay on relay1")
    assert drives(image)["relay1"].moves == 1


def test_what_was_installed_without_systemd_is_purged_without_it(image: Container) -> None:
    hidden = "mount -t tmpfs tmpfs /run && exec apt-get -y purge axiod axiod-gateway axiod-sim"
    image.run(f"DEBIAN_FRONTEND=noninteractive unshare --mount sh -c '{hidden}'", timeout=120)
    image.run("systemctl daemon-reload; systemctl reload dbus")
    assert left(image) == ""
