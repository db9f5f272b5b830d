# SPDX-License-Identifier: Apache-2.0
"""A packet filter that lets everything through: for a device that is simulated on somebody's own machine.

Whatever is tried on it is stored and told as on a device, and no packet of that machine is dropped.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from axiod.network.firewall.backend import Nft

if TYPE_CHECKING:
    from collections.abc import Mapping

    from axiod.network.firewall.backend import Filtering

VARIABLE = "AXIOD_PACKET_FILTER"
"""An environment variable that says "rehearsal"."""


def chosen() -> Filtering:
    """Return the packet filter of this machine, unless the environment says that it is only a rehearsal."""
    return Rehearsal() if os.environ.get(VARIABLE) == "rehearsal" else Nft()


class Rehearsal:
    """Takes everything. It ends with the process, as that of the kernel does with the machine."""

    supported = True

    def __init__(self) -> None:
        self._added: list[Any] = []

    async def check(self, document: Mapping[str, Any]) -> None:
        """See Filtering."""

    async def apply(self, document: Mapping[str, Any]) -> None:
        """See Filtering."""
        # A document that does not begin with the whole table is about who is shut out: nobody is here.
        if any("table" in command.get("delete", {}) for command in document["nftables"]):
            self._added = [command["add"] for command in document["nftables"] if "add" in command]

    async def table(self) -> Mapping[str, Any] | None:
        """See Filtering."""
        return {"nftables": self._added}

    async def everything(self) -> Mapping[str, Any]:
        """See Filtering."""
        return {"nftables": self._added}
