# SPDX-License-Identifier: Apache-2.0
"""What MQTT needs of the other parts of the service: what there is, what it is called, and a way to move outputs."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from axiod.bus import topics
from axiod.events.moving import Move, Superseded
from axiod.events.rule import Action

if TYPE_CHECKING:
    from collections.abc import Collection

    from axiod.bus.client import Event
    from axiod.errors import AxiodError
    from axiod.events.hearing import Hearing
    from axiod.events.log import LogHandler
    from axiod.events.moving import Mover
    from axiod.events.outputs import Outputs

_log = logging.getLogger(__name__)
_NUMBER = ("port", "RelayToken", "InputToken")
"""The items of a source that are the number of a port or relay."""
_SWITCHES = (topics.VIRTUAL_INPUT, topics.MANUAL_TRIGGER)
"""Their ports are others."""


class Parts:
    """The other parts, as axiod.events.mqtt.handler wants them."""

    def __init__(self, hearing: Hearing, outputs: Outputs, mover: Mover, log: LogHandler) -> None:
        self._hearing = hearing
        self._outputs = outputs
        self._mover = mover
        self._log = log

    def present(self) -> Collection[Event]:
        """Return the present value of every stateful event of all services, own ones too."""
        return self._hearing.present()

    def name_of(self, event: Event) -> str | None:
        """Return what people call the port or relay of an event; None where it has no name."""
        return self._outputs.names.get(_number(event))

    def command(self, event: Event, on: bool) -> None:
        """Turn the output of an event (IO/OutputPort, Trigger/Relay) on or off, now or never."""
        number = _number(event)
        for output in self._outputs.all.values():
            if output.number == number:
                break
        else:
            _log.warning("there is no output %d, which was to be switched over MQTT", number)
            return
        text = f"{output.id} switched {'on' if on else 'off'} over MQTT"

        def ended(error: AxiodError | Superseded | None) -> None:
            if error is None:
                self._log.action("", text, "done")

        def failed(error: AxiodError) -> None:
            _log.error("%s failed: %s", text, error)
            self._log.action("", f"{text} failed: {error}", "failed")

        self._mover.submit(Move(Action("set", {"Output": output.id, "Active": on}), ended, failed))


def _number(event: Event) -> int:
    if event.topic in _SWITCHES:
        return -1
    texts = (event.source[name] for name in _NUMBER if name in event.source)
    return next((int(text) for text in texts if text.isascii() and text.isdecimal()), -1)
