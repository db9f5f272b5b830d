# SPDX-License-Identifier: Apache-2.0
"""A network that IEEE 802.1X protects: a switch (hostapd), an authentication server (FreeRADIUS), and this device.

The device and the switch are network namespaces with a cable (veth) between them. Where there is no systemd, a stand-in
runs the process of axiod-dot1x@INTERFACE as the unit says it.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from typing import TYPE_CHECKING, Any, Protocol

from axiod.bus import interface as contract
from axiod.bus.client import Service
from axiod.bus.server import Server
from axiod.errors import NotFound
from tests.bus.contract_handler import ContractHandler
from tests.conftest import until
from tests.sim.device_process import Thing
from tests.system1.conftest import SystemProcess

if TYPE_CHECKING:
    from pathlib import Path

    from axiod.bus.connection import Connection

NETWORK = "org.axiod.network1"
SYSTEM, SYSTEM_PATH = "org.axiod.system1", "/org/axiod/system1"
DOT1X = "org.axiod.network1.Dot1x"
SYSTEMD, MANAGER_PATH = "org.freedesktop.systemd1", "/org/freedesktop/systemd1"
BUS, BUS_PATH = "org.freedesktop.DBus", "/org/freedesktop/DBus"
INTERFACE = "eth0"
VETH = ("type", "veth", "peer", "name", "sw0", "netns")
USER, PASSWORD = "lab\\relay \"7\" 'ü' #1", "pä\"ss' \\word #$x %{y}"
SECRET = "between switch and server"

_MANAGER = contract.parse("""<node><interface name="org.freedesktop.systemd1.Manager">
  <method name="RestartUnit"><annotation name="org.axiod.Role" value="viewer"/>
    <arg name="name" type="s" direction="in"/><arg name="mode" type="s" direction="in"/>
    <arg name="job" type="o" direction="out"/></method>
  <method name="StopUnit"><annotation name="org.axiod.Role" value="viewer"/>
    <arg name="name" type="s" direction="in"/><arg name="mode" type="s" direction="in"/>
    <arg name="job" type="o" direction="out"/></method>
  <method name="LoadUnit"><annotation name="org.axiod.Role" value="viewer"/>
    <arg name="name" type="s" direction="in"/><arg name="unit" type="o" direction="out"/></method>
</interface></node>""")
_EMITS = '<annotation name="org.freedesktop.DBus.Property.EmitsChangedSignal" value="true"/>'
_UNIT = contract.parse(
    '<node><interface name="org.freedesktop.systemd1.Unit">'
    f'<property name="ActiveState" type="s" access="read">{_EMITS}</property></interface></node>'
)
_SERVICE = contract.parse(
    '<node><interface name="org.freedesktop.systemd1.Service">'
    f'<property name="StatusText" type="s" access="read">{_EMITS}</property></interface></node>'
)

_NETWORKD_MANAGER = contract.parse("""<node><interface name="org.freedesktop.network1.Manager">
  <method name="GetLinkByName"><annotation name="org.axiod.Role" value="viewer"/>
    <arg name="name" type="s" direction="in"/><arg name="index" type="i" direction="out"/>
    <arg name="path" type="o" direction="out"/></method>
  <method name="ReconfigureLink"><annotation name="org.axiod.Role" value="viewer"/>
    <arg name="index" type="i" direction="in"/></method>
</interface></node>""")
_NETWORKD_LINK = contract.parse("""<node><interface name="org.freedesktop.network1.Link">
  <method name="Describe"><annotation name="org.axiod.Role" value="viewer"/>
    <arg name="json" type="s" direction="out"/></method>
  <method name="Renew"><annotation name="org.axiod.Role" value="viewer"/></method>
