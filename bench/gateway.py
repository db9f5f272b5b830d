# SPDX-License-Identifier: Apache-2.0
"""How many requests the gateway answers, and how fast, with Digest and keep-alive, by one and by sixteen connections.

Beside each: a bare aiohttp route that makes the same D-Bus call, without asking who asks. The file from nginx tells
what the machine and wrk can do at all.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from bench.figure import AtLeastTimes, Figure, Pair, interleave
from bench.web import running

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from bench.figure import Effort
    from bench.web import Web

_CONNECTIONS = (1, 16)
_SECONDS = 1
_CHECK, _REST = "port.cgi?check=1", "REST GET of a relay"
_SWITCH, _FILE = "port.cgi?action, relay", "bare route beside a file from nginx"
_TARGET = AtLeastTimes(0.7)
_OURS = {
    _CHECK: ["/axis-cgi/io/port.cgi?check=1"],
    _REST: ["/api/v1/relays/relay1"],
    _SWITCH: ["/axis-cgi/io/port.cgi?action=1:/", "/axis-cgi/io/port.cgi?action=1:%5C"],
}
_BARE = {_CHECK: ["/check"], _REST: ["/check"], _SWITCH: ["/switch/on", "/switch/off"]}


async def measure(effort: Effort) -> Sequence[Figure]:
    """Requests a second, p50 and p99."""
    figures = [
        Figure(f"{name}, c{connections}, {what}", unit, _TARGET if what == "rate" and name != _FILE else None)
        for name in (*_OURS, _FILE)
        for connections in _CONNECTIONS
        for what, unit in (("rate", "1/s"), ("p50", "us"), ("p99", "us"))
    ]
    async with running() as web:

        async def ask(name: str, base: str, paths: Sequence[str], connections: int) -> dict[str, float]:
            found = await web.load(base, paths, effort.number(_SECONDS), connections, digest=base == web.gateway)
            return {
                f"{name}, c{connections}, rate": found["rate"],
                f"{name}, c{connections}, p50": found["p50_us"],
                f"{name}, c{connections}, p99": found["p99_us"],
            }

        await interleave(figures, effort.rounds, *_pairs(web, ask))
    return figures


def _pairs(web: Web, ask: Callable[[str, str, Sequence[str], int], Awaitable[dict[str, float]]]) -> list[Pair]:
    pairs = [
        Pair(
            partial(ask, name, web.gateway, paths, connections), partial(ask, name, web.bare, _BARE[name], connections)
        )
        for name, paths in _OURS.items()
        for connections in _CONNECTIONS
    ]
    if web.nginx:
        pairs += [
            Pair(
                partial(ask, _FILE, web.bare, ["/check"], connections),
                partial(ask, _FILE, web.nginx, ["/file"], connections),
            )
            for connections in _CONNECTIONS
        ]
    return pairs
