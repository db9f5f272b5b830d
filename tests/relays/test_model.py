# SPDX-License-Identifier: Apache-2.0
"""Relays without a bus: contacts, settings, the event of VAPIX."""

from __future__ import annotations

import pytest

from axiod.board.profile import ContactForm
from axiod.relays import model
from axiod.relays.model import RelaySettings
from tests.sim.board import BOARD


@pytest.mark.parametrize(
    ("form", "active", "normally_open", "normally_closed"),
    [
        (ContactForm.FORM_A, False, "open", None),
        (ContactForm.FORM_A, True, "closed", None),
        (ContactForm.FORM_B, False, None, "closed"),
        (ContactForm.FORM_B, True, None, "open"),
        (ContactForm.FORM_C, False, "open", "closed"),
        (ContactForm.FORM_C, True, "closed", "open"),
    ],
)
def test_the_contacts(form: ContactForm, active: bool, normally_open: str | None, normally_closed: str | None) -> None:
    assert model.normally_open(form, active) == normally_open
    assert model.normally_closed(form, active) == normally_closed


def test_only_what_differs_is_stored() -> None:
    default = RelaySettings.default(BOARD.relays[0])
    assert default == RelaySettings("Relay 1", "off", "hold")
    amended = default.amended({"name": "Gate", "boot_policy": "last", "failure_policy": "hold"})
    assert amended.beyond(default) == {"name": "Gate", "boot_policy": "last"}
    assert default.amended(amended.beyond(default)) == amended


@pytest.mark.parametrize(("active", "state"), [(True, "active"), (False, "inactive")])
def test_the_event(active: bool, state: str) -> None:
    assert model.TOPIC == "tns1:Device/Trigger/Relay"
    assert model.event(0, active) == ({"RelayToken": "0"}, {"LogicalState": state})
