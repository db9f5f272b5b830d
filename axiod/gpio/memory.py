# SPDX-License-Identifier: Apache-2.0
"""What is on disk of one output, so that it goes on after a crash or a power cut as if nothing had been."""

from __future__ import annotations

import contextlib
import logging
from typing import TYPE_CHECKING, Any

from axiod.errors import HardwareFailure
from axiod.gpio.sequence import Program

if TYPE_CHECKING:
    from axiod.runtime.state import State

_log = logging.getLogger(__name__)


class Memory:
    """The values of one output in the state of its service. What somebody put there that makes no sense is no value."""

    def __init__(self, name: str, state: State) -> None:
        self._name = name
        self._state = state
        self.program_sure = True
        """The disk has the program that was given last."""

    # --- at the start ---

    @property
    def count(self) -> int:
        """How often it was made active."""
        return self._state.number(self._key("count")) or 0

    @property
    def changed_usec(self) -> int | None:
        """When it changed last, wall clock."""
        return self._state.number(self._key("changed"))

    @property
    def active(self) -> bool | None:
        """Where it stood last, for a line that cannot be asked; None when it never was anywhere."""
        return self._flag("active")

    @property
    def last(self) -> bool | None:
        """Where it was acknowledged last, for the boot policy "last"."""
        return self._flag("last")

    @property
    def inverting(self) -> bool | None:
        """Its activeness, when the process before us ended while it changed what counts as active."""
        return self._flag("inverting")

    @property
    def program(self) -> Program | None:
        """What ran."""
        stored = self._state.get(self._key("program"))
        try:
            return Program.from_json(stored) if stored else None
        except (KeyError, TypeError, ValueError) as error:
            _log.error("%s: what ran before cannot be read (%r) and is over", self._name, error)
            return None

    def same_boot(self, boot_id: str) -> bool:
        """Whether the machine did not boot since it was served last; also True when it never was."""
        return self._state.get(self._key("boot")) in (boot_id, None)

    # --- within the next second ---

    def took(self, boot_id: str, active: bool) -> None:
        """It is served in this boot, and stands so."""
        self._state.later(self._key("boot"), boot_id)
        if self.active is not active:
            self._state.soon(self._key("active"), active)
        if self.inverting is not None:
            self._state.later(self._key("inverting"), None)

    def moved(self, active: bool, changed_usec: int, count: int) -> None:
        """It moved."""
        self._state.later(self._key("active"), active)
        self._state.later(self._key("changed"), changed_usec)
        self._state.later(self._key("count"), count)

    def settled(self, *, active: bool, now_usec: int) -> None:
        """It was put there while its service was away, and nothing runs on it any more."""
        if self.active is not active:
            self.moved(active, now_usec, self.count + active)
        if self.program:
            self.program_later(None)
        if self.inverting is not None:
            self.inverted()

    def undo(self, active: bool, last: bool | None, program: Program | None) -> None:
        """What was stored for a command was not carried out."""
        self._state.later(self._key("active"), active)
        self._state.later(self._key("last"), last)
        self.program_later(program)

    def program_later(self, program: Program | None) -> None:
        """Something else runs now."""
        self.program_sure = False
        self._state.later(self._key("program"), program.to_json() if program else None)

    def inverted(self) -> None:
        """What counts as active is what the settings say."""
        self._state.soon(self._key("inverting"), None)

    # --- before it is done, or acknowledged ---

    async def put_last(self, last: bool | None) -> None:
        """Store where it will stand, durably. Raises HardwareFailure."""
        former = self.last
        if former != last:
            try:
                await self._state.put(self._key("last"), last, durable=True)
            except HardwareFailure:
                self._state.later(self._key("last"), former)
                raise

    async def put_active(self, active: bool) -> None:
        """Store where it is about to stand; a disk that refuses does not stop the output."""
        with contextlib.suppress(HardwareFailure):
            await self._state.put(self._key("active"), active, durable=False)

    async def put_inverting(self, active: bool) -> None:
        """Store the activeness before what counts as active changes. Raises HardwareFailure."""
        await self._state.put(self._key("inverting"), active, durable=False)

    async def put_count(self, count: int, former: int) -> None:
        """Store the count, durably. Raises HardwareFailure, and then the former one counts."""
        try:
            await self._state.put(self._key("count"), count, durable=True)
        except HardwareFailure:
            self._state.later(self._key("count"), former)
            raise

    async def put_program(self, program: Program | None) -> HardwareFailure | None:
        """Store what runs, so that a crash does not leave it unfinished; returns why it could not be.

        A disk that refuses does not stop the output. Who asked for an end is told that it may not last.
        """
        stored = program.to_json() if program else None
        if self.program_sure and stored == self._state.get(self._key("program")):
            return None
        try:
            await self._state.put(self._key("program"), stored, durable=False)
        except HardwareFailure as error:
            self.program_sure = False
            return HardwareFailure(
                f"{self._name} did as it was told, but that could not be stored; after a crash it would go on with "
                f"what ran before: {error}"
            )
        self.program_sure = True
        return None

    def _flag(self, what: str) -> bool | None:
        value: Any = self._state.get(self._key(what))
        return value if isinstance(value, bool) else None

    def _key(self, what: str) -> str:
        return f"{self._name}.{what}"
