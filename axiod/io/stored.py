# SPDX-License-Identifier: Apache-2.0
"""The settings of ports and alarms that were stored."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from axiod.errors import AxiodError
from axiod.io.model import AlarmSettings, PortSettings
from axiod.runtime.settings import SettingsFile

if TYPE_CHECKING:
    from pathlib import Path

    from axiod.board.profile import Alarm, Port

_log = logging.getLogger(__name__)

PORT = "org.axiod.io1.Port"
ALARM = "org.axiod.io1.Alarm"


def settings_file(state_dir: Path) -> SettingsFile:
    """Return the file of settings; raises HardwareFailure."""
    return SettingsFile(state_dir / "settings.yaml", {"ports": PORT, "alarms": ALARM})


def port_settings(file: SettingsFile, port: Port) -> PortSettings:
    """Return what was stored for a port; its default where the board cannot do that (any more)."""
    default = PortSettings.default(port)
    try:
        return default.for_port(port, file.get("ports", port.id))
    except AxiodError as error:
        _refuse(port.id, error)
        return default


def alarm_settings(file: SettingsFile, alarm: Alarm) -> AlarmSettings:
    """Return what was stored for an alarm; its default where the board cannot do that (any more)."""
    default = AlarmSettings.default(alarm)
    try:
        return default.for_alarm(alarm, file.get("alarms", alarm.id))
    except AxiodError as error:
        _refuse(alarm.id, error)
        return default


def _refuse(id_: str, error: AxiodError) -> None:
    _log.error("the stored settings of %s cannot be used and are left alone: %s", id_, error)
