# SPDX-License-Identifier: Apache-2.0
"""virtualinput/*.cgi and io/virtualinput.cgi, with curl."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from typing import TYPE_CHECKING, Any

import pytest

from tests.gateway.vapix.conftest import EVENTS

if TYPE_CHECKING:
    from axiod.bus.client import Service
    from tests.gateway.vapix.site import Site

FOLDER = "/axis-cgi/virtualinput"
TRIGGER = "/axis-cgi/io/virtualinput.cgi"
SPACE = "{http://www.axis.com/vapix/http_cgi/virtualinput1}"


async def switch(site: Site, name: str, query: str, *words: str, user: str = "oper") -> str:
    """Return what an answer says: StateChanged, or the code of its error."""
    text = await site.text(f"{FOLDER}/{name}.cgi?{query}", *words, user=user)
    root = ElementTree.fromstring(text.encode())
    assert (root.tag, root.get("SchemaVersion")) == (f"{SPACE}VirtualInputResponse", "1.1")
    if (code := root.findtext(f"{SPACE}Error/{SPACE}GeneralError/{SPACE}ErrorCode")) is not None:
        return code
    kind = f"{SPACE}{name.capitalize()}Success"
    changed = root.findtext(f"{SPACE}Success/{kind}/{SPACE}StateChanged")
    assert changed is not None
    return changed


async def state(events: Service, kind: str, number: int) -> Any:
    interface = {"input": "VirtualInput", "trigger": "Trigger"}[kind]
    return (await events.properties(f"/org/axiod/events1/{kind}/{number}", f"{EVENTS}.{interface}"))["Active"]


async def test_inputs(site: Site, events: Service) -> None:
    assert await switch(site, "activate", "schemaversion=1&port=3") == "true"
    assert await switch(site, "activate", "schemaversion=1&port=3") == "false"
    assert await state(events, "input", 3) is True
    assert await switch(site, "deactivate", "", "--data", "schemaversion=1&port=3") == "true"
    assert await state(events, "input", 3) is False
    assert await switch(site, "activate", "schemaversion=1&port=3&duration=1") == "true"
    assert await state(events, "input", 3) is True
    while await state(events, "input", 3):
        pass


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("port=1", "10"),
        ("schemaversion=1", "10"),
        ("schemaversion=2&port=1", "30"),
        ("schemaversion=1&port=0", "20"),
        ("schemaversion=1&port=65", "20"),
        ("schemaversion=1&port=01", "20"),
        ("schemaversion=1&port=1&duration=0", "50"),
        ("schemaversion=1&port=1&duration=86401", "50"),
        ("schemaversion=1&port=1&duration=%D9%A1", "50"),
        ("schemaversion=1&port=1&duration=" + "9" * 5000, "50"),
    ],
)
async def test_errors(site: Site, events: Service, query: str, code: str) -> None:
    assert await switch(site, "activate", query) == code
    assert await state(events, "input", 1) is False


async def test_versions(site: Site) -> None:
    text = await site.text(f"{FOLDER}/getschemaversions.cgi", user="oper")
    assert re.search("<MajorVersion>1</MajorVersion><MinorVersion>1</MinorVersion>", text)


async def test_manual_triggers(site: Site, events: Service) -> None:
    for action, active in (("6:/", True), ("6:\\", False), ("6:/60000\\", True), ("6:\\", False)):
        words = ("--get", "--data-urlencode", f"action={action}")
        assert await site.text(TRIGGER, *words, user="oper") == ""
        assert await state(events, "trigger", 6) is active
    for query in ("", "action=9:/", "action=0:/", "action=6:/1\\1/", "action=x"):
        assert (await site.curl(f"{TRIGGER}?{query}", user="oper")).status == 400
    assert await state(events, "trigger", 6) is False


async def test_roles(site: Site, events: Service) -> None:
    for path in (f"{FOLDER}/activate.cgi?schemaversion=1&port=1", f"{TRIGGER}?action=1:/"):
        assert (await site.curl(path, user="viewer")).status == 403
        assert (await site.curl(path, user=None)).status == 401
        browser = ("--header", "User-Agent: Mozilla/5.0 x", "--header", "Accept-Language: de")
        assert (await site.curl(path, *browser, user="oper")).status == 403
    assert await state(events, "input", 1) is False
    assert await state(events, "trigger", 1) is False


async def test_parameters(site: Site, events: Service) -> None:  # they are there with the service
    text = await site.text("/axis-cgi/param.cgi?action=list&group=Properties.IO,Properties.VirtualInput")
    assert text == "root.Properties.IO.ManualTriggerNbr=1\nroot.Properties.VirtualInput.VirtualInput=yes\n"
