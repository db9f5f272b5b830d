# SPDX-License-Identifier: Apache-2.0
"""The web page in Chromium: what it loads, how soon it is there, how soon an edge is on screen, and whether it stays
smooth and small while much happens.

The board has 128 ports and 64 relays, all in one list on screen, and the device 256 rules; at last it has 64 sensors,
each read once a second, in the list of sensors. The page changes its document just before a frame is drawn; an edge
counts as on screen at the first moment after that frame when the page is free again. What the graphics processor and
the screen need after that is not in it.
"""

from __future__ import annotations

import asyncio
import json
import tempfile
from contextlib import asynccontextmanager
from pathlib import Path
from statistics import quantiles
from typing import TYPE_CHECKING, Any

from axiod.bus.client import Service
from axiod.bus.connection import Connection
from bench import full_board, many_sensors
from bench.figure import AtMost, Figure
from bench.memory import taken
from tests.gateway.web_device import WebDevice
from tests.web.browser import chromium, live, log_in, page_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence

    from playwright.async_api import CDPSession, Page

    from bench.figure import Effort

RULES = 256
EVENTS_A_SECOND = 100
_EDGES, _TAKE_TURNS = 200, 10
_SMOOTH_SECONDS = 40
_WAVED = 10
"""So many wires make the events."""
_MEMORY_SECONDS = 120
_HOUR_SECONDS, _HOUR_EDGES = 3600, 20
_WATCHED = ("sim", "io", "events", "gateway")
_GROWN = "axiod-{} grown meanwhile, PSS"
_WIRE = "org.axiod.sim1.Wire"

# The moment of the edge is its time stamp, as the service tells it; both clocks are this machine's.
_WATCH = """(count) => {
  window.edges = [];
  const now = () => performance.timeOrigin + performance.now();
  const observer = new MutationObserver(() => {
    const channel = new MessageChannel();
    channel.port1.onmessage = () => window.edges.push(now());
    channel.port2.postMessage(0);
  });
  for (let n = 1; n <= count; n += 1) {
    const wire = document.querySelector(`[data-id="port${n}"] .wire`);
    observer.observe(wire, {attributes: true, attributeFilter: ['class']});
  }
}"""
_DRAWN = """(count) => new Promise((done) => {
  const look = () => (window.edges.length >= count ? done(window.edges.at(-1)) : setTimeout(look, 5));
  look();
})"""
_SMOOTH = """() => {
  window.tasks = [];
  window.frames = [];
  new PerformanceObserver((list) => window.tasks.push(...list.getEntries().map((one) => one.duration)))
    .observe({type: 'longtask'});
  let last = performance.now();
  const frame = (now) => { window.frames.push(now - last); last = now; requestAnimationFrame(frame); };
  requestAnimationFrame(frame);
}"""

# From the click until the frame that has every sensor is done.
_LIST = """(count) => new Promise((done) => {
  const began = performance.now();
  location.hash = "#/sensors/list";
  const look = () => {
    if (document.querySelectorAll("main tbody tr").length < count) return requestAnimationFrame(look);
    const channel = new MessageChannel();
    channel.port1.onmessage = () => done(performance.now() - began);
    channel.port2.postMessage(0);
  };
  requestAnimationFrame(look);
})"""
# A reading is drawn when what stands in its cell changes; the ages beside change each second by themselves.
_POLLS = """() => {
  window.polls = 0;
  const cells = [...document.querySelectorAll("main tbody tr")].map((row) => row.querySelector("[data-channel]"));
  const seen = new Map(cells.map((cell) => [cell, cell.querySelector(".live")?.textContent]));
  const look = () => {
    for (const cell of cells) {
      const text = cell.querySelector(".live")?.textContent;
      if (text !== seen.get(cell)) window.polls += 1;
      seen.set(cell, text);
    }
    requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
}"""


