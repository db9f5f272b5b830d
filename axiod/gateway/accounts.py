# SPDX-License-Identifier: Apache-2.0
"""The accounts and tokens of axiod-system, as far as logging in needs them.

What was checked before is remembered, so that it still counts while axiod-system is away, and so that a slow hash is
computed once for each login and not for each request. It is forgotten as soon as the account changes.
"""

from __future__ import annotations

import asyncio
import hmac
import secrets
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from axiod.bus.caller import Role
from axiod.clock import wall_usec
from axiod.errors import Busy, InvalidArgument, NotFound, Unavailable
from axiod.gateway.names import ACCESS, ACCOUNT, SYSTEM, TOKEN
from axiod.gateway.person import LOGGED_OUT, NotLoggedIn

if TYPE_CHECKING:
    from collections.abc import Callable

    from axiod.bus.client import Event
    from axiod.gateway.mirror import Mirror, Thing
    from axiod.gateway.person import Person

_Key = TypeVar("_Key")
_Value = TypeVar("_Value")

BEARER = "token "
"""A Person's name is this and the id of the token that they bear."""
_REMEMBERED = 256
_LONGEST = 256
"""Longer names, passwords and tokens are wrong without a look."""
_CHECKS_OF_ADDRESS = 2
"""axiod-system checks few passwords at once; one address must not take all of the places."""
_LOOK_SECONDS = 5.0
"""How often it is looked whether a token has ended: the clock by which it ends may be set."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a Digest answer is checked against."""

    role: Role
    md5: str
    """H(name:realm:password) with MD5."""
    sha256: str
    mark: int
    """PasswordChangedUsec of the account; for Person.mark."""


