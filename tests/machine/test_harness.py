# SPDX-License-Identifier: Apache-2.0
"""The test machines themselves: that what they claim is so, and that their witnesses see."""

from __future__ import annotations

import os
import socket
from typing import TYPE_CHECKING

import pytest

from tests.machine.guest import CommandFailed, NotRunning, TooLate
from tests.machine.lines import Chip, LineObserver, find_chip

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tests.machine.container import Container
    from tests.machine.machine import Machine
    from tests.machine.saved import Saved

CAP_SYS_TIME = 25


# --- containers


def test_a_container_is_a_debian_without_what_axiod_needs(container: Container) -> None:
    assert container.run("systemctl is-system-running").stdout == "running\n"
    assert container.run("cat /proc/1/comm").stdout == "systemd\n"
    assert "trixie" in container.run("cat /etc/os-release").stdout
    assert container.run("command -v python3 || command -v gpioinfo", check=False).code != 0
    assert container.run("systemctl --failed --no-legend").stdout == ""


def test_a_container_can_neither_set_the_clock_nor_reach_a_network(container: Container) -> None:
    for user in ("root", "nobody"):
        bounding = container.run("sed -n 's/^CapBnd:\t//p' /proc/self/status", user=user).stdout
        assert not int(bounding, 16) & 1 << CAP_SYS_TIME
    inside = container.run("systemd-run --quiet --wait --pipe sed -n 's/^CapBnd:\t//p' /proc/self/status").stdout
    assert not int(inside, 16) & 1 << CAP_SYS_TIME
    assert container.run("ls /sys/class/net").stdout.split() == ["lo"]


def test_a_command_of_another_user_has_his_groups_and_no_rights(container: Container) -> None:
    container.run("groupadd operators; groupadd --gid 4321 others; useradd --create-home --groups operators,others eve")
    groups = container.run("id -nG; id -ng", user="eve").stdout.split()
    assert set(groups) == {"eve", "operators", "others"}
    status = container.run("cat /proc/self/status", user="eve").stdout
    assert "CapEff:\t0000000000000000" in status
    assert "CapPrm:\t0000000000000000" in status


def test_a_command_that_fails_says_all_about_it(container: Container) -> None:
    unit = b'[Service]\nType=oneshot\nExecStart=sh -c "echo it is broken; exit 3"\n'
    container.put(unit, "/run/systemd/system/broken.service")
    with pytest.raises(CommandFailed) as failed:
        container.run("echo seen; echo wrong >&2; systemctl start broken.service")
    for word in ("seen", "wrong", "systemctl start", "it is broken", "status=3"):
        assert word in str(failed.value)
    assert container.run("exit 7", check=False).code == 7


def test_a_command_that_lasts_too_long_ends_with_all_that_it_started(container: Container) -> None:
    with pytest.raises(TooLate, match="before"):
        container.run("echo before; sleep 1234 & wait", timeout=0.5)
    container.wait_for("! pgrep -x sleep")
    with pytest.raises(TooLate, match="false"):
        container.wait_for("false", timeout=0.3)


def test_files_go_in_and_come_out(container: Container, tmp_path: Path) -> None:
    data = os.urandom(100_000)
    source = tmp_path / "source"
    source.write_bytes(data)
    source.chmod(0o751)
    container.put(source, "/var/lib/new folder/file")
    assert container.get("/var/lib/new folder/file") == data
    assert container.run("stat -c '%a %U' '/var/lib/new folder/file'").stdout == "751 root\n"
    with pytest.raises(CommandFailed, match="/nowhere"):
        container.get("/nowhere")


def test_a_container_that_was_stopped_is_gone(container: Container) -> None:
    container.stop()
    with pytest.raises(NotRunning):
        container.run("true")
    container.stop()


def test_apt_installs_our_packages_with_all_that_they_need(device: Container, debs: Sequence[Path]) -> None:
    names = {deb.name.partition("_")[0] for deb in debs}
    installed = device.run("dpkg-query -W -f '${db:Status-Abbrev} ${Package}\n'").stdout
    assert names <= {line.split()[1] for line in installed.splitlines() if line.startswith("ii")}
    device.run("python3 -c 'import dbus_fast, gpiod, systemd.daemon, yaml, axiod'")
    assert device.run("ls /usr/share/man/man1/axioctl*").stdout


# --- machines


def test_a_machine_has_lines_whose_wires_are_seen(machine: Machine, chip: Chip) -> None:
    machine.run(f"gpioinfo -c {chip.label} 2>/dev/null || gpioinfo")
    observer = LineObserver(chip)
    observer.start()
    chip.pull("in1", "up")
    assert chip.level("in1") == 1
    pulses = chip.pulse("in2", "up", 6, 100_000)
    seen = observer.stop()
    assert [pulse.level for pulse in pulses] == [1, 0, 1, 0, 1, 0]
    assert all(pulse.monotonic[0] <= pulse.monotonic[1] for pulse in pulses)
    assert {line: number for line, number in seen.edges.items() if number} == {"in1": 1, "in2": 6}
    assert (seen.levels["in1"], seen.levels["in2"]) == (1, 0)
    assert [change.level for change in seen.changes if change.line == "in2"] == [0, 1, 0, 1, 0, 1, 0]
    chip.pull("in1", "down")


def test_both_witnesses_see_what_the_kernel_does_to_a_line(machine: Machine, chip: Chip) -> None:
    observer = LineObserver(chip)
    observer.start()
    machine.run("gpioset -t 300ms,300ms,0 out2=1")
    seen = observer.stop()
    assert seen.directions["out2"] == ["out"]
    assert seen.sets["out2"][:3] == [0, 1, 0] or seen.edges["out2"] >= 2, seen
    assert seen.edges["out1"] == 0
    assert seen.sets["out1"] == []
    assert seen.directions["out1"] == []


def test_the_serial_ports_of_a_machine_lead_here(machine: Machine) -> None:
    for device, far in zip(machine.serial_devices, machine.serial, strict=True):
        with socket.socket(socket.AF_UNIX) as end:
            end.settimeout(30)
            end.connect(str(far))
            machine.run(f"stty -F {device} 19200 raw -echo parenb -parodd; printf hello > {device}")
            received = b""
            while len(received) < 5:
                received += end.recv(100)
            assert received == b"hello"


@pytest.mark.machine("vm")
def test_a_power_cut_loses_what_was_not_synced_and_nothing_else(saved_machine: Saved) -> None:
    with saved_machine.resume() as machine:
        machine.run("lines-chip make kept a b c")
        machine.run("echo kept > /root/synced; sync /root/synced /root; echo lost > /root/unsynced; touch /run/up")
        machine.power_cut(wait=False)
        assert (
            machine.run("cat /root/synced; cat /root/unsynced 2>/dev/null; ls /run/up", check=False).stdout == "kept\n"
        )
        assert find_chip(machine, "kept").level("b") == 0
        assert machine.run("dpkg --audit").stdout == ""
        machine.reboot(wait=False)
        assert machine.get("/root/synced") == b"kept\n"
