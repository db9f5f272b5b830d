# SPDX-License-Identifier: Apache-2.0
"""What is to be done next, given what is registered and what should be. Pure: time is an argument.

What became of it is on disk, because axiod-network exits when it is idle.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from axiod.network.dynamic_dns.settings import Entry

if TYPE_CHECKING:
    from axiod.network.dynamic_dns.words import Answer

_FIRST_SECONDS, _LONGEST_SECONDS = 30, 3600
_MOST_TRIES_TO_DELETE = 30
"""About a day."""


@dataclass(frozen=True, slots=True)
class Record:
    """What was done, and what became of it."""

    boot_id: str = ""
    """Of the machine as it ran when `registered` was so for sure; empty: it must be registered anew."""
    registered: Entry | None = None
    registered_usec: int = 0
    former: tuple[Entry, ...] = ()
    """Names that are to be deleted."""
    tried: Entry | None = None
    """What failed last."""
    tries: int = 0
    """How often."""
    next_boot_id: str = ""
    next_monotonic_usec: int = 0
    """Not before this it is tried again, in the boot of this name."""
    next_usec: int = 0
    """The same, by the wall clock, for people."""
    problem: str = ""

    def towards(self, wanted: Entry | None) -> Record:
        """Return it with that name as the one that is to be there, and others as those that are not; None: no name."""
        record = self
        if record.registered is not None and not record.registered.same_place(wanted):
            record = replace(record, registered=None, registered_usec=0, former=(*record.former, record.registered))
        if wanted is not None:
            record = replace(record, former=tuple(one for one in record.former if not one.same_place(wanted)))
        return record

    def step(self, wanted: Entry | None, boot_id: str) -> Entry | None:
        """Return what is to be told to the server next; one without addresses is deleted. None: nothing is."""
        if wanted is not None and (self.registered != wanted or self.boot_id != boot_id):
            return wanted
        return replace(self.former[0], ttl=0, addresses=()) if self.former else None

    def left_usec(self, step: Entry, boot_id: str, now_monotonic_usec: int) -> int:
        """Return how long a step must wait."""
        if step != self.tried or boot_id != self.next_boot_id:
            return 0
        return max(0, self.next_monotonic_usec - now_monotonic_usec)

    def anew(self) -> Record:
        """Return it as if nothing was known for sure, and nothing had failed."""
        return replace(self, boot_id="", tried=None, tries=0, problem="")

    def at_rest(self) -> Record:
        """Return it when there is nothing to do: what failed before is not wanted any more."""
        return self if self.tried is None else replace(self, tried=None, tries=0, problem="")

    def done(self, step: Entry, boot_id: str, now_usec: int) -> Record:
        """Return it after the server did what it was told."""
        record = replace(self, tried=None, tries=0)
        if step.addresses:
            return replace(record, boot_id=boot_id, registered=step, registered_usec=now_usec, problem="")
        return replace(record, former=tuple(one for one in self.former if not one.same_place(step)))

    def failed(self, step: Entry, answer: Answer, boot_id: str, now_monotonic_usec: int, now_usec: int) -> Record:
        """Return it after the server did not."""
        problem = answer.problem or ""
        tries = self.tries + 1 if step == self.tried else 1
        if not step.addresses:
            problem = f"{step.name} is still in the DNS: {problem}"
            if answer.refused or tries >= _MOST_TRIES_TO_DELETE:
                return replace(self.done(step, boot_id, now_usec), problem=problem)
        wait = min(_LONGEST_SECONDS, _FIRST_SECONDS << min(tries - 1, 10)) * 1_000_000
        return replace(
            self,
            tried=step,
            tries=tries,
            next_boot_id=boot_id,
            next_monotonic_usec=now_monotonic_usec + wait,
            next_usec=now_usec + wait,
            problem=problem,
        )

    def to_plain(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return asdict(self)


def from_plain(found: Any) -> Record:
    """Return what `to_plain` gave; raises ValueError or TypeError."""
    if not isinstance(found, dict):
        raise ValueError("it is no object")
    entries = {name: _entry(found[name]) for name in ("registered", "tried") if found.get(name) is not None}
    former = tuple(_entry(one) for one in found.get("former", ()))
    return Record(**{**found, **entries, "former": former})


def _entry(found: Any) -> Entry:
    return Entry(**{**found, "addresses": tuple(found["addresses"])})
