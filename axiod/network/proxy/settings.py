# SPDX-License-Identifier: Apache-2.0
"""What can be set of the global proxies, and which one a host is reached by. Pure."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from axiod.errors import InvalidArgument
from axiod.network.model import domain
from axiod.runtime.proxy_password import revealed

if TYPE_CHECKING:
    from collections.abc import Mapping
    from ipaddress import IPv4Address, IPv6Address

_LONGEST_URL = 255
_MOST_EXCEPTIONS = 64
_URLS = {"http_proxy": "HttpProxy", "https_proxy": "HttpsProxy"}


@dataclass(frozen=True, slots=True)
class Settings:
    """The fields are the Configurable properties of org.axiod.network1.Proxy, with passwords."""

    http_proxy: str = ""
    https_proxy: str = ""
    no_proxy: tuple[str, ...] = ()

    def amended(self, changes: Mapping[str, Any]) -> Settings:
        """Return them with changes. Raises InvalidArgument."""
        checked: dict[str, Any] = dict(changes)
        for field, title in _URLS.items():
            if field in checked:
                checked[field] = _url(title, revealed(title, checked[field], getattr(self, field)))
        if "no_proxy" in checked:
            checked["no_proxy"] = _exceptions(checked["no_proxy"])
        return replace(self, **checked)

    def proxy_for(self, scheme: str, host: str) -> str:
        """Return the URL of the proxy that a host is reached by; empty for none."""
        proxy = self.https_proxy if scheme == "https" else self.http_proxy
        return "" if _is_here(host) or any(_stands_for(one, host) for one in self.no_proxy) else proxy

    @property
    def beyond_default(self) -> dict[str, Any]:
        """What differs from the default, by field."""
        mine = {item.name: getattr(self, item.name) for item in fields(self)}
        given = {name: value for name, value in mine.items() if value != getattr(Settings(), name)}
        return {name: list(value) if isinstance(value, tuple) else value for name, value in given.items()}


def _url(title: str, url: str) -> str:
    """Return a URL; raises InvalidArgument, whose text does not quote it: there may be a password in it."""
    if not url:
        return ""
    try:
        parts = urlsplit(url)
        port, host = parts.port, parts.hostname or ""
    except ValueError:
        parts, port, host = urlsplit(""), None, ""
    if (
        len(url.encode()) > _LONGEST_URL
        or not (url.isascii() and url.isprintable() and " " not in url)
        or parts.scheme not in ("http", "https")
        or port == 0
        or parts.path not in ("", "/")
        or parts.query
        or parts.fragment
        or not _is_host(host)
    ):
        raise InvalidArgument(
            f"{title} must be the URL of a proxy of at most {_LONGEST_URL} bytes: http://HOST:PORT, with "
            "USER:PASSWORD@ before the host where it wants a login, for example http://proxy.example.org:3128"
        )
    return url


def _is_host(text: str) -> bool:
    if _address(text) is not None:
        return True
    try:
        return bool(domain("host", text))
    except InvalidArgument:
        return False


def _exceptions(given: list[str]) -> tuple[str, ...]:
    if len(given) > _MOST_EXCEPTIONS:
        raise InvalidArgument(f"NoProxy has {len(given)} entries; there can be {_MOST_EXCEPTIONS}")
    return tuple(dict.fromkeys(_exception(text) for text in given))


def _exception(text: str) -> str:
    if text == "*":
        return text
    try:
        return str(ip_network(text, strict=False)) if "/" in text else str(ip_address(text))
    except ValueError:
        pass
    begin = "*." if text.startswith("*.") else "." if text.startswith(".") else ""
    try:
        return begin + domain("NoProxy", text.removeprefix(begin)).lower()
    except InvalidArgument:
        raise InvalidArgument(
            f"NoProxy has {text[:60]!r}; it must be an IP address, a network such as 192.0.2.0/24, a name such as "
            "example.org or .example.org, or *"
        ) from None


def _stands_for(exception: str, host: str) -> bool:
    if exception == "*":
        return True
    address = _address(host)
    if address is not None:
        if "/" in exception:
            return address in ip_network(exception)
        return address == _address(exception)
    name = host.lower().removesuffix(".")
    if exception.startswith((".", "*.")):
        return name.endswith(exception.removeprefix("*"))
    return name == exception or name.endswith(f".{exception}")


def _is_here(host: str) -> bool:
    address = _address(host)
    name = host.lower().removesuffix(".")
    return address.is_loopback if address is not None else name == "localhost" or name.endswith(".localhost")


def _address(text: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(text.removeprefix("[").removesuffix("]"))
    except ValueError:
        return None
