# SPDX-License-Identifier: Apache-2.0
"""What the module of a type gets to do. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from axiod.events.sending.message import File, Notification

if TYPE_CHECKING:
    from collections.abc import Mapping

    from axiod.events.recipient import Recipient


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a server may take."""

    connect: float = 10.0
    """Seconds until it must take a connection."""
    silence: float = 15.0
    """Seconds for which it may say nothing, or take nothing."""


@dataclass(frozen=True, slots=True)
class Job:
    """One notification or file for one recipient."""

    recipient: Recipient
    what: Notification | File
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    number: int = 0
    """Unique; the same whenever it is tried again."""
    created_usec: int = 0
    host_name: str = "localhost"
    """Of this device."""
    keep: bool = True
    """False for a test: a file is removed after it was written."""
    patience: Patience = field(default_factory=Patience)
    proxy: str = field(default="", repr=False)
    """The URL of the global proxy, for a recipient of HTTP that has none of its own; empty for none."""

    @property
    def host(self) -> str:
        return self.recipient.text("Host")

    @property
    def port(self) -> int:
        return self.recipient.number("Port")

    def secret(self, name: str) -> str:
        """Return a secret; "" where none is set."""
        return self.secrets.get(name, "")

    @property
    def notification(self) -> Notification:
        """What is to be told; TypeError for a file."""
        if not isinstance(self.what, Notification):
            raise TypeError("a file goes to ftp, sftp and network-share")
        return self.what

    @property
    def file(self) -> File:
        """What is to be written; TypeError for a notification."""
        if not isinstance(self.what, File):
            raise TypeError("a notification goes to http, https, smtp and tcp")
        return self.what
