# SPDX-License-Identifier: Apache-2.0
"""Which proxy a host is reached by, and what is no proxy."""

from __future__ import annotations

import pytest

from axiod.errors import InvalidArgument
from axiod.network.proxy.settings import Settings

BOTH = Settings("http://proxy.example.org:3128", "http://joe:secret@192.0.2.1:8080")


def test_each_scheme_has_its_own() -> None:
    assert BOTH.proxy_for("http", "gate.example.com") == BOTH.http_proxy
    assert BOTH.proxy_for("https", "gate.example.com") == BOTH.https_proxy
    assert Settings(BOTH.http_proxy).proxy_for("https", "gate.example.com") == ""


@pytest.mark.parametrize(
    ("exception", "near", "far"),
    [
        ("*", ["gate.example.com", "192.0.2.7", "2001:db8::7"], []),
        ("192.0.2.7", ["192.0.2.7"], ["192.0.2.70", "gate.example.com", "2001:db8::7"]),
        ("192.0.2.0/24", ["192.0.2.1", "192.0.2.255"], ["192.0.3.1", "2001:db8::7", "192.example.com"]),
        ("192.0.2.77/24", ["192.0.2.1"], ["192.0.3.1"]),
        ("2001:DB8::/32", ["2001:db8::7", "[2001:db8::7]"], ["2001:db9::7", "192.0.2.1"]),
        ("2001:db8:0::7", ["2001:db8::7"], ["2001:db8::8"]),
        ("example.com", ["example.com", "EXAMPLE.com.", "a.b.example.com"], ["badexample.com", "com"]),
        (".example.com", ["gate.example.com"], ["example.com", "badexample.com"]),
        ("*.Example.com", ["gate.example.com"], ["example.com", "badexample.com"]),
        ("gate", ["gate", "front.gate"], ["gate.example.com"]),
    ],
)  # fmt: skip
def test_what_is_reached_without_one(exception: str, near: list[str], far: list[str]) -> None:
    settings = BOTH.amended({"no_proxy": [exception]})
    assert {host: settings.proxy_for("http", host) for host in near} == dict.fromkeys(near, "")
    assert {host: settings.proxy_for("http", host) for host in far} == dict.fromkeys(far, BOTH.http_proxy)


@pytest.mark.parametrize(
    "host", ["localhost", "LOCALHOST.", "gate.localhost", "127.0.0.1", "127.3.4.5", "::1", "[::1]"]
)
def test_this_device_needs_none(host: str) -> None:
    assert BOTH.proxy_for("http", host) == ""


@pytest.mark.parametrize(
    "url",
    [
        "proxy.example.net:3128",
        "socks5://proxy.example.org:1080",
        "http://",
        "http://:3128",
        "http://proxy:0",
        "http://proxy:99999",
        "http://proxy:port",
        "http://proxy/path",
        "http://proxy?query",
        "http://pro xy:3128",
        "http://proxy:3128\r\nX: y",
        "http://pr\u00f6xy:3128",
        f"http://{'x' * 250}",
        "http://joe:*****@proxy:3128",
    ],
)
def test_what_is_no_proxy_is_refused_and_not_quoted(url: str) -> None:
    with pytest.raises(InvalidArgument, match="HttpsProxy") as refused:
        BOTH.amended({"https_proxy": url})
    assert len(url) < 10 or url not in str(refused.value)


@pytest.mark.parametrize(
    "url",
    [
        "http://proxy",
        "https://proxy:8443/",
        "http://192.0.2.1:3128",
        "http://[2001:db8::1]:3128",
        "http://joe:a%40b@p:1",
    ],
)
def test_proxies_are_taken(url: str) -> None:
    assert Settings().amended({"http_proxy": url}).proxy_for("http", "example.com") == url


def test_a_url_as_it_is_shown_keeps_its_password_and_no_other_proxy_gets_it() -> None:
    assert BOTH.amended({"https_proxy": "http://joe:*****@192.0.2.1:8080"}) == BOTH
    with pytest.raises(InvalidArgument, match="give the password"):
        BOTH.amended({"https_proxy": "http://joe:*****@192.0.2.2:8080"})
    assert BOTH.amended({"https_proxy": ""}).https_proxy == ""


@pytest.mark.parametrize("wrong", ["", "a b", "192.0.2.0/33", "example..com", "*.", ".", "http://example.com", "a:80"])
def test_what_is_no_exception_is_refused_and_named(wrong: str) -> None:
    with pytest.raises(InvalidArgument, match="NoProxy"):
        BOTH.amended({"no_proxy": [wrong]})


def test_there_can_be_so_many() -> None:
    with pytest.raises(InvalidArgument, match="there can be 64"):
        BOTH.amended({"no_proxy": [f"192.0.2.{number}" for number in range(65)]})
