# SPDX-License-Identifier: Apache-2.0
"""Resources, asked for with curl, beside what the bus says."""

from __future__ import annotations

import asyncio
import base64
import json
from typing import TYPE_CHECKING, Any

import pytest

from axiod.gateway.rest.openapi import schema_name
from axiod.gateway.rest.table import resources
from tests.gateway.rest.asking import JSON, send, valid

if TYPE_CHECKING:
    from pathlib import Path

    from tests.gateway.web_device import Answer, WebDevice
    from tests.sim.device_process import Client


async def test_a_thing_is_what_the_bus_says(web: WebDevice, client: Client) -> None:
    found = (await web.curl("/api/v1/relays/relay1", user="viewer")).json()
    urls = found.pop("Urls")
    assert found == {"Id": "relay1", **await client.relay().all()}
    assert set(urls) == {"Activate", "Deactivate"}
    port = (await web.curl("/api/v1/ports/input1", user="viewer")).json()
    assert "Urls" not in port, "an input cannot be switched"
    assert port.items() >= {"Id": "input1", "Direction": "input"}.items()


@pytest.mark.parametrize("kind", [kind for kind, resource in resources().items() if resource.several])
async def test_collections_are_as_described(web: WebDevice, kind: str) -> None:
    answer = await web.curl(f"/api/v1/{kind}", user="admin")
    assert (answer.status, answer.header("Content-Type")) == (200, "application/json")
    for item in answer.json()["Items"]:
        valid(schema_name(resources()[kind]), item)
        one = await web.curl(f"/api/v1/{kind}/{item['Id']}", user="admin")
        assert set(one.json()) == set(item)


@pytest.mark.parametrize("kind", [kind for kind, resource in resources().items() if not resource.several])
async def test_single_resources_are_as_described(web: WebDevice, kind: str) -> None:
    answer = await web.curl(f"/api/v1/{kind}", user="admin")
    assert answer.status == 200
    valid(schema_name(resources()[kind]), answer.json())


async def test_commands_move_the_relay(web: WebDevice, client: Client) -> None:
    drive = client.drive("relay1")
    answer = await send(web, "POST", "relays/relay1/set", {"Active": True}, user="oper")
    assert (answer.status, answer.body) == (204, "")
    assert (await drive.get("Active")) is True
    answer = await send(web, "POST", "relays/relay1/toggle", user="oper")
    assert (answer.status, answer.json()) == (200, {"Active": False})
    assert (await drive.get("Active")) is False
    assert (await send(web, "POST", "relays/relay1/pulse", {"DurationMs": 3_600_000.0})).status == 204
    assert (await client.relay().get("Running")) == "pulse"
    assert (await send(web, "POST", "relays/relay1/cancel", {})).status == 204
    steps = [[True, 60_000], [False, 0]]
    assert (await send(web, "POST", "relays/relay1/run-sequence", {"Steps": steps})).status == 204
    assert (await client.relay().get("Running")) == "sequence"
    answer = await send(web, "POST", "relays/relay1/pulse", {"DurationMs": 5})
    assert (answer.status, answer.json()["type"]) == (409, "/api/v1/problems/Busy")


async def test_settings_change_all_or_none(web: WebDevice, client: Client) -> None:
    answer = await send(web, "PATCH", "relays/relay1", {"Name": "Gate", "BootPolicy": "last"}, user="oper")
    assert answer.status == 200
    assert answer.json().items() >= {"Name": "Gate", "BootPolicy": "last"}.items()
    assert (await client.relay().get("Name")) == "Gate"
    answer = await send(web, "PATCH", "relays/relay1", {"Name": "Other", "BootPolicy": "never"})
    assert answer.status == 400
    assert "BootPolicy is 'never'; it must be one of off, on, last" in answer.json()["detail"]
    assert (await client.relay().get("Name")) == "Gate"
    ranges = [["short", 0, 100], ["closed", 101, 600], ["open", 601, 900], ["cut", 901, 1023]]
    answer = await send(web, "PATCH", "ports/input1", {"Supervision": "serial-1k", "Ranges": ranges})
    assert answer.status in (200, 400), answer.body


