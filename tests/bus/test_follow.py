# SPDX-License-Identifier: Apache-2.0
"""Following events without losing any."""

from __future__ import annotations

from axiod.bus.client import Event
from axiod.bus.follow import Follower, Verdict


def _event(sequence: int, state: str = "1", port: str = "1") -> Event:
    return Event("topic", {"port": port}, {"state": state}, 0, sequence)


def test_events_of_the_snapshot_are_old_and_the_next_ones_are_next() -> None:
    follower = Follower()
    follower.snapshot(5, [_event(5)])
    taken = [follower.take(_event(sequence)) for sequence in (4, 5, 6, 7)]
    assert taken == [Verdict.OLD, Verdict.OLD, Verdict.NEXT, Verdict.NEXT]


def test_a_gap_is_found_and_a_snapshot_closes_it() -> None:
    follower = Follower()
    follower.snapshot(0, [])
    assert follower.take(_event(3)) is Verdict.GAP
    follower.snapshot(4, [_event(4)])
    assert follower.take(_event(4)) is Verdict.OLD
    assert follower.take(_event(5)) is Verdict.NEXT


def test_before_the_first_snapshot_every_event_is_a_gap() -> None:
    assert Follower().take(_event(1)) is Verdict.GAP


def test_a_snapshot_tells_only_what_was_not_known() -> None:
    follower = Follower()
    follower.snapshot(1, [_event(1, "0", "1"), _event(1, "0", "2")])
    follower.take(_event(2, "1", "1"))
    news = follower.snapshot(9, [_event(9, "1", "1"), _event(9, "1", "2"), _event(9, "0", "3")])
    assert [event.source["port"] for event in news] == ["2", "3"]


def test_what_left_the_snapshot_is_news_when_it_returns() -> None:
    follower = Follower()
    follower.snapshot(1, [_event(1)])
    assert follower.snapshot(2, []) == []
    assert follower.snapshot(3, [_event(3)]) == [_event(3)]
