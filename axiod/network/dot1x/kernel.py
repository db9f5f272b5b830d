# SPDX-License-Identifier: Apache-2.0
"""Whether the running kernel has MACsec: it is asked for the family "macsec" of generic netlink, and loads what has it.

Sources: linux/genetlink.h, linux/if_macsec.h.
"""

from __future__ import annotations

import socket
import struct

_GENERIC = 16
_CONTROL = 0x10
_GET_FAMILY = 3
_FAMILY_NAME = 2
_REQUEST = 1
_ERROR = 2
_HEAD = struct.Struct("=IHHII")
_GENERIC_HEAD = struct.Struct("=BBH")
_ATTRIBUTE = struct.Struct("=HH")
_SECONDS = 1.0


def has_macsec() -> bool:
    """Whether it does; false as well where that cannot be found out."""
    name = b"macsec\0"
    attribute = _ATTRIBUTE.pack(_ATTRIBUTE.size + len(name), _FAMILY_NAME) + name + b"\0"
    body = _GENERIC_HEAD.pack(_GET_FAMILY, 1, 0) + attribute
    message = _HEAD.pack(_HEAD.size + len(body), _CONTROL, _REQUEST, 1, 0) + body
    try:
        with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, _GENERIC) as kernel:
            kernel.settimeout(_SECONDS)
            kernel.send(message)
            answer = kernel.recv(1 << 14)
    except OSError:
        return False
    return len(answer) >= _HEAD.size and _HEAD.unpack_from(answer)[1] != _ERROR
