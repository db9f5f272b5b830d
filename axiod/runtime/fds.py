# SPDX-License-Identifier: Apache-2.0
"""File descriptors that outlive the process.

systemd keeps them (FDSTORE=1) and hands them to the next start of the same service, so a line that is requested stays
requested, and an output stays where it is, whatever becomes of the process. Source: sd_notify(3), sd_listen_fds(3).
"""

from __future__ import annotations

import logging
import os

from systemd import daemon

_log = logging.getLogger(__name__)


class FdStore:
    """The descriptors that systemd keeps for this service, by name. Without systemd nothing is kept."""

    def __init__(self) -> None:
        self._inherited: dict[str, int] = {}
        for fd, name in daemon.listen_fds_with_names(unset_environment=True).items():
            os.set_inheritable(fd, False)  # noqa: FBT003 # the standard library's signature
            self._inherited[name] = fd

    @property
    def any(self) -> bool:
        """Something was inherited, and not taken yet."""
        return bool(self._inherited)

    def take(self, name: str) -> int | None:
        """Return the inherited descriptor of a name, once; it stays kept."""
        return self._inherited.pop(name, None)

    def keep(self, name: str, fd: int) -> None:
        """Have a descriptor kept under a name; one that was kept under it before is let go."""
        daemon.notify(f"FDSTOREREMOVE=1\nFDNAME={name}")
        daemon.notify(f"FDSTORE=1\nFDNAME={name}", fds=[fd])

    def drop(self, name: str) -> None:
        """Let go what is kept under a name."""
        daemon.notify(f"FDSTOREREMOVE=1\nFDNAME={name}")

    def drop_rest(self) -> None:
        """Let go what was inherited and not taken: what it belonged to is no longer there."""
        for name, fd in self._inherited.items():
            _log.warning("let go the descriptor %s, which nothing uses any more", name)
            os.close(fd)
            self.drop(name)
        self._inherited.clear()