</interface></node>""")

_RADIUS = """
prefix = /usr
raddbdir = {folder}
logdir = {folder}
run_dir = {folder}
libdir = /usr/lib/freeradius
max_request_time = 30
log {{
  destination = stdout
  auth = yes
}}
security {{
  reject_delay = 0
  allow_vulnerable_openssl = yes
}}
proxy_requests = no
client localhost {{
  ipaddr = 127.0.0.1
  secret = "{secret}"
}}
modules {{
  mschap {{
    with_ntdomain_hack = yes
  }}
  eap {{
    default_eap_type = tls
    tls-config tls-common {{
      private_key_file = {pki}/radius.key
      certificate_file = {pki}/radius.pem
      ca_file = {pki}/lab.pem
      tls_min_version = "1.2"
      tls_max_version = "1.2"
    }}
    tls {{
      tls = tls-common
    }}
    peap {{
      tls = tls-common
      default_eap_type = mschapv2
      virtual_server = inner
    }}
    mschapv2 {{
    }}
  }}
}}
server default {{
  listen {{
    type = auth
    ipaddr = 127.0.0.1
    port = 1812
  }}
  authorize {{
    eap {{
      ok = return
    }}
  }}
  authenticate {{
    eap
  }}
}}
server inner {{
  authorize {{
    eap {{
      ok = return
    }}
    update control {{
      &Cleartext-Password := '{password}'
    }}
    mschap
  }}
  authenticate {{
    Auth-Type MS-CHAP {{
      mschap
    }}
    eap
  }}
}}
"""
_SWITCH = """
interface=sw0
driver=wired
ieee8021x=1
eapol_version={eapol}
eap_reauth_period=0
use_pae_group_addr=0
own_ip_addr=127.0.0.1
nas_identifier=switch
"""
_ASKS_RADIUS = """
auth_server_addr=127.0.0.1
auth_server_port=1812
auth_server_shared_secret={secret}
"""
# hostapd is an authentication server itself, and speaks the version of PEAP that FreeRADIUS does not.
_KNOWS_ITSELF = """
eap_server=1
eap_user_file={folder}/users
ca_cert={pki}/lab.pem
server_cert={pki}/radius.pem
private_key={pki}/radius.key
"""
_USERS = """* PEAP [ver=1]
"simple" MSCHAPV2 "password" [2]
"""


def missing(*peers: str) -> str:
    """Return why no such network can be made here; "" where it can."""
    if os.geteuid() != 0:
        return "network namespaces are made by root"
    programs = [name for name in ("ip", *peers, "wpa_supplicant", "openssl") if not shutil.which(name)]
    if programs:
        return f"there is no {', '.join(programs)}: make apt-test"
    made = subprocess.run(["ip", "netns", "add", f"axiod-dot1x-try-{os.getpid()}"], capture_output=True, check=False)
    subprocess.run(["ip", "netns", "del", f"axiod-dot1x-try-{os.getpid()}"], capture_output=True, check=False)
    return "" if made.returncode == 0 else f"no network namespace can be made: {made.stderr.decode().strip()}"


class Pki:
    """Certificates: of the CA "lab", which signed "radius" and "relay", and the CA "other", which signed "stranger"."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        for name, about in (("lab", "Lab CA"), ("other", "Other CA")):
            usage = ["-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign,cRLSign"]
            self._openssl("req", "-x509", *self._key(name), "-out", f"{name}.pem", "-subj", f"/CN={about}", *usage)
        self.sign("radius", "radius.lab.test", "lab")
        self.sign("relay", "relay-7.lab.test", "lab")
        self.sign("stranger", "stranger.test", "other")

    def sign(self, name: str, common_name: str, by: str) -> None:
        """Make a key and a certificate that a CA signed."""
        (self.folder / f"{name}.ext").write_text(
            f"basicConstraints=CA:FALSE\nextendedKeyUsage=serverAuth,clientAuth\nsubjectAltName=DNS:{common_name}\n"
        )
        self._openssl("req", *self._key(name), "-out", f"{name}.csr", "-subj", f"/CN={common_name}")
        self._openssl(
            "x509", "-req", "-in", f"{name}.csr", "-CA", f"{by}.pem", "-CAkey", f"{by}.key", "-CAcreateserial",
            "-extfile", f"{name}.ext", "-out", f"{name}.pem",
        )  # fmt: skip

    def bundle(self, name: str) -> bytes:
        """Return a certificate with its key, PEM."""
        return (self.folder / f"{name}.pem").read_bytes() + (self.folder / f"{name}.key").read_bytes()

    def _key(self, name: str) -> list[str]:
        return ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", f"{name}.key"]

    def _openssl(self, *command: str) -> None:
        subprocess.run(["openssl", *command], cwd=self.folder, check=True, capture_output=True)


