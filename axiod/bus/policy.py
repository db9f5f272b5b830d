# SPDX-License-Identifier: Apache-2.0
"""The bus policies, from the contract: python -m axiod.bus.policy dbus-policy writes a file for each service.

What is not allowed is denied. The services hold callers to the same roles themselves (caller.py), so that neither a
mistake here nor one there opens a door.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from axiod.bus import interface as contract
from axiod.bus.caller import ADMINISTRATOR_GROUP, GATEWAY_USER, OPERATOR_GROUP
from axiod.bus.generated import write
from axiod.bus.service import EVENTS, SERVICE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-BUS Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<!-- Written by `python -m axiod.bus.policy dbus-policy` from axiod/interfaces; do not edit. A change of your own goes
     into /etc/dbus-1/system.d, which is read after this. -->
<busconfig>
"""
_READING = (
    ("org.freedesktop.DBus.Peer", ()),
    ("org.freedesktop.DBus.Introspectable", ("Introspect",)),
    ("org.freedesktop.DBus.Properties", ("Get", "GetAll")),
    ("org.freedesktop.DBus.ObjectManager", ("GetManagedObjects",)),
)
"""The standard interfaces that everybody may call. No property can be set, so Set is nobody's."""
_AS_ROOT = ("org.axiod.network1",)
"""Services without a user of their own: they write what belongs to root."""


def files() -> dict[str, str]:
    """Return the text of every policy under its file name."""
    return {f"axiod-{contract.stem(service)}.conf": policy(service) for service in contract.services()}


def policy(service: str) -> str:
    """Return the policy of a service."""
    interfaces = [SERVICE, EVENTS, *(name for name in contract.names() if name.startswith(f"{service}."))]
    owning = f'<allow own="{service}"/>'
    everything = f'<allow send_destination="{service}"/>'
    # Calls alone: who has this name may hear what the other services tell.
    nothing = f'<deny send_destination="{service}" send_type="method_call"/>'
    reading = [_allow(service, interface, member) for interface, members in _READING for member in members or (None,)]
    viewing, operating = (_methods(service, interfaces, role) for role in ("viewer", "operator"))
    withheld = [_rule("deny", service, name, member) for name, member in _named(interfaces, "gateway")]
    parts = [
        *_context("Only the user of the service has its name.", f'user="{_user(service)}"', [owning]),
        *_context("Everybody on this machine may read.", 'context="default"', [nothing, *reading, *viewing]),
        *_context("Operators.", f'group="{OPERATOR_GROUP}"', operating),
        *_context("Administrators.", f'group="{ADMINISTRATOR_GROUP}"', [everything, *withheld]),
        *_context("", 'user="root"', [everything]),
        *_context("It holds the people behind it to the same roles.", f'user="{GATEWAY_USER}"', [everything]),
    ]
    for user, allowed in _granted(service, interfaces).items():
        parts += _context("What it needs for its own work.", f'user="{user}"', allowed)
    return _HEAD + "\n".join(parts) + "\n</busconfig>\n"


def _user(service: str) -> str:
    return "root" if service in _AS_ROOT else f"axiod-{contract.stem(service)}"


def _granted(service: str, interfaces: Iterable[str]) -> dict[str, list[str]]:
    """Return what is allowed to single users, by user."""
    found: dict[str, list[str]] = {}
    for name in interfaces:
        for method in contract.load(name).methods.values():
            for user in method.users:
                found.setdefault(user, []).append(_allow(service, name, method.name))
    return found


def _methods(service: str, interfaces: Iterable[str], role: str) -> Iterator[str]:
    return (_allow(service, name, member) for name, member in _named(interfaces, role))


def _named(interfaces: Iterable[str], role: str) -> Iterator[tuple[str, str]]:
    for name in interfaces:
        for method in contract.load(name).methods.values():
            if method.role == role:
                yield name, method.name


def _allow(service: str, interface: str, member: str | None) -> str:
    return _rule("allow", service, interface, member)


def _rule(verdict: str, service: str, interface: str, member: str | None) -> str:
    which = f' send_member="{member}"' if member else ""
    return f'<{verdict} send_destination="{service}" send_interface="{interface}"{which}/>'


def _context(comment: str, who: str, rules: Iterable[str]) -> Iterator[str]:
    lines = list(rules)
    if comment:
        yield f"\n  <!-- {comment} -->"
    yield f"  <policy {who}>"
    yield from (f"    {line}" for line in lines)
    yield "  </policy>"


if __name__ == "__main__":
    write(Path(sys.argv[1]), files())
