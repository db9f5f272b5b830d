# SPDX-License-Identifier: Apache-2.0
"""The certificates on disk: one file for each, with its key and all that is shown of it, which only its owner may read.

What is shown stands beside it so that nobody needs to read a certificate to know it.
"""

from __future__ import annotations

import asyncio
import os
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from axiod.errors import AxiodError, HardwareFailure
from axiod.runtime.store import Store
from axiod.system import model
from axiod.system.entry import Entry

if TYPE_CHECKING:
    from pathlib import Path

_VERSION = 1
_END = ".yaml"


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate with its key, "" for one of a CA; the fields but the last are the properties of the contract."""

    subject: str
    issuer: str
    alternative_names: tuple[str, ...]
    not_before_usec: int
    not_after_usec: int
    fingerprint: str
    key_type: str
    self_signed: bool
    pem: str
    key: str = field(repr=False)


def certificate_of(found: Any) -> Certificate:
    """Return the certificate that a file, or x509.py, says; raises ValueError for anything else."""
    entry = Entry(found)
    certificate = Certificate(
        entry.text("subject"),
        entry.text("issuer"),
        tuple(entry.texts("alternative_names")),
        entry.usec("not_before_usec"),
        entry.usec("not_after_usec"),
        entry.text("fingerprint"),
        entry.text("key_type"),
        entry.flag("self_signed"),
        entry.lines("pem"),
        entry.lines("key"),
    )
    entry.end()
    return certificate


class CertificateFiles:
    """A folder of certificates."""

    def __init__(self, folder: Path) -> None:
        """Read what is there. What is damaged is set aside, and named in the log."""
        self._folder = folder
        self.problem: str | None = None
        """Why some, or all, could not be read."""
        self.present: dict[str, Certificate] = {}
        """By id; not to be changed."""
        try:
            names = sorted(path.name.removesuffix(".previous") for path in folder.iterdir()) if folder.exists() else []
            for name in dict.fromkeys(names):
                id_ = name.removesuffix(_END)
                if name.endswith(_END) and _is_id(id_):
                    self._load(id_)
        except OSError as error:
            self.problem = f"the certificates in {folder} cannot be read: {error.strerror}"

    def _load(self, id_: str) -> None:
        try:
            found = self._store(id_).load(_read, None)
        except HardwareFailure as error:
            self.problem = f"the certificate {id_} cannot be read: {error}"
        else:
            if found is not None:
                self.present[id_] = found

    @property
    def with_key(self) -> list[str]:
        """The ids of those that the device can show."""
        return [id_ for id_, certificate in self.present.items() if certificate.key]

    async def save(self, id_: str, certificate: Certificate) -> None:
        """Store a certificate; raises HardwareFailure, and then the former one, or none, stays."""
        data = {"version": _VERSION, **asdict(certificate), "alternative_names": list(certificate.alternative_names)}
        await asyncio.to_thread(self._store(id_).save, data)
        self.present[id_] = certificate

    async def remove(self, id_: str) -> None:
        """Remove a certificate, and all that was kept of its key; raises HardwareFailure."""
        try:
            await asyncio.to_thread(self._unlink, id_)
        except OSError as error:
            raise HardwareFailure(f"the certificate {id_} cannot be removed: {error.strerror}") from error
        del self.present[id_]

    def _unlink(self, id_: str) -> None:
        # The file itself goes last, so that after a crash it is there as a whole or not at all.
        for path in self._folder.glob(f"{id_}{_END}.*"):
            path.unlink()
        (self._folder / f"{id_}{_END}").unlink()
        folder = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def _store(self, id_: str) -> Store:
        return Store(self._folder / f"{id_}{_END}", private=True)


def _read(found: Any) -> Certificate:
    if not isinstance(found, dict) or found.pop("version", None) != _VERSION:
        raise ValueError("it is of another version")
    return certificate_of(found)


def _is_id(text: str) -> bool:
    try:
        model.check_certificate_id(text)
    except AxiodError:
        return False
    return True
