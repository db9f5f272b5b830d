# SPDX-License-Identifier: Apache-2.0
"""WS-Discovery: what a probe asks for, and what is answered and announced. Pure.

Sources: Web Services Dynamic Discovery (April 2005), which is the version of ONVIF; ONVIF Core Specification, 7.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit
from xml.sax.saxutils import escape

from axiod.discovery import soap
from axiod.discovery.soap import Refused

if TYPE_CHECKING:
    from collections.abc import Iterable

    from axiod.discovery.model import Announced
    from axiod.discovery.soap import Name

PORT = 3702
GROUP_4 = "239.255.255.250"
GROUP_6 = "ff02::c"
HOPS = 1
MAX_BYTES = soap.MAX_BYTES
MAX_DELAY_SECONDS = 0.5
"""An answer is sent at a random moment of them (APP_MAX_DELAY)."""

_ENVELOPE = "http://www.w3.org/2003/05/soap-envelope"
_ADDRESSING = "http://schemas.xmlsoap.org/ws/2004/08/addressing"
_DISCOVERY = "http://schemas.xmlsoap.org/ws/2005/04/discovery"
_DEVICE = "http://www.onvif.org/ver10/device/wsdl"
_EVERYBODY = "urn:schemas-xmlsoap-org:ws:2005:04:discovery"
_WHO_ASKED = f"{_ADDRESSING}/role/anonymous"
TYPES: tuple[Name, ...] = ((_DEVICE, "Device"),)
_PREFIX = {_DEVICE: "tds"}

_HEADER, _BODY = (_ENVELOPE, "Header"), (_ENVELOPE, "Body")
_ACTION, _MESSAGE_ID = (_HEADER, (_ADDRESSING, "Action")), (_HEADER, (_ADDRESSING, "MessageID"))
_PROBE = (_BODY, (_DISCOVERY, "Probe"))
_RESOLVE = (_BODY, (_DISCOVERY, "Resolve"))
_ENDPOINT = ((_ADDRESSING, "EndpointReference"), (_ADDRESSING, "Address"))
_BY_PREFIX = ("", f"{_DISCOVERY}/rfc2396")
_BY_TEXT = f"{_DISCOVERY}/strcmp0"
_LONGEST_ID = 256


@dataclass(frozen=True, slots=True)
class Probe:
    """Who is of these types, within these scopes?"""

    message_id: str
    types: tuple[Name, ...]
    scopes: tuple[str, ...]
    match_by: str


@dataclass(frozen=True, slots=True)
class Resolve:
    """Where is the one with this address?"""

    message_id: str
    endpoint: str


def read(data: bytes) -> Probe | Resolve | None:
    """Read a packet; None for a message that needs no answer. Raises Refused for what is no message."""
    found = soap.read(data)
    action, id_ = found.get(_ACTION), found.get(_MESSAGE_ID)
    if action is None or id_ is None or not 0 < len(id_.text) <= _LONGEST_ID:
        raise Refused("it has no action or no message id")
    if action.text == f"{_DISCOVERY}/Probe" and _PROBE in found:
        types, scopes = found.get((*_PROBE, (_DISCOVERY, "Types"))), found.get((*_PROBE, (_DISCOVERY, "Scopes")))
        return Probe(
            id_.text,
            tuple(types.names()) if types else (),
            tuple(scopes.text.split()) if scopes else (),
            scopes.attributes.get("MatchBy", "") if scopes else "",
        )
    if action.text == f"{_DISCOVERY}/Resolve" and _RESOLVE in found:
        endpoint = found.get((*_RESOLVE, *_ENDPOINT))
        return Resolve(id_.text, endpoint.text if endpoint else "")
    return None


def scopes(what: Announced) -> tuple[str, ...]:
    """Return what this device says of itself, as ONVIF wants it."""
    said = {"name": what.name, "hardware": what.model, "manufacturer": what.brand, "mac": what.serial_number}
    return tuple(f"onvif://www.onvif.org/{word}/{quote(value, safe='')}" for word, value in said.items() if value)


def endpoint(what: Announced) -> str:
    """Return the address by which it is known, wherever it is."""
    return f"urn:uuid:{what.uuid}"


def matches(asked: Probe | Resolve, what: Announced) -> bool:
    """Whether this device is meant."""
    if isinstance(asked, Resolve):
        return asked.endpoint == endpoint(what)
    if not set(asked.types) <= set(TYPES):
        return False
    mine = scopes(what)
    if asked.match_by in _BY_PREFIX:
        return all(any(_within(scope, wanted) for scope in mine) for wanted in asked.scopes)
    return asked.match_by == _BY_TEXT and set(asked.scopes) <= set(mine)


def _within(scope: str, wanted: str) -> bool:
    """Whether a scope is another one or below it: as in RFC 2396, whole segments of the path."""
    try:
        one, other = urlsplit(scope), urlsplit(wanted)
    except ValueError:
        return False
    if (one.scheme, one.netloc.lower()) != (other.scheme.lower(), other.netloc.lower()) or other.query:
        return False
    mine, theirs = one.path.strip("/").split("/"), [part for part in other.path.strip("/").split("/") if part]
    return mine[: len(theirs)] == theirs


@dataclass(slots=True)
class Speaker:
    """Writes messages: each has the next number of this instance."""

    instance_id: int
    """Greater than that of the process before: seconds since 1970."""
    metadata_version: int = 1
    """Greater whenever something that is told has changed."""
    _number: int = 0

    def hello(self, message_id: str, what: Announced, xaddrs: Iterable[str]) -> bytes:
        """Announce that it is there."""
        return self._message("Hello", message_id, self._told(what, xaddrs), to=_EVERYBODY)

    def bye(self, message_id: str, what: Announced) -> bytes:
        """Announce that it goes away."""
        return self._message("Bye", message_id, _reference(what), to=_EVERYBODY)

    def answer(self, message_id: str, asked: Probe | Resolve, what: Announced, xaddrs: Iterable[str]) -> bytes:
        """Answer to a probe or a resolve that matches."""
        word = "ProbeMatch" if isinstance(asked, Probe) else "ResolveMatch"
        told = f"<d:{word}>{self._told(what, xaddrs)}</d:{word}>"
        return self._message(f"{word}es", message_id, told, to=_WHO_ASKED, relates_to=asked.message_id)

    def _told(self, what: Announced, xaddrs: Iterable[str]) -> str:
        types = " ".join(f"{_PREFIX[space]}:{local}" for space, local in TYPES)
        return (
            f"{_reference(what)}<d:Types>{types}</d:Types><d:Scopes>{escape(' '.join(scopes(what)))}</d:Scopes>"
            f"<d:XAddrs>{escape(' '.join(xaddrs))}</d:XAddrs>"
            f"<d:MetadataVersion>{self.metadata_version}</d:MetadataVersion>"
        )

    def _message(self, word: str, message_id: str, told: str, *, to: str, relates_to: str = "") -> bytes:
        self._number += 1
        related = f"<a:RelatesTo>{escape(relates_to)}</a:RelatesTo>" if relates_to else ""
        return (
            '<?xml version="1.0" encoding="utf-8"?>'
            f'<s:Envelope xmlns:s="{_ENVELOPE}" xmlns:a="{_ADDRESSING}" xmlns:d="{_DISCOVERY}" xmlns:tds="{_DEVICE}">'
            f"<s:Header><a:Action>{_DISCOVERY}/{word}</a:Action><a:MessageID>{message_id}</a:MessageID>{related}"
            f'<a:To>{to}</a:To><d:AppSequence InstanceId="{self.instance_id}" MessageNumber="{self._number}"/>'
            f"</s:Header><s:Body><d:{word}>{told}</d:{word}></s:Body></s:Envelope>"
        ).encode()


def _reference(what: Announced) -> str:
    return f"<a:EndpointReference><a:Address>{endpoint(what)}</a:Address></a:EndpointReference>"
