# SPDX-License-Identifier: Apache-2.0
"""supervisedio.cgi 2.0 beside its documented answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.gateway.vapix.site import SUPERVISED

if TYPE_CHECKING:
    from tests.gateway.vapix.site import Site

PARALLEL = {"cut": (0, 1302), "open": (1303, 1986), "closed": (1987, 3124), "short": (3125, 4095)}
SERIAL = {"cut": (0, 1738), "open": (1739, 2608), "closed": (2609, 3307), "short": (3308, 4095)}
OWN = {"cut": (0, 999), "open": (1000, 1999), "closed": (2000, 2999), "short": (3000, 4095)}


def rows(ranges: dict[str, tuple[int, int]]) -> list[dict[str, Any]]:
    return [{"state": state, "lowerlimit": low, "upperlimit": high} for state, (low, high) in ranges.items()]


async def call(site: Site, method: str, params: Any = None, user: str = "oper") -> Any:
    return await site.call(SUPERVISED, method, params, version="2.0", user=user)


async def test_what_there_is(site: Site) -> None:
    assert await call(site, "getNumberOfPorts") == {"inputs": 7, "outputs": 4}
    assert await call(site, "isSupervisable", [{"port": 1}, {"port": 0}]) == {
        "items": [{"port": 1, "input": True, "output": False}, {"port": 0, "input": False, "output": False}]
    }
    assert len((await call(site, "isSupervisable"))["items"]) == 11
    states = [{"name": name} for name in ("short", "closed", "open", "cut")]
    assert await call(site, "getSupportedStates", [{"port": 1}]) == {"items": [{"port": 1, "states": states}]}
    assert [item["port"] for item in (await call(site, "getSupportedStates"))["items"]] == [1, 2, 5, 7, 8, 9, 10]


async def test_supervision(site: Site) -> None:
    assert await call(site, "getSupervised", [{"port": 1}]) == {
        "items": [{"port": 1, "supervised": False, "supervisable": True, "state": "open"}]
    }
    await site.client.wire("input1").configure(Resistors="parallel-22k-4k7")
    answer = await call(site, "setSupervised", [{"port": 1, "supervised": True}])
    assert answer == {"items": [{"port": 1, "code": 1, "message": ""}]}
    assert await call(site, "getSupervisedRanges", [{"port": 1}]) == {"items": [{"port": 1, "ranges": rows(PARALLEL)}]}
    for condition in ("short", "closed", "cut", "open"):
        await site.client.wire("input1").call("Set", condition)
        await site.client.port("input1").eventually(SupervisedState=condition)
        while (item := (await call(site, "getSupervised", [{"port": 1}]))["items"][0])["state"] != condition:
            pass
        assert item.keys() == {"port", "supervised", "supervisable", "state", "level"}
        assert item["supervised"] is True
    assert await call(site, "setSupervised", [{"port": 1, "supervised": False}]) == answer
    assert (await site.stands())["input1"]["Supervision"] == "none"
    assert (await call(site, "getSupervisedRanges", [{"port": 1}]))["items"] == [{"port": 1, "ranges": []}]


@pytest.mark.parametrize(
    ("ranges", "scheme"), [(PARALLEL, "parallel-22k-4k7"), (SERIAL, "serial-2k2"), (OWN, "parallel-22k-4k7")]
)
async def test_ranges_say_which_resistors_there_are(
    site: Site, ranges: dict[str, tuple[int, int]], scheme: str
) -> None:
    item = {"port": 1, "supervised": True, "ranges": rows(ranges)}
    assert (await call(site, "setSupervised", [item]))["items"][0]["code"] == 1
    port = await site.client.port("input1").all()
    assert port["Supervision"] == scheme
    assert {state: (low, high) for state, low, high in port["Ranges"]} == ranges


async def test_both_spellings(site: Site) -> None:
    ranges = {"cut": (0, 999), "open": (1000, 1999), "close": (2000, 2999), "shorted": (3000, 4095)}
    item = {"port": 1, "supervised": True, "ranges": rows(ranges)}
    assert (await call(site, "setSupervised", [item]))["items"][0]["code"] == 1


async def test_each_port_answers(site: Site) -> None:
    hole = rows(OWN | {"open": (1001, 1999)})
    answer = await call(
        site,
        "setSupervised",
        [
            {"port": 3, "supervised": True},
            {"port": 0, "supervised": True},
            {"port": 1, "supervised": True, "ranges": hole},
            {"port": 2, "supervised": True},
        ],
    )
    assert [(item["port"], item["code"]) for item in answer["items"]] == [(3, 0), (0, 0), (1, 0), (2, 1)]
    assert [bool(item["message"]) for item in answer["items"]] == [True, True, True, False]
    stands = await site.stands()
    assert (stands["input1"]["Supervision"], stands["input2"]["Supervision"]) == ("none", "parallel-22k-4k7")


WRONG: list[tuple[Any, int]] = [
    (None, 2103),
    ([], 2103),
    ({"port": 1, "supervised": True}, 2103),
    ([{"supervised": True}], 2103),
    ([{"port": "1", "supervised": True}], 2104),
    ([{"port": True, "supervised": True}], 2104),
    ([{"port": 99, "supervised": True}], 2104),
    ([{"port": 10**30, "supervised": True}], 2104),
    ([{"port": 1}], 2104),
    ([{"port": 1, "supervised": "yes"}], 2104),
    ([{"port": 1, "supervised": True}, {"port": 1, "supervised": False}], 2104),
    ([{"port": 1, "supervised": True, "ranges": {}}], 2104),
    ([{"port": 1, "supervised": True, "ranges": [1]}], 2104),
    ([{"port": 1, "supervised": True, "ranges": rows(PARALLEL) * 2}], 2104),
    ([{"port": 1, "supervised": True, "ranges": [{"state": "ajar", "lowerlimit": 0, "upperlimit": 1}]}], 2104),
    ([{"port": 1, "supervised": True, "ranges": [{"state": "cut", "lowerlimit": -1, "upperlimit": 1}]}], 2104),
    ([{"port": 1, "supervised": True, "ranges": [{"state": "cut", "lowerlimit": 0}]}], 2104),
    ([{"port": 1, "supervised": True, "ranges": [{"state": "cut", "lowerlimit": 0, "upperlimit": 1e9}]}], 2104),
]


@pytest.mark.parametrize(("params", "code"), WRONG)
async def test_what_cannot_be_understood_changes_nothing(site: Site, params: Any, code: int) -> None:
    before = await site.stands()
    assert (await call(site, "setSupervised", params))["code"] == code
    assert await site.stands() == before


@pytest.mark.parametrize(("user", "status"), [("viewer", 403), (None, 401)])
async def test_who_may_not(site: Site, user: str | None, status: int) -> None:
    body = '{"apiVersion":"2.0","method":"getSupervised"}'
    assert (await site.curl(SUPERVISED, "--data-raw", body, user=user)).status == status
