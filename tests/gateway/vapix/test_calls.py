# SPDX-License-Identifier: Apache-2.0
"""What holds for every call: who may make it, and what it says while a service is away."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.gateway.vapix.site import PARAM, PORT_CGI, PORTS

if TYPE_CHECKING:
    from tests.gateway.vapix.site import Site

READY = '{"apiVersion":"1.0","method":"systemready"}'
GET_PORTS = '{"apiVersion":"1.0","method":"getPorts"}'


@pytest.mark.parametrize(
    "path",
    [
        "/axis-cgi/nothing.cgi",
        "/axis-cgi/io/",
        "/axis-cgi/io/port.cgi/",
        "/axis-cgi/io//port.cgi",
        "/axis-cgi/applications/list.cgi",
        "/axis-cgi/mqtt/nothing.cgi",
        "/axis-cgi/time.cgi",
        "/axis-cgi/lightcontrol.cgi",
        "/axis-cgi/virtualinput/nothing.cgi",
        "/axis-cgi/../axis-cgi/nothing.cgi",
    ],
)
async def test_what_is_not_there(site: Site, path: str) -> None:
    assert (await site.curl(path, user="admin")).status == 404


async def test_without_a_login_everything_asks_for_one(site: Site) -> None:
    for words in (
        [f"{PORT_CGI}?check=1"],
        [f"{PARAM}?action=list"],
        [PORTS, "--data-raw", GET_PORTS],
        ["/axis-cgi/pwdgrp.cgi?action=get"],
        ["/axis-cgi/usergroup.cgi"],
        ["/axis-cgi/supervisedio.cgi", "--data-raw", "{}"],
    ):
        answer = await site.curl(*words, user=None)
        assert answer.status == 401
        assert answer.headers["www-authenticate"][0].startswith("Digest realm=")


async def test_anonymous_viewers_view(site: Site) -> None:
    access = "/org/axiod/system1/access", "org.axiod.system1.Access", "Configure", "a{sv}", "1", "AnonymousViewing", "b"
    site.web.busctl("call", "org.axiod.system1", *access, "true")
    try:
        while (await site.curl(f"{PORT_CGI}?check=1", user=None)).status != 200:
            pass
        assert (await site.curl(PORTS, "--data-raw", GET_PORTS, user=None)).status == 200
        assert (await site.curl(f"{PORT_CGI}?action=1:/", user=None)).status == 401
        assert (await site.curl(f"{PARAM}?action=update&IOPort.I3.Usage=x", user=None)).status == 401
        assert (await site.curl("/axis-cgi/usergroup.cgi", user=None)).status == 401
    finally:
        site.web.busctl("call", "org.axiod.system1", *access, "false")
    assert (await site.stands())["relay1"]["Active"] is False


BROWSER = ("--user-agent", "Mozilla/5.0 (X11; Linux x86_64)", "--header", "Accept-Language: en")


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ((), 403),
        (("--referer", "http://elsewhere.example/"), 403),
        (("--referer", "{url}/"), 200),
        (("--referer", "http://["), 403),
        (("--header", "Sec-Fetch-Site: cross-site"), 403),
        (("--header", "Sec-Fetch-Site: same-origin"), 200),
        (("--header", "Sec-Fetch-Site: none"), 200),
        (("--user-agent", "program/1.0"), 200),
        (("--header", "Origin: http://elsewhere.example"), 403),
    ],
)
async def test_no_other_site_has_a_browser_change_something(site: Site, headers: tuple[str, ...], status: int) -> None:
    """A browser sends the login that it remembers wherever a page tells it to ask."""
    words = [*BROWSER, *(word.format(url=site.web.http) for word in headers)]
    for query in (f"{PORT_CGI}?action=1:/", f"{PARAM}?action=update&IOPort.I3.Usage=Door",
                  "/axis-cgi/pwdgrp.cgi?action=update&user=viewer&comment="):  # fmt: skip
        assert (await site.curl(query, *words)).status == status
    stands = await site.stands()
    assert (stands["relay1"]["Active"], stands["output1"]["Usage"]) == (
        (True, "Door") if status == 200 else (False, "")
    )


async def test_a_program_that_calls_itself_mozilla(site: Site) -> None:
    assert await site.text(f"{PORT_CGI}?action=1:/", *BROWSER[:2]) == ""


async def test_browsers_read(site: Site) -> None:
    assert await site.text(f"{PORT_CGI}?check=1", *BROWSER) == "port1=0\n"


async def test_while_a_service_is_away(site: Site) -> None:
    """503 for what is its own, and the rest goes on; nothing says that its ports are gone."""
    relays = await site.client.pid(site.client.relays)
    supervisor = parent(relays)
    os.kill(supervisor, signal.SIGSTOP)  # so that it is not started again before we have looked
    try:
        os.kill(relays, signal.SIGKILL)
        while (answer := await site.curl(f"{PORT_CGI}?check=1")).status != 503:
            pass
        assert answer.header("Retry-After") == "2"
        assert "axiod-relays is not running" in answer.body
        assert (await site.curl(f"{PORT_CGI}?action=1:/")).status == 503
        assert (await site.curl(PORTS, "--data-raw", GET_PORTS)).status == 503
        assert (await site.curl(f"{PARAM}?action=list&group=IOPort")).status == 503
        assert await site.text(f"{PORT_CGI}?check=2") == "port2=0\n"
        assert "Brand.Brand=" in await site.text(f"{PARAM}?action=list&group=Brand")
        ready = (await site.curl("/axis-cgi/systemready.cgi", "--data-raw", READY, user=None)).json()["data"]
        assert ready["systemready"] == "no"
    finally:
        os.kill(supervisor, signal.SIGCONT)
    waiting = '{"apiVersion":"1.0","method":"systemready","params":{"timeout":20}}'
    ready = (await site.curl("/axis-cgi/systemready.cgi", "--data-raw", waiting, user=None)).json()["data"]
    assert ready["systemready"] == "yes"
    assert await site.text(f"{PORT_CGI}?check=1") == "port1=0\n"


def parent(pid: int) -> int:
    """Return the process that started another (proc_pid_stat(5))."""
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
