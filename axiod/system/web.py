# SPDX-License-Identifier: Apache-2.0
"""org.axiod.system1.Web: how the device is reached over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from axiod.bus.interface import snake
from axiod.errors import AxiodError, Conflict
from axiod.system.model import DEVICE_CERTIFICATE, WebSettings, beyond_default
from axiod.system.stored import WEB

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable, Collection

    from axiod.runtime.app import Context
    from axiod.runtime.settings import SettingsFile


class WebHandler:
    """org.axiod.system1.Web."""

    def __init__(
        self,
        context: Context,
        file: SettingsFile,
        certificates: Callable[[], Collection[str]],
        changing: asyncio.Lock,
        on_change: Callable[[], None],
    ) -> None:
        """`certificates`: returns the ids of those that can be shown. `on_change` is called after a change."""
        self._context = context
        self._path = f"{context.path}/web"
        self._file = file
        self._changing = changing
        self._certificates = certificates
        self._on_change = on_change
        self._started = False
        try:
            self._settings = WebSettings().amended(file.get("web", "web"))
        except AxiodError as error:
            context.root.problem("web", f"the stored settings of web cannot be used and are left alone: {error}")
            self._settings = WebSettings()

    def start(self) -> None:
        """Export it."""
        self._context.server.export(self._path, WEB, self)
        self._started = True
        self.look()

    def look(self) -> None:
        """Look which certificate there is."""
        if not self._started:
            return
        missing = None
        if self.wanted not in self._certificates() and self.wanted != DEVICE_CERTIFICATE:
            missing = (
                f"the certificate {self.wanted} is gone, so HTTPS presents {DEVICE_CERTIFICATE}; choose another one"
            )
        self._context.root.problem("certificate", missing)
        self._context.server.changed(self._path, WEB)

    @property
    def wanted(self) -> str:
        """The id of the certificate that HTTPS is to present."""
        return self._settings.certificate

    @property
    def protocols(self) -> str:
        return self._settings.protocols

    @property
    def http_port(self) -> int:
        return self._settings.http_port

    @property
    def https_port(self) -> int:
        return self._settings.https_port

    @property
    def rtsp_port(self) -> int:
        return self._settings.rtsp_port

    @property
    def certificate(self) -> str:
        """The one in force: what cannot be presented is not."""
        return self.wanted if self.wanted in self._certificates() else DEVICE_CERTIFICATE

    @property
    def basic_over_http(self) -> bool:
        return self._settings.basic_over_http

    @property
    def metrics(self) -> bool:
        return self._settings.metrics

    async def configure(self, changes: dict[str, Any]) -> None:
        async with self._changing:
            wanted = changes.get("Certificate")
            if wanted is not None and wanted not in self._certificates():
                there = ", ".join(sorted(self._certificates())) or "none"
                raise Conflict(f"there is no certificate {wanted!r} with a private key; there is {there}")
            amended = self._settings.amended({snake(name): value for name, value in changes.items()})
            if amended.protocols == "https" and not self._certificates():
                raise Conflict("there is no certificate, so HTTPS alone would let nobody in; make or install one first")
            if amended != self._settings:
                await self._file.save("web", "web", beyond_default(amended))
                self._settings = amended
            self._context.root.problem("web", None)
            self.look()
            self._on_change()
