# SPDX-License-Identifier: Apache-2.0
"""A host of its own for each module of tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

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
