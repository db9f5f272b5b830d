# SPDX-License-Identifier: Apache-2.0
"""Which requests another site has made a browser send."""

from __future__ import annotations

import pytest

from axiod.gateway.origin import follows_a_link, from_elsewhere, is_browser, is_own_name


@pytest.mark.parametrize(
    ("headers", "secure", "elsewhere"),
    [
        ({}, False, False),
        ({"Sec-Fetch-Site": "none"}, False, False),
        ({"Sec-Fetch-Site": "same-origin", "Origin": "http://d", "Host": "d"}, False, False),
        ({"Sec-Fetch-Site": "cross-site"}, False, True),
        ({"Sec-Fetch-Site": "same-site"}, False, True),
        ({"Sec-Fetch-Site": "whatever"}, False, True),
        ({"Origin": "http://d:8080", "Host": "d:8080"}, False, False),
        ({"Origin": "http://d", "Host": "d:80"}, False, False),
        ({"Origin": "https://d", "Host": "d:443"}, True, False),
        ({"Origin": "http://D", "Host": "d"}, False, False),
        ({"Origin": "http://[::1]:80", "Host": "[::1]"}, False, False),
        ({"Origin": "http://d", "Host": "d"}, True, True),
        ({"Origin": "http://d:81", "Host": "d"}, False, True),
        ({"Origin": "http://e", "Host": "d"}, False, True),
        ({"Origin": "http://d.e", "Host": "d"}, False, True),
        ({"Origin": "null", "Host": "d"}, False, True),
        ({"Origin": "", "Host": "d"}, False, True),
        ({"Origin": "http://", "Host": ""}, False, True),
        ({"Origin": "http://[", "Host": "["}, False, True),
        ({"Origin": "http://d:x", "Host": "d:x"}, False, True),
        ({"Referer": "http://d/page?x", "Host": "d"}, False, False),
        ({"Referer": "http://e/page?x", "Host": "d"}, False, True),
        ({"Referer": "https://d/", "Host": "d"}, False, True),
        ({"Referer": "http://e/", "Host": "d", "Sec-Fetch-Site": "none"}, False, False),
    ],
)
def test_from_elsewhere(headers: dict[str, str], secure: bool, elsewhere: bool) -> None:
    assert from_elsewhere(headers, secure=secure) is elsewhere


def test_a_link_is_followed_by_navigating() -> None:
    assert follows_a_link({"Sec-Fetch-Mode": "navigate"})
    assert not follows_a_link({"Sec-Fetch-Mode": "navigate", "Origin": "http://e"})
    assert not follows_a_link({"Sec-Fetch-Mode": "no-cors"})
    assert not follows_a_link({})


@pytest.mark.parametrize(
    ("host", "own"),
    [
        ("192.0.2.7", True),
        ("192.0.2.7:8080", True),
        ("[2001:db8::1]:80", True),
        ("localhost:8080", True),
        ("axiod-00408c012345", True),
        ("axiod-00408c012345.local", True),
        ("axiod.local.", True),
        ("evil.example", False),
        ("192.0.2.7.evil.example", False),
        ("", False),
        ("[", False),
        ("local", True),
        ("evil.notlocal", False),
    ],
)
def test_names_that_no_stranger_can_point_here(host: str, own: bool) -> None:
    assert is_own_name(host) is own


def test_browsers_show_themselves() -> None:
    assert not is_browser({"User-Agent": "curl/8.14", "Host": "d"})
    assert not is_browser({})
    for headers in (
        {"User-Agent": "Mozilla/5.0 (X11)"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "none"},
        {"Referer": "http://d/"},
    ):
        assert is_browser(headers)
