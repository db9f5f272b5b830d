# SPDX-License-Identifier: Apache-2.0
"""Readings packed for the disk, and thinned out: samples, minutes, hours. Pure.

Of one channel; moments are milliseconds since 1970 (UTC).
"""

from __future__ import annotations

import struct
import sys
import zlib
from array import array
from bisect import bisect_left
from itertools import pairwise
from math import fsum
from typing import NamedTuple

MINUTE_MS, HOUR_MS, DAY_MS = 60_000, 3_600_000, 86_400_000
_HEADER = struct.Struct("<qI")


class Samples(NamedTuple):
    """What was read, in order."""

    times: array[int]
    values: array[float]

    @classmethod
    def none(cls) -> Samples:
        """Return no samples."""
        return cls(array("q"), array("d"))


class Span(NamedTuple):
    """What was between two moments."""

    start: int
    lowest: float
    mean: float
    highest: float
    number: int


def pack(samples: Samples) -> bytes:
    """Return at least one sample as bytes."""
    times = samples.times
    deltas = array("q", [0, *(later - earlier for earlier, later in pairwise(times))])
    body = _little(deltas) + _little(samples.values)
    return _HEADER.pack(times[0], len(times)) + zlib.compress(body, 6)


def unpack(data: bytes) -> Samples:
    """Return what pack() packed; raises ValueError for anything else."""
    try:
        first, count = _HEADER.unpack_from(data)
        body = zlib.decompress(data[_HEADER.size :])
    except (struct.error, zlib.error) as error:
        raise ValueError(f"history that cannot be read: {error}") from error
    if len(body) != 16 * count:
        raise ValueError("history that cannot be read: its length is wrong")
    deltas, values = array("q", body[: 8 * count]), array("d", body[8 * count :])
    if sys.byteorder == "big":
        deltas.byteswap()
        values.byteswap()
    times, now = array("q"), first
    for delta in deltas:
        now += delta
        times.append(now)
    return Samples(times, values)


def joined(parts: list[Samples]) -> Samples:
    """Return several as one, in the order of time."""
    whole = Samples.none()
    for part in parts:
        whole.times.extend(part.times)
        whole.values.extend(part.values)
    if all(earlier <= later for earlier, later in pairwise(whole.times)):
        return whole
    pairs = sorted(zip(*whole, strict=True), key=lambda pair: pair[0])
    return Samples(array("q", (when for when, _ in pairs)), array("d", (value for _, value in pairs)))


def between(samples: Samples, begin: int, end: int) -> Samples:
    """Return those from one moment on, and before another one."""
    first, last = bisect_left(samples.times, begin), bisect_left(samples.times, end)
    return Samples(samples.times[first:last], samples.values[first:last])


def thinned(samples: Samples, width: int) -> list[Span]:
    """Return lowest, mean and highest of each span of so many milliseconds in which there is something."""
    found: list[Span] = []
    place = 0
    while place < len(samples.times):
        start = samples.times[place] // width * width
        end = bisect_left(samples.times, start + width, place)
        values = samples.values[place:end]
        found.append(Span(start, min(values), fsum(values) / len(values), max(values), len(values)))
        place = end
    return found


def merged(spans: list[Span], width: int) -> list[Span]:
    """Return longer spans of shorter ones, which are in order."""
    found: list[Span] = []
    for span in spans:
        start = span.start // width * width
        last = found[-1] if found else None
        if last is None or last.start != start:
            found.append(span._replace(start=start))
            continue
        number = last.number + span.number
        mean = (last.mean * last.number + span.mean * span.number) / number
        found[-1] = Span(start, min(last.lowest, span.lowest), mean, max(last.highest, span.highest), number)
    return found


def pack_spans(spans: list[Span]) -> bytes:
    """Return at least one span as bytes."""
    first = spans[0].start
    starts = array("i", (span.start - first for span in spans))
    counts = array("i", (span.number for span in spans))
    ends = array("d", (end for span in spans for end in (span.lowest, span.highest)))
    means = array("f", (span.mean for span in spans))
    body = _little(starts) + _little(counts) + _little(ends) + _little(means)
    return _HEADER.pack(first, len(spans)) + zlib.compress(body, 6)


def unpack_spans(data: bytes) -> list[Span]:
    """Return what pack_spans() packed; raises ValueError for anything else."""
    try:
        first, count = _HEADER.unpack_from(data)
        body = zlib.decompress(data[_HEADER.size :])
    except (struct.error, zlib.error) as error:
        raise ValueError(f"history that cannot be read: {error}") from error
    if len(body) != 28 * count:
        raise ValueError("history that cannot be read: its length is wrong")
    starts, counts = array("i", body[: 4 * count]), array("i", body[4 * count : 8 * count])
    ends, means = array("d", body[8 * count : 24 * count]), array("f", body[24 * count :])
    for item in (starts, counts, ends, means) if sys.byteorder == "big" else ():
        item.byteswap()
    found = []
    for start, lowest, mean, highest, size in zip(starts, ends[::2], means, ends[1::2], counts, strict=True):
        # The mean was rounded; it must not be beyond what it is the mean of.
        found.append(Span(first + start, lowest, min(max(float(f"{mean:.7g}"), lowest), highest), highest, size))
    return found


def _little(items: array[int] | array[float]) -> bytes:
    if sys.byteorder == "big":
        items = items[:]
        items.byteswap()
    return items.tobytes()
