# SPDX-License-Identifier: Apache-2.0
"""What manages an interface, as axiod-network sees it: an adapter each for NetworkManager and systemd-networkd.

Everything else is shown and left alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from axiod.network.model import Addressing

ALL = ("ipv4", "ipv6", "dns", "fallback")


@dataclass(frozen=True, slots=True)
class Managed:
    """What a backend says of one interface."""

    backend: str
    capabilities: tuple[str, ...] = ()
    read_only_because: str | None = None
    addressing: Addressing | None = None
    """The settings as the backend has them; None where it does not say."""
    name_servers: tuple[str, ...] = ()
    search_domains: tuple[str, ...] = ()
    """Those in force."""


class Backend(Protocol):
    """Something that manages interfaces."""

    async def read(self, name: str) -> Managed | None:
        """Return what it says of an interface; None where it does not manage it. Raises AxiodError."""

    async def apply(self, name: str, addressing: Addressing) -> None:
        """Store settings of an interface that it manages, and put them into force.

        Raises NotSupported, Unavailable or HardwareFailure, and then the former settings stay.
        """

    async def ask_again(self, name: str, *, leased: bool) -> None:
        """Have it ask for addresses at once; `leased`: it has some, which stay if they are still right.

        Raises AxiodError.
        """

    async def capture(self, names: list[str]) -> Any:
        """Return all that it has stored of interfaces, as JSON has it; for restore()."""

    async def restore(self, former: Any) -> None:
        """Make what is stored and in force what capture() said. Raises AxiodError."""
