# SPDX-License-Identifier: Apache-2.0
"""Every setting in one answer, beside the resources that have them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jsonschema import Draft202012Validator  # type: ignore[import-untyped] # it has no type information

from axiod.bus.caller import Role
from axiod.errors import Unavailable
from axiod.gateway.rest.settings import settings
from axiod.gateway.rest.table import resources
from tests.gateway.rest.asking import send, valid

if TYPE_CHECKING:
    from tests.gateway.web_device import WebDevice
    from tests.sim.device_process import Client


async def test_every_setting_is_there_with_its_value(web: WebDevice) -> None:
    answer = await web.curl("/api/v1/settings", user="admin")
    assert answer.status == 200
    found = answer.json()
    valid("Settings", found)
    there = {kind for kind, resource in resources().items() if resource.configure}
    assert set(found["Descriptions"]) == there
    seen: dict[tuple[str, str | None], dict[str, Any]] = {
        (item["Resource"], item.get("Id")): {} for item in found["Items"]
    }
    for item in found["Items"]:
        seen[item["Resource"], item.get("Id")][item["Property"]] = item.get("Value")
        if "Value" in item:
            schema = found["Descriptions"][item["Resource"]][item["Property"]]["Schema"]
            Draft202012Validator(schema).validate(item["Value"])
    for (kind, id_), values in seen.items():
        one = (await web.curl(f"/api/v1/{kind}" + (f"/{id_}" if id_ else ""), user="admin")).json()
        assert values == {name: one.get(name) for name in found["Descriptions"][kind]}
    assert {("ports", "input1"), ("relays", "relay1"), ("web", None)} <= seen.keys()


async def test_a_setting_is_described_by_the_contract(web: WebDevice) -> None:
    described = (await web.curl("/api/v1/settings", user="viewer")).json()["Descriptions"]["ports"]["DebounceMs"]
    assert (described["Type"], described["Unit"], described["Role"]) == ("u", "ms", "operator")
    assert described["Schema"].keys() == {"type", "minimum", "maximum"}
    assert described["Description"]


async def test_settings_that_a_role_may_not_read_are_left_out(web: WebDevice) -> None:
    found = (await web.curl("/api/v1/settings", user="viewer")).json()
    assert found["Descriptions"].keys() == {
        kind for kind, resource in resources().items() if resource.configure and resource.role is Role.VIEWER
    }
    assert not {item["Resource"] for item in found["Items"]} - found["Descriptions"].keys()
    assert (await web.curl("/api/v1/settings")).status == 401


async def test_a_change_is_seen(web: WebDevice, client: Client) -> None:
    before = (await web.curl("/api/v1/settings", user="viewer")).header("ETag")
    assert (await send(web, "PATCH", "relays/relay1", {"Name": "Barrier"}, user="oper")).status == 200
    after = await web.curl("/api/v1/settings", "--header", f"If-None-Match: {before}", user="viewer")
    assert {"Resource": "relays", "Id": "relay1", "Property": "Name", "Value": "Barrier"} in after.json()["Items"]


def test_a_service_that_is_away_is_named() -> None:
    class Nothing:
        def things(self, interface: str) -> list[object]:
            raise Unavailable(f"nobody has {interface}")

    found = settings(Nothing(), Role.VIEWER)  # type: ignore[arg-type]  # stands in for the mirror
    assert found["Items"] == []
    assert found["Away"] == list(found["Descriptions"])
