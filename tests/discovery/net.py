# SPDX-License-Identifier: Apache-2.0
"""A network of two machines: namespaces of their own, and a cable (veth) between them. Needs root."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

NEEDED = ("ip", "ss", "curl", "gssdp-discover", "avahi-daemon", "avahi-browse", "lldpd", "lldpcli", "socat")


@dataclass(frozen=True, slots=True)
class Machine:
    """One end of the cable."""

    name: str
    interface: str
    address: str

    def __call__(self, *command: str) -> list[str]:
        """Return a command that runs there."""
        return ["ip", "netns", "exec", self.name, *command]

    def run(self, *command: str, timeout: float = 30.0) -> str:
        """Run a command there and return what it writes."""
        return subprocess.run(self(*command), check=True, capture_output=True, text=True, timeout=timeout).stdout

    def ip(self, *arguments: str) -> str:
        """Run ip(8) there."""
        return self.run("ip", *arguments)


@dataclass(frozen=True, slots=True)
class Net:
    """Both."""

    device: Machine
    other: Machine


@pytest.fixture
def net() -> Iterator[Net]:
    """A device and another machine, 192.0.2.1 and 192.0.2.2, with IPv6 addresses of the link."""
    if os.geteuid() != 0:
        pytest.skip("only root can make a network of its own")
    for program in NEEDED:
        if shutil.which(program) is None:
            pytest.fail(f"{program} is missing: make apt-test")
    names = [f"axiod-{os.getpid()}-{end}" for end in "ab"]
    machines = [
        Machine(name, f"v{end}", f"192.0.2.{number}") for name, end, number in zip(names, "ab", (1, 2), strict=True)
    ]
    made = []
    try:
        for name in names:
            subprocess.run(["ip", "netns", "add", name], check=True)
            made.append(name)
        subprocess.run(
            ["ip", "link", "add", "va", "netns", names[0], "type", "veth", "peer", "name", "vb", "netns", names[1]],
            check=True,
        )
        for machine in machines:
            # An IPv6 address counts at once: nobody else can have it.
            machine.run("sh", "-c", f"echo 0 > /proc/sys/net/ipv6/conf/{machine.interface}/accept_dad")
            machine.ip("address", "add", f"{machine.address}/24", "dev", machine.interface)
            machine.ip("link", "set", "lo", "up")
            machine.ip("link", "set", machine.interface, "up")
            machine.ip("route", "add", "224.0.0.0/4", "dev", machine.interface)
        yield Net(*machines)
    finally:
        for name in made:
            subprocess.run(["ip", "netns", "delete", name], check=True)
