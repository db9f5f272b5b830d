# SPDX-License-Identifier: Apache-2.0
"""Network settings as VAPIX names them, and as the contract does: each turned into the other. Pure.

Source: VAPIX "Network settings API". VAPIX has one resolver for the whole device; here every interface has its own, and
the one that VAPIX sees and sets is that of the interface that reaches the farthest.
"""

from __future__ import annotations

from ipaddress import IPv4Interface, ip_address, ip_interface
from typing import TYPE_CHECKING, Any

from axiod.bus.arguments import plain_options
from axiod.bus.interface import Value
from axiod.errors import AxiodError, InvalidArgument

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from axiod.gateway.mirror import Thing

MOST_ADDRESSES, MOST_NAME_SERVERS, MOST_SEARCH_DOMAINS = 16, 3, 6
_ORIGINS = {"dhcp": "dhcp", "static": "static", "link-local": "linkLocal", "router-advertisement": "RA"}
_ADDRESS = {
    "address": Value("address", "s"),
    "prefixLength": Value("prefixLength", "u", low=1, high=32),
    "broadcast": Value("broadcast", "s"),
}
HOSTNAME = {"useDhcpHostname": Value("useDhcpHostname", "b"), "staticHostname": Value("staticHostname", "s")}
IPV4 = {
    "deviceName": Value("deviceName", "s"),
    "enabled": Value("enabled", "b"),
    "configurationMode": Value("configurationMode", "s", ("dhcp", "static")),
    "linkLocalMode": Value("linkLocalMode", "s", ("off",)),
    "staticDefaultRouter": Value("staticDefaultRouter", "s"),
    "staticAddressConfigurations": Value("staticAddressConfigurations", "aa{sv}", fields=_ADDRESS),
    "useStaticDHCPFallback": Value("useStaticDHCPFallback", "b"),
}
IPV6 = {"deviceName": Value("deviceName", "s"), "enabled": Value("enabled", "b")}
RESOLVER = {
    "useDhcpResolverInfo": Value("useDhcpResolverInfo", "b"),
    "staticNameServers": Value("staticNameServers", "as"),
    "staticSearchDomains": Value("staticSearchDomains", "as"),
    "staticDomainName": Value("staticDomainName", "s"),
}
PROXY = {name: Value(name, "s") for name in ("httpProxy", "httpsProxy", "noProxy")}
"""What the methods take. What a request does not name stays as it is."""

SUB_CODES: dict[str, dict[str, int]] = {
    "setHostnameConfiguration": {"staticHostname": 100, "useDhcpHostname": 101},
    "setIPv4AddressConfiguration": {
        "deviceName": 100,
        "configurationMode": 101,
        "staticDefaultRouter": 102,
        "staticAddressConfigurations": 103,
        "address": 104,
        "prefixLength": 105,
        "broadcast": 106,
        "useStaticDHCPFallback": 108,
        "linkLocalMode": 109,
        "enabled": 111,
    },
    "setIPv6AddressConfiguration": {"deviceName": 100, "enabled": 101},
    "setResolverConfiguration": {
        "useDhcpResolverInfo": 100,
        "staticNameServers": 101,
        "staticSearchDomains": 102,
        "staticDomainName": 103,
    },
    "setGlobalProxyConfiguration": {"httpProxy": 100, "httpsProxy": 101, "noProxy": 102},
}
"""Which parameter an error is about, by method and parameter."""
PARAMETERS = {
    "Hostname": "staticHostname",
    "HostnameAutomatic": "useDhcpHostname",
    "Ipv4Method": "configurationMode",
    "Ipv4Addresses": "staticAddressConfigurations",
    "Ipv4Router": "staticDefaultRouter",
    "Ipv4Fallback": "useStaticDHCPFallback",
    "Ipv6Method": "enabled",
    "DnsAutomatic": "useDhcpResolverInfo",
    "DnsServers": "staticNameServers",
    "DnsSearch": "staticSearchDomains",
    "HttpProxy": "httpProxy",
    "HttpsProxy": "httpsProxy",
    "NoProxy": "noProxy",
}
"""What VAPIX calls a setting of the contract."""


class Wrong(Exception):
    """A parameter cannot be taken."""

    def __init__(self, parameter: str, message: str) -> None:
        super().__init__(message)
        self.parameter = parameter


