# SPDX-License-Identifier: Apache-2.0
"""What every part of the gateway is given."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from axiod.clock import wall_usec

if TYPE_CHECKING:
    from collections.abc import Callable

    from axiod.gateway.accounts import Accounts
    from axiod.gateway.acting import Acting
    from axiod.gateway.clients import Clients
    from axiod.gateway.login import Login
    from axiod.gateway.mirror import Mirror


@dataclass(frozen=True, slots=True)
class Gateway:
    """The gateway, as its parts see it."""

    mirror: Mirror
    """What the services have."""
    acting: Acting
    """The one way to change something."""
    accounts: Accounts
    login: Login
    """Checks what somebody sent to be let in."""
    clients: Clients
    """Who is connected."""
    answers: Counter[int] = field(default_factory=Counter)
    """How many requests of HTTP were answered, by status."""
    on_stop: list[Callable[[], None]] = field(default_factory=list)
    """Called when the gateway begins to stop: whatever would go on for ever ends, and says why."""
    started_usec: int = field(default_factory=wall_usec)