class Cable:
    """Two namespaces, of a switch and of a device, and what connects them."""

    def __init__(self) -> None:
        self.switch, self.device = (f"axiod-dot1x-{what}-{os.getpid()}" for what in ("switch", "device"))
        for name in (self.switch, self.device):
            self.ip("netns", "add", name)
        self.ip("-n", self.device, "link", "add", INTERFACE, *VETH, self.switch)
        for name, link in ((self.switch, "lo"), (self.switch, "sw0"), (self.device, "lo"), (self.device, INTERFACE)):
            self.ip("-n", name, "link", "set", link, "up")

    @staticmethod
    def inside(namespace: str) -> list[str]:
        """Return the command that runs another one in a namespace."""
        return ["ip", "netns", "exec", namespace]

    def plug(self, *, in_: bool) -> None:
        """Put the cable in, or pull it out."""
        self.ip("-n", self.switch, "link", "set", "sw0", "up" if in_ else "down")

    def close(self) -> None:
        """Leave nothing behind."""
        for name in (self.switch, self.device):
            self.ip("netns", "del", name)

    def ip(self, *arguments: str) -> None:
        """Run ip(8)."""
        subprocess.run(["ip", *arguments], check=True, capture_output=True)


class Lab(Cable):
    """The authentication server in the namespace of the switch, and the port of the switch."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.folder = folder
        self.pki = Pki(folder / "pki")
        self._log = folder / "radius.log"
        raddb = folder / "raddb"
        raddb.mkdir()
        password = PASSWORD.replace("\\", "\\\\").replace("'", "\\'")
        (raddb / "radiusd.conf").write_text(
            _RADIUS.format(folder=raddb, pki=self.pki.folder, secret=SECRET, password=password)
        )
        with self._log.open("w") as log:
            self._radius = subprocess.Popen(
                [*self.inside(self.switch), "freeradius", "-d", str(raddb), "-n", "radiusd", "-X", "-l", "stdout"],
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        self._switch: subprocess.Popen[bytes] | None = None

    async def ready(self) -> None:
        """Wait for the authentication server."""
        await until(lambda: "Ready to process requests" in self.said or self._radius.poll() is not None, 30)
        assert self._radius.poll() is None, self.said[-2000:]

    @property
    def said(self) -> str:
        """What the authentication server logged."""
        return self._log.read_text(errors="replace")

    def answers(self) -> list[str]:
        """Return how it answered each attempt, in order: Accept or Reject."""
        words = (line.split(" Access-")[1].split()[0] for line in self.said.splitlines() if "Sent Access-" in line)
        return [word for word in words if word in ("Accept", "Reject")]

    def guard(self, eapol: int = 2, *, peap_1: bool = False) -> None:
        """Have the port of the switch guarded, with everything forgotten that it knew.

        `peap_1`: it knows one user itself, and speaks PEAP version 1.
        """
        self.leave()
        configuration = self.folder / "hostapd.conf"
        server = _KNOWS_ITSELF if peap_1 else _ASKS_RADIUS
        (self.folder / "users").write_text(_USERS)
        text = (_SWITCH + server).format(eapol=eapol, secret=SECRET, folder=self.folder, pki=self.pki.folder)
        configuration.write_text(text)
        with (self.folder / "hostapd.log").open("w") as log:
            self._switch = subprocess.Popen(
                [*self.inside(self.switch), "hostapd", str(configuration)], stdout=log, stderr=subprocess.STDOUT
            )

    def leave(self) -> None:
        """Have the port guarded no more."""
        if self._switch is not None:
            self._switch.terminate()
            self._switch.wait()
            self._switch = None

    def close(self) -> None:
        """Leave nothing behind."""
        self.leave()
        self._radius.terminate()
        self._radius.wait()
        super().close()


class Store(Protocol):
    """The store of certificates, org.axiod.system1."""

    async def put(self, name: str, pki: Pki) -> None:
        """Have a certificate of a lab, with its key, in place of the one that has its name."""

    async def remove(self, name: str) -> None:
        """Have it no more."""


class StandInStore:
    """A store as far as 802.1X asks it."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._server = Server(connection, SYSTEM_PATH)
        self._there: set[str] = set()
        # What can be tried together with 802.1X.
        self._server.export(f"{SYSTEM_PATH}/web", f"{SYSTEM}.Web", ContractHandler(f"{SYSTEM}.Web"))

    async def begin(self) -> None:
        """Be there."""
        await self._connection.request_name(SYSTEM)

    async def put(self, name: str, pki: Pki) -> None:
        if name in self._there:
            await self.remove(name)
        pem, key = ((pki.folder / f"{name}.{end}").read_text() for end in ("pem", "key"))
        handler = ContractHandler(f"{SYSTEM}.Certificate", pem=pem, has_key=name not in ("lab", "other"))
        handler.answers["Key"] = lambda: key
        self._server.export(f"{SYSTEM_PATH}/certificate/{name}", f"{SYSTEM}.Certificate", handler)
        self._there.add(name)

    async def remove(self, name: str) -> None:
        self._server.unexport(f"{SYSTEM_PATH}/certificate/{name}")
        self._there.remove(name)