def read(known: Mapping[str, Value], given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameters of a request; raises Wrong."""
    taken: dict[str, Any] = {}
    for name, value in given.items():
        try:
            taken |= plain_options(known, {name: value}, "parameter")
        except InvalidArgument as error:
            raise Wrong(name, str(error)) from None
    return taken


def about(error: AxiodError, changes: Mapping[str, Any]) -> str:
    """Return the parameter that a refusal of the service is about: it begins with the setting; "" for another one."""
    setting = str(error).partition(" ")[0]
    return "enabled" if changes.get(setting) == "disabled" else PARAMETERS.get(setting, "")


# --- what there is ---


def primary(interfaces: Iterable[Thing]) -> Thing | None:
    """Return the interface that reaches the farthest: with a router, else connected, else the first; None for none."""
    return max(interfaces, key=lambda thing: (bool(thing["Routers"]), bool(thing["Carrier"])), default=None)


def info(host: Mapping[str, Any], proxies: Mapping[str, Any], interfaces: list[Thing]) -> dict[str, Any]:
    """Return what getNetworkInfo answers."""
    farthest = primary(interfaces)
    return {
        "system": {
            "hostname": {
                "useDhcpHostname": host["HostnameAutomatic"],
                "hostname": host["CurrentHostname"],
                "staticHostname": host["Hostname"],
            },
            "resolver": _resolver(farthest.properties if farthest else {}),
            "globalProxies": {
                "httpProxy": proxies["HttpProxy"],
                "httpsProxy": proxies["HttpsProxy"],
                "noProxy": ",".join(proxies["NoProxy"]),
            },
        },
        "devices": [_device(thing.properties) for thing in interfaces],
    }


def _resolver(one: Mapping[str, Any]) -> dict[str, Any]:
    searched, static = one.get("SearchDomains", []), one.get("DnsSearch", [])
    return {
        "useDhcpResolverInfo": one.get("DnsAutomatic", True),
        "nameServers": one.get("NameServers", []),
        "staticNameServers": one.get("DnsServers", []),
        "maxSupportedStaticNameServers": MOST_NAME_SERVERS,
        "searchDomains": searched,
        "staticSearchDomains": static,
        "maxSupportedStaticSearchDomains": MOST_SEARCH_DOMAINS,
        "domainName": searched[0] if searched else "",
        "staticDomainName": static[0] if static else "",
    }


def _device(one: Mapping[str, Any]) -> dict[str, Any]:
    four, six = _family(one, 4), _family(one, 6)
    four |= {"linkLocalMode": "off", "useStaticDHCPFallback": one.get("Ipv4Fallback", False)}
    return {
        "name": one["Name"],
        "type": "wlan" if one["Name"].startswith("wl") else "wired",
        "macAddress": one["MacAddress"].lower(),
        "partOfBridge": "",
        "link": one["Carrier"],
        "state": "up" if one["Up"] else "down",
        "staticState": "up" if one["Up"] else "down",
        "IPv4": four,
        "IPv6": six,
    }


def _family(one: Mapping[str, Any], version: int) -> dict[str, Any]:
    addresses = [_address(entry) for entry in one["Addresses"] if _is_of(entry["Address"], version)]
    # What manages it may not say how; then what it has says it.
    leased = any(entry["origin"] in ("dhcp", "RA") for entry in addresses)
    guessed = ("automatic" if leased else "static") if addresses else "disabled"
    method = one.get(f"Ipv{version}Method", guessed)
    return {
        "enabled": method != "disabled",
        "configurationMode": "static" if method == "static" else "dhcp",
        "addresses": addresses,
        "maxSupportedStaticAddressConfigurations": MOST_ADDRESSES,
        "staticAddressConfigurations": [_static(text) for text in one.get(f"Ipv{version}Addresses", [])],
        "defaultRouter": next((router for router in one["Routers"] if _is_of(router, version)), ""),
        "staticDefaultRouter": one.get(f"Ipv{version}Router", ""),
    }


def _is_of(address: str, version: int) -> bool:
    return ip_address(address).version == version


def _address(entry: Mapping[str, Any]) -> dict[str, Any]:
    shown = {
        "address": entry["Address"],
        "prefixLength": entry["PrefixLength"],
        "origin": _ORIGINS.get(entry["Origin"], "unknown"),
        "scope": entry["Scope"],
    }
    return shown | ({"broadcast": entry["Broadcast"]} if entry["Broadcast"] else {})


def _static(text: str) -> dict[str, Any]:
    found = ip_interface(text)
    shown = {"address": str(found.ip), "prefixLength": found.network.prefixlen}
    return shown | ({"broadcast": str(found.network.broadcast_address)} if found.version == 4 else {})


def first_ipv4(one: Mapping[str, Any]) -> dict[str, str]:
    """Return what param.cgi says of an interface, below Network."""
    family = _family(one, 4)
    address = next(iter(family["addresses"]), None)
    found = {"BootProto": "none" if family["configurationMode"] == "static" else "dhcp"}
    mask = str(IPv4Interface(f"{address['address']}/{address['prefixLength']}").netmask) if address else ""
    return found | {
        "IPAddress": address["address"] if address else "",
        "SubnetMask": mask,
        "Broadcast": address.get("broadcast", "") if address else "",
        "DefaultRouter": family["defaultRouter"],
    }


# --- what is to be ---


def hostname(taken: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings of Host for a request."""
    names = {"useDhcpHostname": "HostnameAutomatic", "staticHostname": "Hostname"}
    return {ours: taken[name] for name, ours in names.items() if name in taken}


def proxy(taken: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings of Proxy for a request; exceptions are separated by commas or spaces."""
    names = {"httpProxy": "HttpProxy", "httpsProxy": "HttpsProxy"}
    changes: dict[str, Any] = {ours: taken[name] for name, ours in names.items() if name in taken}
    if "noProxy" in taken:
        changes["NoProxy"] = taken["noProxy"].replace(",", " ").split()
    return changes


def ipv4(taken: Mapping[str, Any], one: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings of an interface for a request; raises Wrong."""
    changes: dict[str, Any] = {}
    method = _ipv4_method(taken, one)
    if method is not None and method != one.get("Ipv4Method"):
        changes["Ipv4Method"] = method
    fallback = taken.get("useStaticDHCPFallback", one.get("Ipv4Fallback", False)) and method == "dhcp"
    if taken.get("useStaticDHCPFallback") and method != "dhcp":
        raise Wrong("useStaticDHCPFallback", "useStaticDHCPFallback is for configurationMode dhcp")
    if fallback != one.get("Ipv4Fallback", False):
        changes["Ipv4Fallback"] = fallback
    if "staticAddressConfigurations" in taken:
        if method != "static" and not fallback:
            raise Wrong(
                "staticAddressConfigurations",
                "staticAddressConfigurations is for configurationMode static, or dhcp with useStaticDHCPFallback: "
                "nothing here keeps an address that is not used",
            )
        changes["Ipv4Addresses"] = [_configured(row) for row in taken["staticAddressConfigurations"]]
    if "staticDefaultRouter" in taken:
        if method != "static":
            raise Wrong("staticDefaultRouter", "staticDefaultRouter is for configurationMode static")
        changes["Ipv4Router"] = taken["staticDefaultRouter"]
    return changes


def _ipv4_method(taken: Mapping[str, Any], one: Mapping[str, Any]) -> str | None:
    """Return what Ipv4Method is to be; None: it is none that VAPIX knows, and stays as it is."""
    method = taken.get("configurationMode", one.get("Ipv4Method"))
    if method is None and not ("enabled" in taken and not taken["enabled"]):
        return None
    if not taken.get("enabled", method != "disabled"):
        return "disabled"
    return "dhcp" if method == "disabled" else str(method)


def _configured(row: Mapping[str, Any]) -> str:
    if missing := [name for name in ("address", "prefixLength") if name not in row]:
        raise Wrong(missing[0], f"{missing[0]} is missing in staticAddressConfigurations")
    text = f"{row['address']}/{row['prefixLength']}"
    try:
        found = IPv4Interface(text)
    except ValueError:
        raise Wrong("address", f"address is {row['address'][:40]!r}; it must be an IPv4 address") from None
    broadcast = str(found.network.broadcast_address)
    if row.get("broadcast", broadcast) != broadcast:
        raise Wrong("broadcast", f"broadcast is {row['broadcast'][:40]!r}; that of {text} is {broadcast}")
    return text


def ipv6(taken: Mapping[str, Any], one: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings of an interface for a request."""
    enabled = one.get("Ipv6Method") != "disabled"
    if taken.get("enabled", enabled) == enabled:
        return {}
    return {"Ipv6Method": "disabled" if enabled else "automatic"}


def resolver(taken: Mapping[str, Any], one: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings of an interface for a request. The domain of the device is the first that is searched."""
    names = {"useDhcpResolverInfo": "DnsAutomatic", "staticNameServers": "DnsServers"}
    changes: dict[str, Any] = {ours: taken[name] for name, ours in names.items() if name in taken}
    searched = taken.get("staticSearchDomains", one.get("DnsSearch", []))
    own = taken.get("staticDomainName", "")
    if own:
        searched = [own, *(name for name in searched if name != own)]
    if own or "staticSearchDomains" in taken:
        changes["DnsSearch"] = searched
    if changes.get("DnsAutomatic", one.get("DnsAutomatic", True)) and (changes.keys() - {"DnsAutomatic"}):
        raise Wrong(
            "useDhcpResolverInfo",
            "useDhcpResolverInfo must be false for static name servers and domains: nothing here keeps those that are "
            "not used",
        )
    return changes
