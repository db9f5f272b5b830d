# SPDX-License-Identifier: Apache-2.0
"""The REST API: made from the contract (table.py), with a description of itself (openapi.py) and live events."""

from __future__ import annotations

from typing import TYPE_CHECKING

from axiod.gateway.rest import openapi
from axiod.gateway.rest.connected import Connected
from axiod.gateway.rest.events import Events
from axiod.gateway.rest.feed import Feed
from axiod.gateway.rest.log_export import LogExport
from axiod.gateway.rest.logs_export import LogsExport
from axiod.gateway.rest.metrics import Metrics
from axiod.gateway.rest.outputs import Outputs
from axiod.gateway.rest.services import Services
from axiod.gateway.rest.settings import Settings
from axiod.gateway.rest.things import Things

if TYPE_CHECKING:
    from axiod.gateway.context import Gateway
    from axiod.gateway.route import Route


def routes(gateway: Gateway) -> list[Route]:
    """Return what this part answers; it follows the mirror from now on."""
    feed = Feed(gateway.mirror, gateway.accounts)
    gateway.on_stop.append(feed.stop)
    parts = (
        Things(gateway),
        Outputs(gateway),
        Services(gateway),
        Settings(gateway),
        Connected(gateway),
        Events(feed),
        LogExport(gateway),
        LogsExport(gateway),
        Metrics(gateway, feed),
    )
    return [*openapi.routes(gateway.mirror.services), *(route for part in parts for route in part.routes())]
