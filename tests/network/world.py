# SPDX-License-Identifier: Apache-2.0
"""A host of its own for axiod-network: network, mounts and hostname are apart from this machine's.

In it: a bus, NetworkManager where a test wants it, axiod-network, and a cable (veth) from eth0 to a peer, which is
another network namespace with whatever servers a test starts there. Needs root, for namespaces.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.machine.guest import TooLate, poll

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parents[2]
WAIT_SECONDS = 30.0

_BUS = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>custom</type><listen>unix:path={folder}/bus</listen><auth>EXTERNAL</auth>
<servicedir>{folder}/services</servicedir>
<policy context="default"><allow user="*"/><allow own="*"/><allow send_destination="*"/><allow receive_sender="*"/>
</policy></busconfig>
"""
_NETWORKMANAGER = """[main]
plugins=keyfile
dns=none
rc-manager=unmanaged
auth-polkit=root-only
"""
_NO_DEFAULT = "no-auto-default=*\n"
# A /sys that cannot be written tells NetworkManager that there is no udev to wait for.
_MOUNTS = """set -e
mount --make-rprivate /
mount -t sysfs -o ro none /sys
for folder in /run/NetworkManager /var/lib/NetworkManager /etc/NetworkManager; do
  mkdir -p "$folder"; mount -t tmpfs none "$folder"; done
mkdir -p /etc/NetworkManager/system-connections /etc/NetworkManager/conf.d
ip link set lo up
touch "$1"
exec sleep infinity
"""


def lacking() -> str | None:
    """Say why there can be no such host here; None where there can."""
    if os.getuid() != 0:
        return "needs root, for network namespaces"
    missing = [name for name in ("unshare", "nsenter", "ip", "NetworkManager", "dnsmasq") if not shutil.which(name)]
    return f"needs {', '.join(missing)}" if missing else None


