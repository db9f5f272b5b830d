# SPDX-License-Identifier: Apache-2.0
"""Rules, schedules, recipients, switches and the event log over REST: all of it follows from the contract."""

from __future__ import annotations

import asyncio
import csv
import io
from typing import TYPE_CHECKING, Any

import pytest
import pytest_asyncio

from axiod.bus.client import Service
from tests.gateway.rest.asking import send, valid

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.gateway.web_device import WebDevice
    from tests.sim.device_process import Client

CLOSED = {"Topic": "tns1:Device/tnsaxis:IO/Port", "Source": {"port": "1"}, "Item": "state", "Equals": "1"}
PULSE = {"Kind": "pulse", "Output": "relay1", "DurationMs": 300}
RULE = {"Name": "Gate", "Conditions": [CLOSED], "Actions": [PULSE]}
ENTRIES = "event-log/entries"


@pytest_asyncio.fixture
async def made(client: Client) -> AsyncIterator[Service]:
    """axiod-events on the bus; rules and recipients that a test made are removed."""
    service = Service(client.connection, "org.axiod.events1")
    yield service
    for kind in (".Rule", ".Recipient"):
        for path, interfaces in (await service.objects()).items():
            for interface in interfaces:
                if interface.endswith(kind):
                    await service.call(path, interface, "Remove")


async def test_a_rule_from_its_first_day_to_its_last(web: WebDevice, client: Client, made: Service) -> None:
    answer = await send(web, "POST", "rules", {**RULE, "WaitMs": 10}, user="oper")
    assert answer.status == 201, answer
    where = answer.header("Location").removeprefix("/api/v1/")
    rule = answer.json()
    valid("Rule", rule)
    assert rule.items() >= {**RULE, "WaitMs": 10, "Enabled": True, "FirstIsTrigger": False}.items()
    await client.wire("input1").call("Set", "closed")
    await client.relay().eventually(Active=True)
    await client.relay().eventually(Active=False)
    shown = await send(web, "GET", where, user="oper")
    valid("Rule", shown.json())
    explained = (await send(web, "POST", f"{where}/explain", user="viewer")).json()
    assert explained["Conditions"][0]["Holds"] is True
    # A change of what it does turns it off (the manual says so), unless the change says otherwise.
    stale = ("--header", 'If-Match: "other"')
    change = {"Conditions": [{**CLOSED, "Inverted": True, "ForMs": 5.0}], "Actions": [PULSE, {**PULSE, "DelayMs": 1}]}
    assert (await send(web, "PATCH", where, change, *stale, user="oper")).status == 412
    changed = await send(web, "PATCH", where, change, "--header", f"If-Match: {shown.header('ETag')}", user="oper")
    assert changed.status == 200, changed
    assert changed.json().items() >= {**change, "Enabled": False}.items()
    copy = await send(web, "POST", f"{where}/copy", {"Name": "Other gate"}, user="oper")
    assert (await send(web, "GET", f"rules/{copy.json()['Id']}")).json()["Name"] == "Other gate"
    assert (await send(web, "DELETE", where, user="oper")).status == 204
    assert (await send(web, "GET", where)).status == 404
    assert len(await made.objects()) > 0


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"Conditions": []}, "ondition"),
        ({"Conditions": [CLOSED] * 17}, "16"),
        ({"Conditions": "x"}, "Conditions is 'x'; it must be a list of records"),
        ({"Conditions": [3]}, "it must be a list of records"),
        ({"Conditions": [{**CLOSED, "Colour": "red"}]}, "Conditions 1: there is no field 'Colour'"),
        ({"Conditions": [CLOSED, {**CLOSED, "Source": {"port": 1}}]}, "Conditions 2: Source"),
        ({"Conditions": [{**CLOSED, "Topic": "tns1:Device/tnsaxis:IO/Port2"}]}, "ondition"),
        ({"Actions": [{**PULSE, "Output": "relay9"}]}, "relay9"),
        ({"Actions": [{**PULSE, "DurationMs": 0}]}, "Actions 1: DurationMs is 0"),
        ({"Actions": [{"Kind": "fly"}]}, "Actions 1: Kind is 'fly'"),
        ({"WaitMs": -1}, "WaitMs"),
    ],
)
async def test_wrong_rules(web: WebDevice, made: Service, change: dict[str, Any], words: str) -> None:
    before = await made.objects()
    answer = await send(web, "POST", "rules", {**RULE, **change}, user="oper")
    assert answer.status in (400, 404), answer
    assert words in answer.json()["detail"]
    assert set(await made.objects()) == set(before)


