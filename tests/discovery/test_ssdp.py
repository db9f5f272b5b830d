# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_address
from xml.etree import ElementTree

import pytest

from axiod.discovery import ssdp
from axiod.discovery.description import description
from axiod.discovery.model import announced, host
from axiod.discovery.ssdp import ALL, DEVICE_TYPE, ROOT, Search
from tests.discovery.announce import DEVICE

LOCATION = "http://192.0.2.7:49152/description.xml"


def search(*lines: str, first: str = "M-SEARCH * HTTP/1.1") -> bytes:
    """Return a packet as a control point sends it, with some headers in place of the usual ones."""
    headers = {"HOST": "239.255.255.250:1900", "MAN": '"ssdp:discover"', "MX": "3", "ST": ALL}
    for line in lines:
        name, _, given = line.partition(": ")
        headers[name] = given
    return "".join([first + "\r\n", *(f"{name}: {value}\r\n" for name, value in headers.items()), "\r\n"]).encode()


def value(packet: bytes, name: str) -> str:
    head, end, rest = packet.decode().partition("\r\n\r\n")
    assert (end, rest) == ("\r\n\r\n", "")
    found = {line.partition(":")[0]: line.partition(":")[2] for line in head.split("\r\n")[1:]}
    return found[name].strip()


@pytest.mark.parametrize(
    ("packet", "expected"),
    [
        (search(), Search(ALL, 3)),
        (search(f"ST: {ROOT}", "MX: 1"), Search(ROOT, 1)),
        # Whoever asks for an answer within two minutes gets it within 5 s, as the standard says.
        (search("MX: 120"), Search(ALL, 5)),
        (search("MX: 0"), Search(ALL, 1)),
        (search("USER-AGENT: Some OS/1 UPnP/1.1 product/1"), Search(ALL, 3)),
        (search().replace(b"MAN: ", b"Man:").replace(b"ST: ", b"St:   "), Search(ALL, 3)),
    ],
)
def test_a_search_is_read(packet: bytes, expected: Search) -> None:
    assert ssdp.read(packet) == expected


@pytest.mark.parametrize(
    "packet",
    [
        b"",
        b"\xff\xfe\x00",
        b"M-SEARCH * HTTP/1.1",
        search(first="NOTIFY * HTTP/1.1"),
        search(first="HTTP/1.1 200 OK"),
        search(first="M-SEARCH / HTTP/1.1"),
        search("MAN: ssdp:discover"),
        search("MX"),
        search("MX: -1"),
        search("MX: many"),
        search("MX: 1000000"),
        search("ST"),
        search().replace(b"MX: 3\r\n", b""),
        search().replace(b"MX: 3", b"MX 3"),
        search("ST: " + "x" * 600),
        search(*(f"X-{number}: y" for number in range(64))),
    ],
)
def test_what_is_no_search_is_not_answered(packet: bytes) -> None:
    assert ssdp.read(packet) is None


def test_a_device_is_found_as_what_it_is() -> None:
    mine = f"uuid:{DEVICE.uuid}"
    assert ssdp.found(Search(ALL, 1), DEVICE) == (ROOT, mine, DEVICE_TYPE)
    for target in (ROOT, mine, DEVICE_TYPE):
        assert ssdp.found(Search(target, 1), DEVICE) == (target,)
    for target in ("uuid:7c8f6775-0000-5006-b61a-723eab3f71d9", "urn:schemas-upnp-org:device:MediaServer:1"):
        assert ssdp.found(Search(target, 1), DEVICE) == ()


def test_an_answer_says_where_the_description_is() -> None:
    packet = ssdp.answer(ROOT, DEVICE, LOCATION, 17, "Mon, 30 Nov 2026 12:00:00 GMT")
    assert packet.startswith(b"HTTP/1.1 200 OK\r\n")
    assert value(packet, "LOCATION") == LOCATION
    assert (value(packet, "ST"), value(packet, "USN")) == (ROOT, f"uuid:{DEVICE.uuid}::{ROOT}")
    assert value(packet, "EXT") == ""
    assert value(packet, "CACHE-CONTROL") == "max-age=1800"
    assert value(packet, "SERVER") == "Linux UPnP/1.1 axiod/0.1.0"
    assert value(packet, "BOOTID.UPNP.ORG") == "17"


