# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import contextlib
from dataclasses import replace
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from axiod.discovery import soap, ws_discovery
from axiod.discovery.soap import Refused
from axiod.discovery.ws_discovery import Probe, Resolve, Speaker
from tests.discovery.announce import DEVICE

DISCOVERY = "http://schemas.xmlsoap.org/ws/2005/04/discovery"
ONVIF = "http://www.onvif.org/ver10"
TDS = f"{ONVIF}/device/wsdl"
NAMESPACES = {
    "s": "http://www.w3.org/2003/05/soap-envelope",
    "a": "http://schemas.xmlsoap.org/ws/2004/08/addressing",
    "d": DISCOVERY,
}
DECLARED = " ".join(f'xmlns:{prefix}="{space}"' for prefix, space in NAMESPACES.items())


def message(body: str, action: str = "Probe", id_: str = "urn:uuid:1", before: str = "") -> bytes:
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>{before}<s:Envelope {DECLARED}><s:Header>'
        f"<a:Action>{DISCOVERY}/{action}</a:Action><a:MessageID>{id_}</a:MessageID>"
        f"<a:To>urn:schemas-xmlsoap-org:ws:2005:04:discovery</a:To></s:Header><s:Body>{body}</s:Body></s:Envelope>"
    ).encode()


def probe(types: str = "", scopes: str = "", match_by: str = "") -> Probe:
    by = f' MatchBy="{match_by}"' if match_by else ""
    inner = (f'<d:Types xmlns:t="{TDS}">{types}</d:Types>' if types else "") + (
        f"<d:Scopes{by}>{scopes}</d:Scopes>" if scopes else ""
    )
    found = ws_discovery.read(message(f"<d:Probe>{inner}</d:Probe>"))
    assert isinstance(found, Probe)
    return found


# --- questions ---


def test_a_probe_is_read_with_the_namespaces_of_its_types() -> None:
    asked = probe("t:Device", "onvif://www.onvif.org/name", f"{DISCOVERY}/rfc2396")
    assert asked == Probe("urn:uuid:1", ((TDS, "Device"),), ("onvif://www.onvif.org/name",), f"{DISCOVERY}/rfc2396")


def test_a_prefix_means_what_was_declared_last() -> None:
    inner = f'<d:Types xmlns:d="{DISCOVERY}" xmlns:t="urn:other"><x xmlns:t="{TDS}"/>t:Device</d:Types>'
    found = ws_discovery.read(message(f"<d:Probe>{inner}</d:Probe>"))
    assert isinstance(found, Probe)
    assert found.types == (("urn:other", "Device"),)


def test_a_resolve_is_read() -> None:
    inner = "<a:EndpointReference><a:Address> urn:uuid:2 </a:Address></a:EndpointReference>"
    assert ws_discovery.read(message(f"<d:Resolve>{inner}</d:Resolve>", "Resolve")) == Resolve(
        "urn:uuid:1", "urn:uuid:2"
    )


@pytest.mark.parametrize("action", ["Hello", "Bye", "ProbeMatches", "ResolveMatches"])
def test_what_others_announce_needs_no_answer(action: str) -> None:
    assert ws_discovery.read(message(f"<d:{action}/>", action)) is None


DEEP = "<x>" * 20 + "</x>" * 20
BOMB = '<!DOCTYPE s [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>'
OUTSIDE = '<!DOCTYPE s [<!ENTITY a SYSTEM "file:///etc/passwd">]>'


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x00\x01",
        b"<s:Envelope",
        b"<Envelope/>",
        message("<d:Probe/>")[:-5],
        message("<d:Probe>&a;</d:Probe>"),
        message("<d:Probe><d:Types>&b;</d:Types></d:Probe>", before=BOMB),
        message("<d:Probe/>", before="<!DOCTYPE s>"),
        message("<d:Probe><d:Types>&a;</d:Types></d:Probe>", before=OUTSIDE),
        message(f"<d:Probe>{DEEP}</d:Probe>"),
        message(f"<d:Probe>{'<x/>' * 200}</d:Probe>"),
        message("<d:Probe/>" + " " * soap.MAX_BYTES),
        message(f"<d:Probe><d:Types>{'x' * 3000}</d:Types></d:Probe>"),
        message("<d:Probe><d:Types>nobody:Device</d:Types></d:Probe>"),
        message("<d:Probe/>", id_=""),
        message("<d:Probe/>", id_="x" * 300),
        b'<?xml version="1.0" encoding="nobody-knows"?><x/>',
    ],
)
def test_what_is_no_message_is_refused(data: bytes) -> None:
    with pytest.raises(Refused):
        ws_discovery.read(data)


@given(st.binary(max_size=400))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    with contextlib.suppress(Refused):
        ws_discovery.read(data)


