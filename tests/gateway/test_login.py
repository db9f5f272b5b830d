# SPDX-License-Identifier: Apache-2.0
"""Logging in while a password is being checked, which takes its time."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio

from axiod.bus.connection import Connection
from axiod.errors import NotFound, Unavailable
from axiod.gateway.daemon import gateway_of
from axiod.gateway.login import WrongCredentials
from axiod.gateway.mirror import Mirror
from axiod.gateway.person import NotLoggedIn, Person
from tests.conftest import until
from tests.gateway.stand_in import SYSTEM, System

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.conftest import Daemon

HERE, ELSEWHERE = "192.0.2.1", "192.0.2.2"


class Stage:
    """A gateway, and an axiod-system that checks a password until it is told how it ends."""

    def __init__(self, system: System, mirror: Mirror) -> None:
        self.system = system
        self.gateway = gateway_of(mirror)
        self.checked = asyncio.Event()
        system.access.answers["VerifyPassword"] = self._check

    async def _check(self, _name: str, password: str) -> str:
        await self.checked.wait()
        if password != "right":
            raise NotFound("wrong name or password")
        return "viewer"

    def log_in(self, password: str, address: str = HERE) -> asyncio.Task[Person]:
        login = self.gateway.login.password("joe", password, address=address, page="/", how="session")
        return asyncio.create_task(login)

    @property
    def asked(self) -> list[str]:
        """The passwords that axiod-system was asked for."""
        return [given[1] for name, given in self.system.access.calls if name == "VerifyPassword"]

    @property
    def failures(self) -> list[str]:
        """The addresses of the logins that failed."""
        return [given[0] for name, given in self.system.blocking.calls if name == "Report"]


@pytest_asyncio.fixture
async def stage(bus: Daemon) -> AsyncIterator[Stage]:
    there, here = await Connection.open(bus.address), await Connection.open(bus.address)
    system = System(there)
    system.put_account("joe", role="viewer", password_changed_usec=1)
    await system.start()
    mirror = Mirror(here, (SYSTEM,))
    found = Stage(system, mirror)
    await mirror.start()
    yield found
    await mirror.stop()
    await here.close()
    await there.close()


async def test_one_address_does_not_keep_others_from_logging_in(stage: Stage) -> None:
    guesses = [stage.log_in("a"), stage.log_in("b")]
    await until(lambda: len(stage.asked) == 2)
    for guess in "cd":
        with pytest.raises(Unavailable, match="from this address"):
            await stage.log_in(guess)
    assert stage.failures == [HERE, HERE], "it may be somebody who guesses"
    other = stage.log_in("right", ELSEWHERE)
    await until(lambda: stage.asked == ["a", "b", "right"])
    stage.checked.set()
    assert (await other).name == "joe"
    for task in guesses:
        with pytest.raises(WrongCredentials):
            await task
    assert (await stage.log_in("right")).address == HERE


async def test_requests_at_once_with_one_password_are_one_login(stage: Stage) -> None:
    asking = [stage.log_in("right") for _ in range(6)]
    await until(lambda: bool(stage.asked))
    stage.checked.set()
    assert {person.name for person in await asyncio.gather(*asking)} == {"joe"}
    assert stage.asked == ["right"]
    assert not stage.failures


@pytest.mark.parametrize("change", [{"role": "operator"}, {"password_changed_usec": 2}])
async def test_an_account_that_changes_meanwhile_is_not_let_in(stage: Stage, change: dict[str, str | int]) -> None:
    asking = stage.log_in("right")
    await until(lambda: bool(stage.asked))
    stage.system.put_account("joe", **change)
    stage.checked.set()
    with pytest.raises(NotLoggedIn, match="log in again"):
        await asking
    assert not stage.failures, "the password was right"
