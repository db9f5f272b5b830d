# SPDX-License-Identifier: Apache-2.0
"""What nsupdate is told, and what it says. Pure. Sources: nsupdate(1), RFC 2136 section 2.2, RFC 8945 section 5.2."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from axiod.network.dynamic_dns.settings import Entry, Settings

_STATUS = re.compile(r"->>HEADER<<- opcode: UPDATE, status: (\w+)")
_TSIG = re.compile(r"\b(BADKEY|BADSIG|BADTIME|BADTRUNC)\b")


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of an update."""

    problem: str | None
    """Why it was not done, and what to do; None: it was."""
    refused: bool = False
    """The server itself said no."""


def script(entry: Entry, settings: Settings, key: str) -> str:
    """Return the commands by which a name has these addresses and no others; without any it is deleted."""
    name = f"{entry.name}."
    lines = [f"server {entry.server}"] if entry.server else []
    lines += [f"zone {entry.zone}."] if entry.zone else []
    lines += [f"key {settings.key_algorithm}:{settings.key_name} {key}"] if settings.key_name else []
    lines += [f"update delete {name} {kind}" for kind in ("A", "AAAA")]
    for address in entry.addresses:
        lines.append(f"update add {name} {entry.ttl} {'AAAA' if ':' in address else 'A'} {address}")
    return "\n".join([*lines, "send", "answer", ""])


def read(said: str, entry: Entry, settings: Settings) -> Answer:
    """Understand what nsupdate says after a script."""
    server = f"the DNS server {entry.server}" if entry.server else "the DNS server"
    key = f"the key {settings.key_name}" if settings.key_name else ""
    zone = entry.zone or "its zone"
    if match := _STATUS.search(said):
        status = match[1]
        if tsig := _TSIG.search(said):
            return Answer(f"{server} {_of_the_key(tsig[1], key, settings.key_algorithm)} ({tsig[1]})", refused=True)
        if "TSIG error" in said:
            return Answer(f"the answer of {server} is not signed with {key or 'a key'}; is it the right server?")
        if status == "NOERROR":
            return Answer(None)
        return Answer(f"{server} {_of_the_update(status, entry.name, zone, key)} ({status})", refused=True)
    lines = [line.strip(" ;") for line in said.splitlines() if line.strip()]
    last = next((line for line in lines if line.startswith("Communication")), lines[-1] if lines else "")
    if "could not find enclosing zone" in said:
        return Answer(f"nobody says in which zone {entry.name} is; set Zone and Server, or correct Name")
    if "couldn't get address" in said:
        return Answer(f"{server} has no address: its name is not known; correct Server, or give its IP address")
    if said.count("failed: REFUSED"):
        return Answer(f"{server} does not say in which zone {entry.name} is (REFUSED); set Zone, or another Server")
    if "timed out" in said or "refused" in said or "unreachable" in said or "could not reach" in said:
        return Answer(f"{server} does not answer: {last}")
    return Answer(f"nsupdate failed: {last or 'it said nothing'}; see: journalctl -u 'axiod-dynamic-dns@*'")


def _of_the_key(error: str, key: str, algorithm: str) -> str:
    return {
        "BADKEY": f"does not know {key} with {algorithm}; KeyName and KeyAlgorithm must be as they are there",
        "BADSIG": f"has another secret for {key}; set the one that it has",
        "BADTIME": "has another time; set the clock of this device, which may be wrong by 5 minutes at most",
        "BADTRUNC": f"wants a longer signature than {algorithm} gives; choose another KeyAlgorithm, here and there",
    }[error]


def _of_the_update(status: str, name: str, zone: str, key: str) -> str:
    return {
        "REFUSED": f"does not let {key} change {name}; allow it there"
        if key
        else f"lets nobody change {name} without a key; set KeyName and its secret",
        "NOTAUTH": f"is not the primary server of {zone}; set Server, or correct Zone",
        "NOTZONE": f"says that {name} is not in {zone}; correct Name or Zone",
        "NOTIMP": "takes no updates; set another Server",
        "SERVFAIL": f"could not change {name}; its log says why",
    }.get(status, f"did not change {name}")
