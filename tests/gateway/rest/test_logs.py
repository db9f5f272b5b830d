# SPDX-License-Identifier: Apache-2.0
"""The system log, the access log and the audit log of a device over the network, from what the device itself did."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from axiod.clock import wall_usec

if TYPE_CHECKING:
    from tests.gateway.web_device import WebDevice

QUERY = "/api/v1/logs/query"
ENTRIES = "/api/v1/logs/entries"


async def query(web: WebDevice, **options: Any) -> list[dict[str, Any]]:
    answer = await web.curl(QUERY, "--json", json.dumps(options), user="admin")
    assert answer.status == 200, answer.body
    found: list[dict[str, Any]] = answer.json()["Entries"]
    return found


async def test_what_was_done_and_refused_is_in_the_audit_log(web: WebDevice) -> None:
    began = wall_usec()
    await web.curl("/api/v1/relays/relay1/set", "--json", '{"Active": false}', user="oper")
    await web.curl("/api/v1/relays/relay1/set", "--json", '{"Active": false}', user="viewer")
    refused, done = await query(web, Log="audit", FromUsec=began)
    assert (done["User"], done["Address"], done["How"], done["Result"]) == ("oper", "127.0.0.1", "digest", "ok")
    assert (done["Method"], done["Object"]) == ("org.axiod.relays1.Relay.Set", "/org/axiod/relays1/relay/relay1")
    assert json.loads(done["Arguments"])["active"] is False
    assert (refused["User"], refused["Result"], refused["Severity"]) == ("viewer", "NotAuthorized", "warning")
    assert refused["Reason"]


async def test_who_reads_the_logs_does_not_fill_them(web: WebDevice) -> None:
    began = wall_usec()
    await query(web)
    assert await query(web, Log="audit", FromUsec=began) == []
    assert (await web.curl(QUERY, "--json", "{}", user="oper")).status == 403
    (refused,) = await query(web, Log="audit", FromUsec=began)
    assert (refused["User"], refused["Result"]) == ("oper", "NotAuthorized")


async def test_a_wrong_password_is_in_the_access_log(web: WebDevice) -> None:
    began = wall_usec()
    await web.curl("/api/v1/relays?secret=1", user="oper", password="wrong")
    found = await query(web, Log="access", FromUsec=began)
    assert [(one["Request"], one["Status"], one["Address"]) for one in found] == [
        ("GET /api/v1/relays", 401, "127.0.0.1")
    ]
    assert found[0]["DurationMs"] >= 0


async def test_the_services_are_in_the_system_log(web: WebDevice) -> None:
    found = await query(web, Unit="axiod-io", Text="is READY")
    assert found[0]["Text"].startswith("org.axiod.io1 is ready")
    assert found[0]["Severity"] == "info"
    units = (await web.curl("/api/v1/logs/list-units", "--json", "{}", user="admin")).json()["Units"]
    assert {"axiod-io.service", "axiod-gateway.service", "axiod-system.service"} <= set(units)
    assert (await web.curl("/api/v1/logs", user="admin")).json()["Origin"] == "files"


async def test_an_entry_is_found_as_soon_as_it_is_made(web: WebDevice) -> None:
    newest = (await query(web, Log="audit", Limit=1))[0]["Cursor"]
    assert await query(web, Log="audit", After=newest) == []
    await web.curl("/api/v1/relays/relay1/set", "--json", '{"Active": false}', user="oper")
    assert [one["User"] for one in await query(web, Log="audit", After=newest)] == ["oper"]


@pytest.mark.parametrize(
    ("words", "kind", "name"), [("", "text/plain", "txt"), ("format=json&", "application/json", "json")]
)
async def test_a_log_is_a_document(web: WebDevice, words: str, kind: str, name: str) -> None:
    began = wall_usec()
    for active in ("true", "false"):
        await web.curl("/api/v1/relays/relay1/set", "--json", f'{{"Active": {active}}}', user="oper")
    answer = await web.curl(f"{ENTRIES}?{words}Log=audit&FromUsec={began}", user="admin")
    assert answer.header("Content-Type") == f"{kind}; charset=utf-8"
    assert answer.header("Content-Disposition") == f'attachment; filename="audit-log.{name}"'
    texts = answer.body.splitlines() if name == "txt" else [one["Text"] for one in answer.json()["Items"]]
    assert len(texts) == 2
    assert ['"active": true' in text for text in texts] == [True, False]


@pytest.mark.parametrize(
    ("query_", "says"),
    [
        ("format=csv", "format is 'csv'; it must be text or json"),
        ("Log=mail", "Log is 'mail'"),
        ("After=x", "there is no parameter 'After'"),
        ("FromUsec=today", "microseconds since 1970"),
        ("Log=audit&Unit=x", "Unit is for the system log"),
    ],
)
async def test_what_cannot_be_asked_is_refused(web: WebDevice, query_: str, says: str) -> None:
    answer = await web.curl(f"{ENTRIES}?{query_}", user="admin")
    assert answer.status == 400
    assert says in answer.json()["detail"]


@pytest.mark.parametrize("path", ["/axis-cgi/systemlog.cgi", "/axis-cgi/admin/systemlog.cgi"])
async def test_vapix_has_the_system_log(web: WebDevice, path: str) -> None:
    answer = await web.curl(f"{path}?text=io1%20is%20ready", user="admin")
    assert answer.header("Content-Type") == "text/plain; charset=utf-8"
    lines = answer.body.splitlines()
    assert lines
    assert all("axiod-io[" in line and "org.axiod.io1 is ready" in line for line in lines)
    assert (await web.curl(path, user="oper")).status == 403


async def test_vapix_has_the_access_log(web: WebDevice) -> None:
    await web.curl("/api/v1/relays", user="oper", password="wrong")
    answer = await web.curl("/axis-cgi/accesslog.cgi", user="admin")
    assert "'GET /api/v1/relays': 401" in answer.body.splitlines()[-1]
