# SPDX-License-Identifier: Apache-2.0
"""org.axiod.sensors1.History on the bus: what was measured, kept in packs."""

from __future__ import annotations

import asyncio
import logging
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from axiod.clock import wall_usec
from axiod.errors import HardwareFailure, InvalidArgument, NotFound
from axiod.sensors.chunks import DAY_MS, HOUR_MS, MINUTE_MS, Samples, Span, between, joined, merged, thinned
from axiod.sensors.history_file import KEEP_MINUTES_MS, KEEP_SAMPLES_MS, HistoryFile

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from axiod.runtime.app import Context
    from axiod.sensors.history_file import Key

_log = logging.getLogger(__name__)

HISTORY = "org.axiod.sensors1.History"
WRITE_SECONDS = 300.0
LIMIT_BYTES = 512 << 20
_MOST_HELD = 1_000_000
"""Values that wait for the disk."""
_POINTS = 2000
_WIDTHS = {"minute": MINUTE_MS, "hour": HOUR_MS}


class HistoryHandler:
    """The attributes are the properties of the contract."""

    bytes: int
    limit_bytes: int = LIMIT_BYTES
    lost: int

    def __init__(self, context: Context, channels: Callable[[str], Collection[str] | None]) -> None:
        """`channels` returns the channels of a sensor; None where there is no such sensor."""
        self.bytes = 0
        self.lost = 0
        self._context = context
        self._channels = channels
        self._path = f"{context.path}/history"
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="history")
        self._file: HistoryFile | None = None
        self._held: dict[Key, Samples] = {}
        """What was not written yet."""
        self._count = 0
        self._hour = 0
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Export it, and go on with what there is."""
        self._context.server.export(self._path, HISTORY, self)
        self._task = self._context.tasks.create_task(self._run())

    async def stop(self) -> None:
        """Write what waits."""
        if self._task is not None:
            self._task.cancel()
        await self._write()
        await self._in_thread(self._close)
        self._thread.shutdown()

    def keep(self, sensor: str, channel: str, value: float, usec: int) -> None:
        """A channel measured something."""
        if self._count >= _MOST_HELD:
            self.lost += 1
            return
        samples = self._held.get((sensor, channel))
        if samples is None:
            samples = self._held[sensor, channel] = Samples.none()
        samples.times.append(usec // 1000)
        samples.values.append(value)
        self._count += 1

    async def forget(self, sensor: str) -> None:
        """Remove what a sensor measured; raises HardwareFailure."""
        self._held = {key: samples for key, samples in self._held.items() if key[0] != sensor}
        self._count = sum(len(samples.times) for samples in self._held.values())
        await self._in_thread(lambda: self._opened().forget(sensor))

    # --- methods ---

    async def query(
        self, sensor: str, channel: str, options: dict[str, Any]
    ) -> tuple[str, list[int], list[float], list[float], list[float]]:
        known = self._channels(sensor)
        if known is None:
            raise NotFound(f"there is no sensor {sensor!r}")
        if channel not in known:
            raise NotFound(f"{sensor} has no channel {channel!r}; it has {', '.join(known)}")
        now = wall_usec() // 1000
        end = min(options["ToUsec"] // 1000 if "ToUsec" in options else now + 1, now + DAY_MS)
        begin = options["FromUsec"] // 1000 if "FromUsec" in options else max(end - DAY_MS, 0)
        if begin > end:
            raise InvalidArgument("FromUsec is after ToUsec; give the begin and the end the other way round")
        limit = options.get("Limit", _POINTS)
        wanted = options.get("Resolution", "auto")
        held = self._held.get((sensor, channel)) or Samples.none()
        held = Samples(held.times[:], held.values[:])
        resolution, spans = await self._in_thread(
            lambda: _query(self._opened(), (sensor, channel), held, begin, end, now, wanted, limit)
        )
        spans = spans[-limit:]
        return (
            resolution,
            [span.start for span in spans],
            [span.lowest for span in spans],
            [span.mean for span in spans],
            [span.highest for span in spans],
        )

    async def clear(self, sensor: str) -> None:
        if self._channels(sensor) is None:
            raise NotFound(f"there is no sensor {sensor!r}")
        await self.forget(sensor)

    # --- inside ---

    async def _run(self) -> None:
        while True:
            await self._write()
            await asyncio.sleep(WRITE_SECONDS)

    async def _write(self) -> None:
        """Write what was held; where the disk refuses, it is held on."""
        packs, count = self._held, self._count
        self._held, self._count = {}, 0
        problem = None
        try:
            await self._in_thread(lambda: self._put(packs))
        except HardwareFailure as error:
            problem = str(error)
            self._hold_again(packs, count)
        else:
            try:
                self.bytes, problem = await self._in_thread(self._settle)
            except HardwareFailure as error:
                problem = str(error)  # what was held is on disk all the same
        self._context.root.problem("history", problem)
        self._context.server.changed(self._path, HISTORY)

    def _hold_again(self, packs: dict[Key, Samples], count: int) -> None:
        newer = self._held
        self._held = packs
        self._count += count
        for key, samples in newer.items():
            former = packs.setdefault(key, Samples.none())
            former.times.extend(samples.times)
            former.values.extend(samples.values)

    def _put(self, packs: dict[Key, Samples]) -> None:
        file = self._opened()
        if packs:
            file.put(packs)

    def _settle(self) -> tuple[int, str | None]:
        """Return how many bytes there are, and what was set aside; raises HardwareFailure."""
        file = self._opened()
        now = wall_usec() // 1000
        if now // HOUR_MS != self._hour:
            file.settle(now)
            self._hour = now // HOUR_MS
        return file.size, file.damage

    def _opened(self) -> HistoryFile:
        if self._file is None:
            self._file = HistoryFile(self._context.state_dir / "history.sqlite", LIMIT_BYTES)
        return self._file

    def _close(self) -> None:
        if self._file is not None:
            self._file.close()

    async def _in_thread(self, do: Callable[[], Any]) -> Any:
        # What was begun is done, whoever does not wait for it any more: values are in nobody else's hands then.
        return await asyncio.shield(asyncio.get_running_loop().run_in_executor(self._thread, do))


def _query(
    file: HistoryFile, key: Key, held: Samples, begin: int, end: int, now: int, wanted: str, limit: int
) -> tuple[str, list[Span]]:
    for resolution in ("raw", "minute", "hour") if wanted == "auto" else (wanted,):
        last = resolution == "hour" or wanted != "auto"
        if resolution == "raw":
            if not last and begin < now - KEEP_SAMPLES_MS - MINUTE_MS:
                continue
            samples = joined([file.samples(key, begin, end), between(held, begin, end)])
            if not last and len(samples.times) > limit:
                continue
            # A day may have a million of them.
            pairs = zip(samples.times[-limit:], samples.values[-limit:], strict=True)
            spans = [Span(when, value, value, value, 1) for when, value in pairs]
        else:
            if not last and (begin < now - KEEP_MINUTES_MS - HOUR_MS or (end - begin) // MINUTE_MS > limit):
                continue
            width = _WIDTHS[resolution]
            read = file.minutes if resolution == "minute" else file.hours
            mine = between(held, begin // width * width, end)
            spans = merged(sorted([*read(key, begin, end), *thinned(mine, width)]), width)
        if last or len(spans) <= limit:
            return resolution, spans
    return "hour", []
