# SPDX-License-Identifier: Apache-2.0
"""What an LED is told to show."""

from __future__ import annotations

import pytest

from axiod.io.orders import Look, Orders

STEADY = Look("green", 0)
FLASHING = Look("red", 1_000_000, flash_ms=100, between="amber")
BRIEF = Look("red", 0, ends_usec=5_000_000)


@pytest.mark.parametrize(
    ("usec", "colour", "next_usec"),
    [
        (1_000_000, "red", 1_100_000),
        (1_099_999, "red", 1_100_000),
        (1_100_000, "amber", 1_200_000),
        (1_250_000, "red", 1_300_000),
        (9_999_999, "amber", 10_000_000),
    ],
)
def test_a_flash_and_what_is_between(usec: int, colour: str, next_usec: int) -> None:
    assert (FLASHING.at(usec), FLASHING.next_usec(usec)) == (colour, next_usec)


def test_what_is_steady_needs_no_time() -> None:
    assert (STEADY.at(10**9), STEADY.next_usec(10**9)) == ("green", None)
    assert BRIEF.next_usec(1) == 5_000_000
    assert Look("red", 0, 100, "none", 150_000).next_usec(120_000) == 150_000


def test_the_last_order_counts() -> None:
    assert Orders().look is None
    assert Orders().lit(STEADY).lit(FLASHING) == Orders(FLASHING)
    both = Orders().lit(STEADY).lit(BRIEF)
    assert (both, both.look) == (Orders(STEADY, BRIEF), BRIEF)
    assert both.lit(FLASHING) == Orders(FLASHING)


def test_what_is_for_a_time_ends_then() -> None:
    both = Orders(STEADY, BRIEF)
    assert both.past(4_999_999) is both
    assert both.past(5_000_000) == Orders(STEADY)


def test_giving_back() -> None:
    both = Orders(STEADY, BRIEF)
    assert both.given_back(lasting_only=True) == Orders(None, BRIEF)
    assert both.given_back(lasting_only=False) == Orders()


@pytest.mark.parametrize("orders", [Orders(), Orders(STEADY), Orders(FLASHING, BRIEF), Orders(None, BRIEF)])
def test_what_is_stored_is_read(orders: Orders) -> None:
    assert Orders.from_json(orders.to_json()) == orders


@pytest.mark.parametrize("data", [[], [[]], [["red"], None], [["red", "x", 0, "", None], None]])
def test_what_makes_no_sense_is_refused(data: list[object]) -> None:
    with pytest.raises((ValueError, TypeError)):
        Orders.from_json(data)
