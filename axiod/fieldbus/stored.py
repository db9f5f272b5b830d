# SPDX-License-Identifier: Apache-2.0
"""What is stored: the settings of serial ports, and the TCP ports that were added.

ports.yaml:
    version: 1
    ports:
      boiler: {Kind: modbus-tcp, Name: Boiler, Host: 192.0.2.7, TcpPort: 502}
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from axiod.bus import interface as contract
from axiod.bus.arguments import plain_options
from axiod.fieldbus.model import MODBUS_TCP_PORT, MOST_TCP_PORTS, Kind, PortSettings, check_id
from axiod.runtime.named import NamedFile
from axiod.runtime.settings import SettingsFile

if TYPE_CHECKING:
    from pathlib import Path

    from axiod.board.profile import Serial

PORT = "org.axiod.fieldbus1.Port"
_TCP_KINDS = (Kind.MODBUS_TCP, Kind.RTU_OVER_TCP)

TcpPort = tuple[Kind, PortSettings]


def settings_file(state_dir: Path) -> SettingsFile:
    """Return the file of settings of serial ports; raises HardwareFailure."""
    return SettingsFile(state_dir / "settings.yaml", {"ports": PORT})


def serial_settings(file: SettingsFile, serial: Serial) -> PortSettings:
    """Return what was stored for a serial port."""
    return PortSettings(serial.terminal).amended(file.get("ports", serial.id))


def tcp_default(name: str) -> PortSettings:
    """Return the settings of a TCP port of which nothing but the name is known."""
    return PortSettings(name, host="", tcp_port=MODBUS_TCP_PORT)


def tcp_ports_file(state_dir: Path) -> NamedFile[TcpPort]:
    """Return the file of the TCP ports that were added; raises HardwareFailure."""
    return NamedFile(
        state_dir / "ports.yaml", "ports", MOST_TCP_PORTS, check_id=check_id, read=_read_tcp, plain=_plain_tcp
    )


def _plain_tcp(port: TcpPort) -> dict[str, Any]:
    kind, settings = port
    names = {value.python_name: name for name, value in contract.load(PORT).configurable.items()}
    beyond = settings.beyond(tcp_default(settings.name))
    return {"Kind": str(kind), "Name": settings.name, **{names[field]: value for field, value in beyond.items()}}


def _read_tcp(id_: str, given: dict[str, Any]) -> TcpPort:
    kind = given.pop("Kind", None)
    if kind not in _TCP_KINDS:
        raise ValueError(f"{id_} must have a Kind, {' or '.join(_TCP_KINDS)}")
    known = contract.load(PORT).configurable
    values = plain_options(known, given, f"setting of {id_}")
    if not values.get("Name") or not values.get("Host"):
        raise ValueError(f"{id_} must have a Name and a Host")
    changes = {known[name].python_name: value for name, value in values.items()}
    return Kind(kind), tcp_default(values["Name"]).amended(changes)
