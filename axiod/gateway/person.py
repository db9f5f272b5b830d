# SPDX-License-Identifier: Apache-2.0
"""Who asks over the network."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from axiod.errors import NotAuthorized
from axiod.gateway.kept import key

if TYPE_CHECKING:
    from aiohttp import web

    from axiod.bus.caller import Role


LOGGED_OUT = "your account has changed; log in again"


class NotLoggedIn(NotAuthorized):
    """Nobody in particular asks, and that is not enough; logging in would help."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who asks."""

    name: str
    """The account; "token ID" for the bearer of a token; "" for nobody in particular."""
    role: Role | None
    """None: may do only what needs no role."""
    address: str
    """The IP address that the request came from."""
    how: str
    """digest, basic, session, token or anonymous."""
    mark: int = 0
    """What the account had as PasswordChangedUsec when the person was let in; see Accounts.valid."""

    def require(self, role: Role, what: str) -> None:
        """Raise NotLoggedIn or NotAuthorized unless the person has a role; `what` names what is refused."""
        if self.role is not None and self.role >= role:
            return
        if self.name:
            has = self.role.name.lower() if self.role is not None else "nothing"
            raise NotAuthorized(f"{what} needs the role {role.name.lower()}; {self.name} is {has}")
        raise NotLoggedIn(f"{what} needs the role {role.name.lower()}; log in first")


PERSON = key("person", Person)
"""Where a request keeps its Person."""


def person_of(request: web.Request) -> Person:
    """Return who asks."""
    person: Person = request[PERSON]
    return person
