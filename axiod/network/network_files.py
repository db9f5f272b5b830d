# SPDX-License-Identifier: Apache-2.0
"""What the .network files of systemd-networkd say of an interface, and the drop-in that makes them say something else.

A drop-in says only what it changes: what of the addresses (of IPv4, of IPv6) or name servers stays as the files before
it have it is left to them. But an empty Address= or Gateway= takes back those of both IPv4 and IPv6, and all routes, so
what is to stay of them is said again. Pure. Source: systemd.network(5), systemd.syntax(7); tried with systemd 257.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from ipaddress import ip_address, ip_interface
from typing import TYPE_CHECKING

from axiod.errors import NotSupported
from axiod.network.model import Addressing

if TYPE_CHECKING:
    from collections.abc import Iterable

_NAMES_FROM = ("DHCPv4", "DHCPv6", "IPv6AcceptRA")
"""The sections of what tells name servers."""
_TRUE = ("1", "yes", "y", "true", "t", "on")
_IN_SECTIONS = {"Address": "Address", "Gateway": "Route"}
"""The sections that settings of [Network] stand for."""
_EVERYWHERE = ("0.0.0.0/0", "::/0")

Lines = tuple[tuple[str, str], ...]
"""The assignments of a section, in their order."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What files say together."""

    match: Lines = ()
    single: dict[tuple[str, str], str] = field(default_factory=dict)
    """What can be said once: the value that counts, by section and name."""
    addresses: tuple[Lines, ...] = ()
    """[Address] sections; Address= of [Network] is one of its own."""
    routes: tuple[Lines, ...] = ()
    """[Route] sections; Gateway= of [Network] is one of its own."""
    name_servers: tuple[str, ...] = ()
    domains: tuple[str, ...] = ()

    def yes(self, section: str, name: str) -> bool | None:
        """Return whether a setting is on; None: it is not said."""
        value = self.single.get((section, name), "").lower()
        return value in _TRUE if value else None


def parse(text: str) -> list[tuple[str, Lines]]:
    """Return the sections of a file, in their order."""
    found: list[tuple[str, list[tuple[str, str]]]] = []
    begun = ""
    for raw in text.splitlines():
        line = raw.strip()
        if not line or line[0] in "#;":
            continue
        if line.endswith("\\"):
            begun += f"{line[:-1]} "
            continue
        line, begun = begun + line, ""
        if line.startswith("[") and line.endswith("]"):
            found.append((line[1:-1], []))
        elif found and "=" in line:
            name, _, value = line.partition("=")
            found[-1][1].append((name.strip(), value.strip()))
    return [(name, tuple(lines)) for name, lines in found]


def read(texts: Iterable[str]) -> Settings:
    """Return what files say together: the .network file first, then its drop-ins in the order of their names."""
    match: list[tuple[str, str]] = []
    single: dict[tuple[str, str], str] = {}
    sections: dict[str, list[Lines]] = {"Address": [], "Route": []}
    words: dict[str, list[str]] = {"DNS": [], "Domains": []}
    for section, lines in (item for text in texts for item in parse(text)):
        if section == "Match":
            match += lines
        elif section in sections:
            sections[section] += [lines] if _counts(lines) else []
        elif section in ("Network", *_NAMES_FROM):
            single |= {(section, name): value for name, value in lines}
        for name, value in lines if section == "Network" else ():
            # Who says nothing takes back all that was said before.
            if name in _IN_SECTIONS:
                which, said = sections[_IN_SECTIONS[name]], ((name, value),)
                which[:] = [*which, *([said] if _counts(said) else [])] if value else []
            elif name in words:
                words[name] = [*words[name], *value.split()] if value else []
    return Settings(
        tuple(match),
        single,
        addresses=tuple(sections["Address"]),
        routes=tuple(sections["Route"]),
        name_servers=tuple(word for word in words["DNS"] if _is_address(_bare_server(word))),
        domains=tuple(words["Domains"]),
    )


def _counts(lines: Lines) -> bool:
    """Return whether an [Address] or [Route] section counts: one with a value that cannot be is ignored as a whole."""
    return all(
        _is_address(value, prefix=name != "Gateway")
        for name, value in lines
        if name in ("Address", "Destination") or (name == "Gateway" and value and not value.startswith("_"))
    )


def _is_address(text: str, *, prefix: bool = False) -> bool:
    """Return whether something is an address to systemd-networkd. `prefix`: the length of one may follow."""
    address, slash, length = text.partition("/")
    try:
        ip_interface(text)
    except ValueError:
        return False
    return "%" not in address and (not slash or (prefix and length.isdecimal()))


