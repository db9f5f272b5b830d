# SPDX-License-Identifier: Apache-2.0
"""network_settings.cgi: addresses, name servers, the hostname and the global proxies. For administrators.

What is changed counts at once and stays, unless a trial is under way (org.axiod.network1.Trial): it belongs to that.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from axiod.bus.caller import Role
from axiod.errors import Conflict, InvalidArgument, NotSupported
from axiod.gateway.names import HOST, INTERFACE, PROXY
from axiod.gateway.names import NETWORK as SERVICE
from axiod.gateway.route import Route
from axiod.gateway.vapix import network_words as words
from axiod.gateway.vapix.discovery import Api
from axiod.gateway.vapix.json_call import NETWORK, Call, JsonCgi, Refused

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from axiod.bus.interface import Value
    from axiod.gateway.context import Gateway
    from axiod.gateway.mirror import Thing
    from axiod.gateway.person import Person

API = Api("network-settings", "1.21", "Network Settings", needs=SERVICE)

_NO_DEVICE = 5000


def routes(gateway: Gateway) -> list[Route]:
    """Return what this part answers."""
    settings = NetworkSettingsCgi(gateway)
    methods = {
        "getNetworkInfo": settings.info,
        "setHostnameConfiguration": settings.set_hostname,
        "setIPv4AddressConfiguration": settings.set_ipv4,
        "setIPv6AddressConfiguration": settings.set_ipv6,
        "setResolverConfiguration": settings.set_resolver,
        "setGlobalProxyConfiguration": settings.set_proxy,
    }
    cgi = JsonCgi(
        "network_settings.cgi",
        ("1.21",),
        NETWORK,
        {name: Call(handler, Role.ADMINISTRATOR) for name, handler in methods.items()},
        told_versions="supportedVersions",
    )
    path = "/axis-cgi/network_settings.cgi"
    return [Route(method, path, cgi.answer, Role.ADMINISTRATOR) for method in ("POST", "GET")]


class NetworkSettingsCgi:
    """The methods."""

    def __init__(self, gateway: Gateway) -> None:
        self._mirror = gateway.mirror
        self._acting = gateway.acting

    async def info(self, _person: Person, _params: Any) -> dict[str, Any]:
        """Say what there is, and how it is configured."""
        host, proxy = self._mirror.thing(HOST).properties, self._mirror.thing(PROXY).properties
        return words.info(host, proxy, self._mirror.things(INTERFACE))

    async def set_hostname(self, person: Person, params: Any) -> dict[str, Any]:
        """Change the name of the device."""
        method = "setHostnameConfiguration"
        taken = _read(method, words.HOSTNAME, params)
        return await self._configure(person, method, self._mirror.thing(HOST), words.hostname(taken))

    async def set_ipv4(self, person: Person, params: Any) -> dict[str, Any]:
        """Change how an interface gets its IPv4 address."""
        return await self._set_interface(person, "setIPv4AddressConfiguration", words.IPV4, params, words.ipv4)

    async def set_ipv6(self, person: Person, params: Any) -> dict[str, Any]:
        """Turn IPv6 on or off."""
        return await self._set_interface(person, "setIPv6AddressConfiguration", words.IPV6, params, words.ipv6)

    async def set_resolver(self, person: Person, params: Any) -> dict[str, Any]:
        """Change whom the device asks for names."""
        method = "setResolverConfiguration"
        taken = _read(method, words.RESOLVER, params)
        thing = words.primary(self._mirror.things(INTERFACE))
        if thing is None:
            raise Refused(_NO_DEVICE, "there is no network interface")
        return await self._change(person, method, thing, taken, words.resolver)

    async def set_proxy(self, person: Person, params: Any) -> dict[str, Any]:
        """Change the global proxies."""
        method = "setGlobalProxyConfiguration"
        taken = _read(method, words.PROXY, params)
        return await self._configure(person, method, self._mirror.thing(PROXY), words.proxy(taken))

    async def _set_interface(
        self,
        person: Person,
        method: str,
        known: Mapping[str, Value],
        params: Any,
        changes_of: Callable[[Mapping[str, Any], Mapping[str, Any]], dict[str, Any]],
    ) -> dict[str, Any]:
        taken = _read(method, known, params)
        if "deviceName" not in taken:
            raise Refused(NETWORK.missing, "params must have deviceName")
        name = taken.pop("deviceName")
        thing = next((one for one in self._mirror.things(INTERFACE) if one["Name"] == name), None)
        if thing is None:
            there = ", ".join(one["Name"] for one in self._mirror.things(INTERFACE))
            raise Refused(_NO_DEVICE, f"there is no network interface {name[:40]!r}; there is {there}")
        return await self._change(person, method, thing, taken, changes_of)

    async def _change(
        self,
        person: Person,
        method: str,
        thing: Thing,
        taken: Mapping[str, Any],
        changes_of: Callable[[Mapping[str, Any], Mapping[str, Any]], dict[str, Any]],
    ) -> dict[str, Any]:
        try:
            changes = changes_of(taken, thing.properties)
        except words.Wrong as wrong:
            raise _refused(method, wrong.parameter, str(wrong)) from None
        return await self._configure(person, method, thing, changes)

    async def _configure(self, person: Person, method: str, thing: Thing, changes: dict[str, Any]) -> dict[str, Any]:
        try:
            if changes:
                await self._acting.act(person, thing, "Configure", changes)
        except (InvalidArgument, Conflict, NotSupported) as error:
            raise _refused(method, words.about(error, changes), str(error)) from None
        return {}


def _read(method: str, known: Mapping[str, Value], params: Any) -> dict[str, Any]:
    if not isinstance(params, dict):
        raise Refused(NETWORK.missing, f"params must be an object with {', '.join(known)}")
    try:
        return words.read(known, params)
    except words.Wrong as wrong:
        raise _refused(method, wrong.parameter, str(wrong)) from None


def _refused(method: str, parameter: str, message: str) -> Refused:
    code = words.SUB_CODES[method].get(parameter)
    return Refused(NETWORK.invalid, message, **({} if code is None else {"details": {"subCode": code}}))
