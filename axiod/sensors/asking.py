# SPDX-License-Identifier: Apache-2.0
"""Asking a unit through axiod-fieldbus: registers, whether it is what its template says, and its set-up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from axiod.clock import monotonic_usec
from axiod.errors import HardwareFailure
from axiod.modbus import words
from axiod.modbus.words import EXCEPTION
from axiod.sensors.plan import read_pdu
from axiod.sensors.ports import PORT

if TYPE_CHECKING:
    from axiod.modbus.line import Line
    from axiod.sensors.ports import Ports
    from axiod.sensors.template import SetUp, Template

_PATIENCE_USEC = 3_000_000
"""A poll that was not sent by then is not wanted any more."""
_WRITE = 6
_NO_SUCH_REGISTER = (2, 3)


class Refused(Exception):
    """The unit answered that it will not; the text is one sentence for people."""

    def __init__(self, unit: int, code: int) -> None:
        super().__init__(f"unit {unit} refuses it: {words.exception(code)}")
        self.about_registers = code in _NO_SUCH_REGISTER
        """It does not have (all of) these registers."""


class WrongDevice(Exception):
    """Something else answers than the template says; the text is one sentence for people."""


@dataclass(frozen=True, slots=True)
class Unit:
    """One unit on one port, and how it is asked."""

    ports: Ports
    port: str
    address: int
    line: Line | None
    """None: as the port."""
    timeout_ms: int | None
    priority: str
    """request or poll."""

    async def registers(self, function: int, first: int, count: int) -> list[int]:
        """Read registers; raises Refused, and the errors of Transact."""
        answer = await self._transact(read_pdu(function, first, count))
        if len(answer) != 2 + 2 * count or answer[0] != function:
            raise HardwareFailure(f"unit {self.address} answered something else than {count} registers")
        return [int.from_bytes(answer[place : place + 2], "big") for place in range(2, len(answer), 2)]

    async def write(self, register: int, value: int) -> None:
        """Write a holding register; raises Refused, and the errors of Transact."""
        await self._transact(bytes((_WRITE,)) + register.to_bytes(2, "big") + value.to_bytes(2, "big"))

    async def _transact(self, pdu: bytes) -> bytes:
        options: dict[str, Any] = {"Priority": self.priority, "DeadlineUsec": monotonic_usec() + _PATIENCE_USEC}
        if self.line is not None:
            options |= {
                "BaudRate": self.line.baud_rate,
                "Parity": self.line.parity,
                "StopBits": self.line.stop_bits,
            }
        if self.timeout_ms is not None:
            options["TimeoutMs"] = self.timeout_ms
        path = self.ports.path(self.port)
        answer, _ = await self.ports.service.call(path, PORT, "Transact", self.address, pdu, options)
        answer = bytes(answer)
        if len(answer) == 2 and answer[0] & EXCEPTION:
            raise Refused(self.address, answer[1])
        return answer


async def identify(unit: Unit, template: Template) -> None:
    """See that a unit is what its template says; raises WrongDevice, and the errors of Transact."""
    for check in template.identify:
        try:
            (found,) = await unit.registers(check.function, check.register, 1)
        except Refused as refused:
            if not refused.about_registers:
                raise
            raise WrongDevice(
                f"unit {unit.address} is no {template.title}: it has no register {check.register}"
            ) from refused
        if found != check.equals:
            raise WrongDevice(
                f"unit {unit.address} is no {template.title}: its register {check.register} is {found}, "
                f"not {check.equals}"
            )


async def wrong_registers(unit: Unit, template: Template) -> list[SetUp]:
    """Return what of the set-up of a template a unit does not have; raises Refused, and the errors of Transact."""
    return [item for item in template.setup if await unit.registers(3, item.register, 1) != [item.value]]
