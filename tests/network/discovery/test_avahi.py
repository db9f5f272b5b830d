# SPDX-License-Identifier: Apache-2.0
"""What a real avahi-daemon makes of our file, as avahi-browse sees it on another machine. Needs root."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest_asyncio

from axiod.network.discovery.avahi import Avahi
from axiod.network.discovery.bonjour import Web, service_file
from tests.conftest import until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.conftest import Connect
    from tests.network.discovery.conftest import AvahiHost

TYPE = "_vapix-http._tcp"
SERIAL = "02AB54C1D2E3"
SLOW, LONG = 30.0, 90.0
"""A name is probed for, and announced, and what is gone is asked for once more."""

Hosts = tuple["AvahiHost", "AvahiHost"]


def text(name: str, port: int = 80) -> str:
    return service_file(name, SERIAL, Web(port, 443))


@pytest_asyncio.fixture
async def avahi(avahi_hosts: Hosts, connection: Connect) -> AsyncIterator[Avahi]:
    """Ours, of the device, whose daemon runs."""
    device, other = avahi_hosts
    ours = Avahi(await connection(device.bus.address), lambda: None, device.services)
    await ours.start()
    device.start()
    other.start()
    await until(lambda: not device.browse("_none._tcp") and not other.browse("_none._tcp"))
    yield ours


async def follow(avahi: Avahi) -> None:
    """Follow as soon as the daemon is ready."""

    async def ready() -> bool:
        return await avahi.follow(TYPE) is None

    while not await ready():  # each is a call that waits for its answer
        pass


async def test_the_web_server_is_found(avahi: Avahi, avahi_hosts: Hosts) -> None:
    _, other = avahi_hosts
    await avahi.tell(text("Gate & barrier"))
    (found,) = await until(lambda: other.browse(TYPE), SLOW)
    assert found[4:7] == [TYPE, "local", "gate-7.local"]
    assert found[7:9] == ["192.0.2.1", "80"]
    assert f'"macaddress={SERIAL}"' in found[9]
    assert found[3].replace("\\032", " ").replace("\\038", "&") == "Gate & barrier"
    assert [one[8] for one in other.browse("_https._tcp")] == ["443"]


async def test_what_is_announced_is_told(avahi: Avahi, avahi_hosts: Hosts) -> None:
    await follow(avahi)
    assert (avahi.host, avahi.announced) == ("gate-7.local", None)
    await avahi.tell(text("Gate"))
    assert await until(lambda: avahi.announced, SLOW) == "Gate"
    await avahi.tell(None)
    assert await until(lambda: avahi.announced is None, SLOW)


async def test_a_change_is_announced(avahi: Avahi, avahi_hosts: Hosts) -> None:
    _, other = avahi_hosts
    await avahi.tell(text("Gate"))
    await until(lambda: other.browse(TYPE), SLOW)
    await avahi.tell(text("Door", 8080))
    assert await until(lambda: [(one[3], one[8]) for one in other.browse(TYPE)] == [("Door", "8080")], SLOW)
    await avahi.tell(None)
    assert await until(lambda: not other.browse(TYPE), SLOW)


async def test_a_name_that_another_device_has_gets_a_number(avahi: Avahi, avahi_hosts: Hosts) -> None:
    _, other = avahi_hosts
    (other.services / "axiod.service").write_text(text("Gate"))
    await until(lambda: other.browse(TYPE), SLOW)
    await follow(avahi)
    await avahi.tell(text("Gate"))
    await until(lambda: set(other.names(TYPE)) == {"Gate", "Gate #2"}, LONG)
    # The two daemons settle who of them gets the number; what is told is what ours settled on.
    (ours,) = {one[3] for one in other.browse(TYPE) if one[6] == "gate-7.local"}
    assert await until(lambda: avahi.announced == ("Gate" if ours == "Gate" else "Gate #2"), SLOW)


async def test_two_changes_in_one_second_are_both_taken(avahi: Avahi, avahi_hosts: Hosts) -> None:
    await follow(avahi)
    for name in ("Gate", "Door", "Yard"):
        await avahi.tell(text(name))
    assert await until(lambda: avahi.announced == "Yard", SLOW)


async def test_a_daemon_that_ends_is_noticed(avahi: Avahi, avahi_hosts: Hosts) -> None:
    device, _ = avahi_hosts
    await follow(avahi)
    assert avahi.host == "gate-7.local"
    device.stop()
    assert await until(lambda: avahi.host is None)
    reason = await avahi.follow(TYPE)
    assert reason is not None
    assert reason.startswith("avahi does not answer")
    device.start()
    await follow(avahi)
    assert avahi.host == "gate-7.local"


async def test_a_file_is_whole_and_readable_for_the_daemon(avahi: Avahi, avahi_hosts: Hosts) -> None:
    device, _ = avahi_hosts
    await avahi.tell(text("Gate"))
    assert [path.name for path in device.services.iterdir()] == ["axiod.service"]
    (path,) = device.services.iterdir()
    assert path.stat().st_mode & 0o777 == 0o644
