# SPDX-License-Identifier: Apache-2.0
"""The roles of real users in real groups: the service runs where /etc has the users and groups of axiod."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from axiod.bus.caller import GATEWAY_USER
from tests.bus.conftest import (
    ADMINISTRATORS,
    NAME,
    NOBODY,
    OPERATORS,
    OTHERS,
    PATH,
    RELAY,
    USERS,
    Accounts,
    somebody,
)
from tests.conftest import EVERYTHING_ALLOWED, Daemon, run, until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.bus.conftest import StartRelay


@pytest.mark.parametrize(
    ("groups", "may"),
    [((OTHERS,), False), ((OPERATORS,), True), ((ADMINISTRATORS,), True), ((OTHERS, OPERATORS), True), ((), False)],
    ids=["another group", "operator", "administrator", "one of two", "no group"],
)
async def test_members_of_the_groups_may_operate(
    start_relay: StartRelay, bus_address: str, accounts: Accounts, groups: tuple[int, ...], may: bool
) -> None:
    relay = await start_relay(bus_address, *accounts.within)
    call = ("busctl", f"--address={bus_address}", "call", NAME, PATH, RELAY)
    outcome = await run(*somebody(NOBODY, *groups), *call, "Set", "ba{sv}", "true", "0")
    if may:
        assert (outcome.code, outcome.err) == (0, "")
        await until(lambda: [member for member, _ in relay.carried_out] == ["Set"])
    else:
        assert f"needs the role operator; user {NOBODY} is viewer" in outcome.err
        assert relay.carried_out == []


@pytest.fixture
def bus_with_accounts(accounts: Accounts) -> Iterator[Daemon]:
    """A bus that knows these users: it takes no connection of a user who has no account."""
    daemon = Daemon(EVERYTHING_ALLOWED, *accounts.within)
    yield daemon
    daemon.close()


@pytest.mark.parametrize("user", sorted(USERS))
async def test_of_the_users_of_axiod_only_the_gateway_may_operate(
    start_relay: StartRelay, bus_with_accounts: Daemon, accounts: Accounts, user: str
) -> None:
    relay = await start_relay(bus_with_accounts.address, *accounts.within)
    call = ("busctl", f"--address={bus_with_accounts.address}", "call", NAME, PATH, RELAY)
    outcome = await run(*somebody(USERS[user]), *call, "Set", "ba{sv}", "true", "0")
    if user == GATEWAY_USER:
        assert (outcome.code, outcome.err) == (0, "")
        await until(lambda: [member for member, _ in relay.carried_out] == ["Set"])
    else:
        assert f"needs the role operator; user {USERS[user]} is viewer" in outcome.err
        assert relay.carried_out == []
