# SPDX-License-Identifier: Apache-2.0
"""The parameters of param.cgi: what each is called, what it stands for, who may read and write it."""

from __future__ import annotations

from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from axiod.bus.caller import Role
from axiod.gateway.names import BLOCKING, DEVICE, DISCOVERY, DYNAMIC_DNS, EVENTS, HOST, INTERFACE, NETWORK, PORT, WEB
from axiod.gateway.vapix.network_words import first_ipv4, primary
from axiod.gateway.vapix.port import CLOSED, INPUT, OPEN, OUTPUT, opposite
from axiod.gateway.vapix.ports import all_ports

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from axiod.gateway.mirror import Mirror, Thing
    from axiod.gateway.vapix.port import Port

_IO = "org.axiod.io1"
_YES = {"yes": "true", "no": "false"}
_TRIGGERS = {CLOSED: OPEN, OPEN: CLOSED}
"""Active and Trig say which state is not the normal one."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter."""

    name: str
    """Without "root."."""
    value: str
    read: Role | None
    """The least role; None for everybody who may call param.cgi."""
    write: Role | None = None
    """None: nobody can write it."""
    thing: Thing | None = None
    """What Configure is called of."""
    setting: str = ""
    """The property of the contract."""
    words: Mapping[str, str] = field(default_factory=dict)
    """Text -> text of the contract; empty where they are the same."""
    kind: str = "string"
    """string, int, or bool (yes and no)."""
    choices: tuple[str, ...] = ()
    """The only values; empty for any."""


def matching(mirror: Mirror, pattern: str) -> list[Parameter]:
    """Return the parameters of a group, or of what its wildcards stand for; raises Unavailable.

    "" stands for everything, "IOPort.I*.Direction" for one parameter of every port.
    """
    wanted = [segment.replace("[", "[[]").replace("?", "[?]") for segment in pattern.split(".")] if pattern else []
    return [
        parameter
        for group, members in _GROUPS.items()
        if not wanted or fnmatchcase(group, wanted[0])
        for parameter in members(mirror)
        if _below(parameter.name.split("."), wanted)
    ]


def _below(name: list[str], wanted: list[str]) -> bool:
    return len(wanted) <= len(name) and all(map(fnmatchcase, name, wanted))


def _brand(mirror: Mirror) -> Iterator[Parameter]:
    device = mirror.thing(DEVICE)
    for name, ours in (
        ("Brand", "Brand"),
        ("ProdFullName", "FullName"),
        ("ProdNbr", "Model"),
        ("ProdShortName", "ShortName"),
        ("ProdType", "ProductType"),
        ("ProdVariant", "Variant"),
        ("WebURL", "WebUrl"),
    ):
        yield Parameter(f"Brand.{name}", device[ours], None)


def _properties(mirror: Mirror) -> Iterator[Parameter]:
    device = mirror.thing(DEVICE)
    supervised = any(thing["Supervisable"] for thing in mirror.things(PORT)) if mirror.available(_IO) else False
    fixed = {
        "API.HTTP.Version": "3",
        "API.Metadata.Metadata": "yes",
        "API.Metadata.Version": "1.0",
        "ApiDiscovery.ApiDiscovery": "yes",
        "Firmware.BuildDate": device["BuildDate"],
        "Firmware.BuildNumber": device["Version"],
        "Firmware.Version": device["Version"],
        "System.Architecture": device["Architecture"],
        "System.HardwareID": device["HardwareId"],
        "System.SerialNumber": device["SerialNumber"],
        "System.Soc": device["Soc"],
    }
    if supervised:
        fixed |= {"SupervisedIO.SupervisedIO": "yes", "SupervisedIO.Version": "2.00"}
    if EVENTS in mirror.services and mirror.available(EVENTS):
        fixed |= {"IO.ManualTriggerNbr": "1", "VirtualInput.VirtualInput": "yes"}
    for name, value in fixed.items():
        kind = "bool" if value == "yes" else "int" if name in ("API.HTTP.Version", "IO.ManualTriggerNbr") else "string"
        restricted = name in ("System.Architecture", "System.Soc")
        yield Parameter(f"Properties.{name}", value, Role.OPERATOR if restricted else None, kind=kind)


def _counted(group: str, name: str, direction: str) -> Callable[[Mirror], Iterator[Parameter]]:
    def count(mirror: Mirror) -> Iterator[Parameter]:
        number = sum(port.direction == direction for port in all_ports(mirror))
        yield Parameter(f"{group}.{name}", str(number), Role.VIEWER, kind="int")

    return count


def _io_ports(mirror: Mirror) -> Iterator[Parameter]:
    for port in all_ports(mirror):
        yield from _io_port(port)


