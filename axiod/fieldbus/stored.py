# SPDX-License-Identifier: Apache-2.0
"""What is stored: the settings of serial ports, and the TCP ports that were added.

ports.yaml:
    version: 1
    ports:
      boiler: {Kind: modbus-tcp, Name: Boiler, Host: 192.0.2.7, TcpPort: 502}
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from axiod.bus import interface as contract
from axiod.bus.arguments import plain_options
from axiod.fieldbus.model import MODBUS_TCP_PORT, MOST_TCP_PORTS, Kind, PortSettings, check_id
from axiod.runtime.settings import SettingsFile
from axiod.runtime.store import Store

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from axiod.board.profile import Serial

PORT = "org.axiod.fieldbus1.Port"
_VERSION = 1
_TCP_KINDS = (Kind.MODBUS_TCP, Kind.RTU_OVER_TCP)

TcpPorts = dict[str, tuple[Kind, PortSettings]]


def settings_file(state_dir: Path) -> SettingsFile:
    """Return the file of settings of serial ports; raises HardwareFailure."""
    return SettingsFile(state_dir / "settings.yaml", {"ports": PORT})


def serial_settings(file: SettingsFile, serial: Serial) -> PortSettings:
    """Return what was stored for a serial port."""
    return PortSettings(serial.terminal).amended(file.get("ports", serial.id))


def tcp_default(name: str) -> PortSettings:
    """Return the settings of a TCP port of which nothing but the name is known."""
    return PortSettings(name, host="", tcp_port=MODBUS_TCP_PORT)


class TcpPortsFile:
    """The TCP ports that were added."""

    def __init__(self, state_dir: Path) -> None:
        """Raises HardwareFailure when the disk refuses to be read."""
        self._store = Store(state_dir / "ports.yaml")
        nothing: TcpPorts = {}
        self.ports = self._store.load(_read, nothing)

    async def save(self, id_: str, kind: Kind, settings: PortSettings) -> None:
        """Store a new or changed one; raises HardwareFailure, and then nothing changed."""
        await self._write(self.ports | {id_: (kind, settings)})

    async def remove(self, id_: str) -> None:
        """Store that there is one less; raises HardwareFailure, and then it is still there."""
        await self._write({key: port for key, port in self.ports.items() if key != id_})

    async def _write(self, ports: TcpPorts) -> None:
        names = {value.python_name: name for name, value in contract.load(PORT).configurable.items()}
        plain: Mapping[str, Any] = {
            id_: {
                "Kind": str(kind),
                "Name": settings.name,
                **{names[field]: value for field, value in settings.beyond(tcp_default(settings.name)).items()},
            }
            for id_, (kind, settings) in ports.items()
        }
        await asyncio.to_thread(self._store.save, {"version": _VERSION, "ports": plain})
        self.ports = ports


def _read(found: Any) -> TcpPorts:
    match found:
        case {"version": 1, "ports": dict(entries)} if len(found) == 2:
            pass
        case _:
            raise ValueError(f"it must have version: {_VERSION} and ports, and nothing else")
    known = contract.load(PORT).configurable
    ports: TcpPorts = {}
    for key, entry in entries.items():
        id_ = str(key)
        check_id(id_)
        if not isinstance(entry, dict) or entry.get("Kind") not in _TCP_KINDS:
            raise ValueError(f"{id_} must have a Kind, {' or '.join(_TCP_KINDS)}")
        given = {str(name): value for name, value in entry.items() if name != "Kind"}
        values = plain_options(known, given, f"setting of {id_}")
        if not values.get("Name") or not values.get("Host"):
            raise ValueError(f"{id_} must have a Name and a Host")
        changes = {known[name].python_name: value for name, value in values.items()}
        ports[id_] = (Kind(entry["Kind"]), tcp_default(values["Name"]).amended(changes))
    if len(ports) > MOST_TCP_PORTS:
        raise ValueError(f"there are more than {MOST_TCP_PORTS} ports")
    return ports