def is_for(match: Lines, name: str) -> bool:
    """Return whether a [Match] section is that of one interface alone."""
    return any(
        (key == "Name" and value == name) or (key in ("MACAddress", "PermanentMACAddress") and len(value.split()) == 1)
        for key, value in match
    )


# --- what they say, in our words ---


def addressing(settings: Settings) -> Addressing:
    """Return what files say, as far as we have words for it."""
    four, six = _family(settings, 4), _family(settings, 6)
    automatic, servers, domains = _names(settings, four.method, six.method)
    return Addressing(
        ipv4_method=four.method,
        ipv4_addresses=four.addresses,
        ipv4_router=four.router,
        ipv6_method=six.method,
        ipv6_addresses=six.addresses,
        ipv6_router=six.router,
        dns_automatic=automatic,
        dns_servers=servers,
        dns_search=domains,
    )


@dataclass(frozen=True, slots=True)
class _Family:
    """How an interface gets its addresses of IPv4, or of IPv6."""

    method: str
    addresses: tuple[str, ...] = ()
    router: str = ""


def _family(settings: Settings, version: int) -> _Family:
    addresses = [
        text for lines in settings.addresses if (text := _last(lines, "Address")) and _version(text) == version
    ]
    gateways = [_router(lines) for lines in settings.routes]
    routers = [text for text in gateways if _version(text) == version and not text.startswith("_")]
    if _asks_for_addresses(settings, version):
        return _Family("dhcp" if version == 4 else "automatic")
    if not addresses:
        return _Family("" if _link_local(settings)[version == 6] else "disabled")
    return _Family("static", tuple(ip_interface(text).with_prefixlen for text in addresses), (*routers, "")[0])


def _asks_for_addresses(settings: Settings, version: int) -> bool:
    dhcp = settings.single.get(("Network", "DHCP"), "no").lower()
    if dhcp in (*_TRUE, f"ipv{version}"):
        return True
    if version == 4:
        return False
    accepts = settings.yes("Network", "IPv6AcceptRA")
    return _link_local(settings)[1] if accepts is None else accepts


def _link_local(settings: Settings) -> tuple[bool, bool]:
    """Return whether addresses of the link are made of IPv4, and of IPv6, which they are unless files say something."""
    value = settings.single.get(("Network", "LinkLocalAddressing"), "").lower() or "ipv6"
    return value in (*_TRUE, "ipv4"), value in (*_TRUE, "ipv6")


def _names(settings: Settings, ipv4_method: str, ipv6_method: str) -> tuple[bool, tuple[str, ...], tuple[str, ...]]:
    """Return whether name servers are those that the network tells, and else which, and which domains are searched."""
    sources = ["DHCPv4"] if ipv4_method == "dhcp" else []
    sources += ["IPv6AcceptRA", "DHCPv6"] if ipv6_method == "automatic" else []
    told = any(settings.yes(source, "UseDNS") is not False for source in sources or _NAMES_FROM)
    if told and (sources or not settings.name_servers):
        return True, (), ()
    domains = [domain for domain in settings.domains if not domain.startswith("~")]
    return False, tuple(dict.fromkeys(map(_bare_server, settings.name_servers))), tuple(dict.fromkeys(domains))


def _bare_server(text: str) -> str:
    """Return the address of a name server: DNS= can have its port, interface and name as well."""
    text = text.partition("#")[0].partition("%")[0]
    if text.startswith("["):
        return text[1:].partition("]")[0]
    return text.partition(":")[0] if text.count(":") == 1 else text


def _last(lines: Lines, name: str) -> str:
    return next((value for key, value in reversed(lines) if key == name), "")


def _router(lines: Lines) -> str:
    """Return the gateway of a default route; "": it is none."""
    return _last(lines, "Gateway") if _last(lines, "Destination") in ("", *_EVERYWHERE) else ""


def _version(text: str) -> int:
    """Return the version of an address; 0: it is none. Instead of a gateway there can be _dhcp4 or _ipv6ra."""
    if not text:
        return 0
    return 6 if ":" in text or text == "_ipv6ra" else 4


# --- the drop-in ---