WRONG: list[tuple[str, str, Any, int, str]] = [
    ("PATCH", "relays/relay1", {"Nmae": "x"}, 400, "did you mean Name?"),
    ("PATCH", "relays/relay1", {"Name": 5}, 400, "Name is 5; it must be printable text of 1 to"),
    ("PATCH", "relays/relay1", {"Name": "a\u0000b"}, 400, "Name is"),
    ("PATCH", "relays/relay1", '{"Name": "\\ud800"}', 400, "Name is"),
    ("PATCH", "relays/relay1", '{"\\ud800": "x"}', 400, "there is no setting"),
    ("PATCH", "relays/relay1", '{"Name": "a", "Name": "b"}', 400, "'Name' stands twice"),
    ("PATCH", "relays/relay1", "[]", 400, "must be a JSON object"),
    ("PATCH", "relays/relay1", "{", 400, "is not JSON"),
    ("PATCH", "relays/relay1", b"\xff".decode("latin1"), 400, "is not JSON"),
    ("PATCH", "relays/relay1", '{"Name": NaN}', 400, "NaN is no number"),
    ("PATCH", "relays/relay1", '{"Name": 1e999}', 400, "too large"),
    ("PATCH", "relays/relay1", '{"Name": ' + "9" * 5000 + "}", 400, "not JSON that can be taken"),
    ("PATCH", "relays/relay1", '{"Name": ' + "[" * 5000 + "]" * 5000 + "}", 400, "nested too deeply"),
    ("PATCH", "relays/relay1", '{"Name": ' + "[" * 100_000, 400, "nested too deeply"),
    ("PATCH", "relays/relay9", {"Name": "x"}, 404, "there is no 'relay9' in relays"),
    ("PATCH", "ports/input1", {"Direction": "output", "DebounceMs": 10001}, 400, "from 0 to 10000 (ms)"),
    ("POST", "relays/relay1/set", {}, 400, "Active is missing; it must be true or false"),
    ("POST", "relays/relay1/set", None, 400, "Active is missing"),
    ("POST", "relays/relay1/set", {"Active": "true"}, 400, "Active is 'true'; it must be true or false"),
    ("POST", "relays/relay1/set", {"Active": 1}, 400, "Active is 1"),
    ("POST", "relays/relay1/set", {"Active": True, "DeadlineUsec": 5}, 400, "there is no field 'DeadlineUsec'"),
    ("POST", "relays/relay1/pulse", {"DurationMs": 0}, 400, "a whole number from 1 to 86400000"),
    ("POST", "relays/relay1/pulse", {"DurationMs": 1.5}, 400, "DurationMs is 1.5"),
    ("POST", "relays/relay1/pulse", {"DurationMs": 2**64}, 400, "DurationMs is"),
    ("POST", "relays/relay1/run-sequence", {"Steps": []}, 400, "it must have 1 to 256"),
    ("POST", "relays/relay1/run-sequence", {"Steps": [[1, 2]]}, 400, "Steps is"),
    ("POST", "relays/relay1/cancel", {"Active": True}, 400, "there is none"),
    ("POST", "ports/input1/set", {"Active": True}, 409, "is an input"),
    ("POST", "ports/input9/set", {"Active": True}, 404, "input9"),
    ("POST", "relays/relay1/configure", {}, 404, "there is nothing at"),
    ("POST", "relays/relay1/explode", {}, 404, "there is nothing at"),
    ("POST", "access/add-account", {}, 404, "there is nothing at"),
    ("POST", "access/credentials", {"Name": "admin"}, 404, "there is nothing at"),
    ("POST", "blocking/report", {}, 404, "there is nothing at"),
    ("POST", "certificates/device/key", {}, 404, "there is nothing at"),
    ("DELETE", "relays/relay1", None, 405, "use GET"),
    ("PUT", "relays/relay1", {}, 405, "use GET"),
    ("DELETE", "accounts/nobody", None, 404, "there is no 'nobody' in accounts"),
    ("POST", "accounts", {"Name": "x", "Password": 12345, "Role": "viewer"}, 400, "Password must be printable text"),
    ("POST", "accounts", {"Name": "x", "Password": "secret\n", "Role": "viewer"}, 400, "Password must be"),
    ("POST", "accounts", {"Name": "x", "Password": "p", "Role": "root"}, 400, "one of viewer, operator, administrator"),
    ("POST", "certificate-store/install", {"Id": "a", "Data": "?", "Password": ""}, 400, "Data must be bytes"),
    ("POST", "blocking/unblock", {"Address": "192.0.2.9"}, 404, "192.0.2.9"),
]  # fmt: skip


