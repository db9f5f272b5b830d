# SPDX-License-Identifier: Apache-2.0
"""org.axiod.io1: all ports, alarms and LEDs of the board."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from axiod.gpio.adc import BoardAdc
from axiod.gpio.board import BoardLines
from axiod.gpio.keeper import Keeper
from axiod.gpio.led import lamp
from axiod.io.alarm import AlarmHandler
from axiod.io.circuit import Shared
from axiod.io.led import LedHandler
from axiod.io.loops import LoopReader
from axiod.io.outputs import OUTPUTS, OutputsHandler
from axiod.io.port import PortHandler
from axiod.io.stored import alarm_settings, port_settings, settings_file

if TYPE_CHECKING:
    from axiod.runtime.app import Context


class IoService:
    """All ports, alarms and LEDs of the board."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._loops = LoopReader(BoardAdc(), context.tasks)
        lines = BoardLines(context.board)
        file = settings_file(context.state_dir)
        shared = Shared(context, lines, self._loops, file, asyncio.Lock())
        ports = [PortHandler(shared, port, port_settings(file, port)) for port in context.board.ports]
        self._outputs = OutputsHandler(ports)
        self._handlers: list[PortHandler | AlarmHandler | LedHandler] = [
            *ports,
            *(AlarmHandler(shared, alarm, alarm_settings(file, alarm)) for alarm in context.board.alarms),
            *(LedHandler(context, led, lamp(led, lines, context.fds)) for led in context.board.free_leds),
        ]
        self._keeper = Keeper(context, lines, self._handlers)

    def start(self) -> None:
        """Take every line, export everything, and go on trying for what could not be had."""
        self._context.server.export(self._context.path, OUTPUTS, self._outputs)
        for handler in self._handlers:
            self._context.server.export(handler.path, handler.interface, handler)
        self._keeper.start()
        board = self._context.board
        self._context.root.say(f"{len(board.ports)} ports and {len(board.alarms)} alarms of board {board.name}")

    async def stop(self) -> None:
        self._keeper.stop()
        self._loops.close()
        for handler in self._handlers:
            handler.close()


async def start(context: Context) -> IoService:
    """Start the service."""
    service = IoService(context)
    service.start()
    return service
