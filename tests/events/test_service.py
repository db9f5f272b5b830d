# SPDX-License-Identifier: Apache-2.0
"""axiod-events among other services: what it hears from them, what it has them do, and how much it can take."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import pytest_asyncio

from axiod.bus import topics
from axiod.bus.server import Server
from axiod.bus.service import EventSource
from axiod.clock import monotonic_usec, wall_usec
from axiod.errors import Busy, HardwareFailure, Timeout
from tests.events.conftest import is_on, say, turn, until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from axiod.bus.connection import Connection
    from tests.conftest import Connect
    from tests.events.conftest import EventsProcess

RELAYS = "org.axiod.relays1"
PATH = "/org/axiod/relays1"


class Relay:
    """A relay that does what a test wants."""

    terminal = connector = "x"
    contact_form = "form-c"
    normally_open = normally_closed = last_change_usec = problem = None
    quality = "good"
    cycles = 0
    running = "idle"
    boot_policy = "off"
    failure_policy = "hold"
    active = False

    def __init__(self, number: int) -> None:
        self.number = number
        self.name = f"Relay {number}"
        self.asked: list[Any] = []
        self.answers: list[Exception | asyncio.Event] = []
        """What happens to the next calls: it fails, or waits."""

    async def _do(self, what: Any, options: dict[str, Any]) -> None:
        self.asked.append(what)
        self.late = options["DeadlineUsec"] - monotonic_usec()
        if self.answers:
            answer = self.answers.pop(0)
            if isinstance(answer, Exception):
                raise answer
            await answer.wait()

    async def set(self, active: bool, options: dict[str, Any]) -> None:
        await self._do(active, options)

    async def toggle(self, options: dict[str, Any]) -> bool:
        await self._do("toggle", options)
        return True

    async def pulse(self, duration_ms: int, options: dict[str, Any]) -> None:
        await self._do(duration_ms, options)

    def configure(self, changes: dict[str, Any]) -> None: ...
    def run_sequence(self, steps: Any, options: dict[str, Any]) -> None: ...
    def cancel(self) -> None: ...
    def reset_counter(self) -> int:
        return 0


class Relays:
    """org.axiod.relays1 with two relays."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.server = Server(connection, PATH)
        self.source = EventSource(self.server, PATH)
        self.one, self.two = Relay(0), Relay(1)

    async def come(self) -> None:
        for id_, relay in (("relay1", self.one), ("relay2", self.two)):
            self.server.export(f"{PATH}/relay/{id_}", f"{RELAYS}.Relay", relay)
            self.tell(relay.number, active=False)
        self.source.live = True
        await self.connection.request_name(RELAYS)

    def tell(self, number: int, *, active: bool) -> None:
        data = {"LogicalState": "active" if active else "inactive"}
        self.source.state(topics.RELAY, {"RelayToken": str(number)}, data, wall_usec())


@pytest_asyncio.fixture
async def relays(events: EventsProcess, connection: Connect) -> AsyncIterator[Relays]:
    """The relays, which the service knows of."""
    relays = Relays(await connection())
    await relays.come()
    async with asyncio.timeout(10):
        while "relays" in await events.root.get("Status"):
            await asyncio.sleep(0.01)
    yield relays
    await relays.server.close()


def toggle(output: str) -> dict[str, Any]:
    return {"Kind": "toggle", "Output": output}


def set_(output: str = "relay1", active: bool = True, **more: Any) -> dict[str, Any]:
    return {"Kind": "set", "Output": output, "Active": active, **more}


async def results(events: EventsProcess) -> list[tuple[str, str]]:
    """What became of actions, in order."""
    return [(one["Text"], one["Result"]) for one in await events.logged(AfterId=0, Kind="action")]


async def wait_results(events: EventsProcess, count: int, timeout: float = 15) -> list[tuple[str, str]]:
    async with asyncio.timeout(timeout):
        while len(found := await results(events)) < count:
            await asyncio.sleep(0.01)
    return found


async def test_it_says_who_is_away(events: EventsProcess) -> None:
    said = (await events.root.get("Status")).partition("away: ")[2].split(", ")
    assert {"io", "relays", "system", "fieldbus", "sensors"} <= set(said)
    assert await events.root.get("Health") == "ok"


async def test_it_says_how_many_rules_there_are(events: EventsProcess) -> None:
    async def said() -> str:
        return str(await events.root.get("Status")).partition(";")[0]

    assert await said() == "no rule yet"
    rule = await events.add_rule([is_on(1)], [toggle("relay1")])
    await rule.call("Copy", "another")
    assert await said() == "2 rules"
    await rule.call("Remove")
    assert await said() == "1 rule"