async def test_roles(web: WebDevice, made: Service) -> None:
    tcp = {"Name": "Sink", "Type": "tcp", "Host": "127.0.0.1", "Port": 9}
    for user, method, path, content, status in (
        ("viewer", "GET", "rules", None, 403),
        ("oper", "GET", "rules", None, 200),
        ("viewer", "POST", "rules", RULE, 403),
        ("viewer", "POST", "virtual-inputs/1/set", {"Active": True}, 403),
        ("viewer", "POST", "manual-triggers/1/set", {"Active": True}, 403),
        ("viewer", "GET", "recipients", None, 403),
        ("oper", "GET", "recipients", None, 403),
        ("oper", "POST", "recipients", tcp, 403),
        ("oper", "GET", "mqtt", None, 403),
        ("oper", "PATCH", "mqtt-publication", {"Filters": []}, 403),
        ("oper", "POST", "event-log/clear", None, 403),
        ("admin", "POST", "recipients", tcp, 201),
        ("viewer", "GET", ENTRIES, None, 200),
        (None, "GET", ENTRIES, None, 401),
    ):
        answer = await send(web, method, path, content, user=user)
        assert answer.status == status, (user, method, path, answer)
    assert [path for path in await made.objects() if "/rule/" in path] == []


async def test_secrets_are_never_shown(web: WebDevice, made: Service) -> None:
    http = {"Name": "Guard", "Type": "http", "Url": "http://127.0.0.1:9/", "Username": "me"}
    where = (await send(web, "POST", "recipients", http)).header("Location").removeprefix("/api/v1/")
    assert (await send(web, "POST", f"{where}/set-secrets", {"Password": "Geheim 1"})).status == 204
    shown = await send(web, "GET", where)
    valid("Recipient", shown.json())
    assert shown.json()["Secrets"] == ["Password"]
    assert "Geheim" not in shown.body + web.log + repr(await made.objects())
    wrong = await send(web, "POST", f"{where}/set-secrets", {"PopPassword": "Geheim 2"})
    assert (wrong.status, "Geheim" in wrong.body) == (400, False)


async def test_lists_of_records_are_set_as_a_whole(web: WebDevice) -> None:
    filters = [{"TopicFilter": "onvif:Device/axis:IO//.", "Qos": 1, "Retain": "property"}]
    answer = await send(web, "PATCH", "mqtt-publication", {"Filters": filters})
    assert (answer.status, answer.json()["Filters"]) == (200, filters)
    answer = await send(web, "PATCH", "mqtt-publication", {"Filters": [*filters, {**filters[0], "Qos": 3}]})
    assert answer.status == 400
    assert "Filters 2: Qos is 3" in answer.json()["detail"]
    answer = await send(web, "PATCH", "mqtt-publication", {"Filters": []})
    assert answer.json()["Filters"] == []


# --- the event log ---


async def test_the_log_is_exported(web: WebDevice, client: Client) -> None:
    await client.wire("input1").call("Set", "closed")
    await until_logged(web, CLOSED["Source"], {"state": "1"})
    everything = (await send(web, "GET", ENTRIES, user="viewer")).json()["Items"]
    ids = [entry["Id"] for entry in everything]
    assert ids == sorted(ids)
    assert len(ids) == len(set(ids))
    topic = str(CLOSED["Topic"])
    some = (await send(web, "GET", f"{ENTRIES}?Kind=event&Topic={topic}&FromUsec=0")).json()["Items"]
    assert some
    assert {entry["Topic"] for entry in some} == {topic}
    answer = await send(web, "GET", f"{ENTRIES}?format=csv&Topic={topic}")
    assert answer.header("Content-Type") == "text/csv; charset=utf-8"
    assert answer.header("Content-Disposition") == 'attachment; filename="event-log.csv"'
    rows = list(csv.DictReader(io.StringIO(answer.body.replace("\r\n", "\n"))))
    assert [row["Id"] for row in rows[: len(some)]] == [str(entry["Id"]) for entry in some]
    assert rows[0]["Source"].startswith("port=")
    assert rows[0]["Time"].endswith("+00:00")
    # Who only reads is no matter for the audit log.
    assert "events1.EventLog.Query" not in web.log


async def until_logged(web: WebDevice, source: Any, data: Any) -> None:
    """Wait until an event is in the log."""
    async with asyncio.timeout(10):
        while True:
            found = (await send(web, "GET", f"{ENTRIES}?Kind=event")).json()["Items"]
            if any(entry.get("Source") == source and entry.get("Data") == data for entry in found):
                return


@pytest.mark.parametrize(
    "query",
    ["format=xml", "Limit=1", "FromUsec=x", "FromUsec=-1", "Kind=nothing", "Kind=event&Kind=rule", "Text=" + "x" * 300],
)
async def test_a_wrong_question_about_the_log(web: WebDevice, query: str) -> None:
    answer = await send(web, "GET", f"{ENTRIES}?{query}")
    assert (answer.status, answer.header("Content-Type")) == (400, "application/problem+json")


async def test_a_page_of_the_log(web: WebDevice) -> None:
    found = (await send(web, "POST", "event-log/query", {"Limit": 2}, user="viewer")).json()["Entries"]
    assert len(found) == 2
    assert found[0]["Id"] > found[1]["Id"]
    assert (await send(web, "POST", "event-log/query", {"Limit": 1001}, user="viewer")).status == 400
