# SPDX-License-Identifier: Apache-2.0
"""Two machines and a cable: what programs that have nothing to do with axiod find. Needs root."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

import pytest

from tests.conftest import WAIT_SECONDS
from tests.discovery.announce import DEVICE
from tests.discovery.test_ssdp import NAMESPACE, search, value
from tests.discovery.test_ws_discovery import TDS, message

if TYPE_CHECKING:
    from tests.discovery.conftest import Announcer
    from tests.discovery.net import Machine, Net

UPNP = ("239.255.255.250", "1900")
UPNP_6 = ("ff02::c", "1900")
WS = ("239.255.255.250", "3702")
WS_6 = ("ff02::c", "3702")
ENDPOINT = f"urn:uuid:{DEVICE.uuid}"
PROBE = message("<d:Probe/>")


def find(machine: Machine, *wanted: str) -> list[dict[str, Any]]:
    """Return what the library wsdiscovery finds there."""
    lines = machine.run(sys.executable, "-m", "tests.discovery.search", *wanted).splitlines()
    return [json.loads(line) for line in lines]


def ask(machine: Machine, group: tuple[str, str], *packets: bytes, source: str = "") -> list[tuple[str, str]]:
    """Send datagrams to a group from there, and return who answered what."""
    command = machine(sys.executable, "-m", "tests.discovery.raw", machine.interface, *group, *filter(None, [source]))
    lines = "".join(packet.hex() + "\n" for packet in packets)
    done = subprocess.run(command, input=lines, check=True, capture_output=True, text=True, timeout=30)
    return [tuple(json.loads(line)) for line in done.stdout.splitlines()]


def description(machine: Machine, location: str) -> dict[str, str | None]:
    root = ElementTree.fromstring(machine.run("curl", "-fsS", "--globoff", "--max-time", "10", location))
    return {child.tag.partition("}")[2]: child.text for child in root.iterfind("u:device/*", NAMESPACE)}


def status_of(machine: Machine, *arguments: str) -> str:
    """Return the HTTP status that curl gets there; 000 when there is no answer."""
    command = machine("curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", "--max-time", "10", *arguments)
    return subprocess.run(command, check=False, capture_output=True, text=True).stdout


async def test_upnp_finds_the_device_and_reads_what_it_is(net: Net, announcer: Announcer) -> None:
    assert await announcer.show() == "found by UPnP and WS-Discovery on va"
    found = net.other.run("gssdp-discover", "-i", "vb", "--timeout=3", "-t", "upnp:rootdevice")
    assert f"uuid:{DEVICE.uuid}::upnp:rootdevice" in found
    (location,) = {line.split()[-1] for line in found.splitlines() if "Location:" in line}
    said = description(net.other, location)
    assert (said["friendlyName"], said["modelName"]) == (DEVICE.friendly_name, DEVICE.model)
    assert (said["serialNumber"], said["UDN"]) == (DEVICE.serial_number, f"uuid:{DEVICE.uuid}")
    assert said["presentationURL"] == "http://192.0.2.1/"


async def test_upnp_hears_it_come_and_go(net: Net, announcer: Announcer) -> None:
    process = await asyncio.create_subprocess_exec(
        *net.other("stdbuf", "-oL", "gssdp-discover", "-i", "vb", "--message-type=all", "-t", "upnp:rootdevice"),
        stdout=subprocess.PIPE,
    )
    assert process.stdout
    try:
        async with asyncio.timeout(WAIT_SECONDS):
            while b"Showing" not in await process.stdout.readline():
                pass
            await announcer.show(ws_discovery=False)
            while await process.stdout.readline() != b"resource available\n":
                pass
            await announcer.hide()
            while await process.stdout.readline() != b"resource unavailable\n":
                pass
    finally:
        process.kill()
        await process.wait()
        process._transport.close()  # type: ignore[attr-defined] # asyncio has no other way


@pytest.mark.parametrize(
    ("wanted", "there"),
    [
        ((), True),
        ((f"{{{TDS}}}Device",), True),
        (("onvif://www.onvif.org/hardware/A9210",), True),
        (("{http://www.onvif.org/ver10/network/wsdl}NetworkVideoTransmitter",), False),
        (("onvif://www.onvif.org/hardware/other",), False),
    ],
)
async def test_ws_discovery_finds_who_is_meant(
    net: Net, announcer: Announcer, wanted: tuple[str, ...], there: bool
) -> None:
    await announcer.show(scheme="https", port=8443)
    found = await asyncio.to_thread(find, net.other, *wanted)
    assert [one["endpoint"] for one in found] == [ENDPOINT] * there
    for one in found:
        assert one["types"] == [f"{{{TDS}}}Device"]
        assert one["xaddrs"] == ["https://192.0.2.1:8443/vapix/services"]
        assert "onvif://www.onvif.org/name/Gate%20%26%20barrier" in one["scopes"]


async def test_ws_discovery_hears_it_come_and_go(net: Net, announcer: Announcer) -> None:
    process = await asyncio.create_subprocess_exec(
        *net.other(sys.executable, "-m", "tests.discovery.search", "follow"), stdout=subprocess.PIPE
    )
    assert process.stdout
    try:
        async with asyncio.timeout(WAIT_SECONDS):
            assert await process.stdout.readline() == b"ready\n"
            await announcer.show(upnp=False)
            assert await process.stdout.readline() == f"hello {ENDPOINT}\n".encode()
            await announcer.hide()
            while (line := await process.stdout.readline()).startswith(b"hello"):
                pass
            assert line == f"bye {ENDPOINT}\n".encode()
    finally:
        process.kill()
        await process.wait()
        process._transport.close()  # type: ignore[attr-defined] # asyncio has no other way


async def test_both_answer_over_ipv6(net: Net, announcer: Announcer) -> None:
    await announcer.show()
    ((peer, answer),) = ask(net.other, UPNP_6, search("ST: upnp:rootdevice", "MX: 1"))
    location = value(answer.encode(), "LOCATION")
    assert location.startswith("http://[fe80::")
    said = description(net.other, location.replace("]", "%25vb]"))
    assert said["presentationURL"] == location.partition(":49152")[0] + "/"
    ((peer, answer),) = ask(net.other, WS_6, PROBE)
    assert f"http://[{peer.partition('%')[0]}]/vapix/services" in answer


async def test_a_switch_closes_every_port(net: Net, announcer: Announcer) -> None:
    def ports() -> set[str]:
        lines = net.device.run("ss", "-Hlnut").splitlines()
        return {line.split()[4].rpartition(":")[2] for line in lines}

    assert await announcer.show() == "found by UPnP and WS-Discovery on va"
    assert ports() == {"1900", "3702", "49152"}
    assert await announcer.show(upnp=False) == "found by WS-Discovery on va"
    assert ports() == {"3702"}
    assert await announcer.show(ws_discovery=False) == "found by UPnP on va"
    assert ports() == {"1900", "49152"}
    assert await announcer.hide() == "announces nothing"
    assert ports() == set()


async def test_it_is_found_on_a_link_that_comes_later(net: Net, announcer: Announcer) -> None:
    net.device.ip("link", "set", "va", "down")
    assert await announcer.show() == "found by UPnP and WS-Discovery on no link yet"
    net.device.ip("link", "set", "va", "up")
    assert await announcer.line() == "found by UPnP and WS-Discovery on va"
    assert [one["endpoint"] for one in await asyncio.to_thread(find, net.other)] == [ENDPOINT]


async def test_another_address_is_told(net: Net, announcer: Announcer) -> None:
    await announcer.show()
    net.device.ip("address", "add", "192.0.2.77/24", "dev", "va")
    net.device.ip("address", "delete", "192.0.2.1/24", "dev", "va")
    net.device.ip("address", "add", "192.0.2.77/24", "dev", "va")
    await announcer.line()
    ((peer, answer),) = ask(net.other, WS, PROBE)
    assert peer == "192.0.2.77"
    assert "http://192.0.2.77/vapix/services" in answer
    assert "192.0.2.1/" not in answer


# --- what strangers may try ---


async def test_what_is_announced_is_the_latest_also_when_links_change(net: Net, announcer: Announcer) -> None:
    await announcer.show()
    assert await announcer.hide_while_links_change() == ["announces nothing"] * 2
    assert net.device.run("ss", "-Hlnu", "sport", "=", "3702") == ""


async def test_who_is_not_on_the_link_is_not_answered(net: Net, announcer: Announcer) -> None:
    await announcer.show()
    net.other.ip("address", "add", "198.51.100.9/24", "dev", "vb")
    net.device.ip("route", "add", "198.51.100.0/24", "dev", "va")  # an answer would get there
    for group, packet in ((WS, PROBE), (UPNP, search("MX: 1"))):
        assert ask(net.other, group, packet, source="198.51.100.9") == []
        assert ask(net.other, group, packet, source="192.0.2.2") != []
    from_there = ("--interface", "198.51.100.9", "http://192.0.2.1:49152/description.xml")
    assert status_of(net.other, *from_there) == "000"


async def test_a_packet_to_the_device_alone_is_not_answered(net: Net, announcer: Announcer) -> None:
    await announcer.show()
    assert ask(net.other, ("192.0.2.1", "3702"), PROBE) == []
    assert ask(net.other, ("192.0.2.1", "1900"), search("MX: 1")) == []


async def test_a_flood_of_questions_brings_few_answers(net: Net, announcer: Announcer) -> None:
    await announcer.show()
    probes = [message("<d:Probe/>", id_=f"urn:uuid:{number}") for number in range(500)]
    assert 0 < len(ask(net.other, WS, *probes)) <= 20
    assert 0 < len(ask(net.other, UPNP, *[search("MX: 1", "ST: upnp:rootdevice")] * 500)) <= 20


async def test_a_question_that_is_repeated_is_answered_once(net: Net, announcer: Announcer) -> None:
    await announcer.show()
    assert len(ask(net.other, WS, PROBE, PROBE, PROBE)) == 1


async def test_rubbish_does_no_harm(net: Net, announcer: Announcer) -> None:
    await announcer.show()
    bomb = message("<d:Probe>&a;</d:Probe>", before='<!DOCTYPE s [<!ENTITY a "aaaa">]>')
    for group in (WS, UPNP, WS_6, UPNP_6):
        assert ask(net.other, group, b"\x00", b"<", bomb, b"x" * 9000, b"M-SEARCH * HTTP/1.1\r\n") == []
    net.other.ip("address", "add", "192.0.2.3/24", "dev", "vb")
    assert len(ask(net.other, WS, PROBE, source="192.0.2.3")) == 1
    assert len(ask(net.other, UPNP, search("MX: 1"), source="192.0.2.3")) == 3


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (("http://192.0.2.1:49152/description.xml",), "200"),
        (("--head", "http://192.0.2.1:49152/description.xml"), "200"),
        (("http://192.0.2.1:49152/",), "404"),
        (("--path-as-is", "http://192.0.2.1:49152/../etc/passwd"), "404"),
        (("-d", "x", "http://192.0.2.1:49152/description.xml"), "405"),
        (("-H", "X: " + "x" * 9000, "http://192.0.2.1:49152/description.xml"), "000"),
    ],
)
async def test_the_description_is_all_that_is_served(
    net: Net, announcer: Announcer, arguments: tuple[str, ...], status: str
) -> None:
    await announcer.show(ws_discovery=False)
    assert status_of(net.other, *arguments) == status
