# SPDX-License-Identifier: Apache-2.0
"""The certificate that HTTPS presents: follows the one that axiod-system names, and keeps the former of a bad one."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from axiod.errors import AxiodError
from axiod.gateway import tls
from axiod.gateway.names import CERTIFICATE, SYSTEM, WEB

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable

    from axiod.gateway.mirror import Mirror, Thing

_log = logging.getLogger(__name__)


class PresentCertificate:
    """What new connections over TLS are given; those that are open keep what they have."""

    def __init__(self, mirror: Mirror, changed: Callable[[], object]) -> None:
        """`changed` is called when there is another context, or another problem."""
        self.context: ssl.SSLContext | None = None
        """None until there is a certificate."""
        self.problem: str | None = None
        self._mirror = mirror
        self._changed = changed
        self._pem: str | None = None
        """The certificate that is in the context."""
        self._task: asyncio.Task[None] | None = None
        self._once_more = False

    def concerns(self, thing: Thing) -> bool:
        """Whether follow() should be called when something changed."""
        return thing.interface in (WEB, CERTIFICATE)

    def follow(self) -> None:
        """Take the certificate that is named now, if it is another one."""
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._follow())
        else:
            self._once_more = True

    async def settled(self) -> None:
        """Wait until what was named is taken."""
        while self._task is not None:
            await asyncio.wait([self._task])

    async def stop(self) -> None:
        """Follow no more."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    async def _follow(self) -> None:
        former = self.context, self.problem
        try:
            await self._take()
        except (AxiodError, ValueError) as error:
            self.problem = f"HTTPS keeps what it had: {error}"
        finally:
            self._task = None
        if (self.context, self.problem) != former:
            self._changed()
        if self._once_more:
            self._once_more = False
            self.follow()

    async def _take(self) -> None:
        if not self._mirror.available(SYSTEM):
            return
        name = self._mirror.thing(WEB)["Certificate"]
        thing = self._mirror.thing(CERTIFICATE, name)
        pem = thing["Pem"]
        if pem != self._pem:
            key = await self._mirror.call(thing, "Key")
            self.context = tls.context(pem, key)
            self._pem = pem
            _log.info("HTTPS presents the certificate %s (%s)", name, thing["Fingerprint"])
        self.problem = None
