# SPDX-License-Identifier: Apache-2.0
"""Coroutines that are begun at once.

Most handlers never wait, and a task for each of them would cost more than all the rest of its call. So a handler is run
up to its first wait where it stands, and gets a task only if there is one. Until then it has no task of its own:
asyncio.timeout() and asyncio.TaskGroup raise RuntimeError there.
"""

from __future__ import annotations

import types
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Awaitable, Coroutine, Generator

_T = TypeVar("_T")


def begin(work: Coroutine[Any, Any, _T]) -> tuple[_T, None] | tuple[None, Awaitable[_T]]:
    """Run a coroutine up to its first wait; return its result, or what is to be awaited for it."""
    try:
        waits_for = work.send(None)
    except StopIteration as end:
        return end.value, None
    return None, _go_on(work, waits_for)


@types.coroutine
def _go_on(work: Coroutine[Any, Any, _T], waits_for: Any) -> Generator[Any, Any, _T]:
    try:
        while True:
            try:
                got = yield waits_for
            except BaseException as error:  # noqa: BLE001 # whatever the task is told, the coroutine is to hear
                waits_for = work.throw(error)
            else:
                waits_for = work.send(got)
    except StopIteration as end:
        result: _T = end.value
        return result