def _io_port(port: Port) -> Iterator[Parameter]:
    def make(
        name: str, setting: str, value: str, words: Mapping[str, str] | None = None, choices: tuple[str, ...] = ()
    ) -> Parameter:
        return Parameter(
            f"IOPort.I{port.number}.{name}",
            value,
            Role.OPERATOR,
            Role.ADMINISTRATOR,
            port.thing,
            setting,
            words or {},
            choices=choices,
        )

    def fixed(name: str, value: str, kind: str = "string") -> Parameter:
        return Parameter(f"IOPort.I{port.number}.{name}", value, Role.OPERATOR, kind=kind)

    active = opposite(port.normal_state)
    yield fixed("Configurable", "yes" if port.configurable else "no", "bool")
    if port.configurable:
        yield make("Direction", "Direction", port.direction, choices=port.directions)
    else:
        yield fixed("Direction", port.direction)
    if not port.is_relay:
        yield make("Usage", "Usage", port.usage)
    if INPUT in port.directions:
        yield make("Input.Name", "Name", port.name)
        yield make("Input.Trig", "NormalState", active, _TRIGGERS, (CLOSED, OPEN))
    if OUTPUT in port.directions:
        yield make("Output.Name", "Name", port.name)
        if port.is_relay:
            yield fixed("Output.Active", active)
        else:
            yield make("Output.Active", "NormalState", active, _TRIGGERS, (CLOSED, OPEN))
        # An output stays where it is put; who wants a pulse says so in the action.
        yield fixed("Output.Button", "none")
        yield fixed("Output.DelayTime", "0", "int")
        yield fixed("Output.Mode", "bistable")
        yield fixed("Output.PulseTime", "0", "int")


def _setting(
    name: str, thing: Thing, setting: str, words: Mapping[str, str] | None = None, kind: str = "int"
) -> Parameter:
    """Return a system setting, which administrators alone see."""
    shown = {"true": True, "false": False}
    value = str(thing[setting])
    for word, ours in (words or {}).items():
        if shown.get(ours, ours) == thing[setting]:
            value = word
    return Parameter(
        name, value, Role.ADMINISTRATOR, Role.ADMINISTRATOR, thing, setting, words or {}, kind, tuple(words or ())
    )


def _https(mirror: Mirror) -> Iterator[Parameter]:
    web = mirror.thing(WEB)
    enabled = "no" if web["Protocols"] == "http" else "yes"
    yield Parameter("HTTPS.Enabled", enabled, Role.ADMINISTRATOR, kind="bool")
    yield _setting("HTTPS.Port", web, "HttpsPort")


def _network(mirror: Mirror) -> Iterator[Parameter]:
    web = mirror.thing(WEB)
    policies = {"basic_digest": "true", "digest": "false"}
    yield _setting("Network.HTTP.AuthenticationPolicy", web, "BasicOverHttp", policies, "string")
    if NETWORK in mirror.services and mirror.available(NETWORK):
        yield _setting("Network.HostName", mirror.thing(HOST), "Hostname", kind="string")
        dns = mirror.thing(DYNAMIC_DNS)
        yield _setting("Network.DNSUpdate.DNSName", dns, "Name", kind="string")
        yield _setting("Network.DNSUpdate.Enabled", dns, "Enabled", _YES, "bool")
        yield _setting("Network.DNSUpdate.TTL", dns, "TtlSec")
        interface = primary(mirror.things(INTERFACE))
        for name, value in (first_ipv4(interface.properties) if interface else {}).items():
            yield Parameter(f"Network.{name}", value, Role.ADMINISTRATOR)
        discovery = mirror.thing(DISCOVERY)
        for theirs, ours in (("Bonjour", "Bonjour"), ("UPnP", "Upnp")):
            yield _setting(f"Network.{theirs}.Enabled", discovery, ours, _YES, "bool")
            yield _setting(f"Network.{theirs}.FriendlyName", discovery, f"{ours}Name", kind="string")


def _system(mirror: Mirror) -> Iterator[Parameter]:
    yield _setting("System.BoaPort", mirror.thing(WEB), "HttpPort")
    blocking = mirror.thing(BLOCKING)
    group = "System.PreventDoSAttack"
    yield _setting(f"{group}.ActivatePasswordThrottling", blocking, "Enabled", _YES, "bool")
    for name, setting in (
        ("DoSBlockingPeriod", "PeriodSec"),
        ("DoSPageCount", "PageFailures"),
        ("DoSPageInterval", "PageIntervalSec"),
        ("DoSSiteCount", "DeviceFailures"),
        ("DoSSiteInterval", "DeviceIntervalSec"),
    ):
        yield _setting(f"{group}.{name}", blocking, setting)


_GROUPS: dict[str, Callable[[Mirror], Iterator[Parameter]]] = {
    "Brand": _brand,
    "HTTPS": _https,
    "IOPort": _io_ports,
    "Input": _counted("Input", "NbrOfInputs", INPUT),
    "Network": _network,
    "Output": _counted("Output", "NbrOfOutputs", OUTPUT),
    "Properties": _properties,
    "System": _system,
}
"""By the first part of their names, so that a request asks only the services that it is about."""
