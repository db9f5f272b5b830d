# SPDX-License-Identifier: Apache-2.0
"""Orders that a test gives to a workshop: run by it, with -m."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from axiod.errors import NotFound
from axiod.runtime.worker import serve


def double(number: int) -> int:
    """Return twice a number."""
    return 2 * number


def refuse() -> None:
    """Find nothing."""
    raise NotFound("there is no such sheep; there is one called Dolly")


def crash() -> None:
    """End as a library that is broken does."""
    os.kill(os.getpid(), signal.SIGSEGV)


def hang(pid_file: str) -> None:
    """Write which process this is, and never end."""
    Path(pid_file).write_text(f"{os.getpid()}\n")
    while True:
        signal.pause()


if __name__ == "__main__":
    serve({one.__name__: one for one in (double, refuse, crash, hang)})
