# SPDX-License-Identifier: Apache-2.0
"""Who calls, and what they may do.

Roles: everybody may read (viewer); members of the group axiod-operator may operate; members of axiod-admin may
administer; root, the user that the service itself runs as, and the user axiod-gateway may also do what is for the
gateway alone. The gateway acts for people whom it has authenticated, and holds them to the roles of the contract
itself; what is for it alone are the secrets that it needs for that. The bus vouches for the user and the groups.
"""

from __future__ import annotations

import grp
import os
import pwd
from collections import OrderedDict
from contextvars import ContextVar
from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING

from axiod.bus.variant import plain
from axiod.errors import NotAuthorized

if TYPE_CHECKING:
    from collections.abc import Iterable

    from axiod.bus.connection import Connection

OPERATOR_GROUP = "axiod-operator"
ADMINISTRATOR_GROUP = "axiod-admin"
GATEWAY_USER = "axiod-gateway"
_REMEMBERED = 256


class Role(IntEnum):
    """What a caller may do; each role may do what those below it may."""

    VIEWER = 0
    OPERATOR = 1
    ADMINISTRATOR = 2
    GATEWAY = 3

    @classmethod
    def named(cls, name: str) -> Role:
        """Return the role of an org.axiod.Role annotation."""
        return cls[name.upper()]


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody on the bus."""

    name: str
    """The unique bus name; it is never given to another connection."""
    uid: int
    role: Role

    def is_one_of(self, users: Iterable[str]) -> bool:
        """Whether it is one of these users; those that this machine does not have are nobody."""
        return any(_is_user(self.uid, user) for user in users)

    def __str__(self) -> str:
        return f"user {self.uid} ({self.name})"


caller: ContextVar[Caller | None] = ContextVar("caller", default=None)
"""Who made the call that is being handled; None where nobody did, and where everybody may call."""


def role_of(uid: int, groups: Iterable[int]) -> Role:
    """Return the role of a user with these group ids."""
    if uid in (0, os.geteuid()) or _is_user(uid, GATEWAY_USER):
        return Role.GATEWAY
    present = set(groups)
    for name, role in ((ADMINISTRATOR_GROUP, Role.ADMINISTRATOR), (OPERATOR_GROUP, Role.OPERATOR)):
        try:
            if grp.getgrnam(name).gr_gid in present:
                return role
        except KeyError:
            continue
    return Role.VIEWER


def _is_user(uid: int, name: str) -> bool:
    try:
        return pwd.getpwnam(name).pw_uid == uid
    except KeyError:
        return False


class Callers:
    """Remembers who stands behind a unique name, so that the bus is asked once for each connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._known: OrderedDict[str, Caller] = OrderedDict()

    def known(self, name: str) -> Caller | None:
        """Return the caller if the bus was asked before."""
        return self._known.get(name)

    async def find(self, name: str) -> Caller:
        """Ask the bus who a unique name is; raises NotAuthorized when it does not know."""
        reply = await self._connection.call(
            "org.freedesktop.DBus",
            "/org/freedesktop/DBus",
            "org.freedesktop.DBus",
            "GetConnectionCredentials",
            "s",
            [name],
        )
        credentials = plain(reply[0])
        uid = credentials.get("UnixUserID")
        if uid is None:
            raise NotAuthorized("the bus does not say which user calls")
        found = Caller(name, uid, role_of(uid, credentials.get("UnixGroupIDs", ())))
        self._known[name] = found
        while len(self._known) > _REMEMBERED:
            self._known.popitem(last=False)
        return found
