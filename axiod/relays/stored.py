# SPDX-License-Identifier: Apache-2.0
"""The settings of relays that were stored."""

from __future__ import annotations

from typing import TYPE_CHECKING

from axiod.relays.model import RelaySettings
from axiod.runtime.settings import SettingsFile

if TYPE_CHECKING:
    from pathlib import Path

    from axiod.board.profile import Relay

RELAY = "org.axiod.relays1.Relay"


def settings_file(state_dir: Path) -> SettingsFile:
    """Return the file of settings; raises HardwareFailure."""
    return SettingsFile(state_dir / "settings.yaml", {"relays": RELAY})


def relay_settings(file: SettingsFile, relay: Relay) -> RelaySettings:
    """Return what was stored for a relay."""
    return RelaySettings.default(relay).amended(file.get("relays", relay.id))
