# SPDX-License-Identifier: Apache-2.0
"""Machines with an avahi-daemon or an lldpd of their own. They need root."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import tempfile
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.conftest import Daemon
from tests.discovery.net import net

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.discovery.net import Machine, Net

__all__ = ["net"]

# Where it keeps its process id belongs to nobody else here.
_AVAHI = """
mount -t tmpfs tmpfs /run && mkdir /run/avahi-daemon && mount --bind "$1/services" /etc/avahi/services &&
exec avahi-daemon --file="$1/avahi.conf" --no-drop-root --no-chroot --no-rlimits
"""
_CONF = "[server]\nhost-name={}\nuse-ipv6=no\nratelimit-interval-usec=1\nratelimit-burst=100000\n"


class AvahiHost:
    """A machine with an avahi-daemon on a bus of its own."""

    def __init__(self, machine: Machine, host_name: str) -> None:
        self._machine = machine
        self._folder = Path(tempfile.mkdtemp(prefix="axiod-avahi-"))
        self.services = self._folder / "services"
        self.services.mkdir()
        (self._folder / "avahi.conf").write_text(_CONF.format(host_name))
        self.bus = Daemon()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def environment(self) -> dict[str, str]:
        return {**os.environ, "DBUS_SYSTEM_BUS_ADDRESS": self.bus.address}

    def start(self) -> None:
        """Start the avahi-daemon."""
        with (self._folder / "log").open("ab") as log:
            command = self._machine("sh", "-c", _AVAHI, "sh", str(self._folder))
            self._process = subprocess.Popen(command, env=self.environment, stdout=log, stderr=log)

    def stop(self) -> None:
        """End it."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait()
            self._process = None

    def close(self) -> None:
        """End everything, and leave nothing behind."""
        self.stop()
        self.bus.close()
        shutil.rmtree(self._folder)

    def browse(self, type_: str) -> list[list[str]]:
        """Return what avahi-browse finds on the network now: its fields. It waits long for what has just gone."""
        command = self._machine("avahi-browse", "--resolve", "--parsable", "--terminate", "--no-db-lookup", type_)
        try:
            said = subprocess.run(command, env=self.environment, capture_output=True, timeout=8, check=False).stdout
        except subprocess.TimeoutExpired as late:
            said = late.stdout or b""
        return [line.split(";", 9) for line in said.decode().splitlines() if line.startswith("=")]

    def names(self, type_: str) -> list[str]:
        """Return the names that avahi-browse finds on the network now."""
        return sorted(re.sub(r"\\(\d{3})", lambda code: chr(int(code[1])), one[3]) for one in self.browse(type_))


@pytest.fixture
def avahi_hosts(net: Net) -> Iterator[tuple[AvahiHost, AvahiHost]]:
    """The device, and the other one; none runs yet."""
    with ExitStack() as stack:
        hosts = []
        for machine, name in ((net.device, "gate-7"), (net.other, "other")):
            host = AvahiHost(machine, name)
            stack.callback(host.close)
            hosts.append(host)
        yield hosts[0], hosts[1]


class LldpdHost:
    """A machine with an lldpd, with what its unit would give to it."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._folder = Path(tempfile.mkdtemp(prefix="axiod-lldpd-"))
        self._folder.chmod(0o755)  # it gives up being root before it opens its socket
        self._process: subprocess.Popen[bytes] | None = None
        self._socket = self._folder / "socket"

    def start(self, *options: str) -> None:
        """Start it with these options."""
        with (self._folder / "log").open("ab") as log:
            command = self._machine("lldpd", "-d", "-u", str(self._socket), "-I", self._machine.interface, *options)
            self._process = subprocess.Popen(command, stdout=log, stderr=log)

    def close(self) -> None:
        """End it, and leave nothing behind."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait()
        shutil.rmtree(self._folder)

    @property
    def ready(self) -> bool:
        """Whether it can be asked."""
        return subprocess.run(self.ask("show", "chassis"), capture_output=True, check=False).returncode == 0

    def ask(self, *words: str) -> list[str]:
        """Return the command by which its own client asks it."""
        return ["lldpcli", "-u", str(self._socket), *words]

    def configure(self, *words: str) -> None:
        """Change what can be changed while it runs."""
        subprocess.run(self.ask("configure", *words), check=True, capture_output=True)

    @contextmanager
    def client(self) -> Iterator[Path]:
        """Do what axiod-neighbours.socket does: run the client of lldpd, once for each connection to this socket."""
        path = self._folder / "client"
        client = shlex.join(self.ask("-f", "json0", "show", "neighbors", "details"))
        socat = subprocess.Popen(["socat", f"UNIX-LISTEN:{path},fork", f"EXEC:{client}"])
        try:
            yield path
        finally:
            socat.terminate()
            socat.wait()
            path.unlink(missing_ok=True)


@pytest.fixture
def lldpd_hosts(net: Net) -> Iterator[tuple[LldpdHost, LldpdHost]]:
    """The device, and its switch; none runs yet."""
    with ExitStack() as stack:
        hosts = []
        for machine in (net.device, net.other):
            host = LldpdHost(machine)
            stack.callback(host.close)
            hosts.append(host)
        yield hosts[0], hosts[1]
