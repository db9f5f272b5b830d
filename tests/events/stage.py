# SPDX-License-Identifier: Apache-2.0
"""A world for the rule engine: services with states, outputs, a disk, and time that passes when it is told to."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from axiod.bus import topics
from axiod.events.effect import Became, Dropped, Perform, Save, Suspended, Undo
from axiod.events.engine import Engine
from axiod.events.moment import Happening, Moment
from axiod.events.output import Output, OutputKind, target
from axiod.events.rule import Action, Condition, Rule

if TYPE_CHECKING:
    from collections.abc import Iterable

    from axiod.events.effect import Effect
    from axiod.events.moment import Told

IO, RELAYS, SYSTEM, EVENTS = topics.IO, topics.RELAYS, topics.SYSTEM, topics.EVENTS
SERVICES = (IO, RELAYS, SYSTEM, EVENTS)
OUTPUTS = (
    Output("relay1", 5, OutputKind.RELAY),
    Output("relay2", 6, OutputKind.RELAY),
    Output("io3", 2, OutputKind.PORT),
)
START = Moment(1_000_000_000, 1_800_000_000_000_000)
STATELESS = (topics.PULSE, topics.MQTT_STATELESS)


def port(number: int, state: str = "1", **more: Any) -> Condition:
    return Condition(topics.PORT, {"port": str(number)}, "state", state, **more)


def schedule(id_: str = "office", active: str = "1", **more: Any) -> Condition:
    return Condition(topics.INTERVAL, {"id": id_}, "active", active, **more)


def pulse(id_: str = "tick") -> Condition:
    return Condition(topics.PULSE, {"id": id_})


def on(output: str = "relay1", **more: Any) -> Action:
    return Action("set", {"Output": output, "Active": True}, **more)


def off(output: str = "relay1", **more: Any) -> Action:
    return Action("set", {"Output": output, "Active": False}, **more)


def rule(id_: str, conditions: Iterable[Condition], actions: Iterable[Action] = (), **more: Any) -> Rule:
    return Rule(id_, f"rule {id_}", more.pop("enabled", True), tuple(conditions), tuple(actions or (on(),)), **more)


class Stage:
    """An engine with the world around it."""

    def __init__(self, *rules: Rule, heard: bool = True) -> None:
        self.now = START
        self.boot = 1
        self.rules = {one.id: one for one in rules}
        self.states: dict[str, dict[tuple[str, str], Happening]] = {service: {} for service in SERVICES}
        self.disk: dict[str, Any] = {}
        self.outputs: dict[str, bool] = {}
        self.log: list[str] = []
        """What was done, in order: "1.1.0 set relay1 on"."""
        self.said: list[str] = []
        """What became of the rules."""
        self.seen: list[Told | None] = []
        """The events that came with the actions."""
        self.overdue: list[int] = []
        """How long ago the time of each action came, in microseconds."""
        self.confirming = True
        """What is carried out is confirmed at once."""
        self.engine = Engine(SERVICES, "boot1")
        self.engine.set_outputs(OUTPUTS)
        if heard:
            self.hear()
        for one in rules:
            self.do(self.engine.put(one, self.now))

    # --- what happens ---

    def tell(self, service: str, topic: str, source: dict[str, str], data: dict[str, str]) -> None:
        told = Happening(topic, source, data, self.now.wall_usec)
        if topic not in STATELESS:
            self.states[service][topic, json.dumps(source)] = told
        self.do(self.engine.event(service, told, self.now))

    def port(self, number: int, state: int) -> None:
        self.tell(IO, topics.PORT, {"port": str(number)}, {"state": str(state)})

    def schedule(self, id_: str, active: int) -> None:
        self.tell(EVENTS, topics.INTERVAL, {"id": id_}, {"active": str(active)})

    def pulse(self, id_: str = "tick") -> None:
        self.tell(EVENTS, topics.PULSE, {"id": id_}, {})

    def gone(self, service: str, topic: str, source: dict[str, str]) -> None:
        del self.states[service][topic, json.dumps(source)]
        self.hear(service)

    def hear(self, *services: str) -> None:
        for service in services or SERVICES:
            self.do(self.engine.snapshot(service, list(self.states[service].values()), self.now))

    def wait(self, seconds: float) -> None:
        """Let time pass, as the service does: what is due is done at its time."""
        end = self.now.after(round(seconds * 1e6))
        while (due := self.engine.next_due) is not None and due <= end.monotonic_usec:
            self.now = self.now.after(max(0, due - self.now.monotonic_usec))
            self.do(self.engine.due(self.now))
        self.now = end

    def put(self, changed: Rule) -> None:
        self.rules[changed.id] = changed
        self.do(self.engine.put(changed, self.now))

    def remove(self, id_: str) -> None:
        del self.rules[id_]
        self.do(self.engine.remove(id_, self.now))

    # --- the service around the engine ---

    def do(self, effects: list[Effect]) -> None:
        for effect in effects:
            self.carry_out(effect)

    def carry_out(self, effect: Effect) -> None:
        match effect:
            case Save():
                self.save(effect)
            case Perform():
                self.perform(effect)
                self.seen.append(effect.happening)
                self.overdue.append(effect.overdue_usec)
                if self.confirming:
                    self.do(self.engine.done(effect.rule, effect.activation, effect.step, self.now))
            case Undo():
                self.perform(effect)
                if self.confirming:
                    self.do(self.engine.undone(effect.rule, effect.activation, effect.step, self.now))
            case Became():
                self.said.append(f"{effect.rule} {'on' if effect.active else 'off'}: {effect.text}")
            case Suspended():
                self.said.append(f"{effect.rule} suspended")
            case Dropped():
                self.said.append(f"{effect.rule} dropped: {effect.text}")

    def save(self, effect: Save) -> None:
        if effect.state is None:
            self.disk.pop(effect.rule, None)
        else:
            self.disk[effect.rule] = json.loads(json.dumps(effect.state))

    def perform(self, effect: Perform | Undo) -> None:
        action = effect.action
        moved = target(action)
        undo = " undo" if isinstance(effect, Undo) else ""
        level = ""
        if moved is not None and action.kind in ("set", "virtual-input"):
            self.outputs[moved] = bool(action.parameters["Active"])
            level = " on" if self.outputs[moved] else " off"
        what = f"{action.kind} {moved}" if moved else action.kind
        self.log.append(f"{effect.rule}.{effect.activation}.{effect.step}{undo} {what}{level}")

    def restart(self, *, reboot: bool = False, away: float = 0, hear: bool = True) -> None:
        """End the service and start it again; after a reboot the monotonic clock begins anew."""
        self.now = self.now.after(round(away * 1e6))
        if reboot:
            self.boot += 1
            self.now = Moment(5_000_000, self.now.wall_usec)
        self.engine = Engine(SERVICES, f"boot{self.boot}")
        self.engine.set_outputs(OUTPUTS)
        ids = dict.fromkeys([*self.rules, *self.disk])
        self.do(self.engine.restore([(id_, self.rules.get(id_), self.disk.get(id_)) for id_ in ids], self.now))
        if hear:
            self.hear()

    def took(self) -> list[str]:
        """Return what was done since this was asked last."""
        log, self.log = self.log, []
        return log
