# SPDX-License-Identifier: Apache-2.0
"""org.axiod.system1.Certificates and Certificate."""

from __future__ import annotations

import base64
import time
from typing import TYPE_CHECKING, Any

from axiod.clock import wall_usec
from axiod.errors import AxiodError, Conflict, InvalidArgument, LimitReached, NotSupported
from axiod.system import model
from axiod.system.identity import built_usec
from axiod.system.model import DEVICE_CERTIFICATE, MOST_CERTIFICATES
from axiod.system.stored_certificates import Certificate, certificate_of

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

    from axiod.runtime.app import Context
    from axiod.runtime.workshop import Workshop
    from axiod.system.stored_certificates import CertificateFiles

CERTIFICATES = "org.axiod.system1.Certificates"
CERTIFICATE = "org.axiod.system1.Certificate"
_LARGEST = 100_000
_DAY_USEC = 86_400_000_000
_DAYS = 3650
_MOST_DAYS = 7300


class CertificatesHandler:
    """org.axiod.system1.Certificates, and all certificates."""

    def __init__(
        self,
        context: Context,
        files: CertificateFiles,
        workshop: Workshop,
        changing: asyncio.Lock,
        on_change: Callable[[], None],
    ) -> None:
        """`on_change` is called after certificates came, changed or went."""
        self._context = context
        self._files = files
        self._workshop = workshop
        self._changing = changing
        self._on_change = on_change
        self._handlers: dict[str, CertificateHandler] = {}
        self.in_use: Callable[[], str] = str
        """Says which certificate HTTPS presents."""

    async def start(self, common_name: str, names: list[str]) -> None:
        """Export everything; makes the device's own certificate, with these names, when HTTPS would have none."""
        context = self._context
        context.server.export(f"{context.path}/certificates", CERTIFICATES, self)
        for id_ in self._files.present:
            self._export(id_)
        context.root.problem("certificates", self._files.problem)
        if self.in_use() not in self._files.present and DEVICE_CERTIFICATE not in self._files.present:
            try:
                await self.create_self_signed(DEVICE_CERTIFICATE, common_name, {"AlternativeNames": names})
            except (AxiodError, OSError) as error:
                context.root.problem("own certificate", f"there is no certificate, so there is no HTTPS: {error}")

    # --- methods ---

    async def create_self_signed(self, id: str, common_name: str, options: dict[str, Any]) -> None:  # noqa: A002 # the contract's
        self._check_new(id)
        days = options.get("Days", _DAYS)
        if not 1 <= days <= _MOST_DAYS:
            raise InvalidArgument(f"Days is {days}; it must be 1 to {_MOST_DAYS}")
        not_before, not_after = validity(wall_usec(), built_usec(), days)
        made = await self._workshop.order(
            "self_signed",
            common_name=common_name,
            names=options.get("AlternativeNames", []),
            key_type=options.get("KeyType", "ec-p256"),
            not_before_usec=not_before,
            not_after_usec=not_after,
        )
        await self._add(id, certificate_of(made))

    async def install(self, id: str, data: bytes, password: str) -> None:  # noqa: A002 # the contract's
        self._check_new(id)
        check_size(data)
        read = await self._workshop.order("bundle", data=base64.b64encode(data).decode(), password=password)
        await self._add(id, certificate_of(read))

    async def install_ca(self, id: str, data: bytes) -> None:  # noqa: A002 # the contract's
        self._check_new(id)
        if id == DEVICE_CERTIFICATE:
            raise InvalidArgument(f"the id {id} is that of the device's own certificate; choose another one")
        check_size(data)
        read = await self._workshop.order("authority", data=base64.b64encode(data).decode())
        await self._add(id, certificate_of(read))

    # --- for each certificate ---

    def certificate(self, id_: str) -> Certificate:
        """Return a certificate that is there."""
        return self._files.present[id_]

    def key(self, id_: str) -> str:
        """Return the key of a certificate; raises NotSupported for one of a CA."""
        key = self.certificate(id_).key
        if not key:
            raise NotSupported(f"the private key of the certificate {id_} is not here: it is of a CA")
        return key

    async def request(self, id_: str, common_name: str, options: dict[str, Any]) -> str:
        """Make a request for the key of a certificate."""
        key = self.key(id_)
        made = await self._workshop.order("request", key=key, common_name=common_name, options=options)
        return str(made["request"])

    async def install_signed(self, id_: str, data: bytes) -> None:
        """Put what an authority signed in place of a certificate."""
        check_size(data)
        key = self.key(id_)
        former = self.certificate(id_)
        read = await self._workshop.order("signed", key=key, data=base64.b64encode(data).decode())
        async with self._changing:
            if self._files.present.get(id_) is not former:
                raise Conflict(f"the certificate {id_} was changed meanwhile; look at it, and try again")
            await self._files.save(id_, certificate_of(read))
            self._context.server.changed(self._path(id_), CERTIFICATE)
            self._on_change()

    async def remove(self, id_: str) -> None:
        """Remove a certificate that HTTPS does not use."""
        async with self._changing:
            if id_ == self.in_use():
                raise Conflict(f"HTTPS uses the certificate {id_}; choose another one for it first")
            await self._files.remove(id_)
            del self._handlers[id_]
            self._context.server.unexport(self._path(id_))
            self._on_change()

    def _check_new(self, id_: str) -> None:
        model.check_certificate_id(id_)
        if id_ in self._files.present:
            raise Conflict(f"there is a certificate {id_} already; choose another id, or remove that one first")
        if len(self._files.present) >= MOST_CERTIFICATES:
            most = MOST_CERTIFICATES
            raise LimitReached(f"there are {most} certificates, the most that there can be; remove one first")

    async def _add(self, id_: str, certificate: Certificate) -> None:
        async with self._changing:
            self._check_new(id_)
            await self._files.save(id_, certificate)
            self._export(id_)
            self._on_change()

    def _export(self, id_: str) -> None:
        self._handlers[id_] = CertificateHandler(self, id_)
        self._context.server.export(self._path(id_), CERTIFICATE, self._handlers[id_])

    def _path(self, id_: str) -> str:
        return f"{self._context.path}/certificate/{id_}"


