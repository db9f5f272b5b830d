# SPDX-License-Identifier: Apache-2.0
"""Failures in sliding windows, and who is shut out."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from axiod.errors import InvalidArgument
from axiod.system.model import BlockingSettings
from axiod.system.windows import MOST_BLOCKED, MOST_FAILURES, MOST_WINDOWS, Windows, normal

SECOND = 1_000_000
SETTINGS = BlockingSettings(
    period_sec=10, page_failures=20, page_interval_sec=1, device_failures=50, device_interval_sec=1
)


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:DB8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::9", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("::1", "::/64"),
    ],
)
def test_how_an_address_is_counted(address: str, counted: str) -> None:
    assert normal(address) == counted


@pytest.mark.parametrize("address", ["", "host", "1.2.3", "1.2.3.4/24", "1.2.3.4.5", "[::1]", "1.2.3.04", "x" * 10_000])
def test_what_is_no_address(address: str) -> None:
    with pytest.raises(InvalidArgument, match="must be an IP address") as caught:
        normal(address)
    assert len(str(caught.value)) < 200


def fail(windows: Windows, times: int, now: int, page: str = "/a", address: str = "192.0.2.7") -> list[str]:
    """Report failures all at once and return who was let in or shut out by the last."""
    changed: list[str] = []
    for _ in range(times):
        changed = windows.report(SETTINGS, address, page, now, 7)
    return changed


def test_as_many_as_allowed_are_allowed_and_one_more_is_not() -> None:
    windows = Windows()
    assert fail(windows, 20, 100) == []
    assert fail(windows, 1, 100) == ["192.0.2.7"]
    (block,) = windows.blocked.values()
    assert (block.address, block.since_usec, block.until_usec) == ("192.0.2.7", 7, 100 + 10 * SECOND)
    assert windows.next_usec == 100 + 10 * SECOND


def test_the_window_slides() -> None:
    windows = Windows()
    fail(windows, 20, 0)
    assert fail(windows, 20, SECOND) == []
    assert fail(windows, 1, SECOND + 1) == ["192.0.2.7"]


def test_pages_are_counted_by_themselves_and_all_together() -> None:
    windows = Windows()
    for page in ("/a", "/b"):
        assert fail(windows, 20, 0, page) == []
    assert fail(windows, 10, 0, "/c") == []
    assert fail(windows, 1, 0, "/d") == ["192.0.2.7"]


def test_addresses_are_counted_by_themselves() -> None:
    windows = Windows()
    fail(windows, 20, 0)
    assert fail(windows, 20, 0, address="192.0.2.8") == []
    assert not windows.blocked


def test_time_lets_in_again_and_further_failures_do_not_make_it_longer() -> None:
    windows = Windows()
    fail(windows, 21, 0)
    assert fail(windows, 100, 9 * SECOND) == []
    assert windows.expire(10 * SECOND - 1) == []
    assert windows.expire(10 * SECOND) == ["192.0.2.7"]
    assert windows.next_usec is None
    assert fail(windows, 20, 10 * SECOND) == [], "what was before is forgotten"


def test_somebody_lets_in_again() -> None:
    windows = Windows()
    fail(windows, 21, 0)
    assert windows.unblock("192.0.2.7")
    assert not windows.unblock("192.0.2.7")
    assert fail(windows, 20, 0) == []


def test_turned_off_it_counts_nothing() -> None:
    windows = Windows()
    off = replace(SETTINGS, enabled=False)
    for _ in range(100):
        assert windows.report(off, "192.0.2.7", "/", 0, 0) == []
    assert windows.size == (0, 0)


def test_what_is_over_is_forgotten() -> None:
    windows = Windows()
    for number in range(100):
        windows.report(SETTINGS, f"192.0.2.{number}", "/", 0, 0)
    windows.report(SETTINGS, "198.51.100.1", "/", 2 * SECOND, 0)
    assert windows.size == (2, 2)


def test_everything_has_a_bound() -> None:
    windows = Windows()
    patient = BlockingSettings(
        period_sec=86_400,
        page_failures=10_000,
        page_interval_sec=3600,
        device_failures=10_000,
        device_interval_sec=3600,
    )
    for number in range(MOST_WINDOWS):
        windows.report(patient, f"10.0.{number // 256}.{number % 256}", "/" + "x" * 100_000, number, 0)
    assert windows.size[0] <= MOST_WINDOWS
    for number in range(MOST_FAILURES):
        windows.report(patient, "10.9.9.9", str(number % 7), number, 0)
    assert windows.size[1] <= MOST_FAILURES
    strict = replace(patient, page_failures=1)
    addresses = [f"10.1.{number // 256}.{number % 256}" for number in range(MOST_BLOCKED + 1)]
    told: list[str] = []
    for number, address in enumerate(addresses):
        for _ in range(2):
            told = windows.report(strict, address, "/", number, 0)
    assert told == [addresses[-1], addresses[0]], "the oldest made room"
    assert len(windows.blocked) == MOST_BLOCKED


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 3 * SECOND), st.sampled_from(["a", "b", "c"]), st.sampled_from("xy")), max_size=120
    )
)
def test_it_is_what_counting_by_hand_says(story: list[tuple[int, str, str]]) -> None:
    rules = BlockingSettings(
        period_sec=1, page_failures=3, page_interval_sec=1, device_failures=5, device_interval_sec=2
    )
    windows = Windows()
    now, past = 0, []
    shut: dict[str, int] = {}
    for step, address, page in story:
        now += step // 8
        shut = {who: until for who, until in shut.items() if until > now}
        windows.report(rules, address, page, now, 0)
        if address not in shut:
            past.append((now, address, page))
            mine = [(when, where) for when, who, where in past if who == address]
            at_page = [when for when, where in mine if where == page and when > now - SECOND]
            at_all = [when for when, _ in mine if when > now - 2 * SECOND]
            if len(at_page) > 3 or len(at_all) > 5:
                shut[address] = now + SECOND
                past = [entry for entry in past if entry[1] != address]
        assert {block.address: block.until_usec for block in windows.blocked.values()} == shut
