# SPDX-License-Identifier: Apache-2.0
"""The gateway on a machine, what it is held against, and a load on both by wrk.

The references are bare aiohttp routes that make the same D-Bus call (bare_gateway.py), and a file from nginx. The
requests carry Digest credentials that were worked out before, because wrk cannot.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import shutil
import socket
import sys
import tempfile
import urllib.request
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError

from axiod.bus.client import Service
from bench.figure import BenchError
from bench.machine import WAIT_SECONDS, Machine

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

USER, PASSWORD = "admin", "Bench mark 1"
SYSTEM = "org.axiod.system1"
_SCRIPT = Path(__file__).with_name("wrk.lua")
_MOST_A_SECOND = 12000
"""More than any gateway answers here."""
_FOR_A_NONCE = 1000
"""So many requests are signed with one nonce."""
_NGINX = """daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log stderr error;
events {{ worker_connections 64; }}
http {{ access_log off; keepalive_requests 1000000000; client_body_temp_path {folder}; proxy_temp_path {folder};
  fastcgi_temp_path {folder}; uwsgi_temp_path {folder}; scgi_temp_path {folder};
  server {{ listen 127.0.0.1:{port}; root {folder}/www; }} }}
"""


def free_port() -> int:
    """Return a TCP port of the loopback address that nobody has now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Web:
    """The servers, each at a port of 127.0.0.1, and the files of the load."""

    def __init__(self, machine: Machine, folder: Path, gateway: int, bare: int, nginx: int | None) -> None:
        self.machine = machine
        self.folder = folder
        self.gateway = f"http://127.0.0.1:{gateway}"
        self.bare = f"http://127.0.0.1:{bare}"
        self.nginx = None if nginx is None else f"http://127.0.0.1:{nginx}"

    async def load(
        self, base: str, paths: Sequence[str], seconds: int, connections: int, *, digest: bool
    ) -> dict[str, float]:
        """Send requests for the paths in turn, for so long; returns requests a second, p50_us and p99_us."""
        lines = [f"{path}\t" for path in paths]
        if digest:
            # None may be sent twice.
            signer = await asyncio.to_thread(Signer.ask, base, paths[0])
            lines = await asyncio.to_thread(signer.lines, base, paths, seconds * _MOST_A_SECOND)
        file = self.folder / "requests"
        file.write_text("\n".join(lines) + "\n", encoding="ascii")
        process = await asyncio.create_subprocess_exec(
            *("wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "-s", str(_SCRIPT), base, "--", str(file)),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        out, err = await process.communicate()
        if process.returncode:
            raise BenchError(f"wrk: {err.decode(errors='replace').strip()}")
        found: dict[str, Any] = json.loads(out.decode().splitlines()[-1])
        if found["wrong"] > connections:
            raise BenchError(f"{base}{paths[0]}: {found['wrong']} of {found['requests']} answers were wrong")
        return {"rate": found["requests"] / found["seconds"], "p50_us": found["p50_us"], "p99_us": found["p99_us"]}


class Signer:
    """Digest credentials (RFC 7616, MD5, qop auth) for many requests."""

    def __init__(self, realm: str) -> None:
        self._secret = _md5(f"{USER}:{realm}:{PASSWORD}")
        self._realm = realm

    @classmethod
    def ask(cls, base: str, path: str) -> Signer:
        """Make one for a server's realm; raises BenchError."""
        return cls(_challenge(base, path)["realm"])

    def lines(self, base: str, paths: Sequence[str], number: int) -> list[str]:
        """Return so many requests as wrk.lua takes them."""
        found = []
        nonce = ""
        for index in range(number):
            path = paths[index % len(paths)]
            count = f"{index % _FOR_A_NONCE + 1:08x}"
            if index % _FOR_A_NONCE == 0:
                nonce = _challenge(base, path)["nonce"]
            response = _md5(f"{self._secret}:{nonce}:{count}:c:auth:{_md5(f'GET:{path}')}")
            found.append(
                f'{path}\tDigest username="{USER}", realm="{self._realm}", nonce="{nonce}", uri="{path}", '
                f'algorithm=MD5, qop=auth, nc={count}, cnonce="c", response="{response}"'
            )
        return found


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def _challenge(base: str, path: str) -> dict[str, str]:
    """Return the fields of the first Digest challenge for a path."""
    try:
        urllib.request.urlopen(base + path, timeout=WAIT_SECONDS)
    except HTTPError as error:
        with error:
            if error.code == 401:
                _, _, fields = error.headers["WWW-Authenticate"].partition(" ")
                pairs = (field.strip().partition("=") for field in fields.split(","))
                return {name: text.strip('"') for name, _, text in pairs}
            raise BenchError(f"{base}{path} answers {error.code}, not 401") from error
    raise BenchError(f"{base}{path} asks for no credentials")


@asynccontextmanager
async def running() -> AsyncIterator[Web]:
    """Start a device with its gateway, the bare routes, and nginx where it is installed."""
    if shutil.which("wrk") is None:
        raise BenchError("there is no wrk; install the package wrk")
    async with AsyncExitStack() as stack:
        machine = await stack.enter_async_context(Machine())
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="axiod-bench-web-")))
        await machine.start_all()
        await machine.start("system")
        access = f"/{SYSTEM.replace('.', '/')}/access"
        system = Service(machine.connection, SYSTEM)
        await system.call(access, f"{SYSTEM}.Access", "AddAccount", USER, PASSWORD, "administrator", {})
        gateway, bare = free_port(), free_port()
        ports = [str(free_port()) for _ in range(2)]
        own = ["--listen", "127.0.0.1", "--http-port", str(gateway), "--https-port", ports[0], "--rtsp-port", ports[1]]
        await _start(machine, "gateway", [sys.executable, "-m", "axiod.gateway", *own], gateway)
        await _start(machine, "bare", [sys.executable, "-m", "bench.bare_gateway", str(bare)], bare)
        nginx = None
        if shutil.which("nginx"):
            nginx = free_port()
            (folder / "www").mkdir()
            (folder / "www" / "file").write_text("port1=0\n", encoding="ascii")
            (folder / "nginx.conf").write_text(_NGINX.format(folder=folder, port=nginx), encoding="ascii")
            os.chmod(folder, 0o755)  # noqa: PTH101 # pathlib is for where nothing waits
            await _start(machine, "nginx", ["nginx", "-e", "stderr", "-c", str(folder / "nginx.conf")], nginx)
        yield Web(machine, folder, gateway, bare, nginx)


async def _start(machine: Machine, name: str, command: Sequence[str], port: int) -> None:
    """Start a server and wait until it listens."""
    await machine.launch(name, command)
    async with asyncio.timeout(WAIT_SECONDS):
        while True:
            machine.alive(name)
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.01)
                continue
            writer.close()
            await writer.wait_closed()
            return


__all__ = ["Web", "running"]
