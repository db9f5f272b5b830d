# SPDX-License-Identifier: Apache-2.0
"""A board in memory, and a state on disk."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.gpio.fakes import FakeFds, FakeLines

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def lines() -> Iterator[FakeLines]:
    """The pins of a board."""
    lines = FakeLines()
    yield lines
    lines.close()


@pytest.fixture
def fds() -> Iterator[FakeFds]:
    """The descriptor store of systemd."""
    fds = FakeFds()
    yield fds
    fds.close()
