# SPDX-License-Identifier: Apache-2.0
"""A device with its page, and people who look at it. All tests of this folder share one event loop with the browser."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio

from tests.gateway.web_device import WebDevice, running
from tests.sim.shared_device import restored
from tests.web.browser import chromium, log_in, page_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from playwright.async_api import Browser, Page

    from tests.sim.device_process import Client

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let the tests share the loop of the browser, and give those time that go through all views.

    A test that is cut off in the middle takes the browser from all that come after it.
    """
    for item in items:
        if item.path.is_relative_to(HERE) and pytest_asyncio.is_async_test(item):
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)
            item.add_marker(pytest.mark.timeout(300))


@pytest.fixture(scope="session")
def device() -> Iterator[WebDevice]:
    """A device with accounts admin, oper and viewer, whose password is PASSWORD."""
    yield from running()


@pytest.fixture
def new_device() -> Iterator[WebDevice]:
    """A device of its own without any account."""
    yield from running(accounts=False)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    """Chromium."""
    async with chromium() as browser:
        yield browser


@pytest_asyncio.fixture(loop_scope="session")
async def client(device: WebDevice) -> AsyncIterator[Client]:
    """A client on the bus; what the test changed at ports, relays and wires is put back at its end."""
    async with restored(device.address) as client:
        yield client


@pytest_asyncio.fixture(loop_scope="session")
async def page(browser: Browser, device: WebDevice) -> AsyncIterator[Page]:
    """A page at which nobody is logged in."""
    async with page_of(browser, device) as page:
        yield page


@pytest_asyncio.fixture(loop_scope="session")
async def admin(browser: Browser, device: WebDevice) -> AsyncIterator[Page]:
    """The page of an administrator."""
    async with page_of(browser, device) as page:
        await log_in(page, "admin")
        yield page


@pytest_asyncio.fixture(loop_scope="session")
async def oper(browser: Browser, device: WebDevice) -> AsyncIterator[Page]:
    """The page of an operator."""
    async with page_of(browser, device) as page:
        await log_in(page, "oper")
        yield page


@pytest_asyncio.fixture(loop_scope="session")
async def viewer(browser: Browser, device: WebDevice) -> AsyncIterator[Page]:
    """The page of a viewer."""
    async with page_of(browser, device) as page:
        await log_in(page, "viewer")
        yield page
