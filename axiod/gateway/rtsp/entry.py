# SPDX-License-Identifier: Apache-2.0
"""Who may have the stream: Digest as RFC 2069 has it, because clients of VAPIX know no more here.

Never Basic: the connection is not encrypted. A client signs the URL of DESCRIBE in everything that it sends, so that is
not held against the request; the nonce is good for one connection alone, so nothing can be said again on another.
"""

from __future__ import annotations

import hmac
import secrets
from typing import TYPE_CHECKING

from axiod.bus.caller import Role
from axiod.errors import AxiodError, Unavailable
from axiod.gateway import digest
from axiod.gateway.person import Person
from axiod.gateway.rtsp.message import Refused

if TYPE_CHECKING:
    from axiod.gateway.context import Gateway
    from axiod.gateway.rtsp.message import Request


class Entry:
    """The door of one connection."""

    def __init__(self, gateway: Gateway, address: str) -> None:
        self.failures = 0
        """How often somebody was not let in."""
        self._gateway = gateway
        self._address = address
        self._nonce = secrets.token_hex(16)

    async def person(self, request: Request) -> Person:
        """Return who asks, a viewer at least; raises Refused."""
        try:
            person = await self._person(request)
        except Refused as error:
            # Who sends nothing yet is no failure: that is how a client asks what to answer.
            self.failures += "authorization" in request.headers or error.status == 403
            raise
        except Unavailable as error:
            raise Refused(503, str(error), Retry_After="2") from None
        except AxiodError as error:
            raise Refused(503, str(error)) from None
        if person.role is None or person.role < Role.VIEWER:
            raise Refused(403, "the stream needs the role viewer")
        return person

    async def _person(self, request: Request) -> Person:
        login, accounts = self._gateway.login, self._gateway.accounts
        seconds = login.blocked(self._address)
        if seconds:
            raise Refused(403, "too many failed logins", Retry_After=str(int(seconds) + 1))
        given = request.headers.get("authorization")
        if given is None:
            if accounts.anonymous_viewing:
                return login.anybody(self._address)
            raise self._challenge("log in")
        scheme, _, credentials = given.partition(" ")
        answer = digest.parse(credentials) if scheme.lower() == "digest" else None
        if answer is None or accounts.needs_setup:
            raise self._challenge("only Digest is taken")
        account = await accounts.credentials(answer.username)
        if account is not None:
            secret = account.md5 if answer.algorithm == digest.MD5 else account.sha256
            if digest.is_right(answer, secret, request.method):
                if not hmac.compare_digest(answer.nonce.encode(), self._nonce.encode()):
                    raise self._challenge("the nonce is of another connection", stale=True)
                return Person(answer.username, account.role, self._address, "digest", account.mark)
        await login.failed(self._address, request.path)
        raise self._challenge("wrong name or password")

    def _challenge(self, why: str, *, stale: bool = False) -> Refused:
        realm = self._gateway.accounts.realm
        if not realm:
            return Refused(503, "axiod-system is not running, and nobody can log in without it", Retry_After="2")
        # The realm first, the nonce second, and stale last: clients count quotation marks.
        value = f'Digest realm="{realm}", nonce="{self._nonce}", stale={"TRUE" if stale else "FALSE"}'
        return Refused(401, why, WWW_Authenticate=value)
