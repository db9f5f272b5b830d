# SPDX-License-Identifier: Apache-2.0
"""The whole device on a private bus: `python -m axiod.sim.device`, which `make run` calls.

Starts a bus, the simulated world and the services, and plays the part of systemd for them (supervisor.py). Ctrl-C stops
all of it.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import re
import shutil
import signal
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from axiod.errors import AxiodError, Conflict, Unavailable
from axiod.gpio.protocol import SOCKET_VARIABLE
from axiod.runtime.log_file import SUFFIX, VARIABLE
from axiod.sim.supervisor import START_LIMIT, WATCHDOG_SECONDS, WITH_US, Supervisor, Unit

if TYPE_CHECKING:
    from collections.abc import Sequence

SERVICES = ("sim", "io", "relays", "fieldbus", "sensors")
OVER_THE_NETWORK = ("system", "network", "events", "gateway")
"""What is there besides when the device is to be reached over HTTP."""
WITH_EVENTS = ("system", "events")
"""What is there besides when it is not, but has rules."""
ABLE_TO_FAIL_SAFE = ("io", "relays")
_FIRST_SENSORS = """version: 1
sensors:
  cellar: {Name: Cellar, Port: rs485, Unit: 65, Template: tibbo_bp02}
  workshop: {Name: Workshop, Port: rs485, Unit: 1, Template: xy_md02}
"""
"""What a device that is to be played with measures at first."""
PORTS = {"http": 8080, "https": 8443, "rtsp": 8554}
_BUS_CONFIG = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>custom</type>
  <listen>{address}</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow user="*"/>
    <allow own="*"/>
    <allow send_destination="*"/>
    <allow receive_sender="*"/>
  </policy>
  <limit name="max_incoming_bytes">1000000000</limit>
  <limit name="max_outgoing_bytes">1000000000</limit>
  <limit name="max_message_size">128000000</limit>
  <limit name="max_connections_per_user">1024</limit>
</busconfig>
"""


class Device:
    """A simulated device below one folder."""

    def __init__(
        self,
        folder: Path,
        board: str,
        *,
        watchdog_seconds: float = WATCHDOG_SECONDS,
        start_limit: int = START_LIMIT,
        gateway: Sequence[str] | None = None,
        events: bool = False,
    ) -> None:
        """`gateway`: the command line of the gateway; None: there is none, and nothing that only it needs.

        `events`: rules and what belongs to them are there without a gateway, too.
        """
        self.folder = folder
        self.bus_socket = folder / "bus"
        self.address = f"unix:path={quote(str(self.bus_socket), safe='/-_.*')}"
        more = OVER_THE_NETWORK if gateway is not None else WITH_EVENTS if events else ()
        self.services = (*SERVICES, *more)
        self._board = board
        self._played_with = gateway is not None
        self._gateway = list(gateway or ())
        self._bus: asyncio.subprocess.Process | None = None
        self.supervisor = Supervisor(folder / "notify", watchdog_seconds=watchdog_seconds, start_limit=start_limit)

    async def start(self) -> None:
        """Start everything and return when every service is ready; raises Conflict, Unavailable."""
        self.folder.mkdir(parents=True, exist_ok=True)
        await self._start_bus()
        self.supervisor.listen()
        if self._played_with:
            self._add_first_sensors()
        for name in self.services:
            await self.supervisor.start(self.unit(name))

    async def bus_ended(self) -> None:
        """Wait until the bus ends, which it should not."""
        if self._bus is not None:
            await self._bus.wait()

    async def stop(self) -> None:
        """Stop everything, the board last."""
        for name in reversed(self.services):
            await self.supervisor.stop(name)
        self.supervisor.close()
        if self._bus is not None:
            with contextlib.suppress(ProcessLookupError):
                self._bus.terminate()
            await self._bus.wait()
            self.bus_socket.unlink(missing_ok=True)

    def unit(self, name: str) -> Unit:
        """Return how a service is started."""
        kept_log = {VARIABLE: str(self.folder / "log" / f"axiod-{name}{SUFFIX}")}
        if name == "gateway":
            command = [sys.executable, "-m", "axiod.gateway", *self._gateway]
            return Unit(name, command, {"DBUS_SYSTEM_BUS_ADDRESS": self.address, **kept_log})
        config = self.folder / f"{name}.yaml"
        if not config.exists():
            config.write_text(f"board: {self._board}\n", encoding="utf-8")
        environment = {
            "DBUS_SYSTEM_BUS_ADDRESS": self.address,
            SOCKET_VARIABLE: str(self.folder / "lines"),
            "STATE_DIRECTORY": str(self.folder / name),
            **kept_log,
            # Rules that somebody tries must not cut off the machine that he tries them on.
            "AXIOD_PACKET_FILTER": "rehearsal",
        }
        command = [sys.executable, "-m", f"axiod.{name}", "--config", str(config)]
        return Unit(name, command, environment, [*command, "--fail-safe"] if name in ABLE_TO_FAIL_SAFE else None)

    def _add_first_sensors(self) -> None:
        """Add some sensors to a device that never had any."""
        path = self.folder / "sensors" / "sensors.yaml"
        if not path.parent.exists():
            path.parent.mkdir()
            path.write_text(_FIRST_SENSORS, encoding="utf-8")

    async def _start_bus(self) -> None:
        if self.bus_socket.exists():
            try:
                _, writer = await asyncio.open_unix_connection(self.bus_socket)
            except OSError:
                self.bus_socket.unlink()
            else:
                writer.close()
                raise Conflict(
                    f"a device already runs in {self.folder}; stop it with Ctrl-C where it runs, "
                    "or start this one elsewhere: make run STATE_DIR=/some/folder"
                )
        if len(str(self.bus_socket)) > 100:
            raise Conflict(f"the path {self.bus_socket} is too long for a socket; choose a shorter STATE_DIR")
        program = shutil.which("dbus-daemon")
        if program is None:
            raise Unavailable("there is no dbus-daemon; install the package dbus")
        config = self.folder / "bus.conf"
        config.write_text(_BUS_CONFIG.format(address=self.address), encoding="utf-8")
        self._bus = await asyncio.create_subprocess_exec(
            *WITH_US,
            program,
            f"--config-file={config}",
            "--nofork",
            "--nopidfile",
            "--print-address",
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            process_group=0,
        )
        said, complaints = self._bus.stdout, self._bus.stderr
        if said is None or complaints is None or not await said.readline():
            why = (await complaints.read()).decode("utf-8", "replace") if complaints else ""
            raise Unavailable(f"dbus-daemon did not start: {' '.join(why.split())}")


