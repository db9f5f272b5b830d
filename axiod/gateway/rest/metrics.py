# SPDX-License-Identifier: Apache-2.0
"""/metrics: figures in the text format of Prometheus (version 0.0.4). Off unless the settings say otherwise."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from aiohttp import web

from axiod.bus import interface as contract
from axiod.bus.caller import Role
from axiod.errors import NotFound, Unavailable
from axiod.gateway.names import PORT, RELAY, WEB
from axiod.gateway.route import Route

if TYPE_CHECKING:
    from collections.abc import Iterator

    from axiod.gateway.context import Gateway
    from axiod.gateway.mirror import Thing
    from axiod.gateway.rest.feed import Feed

PATH = "/metrics"
_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_ESCAPED = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n"})


@dataclass(slots=True)
class Family:
    """One metric with all its samples."""

    name: str
    kind: str
    """gauge or counter."""
    help: str
    samples: list[tuple[dict[str, str], float]] = field(default_factory=list)

    def add(self, value: float, **labels: str) -> None:
        """Add a sample."""
        self.samples.append((labels, value))

    def text(self) -> str:
        """Return it as Prometheus reads it."""
        lines = [f"# HELP {self.name} {self.help}", f"# TYPE {self.name} {self.kind}"]
        for labels, value in self.samples:
            pairs = ",".join(f'{name}="{_escaped(item)}"' for name, item in labels.items())
            lines.append(f"{self.name}{{{pairs}}} {value:.17g}" if pairs else f"{self.name} {value:.17g}")
        return "\n".join(lines) + "\n"


class Metrics:
    """Tells the figures."""

    def __init__(self, gateway: Gateway, feed: Feed) -> None:
        self._gateway = gateway
        self._mirror = gateway.mirror
        self._feed = feed

    def routes(self) -> Iterator[Route]:
        """Yield what there is to ask for."""
        yield Route("GET", PATH, self._show, Role.VIEWER)

    async def _show(self, _request: web.Request) -> web.Response:
        if not self._mirror.thing(WEB)["Metrics"]:
            raise NotFound("metrics are off; an administrator turns them on with the setting Metrics of web")
        text = "".join(family.text() for family in self.families() if family.samples)
        return web.Response(body=text.encode(), headers={"Content-Type": _TYPE})

    def families(self) -> Iterator[Family]:
        """Yield every metric; those of a service that is away have no samples."""
        yield from self._services()
        yield from self._circuits("port", self._things(PORT), "Counter")
        yield from self._circuits("relay", self._things(RELAY), "Cycles")
        answers = Family("axiod_gateway_requests_total", "counter", "Requests of HTTP that were answered, by status.")
        for status, count in sorted(self._gateway.answers.items()):
            answers.add(count, status=str(status))
        yield answers
        clients = Family("axiod_gateway_clients", "gauge", "Open connections.")
        clients.add(len(self._gateway.clients))
        yield clients
        streams = Family("axiod_gateway_event_streams", "gauge", "Open streams of /api/v1/events.")
        streams.add(self._feed.streams)
        yield streams
        sequence = Family("axiod_gateway_events_total", "counter", "What was told on /api/v1/events, to whomever.")
        sequence.add(self._feed.sequence)
        yield sequence

    def _services(self) -> Iterator[Family]:
        up = Family("axiod_service_up", "gauge", "1 while the service is there.")
        healthy = Family("axiod_service_healthy", "gauge", "1 while everything that the service owns works.")
        started = Family("axiod_service_start_time_seconds", "gauge", "When the service started, since 1970 (UTC).")
        for name in self._mirror.services:
            stem, about = contract.stem(name), self._mirror.about(name)
            up.add(self._mirror.available(name), service=stem)
            if about:
                healthy.add(about["Health"] == "ok", service=stem)
                started.add(about["StartedUsec"] / 1e6, service=stem)
        yield from (up, healthy, started)

    def _circuits(self, kind: str, things: list[Thing], counter: str) -> Iterator[Family]:
        active = Family(f"axiod_{kind}_active", "gauge", f"1 while the {kind} is active.")
        total = Family(f"axiod_{kind}_activations_total", "counter", f"How often the {kind} became active.")
        good = Family(f"axiod_{kind}_good", "gauge", f"1 while what is said of the {kind} can be trusted.")
        for thing in things:
            labels = {"id": thing.id, "name": thing["Name"]}
            if "Active" in thing.properties:
                active.add(thing["Active"], **labels)
            total.add(thing[counter], **labels)
            good.add(thing["Quality"] == "good", **labels)
        yield from (active, total, good)

    def _things(self, interface: str) -> list[Thing]:
        try:
            return self._mirror.things(interface)
        except Unavailable:
            return []


def _escaped(text: str) -> str:
    return text.translate(_ESCAPED)
