# SPDX-License-Identifier: Apache-2.0
"""Doing something for a person: the one way from a request to a method of the contract.

The role is that of the contract. What was done, or refused, goes to the audit log.
"""

from __future__ import annotations

from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from axiod.bus import interface as contract
from axiod.bus.caller import Role
from axiod.bus.connection import CALL_SECONDS
from axiod.clock import monotonic_usec
from axiod.errors import AxiodError, Internal, NotAuthorized
from axiod.gateway.names import ACCESS
from axiod.gateway.standstill import Standstill

if TYPE_CHECKING:
    from collections.abc import Callable

    from axiod.bus.interface import Method
    from axiod.gateway.audit import Audit
    from axiod.gateway.mirror import Mirror, Thing
    from axiod.gateway.person import Person

FIRST = (ACCESS, "AddAccount")
"""What anybody may do as long as there is no administrator: add the first one."""
LATEST_SECONDS = 10.0
"""A command that moves something is not carried out later than so long after its request arrived."""

IN_TIME_SECONDS = CALL_SECONDS - 1.0
"""Nor later than so long after the service was called: when the gateway gives up waiting and says so, the command must
not be carried out any more by a service that hung and goes on, and there must be time for the answer."""

arrived: ContextVar[int | None] = ContextVar("arrived", default=None)
"""When the request that is being answered arrived, microseconds of CLOCK_MONOTONIC; None where that is not known."""

came_to: ContextVar[int | None] = ContextVar("came_to", default=None)
"""The port of the device that the request which is being answered came to; None where that is not known."""


class Acting:
    """Calls methods for people."""

    def __init__(self, mirror: Mirror, audit: Audit, check: Callable[[Person], None]) -> None:
        """`check` raises NotLoggedIn for a person whose account has changed; see Accounts.check."""
        self._mirror = mirror
        self._audit = audit
        self._check = check
        self._standstill = Standstill()

    async def act(self, person: Person, thing: Thing, member: str, *arguments: Any) -> Any:
        """Call a method of an object for a person and return its result.

        Raises NotAuthorized when the person's role is not that of the contract, NotLoggedIn for nobody in particular
        and for an account that has changed, Timeout when the gateway stood still and the command may be old, and
        whatever the service refuses with.
        """
        method = contract.load(thing.interface).methods[member]
        what = f"{thing.interface.removeprefix('org.axiod.')}.{member} of {thing.id}"
        looks = method.reads or method.role == "viewer"  # what a viewer may do changes nothing
        try:
            if method.role == "gateway":
                raise NotAuthorized(f"{what} is not for people")
            given = arguments
            if self._first_account(thing, member, arguments):
                # Several may ask at once, and each would be let in: the service adds the first one and no other.
                given = (*arguments[:-1], {**arguments[-1], "First": True})
            else:
                person.require(Role.named(method.role), what)
            if method.timely:
                self._standstill.check()
                given = _in_time(method, given)
            given = _from_where(method, person, given)
            self._check(person)
            result = await self._mirror.call(thing, member, *given)
        except AxiodError as error:
            if not looks or isinstance(error, NotAuthorized):
                self._audit.write(person, thing, method, arguments, error)
            raise
        except BaseException:  # the gateway stops, or has a fault
            broken_off = Internal("broken off; it may have been carried out")
            if not looks:
                self._audit.write(person, thing, method, arguments, broken_off)
            raise
        if not looks:
            self._audit.write(person, thing, method, arguments, None)
        return result

    def refuse(self, person: Person, what: str, error: AxiodError) -> None:
        """Tell the audit log that a person was refused before it came to a method; `what`: method and path."""
        self._audit.refused(person, what, error)

    def _first_account(self, thing: Thing, member: str, arguments: tuple[Any, ...]) -> bool:
        """Whether this makes the first administrator, which anybody may as long as there is none."""
        return (thing.interface, member) == FIRST and bool(thing["NeedsSetup"]) and arguments[2] == "administrator"


def _in_time(method: Method, arguments: tuple[Any, ...]) -> tuple[Any, ...]:
    """Give a command the deadline that follows from its request, which may have waited for its login to be checked."""
    began = arrived.get()
    if began is None:
        return arguments
    latest = min(began + int(LATEST_SECONDS * 1e6), monotonic_usec() + int(IN_TIME_SECONDS * 1e6))
    return tuple(
        {**given, "DeadlineUsec": min(latest, given.get("DeadlineUsec", latest))}
        if "DeadlineUsec" in (value.options or {})
        else given
        for value, given in zip(method.inputs, arguments, strict=True)
    )


def _from_where(method: Method, person: Person, arguments: tuple[Any, ...]) -> tuple[Any, ...]:
    """Say by which connection a person asks where a method wants to know, unless the person named another one."""
    port = came_to.get()
    if port is None or not person.address:
        return arguments
    asking = {"ClientAddress": person.address, "ServerPort": port}
    return tuple(
        asking | given if value.options and asking.keys() <= value.options.keys() else given
        for value, given in zip(method.inputs, arguments, strict=True)
    )
