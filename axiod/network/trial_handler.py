# SPDX-License-Identifier: Apache-2.0
"""org.axiod.network1.Trial: begins a trial, and ends it one way or the other. See axiod.network.trial."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from axiod.bus.topics import TRIAL_ENDED
from axiod.clock import monotonic_usec, wall_usec
from axiod.errors import AxiodError, Conflict, HardwareFailure
from axiod.network import systemd
from axiod.network.trial import Record, RecordFile

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from axiod.network.trial import Area
    from axiod.runtime.app import Context

_log = logging.getLogger(__name__)

TRIAL = "org.axiod.network1.Trial"
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_AGAIN_SECONDS = 3.0
"""What could not be put back is tried again after this."""
_ENDS = {
    "confirmed": "what was tried is kept",
    "rolled-back": "the former settings are back, as somebody asked",
    "expired": "the former settings are back, for nobody confirmed in time",
}


class TrialHandler:
    """org.axiod.network1.Trial."""

    last: str

    def __init__(
        self, context: Context, areas: Sequence[Area], changing: asyncio.Lock, on_end: Callable[[], None]
    ) -> None:
        """`changing`: held while settings change. `on_end` is called when a trial is over, either way."""
        self._context = context
        self._path = f"{context.path}/trial"
        self._areas = areas
        self._changing = changing
        self._on_end = on_end
        self._file = RecordFile(context.state_dir / "trial.json")
        self._boot_id = _BOOT_ID.read_text().strip()
        self._record: Record | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._restoring: asyncio.Task[None] | None = None
        self.last = "none"

    async def start(self) -> None:
        """Export it, and go on with the trial that was under way when this process ended."""
        try:
            self._record = self._file.load()
        except HardwareFailure as error:
            self._context.root.problem(
                "trial", f"{error}; the settings before the last trial are lost: look at them, and remove the file"
            )
        self._context.server.export(self._path, TRIAL, self)
        if self._record is not None:
            self._arm(self._record)

    def close(self) -> None:
        """Wait for nothing any more. The trial goes on, and systemd wakes the service when it ends."""
        self._disarm()
        if self._restoring is not None:
            self._restoring.cancel()

    # --- properties ---

    @property
    def pending(self) -> bool:
        return self._record is not None

    @property
    def begun_usec(self) -> int | None:
        return self._record.begun_usec if self._record else None

    @property
    def ends_usec(self) -> int | None:
        return self._record.begun_usec + self._record.seconds * 1_000_000 if self._record else None

    # --- methods ---

    async def begin(self, seconds: int) -> None:
        async with self._changing:
            if self._record is not None:
                raise Conflict("a trial is under way already; confirm it or roll it back first")
            former = {area.name: await area.capture() for area in self._areas}
            deadline = monotonic_usec() + seconds * 1_000_000
            record = Record(self._boot_id, wall_usec(), deadline, seconds, former)
            # Should this process not be there then, systemd starts it, and it finds that time is over.
            await systemd.wake_in(self._context.connection, seconds, systemd.TRIAL)
            await asyncio.to_thread(self._file.save, record)
            for key in ("trial", *(f"trial {area.name}" for area in self._areas)):
                self._context.root.problem(key, None)
            self._record = record
            self._arm(record)
            self._changed()

    async def confirm(self) -> None:
        async with self._changing:
            record = self._check_pending()
            # While its record is removed, its time must not be over.
            self._disarm()
            try:
                await asyncio.to_thread(self._file.remove)
            except HardwareFailure:
                self._arm(record)
                raise
            self._end("confirmed")
        await systemd.do_not_wake(self._context.connection, systemd.TRIAL)

    async def roll_back(self) -> None:
        async with self._changing:
            record = self._check_pending()
            self._disarm()
            self._begin_restoring()
            try:
                # Should this process end meanwhile, the next one goes on, and keeps nothing of what was tried.
                await asyncio.to_thread(self._file.save, replace(record, deadline_monotonic_usec=0))
            except HardwareFailure as error:
                _log.warning("%s: should the service end before all is put back, it goes on at the deadline", error)
        await self._restored("rolled-back")

    def _check_pending(self) -> Record:
        if self._record is None:
            raise Conflict("no trial is under way")
        if self.last == "restoring":
            raise Conflict("the trial is over, and the former settings are being put back")
        return self._record

    # --- the end ---

    def _arm(self, record: Record) -> None:
        left = record.left_usec(self._boot_id, monotonic_usec())
        self._timer = asyncio.get_running_loop().call_later(left / 1e6, self._expired)

    def _disarm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def _expired(self) -> None:
        _log.warning("nobody confirmed the settings that were tried, so the former ones come back")
        self._begin_restoring()
        self._restoring = self._context.tasks.create_task(self._restored("expired"))

    def _begin_restoring(self) -> None:
        self.last = "restoring"
        self._changed()

    async def _restored(self, how: str) -> None:
        """Put everything back; what cannot be is tried again until it can, for what there was must come back.

        The trial lasts until its record is removed: the next start would put everything back once more, and with it
        what was changed since.
        """
        left = list(self._areas)
        while True:
            async with self._changing:
                left = [area for area in left if not await self._restore(area)]
                if not left and await self._removed():
                    break
            await asyncio.sleep(_AGAIN_SECONDS)
        await self._context.on_the_bus.wait()  # before, nobody would hear it
        self._end(how)
        await systemd.do_not_wake(self._context.connection, systemd.TRIAL)

    async def _restore(self, area: Area) -> bool:
        """Put back one area; returns whether that is over, which it is as well where it can never be."""
        former = self._record.former.get(area.name) if self._record else None
        problem, over = None, True
        if former is not None:
            try:
                await area.restore(former)
            except AxiodError as error:
                problem, over = f"the former {area.name} could not be put back yet: {error}", False
            except (AttributeError, LookupError, TypeError, ValueError) as error:
                # The record is that of another version. What it says does not become plain by waiting.
                _log.debug("what the record of the trial says of %s is not understood", area.name, exc_info=True)
                problem = (
                    f"the record of the trial says of the former {area.name} what is not understood ({error!r}), so "
                    "they did not come back; look at what there is now"
                )
        self._context.root.problem(f"trial {area.name}", problem)
        return over

    async def _removed(self) -> bool:
        problem = None
        try:
            await asyncio.to_thread(self._file.remove)
        except HardwareFailure as error:
            problem = f"{error}, so the trial, whose settings are put back, does not end yet"
        self._context.root.problem("trial", problem)
        return problem is None

    def _end(self, how: str) -> None:
        self._disarm()
        self._record = None
        self.last = how
        self._on_end()
        _log.info("the trial of network settings is over (%s): %s", how, _ENDS[how])
        self._context.events.happened(TRIAL_ENDED, {}, {"how": how}, wall_usec())
        self._changed()

    def _changed(self) -> None:
        self._context.needed.while_("trial", self.pending)
        self._context.server.changed(self._path, TRIAL)
