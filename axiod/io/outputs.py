# SPDX-License-Identifier: Apache-2.0
"""org.axiod.io1.Outputs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from axiod.bus.arguments import unknown
from axiod.errors import NotFound
from axiod.gpio.together import set_all

if TYPE_CHECKING:
    from collections.abc import Iterable

    from axiod.gpio.output import Output
    from axiod.io.port import PortHandler

OUTPUTS = "org.axiod.io1.Outputs"


class OutputsHandler:
    """org.axiod.io1.Outputs."""

    def __init__(self, ports: Iterable[PortHandler]) -> None:
        self._ports = {port.id: port for port in ports}

    async def set_all(self, states: dict[str, bool], options: dict[str, Any]) -> None:
        await set_all([(self._output(id_), active) for id_, active in states.items()], options["DeadlineUsec"])

    def _output(self, id_: str) -> Output:
        if id_ not in self._ports:
            raise NotFound(unknown("port", id_, self._ports))
        return self._ports[id_].driven()
