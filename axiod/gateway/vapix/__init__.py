# SPDX-License-Identifier: Apache-2.0
"""VAPIX: the HTTP calls that clients of such devices make already."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from axiod.gateway.context import Gateway
    from axiod.gateway.route import Route


def routes(gateway: Gateway) -> list[Route]:
    """Return everything that VAPIX answers."""
    from axiod.gateway.vapix import (
        account_cgi,
        discovery,
        identity,
        log_cgi,
        mqtt_client_cgi,
        mqtt_event_cgi,
        network_settings_cgi,
        param_cgi,
        port_cgi,
        portmanagement,
        ready,
        services,
        supervisedio,
        virtual_input,
        websocket,
    )

    parts = (
        account_cgi, identity, log_cgi, mqtt_client_cgi, mqtt_event_cgi, network_settings_cgi, param_cgi, port_cgi,
        portmanagement, ready, services, supervisedio, virtual_input, websocket,
    )  # fmt: skip
    apis = [part.API for part in parts if hasattr(part, "API")]
    return [*discovery.routes(gateway, apis), *(route for part in parts for route in part.routes(gateway))]
