# SPDX-License-Identifier: Apache-2.0
"""What a request carries with it: keys under which aiohttp keeps things."""

from __future__ import annotations

from typing import Any

from aiohttp import web


def key(name: str, kind: type[object]) -> Any:
    """Return a key of a request for things of a kind.

    aiohttp 3.14 warns of a key that is a text; the one of Debian 13 knows nothing else.
    """
    made = getattr(web, "RequestKey", None)
    return made(name, kind) if made is not None else f"axiod.{name}"
