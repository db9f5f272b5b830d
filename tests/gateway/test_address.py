# SPDX-License-Identifier: Apache-2.0
"""Addresses of clients."""

from __future__ import annotations

import pytest

from axiod.gateway.address import network, plain


@pytest.mark.parametrize(
    ("address", "spelling", "counted"),
    [
        ("192.0.2.1", "192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1", "192.0.2.1"),
        ("::ffff:c000:201", "192.0.2.1", "192.0.2.1"),
        ("::1", "::1", "::/64"),
        ("fe80::1%eth0", "fe80::1", "fe80::/64"),
        ("2001:db8:0:1:aaaa::5", "2001:db8:0:1:aaaa::5", "2001:db8:0:1::/64"),
        ("", "", ""),
        ("no address", "no address", "no address"),
    ],
)
def test_an_address(address: str, spelling: str, counted: str) -> None:
    assert plain(address) == spelling
    assert network(address) == counted
