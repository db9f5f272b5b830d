# SPDX-License-Identifier: Apache-2.0
"""The command line of the gateway."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_address
from typing import TYPE_CHECKING

from axiod.runtime import client
from axiod.runtime.client import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

_PORTS = {"--http-port": "http", "--https-port": "https", "--rtsp-port": "rtsp"}
USAGE = """usage: axiod-gateway [OPTIONS]

--listen ADDRESS      listen at this IP address only; can be given several times (default: everywhere)
--http-port PORT      in place of the port that is configured; 0: any that is free
--https-port PORT     the same for HTTPS
--rtsp-port PORT      the same for RTSP
--world               the wires and contacts of a simulated board can be reached, too
--log-level LEVEL     debug, info, warning or error (default: info); debug logs every request
"""


@dataclass(frozen=True, slots=True)
class Options:
    """What the gateway was started with."""

    addresses: tuple[str, ...] = ()
    """Where it listens; empty: everywhere."""
    ports: tuple[tuple[str, int], ...] = ()
    """http, https or rtsp, and the port in place of the configured one."""
    log_level: str = "info"
    world: bool = False
    """The simulated world is reached like a service."""


def parse(arguments: Sequence[str]) -> Options:
    """Read the command line; raises UsageError."""
    addresses: list[str] = []
    ports: dict[str, int] = {}
    level = "info"
    world = False
    known = ["listen=", "http-port=", "https-port=", "rtsp-port=", "log-level=", "world"]
    for name, value in client.given(arguments, known):
        if name == "--listen":
            addresses.append(_address(value))
        elif name == "--world":
            world = True
        elif name == "--log-level":
            level = client.log_level(value)
        else:
            ports[_PORTS[name]] = _port(name, value)
    taken = [port for port in ports.values() if port]
    if len(set(taken)) < len(taken):
        raise UsageError("each port must be another one")
    return Options(tuple(addresses), tuple(ports.items()), level, world)


def _address(text: str) -> str:
    try:
        return str(ip_address(text))
    except ValueError:
        raise UsageError(f"--listen must be an IP address, not {text!r}") from None


def _port(name: str, text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text) < 65536):
        raise UsageError(f"{name} must be a port, 0 to 65535, not {text!r}")
    return int(text)


def read() -> Options:
    """Read the command line of this process; one that is wrong ends it with status 2, --help with 0."""
    return client.read("axiod-gateway", USAGE, parse)