_WELCOME = """axiod is up on the bus {address}

In another terminal:
  export DBUS_SYSTEM_BUS_ADDRESS={address}
  export PATH={programs}:$PATH
  axioctl status
  axioctl relay on relay1
  axioctl sim wire input1 closed
  axioctl watch
  busctl tree org.axiod.io1
{web}Ctrl-C stops it. What was configured is kept in {folder}."""
_WEB = """
Over the network, at {places}:
  curl {http}/healthz
  curl {http}/api/v1/accounts --json \\
    '{{"Name": "admin", "Password": "change me", "Role": "administrator"}}'     # the first administrator
  curl --digest -u 'admin:change me' '{http}/axis-cgi/io/port.cgi?check=1'
  curl --digest -u 'admin:change me' {http}/api/v1/relays

"""


def _web(status: str) -> str:
    """Return what to do over HTTP, from the status line of the gateway."""
    found = dict(re.findall(r"\b(http|https|rtsp) at (\S+:\d+)", status))
    if "http" not in found:
        return ""
    places = " ".join(f"{kind}://{found[kind]}/" for kind in PORTS if kind in found)
    return _WEB.format(places=places, http=f"http://{found['http']}")


async def _run(folder: Path, board: str, gateway: Sequence[str] | None, *, events: bool) -> int:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, stop.set)
    device = Device(folder, board, gateway=gateway, events=events)
    try:
        starting = asyncio.ensure_future(device.start())
        stopping = asyncio.ensure_future(stop.wait())
        await asyncio.wait((starting, stopping), return_when=asyncio.FIRST_COMPLETED)
        if not starting.done():
            starting.cancel()
            await asyncio.wait([starting])
            return 0
        starting.result()
        programs = Path(sys.executable).parent
        web = _web(device.supervisor.status("gateway")) if gateway is not None else ""
        _say(_WELCOME.format(address=device.address, programs=programs, folder=folder, web=web))
        lost = asyncio.ensure_future(device.bus_ended())
        await asyncio.wait((stopping, lost), return_when=asyncio.FIRST_COMPLETED)
        if lost.done():
            raise Unavailable("the bus has ended")
        lost.cancel()
    except (AxiodError, OSError) as error:
        _say(f"axiod cannot run: {error}")
        return 1
    finally:
        await device.stop()
    _say("axiod is stopped")
    return 0


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def main(argv: Sequence[str] | None = None) -> int:
    """Run a device until Ctrl-C; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m axiod.sim.device", description="A whole simulated device.")
    default = Path(os.environ.get("XDG_STATE_HOME", "~/.local/state")).expanduser() / "axiod-run"
    parser.add_argument("--state-dir", type=Path, default=default, metavar="DIR", help=f"default: {default}")
    parser.add_argument("--board", default="a9210-sim", help="a simulated board profile (default: a9210-sim)")
    parser.add_argument("--fresh", action="store_true", help="forget what was configured before")
    for kind, port in PORTS.items():
        what = f"the port of {kind.upper()} (default: {port}; 0: any that is free)"
        parser.add_argument(f"--{kind}-port", type=int, default=port, metavar="PORT", help=what)
    parser.add_argument("--listen", default="127.0.0.1", metavar="ADDRESS", help="default: 127.0.0.1")
    parser.add_argument("--bare", action="store_true", help="the services alone: no accounts, nothing over the network")
    parser.add_argument("--events", action="store_true", help="with --bare: rules, and what belongs to them, besides")
    arguments = parser.parse_args(argv)
    gateway = ["--world", "--listen", arguments.listen]
    for kind in PORTS:
        gateway += [f"--{kind}-port", str(getattr(arguments, f"{kind}_port"))]
    folder = arguments.state_dir.resolve()
    if arguments.fresh and (folder / "bus.conf").exists():
        with tempfile.TemporaryDirectory(dir=folder.parent) as trash:
            folder.rename(Path(trash) / "old")
    return asyncio.run(_run(folder, arguments.board, None if arguments.bare else gateway, events=arguments.events))


if __name__ == "__main__":
    sys.exit(main())
