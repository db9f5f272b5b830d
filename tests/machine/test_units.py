# SPDX-License-Identifier: Apache-2.0
"""The units as systemd has them: what they say, how they are started, told, watched, stopped; and nothing moves."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.machine.board import (
    SERVICES,
    choose_board,
    drives,
    drop_in,
    now,
    pid,
    properties,
    remove_drop_in,
    said,
    show,
    wait_active,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.machine.board import Drive
    from tests.machine.container import Container

ALL = (
    "axiod-firewall.service",
    "axiod-io.service",
    "axiod-relays.service",
    "axiod-sim.service",
    "axiod-system.service",
    "axiod-events.service",
    "axiod-fieldbus.service",
    "axiod-sensors.service",
    "axiod-network.service",
    "axiod-network.socket",
    "axiod-discovery.service",
    "axiod-neighbours.socket",
    "axiod-neighbours@1.service",
    "axiod-dynamic-dns.socket",
    "axiod-dynamic-dns@1.service",
    "axiod-gateway.service",
    "axiod-gateway-http.socket",
    "axiod-gateway-https.socket",
    "axiod-gateway-rtsp.socket",
    "axiod-fail-safe@axiod-io.service",
    "axiod-retry@axiod-relays.timer",
    "axiod.target",
)
MOST_EXPOSED = 1.5
DAEMONS = {
    "Type": "notify-reload",
    "Restart": "always",
    "RestartMode": "direct",
    "RestartUSec": "100ms",
    "RestartMaxDelayUSec": "2s",
    "WatchdogUSec": "10s",
    "StartLimitIntervalUSec": "3min",
    "StartLimitBurst": "6",
    "NoNewPrivileges": "yes",
    "CapabilityBoundingSet": "",
}
OF_EACH = {
    "axiod-io": {
        "User": "axiod-io",
        "BusName": "org.axiod.io1",
        "RestartPreventExitStatus": "78 79",
        "FileDescriptorStoreMax": "512",
        "FileDescriptorStorePreserve": "yes",
        "OnFailure": "axiod-fail-safe@axiod-io.service",
        "PartOf": "axiod.target",
    },
    "axiod-relays": {
        "User": "axiod-relays",
        "BusName": "org.axiod.relays1",
        "RestartPreventExitStatus": "78 79",
        "FileDescriptorStoreMax": "512",
        "FileDescriptorStorePreserve": "yes",
        "OnFailure": "axiod-fail-safe@axiod-relays.service",
        "PartOf": "axiod.target",
    },
    "axiod-sim": {
        "User": "axiod-sim",
        "Group": "gpio",
        "BusName": "org.axiod.sim1",
        "RestartPreventExitStatus": "78",
        "OnFailure": "",
        "PartOf": "",
    },
    "axiod-system": {
        "User": "axiod-system",
        "BusName": "org.axiod.system1",
        "StartLimitBurst": "20",
        "RestartPreventExitStatus": "78",
        "OnFailure": "axiod-retry@axiod-system.timer",
        "PartOf": "axiod.target",
    },
    "axiod-events": {
        "User": "axiod-events",
        "BusName": "org.axiod.events1",
        "StartLimitBurst": "20",
        "RestartPreventExitStatus": "78",
        "OnFailure": "axiod-retry@axiod-events.timer",
        "PartOf": "axiod.target",
        "MemoryMax": str(256 << 20),
        "TasksMax": "64",
        "LimitNOFILE": "1024",
    },
    "axiod-fieldbus": {
        "User": "axiod-fieldbus",
        "BusName": "org.axiod.fieldbus1",
        "StartLimitBurst": "20",
        "RestartPreventExitStatus": "78",
        "OnFailure": "axiod-retry@axiod-fieldbus.timer",
        "PartOf": "axiod.target",
        "MemoryMax": str(128 << 20),
        "TasksMax": "32",
        "LimitNOFILE": "256",
    },
    "axiod-sensors": {
        "User": "axiod-sensors",
        "BusName": "org.axiod.sensors1",
        "StartLimitBurst": "20",
        "RestartPreventExitStatus": "78",
        "OnFailure": "axiod-retry@axiod-sensors.timer",
        "PartOf": "axiod.target",
        "MemoryMax": str(128 << 20),
        "TasksMax": "32",
        "LimitNOFILE": "256",
    },
    # Started by the bus, by its socket or by a timer, and gone when nobody needs it. It is root with one right.
    "axiod-network": {
        "User": "",
        "BusName": "org.axiod.network1",
        "Restart": "on-failure",
        "StartLimitBurst": "20",
        "RestartPreventExitStatus": "78",
        "OnFailure": "axiod-retry@axiod-network.timer",
        "PartOf": "axiod.target",
        "CapabilityBoundingSet": "cap_net_admin",
        "MemoryMax": str(128 << 20),
        "TasksMax": "64",
    },
    "axiod-discovery": {
        "Type": "notify",
        "User": "axiod-discovery",
        "BusName": "",
        "StartLimitBurst": "20",
        "RestartPreventExitStatus": "2",
        "OnFailure": "axiod-retry@axiod-discovery.timer",
        "PartOf": "axiod.target",
        "MemoryMax": str(64 << 20),
        "TasksMax": "16",
        "LimitNOFILE": "256",
    },
    "axiod-gateway": {
        "User": "axiod-gateway",
        "BusName": "",
        "StartLimitBurst": "20",
        "RestartPreventExitStatus": "2",
        "OnFailure": "axiod-retry@axiod-gateway.timer",
        "PartOf": "axiod.target",
        "MemoryMax": str(256 << 20),
        "TasksMax": "64",
        "LimitNOFILE": "2048",
    },
}


@pytest.fixture(scope="module")
def working(device: Container) -> Container:
    """A device with a board, on which each kind of output is active: a relay, an output, a configurable terminal."""
    choose_board(device)
    device.run("axioctl port configure io1 --direction output")
    for command in ("relay on relay1", "port on output1", "port on io1"):
        device.run(f"axioctl {command}")
    return device


@pytest.fixture
def still(working: Container) -> Iterator[dict[str, Drive]]:
    """How all outputs stand; a test that takes this fails if one of them moves or is let go."""
    before = drives(working)
    assert all(before[name].active and before[name].held for name in ("relay1", "output1", "io1"))
    for unit in SERVICES:
        working.run(f"systemctl reset-failed {unit}")
    yield before
    for unit in SERVICES:
        wait_active(working, unit)
    assert drives(working) == before


# What runs a program of a package that is not installed here is tried where it is: test_discovery.py, test_network.py.
@pytest.mark.parametrize("unit", [unit for unit in ALL if not unit.endswith("@1.service")])
def test_systemd_finds_nothing_wrong_with_a_unit(device: Container, unit: str) -> None:
    done = device.run(f"systemd-analyze verify --man=no --recursive-errors=yes '{unit}'")
    assert (done.stdout, done.stderr) == ("", "")


@pytest.mark.parametrize("unit", [unit for unit in ALL if unit.endswith(".service")])
def test_a_service_is_exposed_as_little_as_it_can_be(device: Container, unit: str) -> None:
    table = device.run(f"systemd-analyze security --no-pager '{unit}'").stdout
    print(table)
    (level,) = re.findall(r"Overall exposure level for \S+: ([\d.]+)", table)
    assert float(level) <= MOST_EXPOSED


@pytest.mark.parametrize("unit", OF_EACH)
def test_systemd_took_what_a_unit_says(device: Container, unit: str) -> None:
    wanted = DAEMONS | OF_EACH[unit]
    assert {name: show(device, f"{unit}.service", name) for name in wanted} == wanted


def test_the_board_has_power_before_the_services_start(device: Container) -> None:
    later = {"axiod-io.service", "axiod-relays.service", "axiod-fieldbus.service"}
    assert later <= set(show(device, "axiod-sim", "Before").split())
    wanted = set(show(device, "axiod.target", "Wants").split())
    names = ("io", "relays", "fieldbus", "sensors", "sim", "system", "events", "network", "discovery", "gateway")
    sockets = {"axiod-network.socket", "axiod-neighbours.socket", "axiod-dynamic-dns.socket"}
    assert wanted == {f"axiod-{name}.service" for name in names} | sockets
    assert "axiod.target" in show(device, "multi-user.target", "Wants").split()


@pytest.mark.parametrize("unit", SERVICES)
@pytest.mark.usefixtures("still")
def test_a_call_starts_a_stopped_service(working: Container, unit: str) -> None:
    name = f"org.axiod.{unit.removeprefix('axiod-')}1"
    before = pid(working, unit)
    working.run(f"systemctl stop {unit}")
    assert f'"{name}"' not in working.run("busctl --system --json=short list --acquired").stdout
    found = working.run(f"busctl get-property {name} /{name.replace('.', '/')} org.axiod.Service1 Health")
    assert found.stdout == 's "ok"\n'
    assert wait_active(working, unit) != before


@pytest.mark.usefixtures("still")
def test_status_starts_nothing(working: Container) -> None:
    working.run("systemctl stop axiod-io")
    assert "away" in working.run("axioctl status", check=False).stdout
    assert show(working, "axiod-io", "ActiveState") == "inactive"
    working.run("systemctl start axiod-io")


def test_a_reload_takes_what_is_right_and_refuses_what_is_wrong(working: Container) -> None:
    process = pid(working, "axiod-relays")

    def reload(text: str) -> list[str]:
        working.put(text.encode(), "/etc/axiod/relays.yaml")
        since = now(working)
        working.run("systemctl reload axiod-relays")
        return said(working, "axiod-relays", since)

    def said_of_the_relay() -> list[str]:
        since = now(working)
        working.run("axioctl relay configure relay1 --name Gate && axioctl relay off relay1 && axioctl relay on relay1")
        return [line for line in said(working, "axiod-relays", since) if line.startswith("relay1 is ")]

    assert len(said_of_the_relay()) == 2
    assert reload("log_level: error\n") == []
    assert said_of_the_relay() == []
    for wrong, why in (
        ("log_level: loud\n", "log_level: 'loud': must be one of debug, info, warning, error"),
        ("log_levle: info\n", "log_levle: 'info': there is no such key; did you mean log_level?"),
    ):
        refused = "the configuration was not taken, the former one stays: /etc/axiod/relays.yaml: "
        assert reload(wrong) == [refused + why]
        assert said_of_the_relay() == []
    assert reload("log_level: info\n") == ["took the configuration"]
    assert len(said_of_the_relay()) == 2
    assert pid(working, "axiod-relays") == process


@pytest.mark.usefixtures("still")
def test_a_reload_with_a_broken_board_changes_nothing(working: Container) -> None:
    process = pid(working, "axiod-io")
    working.run("cp -p /etc/axiod/board.yaml /root/ && echo 'colour: blue' >> /etc/axiod/board.yaml")
    since = now(working)
    working.run("systemctl reload axiod-io")
    (line,) = said(working, "axiod-io", since)
    working.run("mv /root/board.yaml /etc/axiod/")
    assert re.match(r"the configuration was not taken, .*: /etc/axiod/board.yaml:\d+: colour: ", line), line
    assert pid(working, "axiod-io") == process
    working.run("systemctl reload axiod-io")


@pytest.mark.parametrize("unit", SERVICES)
@pytest.mark.usefixtures("still")
def test_a_service_that_hangs_is_started_again_and_nothing_moves(working: Container, unit: str) -> None:
    drop_in(working, f"{unit}.service", "[Service]\nWatchdogSec=1s\n")
    working.run(f"systemctl restart {unit}")
    before = pid(working, unit)
    since = now(working)
    working.run(f"kill -STOP {before}")
    wait_active(working, unit, before)
    journal = working.journal(unit, options=f"--after-cursor='{since}'")
    assert "Watchdog timeout (limit 1s)!" in journal
    assert show(working, f"axiod-fail-safe@{unit}", "ActiveEnterTimestampMonotonic") == "0"
    remove_drop_in(working, f"{unit}.service")
    working.run(f"systemctl restart {unit}")


@pytest.mark.parametrize(
    "command",
    [
        # The target alone is stopped before what belongs to it, which a start right after would then keep running.
        "systemctl stop axiod.target axiod-io axiod-relays && systemctl start axiod.target",
        "systemctl restart axiod.target",
        "systemctl restart axiod-io axiod-relays",
        "systemctl stop axiod-io axiod-relays && systemctl daemon-reload && systemctl start axiod-io axiod-relays",
        "systemctl stop axiod-io axiod-relays && systemctl daemon-reexec && systemctl start axiod-io axiod-relays",
    ],
)
@pytest.mark.usefixtures("still")
def test_what_an_administrator_does_to_the_services_moves_nothing(working: Container, command: str) -> None:
    before = {unit: pid(working, unit) for unit in (*SERVICES, "axiod-sim")}
    working.run(command)
    for unit in SERVICES:
        wait_active(working, unit, before[unit])
    assert pid(working, "axiod-sim") == before["axiod-sim"], "the simulated board lost its power"


@pytest.mark.usefixtures("still")
def test_a_new_systemd_leaves_the_services_alone(working: Container) -> None:
    before = {unit: pid(working, unit) for unit in (*SERVICES, "axiod-sim")}
    working.run("systemctl daemon-reexec")
    working.wait_for("systemctl is-system-running")
    assert {unit: pid(working, unit) for unit in before} == before
    assert properties(working, "relay relay1")["Active"] is True


@pytest.mark.usefixtures("still")
def test_outputs_stay_while_their_service_is_stopped(working: Container) -> None:
    before = drives(working)
    working.run("systemctl stop axiod-relays axiod-io")
    assert drives(working) == before
    assert int(show(working, "axiod-io", "NFileDescriptorStore")) >= 4
    assert show(working, "axiod-relays", "NFileDescriptorStore") == "1"
    working.run("systemctl start axiod.target axiod-io axiod-relays")


@pytest.mark.usefixtures("still")
def test_a_service_that_is_stopped_stays_away_from_a_retry(working: Container) -> None:
    working.run("systemctl start axiod-retry@axiod-relays.timer && systemctl stop axiod-relays")
    assert show(working, "axiod-retry@axiod-relays.timer", "ActiveState") == "inactive"
    assert show(working, "axiod-relays", "ActiveState") == "inactive"
    working.run("systemctl start axiod-relays")


def test_the_end_of_a_trial_starts_the_service_that_was_stopped(device: Container) -> None:
    device.run("axioctl network begin 6")
    device.run("systemctl is-active axiod-network-trial.timer")
    device.run("systemctl stop axiod-network.socket axiod-network")
    device.wait_for("systemctl is-active axiod-network")
    device.wait_for("axioctl network trial | grep -q expired")
    device.run("systemctl start axiod-network.socket")
