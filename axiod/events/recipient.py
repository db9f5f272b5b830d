# SPDX-License-Identifier: Apache-2.0
"""What a recipient is: its types, the fields of each, and what may stand in them. Pure.

Fields have the names of the contract (org.axiod.events1.Recipient). Types and lengths are checked against the contract;
here is what it cannot say: which type has which field, and what is a host, an address or a fingerprint.

Sources: manual "Recipients"; VAPIX action1 (recipient templates).
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from axiod.errors import InvalidArgument

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Field = str | int | bool

MOST_RECIPIENTS = 20

_WEB: Mapping[str, Field] = {"Url": "", "Username": "", "ProxyHost": "", "ProxyPort": 3128, "ProxyUsername": ""}
FIELDS: Mapping[str, Mapping[str, Field]] = {
    "http": _WEB,
    "https": {**_WEB, "ValidateCertificate": True},
    "ftp": {"Host": "", "Port": 21, "Username": "", "Folder": "", "TemporaryName": True, "Passive": True},
    "sftp": {
        "Host": "", "Port": 22, "Username": "", "Folder": "", "TemporaryName": True, "HostKeyMd5": "",
        "HostKeySha256": "",
    },
    "network-share": {"Host": "", "Port": 445, "Share": "", "Username": "", "Folder": "", "TemporaryName": True},
    "smtp": {
        "To": "", "Sender": "", "Host": "", "Port": 587, "Username": "", "Encryption": "tls",
        "ValidateCertificate": True, "PopHost": "", "PopPort": 110, "PopUsername": "",
    },
    "tcp": {"Host": "", "Port": 0},
}  # fmt: skip
"""Type -> the fields that it has, with their defaults."""

_REQUIRED = {
    "http": ("Url",),
    "https": ("Url",),
    "ftp": ("Host",),
    "sftp": ("Host", "Username"),
    "network-share": ("Host", "Share"),
    "smtp": ("To", "Sender", "Host"),
    "tcp": ("Host", "Port"),
}
_SECRETS = {
    "http": ("Password", "ProxyPassword"),
    "https": ("Password", "ProxyPassword"),
    "ftp": ("Password",),
    "sftp": ("Password",),
    "network-share": ("Password",),
    "smtp": ("Password", "PopPassword"),
    "tcp": (),
}
NOTIFIED = ("http", "https", "smtp", "tcp")
"""The types that take a notification; the others take files."""

_MOST_ADDRESSES = 50
_LABEL = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?")
_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@([A-Za-z0-9.-]{1,253}|\[[0-9A-Fa-f:.IPv]{1,64}\])")
_URL_TEXT = re.compile(r"[!-~]+")
_SHARE = re.compile(r'[^"/\\\[\]:|<>+=;,*?]+')


@dataclass(frozen=True, slots=True)
class Recipient:
    """One recipient; made by `new` and `amended`, which check it."""

    id: str
    name: str
    type: str
    fields: Mapping[str, Field] = field(default_factory=dict)
    """All fields that its type has."""

    def text(self, name: str) -> str:
        """Return a field of text; "" where the type has none."""
        return str(self.fields.get(name, ""))

    def number(self, name: str) -> int:
        """Return a field that is a number."""
        return int(self.fields[name])

    def flag(self, name: str) -> bool:
        """Return a field that is true or false; false where the type has none."""
        return bool(self.fields.get(name, False))

    @property
    def addresses(self) -> list[str]:
        """To whom an e-mail goes."""
        return _addresses(self.text("To"))

    @property
    def beyond_default(self) -> dict[str, Field]:
        """The fields that are not at their defaults."""
        return {name: value for name, value in self.fields.items() if value != FIELDS[self.type][name]}


def new(id_: str, name: str, type_: str, given: Mapping[str, Field]) -> Recipient:
    """Return a recipient of fields that were given; raises InvalidArgument, whose text names the field."""
    if type_ not in FIELDS:
        raise InvalidArgument(f"there is no type {type_!r} of recipients; there is {', '.join(FIELDS)}")
    return _checked(id_, name, type_, FIELDS[type_], given)


def amended(recipient: Recipient, changes: Mapping[str, Field]) -> Recipient:
    """Return a recipient after changes of its fields and its Name; raises InvalidArgument."""
    fields = {name: value for name, value in changes.items() if name != "Name"}
    name = str(changes.get("Name", recipient.name))
    return _checked(recipient.id, name, recipient.type, recipient.fields, fields)


def check_secrets(type_: str, names: Mapping[str, str]) -> None:
    """Raise InvalidArgument for a secret that a type does not have, or that cannot be sent in one line."""
    for name, value in names.items():
        if name not in _SECRETS[type_]:
            has = f"it has {' and '.join(_SECRETS[type_])}" if _SECRETS[type_] else "it needs none"
            raise InvalidArgument(f"a recipient of type {type_} has no {name}; {has}")
        if not value.isprintable():
            raise InvalidArgument(f"{name} must be printable text")


def check_takes(type_: str, *, notification: bool) -> None:
    """Raise InvalidArgument unless a type takes notifications, or files."""
    if (type_ in NOTIFIED) != notification:
        what, takes = ("notification", NOTIFIED) if notification else ("file", set(FIELDS) - set(NOTIFIED))
        raise InvalidArgument(f"a recipient of type {type_} takes no {what}; {', '.join(sorted(takes))} do")


def _checked(id_: str, name: str, type_: str, base: Mapping[str, Field], given: Mapping[str, Field]) -> Recipient:
    if not name.strip():
        raise InvalidArgument("Name is blank; a recipient needs a name")
    for key in given:
        if key not in base:
            raise InvalidArgument(f"a recipient of type {type_} has no {key}; it has {', '.join(base)}")
    fields = {**base, **given}
    for key in _REQUIRED[type_]:
        if not fields[key]:
            raise InvalidArgument(f"{key} is missing; a recipient of type {type_} needs it")
    for key, value in fields.items():
        if isinstance(value, str) and not value.isprintable():
            raise InvalidArgument(f"{key} must be printable text in one line")
        if value != "" and (check := _CHECKS.get(key)):
            check(key, value)
    if type_ in NOTIFIED and "Url" in fields:
        _check_url(str(fields["Url"]), type_)
    if type_ == "network-share" and "%" in str(fields["Username"]):
        raise InvalidArgument("Username has a percent sign, which no client of network shares takes")
    if type_ == "sftp":
        fields["HostKeyMd5"] = str(fields["HostKeyMd5"]).replace(":", "").lower()
        fields["HostKeySha256"] = str(fields["HostKeySha256"]).removeprefix("SHA256:").removesuffix("=")
        if not (fields["HostKeyMd5"] or fields["HostKeySha256"]):
            raise InvalidArgument(
                "HostKeySha256 is missing; a recipient of type sftp needs the fingerprint of the server's key, SHA-256 "
                "or MD5 (on the server: ssh-keygen -l -f /etc/ssh/ssh_host_ed25519_key.pub)"
            )
    return Recipient(id_, name, type_, fields)


def check_host(key: str, host: str) -> None:
    """Raise InvalidArgument for what is neither a host name nor an IP address."""
    try:
        ipaddress.ip_address(host)
        return
    except ValueError:
        pass
    labels = host.removesuffix(".").split(".")
    # A name whose last part is a number would be taken for an IPv4 address.
    if len(host) > 253 or not all(map(_LABEL.fullmatch, labels)) or labels[-1].isdigit():
        raise InvalidArgument(
            f"{key} is {host[:80]!r}; it must be a host name or an IP address, for example server.example.com, "
            "192.0.2.10 or 2001:db8::10, without brackets and port"
        )


def _check_url(url: str, scheme: str) -> None:
    wrong = f"Url is {url[:80]!r}; it must be of the form {scheme}://HOST[:PORT]/PATH"
    if not _URL_TEXT.fullmatch(url):
        raise InvalidArgument(f"{wrong}, with what is not ASCII, and spaces, written as %XX")
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise InvalidArgument(f"{wrong}, an IPv6 address in brackets, and a port from 1 to 65535") from None
    if parts.scheme.lower() != scheme or not host or port == 0:
        raise InvalidArgument(f"{wrong}, and a port from 1 to 65535")
    if "@" in parts.netloc:
        raise InvalidArgument("Url must have no user and password in it; give Username, and the password as a secret")
    if parts.fragment:
        raise InvalidArgument(f"Url has the fragment #{parts.fragment[:40]}, which no server would get; leave it out")
    check_host("the host in Url", host)


def _check_host_field(key: str, value: Field) -> None:
    check_host(key, str(value))


def _check_port(key: str, value: Field) -> None:
    if not 1 <= int(value) <= 65535:
        raise InvalidArgument(f"{key} is {value}; it must be a port from 1 to 65535")


def _addresses(text: str) -> list[str]:
    return [address.strip() for address in text.split(",") if address.strip()]


def _check_addresses(key: str, value: Field) -> None:
    addresses = _addresses(str(value))
    if not addresses or len(addresses) > _MOST_ADDRESSES:
        raise InvalidArgument(f"{key} must be 1 to {_MOST_ADDRESSES} e-mail addresses, separated by commas")
    for address in addresses:
        _check_address(key, address)


def _check_address(key: str, value: Field) -> None:
    if not _ADDRESS.fullmatch(str(value)):
        raise InvalidArgument(
            f"{key} has {str(value)[:80]!r}; it must be an e-mail address, for example guard@example.com"
        )


def _check_md5(key: str, value: Field) -> None:
    if not re.fullmatch(r"[0-9a-fA-F]{32}", str(value).replace(":", "")):
        raise InvalidArgument(f"{key} must be 32 hexadecimal digits (on the server: ssh-keygen -l -E md5 -f KEY.pub)")


def _check_sha256(key: str, value: Field) -> None:
    if not re.fullmatch(r"[A-Za-z0-9+/]{43}", str(value).removeprefix("SHA256:").removesuffix("=")):
        raise InvalidArgument(f"{key} must be 43 characters of Base64 (on the server: ssh-keygen -l -f KEY.pub)")


def _check_share(key: str, value: Field) -> None:
    if not _SHARE.fullmatch(str(value)):
        raise InvalidArgument(f"{key} is {str(value)[:80]!r}; it must be the name of the share alone, without slashes")


_CHECKS: Mapping[str, Callable[[str, Field], None]] = {
    "Host": _check_host_field,
    "PopHost": _check_host_field,
    "ProxyHost": _check_host_field,
    "Port": _check_port,
    "PopPort": _check_port,
    "ProxyPort": _check_port,
    "To": _check_addresses,
    "Sender": _check_address,
    "HostKeyMd5": _check_md5,
    "HostKeySha256": _check_sha256,
    "Share": _check_share,
}
