# SPDX-License-Identifier: Apache-2.0
"""A host whose network is configured over HTTP: the world's, with axiod-system and a gateway on its bus.

The gateway listens on 127.0.0.1 of whoever runs the test, so that what is done to the host's eth0 never cuts it off.
With stop_gateway() it does not answer, as if it were.
"""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.error
import urllib.request
from contextlib import suppress
from typing import TYPE_CHECKING

from tests.gateway.stand_in import free_port
from tests.gateway.web_device import ACCESS, ACCESS_PATH, ACCOUNTS, PASSWORD, Reached
from tests.network.world import World

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PEER = "192.0.2.1"
"""The other end of the cable, which is a DHCP server and the router."""
LEASE = "192.0.2.50"
"""What the host gets from it."""
ETH0 = ("org.axiod.network1", "/org/axiod/network1/interface/eth0", "org.axiod.network1.Interface")
HOST = ("org.axiod.network1", "/org/axiod/network1/host", "org.axiod.network1.Host")
TRIAL = ("org.axiod.network1", "/org/axiod/network1/trial", "org.axiod.network1.Trial")


class ReachedHost(Reached):
    """The host, with accounts admin, oper and viewer, whose password is PASSWORD."""

    def __init__(self, folder: Path) -> None:
        self.world = World(folder)
        self._folder = folder
        self._ports = {kind: free_port() for kind in ("http", "https", "rtsp")}
        self.http = f"http://127.0.0.1:{self._ports['http']}"
        self.https = f"https://127.0.0.1:{self._ports['https']}"
        world = self.world
        world.at_peer("ip", "address", "add", f"{PEER}/24", "dev", "peer0")
        world.start_at_peer(
            "dnsmasq", "--no-daemon", "--conf-file=/dev/null", "--port=0", "--interface=peer0", "--bind-interfaces",
            f"--dhcp-leasefile={folder / 'leases'}", f"--dhcp-range={LEASE},{LEASE},255.255.255.0,1h",
        )  # fmt: skip
        self._start_hostnamed()
        world.start_networkmanager("eth0")
        world.start_axiod()
        self._start_system()
        self.start_gateway()
        for name, role in ACCOUNTS.items():
            self.busctl("org.axiod.system1", ACCESS_PATH, ACCESS, "AddAccount", "sssa{sv}", name, PASSWORD, role, "0")
        self.put_back()

    def _start_hostnamed(self) -> None:
        """Start systemd-hostnamed with an /etc of its own: it must not write that of this machine."""
        script = 'cp -a /etc "$1" && mount --bind "$1" /etc && exec /usr/lib/systemd/systemd-hostnamed'
        etc = str(self._folder / "etc")
        self.world.start("unshare", "--mount", "--propagation", "private", "sh", "-c", script, "sh", etc)
        self.world.until(lambda: self._answers("org.freedesktop.hostname1", "/org/freedesktop/hostname1"), "hostnamed")

    def _start_system(self) -> None:
        config = self._folder / "system.yaml"
        config.write_text("board: a9210-sim\n")
        state = str(self._folder / "system")
        self.world.start_outside(
            sys.executable, "-m", "axiod.system", "--config", str(config), STATE_DIRECTORY=state
        )  # fmt: skip
        self.world.until(lambda: self._answers("org.axiod.system1", ACCESS_PATH), "axiod-system")

    def start_gateway(self) -> None:
        """Let it be reached."""
        options = [f"--{kind}-port={port}" for kind, port in self._ports.items()]
        self._gateway = self.world.start_outside(
            sys.executable, "-m", "axiod.gateway", "--listen", "127.0.0.1", *options
        )
        self.world.until(self._is_reached, "the gateway")

    def stop_gateway(self) -> None:
        """Let it be out of reach."""
        self.world.end(self._gateway)

    def _is_reached(self) -> bool:
        # 503 says that services of other parts of a device are away, which they are here.
        with suppress(urllib.error.URLError):
            try:
                urllib.request.urlopen(f"{self.http}/healthz", timeout=5)
            except urllib.error.HTTPError:
                return True
            return True
        return False

    def _answers(self, service: str, path: str) -> bool:
        try:
            self.world.run("busctl", f"--address={self.world.bus}", "introspect", service, path)
        except subprocess.CalledProcessError:
            return False
        return True

    def busctl(self, *words: str) -> str:
        """Call a method with busctl and return what it says."""
        return self.world.run("busctl", f"--address={self.world.bus}", "--json=short", "--timeout=60", "call", *words)

    def has(self, address: str) -> None:
        """Wait until eth0 has this IPv4 address alone, and the router, and axiod-network says so."""
        self.world.until(lambda: self.world.addresses() == [f"{address}/24 global"], f"{address} at eth0")
        self.world.until(lambda: self._told() == ([address], [PEER]), f"word of {address}")

    def _told(self) -> tuple[list[str], list[str]]:
        service, path, interface = ETH0
        said = json.loads(self.busctl(service, path, "org.freedesktop.DBus.Properties", "GetAll", "s", interface))
        values = said["data"][0]
        return [one["Address"]["data"] for one in values["Addresses"]["data"]], values["Routers"]["data"]

    def put_back(self) -> None:
        """End a trial that is under way, let eth0 get its address by DHCP, and call the host gate."""
        with suppress(subprocess.CalledProcessError):
            self.busctl(*TRIAL, "RollBack")
        settings = ("Ipv4Method", "s", "dhcp", "Ipv4Fallback", "b", "false", "Ipv4Addresses", "as", "0")
        more = ("Ipv6Method", "s", "disabled", "DnsAutomatic", "b", "true", "DnsServers", "as", "0")
        self.busctl(*ETH0, "Configure", "a{sv}", "6", *settings, *more)
        self.busctl(*HOST, "Configure", "a{sv}", "2", "Hostname", "s", "gate", "HostnameAutomatic", "b", "true")
        self.has(LEASE)


def reached_host(folder: Path) -> Iterator[ReachedHost]:
    """Start one, and end it at the end."""
    host = ReachedHost(folder)
    yield host
    host.world.close()
