# SPDX-License-Identifier: Apache-2.0
"""The PyPI package `axis`, with which Home Assistant talks to such devices, as it is."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.conftest import run
from tests.gateway.web_device import PASSWORD

if TYPE_CHECKING:
    from tests.gateway.vapix.conftest import Mqtt
    from tests.gateway.vapix.site import Site

CALLER = Path(__file__).with_name("axis_caller.py")


async def axis(site: Site, *tasks: str, user: str = "admin") -> Any:
    """Have the package do something and return what it made of the answers."""
    done = await run(
        sys.executable, "-W", "error", str(CALLER), "127.0.0.1", str(site.web.ports["http"]), user, PASSWORD, *tasks
    )
    assert done.code == 0, done.err
    return json.loads(done.out)


def model(site: Site) -> str:
    """Return what the device says that it is, on the bus."""
    where = "org.axiod.system1", "/org/axiod/system1/device", "org.axiod.system1.Device"
    return str(json.loads(site.web.busctl("get-property", *where, "Model"))["data"])


async def test_it_initializes(site: Site) -> None:
    told = (await axis(site, "initialize"))["initialize"]
    assert len(told["serial"]) == 12
    assert told["model"] == model(site)
    assert told["type"] == "Network I/O Relay Module"
    assert told["firmware"]
    assert told["rights"] == "viewer:operator:admin:ptz"
    assert told["parameters"] == ["Properties"]
    assert list(told["ports"]) == [str(number) for number in range(11)]
    assert told["ports"]["0"] == {
        "id": "0",
        "name": "Relay 1",
        "direction": "output",
        "state": "open",
        "normal_state": "open",
        "configurable": False,
        "usage": "",
    }


async def test_it_initializes_as_a_viewer(site: Site) -> None:
    """What a viewer may not see is left out, and the rest is there."""
    told = (await axis(site, "initialize", user="viewer"))["initialize"]
    assert len(told["serial"]) == 12
    assert told["model"] == model(site)
    assert told["rights"] == "viewer"
    assert len(told["ports"]) == 11


async def test_it_switches(site: Site) -> None:
    told = (await axis(site, "ports", user="oper"))["ports"]
    assert told["versions"] == ["1.0"]
    assert told["closed"]["0"]["state"] == "closed"
    siren = told["closed"]["3"]
    assert (siren["name"], siren["usage"], siren["normal_state"], siren["state"]) == (
        "Siren",
        "Door",
        "closed",
        "closed",
    )
    assert told["open"]["0"]["state"] == "open"
    assert (await site.stands())["relay1"]["Active"] is False
    await site.client.port("output1").eventually(State="open", Active=True, Running="idle")


async def test_it_switches_in_the_old_way(site: Site) -> None:
    told = (await axis(site, "port_cgi"))["port_cgi"]
    assert told["0"] == ["Relay 1", "output", False, "", "closed"]
    assert told["1"] == ["Input 1", "input", False, "closed", ""]
    assert told["7"] == ["I/O 1", "input", True, "closed", "closed"]
    stands = await site.stands()
    assert (stands["relay1"]["Active"], stands["output1"]["Active"]) == (False, True)


async def test_it_keeps_accounts(site: Site) -> None:
    told = (await axis(site, "users"))["users"]
    always = {
        "admin": "viewer:operator:admin:ptz",
        "oper": "viewer:operator:ptz",
        "viewer": "viewer",
    }
    assert told == [always, always | {"joe": "viewer"}, always | {"joe": "viewer:operator:admin:ptz"}, always]


async def test_it_uses_mqtt(site: Site, mqtt: Mqtt) -> None:  # it is put back
    told = await axis(site, "initialize", "mqtt")
    assert {"mqtt-client", "event-mqtt-bridge"} <= set(told["initialize"]["apis"])
    assert told["mqtt"] == {
        "supported": True,
        "activate": ["active", "disconnected"],
        "deactivate": ["inactive", "disconnected"],
        "prefix": f"axis/{told['initialize']['serial']}",
        "keep alive": 30,
        "messages": [True, False],
        "filters": ["onvif:Device/axis:IO//."],
    }
