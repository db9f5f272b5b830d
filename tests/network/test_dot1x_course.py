# SPDX-License-Identifier: Apache-2.0
"""State and reason, from what wpa_supplicant 2.10 says. The same against real peers: test_dot1x_peers.py."""

from __future__ import annotations

from functools import reduce

import pytest

from axiod.network.dot1x.course import Course, State
from axiod.network.dot1x.settings import Settings

TLS = Settings(True, "eap-tls", "relay-7", "mine", ("lab", "spare"), "radius.test")
PEAP = Settings(True, "peap-mschapv2", "relay-7", ca_certificates=("lab",))
MACSEC = Settings(True, "macsec", ckn="0a0b")

STARTED = "CTRL-EVENT-EAP-STARTED EAP authentication started"
SELECTED = "CTRL-EVENT-EAP-METHOD EAP vendor 0 method 13 (TLS) selected"
SHOWN = "CTRL-EVENT-EAP-PEER-CERT depth=0 subject='/CN=radius.test' hash=00"
FAILED = "CTRL-EVENT-EAP-FAILURE EAP authentication failed"
SUCCESS = "CTRL-EVENT-EAP-SUCCESS EAP authentication completed successfully"
INSIDE = {"Supplicant PAE state": "AUTHENTICATED", "suppPortStatus": "Authorized", "EAP state": "SUCCESS"}
HELD = {"Supplicant PAE state": "HELD", "suppPortStatus": "Unauthorized", "EAP state": "FAILURE"}
WAITING = {"Supplicant PAE state": "CONNECTING", "suppPortStatus": "Unauthorized", "EAP state": "IDLE"}


def after(settings: Settings, *messages: str) -> Course:
    return reduce(Course.heard, messages, Course(settings))


def cert_error(reason: int, text: str = "text") -> str:
    return f"CTRL-EVENT-EAP-TLS-CERT-ERROR reason={reason} depth=0 subject='/CN=r'x' err='{text}'"


@pytest.mark.parametrize(
    ("settings", "between", "reason"),
    [
        (TLS, [SELECTED, SHOWN, cert_error(1)], "is not signed by the CA certificate lab or spare"),
        (TLS, [SELECTED, SHOWN, cert_error(2)], "was revoked"),
        (TLS, [SELECTED, SHOWN, cert_error(3)], "is not valid yet: is the clock of this device right?"),
        (TLS, [SELECTED, SHOWN, cert_error(4)], "has expired, or the clock of this device is wrong"),
        (TLS, [SELECTED, SHOWN, cert_error(9)], "does not have the name radius.test, which ServerName wants"),
        (TLS, [SELECTED, SHOWN, cert_error(7, "weak\tkey")], "is refused: weak?key"),
        (TLS, [SELECTED, SHOWN], "the authentication server refused the client certificate mine"),
        (
            TLS,
            [SELECTED, SHOWN, "CTRL-EVENT-EAP-STATUS status='remote TLS alert' parameter='unknown CA'"],
            "refused the client certificate mine: it says 'unknown CA'",
        ),
        (TLS, [SELECTED], "broke off EAP-TLS before it showed its certificate"),
        (
            TLS,
            ["CTRL-EVENT-EAP-PROPOSED-METHOD vendor=0 method=25 -> NAK"],
            "the authentication server wants PEAP from this device, and not EAP-TLS",
        ),
        (TLS, [], "the authentication server does not let in 'relay-7', or does not offer EAP-TLS"),
        (PEAP, [SELECTED, SHOWN], "the authentication server refused the identity or the password"),
        (PEAP, [SELECTED], "the authentication server does not speak PEAP version 0: try version 1"),
        (
            PEAP,
            [SELECTED, SHOWN, "EAP-MSCHAPV2: failure message: 'x' (retry not allowed, error 648)"],
            "says that the password has expired; set a new one there and here",
        ),
    ],
)
def test_what_failed_has_a_reason(settings: Settings, between: list[str], reason: str) -> None:
    course = after(settings, STARTED, *between, FAILED)
    assert course.state is State.REFUSED
    assert course.reason.endswith(reason)
    assert course.stands(HELD) == course
    # It stays the reason while it is tried again, and is gone when that went well.
    again = course.heard(STARTED).stands(WAITING)
    assert (again.state, again.reason) == (State.AUTHENTICATING, course.reason)
    assert again.heard(SUCCESS).reason == ""


def test_a_switch_that_is_silent_refuses_nobody() -> None:
    course = Course(TLS).stands(WAITING)
    for _ in range(2):
        assert course.state is State.CONNECTING
        assert course.reason == "the switch has not answered yet: is IEEE 802.1X turned on at its port?"
        course = course.heard(FAILED).stands(HELD)


def test_a_port_that_nobody_guards_is_not_secured() -> None:
    status = {**INSIDE, "EAP state": "IDLE"}
    course = Course(TLS).stands(status)
    assert course.state is State.CONNECTING
    assert "has not answered" in course.reason


def test_who_is_in_stays_so_while_he_is_authenticated_again() -> None:
    course = Course(TLS).stands(INSIDE)
    assert course.state is State.SECURED
    again = course.heard(STARTED).heard(SELECTED)
    assert (
        again.stands({**INSIDE, "Supplicant PAE state": "AUTHENTICATING", "EAP state": "IDLE"}).state is State.SECURED
    )
    assert again.heard(SHOWN).heard(FAILED).stands(HELD).state is State.REFUSED


def test_a_refusal_that_was_not_heard_is_no_guess() -> None:
    course = Course(TLS).stands(HELD)
    assert course.state is State.REFUSED
    assert "before this service looked" in course.reason


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ({"PAE KaY status": "Active", "Secured": "No", "live_peers": "0", "potential_peers": "0"}, State.CONNECTING),
        (
            {"PAE KaY status": "Active", "Secured": "No", "live_peers": "0", "potential_peers": "1"},
            State.AUTHENTICATING,
        ),
        ({"PAE KaY status": "Active", "Secured": "Yes", "live_peers": "1", "potential_peers": "0"}, State.SECURED),
        ({}, State.CONNECTING),
    ],
)
def test_macsec_is_secured_when_it_is(status: dict[str, str], state: State) -> None:
    course = Course(MACSEC).stands(status)
    assert course.state is state
    assert bool(course.reason) == (state is State.CONNECTING)
