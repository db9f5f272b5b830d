# SPDX-License-Identifier: Apache-2.0
"""What is stored: the sensors that were added.

sensors.yaml:
    version: 1
    sensors:
      cellar: {Name: Cellar, Port: rs485, Unit: 65, Template: tibbo_bp02}
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from axiod.bus import interface as contract
from axiod.bus.arguments import plain_options
from axiod.runtime.store import Store
from axiod.sensors.model import MOST, SensorSettings, check_id

if TYPE_CHECKING:
    from pathlib import Path

SENSOR = "org.axiod.sensors1.Sensor"
_VERSION = 1
_ALWAYS = ("Name", "Port", "Unit", "Template")

Sensors = dict[str, SensorSettings]


class SensorsFile:
    """The sensors that were added."""

    def __init__(self, state_dir: Path) -> None:
        """Raises HardwareFailure when the disk refuses to be read."""
        self._store = Store(state_dir / "sensors.yaml")
        nothing: Sensors = {}
        self.sensors = self._store.load(_read, nothing)

    async def save(self, id_: str, settings: SensorSettings) -> None:
        """Store a new or changed one; raises HardwareFailure, and then nothing changed."""
        await self._write(self.sensors | {id_: settings})

    async def remove(self, id_: str) -> None:
        """Store that there is one less; raises HardwareFailure, and then it is still there."""
        await self._write({key: settings for key, settings in self.sensors.items() if key != id_})

    async def _write(self, sensors: Sensors) -> None:
        names = {value.python_name: name for name, value in contract.load(SENSOR).configurable.items()}
        plain = {
            id_: {names[field]: value for field, value in settings.stored().items()}
            for id_, settings in sensors.items()
        }
        await asyncio.to_thread(self._store.save, {"version": _VERSION, "sensors": plain})
        self.sensors = sensors


def _read(found: Any) -> Sensors:
    match found:
        case {"version": 1, "sensors": dict(entries)} if len(found) == 2:
            pass
        case _:
            raise ValueError(f"it must have version: {_VERSION} and sensors, and nothing else")
    known = contract.load(SENSOR).configurable
    sensors: Sensors = {}
    for key, entry in entries.items():
        id_ = str(key)
        check_id(id_)
        if not isinstance(entry, dict):
            raise ValueError(f"{id_} must hold lines of the form NAME: VALUE")
        values = plain_options(known, {str(name): value for name, value in entry.items()}, f"setting of {id_}")
        if missing := [name for name in _ALWAYS if name not in values]:
            raise ValueError(f"{id_} must have {', '.join(missing)}")
        base = SensorSettings(values["Name"], values["Port"], values["Unit"], values["Template"])
        sensors[id_] = base.amended({known[name].python_name: value for name, value in values.items()})
    if len(sensors) > MOST:
        raise ValueError(f"it has {len(sensors)} sensors; there may be {MOST}")
    return sensors
