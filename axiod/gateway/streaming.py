# SPDX-License-Identifier: Apache-2.0
"""Takes note of what streams to a connection of HTTP, for the list of connected clients."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from axiod.gateway.incoming import client_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aiohttp import web


@contextmanager
def streaming(request: web.Request, name: str) -> Iterator[None]:
    """Say that a stream runs on the connection of a request until the end of the block."""
    client = client_of(request)
    if client is None:
        yield
        return
    client.streams.append(name)
    try:
        yield
    finally:
        client.streams.remove(name)
