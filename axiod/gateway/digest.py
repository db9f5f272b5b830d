# SPDX-License-Identifier: Apache-2.0
"""Digest authentication: RFC 7616, and RFC 2069 for clients that know no more. Pure; nonces are in nonces.py."""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import unquote_to_bytes

if TYPE_CHECKING:
    from collections.abc import Mapping

MD5, SHA256 = "MD5", "SHA-256"
ALGORITHMS = (MD5, SHA256)
_NAMED = {algorithm.lower(): algorithm for algorithm in ALGORITHMS}
_PARAMETERS = 32
"""So many parameters one header may have."""
_ITEM = re.compile(
    r'[ \t,]*(?:uri\s*=[ \t]*"([^"]*)"|([a-z0-9*-]+)\s*=[ \t]*(?:"([^"\\]*(?:\\.[^"\\]*)*)"|(?!")([^, \t]*)))',
    re.ASCII | re.IGNORECASE | re.DOTALL,
)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_COUNT = re.compile(r"[0-9A-Fa-f]{1,16}")


@dataclass(frozen=True, slots=True)
class Answer:
    """What a client sent in Authorization."""

    username: str
    realm: str
    nonce: str
    uri: str
    """As the client wrote it, which may be escaped differently in the request."""
    response: str
    """Lower-case hexadecimal digits."""
    algorithm: str = MD5
    """MD5 or SHA-256."""
    qop: str = ""
    """auth, or empty from a client of RFC 2069."""
    nc: str = ""
    cnonce: str = ""


def parse(credentials: str) -> Answer | None:
    """Read what follows the word Digest; None for what is no answer to a challenge of ours."""
    found = parameters(credentials)
    if found is None or not {"username", "realm", "nonce", "uri", "response"} <= found.keys():
        return None
    algorithm = _NAMED.get(found.get("algorithm", MD5).lower())
    qop = found.get("qop", "").lower()
    if algorithm is None or qop not in ("", "auth"):
        return None
    nc, cnonce = found.get("nc", ""), found.get("cnonce", "")
    if qop and (not cnonce or not _COUNT.fullmatch(nc)):
        return None
    return Answer(
        found["username"], found["realm"], found["nonce"], found["uri"], found["response"].lower(), algorithm, qop,
        nc, cnonce,
    )  # fmt: skip


def parameters(text: str) -> Mapping[str, str] | None:
    """Read NAME=VALUE, NAME="VALUE", ...; None for what is not like that, or says something twice.

    Names are lower-case in the result. A value without quotation marks ends at a comma or white space.
    """
    found: dict[str, str] = {}
    place = 0
    while item := _ITEM.match(text, place):
        uri, name, quoted, bare = item.groups()
        if uri is not None:
            # A backslash in a URI stands for itself: curl does not escape those of port.cgi?action=1:\\.
            name, value = "uri", uri.replace("\\\\", "\\")
        else:
            name = name.lower()
            value = _ESCAPED.sub(r"\1", quoted) if quoted is not None else bare
        if name in found or len(found) == _PARAMETERS:
            return None
        found[name] = value
        place = item.end()
    return None if text[place:].strip(" \t,") else found


def secret(algorithm: str, name: str, realm: str, password: str) -> str:
    """Return H(name:realm:password), which stands for the password in everything below."""
    return _hash(algorithm, f"{name}:{realm}:{password}")


def is_right(answer: Answer, secret_: str, method: str) -> bool:
    """Whether an answer was made with the secret of the account for a request with this method and its own uri."""
    right = response(answer, secret_, method)
    return hmac.compare_digest(right.encode(), answer.response.encode(errors="replace"))


def response(answer: Answer, secret_: str, method: str) -> str:
    """Return what the response would be with a secret."""
    request = _hash(answer.algorithm, f"{method}:{answer.uri}")
    middle = f"{answer.nc}:{answer.cnonce}:{answer.qop}:" if answer.qop else ""
    return _hash(answer.algorithm, f"{secret_}:{answer.nonce}:{middle}{request}")


def same_uri(one: str, other: str) -> bool:
    """Whether two request targets are the same but for escaping and for a scheme and host in front."""
    return one == other or _plain(one) == _plain(other)


def _plain(uri: str) -> bytes:
    head, separator, rest = uri.partition("://")
    if separator and head.isalnum():
        uri = "/" + rest.partition("/")[2]
    return unquote_to_bytes(uri)


def challenge(realm: str, nonce: str, algorithm: str, *, stale: bool = False) -> str:
    """Return a value of WWW-Authenticate."""
    again = ", stale=true" if stale else ""
    return f'Digest realm="{realm}", nonce="{nonce}", algorithm={algorithm}, qop="auth"{again}'


def _hash(algorithm: str, text: str) -> str:
    data = text.encode("utf-8", "surrogateescape")
    if algorithm == MD5:
        return hashlib.md5(data, usedforsecurity=False).hexdigest()
    return hashlib.sha256(data).hexdigest()