class RealStore:
    """axiod-system."""

    def __init__(self, system: SystemProcess) -> None:
        self._system = system

    async def put(self, name: str, pki: Pki) -> None:
        if name in ("lab", "other"):
            await self._system.certificates.call("InstallCa", name, (pki.folder / f"{name}.pem").read_bytes())
        else:
            await self._system.certificates.call("Install", name, pki.bundle(name), "")

    async def remove(self, name: str) -> None:
        await self._system.certificate(name).call("Remove")


class Networkd:
    """A stand-in for systemd-networkd, which manages the interface and waits for a lease."""

    INDEX, PATH = 7, "/org/freedesktop/network1"

    def __init__(self, connection: Connection, folder: Path) -> None:
        self._connection = connection
        self._file = folder / "20-wired.network"
        self._file.write_text(f"[Match]\nName={INTERFACE}\n[Network]\nDHCP=ipv4\n")
        self.calls: list[str] = []
        """What it was told to do."""
        server = Server(connection, self.PATH)
        server.export(self.PATH, _NETWORKD_MANAGER, self)
        server.export(f"{self.PATH}/link/_37", _NETWORKD_LINK, self)

    async def begin(self) -> None:
        """Be there."""
        await self._connection.request_name("org.freedesktop.network1")

    def get_link_by_name(self, name: str) -> tuple[int, str]:
        if name != INTERFACE:
            raise NotFound(f"there is no {name}")
        return self.INDEX, f"{self.PATH}/link/_37"

    def describe(self) -> str:
        return json.dumps({"AdministrativeState": "configured", "NetworkFile": str(self._file)})

    def reconfigure_link(self, index: int) -> None:
        self.calls.append(f"ReconfigureLink {index}")

    def renew(self) -> None:
        self.calls.append("Renew")


class _Manager:
    """org.freedesktop.systemd1.Manager, for units axiod-dot1x@INTERFACE."""

    def __init__(self, systemd: Systemd) -> None:
        self._systemd = systemd

    async def restart_unit(self, name: str, mode: str) -> str:
        assert mode == "replace"
        await self._systemd.start(name)
        return f"{MANAGER_PATH}/job/1"

    async def stop_unit(self, name: str, mode: str) -> str:
        assert mode == "replace"
        if not name.startswith("axiod-dot1x@"):
            raise NotFound(f"Unit {name} not loaded.")
        await self._systemd.stop(name)
        return f"{MANAGER_PATH}/job/2"

    def load_unit(self, name: str) -> str:
        return self._systemd.load(name)


class _Unit:
    def __init__(self) -> None:
        self.active_state = "inactive"
        self.status_text = ""