def drop_in(before: Settings, wanted: Addressing) -> str:
    """Return what a drop-in says that makes what files say what is wanted; "": they do already.

    Raises NotSupported for a route that would lead nowhere.
    """
    present, wanted = addressing(before), plain(wanted)
    kept = {4: _of_ipv4(present) == _of_ipv4(wanted), 6: _of_ipv6(present) == _of_ipv6(wanted)}
    network: list[str] = []
    others: list[str] = []
    if not all(kept.values()):
        network += _methods(before, wanted, kept)
        network += ["Address=", *(f"Address={text}" for text in _addresses(wanted, kept)), "Gateway="]
        network += [f"Gateway={text}" for text in _routers(wanted, kept)]
        kept[0] = False  # an [Address] section without an address
        others += [_section("Address", lines) for lines in before.addresses if kept[_version(_last(lines, "Address"))]]
        others += [_section("Route", lines) for lines in before.routes if _stays(lines, wanted, kept)]
    names = wanted.dns_automatic, wanted.dns_servers, wanted.dns_search
    if _names(before, wanted.ipv4_method, wanted.ipv6_method) != names:
        network += ["DNS=", *(f"DNS={server}" for server in wanted.dns_servers), "Domains="]
        network += [f"Domains={domain}" for domain in wanted.dns_search]
        use = "yes" if wanted.dns_automatic else "no"
        others += [_section(name, (("UseDNS", use), ("UseDomains", use))) for name in _NAMES_FROM]
    return "\n".join(["[Network]", *network, "", *others]) if network else ""


def plain(wanted: Addressing) -> Addressing:
    """Return settings without what does not count: a router of DHCP, name servers beside those of the network, ..."""
    if wanted.ipv4_method != "static":
        wanted = replace(wanted, ipv4_addresses=(), ipv4_router="", ipv4_fallback=False)
    if wanted.ipv6_method != "static":
        wanted = replace(wanted, ipv6_addresses=(), ipv6_router="")
    return replace(wanted, dns_servers=(), dns_search=()) if wanted.dns_automatic else wanted


def _of_ipv4(what: Addressing) -> tuple[object, ...]:
    return what.ipv4_method, what.ipv4_addresses, what.ipv4_router


def _of_ipv6(what: Addressing) -> tuple[object, ...]:
    return what.ipv6_method, what.ipv6_addresses, what.ipv6_router


def _section(name: str, lines: Lines) -> str:
    return "\n".join([f"[{name}]", *(f"{key}={value}" for key, value in lines), ""])


def _methods(before: Settings, wanted: Addressing, kept: dict[int, bool]) -> list[str]:
    four, six = wanted.ipv4_method == "dhcp", wanted.ipv6_method == "automatic"
    # Whether it asks a DHCPv6 server also when no router told of one stays.
    asked = before.single.get(("Network", "DHCP"), "no").lower() in (*_TRUE, "ipv6")
    dhcp6 = asked if kept[6] else six
    lines = [f"DHCP={('no', 'ipv4', 'ipv6', 'yes')[four + 2 * dhcp6]}"]
    link_local4, link_local6 = _link_local(before)
    if not kept[4]:
        link_local4 = link_local4 and wanted.ipv4_method != "disabled"
    if not kept[6]:
        link_local6 = wanted.ipv6_method != "disabled"
        lines.append(f"IPv6AcceptRA={'yes' if six else 'no'}")
    if (link_local4, link_local6) != _link_local(before):
        lines.append(f"LinkLocalAddressing={('no', 'ipv4', 'ipv6', 'yes')[link_local4 + 2 * link_local6]}")
    return lines


def _addresses(wanted: Addressing, kept: dict[int, bool]) -> list[str]:
    return [*(() if kept[4] else wanted.ipv4_addresses), *(() if kept[6] else wanted.ipv6_addresses)]


def _routers(wanted: Addressing, kept: dict[int, bool]) -> list[str]:
    return [text for version, text in ((4, wanted.ipv4_router), (6, wanted.ipv6_router)) if text and not kept[version]]


def _stays(lines: Lines, wanted: Addressing, kept: dict[int, bool]) -> bool:
    """Return whether a route is to be said again; raises NotSupported for one that could not be set."""
    gateway, destination = _last(lines, "Gateway"), _last(lines, "Destination")
    version = _version(gateway or destination)
    if kept[version] or not gateway or gateway.startswith("_"):
        return True
    if _router(lines):
        return False  # ours takes its place
    near = [ip_interface(text).network for text in (wanted.ipv4_addresses if version == 4 else wanted.ipv6_addresses)]
    if any(ip_address(gateway) in network for network in near):
        return True
    raise NotSupported(
        f"systemd-networkd has the route to {destination} by {gateway}, which cannot be reached with these settings; "
        "take it out of the .network file first"
    )
