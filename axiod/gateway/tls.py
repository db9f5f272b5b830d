# SPDX-License-Identifier: Apache-2.0
"""TLS as it is offered: 1.2 with forward secrecy and authenticated ciphers, and 1.3 (RFC 9325). Nothing older."""

from __future__ import annotations

import os
import ssl

_CIPHERS = "ECDHE+AESGCM:ECDHE+CHACHA20"
_LONGEST = 1 << 20


def context(pem: str, key: str) -> ssl.SSLContext:
    """Return a context for a certificate (with those between it and its root) and its key, both PEM.

    The key touches no disk: OpenSSL reads it from memory. Raises ValueError for what cannot be used.
    """
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.minimum_version = ssl.TLSVersion.TLSv1_2
    made.set_ciphers(_CIPHERS)
    made.options |= ssl.OP_NO_COMPRESSION | ssl.OP_NO_RENEGOTIATION | ssl.OP_CIPHER_SERVER_PREFERENCE
    made.set_alpn_protocols(["http/1.1"])
    data = f"{pem.strip()}\n{key.strip()}\n".encode()
    if len(data) > _LONGEST:
        raise ValueError("the certificate is too long")
    fd = os.memfd_create("axiod-tls", os.MFD_CLOEXEC)
    try:
        with os.fdopen(os.dup(fd), "wb") as file:
            file.write(data)
        made.load_cert_chain(f"/proc/self/fd/{fd}", password=_no_password)
    except (ssl.SSLError, OSError) as error:
        raise ValueError(f"the certificate and its key cannot be used: {error}") from None
    finally:
        os.close(fd)
    return made


def _no_password() -> str:
    # Without it OpenSSL asks on the terminal.
    raise ValueError("the key has a password")
