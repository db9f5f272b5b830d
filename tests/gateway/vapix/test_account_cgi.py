# SPDX-License-Identifier: Apache-2.0
"""pwdgrp.cgi and usergroup.cgi beside their documented answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import pytest_asyncio

from axiod.bus.connection import Connection
from axiod.errors import Conflict
from tests.conftest import run
from tests.gateway.stand_in import System, here
from tests.gateway.vapix.site import PWDGRP

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.conftest import Daemon
    from tests.gateway.vapix.site import Site

SECRET = "a b&c=d+e%\"'/\\~"
GROUPS = {
    "admin": "admin",
    "operator": "admin,oper",
    "viewer": "admin,oper,viewer",
    "ptz": "admin,oper",
    "digusers": "admin,oper,viewer",
}


async def groups(site: Site) -> dict[str, str]:
    text = await site.text(f"{PWDGRP}?action=get")
    return {name: names.strip('"') for name, _, names in (line.partition("=") for line in text.splitlines())}


@pytest_asyncio.fixture
async def accounts(site: Site) -> AsyncIterator[Site]:
    """The device; accounts that a test makes are named joe."""
    yield site
    await site.curl(f"{PWDGRP}?action=remove&user=joe")
    assert await groups(site) == GROUPS


async def ask(site: Site, *words: str, user: str | None = "admin") -> str:
    """Ask with a form, each value of which curl writes as it must be."""
    options = [option for word in words for option in ("--data-urlencode", word)]
    answer = await site.curl(PWDGRP, "--header", "Content-Type: text/plain", *options, user=user)
    assert answer.status == 200
    return answer.body.strip()


async def test_an_account_from_its_first_day_to_its_last(accounts: Site) -> None:
    answer = await accounts.curl(PWDGRP, "--data-raw", "action=add&user=joe&pwd=x&grp=users&sgrp=viewer&comment=Joe")
    assert (answer.status, answer.body) == (200, "Created account joe.\n")
    assert answer.header("Content-Type") == "text/html; charset=utf-8"
    found = await groups(accounts)
    assert list(found) == ["admin", "operator", "viewer", "ptz", "digusers"]
    assert found["viewer"] == "admin,joe,oper,viewer"
    assert found["operator"] == "admin,oper"

    update = ("action=update", "user=joe", f"pwd={SECRET}", "sgrp=ptz:operator:viewer", "grp=users")
    assert await ask(accounts, *update) == "Modified account joe."
    assert (await groups(accounts))["operator"] == "admin,joe,oper"
    answer = await accounts.web.curl("/axis-cgi/usergroup.cgi", user="joe", password=SECRET)
    assert answer.body == "joe\nusers operator viewer ptz\n"
    assert (await accounts.web.curl("/axis-cgi/usergroup.cgi", user="joe", password="x")).status == 401

    assert await ask(accounts, "action=remove", "user=joe") == "Removed account joe."
    assert (await accounts.web.curl("/axis-cgi/usergroup.cgi", user="joe", password=SECRET)).status == 401


@pytest.mark.parametrize(
    ("user", "groups"),
    [("admin", "users admin operator viewer ptz"), ("oper", "users operator viewer ptz"), ("viewer", "users viewer")],
)
async def test_who_am_i(site: Site, user: str, groups: str) -> None:
    """Two lines exactly: otherwise clients lose the roles."""
    answer = await site.curl("/axis-cgi/usergroup.cgi", user=user)
    assert (answer.status, answer.body) == (200, f"{user}\n{groups}\n")


async def test_nobody_is_asked_to_log_in(site: Site) -> None:
    answer = await site.curl("/axis-cgi/usergroup.cgi", user=None)
    assert answer.status == 401
    assert answer.headers["www-authenticate"][0].startswith("Digest ")


LOG = "Error: consult the system log file."
NAME = "Error: account user name."
WRONG = {
    "": "Error: action operation type.",
    "action=": "Error: action operation type.",
    "action=<b>": "Error: malformed action operation, <b>.",
    "action=add": NAME,
    "action=add user=joe": LOG,
    "action=add user=joe pwd=x": LOG,
    "action=add user=joe pwd=x sgrp=": LOG,
    "action=add user=joe pwd=x sgrp=ptz": LOG,
    "action=add user=joe pwd=x sgrp=viewer:root": LOG,
    "action=add user=joe sgrp=viewer": LOG,
    "action=add user=joe pwd= sgrp=viewer": LOG,
    "action=add user=joe pwd=\u00fc sgrp=viewer": LOG,
    f"action=add user=joe pwd={'x' * 65} sgrp=viewer": LOG,
    "action=add user=j.oe pwd=x sgrp=viewer": NAME,
    "action=add user=joe\u00e9 pwd=x sgrp=viewer": NAME,
    "action=add user=abcdefghijklmno pwd=x sgrp=viewer": NAME,
    "action=add user=viewer pwd=x sgrp=admin": "Error: this user name already exists, consult the system log file.",
    "action=add user=VIEWER pwd=x sgrp=admin": "Error: this user name already exists, consult the system log file.",
    "action=update user=nobody pwd=x": NAME,
    "action=update user=viewer sgrp=root": LOG,
    "action=update user=viewer sgrp=operator pwd=\u00fc": LOG,
    "action=update user=admin sgrp=viewer": LOG,
    "action=remove user=nobody": NAME,
    "action=remove user=admin": LOG,
    "action=remove": NAME,
}


@pytest.mark.parametrize("words", WRONG)
async def test_what_cannot_be_changes_nothing(accounts: Site, words: str) -> None:
    assert await ask(accounts, *(words.split() or ["x=y"])) == WRONG[words]
    assert await groups(accounts) == GROUPS


async def test_a_name_is_taken_only_if_it_is(bus: Daemon) -> None:
    """There are other conflicts: somebody else has just added the first administrator."""

    def refuse(*_: object) -> None:
        raise Conflict("the first administrator was added already; log in")

    there = await Connection.open(bus.address)
    system = System(there)
    system.change_access(needs_setup=True)
    system.access.answers["AddAccount"] = refuse
    await system.start()
    async with here(bus.address, ports={"http": 0}) as gateway:
        url = f"http://127.0.0.1:{gateway.port('http')}{PWDGRP}"
        done = await run("curl", "--silent", url, "--data", "action=add&user=joe&pwd=x&sgrp=admin")
        assert done.out.strip() == LOG
        assert system.access.calls[-1][0] == "AddAccount"
    await there.close()


async def test_own_role_and_own_password_at_once_change_nothing(accounts: Site) -> None:
    """Whoever changes the one has to log in again for the other."""
    assert await ask(accounts, "action=add", "user=joe", "pwd=x", "sgrp=admin") == "Created account joe."
    body = "action=update&user=joe&pwd=y&sgrp=viewer"
    assert (await accounts.web.curl(PWDGRP, "--data", body, user="joe", password="x")).body.strip() == LOG
    found = await accounts.web.curl("/axis-cgi/usergroup.cgi", user="joe", password="x")
    assert "admin" in found.body
    # Each alone is taken.
    for change in ("pwd=y", "sgrp=viewer"):
        password = "x" if change == "pwd=y" else "y"
        answer = await accounts.web.curl(
            PWDGRP, "--data", f"action=update&user=joe&{change}", user="joe", password=password
        )
        assert answer.body.strip() == "Modified account joe."


async def test_what_was_sent_is_never_html(site: Site) -> None:
    answer = await site.curl(f"{PWDGRP}?action=%3Cscript%3E")
    assert answer.header("Content-Type") == "text/plain; charset=utf-8"


@pytest.mark.parametrize(("user", "status"), [("viewer", 403), ("oper", 403), (None, 401)])
@pytest.mark.parametrize("query", ["action=get", "action=add&user=joe&pwd=x&sgrp=admin", "action=remove&user=viewer"])
async def test_who_may_not(accounts: Site, user: str | None, status: int, query: str) -> None:
    assert (await accounts.curl(f"{PWDGRP}?{query}", user=user)).status == status
    assert (await accounts.curl(PWDGRP, "--data-raw", query, user=user)).status == status
    assert await groups(accounts) == GROUPS
