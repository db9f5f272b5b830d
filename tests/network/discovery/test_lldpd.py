# SPDX-License-Identifier: Apache-2.0
"""What a real lldpd tells of another one. Needs root."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from axiod.errors import NotSupported, Unavailable
from axiod.network.discovery.lldpd import Lldpd
from axiod.network.discovery.neighbours import options
from tests.conftest import until

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Connect
    from tests.network.discovery.conftest import LldpdHost

SLOW = 30.0
POWER = (
    "dot3 power pse supported enabled paircontrol powerpairs spare class class-4 type 2 source primary priority high "
    "requested 20000 allocated 18000"
)

Hosts = tuple["LldpdHost", "LldpdHost"]


async def heard(lldpd: Lldpd, protocol: str) -> dict[str, Any]:
    """Wait for a neighbour that speaks a protocol."""
    async with asyncio.timeout(SLOW):
        while True:
            found = await lldpd.neighbours()
            if [one["Protocol"] for one in found] == [protocol]:
                return found[0]


async def start(host: LldpdHost, words: str, *more: str) -> None:
    host.start(*words.split(), *more)
    await until(lambda: host.ready, SLOW)
    host.configure("lldp", "tx-interval", "1")  # seconds, so that nobody need wait half a minute


@pytest.mark.parametrize(("lldp", "cdp"), [(True, False), (False, True), (True, True)])
async def test_a_switch_is_heard_and_hears_us(
    lldpd_hosts: Hosts, connection: Connect, tmp_path: Path, lldp: bool, cdp: bool
) -> None:
    device, switch = lldpd_hosts
    await start(device, options(lldp=lldp, cdp=cdp))
    await start(switch, "-l -ccc", "-S", "The switch")
    switch.configure("ports", "vb", *POWER.split())
    # Whoever is heard by both is one neighbour, and LLDP says more.
    protocol = "lldp" if lldp else "cdp"
    told = []
    for host in (device, switch):
        with host.client() as socket:
            await until(socket.exists)
            told.append(await heard(Lldpd(await connection(), tmp_path, socket), protocol))
    ours, theirs = told
    assert ours["Interface"] == "va"
    assert "192.0.2.2" in ours["Addresses"]
    assert "192.0.2.1" in theirs["Addresses"]
    if lldp:
        assert ours["Description"] == "The switch"
        assert (ours["PowerRequestedMw"], ours["PowerAllocatedMw"]) == (20000, 18000)


async def test_an_lldpd_that_is_not_there(connection: Connect, tmp_path: Path) -> None:
    lldpd = Lldpd(await connection(), tmp_path, tmp_path / "none", programs=str(tmp_path))
    assert await lldpd.why_not() == "lldpd is not installed; install the package lldpd"
    with pytest.raises(NotSupported, match=r"^lldpd is not installed; install the package lldpd$"):
        await lldpd.neighbours()
    # It can be turned off all the same, for when it is installed.
    await lldpd.speak(lldp=False, cdp=False)
    assert (tmp_path / "lldpd.env").read_text() == 'LLDPD_OPTIONS="-ll"\n'


@pytest.fixture
def installed(tmp_path: Path) -> str:
    """A folder with a program lldpd."""
    program = tmp_path / "bin" / "lldpd"
    program.parent.mkdir()
    program.write_text("")
    program.chmod(0o755)
    return str(program.parent)


async def test_an_lldpd_that_does_not_answer(connection: Connect, tmp_path: Path, installed: str) -> None:
    lldpd = Lldpd(await connection(), tmp_path, tmp_path / "none", programs=installed)
    with pytest.raises(NotSupported, match=r"systemctl start axiod-neighbours\.socket$"):
        await lldpd.neighbours()
    (tmp_path / "none").write_text("")
    with pytest.raises(Unavailable, match="lldpd cannot be asked: Connection refused"):
        await lldpd.neighbours()


@pytest.mark.parametrize(("said", "complaint"), [("", "does not answer"), ("[]", "cannot be understood")])
async def test_an_answer_that_is_none(
    connection: Connect, tmp_path: Path, installed: str, said: str, complaint: str
) -> None:
    def answer(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(said.encode())
        writer.close()

    server = await asyncio.start_unix_server(answer, tmp_path / "socket")
    lldpd = Lldpd(await connection(), tmp_path, tmp_path / "socket", programs=installed)
    with pytest.raises(Unavailable, match=complaint):
        await lldpd.neighbours()
    server.close()


async def test_the_choice_stays_as_it_was_where_systemd_is_not_there(
    connection: Connect, tmp_path: Path, installed: str
) -> None:
    lldpd = Lldpd(await connection(), tmp_path, programs=installed)
    await lldpd.speak(lldp=True, cdp=False)
    assert not (tmp_path / "lldpd.env").exists(), "what lldpd does anyway needs no file, and no restart"
    with pytest.raises(Unavailable, match="systemd does not restart lldpd"):
        await lldpd.speak(lldp=True, cdp=True)
    assert (tmp_path / "lldpd.env").read_text() == 'LLDPD_OPTIONS=""\n'