@dataclass
class World:
    """The host and its peer."""

    folder: Path
    programs: list[subprocess.Popen[bytes]] = field(default_factory=list)
    host: int = 0
    """The process that keeps the namespaces of the host."""
    peer: int = 0
    """The one of the peer."""

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.bus = f"unix:path={self.folder / 'bus'}"
        ready = self.folder / "ready"
        self.host = self._popen("unshare", "--net", "--mount", "--uts", "bash", "-c", _MOUNTS, "bash", str(ready)).pid
        self.peer = self._popen("unshare", "--net", "sleep", "infinity").pid
        self.until(ready.exists, "the namespaces of the host")
        self.until(lambda: self._apart(self.peer), "the namespace of the peer")
        self.run("ip", "link", "add", "eth0", "type", "veth", "peer", "name", "peer0", "netns", str(self.peer))
        self.run("ip", "link", "set", "eth0", "up")
        self.at_peer("ip", "link", "set", "lo", "up")
        self.at_peer("ip", "link", "set", "peer0", "up")
        config = self.folder / "bus.conf"
        config.write_text(_BUS.format(folder=self.folder))
        (self.folder / "services").mkdir(exist_ok=True)
        self.start("dbus-daemon", f"--config-file={config}", "--nofork")
        self.until((self.folder / "bus").exists, "the bus")

    # --- running things ---

    def run(self, *command: str) -> str:
        """Run something on the host and return what it says."""
        return self._run(self._inside(command))

    def at_peer(self, *command: str) -> str:
        """Run something at the other end of the cable."""
        return self._run(["nsenter", "-t", str(self.peer), "-n", *command])

    def start(self, *command: str, **environment: str) -> subprocess.Popen[bytes]:
        """Start something on the host that is ended with it."""
        return self._popen(*self._inside(command), environment=environment)

    def start_outside(self, *command: str, **environment: str) -> subprocess.Popen[bytes]:
        """Start something on the bus of the host, but in the network of whoever runs the test."""
        return self._popen(*command, environment={"PYTHONPATH": str(ROOT), **environment})

    def start_at_peer(self, *command: str) -> subprocess.Popen[bytes]:
        """Start something at the other end of the cable."""
        return self._popen("nsenter", "-t", str(self.peer), "-n", *command)

    def start_networkmanager(self, *managed: str, defaults: bool = False) -> subprocess.Popen[bytes]:
        """Start NetworkManager, which manages the interfaces that are named.

        `defaults`: it makes up a profile for an interface that has none, as it does unless it is told not to.
        """
        config = _NETWORKMANAGER + ("" if defaults else _NO_DEFAULT)
        config += f"[keyfile]\nunmanaged-devices=*,{','.join(f'except:interface-name:{name}' for name in managed)}\n"
        self.run("sh", "-c", f"cat > /etc/NetworkManager/NetworkManager.conf <<'X'\n{config}X\n")
        process = self.networkmanager = self.start("NetworkManager", "-n")
        self.until(lambda: "running" in self._quiet("nmcli", "-t", "-f", "RUNNING", "general"), "NetworkManager")
        self.until(lambda: "eth0:unavailable" not in self.run("nmcli", "-t", "-f", "DEVICE,STATE", "device"), "eth0")
        return process

    def start_axiod(self, *options: str) -> subprocess.Popen[bytes]:
        """Start axiod-network, and wait until it has its name."""
        process = self.start(
            sys.executable, "-m", "axiod.network", *options, STATE_DIRECTORY=str(self.folder / "state"),
            PYTHONPATH=str(ROOT),
        )  # fmt: skip
        self.until(self.has_axiod, "axiod-network")
        return process

    def have_axiod_started(self, *options: str) -> None:
        """Have the bus start axiod-network when somebody calls it."""
        command = f"{sys.executable} -m axiod.network {' '.join(options)}"
        environment = f"/usr/bin/env STATE_DIRECTORY={self.folder / 'state'} PYTHONPATH={ROOT}"
        (self.folder / "services" / "org.axiod.network1.service").write_text(
            f"[D-BUS Service]\nName=org.axiod.network1\nExec={environment} {command}\n"
        )
        self.run("busctl", f"--address={self.bus}", "call", "org.freedesktop.DBus", "/org/freedesktop/DBus",
                 "org.freedesktop.DBus", "ReloadConfig")  # fmt: skip

    def has_axiod(self) -> bool:
        """Whether axiod-network is on the bus."""
        return "true" in self._quiet(
            "busctl", f"--address={self.bus}", "call", "org.freedesktop.DBus", "/org/freedesktop/DBus",
            "org.freedesktop.DBus", "NameHasOwner", "s", "org.axiod.network1",
        )  # fmt: skip

    def axioctl(self, *arguments: str) -> Any:
        """Run axioctl and return what it says as JSON; raises CalledProcessError with its complaint."""
        command = [sys.executable, "-m", "axiod.cli", "--bus", self.bus, "--json", "--timeout", "60", *arguments]
        return json.loads(self._run(command) or "null")

    def addresses(self) -> list[str]:
        """Return the IPv4 addresses of eth0, as ADDRESS/PREFIX SCOPE."""
        (link,) = json.loads(self.run("ip", "-json", "-4", "address", "show", "dev", "eth0")) or [{}]
        return [f"{a['local']}/{a['prefixlen']} {a['scope']}" for a in link.get("addr_info", [])]

    def until(self, condition: Callable[[], object], what: str) -> None:
        """Wait until something is so; raises TooLate, which names it."""
        try:
            poll(lambda: bool(condition()), WAIT_SECONDS, what)
        except TooLate as error:
            raise TooLate(f"{error}; {self.said()}") from None

    def said(self) -> str:
        """Return what everything that was started said last."""
        return "\n".join(path.read_text(errors="replace")[-2000:] for path in sorted(self.folder.glob("*.log")))

    def end(self, process: subprocess.Popen[bytes], how: signal.Signals = signal.SIGTERM) -> None:
        """End something that was started."""
        process.send_signal(how)
        process.wait(WAIT_SECONDS)
        self.programs.remove(process)

    def close(self) -> None:
        """End everything, what was started last first."""
        for process in reversed(self.programs):
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            process.wait(WAIT_SECONDS)

    # --- how ---

    def _inside(self, command: tuple[str, ...]) -> list[str]:
        return ["nsenter", "-t", str(self.host), "-n", "-m", "-u", f"--wd={ROOT}", *command]

    def _environment(self) -> dict[str, str]:
        return os.environ | {"DBUS_SYSTEM_BUS_ADDRESS": self.bus, "LC_ALL": "C.UTF-8"}

    def _popen(self, *command: str, environment: dict[str, str] | None = None) -> subprocess.Popen[bytes]:
        with (self.folder / f"{len(self.programs)}.log").open("ab") as log:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=self._environment() | (environment or {}),
            )
        self.programs.append(process)
        return process

    def _run(self, command: list[str]) -> str:
        done = subprocess.run(
            command, check=False, capture_output=True, text=True, timeout=90, env=self._environment(), cwd=ROOT
        )
        if done.returncode:
            raise subprocess.CalledProcessError(done.returncode, command, done.stdout, done.stderr)
        return done.stdout

    def _quiet(self, *command: str) -> str:
        with contextlib.suppress(subprocess.CalledProcessError):
            return self.run(*command)
        return ""

    def _apart(self, pid: int) -> bool:
        return Path(f"/proc/{pid}/ns/net").readlink() != Path("/proc/self/ns/net").readlink()
