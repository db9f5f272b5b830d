# SPDX-License-Identifier: Apache-2.0
"""Several outputs set in one command: all of them, or none."""

from __future__ import annotations

from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

from axiod.errors import HardwareFailure

if TYPE_CHECKING:
    from collections.abc import Iterable

    from axiod.gpio.output import Output, Stand


async def set_all(wanted: Iterable[tuple[Output, bool]], deadline_usec: int) -> None:
    """Set each output; when one refuses, those before it are put back. Raises Timeout, Conflict, HardwareFailure.

    No other command comes between: each has its turn until the last one is where it shall be.
    """
    # Always in the same order, so that no two of these wait for one another.
    ordered = sorted(wanted, key=lambda item: item[0].name)
    moved: list[tuple[Output, Stand]] = []
    async with AsyncExitStack() as turns:
        for output, _ in ordered:
            await turns.enter_async_context(output.in_turn())
        try:
            for output, active in ordered:
                moved.append((output, output.stand))
                await output.set_now(active, deadline_usec)
        except BaseException as error:
            # Also when the command is broken off because the service stops: nobody was told that it would be done.
            if stuck := _put_back(moved):
                raise HardwareFailure(f"{error}; and what was set before could not be put back: {stuck}") from error
            raise


def _put_back(moved: list[tuple[Output, Stand]]) -> str:
    """Undo, the last one first; return why one or the other could not be put back."""
    stuck = []
    for output, stand in reversed(moved):
        try:
            output.put_back(stand)
        except HardwareFailure as error:
            stuck.append(str(error))
    return "; ".join(stuck)
