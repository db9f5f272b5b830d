# SPDX-License-Identifier: Apache-2.0
"""What is stored: the sensors that were added.

sensors.yaml:
    version: 1
    sensors:
      cellar: {Name: Cellar, Port: rs485, Unit: 65, Template: tibbo_bp02}
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from axiod.bus import interface as contract
from axiod.bus.arguments import plain_options
from axiod.runtime.named import NamedFile
from axiod.sensors.model import MOST, SensorSettings, check_id

if TYPE_CHECKING:
    from pathlib import Path

SENSOR = "org.axiod.sensors1.Sensor"
_ALWAYS = ("Name", "Port", "Unit", "Template")


def sensors_file(state_dir: Path) -> NamedFile[SensorSettings]:
    """Return the file of the sensors that were added; raises HardwareFailure."""
    return NamedFile(state_dir / "sensors.yaml", "sensors", MOST, check_id=check_id, read=_read, plain=_plain)


def _plain(settings: SensorSettings) -> dict[str, Any]:
    names = {value.python_name: name for name, value in contract.load(SENSOR).configurable.items()}
    return {names[field]: value for field, value in settings.stored().items()}


def _read(id_: str, given: dict[str, Any]) -> SensorSettings:
    known = contract.load(SENSOR).configurable
    values = plain_options(known, given, f"setting of {id_}")
    if missing := [name for name in _ALWAYS if name not in values]:
        raise ValueError(f"{id_} must have {', '.join(missing)}")
    base = SensorSettings(values["Name"], values["Port"], values["Unit"], values["Template"])
    return base.amended({known[name].python_name: value for name, value in values.items()})
