# SPDX-License-Identifier: Apache-2.0
"""Accounts, tokens and the settings of the network: the rules. Pure: no bus, no disk, no clock, no hashing.

Everything is frozen. A change returns what there would be, so that it can be stored before it counts.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any

from axiod.errors import Conflict, InvalidArgument, LimitReached, NotFound

if TYPE_CHECKING:
    from collections.abc import Mapping

MOST_ACCOUNTS = 100
MOST_TOKENS = 100
MOST_CERTIFICATES = 50
MOST_COMMENT = 128
ADMINISTRATOR = "administrator"
ROLES = ("viewer", "operator", ADMINISTRATOR)
DEVICE_CERTIFICATE = "device"
"""The id of the certificate that the device makes for itself."""

_NAME = re.compile(r"[A-Za-z0-9]{1,14}")
_PASSWORD = re.compile(r"[\x20-\x7e]{1,64}")
_CERTIFICATE_ID = re.compile(r"[A-Za-z0-9_]{1,64}")


# --- what may be typed ---


def check_name(name: str) -> None:
    """Raise InvalidArgument for what cannot be the name of an account."""
    if not _NAME.fullmatch(name):
        raise InvalidArgument(f"name is {name[:40]!r}; it must be 1 to 14 letters a to z, A to Z and digits")


def check_password(password: str) -> None:
    """Raise InvalidArgument for what cannot be a password; the text does not quote it."""
    if not _PASSWORD.fullmatch(password):
        raise InvalidArgument("password must be 1 to 64 printable ASCII characters; use at least 8")


def check_comment(comment: str) -> None:
    """Raise InvalidArgument for a comment that is too long."""
    if len(comment) > MOST_COMMENT:
        raise InvalidArgument(f"Comment has {len(comment)} characters; it must be at most {MOST_COMMENT}")


def check_certificate_id(id_: str) -> None:
    """Raise InvalidArgument for what cannot be the id of a certificate."""
    if not _CERTIFICATE_ID.fullmatch(id_):
        raise InvalidArgument(f'id is {id_[:40]!r}; it must be 1 to 64 letters a to z, A to Z, digits and "_"')


# --- who may enter ---


@dataclass(frozen=True, slots=True)
class Secrets:
    """What is kept of a password; never the password itself."""

    scrypt: str = field(repr=False)
    md5: str = field(repr=False)
    """HA1 of Digest (RFC 7616)."""
    sha256: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Account:
    """One account."""

    name: str
    role: str
    comment: str
    password_changed_usec: int
    secrets: Secrets


@dataclass(frozen=True, slots=True)
class Token:
    """One token; of itself only its hash is kept."""

    id: str
    name: str
    role: str
    created_usec: int
    expires_usec: int | None
    sha256: str = field(repr=False)

    def ended(self, now_usec: int) -> bool:
        """Whether it counts no more."""
        return self.expires_usec is not None and now_usec >= self.expires_usec


@dataclass(frozen=True, slots=True)
class Book:
    """Who may enter over the network."""

    realm: str
    anonymous_viewing: bool = False
    accounts: Mapping[str, Account] = field(default_factory=dict)
    tokens: Mapping[str, Token] = field(default_factory=dict)

    @property
    def has_administrator(self) -> bool:
        """Whether anybody can administer the device over the network."""
        return any(account.role == ADMINISTRATOR for account in self.accounts.values())

    def check_new(self, name: str, role: str) -> None:
        """Raise what speaks against an account that is to be added."""
        check_name(name)
        for other in self.accounts:
            if other.casefold() == name.casefold():
                raise Conflict(f"there is an account {other} already; choose another name")
        if role != ADMINISTRATOR and not self.has_administrator:
            raise Conflict("the first account must be an administrator")
        if len(self.accounts) >= MOST_ACCOUNTS:
            raise LimitReached(f"there are {MOST_ACCOUNTS} accounts, the most that there can be; remove one first")

    def with_account(self, account: Account) -> Book:
        """Return the book with an account added or replaced; raises Conflict."""
        former = self.accounts.get(account.name)
        if former and account.role != ADMINISTRATOR:
            self._keep_one(former, "stay one")
        return replace(self, accounts={**self.accounts, account.name: account})

    def without_account(self, name: str) -> Book:
        """Return the book without an account; raises NotFound, Conflict."""
        self._keep_one(self.account(name), "stay; add another administrator first")
        return replace(self, accounts={key: item for key, item in self.accounts.items() if key != name})

    def account(self, name: str) -> Account:
        """Return an account; raises NotFound."""
        found = self.accounts.get(name)
        if found is None:
            raise NotFound(f"there is no account {name[:40]!r}")
        return found

    def check_new_token(self, expires_usec: int | None, now_usec: int) -> None:
        """Raise what speaks against a token that is to be added."""
        if not self.has_administrator:
            raise Conflict("there is no administrator yet; add that account first")
        if len(self.tokens) >= MOST_TOKENS:
            raise LimitReached(f"there are {MOST_TOKENS} tokens, the most that there can be; remove one first")
        if expires_usec is not None and expires_usec <= now_usec:
            raise InvalidArgument(f"ExpiresUsec is {expires_usec}; it must be later than now, {now_usec}")

    def with_token(self, token: Token) -> Book:
        """Return the book with a token."""
        return replace(self, tokens={**self.tokens, token.id: token})

    def without_token(self, id_: str) -> Book:
        """Return the book without a token."""
        return replace(self, tokens={key: item for key, item in self.tokens.items() if key != id_})

    def _keep_one(self, account: Account, what: str) -> None:
        administrators = [other for other in self.accounts.values() if other.role == ADMINISTRATOR]
        if administrators == [account]:
            raise Conflict(f"{account.name} is the last administrator and must {what}")


# --- how the device is reached ---


@dataclass(frozen=True, slots=True)
class WebSettings:
    """The fields are the Configurable properties of org.axiod.system1.Web."""

    protocols: str = "both"
    http_port: int = 80
    https_port: int = 443
    rtsp_port: int = 554
    certificate: str = DEVICE_CERTIFICATE
    basic_over_http: bool = False
    metrics: bool = False

    def amended(self, changes: Mapping[str, Any]) -> WebSettings:
        """Return the settings with changes, whose types and values are right by themselves; raises Conflict."""
        amended = replace(self, **changes)
        ports = {"HttpPort": amended.http_port, "HttpsPort": amended.https_port, "RtspPort": amended.rtsp_port}
        first: dict[int, str] = {}
        for name, port in ports.items():
            if port in first:
                raise Conflict(f"{first[port]} and {name} are both {port}; each needs a port of its own")
            first[port] = name
        return amended


@dataclass(frozen=True, slots=True)
class BlockingSettings:
    """The fields are the Configurable properties of org.axiod.system1.Blocking."""

    enabled: bool = True
    period_sec: int = 60
    page_failures: int = 20
    page_interval_sec: int = 1
    # Checking a password takes so long that nobody fails 20 times in a second: this is what stops who guesses slowly.
    device_failures: int = 30
    device_interval_sec: int = 300


def beyond_default(settings: WebSettings | BlockingSettings) -> dict[str, Any]:
    """Return what differs from the default, by field."""
    default = type(settings)()
    mine = {item.name: getattr(settings, item.name) for item in fields(settings)}
    return {name: value for name, value in mine.items() if value != getattr(default, name)}
