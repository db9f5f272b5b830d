# SPDX-License-Identifier: Apache-2.0
"""Relays: settings, and what follows from them. Pure: no bus, no line, no clock."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any

from axiod.board.profile import ContactForm

if TYPE_CHECKING:
    from collections.abc import Mapping

    from axiod.board.profile import Relay

TOPIC = "tns1:Device/Trigger/Relay"


@dataclass(frozen=True, slots=True)
class RelaySettings:
    """The settings of a relay. The fields are the Configurable properties of the contract."""

    name: str
    boot_policy: str = "off"
    failure_policy: str = "hold"

    @classmethod
    def default(cls, relay: Relay) -> RelaySettings:
        """Return the settings of a relay that nobody configured."""
        return cls(name=relay.terminal)

    def amended(self, changes: Mapping[str, Any]) -> RelaySettings:
        """Return the settings with changes, whose types and values are already right."""
        return replace(self, **changes)

    def beyond(self, default: RelaySettings) -> dict[str, Any]:
        """Return what differs from the default, by field."""
        mine = {item.name: getattr(self, item.name) for item in fields(self)}
        return {name: value for name, value in mine.items() if value != getattr(default, name)}


def normally_open(form: ContactForm, active: bool | None) -> str | None:
    """Return the contact between COM and NO; None where there is none, or it is not known."""
    return None if active is None or form is ContactForm.FORM_B else "closed" if active else "open"


def normally_closed(form: ContactForm, active: bool | None) -> str | None:
    """Return the contact between COM and NC; None where there is none, or it is not known."""
    return None if active is None or form is ContactForm.FORM_A else "open" if active else "closed"


def event(number: int, active: bool) -> tuple[dict[str, str], dict[str, str]]:
    """Return source and data of the event; the token is the VAPIX port number, because clients look it up there."""
    return {"RelayToken": str(number)}, {"LogicalState": "active" if active else "inactive"}
