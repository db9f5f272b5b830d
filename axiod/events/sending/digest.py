# SPDX-License-Identifier: Apache-2.0
"""The answer of a client to an HTTP challenge: Digest (RFC 7616) where it is offered, else Basic (RFC 7617). Pure."""

from __future__ import annotations

import base64
import hashlib
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_SCHEME = re.compile(r"(?:^|,)\s*(digest|basic)(?:\s+|$)", re.IGNORECASE)
_PARAMETER = re.compile(r'([A-Za-z*-]{1,32})\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))')
_HASHES = {"SHA-256": "sha256", "MD5": "md5"}


def answer(challenges: Iterable[str], method: str, uri: str, username: str, password: str, cnonce: str) -> str | None:
    """Return the header Authorization for what WWW-Authenticate said; None where nothing of it can be answered.

    `uri`: path and query. `cnonce`: fresh, and hard to guess.
    """
    offered = [offer for text in challenges for offer in _offers(text[:8192])]
    for algorithm in _HASHES:
        for scheme, parameters in offered:
            named = parameters.get("algorithm", "MD5").upper()
            usable = "nonce" in parameters and all(map(_is_text, parameters.values()))
            if scheme == "digest" and named.removesuffix("-SESS") == algorithm and usable:
                made = _digest(parameters, named, method, uri, username, password, cnonce)
                if made is not None:
                    return made
    if any(scheme == "basic" for scheme, _ in offered):
        return basic(username, password)
    return None


def basic(username: str, password: str) -> str:
    """Return the value of a header for Basic."""
    return "Basic " + base64.b64encode(f"{username}:{password}".encode()).decode()


def _is_text(value: str) -> bool:
    """Whether a value was UTF-8; what was not, no header can bring back."""
    return not any("\ud800" <= letter <= "\udfff" for letter in value)


def _offers(text: str) -> list[tuple[str, dict[str, str]]]:
    found = list(_SCHEME.finditer(text))
    offers = []
    for index, match in enumerate(found):
        end = found[index + 1].start() if index + 1 < len(found) else len(text)
        parameters = {
            name.lower(): re.sub(r"\\(.)", r"\1", quoted) or bare
            for name, quoted, bare in _PARAMETER.findall(text[match.end() : end])
        }
        offers.append((match[1].lower(), parameters))
    return offers


def _digest(
    offer: Mapping[str, str], algorithm: str, method: str, uri: str, username: str, password: str, cnonce: str
) -> str | None:
    hash_name = _HASHES[algorithm.removesuffix("-SESS")]

    def digest(text: str) -> str:
        return hashlib.new(hash_name, text.encode(), usedforsecurity=False).hexdigest()

    realm, nonce = offer.get("realm", ""), offer["nonce"]
    qops = [qop.strip().lower() for qop in offer.get("qop", "").split(",") if qop.strip()]
    if qops and "auth" not in qops:
        return None
    first = digest(f"{username}:{realm}:{password}")
    if algorithm.endswith("-SESS"):
        first = digest(f"{first}:{nonce}:{cnonce}")
    second = digest(f"{method}:{uri}")
    between = f"{nonce}:00000001:{cnonce}:auth" if qops else nonce
    parts = [
        f"username={_quoted(username)}", f"realm={_quoted(realm)}", f"nonce={_quoted(nonce)}", f"uri={_quoted(uri)}",
        f'response="{digest(f"{first}:{between}:{second}")}"',
    ]  # fmt: skip
    if "algorithm" in offer:
        parts.append(f"algorithm={algorithm if algorithm in _HASHES else algorithm.replace('-SESS', '-sess')}")
    if "opaque" in offer:
        parts.append(f"opaque={_quoted(offer['opaque'])}")
    if qops:
        parts += ["qop=auth", "nc=00000001", f'cnonce="{cnonce}"']
    return "Digest " + ", ".join(parts)


def _quoted(text: str) -> str:
    return '"' + re.sub(r'([\\"])', r"\\\1", re.sub(r"[\r\n\0]", "", text)) + '"'
