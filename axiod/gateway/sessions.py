# SPDX-License-Identifier: Apache-2.0
"""Sessions of the web page: a cookie that stands for a login, and a token against requests forged by other sites.

Pure: time is an argument, seconds of a monotonic clock. Nothing is stored; a restart of the gateway ends all sessions.
"""

from __future__ import annotations

import hmac
import secrets
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from axiod.gateway.person import Person

IDLE_SECONDS = 30 * 60
MOST_SECONDS = 12 * 3600
MOST = 100


@dataclass(slots=True)
class Session:
    """One login."""

    id: str
    """What the cookie says."""
    person: Person
    csrf: str
    """What X-CSRF-Token must say with each request that may change something."""
    secure: bool
    """It was made over TLS, and counts only there."""
    begun: float
    used: float

    def forged(self, token: str | None) -> bool:
        """Whether a request lacks the token that only our own page knows."""
        return not hmac.compare_digest((token or "").encode(errors="replace"), self.csrf.encode())


class Sessions:
    """All sessions. When there are too many, the one that was not used for longest ends."""

    def __init__(self) -> None:
        self._open: OrderedDict[str, Session] = OrderedDict()
        """The one that was used last is last."""

    def __len__(self) -> int:
        return len(self._open)

    def begin(self, person: Person, now: float, *, secure: bool) -> Session:
        """Begin a session."""
        session = Session(secrets.token_urlsafe(32), person, secrets.token_urlsafe(32), secure, now, now)
        self._open[session.id] = session
        while len(self._open) > MOST:
            self._open.popitem(last=False)
        return session

    def find(self, id_: str, now: float, *, secure: bool) -> Session | None:
        """Return the session of a cookie, which is used by that; None when there is none, or none any more."""
        session = self._open.get(id_)
        if session is None or session.secure != secure:
            return None
        if now - session.used > IDLE_SECONDS or now - session.begun > MOST_SECONDS:
            del self._open[id_]
            return None
        session.used = now
        self._open.move_to_end(id_)
        return session

    def end(self, session: Session) -> None:
        """End a session."""
        self._open.pop(session.id, None)

    def keep(self, valid: Callable[[Person], bool]) -> None:
        """End the sessions of all people who may not enter any more as they did."""
        for session in list(self._open.values()):
            if not valid(session.person):
                self.end(session)
