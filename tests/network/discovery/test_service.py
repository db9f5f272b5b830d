# SPDX-License-Identifier: Apache-2.0
"""axiod-network and axiod-discovery as they run, with avahi, and what programs on another machine find. Needs root."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.conftest import until
from tests.discovery.test_peers import description, find

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.discovery.net import Net
    from tests.network.discovery.conftest import AvahiHost

ROOT = Path(__file__).parents[3]
TYPE = "_vapix-http._tcp"
SLOW = 30.0


class Device:
    """The device: its services on the bus that its avahi-daemon is on."""

    def __init__(self, net: Net, host: AvahiHost, folder: Path, stack: ExitStack) -> None:
        self.host = host
        self._net = net
        self._folder = folder
        self._stack = stack

    def start(self, name: str) -> subprocess.Popen[bytes]:
        """Start one of its services."""
        state = self._folder / name
        state.mkdir(exist_ok=True)
        environment = {
            **self.host.environment,
            "STATE_DIRECTORY": str(state),
            "AXIOD_AVAHI_SERVICES": str(self.host.services),
            "PYTHONPATH": str(ROOT),
        }
        with (self._folder / f"{name}.log").open("ab") as log:
            command = self._net.device(sys.executable, "-m", f"axiod.{name}")
            process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)

        def end() -> None:
            process.terminate()
            process.wait()

        self._stack.callback(end)
        return process

    def said(self, name: str) -> str:
        """Return what a service wrote into its log."""
        return (self._folder / f"{name}.log").read_text()

    def axioctl(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run axioctl there."""
        command = [sys.executable, "-m", "axiod.cli", "--bus", self.host.bus.address, *words]
        return subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, "LC_ALL": "C"})

    def known(self) -> dict[str, Any]:
        """Return the properties once they are of a device that is known."""
        found = self.show()
        return found if found.get("BonjourName", "").startswith("axiod - ") else {}

    def show(self) -> dict[str, Any]:
        """Return the properties."""
        done = self.axioctl("discovery", "show", "--json")
        return dict(json.loads(done.stdout)) if done.returncode == 0 else {}


@pytest.fixture
def device(net: Net, avahi_hosts: tuple[AvahiHost, AvahiHost], tmp_path: Path) -> Iterator[Device]:
    """The device with axiod-system and axiod-network, on a network where another machine runs avahi as well."""
    with ExitStack() as stack:
        host, other = avahi_hosts
        host.start()
        other.start()
        made = Device(net, host, tmp_path, stack)
        made.start("system")
        made.start("network")
        yield made


async def test_it_is_found_by_every_protocol_under_its_names(
    device: Device, net: Net, avahi_hosts: tuple[AvahiHost, AvahiHost]
) -> None:
    await until(device.known, SLOW)
    device.start("discovery")
    done = device.axioctl("discovery", "configure", "--bonjour-name", "Gate 7", "--upnp", "on")
    assert (done.returncode, done.stderr) == (0, "")
    await until(lambda: "found by UPnP and WS-Discovery" in device.said("discovery"), SLOW)

    await until(lambda: avahi_hosts[1].names(TYPE) == ["Gate 7"], SLOW)
    (found,) = avahi_hosts[1].browse(TYPE)
    serial_number = json.loads(device.axioctl("device", "show", "--json").stdout)["SerialNumber"]
    assert f'"macaddress={serial_number}"' in found[9]

    (found_by_ws,) = await asyncio.to_thread(find, net.other, "onvif://www.onvif.org/name/Gate%207")
    assert found_by_ws["xaddrs"] == ["http://192.0.2.1/vapix/services"]

    text = net.other.run("gssdp-discover", "-i", "vb", "--timeout=3", "-t", "upnp:rootdevice")
    (location,) = {line.split()[-1] for line in text.splitlines() if "Location:" in line}
    said = description(net.other, location)
    assert (said["friendlyName"], said["serialNumber"]) == (f"axiod - {serial_number}", serial_number)

    assert await until(lambda: device.show().get("BonjourAnnounced") == "Gate 7", SLOW)
    assert device.show()["BonjourHost"] == "gate-7.local"
    # A port that is changed is announced without anybody asking for it.
    assert device.axioctl("web", "configure", "--http-port", "8080").returncode == 0
    assert await until(lambda: [one[8] for one in avahi_hosts[1].browse(TYPE)] == ["8080"], SLOW)
    assert (await asyncio.to_thread(find, net.other))[0]["xaddrs"] == ["http://192.0.2.1:8080/vapix/services"]

    done = device.axioctl("discovery", "configure", "--bonjour", "off", "--upnp", "off", "--ws-discovery", "off")
    assert done.returncode == 0
    assert await until(lambda: not avahi_hosts[1].browse(TYPE), SLOW)
    assert await until(lambda: not net.device.run("ss", "-Hlnu", "sport", "=", "3702"), SLOW)
    assert {"BonjourAnnounced", "BonjourHost"}.isdisjoint(device.show())


