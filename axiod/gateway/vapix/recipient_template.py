# SPDX-License-Identifier: Apache-2.0
"""Recipients as VAPIX has them, a token and parameters, and as the contract has them. Pure.

Source: VAPIX action1, "Recipient templates". `qos`, the mark of packets, is taken and not used: this device marks none.
A network share has no id here: share_id is //HOST/SHARE, and login and password belong to it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from axiod.errors import InvalidArgument

if TYPE_CHECKING:
    from collections.abc import Mapping

_PREFIX = "com.axis.recipient."
_SHARE = re.compile(r"(?://|\\\\)([^/\\]+)[/\\]([^/\\]+)")


@dataclass(frozen=True, slots=True)
class Field:
    """One parameter of a template."""

    property: str
    """What it is in the contract."""
    default: Any = ""
    """Of the property, for a parameter that is missing or empty. Its type is that of the property."""
    required: bool = False
    secret: bool = False

    def read(self, name: str, text: str) -> Any:
        """Return what a parameter says; raises InvalidArgument."""
        if not text:
            if self.required:
                raise InvalidArgument(f"the parameter {name} must not be empty")
            return self.default
        if isinstance(self.default, bool):
            if text not in ("0", "1", "true", "false"):
                raise InvalidArgument(f"the parameter {name} must be 1 or 0")
            return text in ("1", "true")
        if isinstance(self.default, int):
            return number(name, text, 65535)
        return text

    def shown(self, value: Any) -> str:
        """Return a property as a parameter."""
        if value is None or self.secret:
            return ""
        return str(int(value)) if isinstance(value, bool) else str(value)


_LOGIN = {"login": Field("Username"), "password": Field("Password", secret=True)}
_WEB = {
    "upload_url": Field("Url", required=True),
    **_LOGIN,
    "proxy_host": Field("ProxyHost"),
    "proxy_port": Field("ProxyPort", 3128),
    "proxy_login": Field("ProxyUsername"),
    "proxy_password": Field("ProxyPassword", secret=True),
}
_VALIDATE = {"validate_server_cert": Field("ValidateCertificate", default=True)}
_UPLOAD = {"host": Field("Host", required=True), "upload_path": Field("Folder")}
_TEMPORARY = {"temporary": Field("TemporaryName", default=True)}
_FIELDS: Mapping[str, Mapping[str, Field]] = {
    "http": _WEB,
    "https": {**_WEB, **_VALIDATE},
    "ftp": {
        **_UPLOAD, "port": Field("Port", 21), **_LOGIN, "passive": Field("Passive", default=True), **_TEMPORARY,
    },
    "sftp": {
        **_UPLOAD, "port": Field("Port", 22), **_LOGIN, "ssh_host_pub_key_md5": Field("HostKeyMd5"),
        "ssh_host_pub_key_sha256": Field("HostKeySha256"), **_TEMPORARY,
    },
    "networkshare": {"upload_path": Field("Folder"), "share_id": Field("Share", required=True), **_LOGIN},
    "smtp": {
        "email_to": Field("To", required=True), "email_from": Field("Sender", required=True),
        "host": Field("Host", required=True), "port": Field("Port", 587), **_LOGIN, "pop_host": Field("PopHost"),
        "pop_port": Field("PopPort", 110), "pop_login": Field("PopUsername"),
        "pop_password": Field("PopPassword", secret=True), "encryption": Field("Encryption", "none"), **_VALIDATE,
    },
    "tcp": {"host": Field("Host", required=True), "port": Field("Port", 0, required=True)},
}  # fmt: skip
_SHARE_DEFAULTS = {"Port": 445, "TemporaryName": True}
"""What a network share has that VAPIX does not say."""

TEMPLATES = {_PREFIX + name: (*fields, "qos") for name, fields in _FIELDS.items()}
"""Token -> the names of its parameters."""
SECRETS = frozenset(name for fields in _FIELDS.values() for name, field in fields.items() if field.secret)
"""The parameters that nobody is told."""


@dataclass(frozen=True, slots=True)
class Recipient:
    """A recipient as the contract has it."""

    type: str
    fields: Mapping[str, Any]
    """Every field that its type has."""
    secrets: Mapping[str, str]
    """Those that are not empty."""

    @property
    def given(self) -> dict[str, Any]:
        """What AddRecipient is told: what is not empty."""
        return {name: value for name, value in self.fields.items() if value != ""}

    def is_like(self, properties: Mapping[str, Any]) -> bool:
        """Whether a recipient that is there is this one, and neither has a secret."""
        return not self.secrets and not properties["Secrets"] and self.has_fields_of(properties)

    def has_fields_of(self, properties: Mapping[str, Any]) -> bool:
        """Whether a recipient that is there is of this type and has the same fields."""
        same = all(properties.get(name) == value for name, value in self.fields.items())
        return same and properties["Type"] == self.type


def number(name: str, text: str, highest: int) -> int:
    """Read a parameter that is a whole number; raises InvalidArgument."""
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(highest)) and int(text) <= highest):
        raise InvalidArgument(f"the parameter {name} is {text[:40]!r}; it must be a whole number up to {highest}")
    return int(text)


def read(token: str, given: Mapping[str, str]) -> Recipient:
    """Return a recipient of a template and its parameters; raises InvalidArgument.

    `given` may have others besides; `TEMPLATES` has the token.
    """
    kind = token.removeprefix(_PREFIX)
    fields: dict[str, Any] = {}
    secrets = {}
    for name, field in _FIELDS[kind].items():
        value = field.read(name, given.get(name, ""))
        if not field.secret:
            fields[field.property] = value
        elif value:
            secrets[field.property] = value
    if given.get("qos"):
        number("qos", given["qos"], 63)
    if kind != "networkshare":
        return Recipient(kind, fields, secrets)
    share = _SHARE.fullmatch(fields["Share"])
    if share is None:
        raise InvalidArgument("the parameter share_id must be //HOST/SHARE: this device has no list of shares")
    return Recipient("network-share", {**_SHARE_DEFAULTS, **fields, "Host": share[1], "Share": share[2]}, secrets)


def shown(properties: Mapping[str, Any]) -> tuple[str, dict[str, str]]:
    """Return a recipient that is there as its token and its parameters; secrets are empty."""
    kind = str(properties["Type"]).replace("-", "")
    parameters = {name: field.shown(properties.get(field.property)) for name, field in _FIELDS[kind].items()}
    if kind == "networkshare":
        parameters["share_id"] = f"//{properties['Host']}/{properties['Share']}"
    return _PREFIX + kind, {**parameters, "qos": "0"}