async def measure(effort: Effort) -> Sequence[Figure]:
    """All of it, once for each round but for what takes long."""
    figures = {
        name: Figure(f"page: {name}", unit, target)
        for name, unit, target in (
            ("first load, bytes over HTTPS", "kB", AtMost(150, "kB")),
            ("first load, requests", "", None),
            ("time to interactive", "ms", None),
            ("edge to screen, p50", "ms", AtMost(50, "ms")),
            ("edge to screen, p99", "ms", AtMost(50, "ms")),
            ("longest task at 100 events/s", "ms", AtMost(50, "ms")),
            ("frames over 50 ms at 100 events/s", "", None),
            ("events seen", "1/s", None),
            ("heap after the first 20 s of events", "MiB", None),
            ("heap grown after that", "MiB", AtMost(1, "MiB")),
            ("seconds of that", "s", None),
            ("events seen meanwhile", "", None),
            *((_GROWN.format(name), "MiB", AtMost(2, "MiB")) for name in _WATCHED),
            ("64 sensors drawn, from their link", "ms", None),
            ("longest task with 64 sensors each second", "ms", AtMost(50, "ms")),
            ("frames over 50 ms with 64 sensors each second", "", None),
            ("polls of sensors drawn", "1/s", None),
        )
    }

    def put(found: Mapping[str, float]) -> None:
        for name, value in found.items():
            figures[name].ours.append(value)

    async with chromium() as browser, full() as (device, connection):
        for _ in range(effort.rounds):
            async with page_of(browser, device) as page:
                put(await first_load(page))
        async with page_of(browser, device) as page:
            await log_in(page, "admin")
            await page.goto("/#/io/list")
            await page.locator('[data-id="relay64"]').wait_for()
            sim = Service(connection, "org.axiod.sim1")
            put(await edges(page, connection, sim, effort.number(_EDGES)))
            put(await smooth(page, sim, effort.number(_SMOOTH_SECONDS)))
        # A page that has nothing of what was measured before.
        async with page_of(browser, device) as page:
            await log_in(page, "admin")
            await page.goto("/#/io/list")
            await page.locator('[data-id="relay64"]').wait_for()
            if effort.an_hour:
                put(await memory(page, device, sim, _HOUR_SECONDS, _HOUR_EDGES))
            else:
                put(await memory(page, device, sim, effort.number(_MEMORY_SECONDS), EVENTS_A_SECOND))
        async with many_sensors.added(connection, moving=True), page_of(browser, device) as page:
            await log_in(page, "admin")
            put(await sensors(page, effort.number(_SMOOTH_SECONDS)))
    return list(figures.values())


@asynccontextmanager
async def full() -> AsyncIterator[tuple[WebDevice, Connection]]:
    """A device with the largest board and as many rules as there may be."""
    with tempfile.TemporaryDirectory() as folder:
        board = Path(folder) / "full.yaml"
        full_board.write(board)
        device = await asyncio.to_thread(WebDevice, "--board", str(board))
        connection = await Connection.open(device.address)
        events = Service(connection, "org.axiod.events1")
        for index in range(RULES):
            conditions = [{"Topic": "tns1:Device/tnsaxis:IO/Port", "Source": {"port": str(index % 128)}}]
            conditions[0] |= {"Item": "state", "Equals": "1"}
            actions = [{"Kind": "log", "Message": f"rule {index}", "Severity": "info"}]
            rule = json.dumps({"Name": f"Rule {index}", "Conditions": conditions, "Actions": actions, "Enabled": False})
            await device.curl("/api/v1/rules", "--json", rule, user="admin")
        assert await events.properties(f"{events.root}/rules", "org.axiod.events1.Rules")
        try:
            yield device, connection
        finally:
            await connection.close()
            await asyncio.to_thread(device.close)


async def first_load(page: Page) -> dict[str, float]:
    """What a browser that was never here loads for its owner, up to the live view of the status."""
    await log_in(page, "admin")
    session = await page.context.new_cdp_session(page)
    await session.send("Network.enable")
    await session.send("Network.clearBrowserCache")
    sizes: list[float] = []
    session.on("Network.loadingFinished", lambda told: sizes.append(told["encodedDataLength"]))
    await page.goto("about:blank")
    sizes.clear()
    await page.goto("/#/status")
    await live(page)
    await page.locator(".services li").first.wait_for()
    ready = await page.evaluate("performance.now()")
    await page.wait_for_load_state("networkidle")
    return {
        "first load, bytes over HTTPS": sum(sizes) / 1000,
        "first load, requests": len(sizes),
        "time to interactive": ready,
    }


