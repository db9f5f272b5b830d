# SPDX-License-Identifier: Apache-2.0
"""Nonces for Digest. They carry their own time and proof, so that none has to be remembered until it was used.

A use is remembered until its nonce has ended, so that nobody who listened can send a request of somebody else again.
When there are too many to remember, the nonces of the oldest end early; their clients are told to take a new one, which
they do by themselves. Pure: time is an argument, seconds of a monotonic clock.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections import OrderedDict
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from axiod.gateway.digest import Answer

LIFETIME_SECONDS = 300.0
REMEMBERED = 16384
_PROVEN = 256
_TIME_BYTES, _RANDOM_BYTES, _PROOF_BYTES = 8, 8, 16
_BYTES = _TIME_BYTES + _RANDOM_BYTES + _PROOF_BYTES


class Use(Enum):
    """What an answer with a right response is."""

    FIRST = "this is the first time"
    STALE = "the nonce has ended, or is not ours"
    REPLAYED = "it was used before"


class Nonces:
    """Makes nonces and judges their use."""

    def __init__(self, key: bytes | None = None, *, remembered: int = REMEMBERED) -> None:
        self._key = key or secrets.token_bytes(32)
        self._remembered = remembered
        self._not_before = 0
        self._used: OrderedDict[bytes, int] = OrderedDict()
        """A hash of each use, in their order; the time of the nonce in microseconds."""
        self._proven: OrderedDict[str, int] = OrderedDict()
        """Nonces of ours that were used lately, and when they were made: their proof need not be worked out again."""

    def make(self, now: float) -> str:
        """Return a new nonce."""
        body = int(now * 1e6).to_bytes(_TIME_BYTES, "big") + secrets.token_bytes(_RANDOM_BYTES)
        return base64.urlsafe_b64encode(body + self._proof(body)).decode().rstrip("=")

    def use(self, answer: Answer, now: float) -> Use:
        """Judge an answer whose response is right, and remember it if it is the first."""
        made = self._proven.get(answer.nonce) or self._prove(answer.nonce)
        if made is None or made < self._not_before or not now - LIFETIME_SECONDS <= made / 1e6 <= now:
            return Use.STALE
        # A client of RFC 2069 counts nothing: of it one request with the same method and uri is like the other.
        what = f"{answer.nonce}\0{answer.nc.lower()}\0{answer.cnonce}" + ("" if answer.qop else "\0" + answer.response)
        use = hashlib.blake2b(what.encode(errors="replace"), key=self._key, digest_size=12).digest()
        if use in self._used:
            return Use.REPLAYED
        self._used[use] = made
        self._forget(now)
        return Use.FIRST

    def _forget(self, now: float) -> None:
        ended = int((now - LIFETIME_SECONDS) * 1e6)
        while self._used:
            oldest = next(iter(self._used))
            if self._used[oldest] >= ended and len(self._used) <= self._remembered:
                return
            made = self._used.pop(oldest)
            if made >= ended:
                self._not_before = max(self._not_before, made + 1)

    def _prove(self, nonce: str) -> int | None:
        made = self._made(nonce)
        if made is not None:
            self._proven[nonce] = made
            if len(self._proven) > _PROVEN:
                self._proven.popitem(last=False)
        return made

    def _made(self, nonce: str) -> int | None:
        """Return when a nonce was made, microseconds; None for one that is not ours."""
        try:
            # The padding is what make() left out; validation keeps one nonce from having several spellings.
            raw = base64.b64decode(nonce + "=" * (-len(nonce) % 4), altchars=b"-_", validate=True)
        except ValueError:
            return None
        body, proof = raw[:-_PROOF_BYTES], raw[-_PROOF_BYTES:]
        if len(raw) != _BYTES or not hmac.compare_digest(proof, self._proof(body)):
            return None
        if base64.urlsafe_b64encode(raw).decode().rstrip("=") != nonce:
            return None
        return int.from_bytes(body[:_TIME_BYTES], "big")

    def _proof(self, body: bytes) -> bytes:
        return hmac.digest(self._key, body, "sha256")[:_PROOF_BYTES]
