# SPDX-License-Identifier: Apache-2.0
"""What the gateway is made of: every part with its routes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from axiod.gateway import health, manual, page, rest, session, vapix

if TYPE_CHECKING:
    from axiod.gateway.context import Gateway
    from axiod.gateway.door import Door
    from axiod.gateway.route import Route


def routes(gateway: Gateway, door: Door) -> list[Route]:
    """Return the routes of all parts."""
    return [
        *health.routes(gateway),
        *page.routes(),
        *session.routes(gateway, door),
        *manual.routes(),
        *vapix.routes(gateway),
        *rest.routes(gateway),
    ]
