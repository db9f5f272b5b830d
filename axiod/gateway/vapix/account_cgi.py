# SPDX-License-Identifier: Apache-2.0
"""pwdgrp.cgi and usergroup.cgi: accounts.

VAPIX has groups: an administrator is in admin, operator and viewer, an operator in operator and viewer. The group ptz
moves cameras, and there are none here, so it follows operator, and is not stored.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from axiod.bus.caller import Role
from axiod.errors import AxiodError, Conflict, InvalidArgument, NotAuthorized, NotFound, Unavailable
from axiod.gateway.names import ACCESS, ACCOUNT
from axiod.gateway.person import NotLoggedIn, person_of
from axiod.gateway.route import Route
from axiod.gateway.vapix.discovery import Api
from axiod.gateway.vapix.form import form, quoted, text
from axiod.gateway.vapix.intent import on_purpose

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aiohttp import web

    from axiod.gateway.context import Gateway
    from axiod.gateway.mirror import Thing
    from axiod.gateway.person import Person

API = Api("user-management", "1.1", "User Management")

_GROUPS = {
    "admin": ("administrator",),
    "operator": ("administrator", "operator"),
    "viewer": ("administrator", "operator", "viewer"),
    "ptz": ("administrator", "operator"),
}
_ROLES = {"admin": "administrator", "operator": "operator", "viewer": "viewer"}
"""The highest first."""
_NAME = re.compile("[a-zA-Z0-9]{1,14}", re.ASCII)
_SYSTEM_LOG = "Error: consult the system log file."
_NO_NAME = "Error: account user name."
_NO_ACTION = "Error: action operation type."


def routes(gateway: Gateway) -> list[Route]:
    """Return what this part answers."""
    cgi = Pwdgrp(gateway)
    found = [
        Route(method, "/axis-cgi/pwdgrp.cgi", cgi.answer, Role.ADMINISTRATOR, setup=True) for method in ("GET", "POST")
    ]
    return [*found, Route("GET", "/axis-cgi/usergroup.cgi", usergroup, Role.VIEWER)]


async def usergroup(request: web.Request) -> web.Response:
    """Say who asks and in which groups they are; browsers ask it to have people log in, so nobody stays anonymous."""
    person = person_of(request)
    if not person.name or person.role is None:
        raise NotLoggedIn("usergroup.cgi tells who you are; log in first")
    role = person.role.name.lower()
    groups = " ".join(["users", *(group for group, roles in _GROUPS.items() if role in roles)])
    return text(f"{person.name.replace(' ', '-')}\n{groups}\n")


class _Answer(Exception):
    """An error, as the CGI says it with status 200."""


class Pwdgrp:
    """pwdgrp.cgi."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    async def answer(self, request: web.Request) -> web.Response:
        """Answer a request."""
        given = await form(request)
        person = person_of(request)
        action = given.get("action", "")
        if self._gateway.accounts.needs_setup:
            if action != "add" or "admin" not in given.get("sgrp", "").split(":"):
                first = text("Error: initial admin user must be created first.\n", "text/html")
                first.set_status(401)
                return first
        else:
            person.require(Role.ADMINISTRATOR, "pwdgrp.cgi")
        if action == "get":
            return text(self._get())
        known = {"add": self._add, "update": self._update, "remove": self._remove}
        if not action:
            return text(f"{_NO_ACTION}\n", "text/html")
        if action not in known:
            # As plain text, because it quotes what was sent.
            return text(f"Error: malformed action operation, {quoted(action)}.\n")
        on_purpose(request, "a change of accounts")
        try:
            return text(f"{await known[action](person, given)}\n", "text/html")
        except _Answer as error:
            return text(f"{error}\n", "text/html")
        except (NotAuthorized, Unavailable):
            raise
        except AxiodError:  # the audit log says why
            return text(f"{_SYSTEM_LOG}\n", "text/html")

    def _get(self) -> str:
        accounts = self._gateway.mirror.things(ACCOUNT)
        lines = {
            group: ",".join(account["Name"] for account in accounts if account["Role"] in roles)
            for group, roles in _GROUPS.items()
        }
        lines["digusers"] = ",".join(account["Name"] for account in accounts)
        return "".join(f'{group}="{names}"\n' for group, names in lines.items())

    async def _add(self, person: Person, given: Mapping[str, str]) -> str:
        name, role = _name(given), _role(given)
        if role is None or "pwd" not in given:
            raise _Answer(_SYSTEM_LOG)
        access = self._gateway.mirror.thing(ACCESS)
        options = {"Comment": given["comment"]} if given.get("comment") else {}
        try:
            await self._gateway.acting.act(person, access, "AddAccount", name, given["pwd"], role, options)
        except Conflict:
            # There may be another reason. Two names differ in more than case.
            known = {account["Name"].lower() for account in self._gateway.mirror.things(ACCOUNT)}
            if name.lower() not in known:
                raise
            raise _Answer("Error: this user name already exists, consult the system log file.") from None
        return f"Created account {name}."

    async def _update(self, person: Person, given: Mapping[str, str]) -> str:
        account = self._account(_name(given))
        act = self._gateway.acting.act
        changes = {}
        if "sgrp" in given:
            role = _role(given)
            if role is None:
                raise _Answer(_SYSTEM_LOG)
            changes["Role"] = role
        if "comment" in given:
            changes["Comment"] = given["comment"]
        changes = {setting: value for setting, value in changes.items() if account[setting] != value}
        password = given.get("pwd", "")
        if password and not (len(password) <= 64 and password.isascii() and password.isprintable()):
            # Before the rest is changed, so that it is all or nothing.
            raise InvalidArgument("a password has 1 to 64 printable ASCII characters")
        if password and "Role" in changes and account["Name"] == person.name:
            # Whoever changed the one would have to log in again for the other.
            raise InvalidArgument("change your own role and your own password one after the other")
        former = {setting: account[setting] for setting in changes}
        if changes:
            await act(person, account, "Configure", changes)
        if password:
            try:
                await act(person, account, "SetPassword", password)
            except AxiodError:
                if changes:
                    await act(person, account, "Configure", former)
                raise
        return f"Modified account {account['Name']}."

    async def _remove(self, person: Person, given: Mapping[str, str]) -> str:
        account = self._account(_name(given))
        await self._gateway.acting.act(person, account, "Remove")
        return f"Removed account {account['Name']}."

    def _account(self, name: str) -> Thing:
        try:
            return self._gateway.mirror.thing(ACCOUNT, name)
        except NotFound:
            raise _Answer(_NO_NAME) from None


def _name(given: Mapping[str, str]) -> str:
    name = given.get("user", "")
    if not _NAME.fullmatch(name):
        raise _Answer(_NO_NAME)
    return name


def _role(given: Mapping[str, str]) -> str | None:
    """Return the highest role that the groups stand for; None when they are none, or unknown."""
    groups = set(given.get("sgrp", "").split(":"))
    if not groups <= _GROUPS.keys():
        return None
    return next((role for group, role in _ROLES.items() if group in groups), None)