def test_it_says_that_it_is_there_and_that_it_goes() -> None:
    mine = f"uuid:{DEVICE.uuid}"
    alive = ssdp.alive(mine, DEVICE, LOCATION, 17, "[ff02::c]")
    assert alive.startswith(b"NOTIFY * HTTP/1.1\r\n")
    assert (value(alive, "NT"), value(alive, "USN"), value(alive, "NTS")) == (mine, mine, "ssdp:alive")
    assert value(alive, "HOST") == "[ff02::c]:1900"
    bye = ssdp.byebye(DEVICE_TYPE, DEVICE, 17, "239.255.255.250")
    assert value(bye, "USN") == f"{mine}::{DEVICE_TYPE}"
    assert value(bye, "NTS") == "ssdp:byebye"


def test_an_answer_is_not_much_longer_than_the_question() -> None:
    """Whoever sends questions in the name of somebody else does not gain much."""
    asked = search()
    answers = [ssdp.answer(target, DEVICE, LOCATION, 1 << 31, "") for target in ssdp.targets(DEVICE)]
    assert sum(map(len, answers)) < 12 * len(asked)


# --- the description ---

NAMESPACE = {"u": "urn:schemas-upnp-org:device-1-0"}


def described(**changes: str | int) -> ElementTree.Element:
    text = description(replace(DEVICE, **changes), ip_address("192.0.2.7"), 17)  # type: ignore[arg-type] # any field
    found = ElementTree.fromstring(text).find("u:device", NAMESPACE)
    assert found is not None
    return found


def test_the_description_names_the_device() -> None:
    device = described()
    assert {child.tag.partition("}")[2]: child.text for child in device} == {
        "deviceType": DEVICE_TYPE,
        "friendlyName": "Gate & barrier",
        "manufacturer": "axiod",
        "modelDescription": "axiod A9210 Network I/O Relay Module",
        "modelName": "A9210",
        "modelNumber": "A9210",
        "serialNumber": "02AB54C1D2E3",
        "UDN": f"uuid:{DEVICE.uuid}",
        "presentationURL": "http://192.0.2.7/",
    }


def test_no_name_can_break_the_description() -> None:
    assert described(friendly_name="</friendlyName><x/>]]>").findtext("u:friendlyName", None, NAMESPACE) == (
        "</friendlyName><x/>]]>"
    )
    assert described(friendly_name="ä" * 90).findtext("u:friendlyName", None, NAMESPACE) == "ä" * 63


# --- what is made of the services' properties ---

DISCOVERY = {"Upnp": True, "UpnpName": "Gate", "WsDiscovery": False, "BonjourName": "Door"}
DEVICE_SAYS = {
    "Brand": "axiod", "Model": "A9210", "FullName": "axiod A9210", "SerialNumber": "02AB54C1D2E3", "Version": "0.1.0",
    "WebUrl": "",
}  # fmt: skip
WEB = {"Protocols": "both", "HttpPort": 80, "HttpsPort": 443}


@pytest.mark.parametrize(
    ("web", "address", "expected"),
    [
        ({}, "192.0.2.7", "http://192.0.2.7/"),
        ({"HttpPort": 8080}, "192.0.2.7", "http://192.0.2.7:8080/"),
        ({"Protocols": "http"}, "2001:db8::7", "http://[2001:db8::7]/"),
        ({"Protocols": "https"}, "192.0.2.7", "https://192.0.2.7/"),
        ({"Protocols": "https", "HttpsPort": 8443}, "fe80::1%eth0", "https://[fe80::1]:8443/"),
    ],
)
def test_the_web_page_is_where_the_settings_say(web: dict[str, object], address: str, expected: str) -> None:
    what = announced(DISCOVERY, DEVICE_SAYS, WEB | web)
    assert what.url(ip_address(address), "/") == expected


def test_the_names_and_switches_are_those_of_the_settings() -> None:
    what = announced(DISCOVERY, DEVICE_SAYS, WEB)
    assert (what.upnp, what.ws_discovery) == (True, False)
    assert (what.friendly_name, what.name) == ("Gate", "Door")


def test_the_uuid_follows_from_the_serial_number_alone() -> None:
    assert DEVICE.uuid == replace(DEVICE, friendly_name="Other", version="2").uuid
    assert DEVICE.uuid != replace(DEVICE, serial_number="02AB54C1D2E4").uuid


def test_an_address_stands_in_a_url() -> None:
    assert host(ip_address("192.0.2.7")) == "192.0.2.7"
    assert host(ip_address("fe80::1%eth0")) == "[fe80::1]"
