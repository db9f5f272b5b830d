# SPDX-License-Identifier: Apache-2.0
"""org.axiod.system1: everything that axiod-system has on the bus."""

from __future__ import annotations

import asyncio
import socket
from typing import TYPE_CHECKING

from axiod.clock import wall_usec
from axiod.runtime.board import NO_BOARD
from axiod.runtime.workshop import Workshop
from axiod.system import identity
from axiod.system.access import AccessHandler
from axiod.system.blocking import BlockingHandler
from axiod.system.certificates import CertificatesHandler, day
from axiod.system.device import DEVICE, DeviceHandler
from axiod.system.logs import LogsHandler
from axiod.system.stored import BookFile, settings_file
from axiod.system.stored_certificates import CertificateFiles
from axiod.system.web import WebHandler

if TYPE_CHECKING:
    from axiod.runtime.app import Context

READY_TOPIC = "tns1:Device/tnsaxis:Status/SystemReady"
_X509_SECONDS = 60.0
"""A key of RSA 4096 takes some seconds on a small board."""


class SystemService:
    """All objects of the service."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._machine = identity.machine()
        # One change after the other, whatever it is of: what one checks must still be so when it is stored.
        changing = asyncio.Lock()
        file = settings_file(context.state_dir)
        self._book = BookFile(context.state_dir, f"AXIOD_{self._machine.serial_number}")
        self._files = CertificateFiles(context.state_dir / "certificates")
        self._device = DeviceHandler(context.board, self._machine, chosen=context.board is not NO_BOARD)
        self._access = AccessHandler(context, self._book, changing, self._say)
        self._blocking = BlockingHandler(context, file, changing)
        self._web = WebHandler(context, file, lambda: self._files.with_key, changing, self._say)
        self._logs = LogsHandler(context)
        x509 = Workshop("axiod.system.x509", _X509_SECONDS, "data takes more than {} to read, so it was not")
        self._certificates = CertificatesHandler(context, self._files, x509, changing, self._renewed)
        self._certificates.in_use = lambda: self._web.certificate

    async def start(self) -> None:
        """Export everything."""
        context = self._context
        context.server.export(f"{context.path}/device", DEVICE, self._device)
        await self._certificates.start(f"axiod-{self._machine.serial_number}", _names())
        self._web.start()
        self._blocking.start()
        self._access.start()
        self._logs.start()
        context.events.state(READY_TOPIC, {}, {"ready": "1"}, wall_usec())

    def _renewed(self) -> None:
        self._web.look()
        self._say()

    def _say(self) -> None:
        """Say in the status line who may enter, and how long HTTPS will do."""
        count = len(self._book.book.accounts)
        parts = [f"{count} account{'s' * (count != 1)}" if count else "no account yet"]
        certificate = self._files.present.get(self._web.certificate)
        if certificate is not None:
            parts.append(f"certificate {self._web.certificate} valid until {day(certificate.not_after_usec)}")
        self._context.root.say(", ".join(parts))

    async def stop(self) -> None:
        self._blocking.close()
        self._access.close()


def _names() -> list[str]:
    """Return what a client on this network may call the device."""
    host = socket.gethostname()
    local = [host] if "." in host else [host, f"{host}.local"]
    return [*local, "localhost", "127.0.0.1", "::1"]


async def start(context: Context) -> SystemService:
    """Start the service."""
    service = SystemService(context)
    await service.start()
    return service
