# SPDX-License-Identifier: Apache-2.0
"""The programs in C, and our own service of the burst: started on a machine's bus."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.figure import BenchError

if TYPE_CHECKING:
    from bench.machine import Machine

REFERENCE = "org.axiod.reference1"
OURS = "org.axiod.bench1"
LOAD_SECONDS = 60.0
_BUILD = Path(__file__).parent / "build"


def root_of(bus_name: str) -> str:
    """Return the root object of a service."""
    return "/" + bus_name.replace(".", "/")


def relay_of(bus_name: str) -> str:
    """Return the first relay of a service."""
    return root_of(bus_name) + "/relay/relay1"


def program(name: str) -> str:
    """Return the path of a program in C; raises BenchError where it was not built."""
    path = _BUILD / name
    if not path.exists():
        raise BenchError(f"there is no {path}; build it with: make -C {_BUILD.parent / 'reference'}")
    return str(path)


async def start_reference(machine: Machine, *, ports: int = 10, relays: int = 1) -> None:
    """Start the C service with so many ports and relays."""
    await machine.spawn(REFERENCE, [program("service"), REFERENCE, str(ports), str(relays)])


async def start_burst_service(machine: Machine) -> None:
    """Start our own service of the burst."""
    await machine.spawn(OURS, [sys.executable, "-m", "bench.burst_service", OURS])


async def load(machine: Machine, bus_name: str, test: str, path: str, *numbers: int) -> dict[str, Any]:
    """Have the C load generator measure a service and return its line; raises BenchError with what it says."""
    process = await asyncio.create_subprocess_exec(
        *(program("load"), bus_name, test, path, *map(str, numbers)),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=machine.environment,
    )
    try:
        async with asyncio.timeout(LOAD_SECONDS):
            out, err = await process.communicate()
    except TimeoutError:
        process.kill()
        await process.wait()
        raise BenchError(f"{test} of {bus_name} took more than {LOAD_SECONDS:g} s") from None
    if process.returncode:
        raise BenchError(f"{test} of {bus_name}: {err.decode(errors='replace').strip()}")
    found: dict[str, Any] = json.loads(out)
    return found
