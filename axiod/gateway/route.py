# SPDX-License-Identifier: Apache-2.0
"""What the gateway answers: a table of routes. Each says who may ask, and the door (door.py) holds it to that."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from aiohttp import web

    from axiod.bus.caller import Role

    Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True)
class Route:
    """One method and path."""

    method: str
    path: str
    """As aiohttp writes it: /api/v1/relays/{id}."""
    handler: Handler
    role: Role | None
    """The least role; None for everybody. What a handler does may need more: see Acting.act."""
    setup: bool = False
    """Anybody may ask as long as there is no administrator yet; the handler looks at what for."""
