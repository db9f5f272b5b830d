# SPDX-License-Identifier: Apache-2.0
"""Why something was not sent, in one sentence that a person can act on."""

from __future__ import annotations

import errno
import os
import socket
import ssl

SHOWN = 200
"""So much of what a server says stands in a text."""


class SendFailed(Exception):
    """It was not sent; the text says why, and what to do. No secret stands in it."""

    def __init__(self, text: str, *, final: bool = False, begun: bool = True) -> None:
        """`final`: to try again would not help. `begun`: the server may have taken it all the same."""
        super().__init__(text)
        self.final = final
        self.begun = begun


def shown(said: object) -> str:
    """Return what a server said as it can stand in a text: in one line, printable, and short."""
    text = said.decode(errors="replace") if isinstance(said, bytes) else str(said)
    line = " ".join("".join(letter if letter.isprintable() else " " for letter in text[: 4 * SHOWN]).split())
    return line if len(line) <= SHOWN else line[:SHOWN] + "…"


def place(host: str, port: int) -> str:
    """Return HOST:PORT, with an IPv6 address in brackets."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def unreachable(error: BaseException, host: str, port: int) -> SendFailed | None:
    """Return what to say of an error of the network, None for an error of another kind.

    Before anything was sent, so it certainly was not taken.
    """
    where = place(host, port)
    if isinstance(error, ssl.SSLCertVerificationError):
        return SendFailed(
            f"the certificate of {where} is not trusted: {shown(error.verify_message or error)}; add its CA to this "
            "device (/usr/local/share/ca-certificates, then update-ca-certificates), correct the host, or turn "
            "ValidateCertificate off",
            final=True,
            begun=False,
        )
    if isinstance(error, ssl.SSLError):
        return SendFailed(f"{where} does not speak TLS 1.2 or later: {shown(error.reason or error)}", begun=False)
    if isinstance(error, socket.gaierror):
        return SendFailed(
            f"the host {host} is not found; look at its name, and whether this device has a DNS server", begun=False
        )
    if isinstance(error, TimeoutError):
        return SendFailed(f"no answer from {where} in time; look at host, port and firewall", begun=False)
    if isinstance(error, ConnectionRefusedError):
        return SendFailed(f"{where} refuses connections; look at the port, and whether the server runs", begun=False)
    if isinstance(error, OSError):
        if error.errno in (errno.ENETUNREACH, errno.EHOSTUNREACH, errno.EADDRNOTAVAIL, errno.ENETDOWN):
            return SendFailed(f"there is no way to {where}; look at the network of this device", begun=False)
        said = os.strerror(error.errno) if error.errno else shown(error)
        return SendFailed(f"no connection to {where}: {said}", begun=False)
    return None


def broken_off(error: BaseException, host: str, port: int) -> SendFailed:
    """Return what to say of a connection that broke after something had been sent."""
    where = place(host, port)
    if isinstance(error, TimeoutError):
        return SendFailed(f"{where} stopped answering")
    return SendFailed(f"{where} closed the connection half way: {shown(error) or type(error).__name__}")
