# SPDX-License-Identifier: Apache-2.0
"""The journal of this machine, read with journalctl: a process of its own for each question.

A search may read gigabytes, and a file that is cut while it is read kills whoever reads it (SIGBUS, which journalctl is
made for and its library is not). So it happens where it can be ended, and the event loop goes on.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
from asyncio.subprocess import DEVNULL, PIPE
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from axiod.errors import Timeout, Unavailable
from axiod.system.log_question import ANY, FIELDS, GATEWAY, KERNEL, SEVERITIES, entry_of, no_cursor, time_of

if TYPE_CHECKING:
    from asyncio.subprocess import Process
    from collections.abc import AsyncGenerator, Coroutine, Sequence

    from axiod.system.log_question import Question

SECONDS = 10.0
"""A search is broken off after this."""
MOST_BYTES = 2 << 20
"""Of an answer, about; what comes then is on the next page."""
MOST_UNITS = 1000
_LONGEST_LINE = 1 << 20
_LATEST_USEC = 253_402_214_399_000_000
"""The end of the year 9999; later times journalctl does not read."""
_ALWAYS = ("--system", "--no-pager")


class SystemJournal:
    """Answers from the journal."""

    origin = "journal"

    async def query(self, question: Question) -> tuple[list[dict[str, Any]], bool]:
        """Return what Query does; raises InvalidArgument, Timeout, Unavailable."""
        entries: list[dict[str, Any]] = []
        more = await _in_time(self._collect(question, entries))
        if more is None and not entries:
            raise Timeout(
                f"nothing was found within {SECONDS:g} s, and there is more; ask for a shorter time, or for a unit"
            )
        return entries, more is not False

    async def units(self) -> list[str]:
        """Return all units; raises Timeout, Unavailable."""
        found: list[str] = []
        if await _in_time(self._collect_units(found)) is None:
            raise Timeout(f"the units were not read within {SECONDS:g} s; try again")
        return sorted(found)[:MOST_UNITS]

    async def _collect(self, question: Question, entries: list[dict[str, Any]]) -> bool:
        """Fill in the entries; return whether there are more."""
        units: list[str] = []
        if ANY in question.unit:
            await self._collect_units(units)
            units = [unit for unit in units if fnmatchcase(unit, question.unit)]
            if not units:
                return False
        size = 0
        async with contextlib.aclosing(_lines(words(question, units), question)) as lines:
            async for line in lines:
                fields = json.loads(line)
                usec = time_of(fields)
                # With a cursor journalctl knows nothing of times.
                if usec < question.from_usec and question.newest_first:
                    return False
                if usec < question.from_usec:
                    continue
                if question.to_usec is not None and usec > question.to_usec:
                    if question.newest_first:
                        continue
                    return False
                if len(entries) == question.limit or size > MOST_BYTES:
                    return True
                entries.append(entry_of(fields, fields["__CURSOR"]))
                size += len(line)
        return False

    async def _collect_units(self, found: list[str]) -> bool:
        async with contextlib.aclosing(_lines([*_ALWAYS, "--field=_SYSTEMD_UNIT"], None)) as lines:
            async for line in lines:
                found.append(line.decode(errors="replace").strip())
        return False


def words(question: Question, units: Sequence[str] = ()) -> list[str]:
    """Return the options of journalctl for a question; `units`: those that its pattern stands for."""
    found = [*_ALWAYS, "--output=json", f"--output-fields={','.join(FIELDS)}"]
    if question.newest_first:
        found.append("--reverse")
    if question.before or question.after:
        found.append(f"--after-cursor={question.before or question.after}")
    else:
        if question.from_usec:
            found.append(f"--since={_at(question.from_usec)}")
        if question.to_usec is not None:
            found.append(f"--until={_at(question.to_usec)}")
    if question.priority < len(SEVERITIES) - 1:
        found.append(f"--priority={question.priority}")
    if question.text:
        # A backslash makes a letter of everything that is neither a letter nor a digit (pcre2pattern(3)).
        literal = re.sub(r"([\x01-\x2f\x3a-\x40\x5b-\x60\x7b-\x7f])", r"\\\1", question.text)
        found += ["--case-sensitive=no", f"--grep={literal}"]
    if question.message_id:
        found += [f"MESSAGE_ID={question.message_id}", f"_SYSTEMD_UNIT={GATEWAY}"]
    elif question.unit == KERNEL:
        found.append("_TRANSPORT=kernel")
    elif question.unit:
        found += [f"--unit={unit}" for unit in units or (question.unit,)]
    return found


def _at(usec: int) -> str:
    usec = min(usec, _LATEST_USEC)
    return f"@{usec // 1_000_000}.{usec % 1_000_000:06}"


async def _in_time(work: Coroutine[Any, Any, bool]) -> bool | None:
    """Return what comes of it, None where it took too long and was ended."""
    task = asyncio.ensure_future(work)
    try:
        await asyncio.wait([task], timeout=SECONDS)
        return task.result() if task.done() else None
    finally:
        if not task.done():
            task.cancel()
            await asyncio.wait([task])


async def _lines(options: Sequence[str], question: Question | None) -> AsyncGenerator[bytes, None]:
    """Yield what journalctl prints."""
    try:
        process = await asyncio.create_subprocess_exec(
            "journalctl", *options, stdin=DEVNULL, stdout=PIPE, stderr=PIPE, limit=_LONGEST_LINE
        )
    except OSError as error:
        raise Unavailable(f"there is no journal on this machine: journalctl: {error.strerror}") from error
    output, errors = process.stdout, process.stderr
    if output is None or errors is None:
        raise TypeError("a pipe was asked for")
    complaint = asyncio.ensure_future(errors.read())
    try:
        async with contextlib.aclosing(_whole(output)) as lines:
            async for line in lines:
                if not line.startswith(b"-- "):  # "-- No entries --"
                    yield line
        _check(await process.wait(), " ".join((await complaint).decode(errors="replace").split()), question)
    finally:
        await _end(process)
        await asyncio.wait([complaint])


async def _whole(output: asyncio.StreamReader) -> AsyncGenerator[bytes, None]:
    """Yield lines, without those that are too long: anybody may write an entry that is."""
    rest = False
    while True:
        try:
            line = await output.readuntil()
        except asyncio.LimitOverrunError as error:
            await output.readexactly(error.consumed)
            rest = True
            continue
        except asyncio.IncompleteReadError:
            return
        if not rest:
            yield line
        rest = False


async def _end(process: Process) -> None:
    with contextlib.suppress(ProcessLookupError):
        process.kill()
    await process.wait()


def _check(code: int, complaint: str, question: Question | None) -> None:
    if "permission" in complaint or "not seeing messages" in complaint:
        raise Unavailable(
            "axiod-system may not read the journal; its user must be in the group systemd-journal: usermod -aG "
            "systemd-journal axiod-system, and restart it"
        )
    if "seek to cursor" in complaint and question is not None:
        raise no_cursor("Before" if question.before else "After")
    # Since systemd 255 it ends with 1 when a search found nothing.
    if code > 1 or (code and complaint):
        raise Unavailable(f"the journal cannot be read: {complaint or f'journalctl ended with {code}'}")
