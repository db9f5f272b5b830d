# SPDX-License-Identifier: Apache-2.0
"""What of an address is shut out."""

from __future__ import annotations

import pytest

from axiod.errors import InvalidArgument
from axiod.network.firewall.blocked import owner


@pytest.mark.parametrize(
    ("address", "shut_out"),
    [
        ("192.0.2.7", "192.0.2.7/32"),
        ("::ffff:192.0.2.7", "192.0.2.7/32"),
        ("2001:db8:0:1:2:3:4:5", "2001:db8:0:1::/64"),
        ("2001:db8:0:1::/64", "2001:db8:0:1::/64"),
        ("fe80::1%eth0", "fe80::/64"),
    ],
)
def test_whoever_has_an_address_is_shut_out_with_all_that_he_has(address: str, shut_out: str) -> None:
    assert str(owner(address)) == shut_out


@pytest.mark.parametrize("address", ["", "somebody", "192.0.2.0/24", "2001:db8::/48", "192.0.2.7/64"])
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(InvalidArgument, match="IP address"):
        owner(address)