@given(st.data())
def test_a_message_with_damage_is_read_or_refused(data: st.DataObject) -> None:
    whole = bytearray(message('<d:Probe><d:Types xmlns:t="x">t:y</d:Types><d:Scopes>z</d:Scopes></d:Probe>'))
    for _ in range(data.draw(st.integers(1, 4))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    try:
        asked = ws_discovery.read(bytes(whole))
    except Refused:
        return
    if asked is not None:
        ws_discovery.matches(asked, DEVICE)


# --- who is meant ---

NAME = "onvif://www.onvif.org/name/Gate%20%26%20barrier"


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        (probe(), True),
        (probe("t:Device"), True),
        (probe("t:Device t:NetworkVideoTransmitter"), False),
        (probe("d:Device"), False),
        (probe(scopes="onvif://www.onvif.org"), True),
        (probe(scopes="onvif://www.onvif.org/"), True),
        (probe(scopes="onvif://www.onvif.org/name"), True),
        (probe(scopes=NAME), True),
        (probe(scopes="ONVIF://WWW.onvif.org/hardware/A9210 " + NAME), True),
        # Whole segments, and as they are written.
        (probe(scopes="onvif://www.onvif.org/hardware/A92"), False),
        (probe(scopes="onvif://www.onvif.org/hardware/a9210"), False),
        (probe(scopes="onvif://www.onvif.org/name onvif://www.onvif.org/location"), False),
        (probe(scopes="onvif://other/name"), False),
        (probe(scopes="http://[broken"), False),
        (probe(scopes=NAME, match_by=f"{DISCOVERY}/strcmp0"), True),
        (probe(scopes="onvif://www.onvif.org/name", match_by=f"{DISCOVERY}/strcmp0"), False),
        (probe(scopes="onvif://www.onvif.org/name", match_by=f"{DISCOVERY}/ldap"), False),
        (Resolve("urn:uuid:1", f"urn:uuid:{DEVICE.uuid}"), True),
        (Resolve("urn:uuid:1", "urn:uuid:7c8f6775-0000-5006-b61a-723eab3f71d9"), False),
        (Resolve("urn:uuid:1", ""), False),
    ],
)
def test_only_who_is_meant_answers(asked: Probe | Resolve, expected: bool) -> None:
    assert ws_discovery.matches(asked, DEVICE) is expected


# --- what is said ---


def text(data: bytes, path: str) -> str | None:
    return ElementTree.fromstring(data).findtext(path, None, NAMESPACES)


def test_an_answer_belongs_to_its_question() -> None:
    xaddrs = ["http://192.0.2.7/vapix/services", "http://198.51.100.7/vapix/services"]
    data = Speaker(17, 5).answer("urn:uuid:9", probe(), DEVICE, xaddrs)
    match = "s:Body/d:ProbeMatches/d:ProbeMatch/"
    assert text(data, "s:Header/a:Action") == f"{DISCOVERY}/ProbeMatches"
    assert text(data, "s:Header/a:RelatesTo") == "urn:uuid:1"
    assert text(data, "s:Header/a:MessageID") == "urn:uuid:9"
    assert text(data, match + "a:EndpointReference/a:Address") == f"urn:uuid:{DEVICE.uuid}"
    assert text(data, match + "d:Types") == "tds:Device"
    assert (text(data, match + "d:Scopes") or "").split() == list(ws_discovery.scopes(DEVICE))
    assert (text(data, match + "d:XAddrs") or "").split() == xaddrs
    assert text(data, match + "d:MetadataVersion") == "5"


def test_a_resolve_is_answered_as_such() -> None:
    asked = Resolve("urn:uuid:<1>", f"urn:uuid:{DEVICE.uuid}")
    data = Speaker(17).answer("urn:uuid:9", asked, DEVICE, ["http://192.0.2.7/"])
    assert text(data, "s:Header/a:RelatesTo") == "urn:uuid:<1>"
    assert text(data, "s:Body/d:ResolveMatches/d:ResolveMatch/d:XAddrs") == "http://192.0.2.7/"


def test_each_message_has_the_next_number() -> None:
    speaker = Speaker(17)
    sent = [speaker.hello("urn:uuid:8", DEVICE, []), speaker.bye("urn:uuid:9", DEVICE)]
    found = [ElementTree.fromstring(data).find("s:Header/d:AppSequence", NAMESPACES) for data in sent]
    assert [dict(one.attrib) for one in found if one is not None] == [
        {"InstanceId": "17", "MessageNumber": "1"},
        {"InstanceId": "17", "MessageNumber": "2"},
    ]


@given(st.text(max_size=63))
def test_no_name_can_break_a_message(name: str) -> None:
    what = replace(DEVICE, name=name)
    data = Speaker(17).hello("urn:uuid:9", what, [])
    scopes = (text(data, "s:Body/d:Hello/d:Scopes") or "").split()
    assert scopes == list(ws_discovery.scopes(what))
    assert all(scope.isascii() for scope in scopes)
