# SPDX-License-Identifier: Apache-2.0
"""Who gets in, asked by curl."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import re
from typing import TYPE_CHECKING

import pytest

from tests.conftest import run
from tests.gateway.raw import Raw
from tests.gateway.rest.asking import send
from tests.gateway.web_device import ACCOUNTS, PASSWORD, Answer, WebDevice

if TYPE_CHECKING:
    from pathlib import Path

    from tests.sim.device_process import Client

RELAYS = "/api/v1/relays"
"""For every role."""
ACCOUNTS_PATH = "/api/v1/accounts"
"""For administrators."""
PULSE = "/axis-cgi/io/port.cgi?action=1:/"
SESSION = "/api/v1/session"
ELSEWHERE = "127.0.0.77"
"""Another address of this machine, which may be shut out without doing harm to the other tests."""


async def test_digest_gets_in(web: WebDevice) -> None:
    for name in ACCOUNTS:
        assert (await web.curl(RELAYS, user=name)).status == 200
    assert (await web.curl(ACCOUNTS_PATH, user="admin")).status == 200
    for name in ("oper", "viewer"):
        assert (await web.curl(ACCOUNTS_PATH, user=name)).status == 403


async def test_the_first_answer_challenges_with_md5_first(web: WebDevice) -> None:
    answer = await web.curl(RELAYS)
    assert answer.status == 401
    md5, sha256 = answer.headers["www-authenticate"]
    assert re.fullmatch(r'Digest realm="AXIOD_[0-9A-F]{12}", nonce="[\w-]+", algorithm=MD5, qop="auth"', md5)
    assert re.fullmatch(r'Digest realm="AXIOD_[0-9A-F]{12}", nonce="[\w-]+", algorithm=SHA-256, qop="auth"', sha256)
    secure = await web.curl(RELAYS, secure=True)
    assert [value.split()[0] for value in secure.headers["www-authenticate"]] == ["Digest", "Digest", "Basic"]


async def test_sha_256_gets_in(web: WebDevice) -> None:
    offered = (await web.curl(RELAYS)).headers["www-authenticate"][1]
    realm, nonce = re.findall(r'(?:realm|nonce)="([^"]*)"', offered)
    answer = await web.curl(RELAYS, "-H", digest("GET", RELAYS, realm, nonce, "SHA-256"))
    assert answer.status == 200


async def test_a_wrong_password_does_not_get_in(web: WebDevice) -> None:
    answer = await web.curl(RELAYS, user="admin", password="pass word1")
    assert answer.status == 401
    assert not any("stale" in value for value in answer.headers["www-authenticate"])
    assert (await web.curl(RELAYS, user="nobody")).status == 401
    assert (await web.curl(RELAYS, user="Admin")).status == 401


async def test_basic_is_taken_over_tls_only(web: WebDevice) -> None:
    assert (await web.curl(RELAYS, user="admin", how="--basic", secure=True)).status == 200
    assert (await web.curl(RELAYS, user="admin", how="--basic", secure=True, password="x")).status == 401
    refused = await web.curl(RELAYS, user="admin", how="--basic")
    assert refused.status == 401
    assert "HTTPS" in refused.json()["detail"]


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Digest",
        "Digest ,,,",
        'Digest username="admin"',
        "Basic",
        "Basic !!!",
        "Basic " + base64.b64encode(b"admin").decode(),
        "Basic " + base64.b64encode(b"\xff:\xff").decode(),
        "Bearer",
        "Bearer axiod_wrong",
        "Bearer " + "x" * 4000,
        "Negotiate abc",
        "\x01",
        "ü",
    ],
)
async def test_any_other_header_is_refused(web: WebDevice, header: str) -> None:
    answer = await web.curl(RELAYS, "-H", f"Authorization: {header}" if header else "Authorization;", secure=True)
    assert answer.status in (400, 401), answer


async def test_a_request_cannot_be_sent_again_by_somebody_else(web: WebDevice, client: Client) -> None:
    relay = client.relay()
    before = await relay.get("Active")
    realm, nonce = re.findall(r'(?:realm|nonce)="([^"]*)"', (await web.curl(RELAYS)).headers["www-authenticate"][0])
    path = "/api/v1/relays/relay1/toggle"
    captured = ["-X", "POST", "-H", digest("POST", path, realm, nonce, "MD5")]
    assert (await web.curl(path, *captured)).status in (200, 204)
    assert await relay.get("Active") is not before
    again = await web.curl(path, *captured)
    assert again.status == 401
    assert all("stale=true" in value for value in again.headers["www-authenticate"])
    assert await relay.get("Active") is not before


async def test_an_answer_for_another_path_is_refused(web: WebDevice) -> None:
    realm, nonce = re.findall(r'(?:realm|nonce)="([^"]*)"', (await web.curl(RELAYS)).headers["www-authenticate"][0])
    header = digest("GET", "/api/v1/ports", realm, nonce, "MD5")
    assert (await web.curl(RELAYS, "-H", header)).status == 401
    assert (await web.curl("/api/v1/ports", "-H", header)).status == 200


async def test_the_uri_may_be_escaped_otherwise(web: WebDevice) -> None:
    """As the PyPI client axis 74 does it."""
    realm, nonce = re.findall(r'(?:realm|nonce)="([^"]*)"', (await web.curl(RELAYS)).headers["www-authenticate"][0])
    header = digest("GET", "/axis-cgi/io/port.cgi?check%3D1%2C2", realm, nonce, "MD5")
    assert (await web.curl("/axis-cgi/io/port.cgi?check=1,2", "-H", header)).status == 200


async def test_a_stale_nonce_is_no_failed_login(web: WebDevice) -> None:
    realm = re.findall(r'realm="([^"]*)"', (await web.curl(RELAYS)).headers["www-authenticate"][0])[0]
    for _ in range(30):
        answer = await web.curl(
            RELAYS, "--interface", ELSEWHERE, "-H", digest("GET", RELAYS, realm, "of-another-day", "MD5")
        )
        assert answer.status == 401
        assert "stale=true" in answer.headers["www-authenticate"][0]
    assert (await web.curl(RELAYS, "--interface", ELSEWHERE, user="admin")).status == 200


async def test_whoever_guesses_is_shut_out(new_web: WebDevice) -> None:
    new_web.add_account("admin", "administrator")
    for _ in range(30):  # no credentials is no failure
        assert (await new_web.curl(RELAYS, "--interface", ELSEWHERE)).status == 401
    urls = [word for _ in range(30) for word in ("-o", "/dev/null", new_web.http + RELAYS)]
    wrong = ["--interface", ELSEWHERE, "-H", "Authorization: Bearer axiod_wrong"]
    done = await run("curl", "-s", "-w", "%{http_code}\n", *wrong, *urls)
    assert done.out.split()[0] == "401"
    assert done.out.split()[-1] == "403"
    blocked = await new_web.curl(RELAYS, "--interface", ELSEWHERE, user="admin")
    assert blocked.status == 403
    assert 1 <= int(blocked.header("Retry-After")) <= 60
    assert (await new_web.curl(RELAYS, user="admin")).status == 200  # from here


async def test_before_there_is_an_administrator(new_web: WebDevice) -> None:
    refused = await new_web.curl(RELAYS)
    assert refused.status == 401
    assert "administrator" in refused.json()["detail"]
    assert (await new_web.curl(PULSE)).status == 401
    assert (await new_web.curl(RELAYS, user="root", password="pass")).status == 401
    assert (await new_web.curl("/healthz")).status == 200
    assert (await new_web.curl(SESSION)).json()["NeedsSetup"] is True
    # Not from a page elsewhere, also when its name suddenly means this device.
    body = '{"Name": "admin", "Password": "Pass word1", "Role": "administrator"}'
    elsewhere = ["-H", "Origin: http://evil.example", "-H", "Host: evil.example"]
    assert (await new_web.curl(ACCOUNTS_PATH, "--json", body, *elsewhere)).status == 403
    assert (await new_web.curl(ACCOUNTS_PATH, "--json", body, "-H", "Origin: http://evil.example")).status == 403
    assert (
        await new_web.curl(ACCOUNTS_PATH, "--json", body, "-A", "Mozilla/5.0", "-H", "Host: e.example")
    ).status == 403
    image = "/axis-cgi/pwdgrp.cgi?action=add&user=evil&pwd=evil&grp=users&sgrp=admin:operator:viewer"
    assert (await new_web.curl(image, "-A", "Mozilla/5.0")).status == 403
    assert (await new_web.curl(SESSION)).json()["NeedsSetup"] is True
    # Not as an operator.
    assert (await new_web.curl(ACCOUNTS_PATH, "--json", body.replace("administrator", "operator"))).status >= 400
    assert (await new_web.curl(SESSION)).json()["NeedsSetup"] is True
    assert (await new_web.curl(ACCOUNTS_PATH, "--json", body)).status == 201
    assert (await new_web.curl(RELAYS, user="admin")).status == 200
    assert (await new_web.curl(ACCOUNTS_PATH, "--json", body.replace("admin", "other", 1))).status == 401


async def test_a_token_gets_in_until_it_is_revoked(web: WebDevice) -> None:
    path, access = "/org/axiod/system1/access", "org.axiod.system1.Access"
    made = web.busctl("call", "org.axiod.system1", path, access, "AddToken", "ssa{sv}", "test", "operator", "0")
    id_, token = re.findall(r'"data":\["([^"]+)","([^"]+)"\]', made)[0]
    bearer = ["-H", f"Authorization: Bearer {token}"]
    assert (await web.curl(RELAYS, *bearer)).status == 200
    assert (await web.curl(ACCOUNTS_PATH, *bearer)).status == 403
    assert (await web.curl(SESSION, *bearer)).json()["Name"] == f"token {id_}"
    web.busctl("call", "org.axiod.system1", f"/org/axiod/system1/token/{id_}", "org.axiod.system1.Token", "Remove")
    answer = await web.curl(RELAYS, *bearer)
    assert answer.status == 401


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/api/v1/relays/relay1/set", '{"Active": true}'),
        ("/axis-cgi/io/portmanagement.cgi", '{"apiVersion": "1.0", "method": "getPorts"}'),
    ],
)
async def test_a_token_that_is_revoked_before_the_body_comes_does_nothing(
    web: WebDevice, client: Client, path: str, body: str
) -> None:
    made = (await send(web, "POST", "tokens", {"Name": "late", "Role": "operator"})).json()
    before = await client.relay().all()
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        f"Authorization: Bearer {made['Token']}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    async with Raw(web.ports["http"]) as raw:
        await raw.send(head.encode())
        async with asyncio.timeout(10):
            while f"token {made['Id']}" not in (await send(web, "GET", "clients")).body:
                pass
        assert (await send(web, "DELETE", f"tokens/{made['Id']}")).status == 204
        await raw.send(body.encode())
        assert (await raw.answer())[0] == 401
    assert await client.relay().all() == before


# --- sessions ---


async def log_in(web: WebDevice, jar: Path, *, secure: bool = False, name: str = "admin") -> Answer:
    body = f'{{"Name": "{name}", "Password": "{PASSWORD}"}}'
    return await web.curl(SESSION, "--json", body, "-c", str(jar), secure=secure)


async def test_a_session(web: WebDevice, tmp_path: Path) -> None:
    jar = tmp_path / "jar"
    begun = await log_in(web, jar)
    assert begun.status == 201
    cookie = begun.header("Set-Cookie")
    assert cookie.startswith("axiod=")
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    assert begun.json()["Role"] == "administrator"
    with_cookie = ["-b", str(jar)]
    assert (await web.curl(ACCOUNTS_PATH, *with_cookie)).status == 200
    token = (await web.curl(SESSION, *with_cookie)).json()["CsrfToken"]
    assert token == begun.json()["CsrfToken"]
    toggle = ["-X", "POST", *with_cookie]
    forged = await web.curl("/api/v1/relays/relay1/toggle", *toggle)
    assert forged.status == 403
    assert "X-CSRF-Token" in forged.json()["detail"]
    assert (await web.curl(PULSE, *with_cookie)).status == 403
    header = ["-H", f"X-CSRF-Token: {token}"]
    for _ in range(2):
        assert (await web.curl("/api/v1/relays/relay1/toggle", *toggle, *header)).status in (200, 204)
    assert (await web.curl(SESSION, "-X", "DELETE", *with_cookie)).status == 403
    assert (await web.curl(SESSION, "-X", "DELETE", *with_cookie, *header)).status == 204
    assert (await web.curl(ACCOUNTS_PATH, *with_cookie)).status == 401


async def test_a_session_over_tls_counts_there_alone(web: WebDevice, tmp_path: Path) -> None:
    jar = tmp_path / "jar"
    begun = await log_in(web, jar, secure=True)
    cookie = begun.header("Set-Cookie")
    assert cookie.startswith("__Host-axiod=")
    assert "Secure" in cookie
    value = cookie.partition("=")[2].partition(";")[0]
    assert (await web.curl(RELAYS, "-b", str(jar), secure=True)).status == 200
    assert (await web.curl(RELAYS, "-H", f"Cookie: axiod={value}; __Host-axiod={value}")).status == 401


async def test_a_login_takes_no_form_and_no_wrong_password(web: WebDevice) -> None:
    assert (await web.curl(SESSION, "-d", f"Name=admin&Password={PASSWORD}")).status == 415
    wrong = await web.curl(SESSION, "--json", '{"Name": "admin", "Password": "x"}')
    assert wrong.status == 401
    for body in ("", "[]", "{", '{"Name": 1, "Password": "x"}', "[" * 5000):
        assert (await web.curl(SESSION, "--json", body)).status == 400
    # A page asks for the password itself: its browser must not.
    own = await web.curl(SESSION, "--json", '{"Name": "admin", "Password": "x"}', "-H", "X-Requested-With: axiod")
    assert own.status == 401
    assert "www-authenticate" not in own.headers


async def test_a_session_ends_with_the_account(web: WebDevice, tmp_path: Path) -> None:
    web.add_account("shortlived", "viewer")
    jar = tmp_path / "jar"
    assert (await log_in(web, jar, name="shortlived")).status == 201
    assert (await web.curl(RELAYS, "-b", str(jar))).status == 200
    path = "/org/axiod/system1/account/shortlived"
    web.busctl("call", "org.axiod.system1", path, "org.axiod.system1.Account", "Remove")
    assert (await web.curl(RELAYS, "-b", str(jar))).status == 401
    assert (await web.curl(RELAYS, user="shortlived")).status == 401


async def test_a_new_password_counts_at_once(web: WebDevice, tmp_path: Path) -> None:
    web.add_account("changing", "viewer")
    path, interface = "/org/axiod/system1/account/changing", "org.axiod.system1.Account"
    jar = tmp_path / "jar"
    assert (await log_in(web, jar, name="changing")).status == 201
    for how, secure in (("--digest", False), ("--basic", True)):
        assert (await web.curl(RELAYS, user="changing", how=how, secure=secure)).status == 200
    web.busctl("call", "org.axiod.system1", path, interface, "SetPassword", "s", "another one")
    for how, secure in (("--digest", False), ("--basic", True)):
        assert (await web.curl(RELAYS, user="changing", how=how, secure=secure)).status == 401
        again = await web.curl(RELAYS, user="changing", how=how, secure=secure, password="another one")
        assert again.status == 200
    assert (await web.curl(RELAYS, "-b", str(jar))).status == 401
    web.busctl("call", "org.axiod.system1", path, interface, "Remove")


# --- other sites ---


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        (RELAYS, ["Origin: http://evil.example"], 403),
        (RELAYS, ["Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: no-cors"], 403),
        (RELAYS, ["Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: navigate"], 200),
        (PULSE, ["Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: navigate"], 403),
        (PULSE, ["Sec-Fetch-Site: same-site", "Sec-Fetch-Mode: no-cors"], 403),
        (PULSE, ["Origin: null"], 403),
        (PULSE, ["Referer: http://evil.example/"], 403),
        (RELAYS, ["Sec-Fetch-Site: none", "Sec-Fetch-Mode: navigate"], 200),
        (RELAYS, ["Sec-Fetch-Site: same-origin", "Sec-Fetch-Mode: cors"], 200),
        ("/healthz", ["Sec-Fetch-Site: cross-site"], 200),
    ],
)
async def test_other_sites_cannot_use_the_login_of_a_browser(
    web: WebDevice, path: str, headers: list[str], status: int
) -> None:
    words = [word for header in headers for word in ("-H", header)]
    assert (await web.curl(path, *words, user="admin")).status == status


async def test_no_other_site_reads_an_answer(web: WebDevice) -> None:
    answer = await web.curl("/healthz", "-H", "Origin: http://evil.example")
    assert "access-control-allow-origin" not in answer.headers
    asked = await web.curl(RELAYS, "-X", "OPTIONS", "-H", "Origin: http://evil.example")
    assert asked.status in (401, 403, 405)
    assert "access-control-allow-origin" not in asked.headers


# --- anonymous viewing, and axiod-system away ---


async def test_anybody_may_view_when_that_is_allowed(new_web: WebDevice) -> None:
    new_web.add_account("admin", "administrator")
    assert (await new_web.curl(RELAYS)).status == 401
    configure = [
        "org.axiod.system1",
        "/org/axiod/system1/access",
        "org.axiod.system1.Access",
        "Configure",
        "a{sv}",
        "1",
    ]
    new_web.busctl("call", *configure, "AnonymousViewing", "b", "true")
    assert (await new_web.curl(RELAYS)).status == 200
    assert (await new_web.curl(ACCOUNTS_PATH)).status == 401
    assert (await new_web.curl("/api/v1/relays/relay1/toggle", "-X", "POST")).status == 401
    assert (await new_web.curl(RELAYS, "-H", "Authorization: Bearer axiod_wrong")).status == 401
    assert (await new_web.curl(ACCOUNTS_PATH, user="admin")).status == 200
    new_web.busctl("call", *configure, "AnonymousViewing", "b", "false")
    assert (await new_web.curl(RELAYS)).status == 401


async def test_without_axiod_system_what_was_checked_before_still_counts(new_web: WebDevice, tmp_path: Path) -> None:
    for name, role in ACCOUNTS.items():
        new_web.add_account(name, role)
    jar = tmp_path / "jar"
    assert (await log_in(new_web, jar)).status == 201
    for how, secure in (("--digest", False), ("--basic", True)):
        assert (await new_web.curl(RELAYS, user="admin", how=how, secure=secure)).status == 200
    await new_web.give_up("system")
    assert (await new_web.curl("/healthz")).status == 503
    assert (await new_web.curl("/healthz")).json()["away"] == ["system"]
    for how, secure in (("--digest", False), ("--basic", True)):
        assert (await new_web.curl(RELAYS, user="admin", how=how, secure=secure)).status == 200
        assert (await new_web.curl(RELAYS, user="oper", how=how, secure=secure)).status == 503
    assert (await new_web.curl(RELAYS, "-b", str(jar))).status == 200
    assert (await new_web.curl(RELAYS, user="admin", password="wrong")).status == 401
    away = await new_web.curl(ACCOUNTS_PATH, user="admin")
    assert away.status == 503
    assert away.header("Retry-After")


def digest(method: str, uri: str, realm: str, nonce: str, algorithm: str) -> str:
    """Return an Authorization header of admin, computed by hand."""

    def hashed(text: str) -> str:
        return hashlib.new({"MD5": "md5", "SHA-256": "sha256"}[algorithm], text.encode()).hexdigest()

    one, two = hashed(f"admin:{realm}:{PASSWORD}"), hashed(f"{method}:{uri}")
    response = hashed(f"{one}:{nonce}:00000001:abc:auth:{two}")
    return (
        f'Authorization: Digest username="admin", realm="{realm}", nonce="{nonce}", uri="{uri}", qop=auth, '
        f'nc=00000001, cnonce="abc", response="{response}", algorithm={algorithm}'
    )
