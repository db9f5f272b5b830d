# SPDX-License-Identifier: Apache-2.0
"""The file by which avahi announces the web server. Pure. Source: avahi.service(5)."""

from __future__ import annotations

from dataclasses import dataclass
from xml.sax.saxutils import escape


@dataclass(frozen=True, slots=True)
class Web:
    """Where the web server is; None: it does not speak that."""

    http_port: int | None
    https_port: int | None


def types(web: Web) -> list[tuple[str, int]]:
    """Return the types of service that are announced, with their ports; that of ours comes first."""
    found = []
    for scheme, port in (("http", web.http_port), ("https", web.https_port)):
        if port is not None:
            found += [(f"_vapix-{scheme}._tcp", port), (f"_{scheme}._tcp", port)]
    return found


def service_file(name: str, serial_number: str, web: Web) -> str:
    """Return the text of the file. The name is taken as it is; avahi adds a number where another device has it."""
    services = "".join(
        f"  <service>\n    <type>{type_}</type>\n    <port>{port}</port>\n"
        f"    <txt-record>macaddress={escape(serial_number)}</txt-record>\n"
        "    <txt-record>path=/</txt-record>\n  </service>\n"
        for type_, port in types(web)
    )
    return (
        '<?xml version="1.0" standalone="no"?>\n<!DOCTYPE service-group SYSTEM "avahi-service.dtd">\n'
        "<!-- Written by axiod-network: change it with axioctl discovery configure. -->\n"
        f'<service-group>\n  <name replace-wildcards="no">{escape(name)}</name>\n{services}</service-group>\n'
    )
