# SPDX-License-Identifier: Apache-2.0
"""Fieldbus ports: settings, and what may be in them. Pure: no bus, no device, no clock."""

from __future__ import annotations

import re
from dataclasses import dataclass, fields, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from axiod.errors import InvalidArgument
from axiod.fieldbus.frame import LONGEST_PDU
from axiod.modbus.line import BAUD_RATES, Line

if TYPE_CHECKING:
    from collections.abc import Mapping

TOPIC = "tnsaxiod:Fieldbus/PortOnline"
MOST_TCP_PORTS = 16
MODBUS_TCP_PORT = 502
_ID = re.compile(r"[a-z][a-z0-9_]{0,31}")
_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?\.?|[0-9A-Fa-f:.]+(%[A-Za-z0-9._-]+)?")
_OF_TCP = ("host", "tcp_port")
_OF_SERIAL = ("direction_control",)
_DEVICE_ITSELF = 255
_HIGHEST_UNIT = 247


class Kind(StrEnum):
    """What a port is."""

    SERIAL = "serial"
    MODBUS_TCP = "modbus-tcp"
    RTU_OVER_TCP = "rtu-over-tcp"


class State(StrEnum):
    """Whether a port can be used."""

    ONLINE = "online"
    OFFLINE = "offline"
    IN_USE = "in-use"
    DISABLED = "disabled"


@dataclass(frozen=True, slots=True)
class PortSettings:
    """The settings of a port. The fields are the Configurable properties of the contract."""

    name: str
    enabled: bool = True
    baud_rate: int = 9600
    parity: str = "none"
    stop_bits: int = 1
    turnaround_ms: int = 100
    silence_ms: int = 0
    timeout_ms: int = 500
    direction_control: str = "auto"
    host: str | None = None
    tcp_port: int | None = None

    @property
    def line(self) -> Line:
        """How characters are sent."""
        return Line(self.baud_rate, self.parity, self.stop_bits)

    def amended(self, changes: Mapping[str, Any]) -> PortSettings:
        """Return the settings with changes whose types and ranges are right; raises InvalidArgument for others that
        cannot be."""
        for name in changes:
            if name in _OF_TCP and self.host is None:
                raise InvalidArgument(f"a serial port has no {_spelt(name)}; its device is in the board profile")
            if name in _OF_SERIAL and self.host is not None:
                raise InvalidArgument(f"a TCP port has no {_spelt(name)}")
        check_baud_rate(changes.get("baud_rate"))
        if "host" in changes:
            check_host(changes["host"])
        return replace(self, **changes)

    def beyond(self, default: PortSettings) -> dict[str, Any]:
        """Return what differs from the default, by field."""
        mine = {item.name: getattr(self, item.name) for item in fields(self)}
        return {name: value for name, value in mine.items() if value != getattr(default, name)}


def check_baud_rate(rate: int | None) -> None:
    """Raise InvalidArgument for a baud rate that there is not."""
    if rate is not None and rate not in BAUD_RATES:
        raise InvalidArgument(f"BaudRate is {rate}; it must be one of {', '.join(map(str, BAUD_RATES))}")


def check_host(host: str) -> None:
    """Raise InvalidArgument for what is neither a name nor an address."""
    if not _HOST.fullmatch(host):
        raise InvalidArgument(f"Host is {host[:40]!r}; it must be a name or an address, without a port")


def check_id(id_: str) -> None:
    """Raise InvalidArgument for what cannot be the id of a port."""
    if not _ID.fullmatch(id_):
        raise InvalidArgument(
            f"Id is {id_[:40]!r}; it must be small letters, digits and _, a letter first, at most 32 characters"
        )


def check_transaction(kind: Kind, unit: int, pdu: bytes) -> None:
    """Raise InvalidArgument for a unit that cannot be, or a request that is none."""
    if not 0 <= unit <= _HIGHEST_UNIT and not (kind is Kind.MODBUS_TCP and unit == _DEVICE_ITSELF):
        raise InvalidArgument(f"unit is {unit}; it must be 1 to {_HIGHEST_UNIT}, or 0 for a broadcast")
    if not 1 <= len(pdu) <= LONGEST_PDU:
        raise InvalidArgument(f"pdu has {len(pdu)} bytes; it must have 1 to {LONGEST_PDU}, the function code first")
    if not 1 <= pdu[0] <= 127:
        raise InvalidArgument(f"pdu begins with {pdu[0]}; a function code is 1 to 127")


def event(id_: str, state: State) -> tuple[dict[str, str], dict[str, str]]:
    """Return source and data of the event of a port."""
    return {"port": id_}, {"online": str(int(state is State.ONLINE)), "state": str(state)}


def _spelt(name: str) -> str:
    return "".join(part.capitalize() for part in name.split("_"))
