# SPDX-License-Identifier: Apache-2.0
"""Checks what somebody sent to be let in: Digest, Basic or a token. The same for HTTP and RTSP."""

from __future__ import annotations

import asyncio
import base64
import time
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from axiod.bus.caller import Role
from axiod.clock import wall_usec
from axiod.errors import AxiodError, Busy, Unavailable
from axiod.gateway import digest
from axiod.gateway.accounts import BEARER
from axiod.gateway.address import network
from axiod.gateway.names import BLOCKING, WEB
from axiod.gateway.nonces import Nonces, Use
from axiod.gateway.person import NotLoggedIn, Person

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from axiod.gateway.accounts import Accounts
    from axiod.gateway.mirror import Mirror

_UNREPORTED_SECONDS = 1.0
"""A failed login waits this long while axiod-system, which counts them, is away."""


class WrongCredentials(NotLoggedIn):
    """What was sent does not let anybody in."""

    def __init__(self, text: str, *, stale: bool = False) -> None:
        """`stale`: only the nonce is not taken (any more); the client tries again by itself with a new one."""
        super().__init__(text)
        self.stale = stale


class Login:
    """Who somebody is, by what they sent."""

    def __init__(self, mirror: Mirror, accounts: Accounts) -> None:
        self._mirror = mirror
        self._accounts = accounts
        self._nonces = Nonces()

    # --- what to ask for ---

    def nonce(self) -> str:
        """Return a new nonce for a challenge."""
        return self._nonces.make(time.monotonic())

    def challenges(self, *, secure: bool, stale: bool = False) -> list[str]:
        """Return the values of WWW-Authenticate. MD5 comes first: some clients look at the first alone.

        `secure`: the connection is encrypted. Empty while the realm is not known.
        """
        realm = self._accounts.realm
        if not realm:
            return []
        nonce = self.nonce()
        found = [digest.challenge(realm, nonce, algorithm, stale=stale) for algorithm in digest.ALGORITHMS]
        if self._takes_basic(secure):
            found.append(f'Basic realm="{realm}", charset="UTF-8"')
        return found

    def _takes_basic(self, secure: bool) -> bool:
        if secure:
            return True
        try:
            return bool(self._mirror.thing(WEB)["BasicOverHttp"])
        except AxiodError:
            return False

    # --- who it is ---

    def anybody(self, address: str) -> Person:
        """Return nobody in particular, who may view if the device allows that."""
        return Person("", Role.VIEWER if self._accounts.anonymous_viewing else None, address, "anonymous")

    async def person(self, authorization: str | None, *, method: str, uri: str, address: str, secure: bool) -> Person:
        """Return who sent an Authorization header.

        `method`, `uri`: of the request, as they were sent. `address`: the IP address that it came from.
        Raises WrongCredentials, Unavailable (it cannot be checked now), Timeout, and NotLoggedIn when the account
        changed meanwhile. A failure is counted, and so is more than can be checked: it may be somebody who guesses.
        """
        if authorization is None:
            return self.anybody(address)
        if self._accounts.needs_setup:
            raise WrongCredentials("there is no account yet: add an administrator first")
        scheme, _, credentials = authorization.strip().partition(" ")
        page = uri.partition("?")[0]
        async with self._counting(address, page):
            if scheme.lower() == "digest":
                return await self._digest(credentials, method, uri, address)
            if scheme.lower() == "basic":
                if not self._takes_basic(secure):
                    # Nothing is said of the password, so nobody can guess with it: no failure.
                    raise WrongCredentials("Basic is not taken over HTTP; use Digest, or HTTPS", stale=True)
                name, password = _basic(credentials)
                return await self._password(name, password, address, "basic")
            if scheme.lower() == "bearer":
                return await self._token(credentials.strip(), address)
            raise WrongCredentials(f"{scheme[:20]!r} is no way to log in here; use Digest")

    async def password(self, name: str, password: str, *, address: str, page: str, how: str) -> Person:
        """Return who has this name and password; raises and counts as person() does."""
        async with self._counting(address, page):
            return await self._password(name, password, address, how)

    @asynccontextmanager
    async def _counting(self, address: str, page: str) -> AsyncIterator[None]:
        """Count a login that fails within the block."""
        try:
            yield
        except WrongCredentials as error:
            if not error.stale:
                await self.failed(address, page)
            raise
        except Busy as error:
            await self.failed(address, page)
            # Nothing is wrong with what was asked for, so it is no conflict (409) but a wait (503).
            raise Unavailable(str(error)) from None

    async def _digest(self, credentials: str, method: str, uri: str, address: str) -> Person:
        answer = digest.parse(credentials)
        if answer is None:
            raise WrongCredentials("the Digest answer cannot be read")
        if not digest.same_uri(answer.uri, uri):
            raise WrongCredentials("the Digest answer is for another uri")
        account = await self._accounts.credentials(answer.username)
        if account is None:
            raise WrongCredentials("wrong name or password")
        secret = account.md5 if answer.algorithm == digest.MD5 else account.sha256
        if not digest.is_right(answer, secret, method):
            raise WrongCredentials("wrong name or password")
        use = self._nonces.use(answer, time.monotonic())
        if use is not Use.FIRST:
            raise WrongCredentials(f"the Digest answer is not taken: {use.value}", stale=True)
        return self._still(Person(answer.username, account.role, address, "digest", account.mark))

    async def _password(self, name: str, password: str, address: str, how: str) -> Person:
        mark = self._accounts.mark(name)
        role = await self._accounts.password(name, password, network(address))
        if role is None:
            raise WrongCredentials("wrong name or password")
        return self._still(Person(name, role, address, how, mark))

    async def _token(self, text: str, address: str) -> Person:
        found = await self._accounts.token(text)
        if found is None:
            raise WrongCredentials("there is no such token, or it has ended")
        id_, role = found
        return self._still(Person(BEARER + id_, role, address, "token"))

    def _still(self, person: Person) -> Person:
        """Return somebody who was let in, unless the account changed while that was found out."""
        self._accounts.check(person)
        return person

    # --- guessing ---

    def blocked(self, address: str) -> float:
        """Return for how many seconds more an address is shut out; 0 for one that is not."""
        try:
            rows: list[tuple[str, int, int]] = self._mirror.thing(BLOCKING)["Blocked"]
        except AxiodError:
            return 0.0
        if not rows:
            return 0.0
        mine = network(address)
        now = wall_usec()
        # Who is in the list is shut out, whatever the clock says.
        return max([0.0, *(max((until - now) / 1e6, 1.0) for blocked, _, until in rows if blocked == mine)])

    async def failed(self, address: str, page: str) -> None:
        """Count a failed login, and return when it is counted."""
        # What cannot be sent would not be counted, and whoever asks chooses the page.
        page = "".join(letter if " " <= letter <= "~" else "?" for letter in page[:256])
        try:
            await self._mirror.call(self._mirror.thing(BLOCKING), "Report", address, page)
        except Unavailable:
            await asyncio.sleep(_UNREPORTED_SECONDS)
        except AxiodError:
            pass


def _basic(credentials: str) -> tuple[str, str]:
    try:
        text = base64.b64decode(credentials.strip(), validate=True).decode()
    except ValueError:
        raise WrongCredentials("the Basic credentials cannot be read") from None
    name, colon, password = text.partition(":")
    if not colon:
        raise WrongCredentials("the Basic credentials have no colon")
    return name, password
