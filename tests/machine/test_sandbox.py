# SPDX-License-Identifier: Apache-2.0
"""What the sandbox of each service really lets it do: a probe takes the service's place in its own unit, and tries."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.machine.board import choose_board, drop_in, remove_drop_in, show

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.machine.container import Container

DAEMONS = (
    "axiod-io", "axiod-relays", "axiod-fieldbus", "axiod-sim", "axiod-system", "axiod-events", "axiod-gateway",
    "axiod-sensors", "axiod-discovery",
)  # fmt: skip
AS_ROOT = ("axiod-network", "axiod-fail-safe@axiod-io")
UNITS = (*DAEMONS, *AS_ROOT)
IN_THE_NETWORK = ("axiod-system", "axiod-events", "axiod-fieldbus", "axiod-discovery", "axiod-gateway")
"""The first sees the interfaces and can open no socket, the others call, and serve, the network."""
CAP_NET_ADMIN = 1 << 12
SOCKETS = {"open a socket for IPv4", "open a socket for IPv6"}
PROBE = b"""
import errno, json, os, socket, sys, time

def create(path):
    with open(path, "w"):
        os.unlink(path)

def read(path):
    with open(path) as file:
        file.read(1)

def make_executable():
    import mmap
    mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)

STATE = os.environ.get("STATE_DIRECTORY", "")
RUNTIME = os.environ.get("RUNTIME_DIRECTORY", "")
WHAT = {
    "write /usr": lambda: create("/usr/probe"),
    "write /usr/lib/python3/dist-packages/axiod": lambda: create("/usr/lib/python3/dist-packages/axiod/probe"),
    "write /etc": lambda: create("/etc/probe"),
    "write /etc/axiod": lambda: create("/etc/axiod/probe"),
    "write profiles of NetworkManager": lambda: create("/etc/NetworkManager/system-connections/probe"),
    "write configuration of NetworkManager": lambda: create("/etc/NetworkManager/conf.d/probe"),
    "write scripts of NetworkManager": lambda: create("/etc/NetworkManager/dispatcher.d/probe"),
    "write files of systemd-networkd": lambda: create("/etc/systemd/network/probe"),
    "write /home": lambda: create("/home/probe"),
    "write /root": lambda: create("/root/probe"),
    "write /var": lambda: create("/var/probe"),
    "write /var/lib/axiod": lambda: create("/var/lib/axiod/probe"),
    "write /run": lambda: create("/run/probe"),
    "write /sys": lambda: create("/sys/probe"),
    "write /proc/sys": lambda: open("/proc/sys/kernel/printk", "w").close(),
    "write a cgroup": lambda: create("/sys/fs/cgroup/probe"),
    "write its own state": lambda: create(STATE + "/probe"),
    "write its own runtime folder": lambda: create(RUNTIME + "/probe"),
    "write /tmp": lambda: create("/tmp/probe"),
    "read /etc/axiod": lambda: read("/etc/axiod/io.yaml"),
    "read /etc/shadow": lambda: read("/etc/shadow"),
    "look into /home": lambda: os.stat("/home/secret"),
    "look into /root": lambda: os.listdir("/root"),
    "look into /var/lib/axiod/events": lambda: os.listdir("/var/lib/axiod/events"),
    "look into /var/lib/axiod/fieldbus": lambda: os.listdir("/var/lib/axiod/fieldbus"),
    "look into /var/lib/axiod/network": lambda: os.listdir("/var/lib/axiod/network"),
    "look into /var/lib/axiod/io": lambda: os.listdir("/var/lib/axiod/io"),
    "look into /var/lib/axiod/relays": lambda: os.listdir("/var/lib/axiod/relays"),
    "look into /var/lib/axiod/sensors": lambda: os.listdir("/var/lib/axiod/sensors"),
    "look into /var/lib/axiod/sim": lambda: os.listdir("/var/lib/axiod/sim"),
    "look into /var/lib/axiod/system": lambda: os.listdir("/var/lib/axiod/system"),
    "see the /tmp of others": lambda: os.stat("/tmp/secret"),
    "see processes of others": lambda: os.stat("/proc/%s" % sys.argv[1]),
    "open a socket for IPv4": lambda: socket.socket(socket.AF_INET),
    "open a socket for IPv6": lambda: socket.socket(socket.AF_INET6),
    "open port 81": lambda: socket.socket(socket.AF_INET).bind(("", 81)),
    "open a netlink socket": lambda: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW),
    "open a raw packet socket": lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW),
    "open a local socket": lambda: socket.socket(socket.AF_UNIX),
    "open a terminal": lambda: read("/dev/console"),
    "open the memory": lambda: read("/dev/mem"),
    "make a device": lambda: os.mknod("/tmp/device", 0o020600, os.makedev(1, 1)),
    "make a set-uid file": lambda: (os.mknod("/tmp/program", 0o100700), os.chmod("/tmp/program", 0o4755)),
    "become root": lambda: os.setuid(0),
    "make a namespace": lambda: os.unshare(os.CLONE_NEWUSER),
    "set the clock": lambda: time.clock_settime(time.CLOCK_REALTIME, time.time()),
    "set the host name": lambda: socket.sethostname("probe"),
    "take real time": lambda: os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1)),
    "signal others": lambda: os.kill(1, 0),
    "make memory executable": make_executable,
}