async def edges(page: Page, connection: Connection, sim: Service, count: int) -> dict[str, float]:
    """From the time stamp of an edge until its change is drawn.

    Ports take turns: of one alone that changes more often than 20 times a second, only the latest state is told.
    """
    await page.evaluate(_WATCH, _TAKE_TURNS)
    io = Service(connection, "org.axiod.io1")
    late = []
    for index in range(count):
        times, port = divmod(index, _TAKE_TURNS)
        condition = "closed" if times % 2 == 0 else "open"
        await sim.call(f"{sim.root}/terminal/port{port + 1}", _WIRE, "Set", condition)
        drawn = await page.evaluate(_DRAWN, index + 1)
        found = await io.properties(f"{io.root}/port/port{port + 1}", "org.axiod.io1.Port")
        stamp = found["LastChangeUsec"] / 1000
        late.append(drawn - stamp)
    steps = quantiles(late, n=100)
    return {"edge to screen, p50": steps[49], "edge to screen, p99": steps[98]}


async def wave(sim: Service, seconds: int, edges_a_second: int = EVENTS_A_SECOND) -> None:
    """Let wires make so many edges a second together, for so long."""
    hz = edges_a_second / _WAVED / 2
    for index in range(_WAVED):
        await sim.call(f"{sim.root}/terminal/port{index + 11}", _WIRE, "Wave", hz, max(1, int(seconds * hz)))


async def smooth(page: Page, sim: Service, seconds: int) -> dict[str, float]:
    """Whether the page keeps up while much happens."""
    await page.evaluate(_SMOOTH)
    before = await counted(page)
    await wave(sim, seconds)
    await asyncio.sleep(seconds)
    tasks, frames = await page.evaluate("[window.tasks, window.frames]")
    seen = await counted(page) - before
    return {
        "longest task at 100 events/s": max(tasks, default=0.0),
        "frames over 50 ms at 100 events/s": sum(frame > 50 for frame in frames),
        "events seen": seen / seconds,
    }


async def sensors(page: Page, seconds: int) -> dict[str, float]:
    """Whether the list of sensors keeps up while all of them are read once a second."""
    # How long it takes to draw the list is a matter of its own; its texts and its code are here then.
    await page.goto("/#/sensors/templates")
    await page.locator("main table").first.wait_for()
    drawn = await page.evaluate(_LIST, many_sensors.COUNT)
    await page.locator("[data-state=online]").nth(many_sensors.COUNT - 1).wait_for()
    await page.evaluate(_SMOOTH)
    await page.evaluate(_POLLS)
    await asyncio.sleep(seconds)
    tasks, frames, polls = await page.evaluate("[window.tasks, window.frames, window.polls]")
    return {
        "64 sensors drawn, from their link": drawn,
        "longest task with 64 sensors each second": max(tasks, default=0.0),
        "frames over 50 ms with 64 sensors each second": sum(frame > 50 for frame in frames),
        "polls of sensors drawn": polls / seconds,
    }


async def counted(page: Page) -> int:
    """How many events the page has heard of."""
    return int(await page.evaluate("import('/store.js').then((store) => store.heard.value)"))


async def memory(page: Page, device: WebDevice, sim: Service, seconds: int, edges_a_second: int) -> dict[str, float]:
    """How much the page holds, after its garbage was collected, and how much that and what feeds it grow."""
    session = await page.context.new_cdp_session(page)
    await wave(sim, seconds + 20, edges_a_second)
    await asyncio.sleep(20)
    first, events = await heap(session), await counted(page)
    services = await asyncio.to_thread(held, device)
    await asyncio.sleep(seconds)
    return {
        "heap after the first 20 s of events": first,
        "heap grown after that": await heap(session) - first,
        "seconds of that": seconds,
        "events seen meanwhile": await counted(page) - events,
        **{name: after - services[name] for name, after in (await asyncio.to_thread(held, device)).items()},
    }


def held(device: WebDevice) -> dict[str, float]:
    """Return what each service on the way of an event to the page holds, MiB, by the name of its figure."""
    return {_GROWN.format(name): sum(taken(pid)["PSS"] for pid in device.pids(name)) for name in _WATCHED}


async def heap(session: CDPSession) -> float:
    """Return the JavaScript heap in MiB."""
    await session.send("HeapProfiler.collectGarbage")
    found: dict[str, Any] = await session.send("Runtime.getHeapUsage")
    return float(found["usedSize"]) / 2**20