class Systemd:
    """A stand-in for systemd, which runs the process of the unit."""

    def __init__(self, connection: Connection, address: str, cable: Cable, state: Path, run: Path) -> None:
        self._connection = connection
        self._address = address
        self._cable = cable
        self._state = state
        self._run = run
        self._server = Server(connection, MANAGER_PATH)
        self._server.export(MANAGER_PATH, _MANAGER, _Manager(self))
        self._units: dict[str, _Unit] = {}
        self._processes: dict[str, asyncio.subprocess.Process] = {}
        self._watching: dict[str, asyncio.Task[None]] = {}
        path = run / "notify"
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        self._socket.bind(str(path))
        self._notify = str(path)

    async def begin(self) -> None:
        """Be there."""
        await self._connection.request_name(SYSTEMD)

    def load(self, name: str) -> str:
        """Return the object of a unit."""
        path = f"{MANAGER_PATH}/unit/{self._interface(name)}"
        if name not in self._units:
            unit = self._units[name] = _Unit()
            self._server.export(path, _UNIT, unit)
            self._server.export(path, _SERVICE, unit)
        return path

    async def start(self, name: str) -> None:
        """Start a unit, anew if it runs."""
        await self.stop(name)
        self.load(name)
        interface = self._interface(name)
        folder = self._run / interface
        folder.mkdir(parents=True)
        command = [
            *self._cable.inside(self._cable.device),
            sys.executable, "-m", "axiod.network.dot1x.launch", str(self._state), interface,
        ]  # fmt: skip
        with (self._run / "log").open("a") as log:
            process = await asyncio.create_subprocess_exec(
                *command,
                stdout=log,
                stderr=log,
                env={
                    **os.environ,
                    "RUNTIME_DIRECTORY": str(folder),
                    "NOTIFY_SOCKET": self._notify,
                    "DBUS_SYSTEM_BUS_ADDRESS": self._address,
                },
            )
        self._processes[name] = process
        self._change(name, "active", "")
        self._watching[name] = asyncio.create_task(self._wait(name, process))

    async def stop(self, name: str) -> None:
        """Stop a unit."""
        process = self._processes.pop(name, None)
        if process is not None:
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(signal.SIGTERM)
            await self._watching.pop(name)
        shutil.rmtree(self._run / self._interface(name), ignore_errors=True)

    @property
    def running(self) -> list[str]:
        """The units that run."""
        return [name for name, unit in self._units.items() if unit.active_state == "active"]

    async def close(self) -> None:
        """Stop everything."""
        for name in list(self._processes):
            await self.stop(name)
        self._socket.close()
        await self._server.close()

    async def leave(self) -> None:
        """Be gone from the bus."""
        await self._connection.call(BUS, BUS_PATH, BUS, "ReleaseName", "s", [SYSTEMD])

    @property
    def log(self) -> str:
        """What the processes logged."""
        return (self._run / "log").read_text()

    async def _wait(self, name: str, process: asyncio.subprocess.Process) -> None:
        code = await process.wait()
        said = self._units[name].status_text
        with contextlib.suppress(BlockingIOError):
            while True:
                text = self._socket.recv(4096).decode()
                said = text.removeprefix("STATUS=").strip()
        self._change(name, "failed" if code else "inactive", said)

    def _change(self, name: str, active: str, said: str) -> None:
        unit = self._units[name]
        unit.active_state, unit.status_text = active, said
        path = self.load(name)
        self._server.changed(path, _UNIT.name)
        self._server.changed(path, _SERVICE.name)

    @staticmethod
    def _interface(name: str) -> str:
        return name.removeprefix("axiod-dot1x@").removesuffix(".service")


class Network(SystemProcess):
    """axiod-network in the namespace of the device."""

    def __init__(self, connection: Connection, address: str, folder: Path, cable: Cable, run: Path) -> None:
        super().__init__(connection, address, folder)
        self.client = Service(connection, NETWORK)
        # The units of this namespace have their files where those of a device have theirs.
        mounts = f"mount -t tmpfs none /run && mkdir /run/axiod-dot1x && mount --bind {run} /run/axiod-dot1x"
        inside = [*cable.inside(cable.device), "sh", "-c", f'{mounts} && exec "$@"', "sh"]
        self.command = [*inside, sys.executable, "-m", "axiod.network"]

    @property
    def dot1x(self) -> Thing:
        """The object of the interface."""
        return Thing(self.client, f"/org/axiod/network1/dot1x/{INTERFACE}", DOT1X)

    @property
    def trial(self) -> Thing:
        """The trial of settings."""
        return Thing(self.client, "/org/axiod/network1/trial", "org.axiod.network1.Trial")

    async def stands(self, state: str, seconds: float = 30.0) -> dict[str, Any]:
        """Wait until State is something, and return all properties."""
        found: dict[str, Any] = {}
        async with asyncio.timeout(seconds):
            while found.get("State") != state:
                found = await self.dot1x.all()
        return found