class Accounts:
    """Who has an account. Knows what axiod-system said last, also while that is away."""

    def __init__(self, mirror: Mirror) -> None:
        self._mirror = mirror
        self._key = secrets.token_bytes(32)
        self._access: Thing | None = None
        self._accounts: dict[str, Thing] = {}
        self._tokens: dict[str, Thing] = {}
        self._ended: set[str] = set()
        """The tokens whose end was told."""
        self._timer: asyncio.TimerHandle | None = None
        self._callbacks: list[Callable[[], None]] = []
        self._credentials: OrderedDict[str, Credentials] = OrderedDict()
        self._passwords: OrderedDict[bytes, tuple[str, int]] = OrderedDict()
        self._bearers: OrderedDict[bytes, str] = OrderedDict()
        self._checks: dict[tuple[str, bytes, int], asyncio.Task[str]] = {}
        """The passwords that are being checked: for which address, which one, and the mark of the account."""
        mirror.listen(self)

    # --- asking ---

    @property
    def known(self) -> bool:
        """Whether axiod-system was there at any time."""
        return self._access is not None

    @property
    def needs_setup(self) -> bool:
        """There is no administrator yet. False while it is not known, for nobody may enter then."""
        return self._access is not None and bool(self._access["NeedsSetup"])

    @property
    def anonymous_viewing(self) -> bool:
        """Anybody may view; never before there is an administrator."""
        return self._access is not None and bool(self._access["AnonymousViewing"]) and not self.needs_setup

    @property
    def realm(self) -> str:
        """The realm of Digest; empty while axiod-system was never there."""
        return str(self._access["Realm"]) if self._access is not None else ""

    def mark(self, name: str) -> int:
        """Return PasswordChangedUsec of an account, 0 where there is none."""
        account = self._accounts.get(name)
        return int(account["PasswordChangedUsec"]) if account else 0

    async def credentials(self, name: str) -> Credentials | None:
        """Return what a Digest answer is checked against; None for no such account. Raises Unavailable, Timeout."""
        account = self._accounts.get(name)
        if account is None:
            self._must_know()
            return None
        mark, role = self.mark(name), Role.named(account["Role"])
        known = self._credentials.get(name)
        if known is None or known.mark != mark:
            try:
                _, md5, sha256 = await self._ask("Credentials", name)
            except NotFound:
                return None
            known = Credentials(role, md5, sha256, mark)
            _remember(self._credentials, name, known)
        return Credentials(role, known.md5, known.sha256, mark)

    async def password(self, name: str, password: str, address: str) -> Role | None:
        """Return the role of an account if this is its password. `address`: of the client, or its network.

        Raises Busy when too many are being checked already, also for that address alone, and Unavailable, Timeout.
        """
        account = self._accounts.get(name)
        if account is None:
            self._must_know()
        if len(name) > _LONGEST or len(password) > _LONGEST:
            return None
        key = self._hidden(name + "\0" + password)
        mark = self.mark(name)
        if account is not None and self._passwords.get(key) == (name, mark):
            self._passwords.move_to_end(key)
            return Role.named(account["Role"])
        # An unknown name is asked for, too: it must take as long as a known one.
        check = (address, key, mark)
        if check not in self._checks:
            if sum(of == address for of, _, _ in self._checks) >= _CHECKS_OF_ADDRESS:
                raise Busy("passwords from this address are being checked already; try again in a second")
            self._checks[check] = asyncio.create_task(self._ask("VerifyPassword", name, password))
            self._checks[check].add_done_callback(lambda _: self._checks.pop(check))
        try:
            # Clients send several requests at once with the same password: it is checked once for all of them.
            role = Role.named(await asyncio.shield(self._checks[check]))
        except (NotFound, InvalidArgument):
            return None
        _remember(self._passwords, key, (name, mark))
        return role

    async def token(self, text: str) -> tuple[str, Role] | None:
        """Return id and role of a token; None for what is none. Raises Unavailable, Timeout."""
        if len(text) > _LONGEST:
            return None
        key = self._hidden(text)
        id_ = self._bearers.get(key)
        if id_ is not None and self._token_counts(id_):
            self._bearers.move_to_end(key)
            return id_, Role.named(self._tokens[id_]["Role"])
        self._must_know()
        try:
            id_, role = await self._ask("VerifyToken", text)
        except (NotFound, InvalidArgument):
            return None
        _remember(self._bearers, key, id_)
        return id_, Role.named(role)

    def valid(self, person: Person) -> bool:
        """Whether what let somebody in still would: the account or token is there with the same role and password."""
        if not person.name:
            return person.role is None or self.anonymous_viewing
        if person.name.startswith(BEARER):
            id_ = person.name.removeprefix(BEARER)
            return self._token_counts(id_) and Role.named(self._tokens[id_]["Role"]) is person.role
        account = self._accounts.get(person.name)
        return (
            account is not None
            and Role.named(account["Role"]) is person.role
            and int(account["PasswordChangedUsec"]) == person.mark
        )

    def check(self, person: Person) -> None:
        """Raise NotLoggedIn if what let somebody in would not any more: whoever waited looks again."""
        if not self.valid(person):
            raise NotLoggedIn(LOGGED_OUT)

    def _token_counts(self, id_: str) -> bool:
        token = self._tokens.get(id_)
        if token is None:
            return False
        ends = token.get("ExpiresUsec")
        return ends is None or ends > wall_usec()

    def _must_know(self) -> None:
        if not self.known:
            raise Unavailable(
                "axiod-system is not running, and nobody can log in without it; try again when it is back"
            )

    async def _ask(self, member: str, *arguments: str) -> Any:
        return await self._mirror.call(self._mirror.thing(ACCESS), member, *arguments)

    def _hidden(self, text: str) -> bytes:
        return hmac.digest(self._key, text.encode(errors="surrogatepass"), "sha256")

    # --- following (the mirror's Listener) ---

    def on_change(self, callback: Callable[[], None]) -> None:
        """Have a function called whenever an account, a token or the settings of access changed, and soon after a token
        has ended: see valid().
        """
        self._callbacks.append(callback)

    def no_change(self, callback: Callable[[], None]) -> None:
        """Have it called no more."""
        self._callbacks.remove(callback)

    def changed(self, thing: Thing, former: Thing | None) -> None:  # noqa: ARG002 # the Listener's signature
        """See Listener."""
        if self._take(thing):
            self._tell()

    def removed(self, thing: Thing) -> None:
        """See Listener."""
        if not self._mirror.available(SYSTEM):
            return  # all of it is away, which is not to say that this is gone
        if thing.interface == ACCOUNT:
            self._accounts.pop(thing["Name"], None)
            self._tell()
        elif thing.interface == TOKEN:
            self._tokens.pop(thing.id, None)
            self._tell()

    def event(self, service: str, event: Event) -> None:
        """See Listener."""

    def service(self, name: str, *, available: bool) -> None:
        """See Listener."""
        if name == SYSTEM and available:
            # What went while it was away was told by nobody.
            self._accounts.clear()
            self._tokens.clear()
            for interface in (ACCESS, ACCOUNT, TOKEN):
                for thing in self._mirror.things(interface):
                    self._take(thing)
            self._tell()

    def _take(self, thing: Thing) -> bool:
        if thing.interface == ACCESS:
            self._access = thing
        elif thing.interface == ACCOUNT:
            self._accounts[thing["Name"]] = thing
        elif thing.interface == TOKEN:
            self._tokens[thing.id] = thing
            self._await_ends()
        else:
            return False
        return True

    def _await_ends(self) -> None:
        if self._timer is None and any(token.get("ExpiresUsec") is not None for token in self._tokens.values()):
            self._timer = asyncio.get_running_loop().call_later(_LOOK_SECONDS, self._look_for_ends)

    def _look_for_ends(self) -> None:
        self._timer = None
        told, self._ended = self._ended, {id_ for id_ in self._tokens if not self._token_counts(id_)}
        if self._ended - told:
            self._tell()
        self._await_ends()

    def _tell(self) -> None:
        for callback in tuple(self._callbacks):
            callback()


def _remember(memory: OrderedDict[_Key, _Value], key: _Key, value: _Value) -> None:
    memory[key] = value
    memory.move_to_end(key)
    while len(memory) > _REMEMBERED:
        memory.popitem(last=False)
