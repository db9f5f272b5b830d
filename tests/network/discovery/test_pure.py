# SPDX-License-Identifier: Apache-2.0
"""The pure part of discovery: settings and names, the file for avahi, the options and answers of lldpd."""

from __future__ import annotations

import json
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from axiod.errors import InvalidArgument
from axiod.network.discovery.bonjour import Web, service_file, types
from axiod.network.discovery.neighbours import neighbours, options
from axiod.network.discovery.settings import Settings, default_name

DEFAULT = "axiod - 02AB54C1D2E3"


def test_the_default_name_is_that_of_the_product_and_the_serial_number() -> None:
    assert default_name("axiod", "02AB54C1D2E3") == DEFAULT
    assert default_name("", "02AB54C1D2E3") == "02AB54C1D2E3"


@given(st.text(max_size=80))
def test_the_default_name_fits(product: str) -> None:
    name = default_name(product, "02AB54C1D2E3")
    assert len(name.encode()) <= 63
    assert name.endswith("02AB54C1D2E3")


def test_a_name_that_is_the_default_follows_it() -> None:
    named = Settings().amended({"bonjour_name": "Gate", "upnp_name": DEFAULT}, DEFAULT)
    assert (named.bonjour_name, named.upnp_name) == ("Gate", "")
    assert named.amended({"bonjour_name": DEFAULT}, DEFAULT) == Settings()
    assert named.amended({"bonjour_name": ""}, DEFAULT) == Settings()


@pytest.mark.parametrize(
    ("name", "complaint"),
    [
        ("ä" * 32, "UpnpName has 64 bytes in UTF-8; it may have 63"),
        (" Gate", "UpnpName must not begin or end with a space"),
        ("Gate ", "UpnpName must not begin or end with a space"),
    ],
)
def test_a_name_that_cannot_be_announced_is_refused(name: str, complaint: str) -> None:
    with pytest.raises(InvalidArgument, match=f"^{complaint}$"):
        Settings().amended({"upnp_name": name}, DEFAULT)


def test_only_what_is_not_the_default_is_stored() -> None:
    assert Settings().beyond_default == {}
    assert Settings(upnp=True, bonjour_name="Gate").beyond_default == {"upnp": True, "bonjour_name": "Gate"}


# --- avahi ---


@pytest.mark.parametrize(
    ("web", "expected"),
    [
        (Web(80, 443), {"_vapix-http._tcp": 80, "_http._tcp": 80, "_vapix-https._tcp": 443, "_https._tcp": 443}),
        (Web(8080, None), {"_vapix-http._tcp": 8080, "_http._tcp": 8080}),
        (Web(None, 443), {"_vapix-https._tcp": 443, "_https._tcp": 443}),
    ],
)
def test_what_the_web_server_speaks_is_announced(web: Web, expected: dict[str, int]) -> None:
    assert dict(types(web)) == expected
    root = ElementTree.fromstring(service_file("Gate", "02AB54C1D2E3", web))
    assert {one.findtext("type"): int(one.findtext("port") or 0) for one in root.iter("service")} == expected
    for one in root.iter("service"):
        assert "macaddress=02AB54C1D2E3" in [record.text for record in one.iter("txt-record")]


def test_a_name_stands_as_it_is() -> None:
    root = ElementTree.fromstring(service_file("Gate & <%h>", "02AB54C1D2E3", Web(80, None)))
    name = root.find("name")
    assert name is not None
    assert (name.text, name.get("replace-wildcards")) == ("Gate & <%h>", "no")


# --- lldpd ---


@pytest.mark.parametrize(
    ("lldp", "cdp", "expected"),
    [(True, False, ""), (True, True, "-l -ccc"), (False, True, "-ll -ccc"), (False, False, "-ll")],
)
def test_the_options_of_lldpd(lldp: bool, cdp: bool, expected: str) -> None:
    """The first is what lldpd does anyway: whoever configured it before sees no difference."""
    assert options(lldp=lldp, cdp=cdp) == expected


SWITCH: dict[str, Any] = {
    "name": "eth0",
    "via": "LLDP",
    "age": "1 day, 02:03:04",
    "chassis": [
        {
            "id": [{"type": "mac", "value": "36:17:ec:d4:a6:73"}],
            "name": [{"value": "sw-1"}],
            "descr": [{"value": "A switch\nof two lines"}],
            "mgmt-ip": [{"value": "192.0.2.3"}, {"value": "fe80::1"}],
        }
    ],
    "port": [
        {
            "id": [{"type": "ifname", "value": "ge-0/0/1"}],
            "descr": [{"value": "uplink"}],
            "power": [{"requested": [{"value": "20000"}], "allocated": [{"value": "18000"}]}],
        }
    ],
}


def listed(*found: Any) -> str:
    return json.dumps({"lldp": [{"interface": list(found)}]})


def test_a_neighbour_is_read() -> None:
    assert neighbours(listed(SWITCH)) == [
        {
            "Interface": "eth0",
            "Protocol": "lldp",
            "ChassisId": "36:17:ec:d4:a6:73",
            "PortId": "ge-0/0/1",
            "Name": "sw-1",
            "Description": "A switch of two lines",
            "PortDescription": "uplink",
            "Addresses": ["192.0.2.3", "fe80::1"],
            "AgeSec": 93784,
            "PowerRequestedMw": 20000,
            "PowerAllocatedMw": 18000,
        }
    ]


@pytest.mark.parametrize(("via", "expected"), [("CDPv1", "cdp"), ("CDPv2", "cdp"), ("EDP", "other"), (7, "other")])
def test_the_protocol_of_a_neighbour(via: object, expected: str) -> None:
    assert neighbours(listed({"name": "eth0", "via": via})) == [{"Interface": "eth0", "Protocol": expected}]


@pytest.mark.parametrize("text", ["{}", '{"lldp": []}', '{"lldp": [{}]}', '{"lldp": [{"interface": []}]}'])
def test_nobody_is_there(text: str) -> None:
    assert neighbours(text) == []


@pytest.mark.parametrize("text", ["", "[]", "no", '{"lldp"'])
def test_what_is_no_answer_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        neighbours(text)


SOMETHING = st.recursive(
    st.none() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["id", "value", "name", "power", "requested", "mgmt-ip"]), inner, max_size=3)
    ),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from(["name", "via", "age", "chassis", "port"]), SOMETHING))
def test_a_neighbour_cannot_break_the_answer(found: dict[str, Any]) -> None:
    """What a neighbour says is whatever a stranger sent."""
    (one,) = neighbours(listed(found))
    assert all(text.isprintable() for text in one.values() if isinstance(text, str))
