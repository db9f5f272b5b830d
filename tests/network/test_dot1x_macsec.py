# SPDX-License-Identifier: Apache-2.0
"""MACsec with a static key, against another wpa_supplicant. Needs a kernel that has MACsec (CONFIG_MACSEC)."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio

from axiod.network.dot1x.kernel import has_macsec
from tests.network.dot1x_stage import Cable, Network, Systemd, missing
from tests.network.test_dot1x_peers import stopped

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.conftest import Connect

pytestmark = [
    pytest.mark.timeout(300),
    pytest.mark.skipif(not has_macsec(), reason="this kernel has no MACsec (CONFIG_MACSEC)"),
]
CKN, CAK = "0a0b0c", "00112233445566778899aabbccddeeff"
OPTIONS = ("-D", "macsec_linux", "-i", "sw0", "-c")
_SWITCH = """
ctrl_interface=DIR={folder}/control
eapol_version=3
ap_scan=0
network={{
 key_mgmt=NONE
 eapol_flags=0
 macsec_policy=1
 mka_cak={cak}
 mka_ckn={ckn}
 mka_priority=16
}}
"""

_ANSWER = """
import socket, sys
me = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
me.bind((sys.argv[1], 7))
while True:
    me.sendto(*me.recvfrom(100))
"""
_ASK = """
import socket, sys
wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
wire.bind(("sw0", 0))
wire.setblocking(False)
me = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
me.settimeout(1)
for attempt in range(30):
    try:
        me.sendto(b"are you there?", (sys.argv[1], 7))
        me.recv(100)
        break
    except OSError:
        pass
else:
    sys.exit("nobody answered")
try:
    while True:
        print(wire.recv(2000)[12:14].hex())
except BlockingIOError:
    pass
"""


class Peer:
    """The switch: it is the key server."""

    def __init__(self, cable: Cable, folder: Path, cak: str) -> None:
        self._cable = cable
        configuration = folder / "switch.conf"
        configuration.write_text(_SWITCH.format(folder=folder, cak=cak, ckn=CKN))
        self._log = (folder / "switch.log").open("w")
        self._process = subprocess.Popen(
            [
                *cable.inside(cable.switch),
                "wpa_supplicant",
                "-D",
                "macsec_linux",
                "-i",
                "sw0",
                "-c",
                str(configuration),
            ],
            stdout=self._log,
            stderr=subprocess.STDOUT,
        )

    def ask(self, address: str) -> set[str]:
        """Ask the device something over the link; return the types of all frames that passed on the wire."""
        cable = self._cable
        cable.ip("-n", cable.switch, "address", "add", "192.0.2.1/24", "dev", "macsec0")
        cable.ip("-n", cable.device, "address", "add", f"{address}/24", "dev", "macsec0")
        answering = subprocess.Popen([*cable.inside(cable.device), sys.executable, "-c", _ANSWER, address])
        try:
            command = [*cable.inside(cable.switch), sys.executable, "-c", _ASK, address]
            return set(subprocess.run(command, check=True, capture_output=True, text=True).stdout.split())
        finally:
            answering.kill()
            answering.wait()

    def close(self) -> None:
        self._process.terminate()
        self._process.wait()
        self._log.close()


@pytest_asyncio.fixture
async def network(connection: Connect, bus_address: str, tmp_path: Path) -> AsyncIterator[tuple[Cable, Network, Path]]:
    if reason := missing():
        pytest.skip(reason)
    cable = Cable()
    async with AsyncExitStack() as end:
        end.callback(cable.close)
        run = Path(end.enter_context(tempfile.TemporaryDirectory(prefix="axiod-run-")))
        process = Network(await connection(), bus_address, tmp_path, cable, run)
        systemd = Systemd(await connection(), bus_address, cable, process.state, run)
        end.push_async_callback(systemd.close)
        await systemd.begin()
        end.push_async_callback(stopped, process)
        await process.start()
        yield cable, process, run


@pytest.mark.parametrize("cak", [CAK, CAK * 2], ids=["128", "256"])
@pytest.mark.parametrize("mode", ["encrypt", "integrity"])
async def test_a_link_is_secured(network: tuple[Cable, Network, Path], cak: str, mode: str) -> None:
    cable, process, run = network
    peer = Peer(cable, run, cak)
    try:
        assert "macsec" in await process.dot1x.get("Methods")
        await process.dot1x.call("SetSecrets", {"Cak": cak})
        await process.dot1x.configure(Enabled=True, Method="macsec", Ckn=CKN, MacsecMode=mode)
        found = await process.stands("secured", 90)
        assert found["SecuredInterface"] == "macsec0"
        assert "Reason" not in found
        passed = peer.ask("192.0.2.2")
        assert "88e5" in passed, "nothing passed that MACsec protects"
        assert not passed & {"0800", "0806"}, "something passed in the clear"
    finally:
        peer.close()


async def test_another_key_is_not_secured(network: tuple[Cable, Network, Path]) -> None:
    cable, process, run = network
    peer = Peer(cable, run, CAK[::-1])
    try:
        await process.dot1x.call("SetSecrets", {"Cak": CAK})
        await process.dot1x.configure(Enabled=True, Method="macsec", Ckn=CKN)
        found = await process.dot1x.eventually(State="connecting", Secrets=["Cak"])
        while not found.get("Reason"):
            found = await process.dot1x.all()
        assert found["Reason"].startswith("nobody has answered with the same key")
        assert "SecuredInterface" not in found
    finally:
        peer.close()
