# SPDX-License-Identifier: Apache-2.0
"""The command line of the gateway."""

from __future__ import annotations

import getopt
import sys
from dataclasses import dataclass
from ipaddress import ip_address
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

EXIT_USAGE = 2
LEVELS = ("debug", "info", "warning", "error")
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


class UsageError(ValueError):
    """The command line is wrong."""


def parse(arguments: Sequence[str]) -> Options:
    """Read the command line; raises UsageError."""
    # getopt, because argparse would cost half a megabyte.
    try:
        given, rest = getopt.getopt(
            list(arguments), "", ["listen=", "http-port=", "https-port=", "rtsp-port=", "log-level=", "world"]
        )
    except getopt.GetoptError as error:
        raise UsageError(str(error)) from None
    if rest:
        raise UsageError(f"{rest[0]!r} is not expected")
    addresses: list[str] = []
    ports: dict[str, int] = {}
    level = "info"
    world = False
    for name, value in given:
        if name == "--listen":
            addresses.append(_address(value))
        elif name == "--world":
            world = True
        elif name == "--log-level":
            if value not in LEVELS:
                raise UsageError(f"--log-level must be one of {', '.join(LEVELS)}, not {value!r}")
            level = value
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
    if sys.argv[1:] in (["--help"], ["-h"]):
        sys.stdout.write(USAGE)
        sys.exit(0)
    try:
        return parse(sys.argv[1:])
    except UsageError as error:
        sys.stderr.write(f"axiod-gateway: {error}\n{USAGE}")
        sys.exit(EXIT_USAGE)