@pytest.mark.parametrize(("method", "path", "content", "status", "text"), WRONG)
async def test_what_is_wrong_is_refused_and_changes_nothing(
    web: WebDevice, client: Client, method: str, path: str, content: Any, status: int, text: str
) -> None:
    before = await client.relays.objects(), await client.io.objects()
    answer = await send(web, method, path, content)
    problem = answer.json()
    assert (answer.status, answer.header("Content-Type")) == (status, "application/problem+json")
    valid("Problem", problem)
    assert problem["status"] == status
    assert problem["instance"] == f"/api/v1/{path}"
    assert text in problem["detail"]
    assert "secret" not in answer.body
    assert "12345" not in answer.body
    assert (await client.relays.objects(), await client.io.objects()) == before
    if status == 405:
        assert "GET" in answer.header("Allow")


async def test_a_body_must_say_that_it_is_json(web: WebDevice) -> None:
    answer = await web.curl("/api/v1/relays/relay1/set", "--data", '{"Active": true}', user="admin")
    assert answer.status == 415
    assert "Content-Type: application/json" in answer.json()["detail"]


async def test_a_body_may_not_be_long(web: WebDevice, tmp_path: Path) -> None:
    for length, status in ((200_000, 200), (300_000, 413)):
        file = tmp_path / "body"
        file.write_text(" " * length + "{}")
        words = ("--request", "PATCH", *JSON, "--data-binary", f"@{file}")
        answer = await web.curl("/api/v1/relays/relay1", *words, user="admin")
        assert (answer.status, answer.header("Content-Type").startswith("application/")) == (status, True)


@pytest.mark.parametrize("user", ["viewer", ""])
@pytest.mark.parametrize(
    ("method", "path", "content"),
    [
        ("POST", "relays/relay1/set", {"Active": True}),
        ("POST", "relays/relay1/toggle", None),
        ("POST", "outputs", {"relay1": True}),
        ("PATCH", "relays/relay1", {"Name": "mine"}),
        ("PATCH", "access", {"AnonymousViewing": True}),
        ("POST", "accounts", {"Name": "x", "Password": "p", "Role": "administrator"}),
        ("DELETE", "accounts/admin", None),
        ("GET", "accounts", None),
        ("GET", "tokens", None),
        ("GET", "certificates", None),
        ("GET", "blocking", None),
        ("GET", "clients", None),
    ],
)
async def test_who_may_not_may_not(
    web: WebDevice, client: Client, method: str, path: str, content: Any, user: str
) -> None:
    before = await client.relays.objects()
    body = [] if content is None else [*JSON, "--data", json.dumps(content)]
    answer = await web.curl(f"/api/v1/{path}", "--request", method, *body, user=user or None)
    assert answer.status == (403 if user else 401)
    assert answer.header("Content-Type") == "application/problem+json"
    assert await client.relays.objects() == before


async def test_an_unchanged_answer_is_not_sent_again(web: WebDevice, client: Client) -> None:
    for path in ("relays/relay1", "relays", "outputs", "openapi.json", "device"):
        first = await web.curl(f"/api/v1/{path}", user="viewer")
        tag = first.header("ETag")
        again = await web.curl(f"/api/v1/{path}", "--header", f'If-None-Match: "x", {tag}', user="viewer")
        assert (again.status, again.body, again.header("ETag")) == (304, "", tag)
    tag = (await web.curl("/api/v1/relays/relay1", user="viewer")).header("ETag")
    await client.relay().call("Toggle", {})
    answer = await web.curl("/api/v1/relays/relay1", "--header", f"If-None-Match: {tag}", user="viewer")
    assert answer.status == 200
    assert answer.header("ETag") != tag


async def test_changes_do_not_cross(web: WebDevice, client: Client) -> None:
    tag = (await web.curl("/api/v1/relays/relay1", user="oper")).header("ETag")
    answers = await asyncio.gather(
        *(
            send(web, "PATCH", "relays/relay1", {"Name": name}, "--header", f"If-Match: {tag}", user="oper")
            for name in ("one", "two", "three")
        )
    )
    assert sorted(answer.status for answer in answers) == [200, 412, 412]
    [winner] = [answer for answer in answers if answer.status == 200]
    assert (await client.relay().get("Name")) == winner.json()["Name"]
    tag = winner.header("ETag")
    assert (await web.curl("/api/v1/relays/relay1", user="oper")).header("ETag") == tag
    answer = await send(web, "PATCH", "relays/relay1", {"Name": "four"}, "--header", f"If-Match: {tag}", user="oper")
    assert answer.status == 200


