# SPDX-License-Identifier: Apache-2.0
"""How an authentication goes, from what wpa_supplicant says: a state, and a reason that a person understands. Pure.

Its events tell what happens in an attempt (CTRL-EVENT-…, wpa_ctrl.h), its STATUS how things stand. An attempt that
fails is begun again by wpa_supplicant after a minute; what it failed from stays the reason until more is known.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from axiod.network.dot1x.settings import Method

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from axiod.network.dot1x.settings import Settings


class State(StrEnum):
    """The values of State in the contract."""

    OFF = "off"
    UNAVAILABLE = "unavailable"
    CONNECTING = "connecting"
    AUTHENTICATING = "authenticating"
    SECURED = "secured"
    REFUSED = "refused"


NO_LINK = "there is no link: is the cable in?"
_NO_ANSWER = "the switch has not answered yet: is IEEE 802.1X turned on at its port?"
_NOT_HEARD = "it was refused before this service looked; why, the next attempt shows, within a minute or so"

_UNTRUSTED, _REVOKED, _NOT_YET, _EXPIRED = 1, 2, 3, 4
_OTHER_NAME = (5, 6, 9, 10, 12)
"""Numbers of enum tls_fail_reason."""
_MSCHAP = {
    646: "the authentication server lets this identity in at other hours only",
    647: "the authentication server says that the account is disabled",
    648: "the authentication server says that the password has expired; set a new one there and here",
    649: "the authentication server says that the account has no permission for this network",
    691: "the authentication server refused the identity or the password",
}
"""RFC 2759, section 6."""
_METHODS = {13: "EAP-TLS", 25: "PEAP"}
_CERT_ERROR = re.compile(r"CTRL-EVENT-EAP-TLS-CERT-ERROR reason=(\d+) depth=\d+ subject='(.*)' err='(.*)'")
_FAILURE_MESSAGE = re.compile(r"EAP-MSCHAPV2: failure message: .*error (\d+)\)")
_PROPOSED = re.compile(r"CTRL-EVENT-EAP-PROPOSED-METHOD vendor=\d+ method=(\d+) -> NAK")
_ALERT = re.compile(r"CTRL-EVENT-EAP-STATUS status='remote TLS alert' parameter='(.*)'")


@dataclass(frozen=True, slots=True)
class Course:
    """What is known so far."""

    settings: Settings
    state: State = State.CONNECTING
    reason: str = ""
    asked: bool = False
    """The switch asked something in this attempt."""
    proposed: int = 0
    """The EAP method that the server wanted instead, last in this attempt; 0 where there was none."""
    selected: bool = False
    """The server and this device agreed on the method."""
    shown: bool = False
    """The server showed its certificate."""
    clue: str = ""
    """What went wrong in this attempt, where wpa_supplicant said so."""
    watched: bool = False
    """An attempt was heard from its beginning."""

    def heard(self, message: str) -> Course:
        """Return what is known after an event, without its level."""
        if message.startswith("CTRL-EVENT-EAP-STARTED"):
            return self._begun()
        if message.startswith("CTRL-EVENT-EAP-SUCCESS"):
            return replace(self._begun(), state=State.SECURED, reason="")
        if message.startswith("CTRL-EVENT-EAP-FAILURE"):
            return self._failed()
        for pattern, found in _CLUES:
            if match := pattern.match(message):
                return found(replace(self, asked=True), match)
        if message.startswith("CTRL-EVENT-EAP-METHOD"):
            return replace(self, asked=True, selected=True)
        if message.startswith("CTRL-EVENT-EAP-PEER-CERT"):
            return replace(self, asked=True, shown=True)
        if message.startswith("CTRL-EVENT-EAP-PROPOSED-METHOD"):
            return replace(self, asked=True)
        return self

    def stands(self, status: Mapping[str, str]) -> Course:
        """Return what is known after a look at STATUS."""
        if self.settings.method == Method.MACSEC:
            return self._macsec(status)
        supplicant, eap = status.get("Supplicant PAE state", ""), status.get("EAP state", "")
        if status.get("suppPortStatus") == "Authorized":
            # A port that nobody guards is authorized, too, in the words of the standard. Once in, it stays so while it
            # is authenticated again.
            if eap == "SUCCESS" or self.state is State.SECURED:
                return replace(self, state=State.SECURED, reason="")
            return replace(self, state=State.AUTHENTICATING) if self.asked else self._nobody()
        if supplicant == "HELD" or eap == "FAILURE":
            if self.state is State.REFUSED or (self.watched and not self.asked):
                return self
            return self._failed() if self.asked else replace(self, state=State.REFUSED, reason=_NOT_HEARD)
        if supplicant == "AUTHENTICATING" or self.asked:
            # The reason of the attempt before is the best that is known of this one.
            return replace(self, state=State.AUTHENTICATING)
        return replace(self, state=State.CONNECTING, reason=self.reason or _NO_ANSWER)

    def _begun(self) -> Course:
        return replace(self, asked=True, proposed=0, selected=False, shown=False, clue="", watched=True)

    def _failed(self) -> Course:
        if not self.asked:
            return replace(self._nobody(), watched=True)
        ended = replace(self, state=State.REFUSED, reason=self.clue or self._guess())
        return replace(ended, asked=False, proposed=0, selected=False, shown=False, clue="", watched=True)

    def _nobody(self) -> Course:
        return replace(self, state=State.CONNECTING, reason=_NO_ANSWER)

    def _guess(self) -> str:
        """Say why an attempt failed that ended without a word."""
        settings = self.settings
        peap = settings.method == Method.PEAP
        if self.shown and peap:
            return _MSCHAP[691]
        if self.shown:
            return f"the authentication server refused the client certificate {settings.client_certificate}"
        if self.selected and peap:
            other = 1 - settings.peap_version
            return f"the authentication server does not speak PEAP version {settings.peap_version}: try version {other}"
        if self.selected:
            return "the authentication server broke off EAP-TLS before it showed its certificate"
        wanted = "PEAP" if peap else "EAP-TLS"
        if self.proposed:
            offered = _METHODS.get(self.proposed, f"the EAP method {self.proposed}")
            return f"the authentication server wants {offered} from this device, and not {wanted}"
        return f"the authentication server does not let in {settings.identity!r}, or does not offer {wanted}"

    def _macsec(self, status: Mapping[str, str]) -> Course:
        if status.get("Secured") == "Yes":
            return replace(self, state=State.SECURED, reason="")
        if any(status.get(name, "0") != "0" for name in ("live_peers", "potential_peers")):
            return replace(self, state=State.AUTHENTICATING, reason="")
        return replace(
            self,
            state=State.CONNECTING,
            reason="nobody has answered with the same key: is MACsec on at the switch, with the same Ckn and Cak?",
        )


def _certificate(course: Course, match: re.Match[str]) -> Course:
    number, subject, error = int(match[1]), _clean(match[2]), _clean(match[3])
    settings = course.settings
    about = f"the certificate {subject} that the authentication server showed"
    if number == _UNTRUSTED:
        names = " or ".join(settings.ca_certificates)
        clue = f"{about} is not signed by the CA certificate {names}"
    elif number == _NOT_YET:
        clue = f"{about} is not valid yet: is the clock of this device right?"
    elif number == _EXPIRED:
        clue = f"{about} has expired, or the clock of this device is wrong"
    elif number == _REVOKED:
        clue = f"{about} was revoked"
    elif number in _OTHER_NAME:
        clue = f"{about} does not have the name {settings.server_name}, which ServerName wants"
    else:
        clue = f"{about} is refused: {error}"
    return replace(course, shown=True, clue=course.clue or clue)


def _password(course: Course, match: re.Match[str]) -> Course:
    number = int(match[1])
    clue = _MSCHAP.get(number, f"{_MSCHAP[691]} (error {number})")
    # wpa_supplicant may go on asking; for people that is a refusal.
    return replace(course, state=State.REFUSED, reason=clue, clue=clue)


def _proposed(course: Course, match: re.Match[str]) -> Course:
    return replace(course, proposed=int(match[1]))


def _alert(course: Course, match: re.Match[str]) -> Course:
    said = _clean(match[1])
    if course.settings.method == Method.EAP_TLS:
        clue = (
            f"the authentication server refused the client certificate {course.settings.client_certificate}: it says "
            f"{said!r}"
        )
    else:
        clue = f"the authentication server broke off the encrypted connection: it says {said!r}"
    return replace(course, clue=course.clue or clue)


_CLUES: tuple[tuple[re.Pattern[str], Callable[[Course, re.Match[str]], Course]], ...] = (
    (_CERT_ERROR, _certificate),
    (_FAILURE_MESSAGE, _password),
    (_PROPOSED, _proposed),
    (_ALERT, _alert),
)


def _clean(text: str) -> str:
    """Return what a stranger wrote as it may be shown."""
    return "".join(letter if letter.isprintable() else "?" for letter in text[:100])
