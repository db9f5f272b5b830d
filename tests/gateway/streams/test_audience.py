# SPDX-License-Identifier: Apache-2.0
"""Who may join the audience."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from axiod.bus.caller import Role
from axiod.bus.connection import Connection
from axiod.gateway.daemon import gateway_of
from axiod.gateway.mirror import Mirror
from axiod.gateway.person import LOGGED_OUT, Person
from axiod.gateway.vapix.audience import Audience, Follower
from tests.gateway.stand_in import SYSTEM, System

if TYPE_CHECKING:
    from axiod.gateway.vapix.notification import Notification, Operation
    from tests.conftest import Daemon


class Listening(Follower):
    """Writes down why it ended."""

    reason = ""

    def tell(self, notification: Notification, operation: Operation) -> None:
        """See Follower."""

    def end(self, reason: str) -> None:
        """See Follower."""
        self.reason = reason


@pytest.mark.parametrize(("mark", "reason"), [(1, ""), (0, LOGGED_OUT)])
async def test_whose_account_changed_after_the_request_cannot_join(bus: Daemon, mark: int, reason: str) -> None:
    there, here = await Connection.open(bus.address), await Connection.open(bus.address)
    system = System(there)
    system.put_account("joe", role="viewer", password_changed_usec=1)
    await system.start()
    mirror = Mirror(here, (SYSTEM,))
    audience = Audience(gateway_of(mirror))
    await mirror.start()
    follower = Listening(Person("joe", Role.VIEWER, "192.0.2.1", "digest", mark))
    audience.join(follower)
    assert follower.reason == reason
    assert len(audience) == (not reason)
    await mirror.stop()
    await here.close()
    await there.close()
