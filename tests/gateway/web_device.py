# SPDX-License-Identifier: Apache-2.0
"""A simulated device that is reached over HTTP, and curl, which asks it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.conftest import run
from tests.sim.device_process import WAIT_SECONDS, DeviceProcess

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

PASSWORD = "Pass word1"
"""Of every account below."""
ACCOUNTS = {"admin": "administrator", "oper": "operator", "viewer": "viewer"}
ACCESS = "org.axiod.system1.Access"
ACCESS_PATH = "/org/axiod/system1/access"


@dataclass(frozen=True, slots=True)
class Answer:
    """What curl got."""

    status: int
    headers: Mapping[str, list[str]]
    """By lower-case name: all values."""
    body: str

    def json(self) -> Any:
        """Return the body as JSON."""
        return json.loads(self.body)

    def header(self, name: str) -> str:
        """Return a header that is there once; empty when it is not there."""
        values = self.headers.get(name.lower(), [])
        assert len(values) < 2, values
        return values[0] if values else ""


class Reached:
    """A device that is asked with curl."""

    http: str
    https: str
    """Its URLs up to their first slash."""

    async def curl(
        self,
        target: str,
        *words: str,
        user: str | None = None,
        password: str = PASSWORD,
        secure: bool = False,
        how: str = "--digest",
    ) -> Answer:
        """Ask for a path (or a whole URL) with more options of curl, as a user if one is given."""
        login = [] if user is None else [how, "--user", f"{user}:{password}"]
        url = target if "://" in target else (self.https if secure else self.http) + target
        certificate = ["--insecure"] if url.startswith("https") else []
        always = ["--silent", "--show-error", "--include", "--path-as-is", "--globoff", "--max-time", "30"]
        done = await run("curl", *always, *certificate, *login, *words, url)
        assert done.code == 0, f"curl ended with {done.code}: {done.err}"
        return parse(done.out)


class WebDevice(Reached, DeviceProcess):
    """A device with the gateway at free ports of 127.0.0.1."""

    def __init__(self, *options: str, accounts: bool = True) -> None:
        """`accounts`: make those of ACCOUNTS."""
        super().__init__("--http-port", "0", "--https-port", "0", "--rtsp-port", "0", *options)
        assert self._process.stdout
        places = next(line for line in self._process.stdout if line.startswith("Over the network"))
        self.ports = {kind: int(port) for kind, port in re.findall(r"(\w+)://127\.0\.0\.1:(\d+)/", places)}
        self.http = f"http://127.0.0.1:{self.ports['http']}"
        self.https = f"https://127.0.0.1:{self.ports['https']}"
        if accounts:
            for name, role in ACCOUNTS.items():
                self.add_account(name, role)
            # The tests of a device are one address, and many of them log in as nobody may.
            blocking = ("/org/axiod/system1/blocking", "org.axiod.system1.Blocking")
            self.busctl(
                "call", "org.axiod.system1", *blocking, "Configure", "a{sv}", "1", "DeviceFailures", "u", "10000"
            )

    def add_account(self, name: str, role: str, password: str = PASSWORD) -> None:
        """Add an account, on the bus."""
        self.busctl(
            "call", "org.axiod.system1", ACCESS_PATH, ACCESS, "AddAccount", "sssa{sv}", name, password, role, "0"
        )

    def busctl(self, *words: str) -> str:
        """Run busctl, which must succeed, and return what it says."""
        done = subprocess.run(
            ["busctl", f"--address={self.address}", "--json=short", *words], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    async def give_up(self, service: str) -> None:
        """Kill a service again and again until it is not started any more."""
        gone = f"axiod-{service} ended with code -9 and is given up"
        async with asyncio.timeout(WAIT_SECONDS):
            while gone not in self.log:
                self._kill(service)
                await asyncio.sleep(0.05)

    def pids(self, service: str) -> list[int]:
        """Return the processes of a service: one, or none while it is started anew."""
        module, bus = f"axiod.{service}".encode(), self.address.encode()
        found = []
        for process in Path("/proc").glob("[0-9]*"):
            # A process may end while it is looked at.
            with contextlib.suppress(OSError):
                words = (process / "cmdline").read_bytes().split(b"\0")
                if module in words and bus in (process / "environ").read_bytes():
                    found.append(int(process.name))
        return found

    def _kill(self, service: str) -> None:
        for pid in self.pids(service):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def parse(text: str) -> Answer:
    """Read what curl --include wrote: the last answer, after those that asked for a login."""
    head, body = "", text
    while body.startswith("HTTP/"):
        head, _, body = body.partition("\r\n\r\n")
    lines = head.split("\r\n")
    headers: dict[str, list[str]] = {}
    for line in lines[1:]:
        name, _, value = line.partition(":")
        headers.setdefault(name.strip().lower(), []).append(value.strip())
    return Answer(int(lines[0].split()[1]), headers, body)


def running(*options: str, accounts: bool = True) -> Iterator[WebDevice]:
    """Start a device, and stop it at the end."""
    device = WebDevice(*options, accounts=accounts)
    yield device
    device.close()
