# SPDX-License-Identifier: Apache-2.0
"""org.axiod.sim1 on the bus: the hands of whoever plays with the simulated board."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

from axiod.board.profile import Scheme
from axiod.bus.interface import snake
from axiod.errors import Conflict
from axiod.gpio.protocol import serial_path, socket_path
from axiod.runtime.config import ConfigError
from axiod.sim.bus import BusHandler
from axiod.sim.lamp import lamps
from axiod.sim.lines import LineServer
from axiod.sim.play import Player
from axiod.sim.world import shown_ohms, terminals

if TYPE_CHECKING:
    from axiod.runtime.app import Context
    from axiod.sim.lamp import Lamp
    from axiod.sim.world import Drive, Terminal, Wire

WIRE = "org.axiod.sim1.Wire"
DRIVE = "org.axiod.sim1.Drive"
LAMP = "org.axiod.sim1.Lamp"


class WireHandler:
    """org.axiod.sim1.Wire; the attributes are the properties of the contract."""

    terminal: str

    def __init__(self, terminal: Terminal, wire: Wire, player: Player) -> None:
        self.terminal = terminal.label
        self._of = terminal
        self._wire = wire
        self._player = player

    @property
    def condition(self) -> str:
        return self._wire.condition

    @property
    def ohms(self) -> float | None:
        return shown_ohms(self._wire.ohms)

    @property
    def resistors(self) -> str:
        return self._wire.resistors

    @property
    def noise_percent(self) -> float:
        return self._wire.noise_percent

    @property
    def bounce_ms(self) -> int:
        return self._wire.bounce_ms

    @property
    def transitions(self) -> int:
        return self._wire.transitions

    @property
    def wave_hz(self) -> float | None:
        return self._wire.wave_hz

    def set(self, condition: str) -> None:
        def change() -> None:
            self._wire.condition = condition

        self._player.put(change)

    def set_ohms(self, ohms: float) -> None:
        def change() -> None:
            self._wire.condition, self._wire.fixed_ohms = "resistance", ohms

        self._player.put(change)

    def wave(self, hz: float, cycles: int) -> None:
        self._player.wave(hz, cycles)

    def set_broken(self, broken: bool) -> None:
        self._wire.broken = broken
        self._of.changed()

    def configure(self, changes: dict[str, Any]) -> None:
        def change() -> None:
            for name, value in changes.items():
                setattr(self._wire, snake(name), Scheme(value) if name == "Resistors" else value)

        self._player.put(change)


class DriveHandler:
    """org.axiod.sim1.Drive; the attributes are the properties of the contract."""

    terminal: str

    def __init__(self, terminal: Terminal, drive: Drive) -> None:
        self.terminal = terminal.label
        self._of = terminal
        self._drive = drive

    @property
    def active(self) -> bool:
        return self._drive.active

    @property
    def held(self) -> bool:
        return self._drive.held

    @property
    def transitions(self) -> int:
        return self._drive.transitions

    @property
    def normally_open(self) -> str | None:
        return None if self._drive.form in (None, "form-b") else "closed" if self._drive.active else "open"

    @property
    def normally_closed(self) -> str | None:
        return None if self._drive.form in (None, "form-a") else "open" if self._drive.active else "closed"

    def set_broken(self, broken: bool) -> None:
        self._drive.broken = broken
        self._of.changed()


class LampHandler:
    """org.axiod.sim1.Lamp; the attributes are the properties of the contract."""

    terminal: str

    def __init__(self, lamp: Lamp) -> None:
        self.terminal = lamp.label
        self._lamp = lamp

    @property
    def colour(self) -> str:
        return self._lamp.colour

    @property
    def trigger(self) -> str:
        return self._lamp.trigger

    @property
    def changes(self) -> int:
        return self._lamp.changes

    def set_trigger(self, trigger: str) -> None:
        if self._lamp.broken:
            raise Conflict(f"{self._lamp.id} is broken; mend it first")
        self._lamp.write("trigger", trigger)

    def set_broken(self, broken: bool) -> None:
        self._lamp.broken = broken
        self._lamp.changed()


class Simulation:
    """The simulated board, powered as long as this lives."""

    def __init__(self, context: Context) -> None:
        board = context.board
        if not any(chip.simulated for chip in board.chips):
            raise ConfigError(f"board {board.name} is not simulated; use a9210-sim, or a profile with simulated: true")
        parts = terminals(board)
        lights = lamps(board)
        self._lines = LineServer(parts, lights)
        self._players: list[Player] = []
        for terminal in parts:
            path = f"{context.path}/terminal/{terminal.id}"
            if terminal.wire is not None:
                player = Player(terminal, terminal.wire, self._lines, context.tasks)
                self._players.append(player)
                context.server.export(path, WIRE, WireHandler(terminal, terminal.wire, player))
                terminal.watchers.append(partial(context.server.changed, path, WIRE))
            if terminal.drive is not None:
                context.server.export(path, DRIVE, DriveHandler(terminal, terminal.drive))
                terminal.watchers.append(partial(context.server.changed, path, DRIVE))
        for lamp in lights:
            path = f"{context.path}/terminal/{lamp.id}"
            context.server.export(path, LAMP, LampHandler(lamp))
            lamp.watchers.append(partial(context.server.changed, path, LAMP))
        self._buses = [
            BusHandler(context, serial.id, Path(serial_path(serial.id)), Random())  # noqa: S311 # a game
            for serial in board.serial
            if serial.simulated
        ]
        self._lines.listen(Path(socket_path()))
        context.root.say(f"{len(parts)} terminals of board {board.name}")

    async def stop(self) -> None:
        for player in self._players:
            player.stop()
        for bus in self._buses:
            bus.close()
        self._lines.close()


async def start(context: Context) -> Simulation:
    """Start the simulated world."""
    return Simulation(context)
