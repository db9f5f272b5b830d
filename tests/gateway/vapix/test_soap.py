# SPDX-License-Identifier: Apache-2.0
"""Requests of SOAP as trees, and what is too much of one."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree

import pytest

from axiod.gateway.vapix import soap
from axiod.gateway.vapix.soap import Fault

ENVELOPE = "http://www.w3.org/2003/05/soap-envelope"


def request(body: str) -> bytes:
    return f'<s:Envelope xmlns:s="{ENVELOPE}"><s:Body>{body}</s:Body></s:Envelope>'.encode()


def test_the_tree() -> None:
    found = soap.operation(
        request(
            '<a:Add xmlns:a="urn:a" x="1" a:y="2"> <a:Name> Gate &amp;<!-- no -->  door </a:Name><One/><One/></a:Add>'
        )
    )
    assert (found.namespace, found.name, found.attributes) == ("urn:a", "Add", {"x": "1", "y": "2"})
    assert found.value("Name") == "Gate &  door"
    assert [child.namespace for child in found.all("One")] == ["", ""]
    assert found.child("Two") is None
    assert found.value("Two") == ""
    with pytest.raises(Fault, match="One stands 2 times in Add"):
        found.value("One")
    with pytest.raises(Fault, match="Two is missing in Add"):
        found.require("Two")


def test_the_prefixes_that_texts_use() -> None:
    found = soap.operation(request('<Add xmlns="urn:a" xmlns:t="urn:1"><T xmlns:t="urn:2">t:x</T><T>t:y</T></Add>'))
    assert [child.prefixes["t"] for child in found.children] == ["urn:2", "urn:1"]
    assert found.children[0].prefixes["s"] == ENVELOPE


@pytest.mark.parametrize(
    "body",
    [
        "<a>" * 40 + "</a>" * 40,
        "<a>" + "<b/>" * 10_000 + "</a>",
        "<a " + " ".join(f'xmlns:p{number}="u"' for number in range(100)) + "/>",
        "".join(f'<a xmlns:p{number}{"x" * 3}="u">' for number in range(25)) + "</a>" * 25 + "<a>" * 9,
        "",
    ],
)
def test_what_is_too_much(body: str) -> None:
    with pytest.raises(Fault):
        soap.operation(request(body))


def test_a_fault() -> None:
    text = soap.fault(Fault("1 < 2 \0\ud800", detail="WrongFault", namespace="urn:a", subcode="ter:X"))
    root = ElementTree.fromstring(text)
    found = root.find(f"{{{ENVELOPE}}}Body/{{{ENVELOPE}}}Fault")
    assert found is not None
    assert [child.tag.rpartition("}")[2] for child in found] == ["Code", "Reason", "Detail"]
    assert found.find(f"{{{ENVELOPE}}}Detail/{{urn:a}}WrongFault") is not None
    assert found.findtext(f"{{{ENVELOPE}}}Reason/{{{ENVELOPE}}}Text") == "1 < 2 ??"
