# SPDX-License-Identifier: Apache-2.0
"""Failed logins counted in sliding windows, and who is shut out for them. Pure: time is an argument.

An address that guesses is somebody hostile, who also chooses how many addresses and pages there are: everything that
is kept has a bound, and what was touched longest ago goes first.
"""

from __future__ import annotations

import ipaddress
from collections import OrderedDict, deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from axiod.errors import InvalidArgument

if TYPE_CHECKING:
    from axiod.system.model import BlockingSettings

MOST_BLOCKED = 1000
MOST_FAILURES = 50_000
"""So many failures are remembered of all windows together, 2 MiB at the most."""
MOST_WINDOWS = 10_000
_LONGEST_PAGE = 200
_USEC = 1_000_000


def normal(address: str) -> str:
    """Return how an address is counted: an IPv4 address as itself, also where it is mapped into IPv6, and an IPv6
    address as its /64, because whoever has one of those has all of them. Raises InvalidArgument.
    """
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        raise InvalidArgument(f"address is {address[:40]!r}; it must be an IP address") from None
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped is not None:
            return str(found.ipv4_mapped)
        return str(ipaddress.ip_network((int(found), 64), strict=False))
    return str(found)


@dataclass(frozen=True, slots=True)
class Block:
    """An address that is shut out."""

    address: str
    since_usec: int
    """Wall clock."""
    until_usec: int
    """Monotonic clock."""
    ends_usec: int
    """The same by the wall clock, for people."""


@dataclass(slots=True)
class Windows:
    """Who failed when, and who is shut out."""

    blocked: OrderedDict[str, Block] = field(default_factory=OrderedDict)
    """By address, the oldest first."""
    _failures: OrderedDict[tuple[str, str], deque[int]] = field(default_factory=OrderedDict)
    """When logins failed: by address and page, and by address and "" for all pages. The last touched stands last."""
    _count: int = 0

    def report(self, settings: BlockingSettings, address: str, page: str, now_usec: int, wall_usec: int) -> list[str]:
        """Count a failure of an address as normal() has it; return who was let in or shut out by that."""
        freed = self.expire(now_usec)
        if not settings.enabled or address in self.blocked:
            return freed
        over = self._add((address, "/" + page[:_LONGEST_PAGE]), now_usec, settings.page_interval_sec)
        too_many = over > settings.page_failures
        too_many |= self._add((address, ""), now_usec, settings.device_interval_sec) > settings.device_failures
        self._trim(max(settings.page_interval_sec, settings.device_interval_sec), now_usec)
        if not too_many:
            return freed
        self._forget(address)
        period_usec = settings.period_sec * _USEC
        self.blocked[address] = Block(address, wall_usec, now_usec + period_usec, wall_usec + period_usec)
        changed = [*freed, address]
        while len(self.blocked) > MOST_BLOCKED:
            changed.append(self.blocked.popitem(last=False)[0])
        return changed

    def expire(self, now_usec: int) -> list[str]:
        """Let in whose time is over, and return them."""
        over = [block.address for block in self.blocked.values() if block.until_usec <= now_usec]
        for address in over:
            del self.blocked[address]
        return over

    def unblock(self, address: str) -> bool:
        """Let an address in and forget its failures; False when it was not shut out."""
        self._forget(address)
        return self.blocked.pop(address, None) is not None

    def clear(self) -> list[str]:
        """Let everybody in, forget everything, and return who was shut out."""
        freed = list(self.blocked)
        self.blocked.clear()
        self._failures.clear()
        self._count = 0
        return freed

    @property
    def next_usec(self) -> int | None:
        """When the next one is to be let in; None while nobody is shut out."""
        return min((block.until_usec for block in self.blocked.values()), default=None)

    @property
    def size(self) -> tuple[int, int]:
        """How many windows and failures are remembered."""
        return len(self._failures), self._count

    def _add(self, key: tuple[str, str], now_usec: int, interval_sec: int) -> int:
        times = self._failures.setdefault(key, deque())
        self._failures.move_to_end(key)
        while times and times[0] <= now_usec - interval_sec * _USEC:
            times.popleft()
            self._count -= 1
        times.append(now_usec)
        self._count += 1
        return len(times)

    def _forget(self, address: str) -> None:
        for key in [key for key in self._failures if key[0] == address]:
            self._drop(key)

    def _drop(self, key: tuple[str, str]) -> None:
        self._count -= len(self._failures.pop(key))

    def _trim(self, longest_sec: int, now_usec: int) -> None:
        """Forget windows that are over, and the oldest where there are too many."""
        while self._failures:
            key, times = next(iter(self._failures.items()))
            over = times[-1] <= now_usec - longest_sec * _USEC
            if not over and len(self._failures) <= MOST_WINDOWS and self._count <= MOST_FAILURES:
                return
            self._drop(key)
