# SPDX-License-Identifier: Apache-2.0
"""Whom TLS trusts, and what this device shows."""

from __future__ import annotations

import os
import ssl
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from axiod.errors import InvalidArgument

if TYPE_CHECKING:
    from axiod.events.mqtt.settings import Server


@dataclass(frozen=True, slots=True)
class Credentials:
    """Certificates of the store, PEM; empty for none."""

    ca: str = ""
    certificate: str = ""
    key: str = field(default="", repr=False)


def context(server: Server, credentials: Credentials) -> ssl.SSLContext:
    """Return the context for a connection. It reads files, so call it in a thread. Raises InvalidArgument."""
    made = ssl.create_default_context(cadata=credentials.ca or None)
    made.minimum_version = ssl.TLSVersion.TLSv1_2
    # The same with each Python: 3.13 refuses certificates that many small brokers have.
    made.verify_flags &= ~ssl.VERIFY_X509_STRICT
    if credentials.ca:
        # What is trusted may also be the broker's own certificate, or one between it and its root.
        made.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    if not server.validate:
        made.check_hostname = False
        made.verify_mode = ssl.CERT_NONE
    if server.alpn:
        made.set_alpn_protocols([server.alpn])
    if credentials.certificate:
        _load(made, credentials, server.client_certificate)
    return made


def _load(made: ssl.SSLContext, credentials: Credentials, id_: str) -> None:
    # The library takes files only; this one is in memory, and nobody else sees it.
    file = os.memfd_create("certificate", os.MFD_CLOEXEC)
    try:
        with open(file, "wb", closefd=False) as text:  # it has no path
            text.write(f"{credentials.certificate}\n{credentials.key}".encode())
        made.load_cert_chain(f"/proc/self/fd/{file}")
    except ssl.SSLError as error:
        raise InvalidArgument(f"the certificate {id_} cannot be shown: {error.reason or error}") from None
    finally:
        os.close(file)
