# SPDX-License-Identifier: Apache-2.0
"""Profiles of NetworkManager as JSON, for those that are in no file."""

from __future__ import annotations

import json

from axiod.bus._lib import Variant
from axiod.network.profile import Profile, from_json, to_json

PROFILE: Profile = {
    "connection": {"id": Variant("s", "bench"), "autoconnect-priority": Variant("i", -999)},
    "802-3-ethernet": {"mac-address": Variant("ay", b"\x02\x00\xff"), "s390-options": Variant("a{ss}", {"type": "2"})},
    "ipv4": {
        "address-data": Variant("aa{sv}", [{"address": Variant("s", "192.0.2.1"), "prefix": Variant("u", 24)}]),
        "dns": Variant("au", [1]),
    },
    "ipv6": {"dns": Variant("aay", [b"\x20\x01", b""]), "method": Variant("s", "auto")},
    "proxy": {},
}


def test_a_profile_comes_through_json_with_all_types() -> None:
    assert from_json(json.loads(json.dumps(to_json(PROFILE)))) == PROFILE


def test_older_forms_of_what_is_said_elsewhere_are_left_out() -> None:
    """They would count first, and know less."""
    older = {"addresses": Variant("aau", []), "routes": Variant("aau", [])}
    assert to_json(PROFILE | {"ipv4": PROFILE["ipv4"] | older}) == to_json(PROFILE)
