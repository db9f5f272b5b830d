# SPDX-License-Identifier: Apache-2.0
"""What is asked of a sensor: its channels in as few reads as there may be, and what they cost of the line. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from axiod.sensors.template import Source

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from axiod.modbus.line import Line
    from axiod.sensors.template import Channel, Template

_REQUEST, _ANSWER = 8, 5
"""Bytes of the frames of a read, without the registers of the answer."""
_LATENCY = 0.005
"""Seconds that a usual sensor needs to answer."""
_NETWORK = 0.02
"""Seconds of a read over TCP."""
REFUSED_PERCENT = 100.0
WARNED_PERCENT = 70.0


@dataclass(frozen=True, slots=True)
class Block:
    """Registers that are read at once."""

    function: int
    first: int
    count: int
    interval_ms: int
    channels: tuple[tuple[Channel, Source], ...]
    hole: bool = False
    """It has registers that belong to no channel."""

    @property
    def pdu(self) -> bytes:
        """The request."""
        return read_pdu(self.function, self.first, self.count)

    def split(self, answer: Sequence[int]) -> Iterator[tuple[Channel, Source, Sequence[int]]]:
        """Return the channels, each with its registers among those that were read."""
        for channel, source in self.channels:
            begin = source.register - self.first
            yield channel, source, answer[begin : begin + source.type.registers]


def read_pdu(function: int, first: int, count: int) -> bytes:
    """Return the request that reads registers."""
    return bytes((function,)) + first.to_bytes(2, "big") + count.to_bytes(2, "big")


def blocks(template: Template, intervals: Mapping[str, int], *, holes: bool = True) -> tuple[Block, ...]:
    """Return what is read, neighbours together.

    `intervals`: those that a person chose, milliseconds by channel. `holes`: registers between channels may be read
    along, as far as the template allows.
    """
    found: list[Block] = []
    plain = [(channel, channel.source) for channel in template.channels if isinstance(channel.source, Source)]

    def interval(channel: Channel, source: Source) -> int:
        return intervals.get(channel.id, source.interval_ms)

    plain.sort(key=lambda pair: (pair[1].function, interval(*pair), pair[1].register))
    widest = template.widest_hole if holes else 0
    for channel, source in plain:
        end = source.register + source.type.registers
        last = found[-1] if found else None
        if last is not None and (last.function, last.interval_ms) == (source.function, interval(channel, source)):
            gap = range(last.first + last.count, source.register)
            count = max(end, last.first + last.count) - last.first
            free = len(gap) <= widest and not any(register in template.forbidden for register in gap)
            if free and count <= template.most_registers:
                pair = (channel, source)
                hole = last.hole or bool(gap)
                found[-1] = Block(last.function, last.first, count, last.interval_ms, (*last.channels, pair), hole)
                continue
        found.append(
            Block(
                source.function,
                source.register,
                source.type.registers,
                interval(channel, source),
                ((channel, source),),
            )
        )
    return tuple(found)


def seconds(block: Block, line: Line | None) -> float:
    """Return how long a read takes the line; None is a TCP connection."""
    if line is None:
        return _NETWORK
    return line.frame(_REQUEST + _ANSWER + 2 * block.count) + 2 * line.silence + _LATENCY


def percent(reads: Iterable[tuple[Block, Line | None]]) -> float:
    """Return how much of a line reads take that go on for ever."""
    return sum(seconds(block, line) * 100_000 / block.interval_ms for block, line in reads)


def too_much(port: str, needed: float, sensors: int) -> str | None:
    """Say that a line has too much to do, with the numbers; None where it has not."""
    if needed <= WARNED_PERCENT:
        return None
    limit = "100 %" if needed > REFUSED_PERCENT else f"{WARNED_PERCENT:g} %, where requests of others begin to wait"
    return (
        f"polling {sensors} sensor{'s' * (sensors != 1)} takes {needed:.0f} % of the time of port {port}, more than "
        f"{limit}; poll less often, or use a higher baud rate"
    )
