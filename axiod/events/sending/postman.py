# SPDX-License-Identifier: Apache-2.0
"""Sends what is for a recipient, in an event loop and threads of its own.

Handshakes and imports take processor time in one piece, on a slow board tenths of a second; in the event loop of the
service a relay would wait for them.
"""

from __future__ import annotations

import asyncio
import gc
import importlib
import sys
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Protocol, cast

from axiod.events.recipient import NOTIFIED
from axiod.events.sending.message import File, Notification

if TYPE_CHECKING:
    from collections.abc import Callable

    from axiod.events.recipient import Recipient
    from axiod.events.sending.job import Job

_MODULES = {
    "http": "http",
    "https": "http",
    "smtp": "mail",
    "tcp": "tcp",
    "ftp": "ftp",
    "sftp": "sftp",
    "network-share": "share",
}


class _Way(Protocol):
    """The module of a type."""

    async def send(self, job: Job) -> None:
        """Do a job; raises SendFailed."""


class Postman:
    """Starts its thread when there is something to send."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    async def send(self, job: Job) -> None:
        """Do a job; raises SendFailed. Whoever stops waiting breaks it off."""
        if self._loop is None:
            self._loop = asyncio.new_event_loop()
            self._thread = threading.Thread(target=_turn, args=(self._loop,), name="postman", daemon=True)
            self._thread.start()
        await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(_send(job), self._loop))

    def close(self) -> None:
        """Break off everything."""
        if self._loop is not None and self._thread is not None:
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
            self._loop = self._thread = None


def _turn(loop: asyncio.AbstractEventLoop) -> None:
    asyncio.set_event_loop(loop)
    loop.set_default_executor(_Threads())
    try:
        loop.run_forever()
        tasks = asyncio.all_tasks(loop)
        for task in tasks:
            task.cancel()
        loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
        loop.run_until_complete(loop.shutdown_asyncgens())
    finally:
        loop.close()


class _Threads(ThreadPoolExecutor):
    """A thread for each piece of work: none waits for another, and none holds up the end of the process."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()

        def run() -> None:
            if not future.set_running_or_notify_cancel():
                return
            try:
                result = fn(*args, **kwargs)
            except BaseException as error:  # noqa: BLE001 # handed to the one who waits
                future.set_exception(error)
            else:
                future.set_result(result)

        threading.Thread(target=run, name="sending", daemon=True).start()
        return future


async def _send(job: Job) -> None:
    name = f"axiod.events.sending.{_MODULES[job.recipient.type]}"
    if name not in sys.modules:
        importlib.import_module(name)
        # A full collection stops all threads, and takes the longer the more there is: so not what a library brought.
        gc.freeze()
    way = cast("_Way", sys.modules[name])
    await way.send(job)


def trial(recipient: Recipient, host_name: str) -> tuple[Notification | File, str]:
    """Return what is sent to test a recipient, and the sentence that says that it went well."""
    text = f"This is a test of the recipient {recipient.name} by {host_name}."
    where = recipient.text("To") or recipient.text("Url") or recipient.text("Host")
    if recipient.type in NOTIFIED:
        return Notification(message=text, subject=f"Test by {host_name}"), f"a test notification was sent to {where}"
    file = File("axiod-test.txt", (text + "\n").encode())
    return file, f"a small file was written to {where} and removed again"