class CertificateHandler:
    """org.axiod.system1.Certificate."""

    key_type: str
    has_key: bool

    def __init__(self, all_: CertificatesHandler, id_: str) -> None:
        self._all = all_
        self._id = id_
        self.key_type = all_.certificate(id_).key_type
        self.has_key = all_.certificate(id_).key != ""

    @property
    def subject(self) -> str:
        return self._present.subject

    @property
    def issuer(self) -> str:
        return self._present.issuer

    @property
    def alternative_names(self) -> list[str]:
        return list(self._present.alternative_names)

    @property
    def not_before_usec(self) -> int:
        return self._present.not_before_usec

    @property
    def not_after_usec(self) -> int:
        return self._present.not_after_usec

    @property
    def fingerprint(self) -> str:
        return self._present.fingerprint

    @property
    def self_signed(self) -> bool:
        return self._present.self_signed

    @property
    def pem(self) -> str:
        return self._present.pem

    async def create_request(self, common_name: str, options: dict[str, Any]) -> str:
        return await self._all.request(self._id, common_name, options)

    async def install_signed(self, data: bytes) -> None:
        await self._all.install_signed(self._id, data)

    def key(self) -> str:
        return self._all.key(self._id)

    async def remove(self) -> None:
        await self._all.remove(self._id)

    @property
    def _present(self) -> Certificate:
        return self._all.certificate(self._id)


def check_size(data: bytes) -> None:
    """Raise InvalidArgument for a file that is too large."""
    if len(data) > _LARGEST:
        raise InvalidArgument(f"data has {len(data)} bytes; it must have at most {_LARGEST}")


def validity(now_usec: int, built_usec: int, days: int) -> tuple[int, int]:
    """Return from when until when a certificate is to be valid that is made now.

    It begins a day ago, because clocks differ. A board without a clock of its own may think that it is 1970, which it
    cannot be, as this program was made later: then it begins at once in 1970 and ends that many days after the longest
    that the program could have waited for it, twenty years, so that it is valid whenever the clock is set.
    """
    if now_usec >= built_usec:
        return now_usec - _DAY_USEC, now_usec + days * _DAY_USEC
    return 0, built_usec + (days + _MOST_DAYS) * _DAY_USEC


def day(usec: int) -> str:
    """Return the date of a moment, for people."""
    return time.strftime("%Y-%m-%d", time.gmtime(usec // 1_000_000))
