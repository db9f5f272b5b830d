# SPDX-License-Identifier: Apache-2.0
"""What the files of ifupdown say of an interface, and the same files without it. Pure.

A file is changed by putting lines that are about the interface behind a mark, so all that it said can still be read
there. Source: interfaces(5), ifupdown 0.8.44.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from fnmatch import fnmatch
from ipaddress import ip_network
from typing import TYPE_CHECKING

from axiod.errors import AxiodError, NotSupported
from axiod.network.model import Addressing

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_MARK = "# axiod: "
_NAMING = ("auto", "no-auto-down", "no-scripts")
"""Lines that name interfaces; allow-CLASS does so, too."""
_OTHERS = ("iface", "mapping", "source", "source-directory", "rename", "template")
_FILES = ("source", "source-directory")
_PATTERN = "*?["
_KNOWN = {
    ("inet", "dhcp"): (),
    ("inet", "manual"): (),
    ("inet", "static"): ("address", "netmask", "gateway", "broadcast", "network"),
    ("inet6", "auto"): ("dhcp",),
    ("inet6", "dhcp"): (),
    ("inet6", "manual"): (),
    ("inet6", "static"): ("address", "netmask", "gateway"),
}
"""The options, by family and method, that another backend can be told as well."""
_SERVERS, _SEARCH = ("dns-nameserver", "dns-nameservers"), ("dns-search", "dns-domain")


@dataclass(frozen=True, slots=True)
class _Entry:
    """What begins with a word of its own, as far as the next of them."""

    words: tuple[str, ...]
    options: tuple[tuple[str, ...], ...]
    lines: tuple[int, ...]
    """The lines of the file that it has, from 0."""

    def is_iface(self, name: str) -> bool:
        return self.words[0] == "iface" and self.words[1:2] == (name,)

    @property
    def names(self) -> tuple[str, ...]:
        """The interfaces that it names, where it does nothing else."""
        names = self.words[0] in _NAMING or self.words[0].startswith("allow-")
        return self.words[1:] if names else ()


def _entries(text: str) -> Iterator[_Entry]:
    words: tuple[str, ...] = ()
    options: list[tuple[str, ...]] = []
    lines: list[int] = []
    for at, line in _whole_lines(text):
        first = line.split()[0]
        if first in (*_NAMING, *_OTHERS) or first.startswith("allow-"):
            if words:
                yield _Entry(words, tuple(options), tuple(lines))
            words, options, lines = tuple(line.split()), [], list(at)
        elif words:
            options.append(tuple(line.split()))
            lines += at
    if words:
        yield _Entry(words, tuple(options), tuple(lines))


def _whole_lines(text: str) -> Iterator[tuple[list[int], str]]:
    """Yield what is neither empty nor a comment, and the lines that it has: one that ends with a \\ goes on."""
    begun, at = "", list[int]()
    for number, line in enumerate(text.splitlines()):
        if not begun and (not line.strip() or line.lstrip().startswith("#")):
            continue
        at.append(number)
        begun += line.removesuffix("\\") + " "
        if not line.endswith("\\"):
            if begun.strip():
                yield at, begun
            begun, at = "", []
    if begun.strip():
        yield at, begun


def sources(text: str) -> list[tuple[str, str]]:
    """Return what else is to be read: ("source", a pattern of paths) or ("source-directory", a folder)."""
    found = [entry.words for entry in _entries(text)]
    return [(words[0], path) for words in found if words[0] in _FILES for path in words[1:]]


def methods(texts: Mapping[str, str], name: str) -> dict[str, str]:
    """Return the method by the family, "inet" or "inet6"; empty: the files have no such interface."""
    return {
        entry.words[2]: entry.words[3]
        for text in texts.values()
        for entry in _entries(text)
        if entry.is_iface(name) and entry.words[3:]
    }


def outline(texts: Mapping[str, str], name: str) -> Addressing | None:
    """Return how an interface gets its addresses, as far as its methods say so; None: the files have none such."""
    found = methods(texts, name)
    if not found:
        return None
    return Addressing(
        ipv4_method={"dhcp": "dhcp", "static": "static"}.get(found.get("inet", ""), "disabled"),
        ipv6_method={"auto": "automatic", "dhcp": "automatic", "static": "static"}.get(
            found.get("inet6", ""), "disabled"
        ),
    )


def addressing(texts: Mapping[str, str], name: str) -> Addressing:
    """Return all that files say of an interface that they have. Raises NotSupported where they say more than that."""
    found: dict[str, list[str]] = {"ipv4_addresses": [], "ipv6_addresses": [], "dns_servers": [], "dns_search": []}
    routers: dict[str, str] = {}
    for path, text in texts.items():
        for entry in _entries(text):
            if not entry.is_iface(name):
                continue
            version = _check(path, entry)
            said = {option[0]: option[1:] for option in entry.options}
            if "address" in said:
                found[f"{version}_addresses"].append(_with_prefix(path, name, said))
            if "gateway" in said and said["gateway"] != ("none",):
                routers[f"{version}_router"] = " ".join(said["gateway"])
            for option, *values in entry.options:
                found["dns_servers"] += values if option in _SERVERS else []
                found["dns_search"] += values if option in _SEARCH else []
    outlined = outline(texts, name) or Addressing()
    named = {"dns_automatic": False} if found["dns_servers"] else {}
    try:
        return outlined.amended({**found, **routers, **named})
    except AxiodError as error:
        raise NotSupported(f"{', '.join(texts)}: what is said of {name} is not understood: {error}") from error


def _check(path: str, entry: _Entry) -> str:
    """Return "ipv4" or "ipv6"; raises NotSupported for what nobody else can be told."""
    line = " ".join(entry.words)
    family, method, *more = (*entry.words[2:], "", "")[: max(2, len(entry.words) - 2)]
    known = _KNOWN.get((family, method))
    if known is None or more:
        raise NotSupported(f"{path} says {line!r}; only the methods dhcp, static, manual and auto can be handed over")
    for option in entry.options:
        if option[0] not in (*known, *_SERVERS, *_SEARCH):
            raise NotSupported(
                f"{path} says {' '.join(option)!r} in {line!r}, which cannot be handed over; take it out first if it "
                "is not needed any more"
            )
    return "ipv4" if family == "inet" else "ipv6"


def _with_prefix(path: str, name: str, said: Mapping[str, tuple[str, ...]]) -> str:
    address = " ".join(said["address"])
    if "/" in address:
        return address
    mask = " ".join(said.get("netmask", ()))
    try:
        return f"{address}/{ip_network(f'0.0.0.0/{mask}').prefixlen if '.' in mask else int(mask)}"
    except ValueError:
        raise NotSupported(
            f"{path} says no netmask of {address} at {name}, or none that is understood: {mask!r}"
        ) from None


# --- without it ---


def without(texts: Mapping[str, str], name: str) -> dict[str, str]:
    """Return the files that differ without an interface, as they are then.

    Raises NotSupported where they would still say something of it: a bridge, a VLAN or a pattern that means it.
    """
    changed: dict[str, str] = {}
    for path, text in texts.items():
        after = _without(text, name)
        for entry in _entries(after):
            if entry.words[0] in _FILES:
                continue
            for words in (entry.words, *entry.options):
                if any(_means(word, name) for word in words[1:]):
                    raise NotSupported(f"{path} says {' '.join(words)!r}, which needs {name} as ifupdown has it")
        if after != text:
            changed[path] = after
    return changed


def _means(word: str, name: str) -> bool:
    """Whether a word is an interface, something that is on top of it (eth0.5, eth0:1), or a pattern that it fits."""
    if word == name or word.startswith((f"{name}.", f"{name}:", f"{name}=")):
        return True
    pattern = word.strip("/").rpartition("/")[2]
    return any(sign in pattern for sign in _PATTERN) and fnmatch(name, pattern)


def _without(text: str, name: str) -> str:
    lines = text.splitlines()
    instead: dict[int, str] = {}
    for entry in _entries(text):
        if entry.is_iface(name) or name in entry.names:
            for at in entry.lines:
                instead[at] = _MARK + lines[at]
        if name in entry.names and (others := [each for each in entry.names if each != name]):
            last = entry.lines[-1]
            instead[last] += "\n" + " ".join([entry.words[0], *others])
    if not instead:
        return text
    return "\n".join(instead.get(at, line) for at, line in enumerate(lines)) + "\n"


def with_names(found: Addressing, servers: tuple[str, ...], search: tuple[str, ...]) -> Addressing:
    """Return it with the name servers that are asked so far, where no network would tell any."""
    told = found.ipv4_method == "dhcp" or found.ipv6_method == "automatic"
    elsewhere = tuple(server for server in servers if not server.startswith("127.") and server != "::1")[:3]
    if told or not found.dns_automatic or not elsewhere or found.ipv4_method == found.ipv6_method == "disabled":
        return found
    return replace(found, dns_automatic=False, dns_servers=elsewhere, dns_search=search)