async def test_what_is_announced_outlives_the_service(device: Device, avahi_hosts: tuple[AvahiHost, AvahiHost]) -> None:
    first = await until(device.known, SLOW)
    await until(lambda: avahi_hosts[1].names(TYPE) == [first["BonjourName"]], SLOW)
    assert device.axioctl("discovery", "configure", "--upnp-name", "Door").returncode == 0
    process = device.start("network")  # one that finds the name taken, and ends
    process.wait()
    device._stack.close()
    assert avahi_hosts[1].names(TYPE) == [first["BonjourName"]]
    for name in ("system", "network"):
        device.start(name)
    again = await until(device.known, SLOW)
    assert (again["BonjourName"], again["UpnpName"]) == (first["BonjourName"], "Door")


async def test_what_cannot_be_done_is_refused_and_changes_nothing(device: Device) -> None:
    before = await until(device.known, SLOW)
    for words, complaint in (
        (["--bonjour-name", "ä" * 32], "BonjourName has 64 bytes in UTF-8; it may have 63"),
        (["--upnp-name", " x"], "UpnpName must not begin or end with a space"),
        (["--upnp", "on", "--cdp", "on"], "systemd does not restart lldpd"),
    ):
        done = device.axioctl("discovery", "configure", *words)
        assert done.returncode != 0
        assert complaint in done.stderr
    settings = ("Bonjour", "BonjourName", "Upnp", "UpnpName", "WsDiscovery", "Lldp", "Cdp")
    after = device.show()
    assert {name: after[name] for name in settings} == {name: before[name] for name in settings}


async def test_neighbours_that_cannot_be_asked_for_are_an_error_with_a_reason(device: Device) -> None:
    await until(device.known, SLOW)
    done = device.axioctl("discovery", "neighbours")
    assert done.returncode != 0
    assert "nobody can ask lldpd here" in done.stderr


async def test_a_name_is_given_back(device: Device) -> None:
    before = await until(device.known, SLOW)
    assert device.axioctl("discovery", "configure", "--bonjour-name", "Gate").returncode == 0
    assert device.show()["BonjourName"] == "Gate"
    assert device.axioctl("discovery", "configure", "--bonjour-name", "").returncode == 0
    assert device.show()["BonjourName"] == before["BonjourName"]


async def test_an_avahi_that_does_not_run_is_told_of(device: Device) -> None:
    assert await until(lambda: device.show().get("BonjourHost") == "gate-7.local", SLOW)
    assert device.show()["Unavailable"] == {}
    device.host.stop()
    assert await until(lambda: "bonjour" in device.show()["Unavailable"], SLOW)
    assert "bonjour does not work: avahi does not answer" in device.axioctl("discovery", "show").stdout
    device.host.start()
    assert await until(lambda: device.show().get("BonjourHost") == "gate-7.local", SLOW)
    assert device.show()["Unavailable"] == {}
