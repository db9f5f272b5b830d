# SPDX-License-Identifier: Apache-2.0
"""org.axiod.io1.Led: what is asked of it, and what the eye sees."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sqlite3
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest

from axiod.board.profile import Led
from axiod.clock import monotonic_usec, wall_usec
from axiod.errors import AxiodError, HardwareFailure, InvalidArgument, Timeout
from axiod.gpio.led import Own
from axiod.io.fail_safe import fail_safe
from axiod.io.led import LedHandler
from tests.conftest import until
from tests.gpio.fakes import FakeFds
from tests.sim.board import BOARD

if TYPE_CHECKING:
    from tests.sim.device_process import Client, DeviceProcess

OWN = {"Mode": "own", "Colour": "green", "Trigger": "default-on", "Quality": "good"}


async def test_there_is_one_for_each_that_shows_no_relay(client: Client) -> None:
    objects = await client.io.objects()
    assert sorted(path.rpartition("/")[2] for path in objects if "/led/" in path) == ["network", "power", "status"]
    assert await client.led().all() == OWN | {"Terminal": "Status", "Colours": ["green", "amber", "red"]}


async def test_it_is_lit_and_given_back(client: Client) -> None:
    led, lamp = client.led(), client.lamp()
    await led.call("Light", "red", {})
    assert (await led.all()).items() >= {"Mode": "steady", "Colour": "red", "Trigger": "default-on"}.items()
    await lamp.eventually(Colour="red", Trigger="none")
    await led.call("Light", "none", {})
    assert await lamp.get("Colour") == "none"
    await led.call("GiveBack", {})
    assert (await led.all()).items() >= OWN.items()
    await lamp.eventually(Colour="green", Trigger="default-on")


async def test_it_flashes_between_two_colours(client: Client) -> None:
    led, lamp = client.led(), client.lamp()
    story = await client.follow(client.sim)
    await led.call("Light", "red", {"FlashMs": 50, "Between": "amber"})
    assert (await led.all()).items() >= {"Mode": "flashing", "Between": "amber", "FlashMs": 50}.items()
    changes = await until(lambda: found if len(found := story.changes(lamp.path, "Colour")) > 6 else [])
    # It may be dark, or a mixture of both, for as long as two files are written.
    shown = [colour for colour in changes if colour in ("red", "amber")]
    assert shown[:4] == ["red", "amber", "red", "amber"]


async def test_it_flashes_into_the_dark_without_anything_between(client: Client) -> None:
    await client.led().call("Light", "green", {"FlashMs": 50})
    assert await client.led().get("Between") == "none"
    await client.lamp().eventually(Colour="none")
    await client.lamp().eventually(Colour="green")


async def test_what_is_for_a_time_ends_by_itself(client: Client) -> None:
    led = client.led()
    await led.call("Light", "amber", {})
    await led.call("Light", "red", {"DurationMs": 150})
    ends = await led.get("EndsUsec")
    assert await client.lamp().get("Colour") == "red"
    await led.eventually(Colour="amber", EndsUsec=None)
    assert wall_usec() >= ends
    await client.lamp().eventually(Colour="amber")


async def test_the_end_of_what_lasts_leaves_what_is_for_a_time(client: Client) -> None:
    led = client.led()
    await led.call("Light", "amber", {})
    await led.call("Light", "red", {"DurationMs": 300})
    await led.call("GiveBack", {"LastingOnly": True})
    assert await client.lamp().get("Colour") == "red"
    await led.eventually(**OWN)
    await led.call("Light", "red", {"DurationMs": 60_000})
    await led.call("GiveBack", {})
    assert (await led.all()).items() >= OWN.items()


@pytest.mark.parametrize(
    ("colour", "options", "says"),
    [
        ("blue", {}, "Status shows no blue; it shows green, amber, red or none"),
        ("red", {"FlashMs": 100, "Between": "blue"}, "Status shows no blue"),
        ("red", {"Between": "green"}, "give FlashMs, too"),
        ("pink", {}, "pink"),
        ("red", {"FlashMs": 49}, "FlashMs"),
        ("red", {"DurationMs": 0}, "DurationMs"),
        ("red", {"Colour": "red"}, "Colour"),
    ],
)
async def test_what_cannot_be_is_refused(client: Client, colour: str, options: dict[str, Any], says: str) -> None:
    with pytest.raises(InvalidArgument, match=says):
        await client.led().call("Light", colour, options)
    assert (await client.led().all()).items() >= OWN.items()


async def test_an_led_that_is_not_there(client: Client) -> None:
    for name in ("relay", "nothing"):
        with pytest.raises(AxiodError):
            await client.led(name).call("Light", "green", {})


async def test_what_comes_late_is_not_done(client: Client) -> None:
    for member, arguments in (("Light", ["red"]), ("GiveBack", [])):
        with pytest.raises(Timeout):
            await client.led().call(member, *arguments, {"DeadlineUsec": monotonic_usec() - 1})
    assert (await client.led().all()).items() >= OWN.items()


async def test_what_the_system_makes_of_it_is_seen(client: Client) -> None:
    await client.lamp().call("SetTrigger", "timer")
    await client.led().eventually(Trigger="timer", Colour=None, Mode="own")
    await client.led().call("Light", "red", {})
    await client.led().call("GiveBack", {})
    assert await client.lamp().get("Trigger") == "timer"


async def test_a_broken_one_changes_nothing_and_says_so(client: Client) -> None:
    led, lamp = client.led(), client.lamp()
    await lamp.call("SetBroken", True)
    with pytest.raises(HardwareFailure, match="Input/output error"):
        await led.call("Light", "red", {})
    await led.eventually(Mode="own", Quality="fault")
    assert "Input/output error" in await led.get("Problem")
    await lamp.call("SetBroken", False)
    await led.eventually(Problem=None, **OWN)


async def test_one_that_breaks_while_it_is_lit_goes_on_when_it_is_mended(client: Client) -> None:
    led, lamp = client.led(), client.lamp()
    await led.call("Light", "red", {"FlashMs": 50})
    await lamp.call("SetBroken", True)
    await led.eventually(Quality="fault", Mode="flashing")
    with pytest.raises(HardwareFailure):
        await led.call("GiveBack", {})
    await lamp.call("SetBroken", False)
    await led.eventually(Problem=None, **OWN)
    assert await lamp.get("Trigger") == "default-on"


async def test_a_board_that_boots_beside_us_ends_it(client: Client) -> None:
    await client.led().call("Light", "red", {})
    await client.kill(client.sim)
    await client.led().eventually(Problem=None, **OWN)
    await client.led().call("Light", "amber", {})
    assert await client.lamp().get("Colour") == "amber"


# --- what is left of it ---


def on_disk(device: DeviceProcess) -> dict[str, Any]:
    with contextlib.closing(sqlite3.connect(device.state / "io" / "state.sqlite")) as database:
        rows = database.execute("SELECT key, value FROM state WHERE key LIKE '%.lit'").fetchall()
    return {key: json.loads(value) for key, value in rows}


async def test_nothing_is_left_on_disk_of_what_is_over(client: Client, device: DeviceProcess) -> None:
    await client.led().call("Light", "red", {"DurationMs": 1})
    await client.led().eventually(Mode="own")
    await until(lambda: on_disk(device) == {})


class SlowDisk:
    """A state whose put() lasts as long as the disk is held."""

    def __init__(self) -> None:
        self.values: dict[str, Any] = {}
        self.free = asyncio.Event()

    def get(self, key: str) -> Any:
        return self.values.get(key)

    def soon(self, key: str, value: Any) -> None:
        self.values[key] = value

    async def put(self, key: str, value: Any, *, durable: bool) -> None:
        assert not durable
        self.values[key] = value
        await self.free.wait()


class AnyLamp:
    """An LED that shows everything."""

    def look(self) -> Own:
        return Own("timer")

    def own(self) -> Own:
        return Own("timer")

    def show(self, colour: str) -> None:
        pass

    def give_back(self, own: Own) -> None:
        pass

    def close(self) -> None:
        pass


async def test_what_ends_while_the_next_is_stored_does_not_take_its_place_on_disk() -> None:
    state, nothing = SlowDisk(), lambda *_: None
    context = SimpleNamespace(
        path="/", state=state, server=SimpleNamespace(changed=nothing), root=SimpleNamespace(problem=nothing)
    )
    led = LedHandler(cast("Any", context), Led("status", "Status", ("green", "red")), AnyLamp())
    led.acquire("this boot")
    state.free.set()
    options = {"DeadlineUsec": monotonic_usec() + 60_000_000}
    await led.light("red", options | {"DurationMs": 20})
    end = monotonic_usec() + 40_000
    state.free.clear()
    lit = asyncio.create_task(led.light("green", options))
    await until(lambda: monotonic_usec() > end)
    state.free.set()
    await lit
    assert led.colour == "green"
    assert state.values["status.lit"]["orders"][0][0] == "green"
    assert state.values["status.lit"]["own"]["trigger"] == "timer"
    led.close()


async def test_the_fail_safe_gives_it_back(
    client: Client, device: DeviceProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AXIOD_SIM_SOCKET", str(device.state / "lines"))
    await client.led().call("Light", "red", {"FlashMs": 60_000})
    fds = FakeFds()
    folder = device.folder / "copy"
    folder.mkdir()
    with contextlib.closing(sqlite3.connect(folder / "state.sqlite")) as database:
        database.execute("CREATE TABLE state (key TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID")
        for key, value in on_disk(device).items():
            database.execute("INSERT INTO state VALUES (?, ?)", (key, json.dumps(value)))
        database.commit()
    assert await asyncio.to_thread(fail_safe, BOARD, fds, folder) == []
    await client.lamp().eventually(Colour="green", Trigger="default-on")
    fds.close()


async def test_the_fail_safe_names_what_it_could_not_give_back(
    client: Client, device: DeviceProcess, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("AXIOD_SIM_SOCKET", str(device.state / "nothing"))
    fds = FakeFds()
    folder = device.folder / "another"
    folder.mkdir()
    with contextlib.closing(sqlite3.connect(folder / "state.sqlite")) as database:
        database.execute("CREATE TABLE state (key TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID")
        stored = {"boot": "x", "own": {"trigger": "none", "colour": None, "files": {}}, "orders": [None, None]}
        database.execute("INSERT INTO state VALUES ('status.lit', ?)", (json.dumps(stored),))
        database.commit()
    assert await asyncio.to_thread(fail_safe, BOARD, fds, folder) == ["status"]
    assert "the LED status was not given back" in caplog.text
    fds.close()