def attempt(what):
    try:
        what()
    except OSError as error:
        return errno.errorcode[error.errno]
    return "done"

found = {name: attempt(what) for name, what in WHAT.items()}
found["groups"] = sorted(os.getgroups())
found["user"] = os.getuid()
with open("/proc/self/status") as status:
    found["status"] = dict(line.rstrip("\\n").split(":\\t", 1) for line in status if ":\\t" in line)
with open("/proc/self/net/dev") as devices:
    found["interfaces"] = [line.split(":")[0].strip() for line in devices if ":" in line]
found["in /sys"] = os.listdir("/sys/class/net")
print("PROBE " + json.dumps(found), flush=True)
"""
MAY = {"write /tmp", "read /etc/axiod", "open a local socket"}
OWN = {
    "axiod-io": {"write its own state", "look into /var/lib/axiod/io"},
    "axiod-relays": {"write its own state", "look into /var/lib/axiod/relays"},
    "axiod-sim": {"write its own state", "look into /var/lib/axiod/sim", "write its own runtime folder"},
    "axiod-system": {"write its own state", "look into /var/lib/axiod/system"},
    "axiod-events": {"write its own state", "look into /var/lib/axiod/events", *SOCKETS, "open a netlink socket"},
    "axiod-fieldbus": {"write its own state", "look into /var/lib/axiod/fieldbus", *SOCKETS, "open a netlink socket"},
    "axiod-sensors": {"write its own state", "look into /var/lib/axiod/sensors"},
    "axiod-discovery": {*SOCKETS, "open a netlink socket"},
    "axiod-gateway": SOCKETS,
    # What it configures belongs to root. It may configure interfaces, too, and nothing else that root may.
    "axiod-network": {
        "write its own state",
        "look into /var/lib/axiod/network",
        "write profiles of NetworkManager",
        "write configuration of NetworkManager",
        "write files of systemd-networkd",
        "open a netlink socket",
        "read /etc/shadow",
        "see processes of others",
        "signal others",
    },
    # Only root may start a service. It is root without any privilege: what is root's own is open to it, and no more.
    "axiod-fail-safe@axiod-io": {
        "write its own runtime folder",
        "write /run",
        "look into /var/lib/axiod/network",
        "read /etc/shadow",
        "see processes of others",
        "signal others",
    },
}
UNIT = """
[Unit]
OnFailure=
[Service]
Type=oneshot
Restart=no
WatchdogSec=0
ExecStart=
ExecStart=/usr/bin/python3 -I /usr/local/lib/probe.py {other}
"""


@pytest.fixture(scope="module")
def probed(device: Container) -> Iterator[dict[str, dict[str, object]]]:
    """What the probe found in each unit."""
    choose_board(device)
    device.put(PROBE, "/usr/local/lib/probe.py")
    device.run("ip link add probe1 type veth peer name probe2")
    device.run("cd /etc; mkdir -p NetworkManager/system-connections NetworkManager/conf.d NetworkManager/dispatcher.d")
    device.run("touch /home/secret /tmp/secret; systemd-run --quiet --unit=other --uid=nobody sleep infinity")
    found = {}
    for unit in UNITS:
        drop_in(device, f"{unit}.service", UNIT.format(other=show(device, "other", "MainPID")))
        device.run(f"systemctl restart '{unit}.service'")
        device.run("journalctl --sync")
        (line,) = [line for line in device.journal(f"{unit}.service", options="-o cat").splitlines() if "PROBE" in line]
        found[unit] = json.loads(line.removeprefix("PROBE "))
        remove_drop_in(device, f"{unit}.service")
    yield found
    device.run("systemctl stop other; ip link delete probe1")


@pytest.mark.parametrize("unit", UNITS)
def test_a_service_can_do_what_it_needs_and_nothing_else(probed: dict[str, dict[str, object]], unit: str) -> None:
    done = {name for name, outcome in probed[unit].items() if outcome == "done"}
    assert done == MAY | OWN[unit]


@pytest.mark.parametrize("unit", UNITS)
def test_a_service_is_refused_and_not_only_out_of_luck(probed: dict[str, dict[str, object]], unit: str) -> None:
    for name in ("write /usr", "write /etc", "write /var"):
        assert probed[unit][name] == "EROFS", name
    for name in {*SOCKETS, "open a netlink socket"} - OWN[unit]:
        assert probed[unit][name] == "EAFNOSUPPORT", name
    assert probed[unit]["open port 81"] == ("EACCES" if OWN[unit] >= SOCKETS else "EAFNOSUPPORT")
    assert probed[unit]["look into /home"] in ("ENOENT", "EACCES")
    assert probed[unit]["see the /tmp of others"] == "ENOENT"
    assert probed[unit]["make a namespace"] == "EPERM"
    assert probed[unit]["make memory executable"] in ("EPERM", "EACCES")


@pytest.mark.parametrize("unit", UNITS)
def test_a_service_has_no_privilege_and_can_get_none(probed: dict[str, dict[str, object]], unit: str) -> None:
    status = probed[unit]["status"]
    assert isinstance(status, dict)
    for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
        allowed = CAP_NET_ADMIN if unit == "axiod-network" and name != "CapAmb" else 0
        assert int(status[name], 16) & ~allowed == 0, name
    assert status["NoNewPrivs"] == "1"
    assert status["Seccomp"] == "2"


@pytest.mark.parametrize("unit", DAEMONS)
def test_a_service_runs_as_its_own_user(device: Container, probed: dict[str, dict[str, object]], unit: str) -> None:
    assert probed[unit]["user"] == int(device.run(f"id -u {unit}").stdout)
    assert probed[unit]["see processes of others"] == "ENOENT"
    interfaces = probed[unit]["interfaces"]
    assert isinstance(interfaces, list)
    assert "lo" in interfaces
    assert ("probe1" in interfaces) is (unit in IN_THE_NETWORK)


def test_the_serial_number_can_be_read(probed: dict[str, dict[str, object]]) -> None:
    found = probed["axiod-system"]["in /sys"]
    assert isinstance(found, list)
    assert "probe1" in found


def test_the_sandbox_is_that_of_the_services(device: Container, probed: dict[str, dict[str, object]]) -> None:
    """The probe changed what is started, and nothing of what it may do."""
    for unit in (*DAEMONS, "axiod-network"):
        device.run(f"systemctl restart {unit}")
        process = show(device, unit, "MainPID")
        status = device.run(f"cat /proc/{process}/status").stdout
        fields = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
        probe = probed[unit]["status"]
        assert isinstance(probe, dict)
        for name in ("CapPrm", "CapBnd", "NoNewPrivs", "Seccomp", "Seccomp_filters"):
            assert fields[name] == probe[name], (unit, name)
