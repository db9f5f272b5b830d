# SPDX-License-Identifier: Apache-2.0
"""SSDP: what is searched for, and what is answered and announced. Pure. Source: UPnP Device Architecture 1.1, 1."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from axiod.discovery.model import Announced

PORT = 1900
GROUP_4 = "239.255.255.250"
GROUP_6 = "ff02::c"
HOPS = 2
MAX_BYTES = 2048
MAX_AGE_SECONDS = 1800
"""For so long what was told counts; it is told again well before."""
DEVICE_TYPE = "urn:schemas-upnp-org:device:Basic:1"
ROOT = "upnp:rootdevice"
ALL = "ssdp:all"
_LONGEST_MX = 5
_HEADER = re.compile(r"([A-Za-z0-9.-]{1,64})[ \t]*:[ \t]*(.{0,512}?)[ \t]*", re.ASCII)
_MOST_HEADERS = 32


@dataclass(frozen=True, slots=True)
class Search:
    """One M-SEARCH."""

    target: str
    within: int
    """An answer is expected within so many seconds; it is sent at a random moment of them."""


def read(data: bytes) -> Search | None:
    """Read a packet; None for whatever is not a search by multicast that must be answered."""
    try:
        first, *lines = data.decode("ascii").split("\r\n")
    except UnicodeDecodeError:
        return None
    if first != "M-SEARCH * HTTP/1.1" or len(lines) > _MOST_HEADERS + 2:
        return None
    headers: dict[str, str] = {}
    for line in lines:
        if not line:
            break
        matched = _HEADER.fullmatch(line)
        if matched is None:
            return None
        headers[matched[1].upper()] = matched[2]
    seconds = headers.get("MX", "")
    if headers.get("MAN") != '"ssdp:discover"' or not headers.get("ST") or not re.fullmatch("[0-9]{1,5}", seconds):
        return None
    return Search(headers["ST"], min(max(int(seconds), 1), _LONGEST_MX))


def targets(what: Announced) -> tuple[str, ...]:
    """Return everything that this device is found as."""
    return (ROOT, f"uuid:{what.uuid}", DEVICE_TYPE)


def found(search: Search, what: Announced) -> tuple[str, ...]:
    """Return as what a search finds this device; nothing when it searches for another one."""
    mine = targets(what)
    if search.target == ALL:
        return mine
    return (search.target,) if search.target in mine else ()


def answer(target: str, what: Announced, location: str, boot_id: int, date: str) -> bytes:
    """Return the answer to a search. `date`: as in RFC 9110; `location`: the URL of the description."""
    return _packet(
        "HTTP/1.1 200 OK",
        f"CACHE-CONTROL: max-age={MAX_AGE_SECONDS}",
        f"DATE: {date}",
        "EXT:",
        f"LOCATION: {location}",
        f"SERVER: {_server(what)}",
        f"ST: {target}",
        f"USN: {_usn(target, what)}",
        *_ids(boot_id),
    )


def alive(target: str, what: Announced, location: str, boot_id: int, group: str) -> bytes:
    """Return the announcement that it is there."""
    return _packet(
        "NOTIFY * HTTP/1.1",
        f"HOST: {group}:{PORT}",
        f"CACHE-CONTROL: max-age={MAX_AGE_SECONDS}",
        f"LOCATION: {location}",
        f"SERVER: {_server(what)}",
        f"NT: {target}",
        "NTS: ssdp:alive",
        f"USN: {_usn(target, what)}",
        *_ids(boot_id),
    )


def byebye(target: str, what: Announced, boot_id: int, group: str) -> bytes:
    """Return the announcement that it goes away."""
    return _packet(
        "NOTIFY * HTTP/1.1",
        f"HOST: {group}:{PORT}",
        f"NT: {target}",
        "NTS: ssdp:byebye",
        f"USN: {_usn(target, what)}",
        *_ids(boot_id),
    )


def _ids(boot_id: int) -> tuple[str, str]:
    # The description changes only together with the boot id: a name that changes is announced as another boot.
    return f"BOOTID.UPNP.ORG: {boot_id}", f"CONFIGID.UPNP.ORG: {boot_id & 0xFFFFFF}"


def _usn(target: str, what: Announced) -> str:
    mine = f"uuid:{what.uuid}"
    return mine if target == mine else f"{mine}::{target}"


def _server(what: Announced) -> str:
    return f"Linux UPnP/1.1 axiod/{what.version}"


def _packet(*lines: str) -> bytes:
    return ("\r\n".join(lines) + "\r\n\r\n").encode("ascii", "replace")
