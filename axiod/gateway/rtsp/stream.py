# SPDX-License-Identifier: Apache-2.0
"""What one client of RTSP is told: each event a document of its own, in a packet of its own."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from axiod.gateway.outbox import Outbox
from axiod.gateway.rtsp.media import LARGEST
from axiod.gateway.vapix.audience import Follower

if TYPE_CHECKING:
    from axiod.gateway.person import Person
    from axiod.gateway.rtsp.media import Media, Packets
    from axiod.gateway.vapix.notification import Notification, Operation
    from axiod.gateway.vapix.topics import Filter

_log = logging.getLogger(__name__)


class Stream(Follower):
    """What one client is told."""

    def __init__(self, person: Person, filters: list[Filter], packets: Packets, media: Media) -> None:
        super().__init__(person, filters)
        self.packets = packets
        self.media = media
        self.outbox: Outbox[bytes] = Outbox(self._send)

    def tell(self, notification: Notification, operation: Operation) -> None:
        """See Follower."""
        document = notification.xml(operation)
        if len(document) > LARGEST:
            _log.error("an event of %s is too long for RTSP (%d bytes)", notification.event.topic, len(document))
            return
        self.outbox.put(document)

    def end(self, reason: str) -> None:
        """See Follower."""
        self.outbox.close(reason)

    async def _send(self, document: bytes) -> None:
        await self.media.send(self.packets.packet(document))