async def test_actions_are_done_in_their_order_at_one_output(events: EventsProcess, relays: Relays) -> None:
    steps = [set_(), {"Kind": "pulse", "Output": "relay1", "DurationMs": 7}, toggle("relay1"), set_(active=False)]
    await events.add_rule([is_on(1)], steps)
    await events.input(1).call("Set", True, {})
    await until(lambda: len(relays.one.asked) == 4)
    assert relays.one.asked == [True, 7, "toggle", False]
    assert 0 < relays.one.late <= 5_000_000


async def test_an_output_that_hangs_holds_up_no_other(events: EventsProcess, relays: Relays) -> None:
    go_on = asyncio.Event()
    relays.one.answers = [go_on]
    await events.add_rule([is_on(1)], [set_("relay1"), set_("relay1", active=False), set_("relay2")])
    await events.input(1).call("Set", True, {})
    await until(lambda: relays.two.asked)
    assert relays.one.asked == [True]
    go_on.set()
    await until(lambda: relays.one.asked == [True, False])


async def test_a_set_is_tried_again_and_a_toggle_is_not(events: EventsProcess, relays: Relays) -> None:
    relays.one.answers = [HardwareFailure("the coil is cold"), Timeout("who knows")]
    relays.two.answers = [HardwareFailure("the coil is cold")]
    await events.add_rule([is_on(1)], [set_("relay1"), toggle("relay2")], "Twice")
    await events.input(1).call("Set", True, {})
    found = await wait_results(events, 2)
    assert sorted(found) == [
        ("set relay1 active", "done"),
        ("toggle relay2 failed: the coil is cold", "failed"),
    ]
    assert relays.one.asked == [True, True, True]
    assert relays.two.asked == ["toggle"]
    assert await events.rule("1").get("Problem") == "toggle relay2 failed: the coil is cold"


async def test_what_can_never_be_done_is_told_once(events: EventsProcess, relays: Relays) -> None:
    told: list[Any] = []
    await events.client.on_event(lambda event: told.append(event) if event.topic == topics.ACTION_FAILED else None)
    relays.one.answers = [HardwareFailure("no")] * 3
    relays.two.answers = [Busy("a sequence runs")]
    await events.add_rule([is_on(1)], [set_("relay1"), {"Kind": "pulse", "Output": "relay2", "DurationMs": 5}], "Try")
    await events.input(1).call("Set", True, {})
    found = await wait_results(events, 2)
    assert [one[1] for one in found] == ["failed", "failed"]
    await until(lambda: len(told) == 2)
    assert {one.data["description"] for one in told} == {
        "rule 1 (Try): set relay1 active failed: no",
        "rule 1 (Try): pulse relay2 for 5 ms failed: a sequence runs",
    } or all("rule 1 (Try)" in one.data["description"] for one in told)
    _, states = await events.client.snapshot()
    assert not [one for one in states if one.topic == topics.ACTION_FAILED]


async def test_what_lasts_is_tried_until_it_is_undone(events: EventsProcess, relays: Relays) -> None:
    relays.one.answers = [HardwareFailure("no")] * 4
    await events.add_rule([is_on(1)], [set_(WhileActive=True)])
    await events.input(1).call("Set", True, {})
    found = await wait_results(events, 2)
    # Its failure was told, and then it was done after all.
    assert [one[1] for one in found] == ["failed", "done"]
    assert relays.one.asked == [True] * 5
    relays.one.answers = [HardwareFailure("no")] * 1000
    await events.input(1).call("Set", False, {})
    await until(lambda: len(relays.one.asked) >= 8)
    # Somebody wants it on again before it could be turned off.
    relays.one.asked.clear()
    await events.input(1).call("Set", True, {})
    relays.one.answers = []
    await until(lambda: relays.one.asked and relays.one.asked[-1] is True)


async def test_a_rule_on_failures_that_fails_does_not_start_itself(events: EventsProcess, relays: Relays) -> None:
    relays.one.answers = [HardwareFailure("no")] * 100
    await events.add_rule([{"Topic": topics.ACTION_FAILED}], [toggle("relay1"), say("failed: #{data.description}")])
    await events.add_rule([is_on(1)], [toggle("relay1")])
    await events.input(1).call("Set", True, {})
    found = await wait_results(events, 3)
    assert sorted(one[1] for one in found) == ["done", "failed", "failed"]
    await events.input(2).call("Set", True, {})
    assert len(await results(events)) == 3


async def test_the_events_of_others_start_rules(events: EventsProcess, relays: Relays) -> None:
    source = {"RelayToken": "1"}
    condition = {"Topic": topics.RELAY, "Source": source, "Item": "LogicalState", "Equals": "active"}
    rule = await events.add_rule([condition], [turn(9, WhileActive=True)])
    relays.tell(1, active=True)
    await events.input(9).eventually(Active=True)
    # The relays go, and what they said last stays as it was.
    await relays.connection.close()
    async with asyncio.timeout(10):
        while "relays" not in await events.root.get("Status"):
            await asyncio.sleep(0.01)
    await rule.eventually(Active=True)


