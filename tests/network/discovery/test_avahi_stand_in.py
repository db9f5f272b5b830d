# SPDX-License-Identifier: Apache-2.0
"""What a real avahi-daemon does not do at will: who sends what, and a slow disk. See test_avahi.py for the rest."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING

import pytest

from axiod.bus._lib import NO_REPLY, SIGNAL, Message
from axiod.errors import HardwareFailure
from axiod.network.discovery.avahi import Avahi
from tests.conftest import Daemon, until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from axiod.bus.connection import Connection
    from tests.conftest import Connect

AVAHI = "org.freedesktop.Avahi"
TYPE = "_vapix-http._tcp"
RUNNING, LOCAL = 2, 8
ANSWERS = {"GetState": ("i", RUNNING), "GetHostNameFqdn": ("s", "gate-7.local"), "ServiceBrowserNew": ("o", "/browser")}


@pytest.fixture
def bus() -> Iterator[Daemon]:
    """A bus that has no avahi yet."""
    daemon = Daemon()
    yield daemon
    daemon.close()


class StandIn:
    """An avahi-daemon that announces what it is told to, to one connection."""

    def __init__(self, connection: Connection, to: Connection) -> None:
        self._connection = connection
        self._to = to.unique_name
        connection.serve(self._answer)

    def say(self, member: str, signature: str, *body: object) -> None:
        """Send a signal of a browser of services."""
        self._connection.send(
            Message(
                destination=self._to,
                path="/browser",
                interface=f"{AVAHI}.ServiceBrowser",
                member=member,
                message_type=SIGNAL,
                flags=NO_REPLY,
                signature=signature,
                body=list(body),
            )
        )

    def item(self, member: str, name: str, flags: int) -> None:
        """Say that a service came or went."""
        self.say(member, "iisssu", 2, 0, name, TYPE, "local", flags)

    def _answer(self, call: Message) -> bool:
        if call.member not in ANSWERS:
            return False
        signature, value = ANSWERS[call.member]
        self._connection.send(Message.new_method_return(call, signature, [value]))
        return True


async def test_what_others_announce_is_no_matter(
    bus: Daemon, connection: Connect, caplog: pytest.LogCaptureFixture
) -> None:
    mine, theirs, somebody = [await connection(bus.address) for _ in range(3)]
    changes: list[str | None] = []
    avahi = Avahi(mine, lambda: changes.append(avahi.announced), None)
    await avahi.start()
    daemon, stranger = StandIn(theirs, mine), StandIn(somebody, mine)
    await theirs.request_name(AVAHI)
    await until(lambda: len(changes) == 1)
    assert await avahi.follow(TYPE) is None
    stranger.say("ItemNew", "s", "what is no item")
    stranger.item("ItemNew", "Stranger", LOCAL)
    await somebody.call("org.freedesktop.DBus", "/", "org.freedesktop.DBus", "GetId")
    for name in ("Door", "Yard"):
        daemon.item("ItemNew", name, 0)
        daemon.item("ItemRemove", name, 0)
    daemon.item("ItemNew", "Gate", LOCAL)
    daemon.item("ItemNew", "Gate", LOCAL)
    daemon.item("ItemRemove", "Gate", LOCAL)
    await until(lambda: changes[-1:] == [None] and len(changes) > 1)
    assert changes == [None, "Gate", None]
    assert not caplog.records


async def test_a_disk_that_is_slow_holds_nothing_up(connection: Connect, tmp_path: Path) -> None:
    slow = tmp_path / "axiod.new"
    os.mkfifo(slow)
    telling = asyncio.create_task(Avahi(await connection(), lambda: None, tmp_path).tell("text"))
    await asyncio.sleep(0)
    assert not telling.done()  # nobody reads yet, so it cannot even be opened
    reader = os.open(slow, os.O_RDONLY | os.O_NONBLOCK)
    with pytest.raises(HardwareFailure, match=r"axiod\.service cannot be written"):  # what is no file is on no disk
        await telling
    os.close(reader)
