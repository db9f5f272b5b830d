# SPDX-License-Identifier: Apache-2.0
"""A host of its own for each module of tests, and a wire between two machines for those of the firewall."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from tests.network.wire import Wire, why_not
from tests.network.world import World, lacking

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A host with a cable to a peer, and a bus."""
    if (why := lacking()) is not None:
        pytest.skip(why)
    world = World(tmp_path_factory.mktemp("world"))
    yield world
    world.close()


@pytest.fixture(scope="module")
def _wire() -> Iterator[Wire]:
    if (why := why_not()) is not None:
        pytest.skip(why)
    made = Wire()
    try:
        made.open()
        yield made
    finally:
        made.close()


@pytest.fixture
def wire(_wire: Wire) -> Iterator[Wire]:
    """Two machines on one wire; the device has no rules."""
    # Both ends on one CPU: there, the second packet cannot overtake the first.
    cpus = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(cpus)})
    yield _wire
    os.sched_setaffinity(0, cpus)
    _wire.clear()
