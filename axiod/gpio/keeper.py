# SPDX-License-Identifier: Apache-2.0
"""Takes the lines of a service, and goes on trying for those that cannot be had."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Protocol

from axiod.errors import HardwareFailure

if TYPE_CHECKING:
    from collections.abc import Sequence

    from axiod.gpio.lines import Lines
    from axiod.runtime.app import Context

RETRY_SECONDS = 2.0


class Holder(Protocol):
    """Something that needs a line."""

    @property
    def problem(self) -> str | None:
        """Why it does not work; None while it does."""

    def acquire(self, boot_id: str) -> None:
        """Take the line and begin; what goes wrong is the problem from then on."""

    def retry(self, boot_id: str) -> None:
        """Try again what did not work."""

    def check(self) -> None:
        """Look whether it still works."""


class Keeper:
    """One for each service."""

    def __init__(self, context: Context, lines: Lines, holders: Sequence[Holder]) -> None:
        self._context = context
        self._lines = lines
        self._holders = holders
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Have every holder take its line."""
        boot_id = self._boot_id()
        for holder in self._holders:
            holder.acquire(boot_id)
        self._task = self._context.tasks.create_task(self._retry())

    def stop(self) -> None:
        """Try no more."""
        if self._task:
            self._task.cancel()

    def _boot_id(self) -> str:
        try:
            boot_id = self._lines.boot_id()
        except HardwareFailure as error:
            self._context.root.problem("board", str(error))
            return ""
        self._context.root.problem("board", None)
        return boot_id

    async def _retry(self) -> None:
        while True:
            await asyncio.sleep(RETRY_SECONDS)
            for holder in self._holders:
                if not holder.problem:
                    holder.check()
            faulty = [holder for holder in self._holders if holder.problem]
            if faulty and (boot_id := self._boot_id()):
                for holder in faulty:
                    holder.retry(boot_id)
