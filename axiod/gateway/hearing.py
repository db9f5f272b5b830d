# SPDX-License-Identifier: Apache-2.0
"""Who may hear of which event. Everything that a viewer may not see is here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from axiod.bus.caller import Role

if TYPE_CHECKING:
    from axiod.bus.client import Event

_LEAST = {"tns1:Device/tnsaxis:Network/BlockedIP": Role.ADMINISTRATOR}
"""Topics that tell who tried to log in."""


def least_role(event: Event) -> Role:
    """Return the least role that an event is for."""
    return _LEAST.get(event.topic, Role.VIEWER)


def may_hear(role: Role | None, event: Event) -> bool:
    """Whether somebody with a role, or with none, may hear of an event."""
    return role is not None and role >= least_role(event)
