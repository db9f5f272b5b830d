# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from axiod.discovery.pace import Bucket, Pace


def test_a_bucket_fills_again() -> None:
    bucket = Bucket(burst=2, rate=0.5)
    assert [bucket.take(now) for now in (0, 0, 0, 1, 2, 2, 100, 100, 100)] == [
        True, True, False, False, True, False, True, True, False
    ]  # fmt: skip


def test_one_source_is_answered_so_often_and_others_all_the_same() -> None:
    pace = Pace(of_one=(3, 1), of_all=(100, 1))
    assert [pace.allows("192.0.2.1", 0.0) for _ in range(5)] == [True, True, True, False, False]
    assert pace.allows("192.0.2.2", 0.0)
    assert pace.allows("192.0.2.1", 1.0)


def test_all_sources_together_are_answered_so_often() -> None:
    """Whoever makes addresses up gets no more out of it."""
    pace = Pace(of_one=(3, 1), of_all=(5, 1))
    assert sum(pace.allows(f"192.0.2.{number}", 0.0) for number in range(200)) == 5


def test_only_so_many_sources_are_remembered() -> None:
    pace = Pace(of_one=(1, 0.001), of_all=(1e6, 1))
    assert pace.allows("192.0.2.1", 0.0)
    assert all(pace.allows(f"198.51.{number // 250}.{number % 250}", 0.0) for number in range(1000))
    assert len(pace._sources) <= 256
