# SPDX-License-Identifier: Apache-2.0
"""Makes a profile the board of this device."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from axiod import durable

if TYPE_CHECKING:
    from collections.abc import Mapping

CHOSEN = Path("/etc/axiod/board.yaml")
"""The board of this device, as the services take it when their settings name no other."""

_DUMPER: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)


def choose(profile: Mapping[str, Any], origin: Path, destination: Path = CHOSEN) -> None:
    """Write a whole profile (see loader.load_whole) that came from `origin` to where the services look for it.

    What was there is kept as DESTINATION.previous. It is on disk when this returns; raises OSError, and then nothing
    has changed.
    """
    text = yaml.dump(dict(profile), Dumper=_DUMPER, sort_keys=False, allow_unicode=True)
    head = f"# The board of this device, taken from {origin}. It is yours: no upgrade changes it.\n"
    durable.write(destination, head + text, mode=0o644)