async def test_what_has_changed_is_not_removed(web: WebDevice) -> None:
    made = await send(web, "POST", "tokens", {"Name": "panel", "Role": "viewer"})
    assert made.status == 201, made.body
    where = made.header("Location").removeprefix("/api/v1/")
    tag = (await web.curl(f"/api/v1/{where}", user="admin")).header("ETag")
    assert (await send(web, "DELETE", where, None, "--header", 'If-Match: "other"')).status == 412
    assert (await web.curl(f"/api/v1/{where}", user="admin")).header("ETag") == tag
    assert (await send(web, "DELETE", where, None, "--header", f"If-Match: {tag}")).status == 204


async def test_head_says_what_get_would(web: WebDevice) -> None:
    get = await web.curl("/api/v1/relays/relay1", user="viewer")
    head = await web.curl("/api/v1/relays/relay1", "--head", user="viewer")
    assert (head.status, head.body) == (200, "")
    assert head.header("ETag") == get.header("ETag")
    assert head.header("Content-Length") == str(len(get.body))


async def test_accounts_and_tokens_come_and_go(web: WebDevice) -> None:
    new = {"Name": "anna", "Password": "Pass word1", "Role": "operator", "Comment": "the caretaker"}
    answer = await send(web, "POST", "accounts", new)
    assert (answer.status, answer.header("Location")) == (201, "/api/v1/accounts/anna")
    valid("Account", answer.json())
    assert "Pass word1" not in answer.body
    assert (await send(web, "POST", "relays/relay1/set", {"Active": False}, user="anna")).status == 204
    answer = await send(web, "POST", "accounts", new)
    assert answer.status == 409
    assert (await send(web, "PATCH", "accounts/anna", {"Role": "viewer"})).json()["Role"] == "viewer"
    assert (await send(web, "POST", "relays/relay1/set", {"Active": False}, user="anna")).status == 403
    answer = await send(web, "DELETE", "accounts/anna")
    assert (answer.status, answer.body) == (204, "")
    assert (await web.curl("/api/v1/relays", user="anna")).status == 401
    assert (await send(web, "GET", "accounts/anna")).status == 404

    answer = await send(web, "POST", "tokens", {"Name": "meter", "Role": "viewer"})
    made = answer.json()
    valid("Token", made)
    assert answer.header("Location") == f"/api/v1/tokens/{made['Id']}"
    assert answer.header("Cache-Control") == "no-store"
    bearer = ("--header", f"Authorization: Bearer {made['Token']}")
    assert (await web.curl("/api/v1/relays", *bearer)).status == 200
    assert (await web.curl("/api/v1/relays/relay1/toggle", *bearer, "--request", "POST")).status == 403
    assert made["Token"] not in (await send(web, "GET", "tokens")).body
    assert (await send(web, "DELETE", f"tokens/{made['Id']}")).status == 204
    assert (await web.curl("/api/v1/relays", *bearer)).status == 401


async def test_the_last_administrator_stays(web: WebDevice) -> None:
    answer = await send(web, "DELETE", "accounts/admin")
    assert (answer.status, answer.json()["type"]) == (409, "/api/v1/problems/Conflict")
    assert (await send(web, "GET", "accounts/admin")).status == 200


async def test_a_certificate_comes_and_goes(web: WebDevice) -> None:
    new = {"Id": "office", "CommonName": "relay.example.org", "AlternativeNames": ["192.0.2.1"], "Days": 30}
    answer = await send(web, "POST", "certificates", new)
    assert answer.status == 201, answer.body
    valid("Certificate", answer.json())
    assert "192.0.2.1" in answer.json()["AlternativeNames"]
    request = (await send(web, "POST", "certificates/office/create-request", {"CommonName": "a.example"})).json()
    assert "BEGIN CERTIFICATE REQUEST" in request["Request"]
    wrong = {"Data": base64.b64encode(b"nothing").decode()}
    assert (await send(web, "POST", "certificates/office/install-signed", wrong)).status == 400
    assert (await send(web, "DELETE", "certificates/office")).status == 204


async def test_the_first_administrator_is_added_without_a_login(new_web: WebDevice) -> None:
    path = "/api/v1/accounts"

    async def add(role: str) -> Answer:
        new = json.dumps({"Name": "first", "Password": "Pass word1", "Role": role})
        return await new_web.curl(path, *JSON, "--data", new)

    assert (await new_web.curl("/api/v1/relays")).status == 401
    assert (await add("operator")).status in (401, 409)
    assert (await add("administrator")).status == 201
    assert (await add("administrator")).status == 401
    assert (await new_web.curl("/api/v1/relays", user="first")).status == 200
