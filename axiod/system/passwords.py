# SPDX-License-Identifier: Apache-2.0
"""Passwords and tokens: what is stored of them, and how they are checked.

scrypt (RFC 7914) with N=2^15, r=8, p=1 takes 32 MiB and about 0.1 s of a desktop processor for each password. That
protects what people also use elsewhere from whoever reads only this; Digest's HA1, which has to stand beside it, is no
harder to guess than MD5 and SHA-256 are fast, so the file as a whole is for its owner's eyes only.
A token has 256 random bits, which nobody guesses, so a plain hash is enough.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import os
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from axiod.errors import Busy
from axiod.system.model import Secrets

if TYPE_CHECKING:
    from collections.abc import Callable

TOKEN_PREFIX = "axiod_"  # noqa: S105 # by which people and scanners know one
LONGEST_TOKEN = 200
_LOG_N, _R, _P = 15, 8, 1
_SALT_BYTES, _HASH_BYTES = 16, 32
_STRONGEST = 17
"""A file cannot make us take more than 128 MiB."""
_AT_ONCE = 2
_WAITING = 8
"""The last of them has its answer before a client gives up, also on a small board."""


def derive(name: str, realm: str, password: str) -> Secrets:
    """Return what is stored of a new password. Takes as long as scrypt does."""
    salt = os.urandom(_SALT_BYTES)
    digest = _scrypt(password, salt, _LOG_N, _R, _P)
    text = f"$scrypt$ln={_LOG_N},r={_R},p={_P}${_encode(salt)}${_encode(digest)}"
    a1 = f"{name}:{realm}:{password}".encode()
    md5 = hashlib.md5(a1, usedforsecurity=False).hexdigest()  # RFC 7616 has it so
    return Secrets(text, md5, hashlib.sha256(a1).hexdigest())


def matches(stored: str, password: str) -> bool:
    """Whether a password is the one that scrypt's text was made of. Takes as long as scrypt does."""
    log_n, r, p, salt, digest = parse(stored)
    return hmac.compare_digest(_scrypt(password, salt, log_n, r, p), digest)


def matches_nobody(password: str) -> bool:
    """Take as long as matches, and return False."""
    _scrypt(password, bytes(_SALT_BYTES), _LOG_N, _R, _P)
    return False


def parse(stored: str) -> tuple[int, int, int, bytes, bytes]:
    """Return the parts of scrypt's text: log2 N, r, p, salt, hash; ValueError, which quotes nothing, for any other."""
    try:
        empty, kind, costs, salt, digest = stored.split("$")
        names, values = zip(*(cost.split("=") for cost in costs.split(",")), strict=True)
        log_n, r, p = map(int, values)
        if (empty, kind, names) != ("", "scrypt", ("ln", "r", "p")):
            raise ValueError
        found = log_n, r, p, _decode(salt), _decode(digest)
    except ValueError:
        raise ValueError("that is no hash of a password") from None
    if not (1 <= log_n <= _STRONGEST and 1 <= r <= _R and 1 <= p <= 16 and len(found[4]) == _HASH_BYTES):
        raise ValueError("that is no hash of a password of ours")
    return found


def new_token() -> str:
    """Return a new token."""
    return TOKEN_PREFIX + _encode(os.urandom(32))


def new_token_id() -> str:
    """Return the id of a new token, which is no secret."""
    return os.urandom(6).hex()


def token_hash(token: str) -> str:
    """Return what is stored of a token."""
    return hashlib.sha256(token.encode(errors="replace")).hexdigest()


class Hashing:
    """Hashes beside the event loop: few at once, because each takes 32 MiB, and not too many waiting."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="scrypt")
        self._present = 0

    async def derive(self, name: str, realm: str, password: str) -> Secrets:
        """Return what is stored of a new password."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, derive, name, realm, password)

    async def check(self, stored: str | None, password: str) -> bool:
        """Whether a password is the right one; None is nobody's, and takes as long. Raises Busy."""
        if self._present >= _AT_ONCE + _WAITING:
            raise Busy("too many passwords are being checked already; try again in a second")
        work: Callable[[], bool] = (
            (lambda: matches_nobody(password)) if stored is None else (lambda: matches(stored, password))
        )
        self._present += 1
        future = asyncio.get_running_loop().run_in_executor(self._threads, work)
        # Who asked may be gone before it is done; the thread is busy all the same.
        future.add_done_callback(self._done)
        return await asyncio.shield(future)

    def close(self) -> None:
        """Begin nothing more."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _done(self, _: object) -> None:
        self._present -= 1


def _scrypt(password: str, salt: bytes, log_n: int, r: int, p: int) -> bytes:
    n = 1 << log_n
    return hashlib.scrypt(
        password.encode(errors="replace"), salt=salt, n=n, r=r, p=p, maxmem=256 * n * r + (1 << 20), dklen=_HASH_BYTES
    )


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
