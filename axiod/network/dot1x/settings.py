# SPDX-License-Identifier: Apache-2.0
"""What is set for IEEE 802.1X and MACsec on an interface, and what may stand in it. Pure.

Types, values and lengths are checked against the contract (org.axiod.network1.Dot1x); here is what it cannot say.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, fields, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from axiod.errors import Conflict, InvalidArgument

if TYPE_CHECKING:
    from collections.abc import Mapping

Secrets = dict[str, str]
PASSWORD, CAK = "Password", "Cak"

_HEX = re.compile(r"[0-9A-Fa-f]*")
_HOST = re.compile(r"([A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?\.)*[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?")
_CERTIFICATE = re.compile(r"[A-Za-z0-9_]{1,64}")
_INTERFACE = re.compile(r"(?!\.\.?$)[!-.0-9;-~]{1,15}")
_MOST_CA = 20


class Method(StrEnum):
    """How an interface is let into the network."""

    EAP_TLS = "eap-tls"
    PEAP = "peap-mschapv2"
    MACSEC = "macsec"


@dataclass(frozen=True, slots=True)
class Settings:
    """The fields are the Configurable properties of org.axiod.network1.Dot1x."""

    enabled: bool = False
    method: str = Method.EAP_TLS
    identity: str = ""
    client_certificate: str = ""
    ca_certificates: tuple[str, ...] = ()
    server_name: str = ""
    eapol_version: int = 1
    peap_version: int = 0
    peap_label: int = 1
    ckn: str = ""
    macsec_mode: str = "encrypt"

    def amended(self, changes: Mapping[str, Any]) -> Settings:
        """Return the settings with changes, by field, whose types are right; raises InvalidArgument."""
        plain = dict(changes)
        if "ca_certificates" in plain:
            plain["ca_certificates"] = tuple(dict.fromkeys(plain["ca_certificates"]))
        amended = replace(self, **plain)
        amended._check()
        return amended

    def _check(self) -> None:
        if self.client_certificate:
            _check_id("ClientCertificate", self.client_certificate)
        if len(self.ca_certificates) > _MOST_CA:
            raise InvalidArgument(
                f"CaCertificates has {len(self.ca_certificates)} ids; it must have at most {_MOST_CA}"
            )
        for id_ in self.ca_certificates:
            _check_id("CaCertificates", id_)
        if self.server_name and not _HOST.fullmatch(self.server_name):
            raise InvalidArgument(
                f"ServerName is {self.server_name[:40]!r}; it must be a DNS name, for example radius.example.org"
            )
        if not _HEX.fullmatch(self.ckn) or len(self.ckn) % 2:
            raise InvalidArgument(f"Ckn is {self.ckn!r}; it must be 2 to 64 hexadecimal digits, an even number of them")

    @property
    def certificates(self) -> tuple[str, ...]:
        """The ids of the certificates that the method needs, each once."""
        if self.method == Method.MACSEC:
            return ()
        own = (self.client_certificate,) if self.method == Method.EAP_TLS else ()
        return tuple(dict.fromkeys((*own, *self.ca_certificates)))

    @property
    def secret(self) -> str:
        """The name of the secret that the method needs; "" where it needs none."""
        return {Method.PEAP: PASSWORD, Method.MACSEC: CAK}.get(Method(self.method), "")

    def check_complete(self, secrets: Mapping[str, str]) -> None:
        """Raise Conflict, naming the field, where something is missing that the method needs."""
        needed = {
            Method.EAP_TLS: {"Identity": self.identity, "ClientCertificate": self.client_certificate},
            Method.PEAP: {"Identity": self.identity},
            Method.MACSEC: {"Ckn": self.ckn},
        }[Method(self.method)]
        for name, value in needed.items():
            if not value:
                raise Conflict(f"{name} is missing; {self.method} needs it")
        if self.secret and not secrets.get(self.secret):
            raise Conflict(f"{self.secret} is missing; {self.method} needs it: set it first, with SetSecrets")
        if self.server_name and not self.ca_certificates and self.method != Method.MACSEC:
            raise Conflict(
                "ServerName says nothing without CaCertificates: whoever made the certificate chose its name"
            )

    @property
    def beyond_default(self) -> dict[str, Any]:
        """What differs from the default, by field, as the contract has it."""
        default = Settings()
        mine = {item.name: getattr(self, item.name) for item in fields(self)}
        return {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in mine.items()
            if value != getattr(default, name)
        }


def checked_secrets(given: Mapping[str, str]) -> Secrets:
    """Return secrets as they are stored; raises InvalidArgument, which does not quote them."""
    for name, value in given.items():
        if name not in (PASSWORD, CAK):
            raise InvalidArgument(f"there is no secret {name!r}; there is {PASSWORD} and {CAK}")
        if name == CAK and not (len(value) in (0, 32, 64) and _HEX.fullmatch(value)):
            raise InvalidArgument(f"{CAK} has {len(value)} characters; it must be 32 or 64 hexadecimal digits")
        if "\0" in value:
            raise InvalidArgument(f"{name} must not have a NUL in it")
    return dict(given)


def check_interface(name: str) -> None:
    """Raise InvalidArgument for what cannot be the name of a network interface."""
    if not _INTERFACE.fullmatch(name):
        raise InvalidArgument(f"{name[:40]!r} cannot be the name of a network interface")


def _check_id(name: str, id_: str) -> None:
    if not _CERTIFICATE.fullmatch(id_):
        raise InvalidArgument(
            f'{name} has {id_[:40]!r}; an id of the store is 1 to 64 letters a-z, A-Z, digits and "_"'
        )