async def test_what_is_heard_of_too_late_moves_nothing_but_what_lasts(events: EventsProcess, relays: Relays) -> None:
    condition = {"Topic": topics.RELAY, "Source": {"RelayToken": "7"}, "Item": "LogicalState", "Equals": "active"}
    actions = [set_("relay1"), set_("relay2", WhileActive=True), say("it was late"), turn(5)]
    await events.add_rule([condition], actions)
    ago = wall_usec() - 60_000_000
    relays.source.state(topics.RELAY, {"RelayToken": "7"}, {"LogicalState": "active"}, ago)
    found = await wait_results(events, 4)
    assert await events.input(5).get("Active") is False  # another rule would take it for fresh
    (late,) = [entry for entry in found if "virtual input 5" in entry[0]]
    assert late[1] == "failed"
    assert sorted(set(found) - {late}) == [
        ("it was late", "done"),
        ("set relay1 active failed: what started it was heard of 60 s late, and after 10 s nothing moves", "failed"),
        ("set relay2 active", "done"),
    ]
    assert (relays.one.asked, relays.two.asked) == ([], [True])


async def test_nor_does_what_comes_later_of_it(events: EventsProcess, relays: Relays) -> None:
    condition = {"Topic": topics.RELAY, "Source": {"RelayToken": "7"}, "Item": "LogicalState", "Equals": "active"}
    await events.add_rule([condition], [set_("relay1", DelayMs=20), {**toggle("relay2"), "DelayMs": 20}])
    relays.source.state(topics.RELAY, {"RelayToken": "7"}, {"LogicalState": "active"}, wall_usec() - 60_000_000)
    assert [result for _, result in await wait_results(events, 2)] == ["failed", "failed"]
    assert (relays.one.asked, relays.two.asked) == ([], [])


async def test_what_is_delayed_is_not_late(events: EventsProcess, relays: Relays) -> None:
    """Also where something else happens at the moment when its time has come."""
    condition = {"Topic": topics.RELAY, "Source": {"RelayToken": "7"}, "Item": "LogicalState", "Equals": "active"}
    await events.add_rule([condition], [{**toggle("relay1"), "DelayMs": delay} for delay in [500] + [20] * 15])
    relays.source.state(topics.RELAY, {"RelayToken": "7"}, {"LogicalState": "active"}, wall_usec() - 9_800_000)
    number = 0
    async with asyncio.timeout(10):
        while number % 100 or len(await results(events)) < 16:
            number += 1
            relays.tell(1, active=bool(number % 2))
            await asyncio.sleep(0.0005)
    assert {result for _, result in await wait_results(events, 16)} == {"done"}


async def test_however_much_waits_what_a_rule_lasted_is_undone(events: EventsProcess, relays: Relays) -> None:
    await events.add_rule([is_on(1)], [set_(WhileActive=True)])
    many = await events.add_rule([is_on(2)], [toggle("relay1")] * 16)
    some = await events.add_rule([is_on(3)], [toggle("relay1")] * 16)
    await events.input(1).call("Set", True, {})
    await wait_results(events, 1)
    relays.one.answers = [asyncio.Event()]
    for number in [2] * 16 + [3]:
        await events.input(number).call("Set", True, {})
        await events.input(number).call("Set", False, {})
    await many.eventually(Activations=16)
    await some.eventually(Activations=1)
    await events.input(1).call("Set", False, {})
    async with asyncio.timeout(20):
        while relays.one.asked[-1] is not False:
            await asyncio.sleep(0.01)


@pytest.mark.timeout(120)
async def test_a_thousand_events_a_second_are_all_there(events: EventsProcess, relays: Relays) -> None:
    count, batch = 5000, 20
    before: float | None = None
    async with asyncio.timeout(10):
        while len(await events.logged(Topic=topics.RELAY)) < 2:
            await asyncio.sleep(0.01)
    start = (await events.logged(Limit=1))[0]["Id"]
    for number in range(count):
        relays.tell(number % 2, active=number // 2 % 2 == 0)
        if number % batch == batch - 1:
            await asyncio.sleep(batch / 1000)
        if number == count // 5:
            before = resident(events.pid)
    async with asyncio.timeout(20):
        found: list[dict[str, Any]] = []
        while len(found) < count:
            last = found[-1]["Id"] if found else start
            page = await events.logged(AfterId=last, Limit=1000, Topic=topics.RELAY)
            found += page
            if not page:
                await asyncio.sleep(0.05)
    assert [(one["Source"]["RelayToken"], one["Data"]["LogicalState"]) for one in found] == [
        (str(number % 2), "active" if number // 2 % 2 == 0 else "inactive") for number in range(count)
    ]
    assert await events.event_log.get("Lost") == 0
    assert before is not None
    assert resident(events.pid) - before < 8


def resident(pid: int) -> float:
    """MiB of memory that a process has."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
    raise AssertionError(pid)
