# SPDX-License-Identifier: Apache-2.0
"""What the machine says of itself: network interfaces, device tree, kernel. Only read, at start."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

import axiod

_ETHERNET = "1"
"""ARPHRD_ETHER; Wi-Fi is that, too."""
_NO_MAC = "000000000000"
_PERMANENT = "0"
"""NET_ADDR_PERM: the address is the hardware's own."""


@dataclass(frozen=True, slots=True)
class Machine:
    """What the hardware says of itself; what it does not say is empty."""

    serial_number: str
    soc: str
    soc_serial_number: str
    boot_id: str
    architecture: str


def machine(root: Path = Path("/")) -> Machine:
    """Read what the hardware says. `root`: where the machine's files are."""
    tree = root / "proc/device-tree"
    return Machine(
        serial_number(root),
        _text(tree / "model"),
        _text(tree / "serial-number"),
        _text(root / "proc/sys/kernel/random/boot_id"),
        os.uname().machine,
    )


def serial_number(root: Path = Path("/")) -> str:
    """Return twelve upper-case hexadecimal digits: the MAC address of the interface that stays the longest.

    That is a wired one before Wi-Fi, and one that is soldered on before one in a USB socket. What a program made (a
    bridge, a veth) comes and goes and does not count. Without any it is made from the machine id, with the bit that
    says so (IEEE 802: locally administered).
    """
    folder = root / "sys/class/net"
    found = []
    for interface in sorted(folder.iterdir()) if folder.is_dir() else []:
        mac = _text(interface / "address").replace(":", "").upper()
        if len(mac) != len(_NO_MAC) or mac == _NO_MAC or _text(interface / "type") != _ETHERNET:
            continue
        device = interface / "device"
        if not device.exists():
            continue
        rank = (
            (interface / "wireless").exists() or (interface / "phy80211").exists(),
            _text(interface / "addr_assign_type") != _PERMANENT,
            "/usb" in os.path.realpath(device),
            len(interface.name),
            interface.name,
        )
        found.append((rank, mac))
    if found:
        return min(found)[1]
    made = bytearray(hashlib.sha256(b"axiod" + _text(root / "etc/machine-id").encode()).digest()[:6])
    made[0] = made[0] & 0xFC | 0x02
    return made.hex().upper()


def built_usec() -> int:
    """Return when this version was made, microseconds since 1970: packages keep the time of their source."""
    return Path(axiod.__file__).stat().st_mtime_ns // 1000


def _text(path: Path) -> str:
    """Return the text of a small file without what ends it; empty where there is none, or nothing that can be shown."""
    try:
        text = path.read_bytes().decode().rstrip("\0\n ")
    except (OSError, UnicodeDecodeError):
        return ""
    return text if text.isprintable() else ""
