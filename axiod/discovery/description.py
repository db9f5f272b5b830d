# SPDX-License-Identifier: Apache-2.0
"""The description of the device that UPnP clients fetch. Pure. Source: UPnP Device Architecture 1.1, 2.3."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

from axiod.discovery.ssdp import DEVICE_TYPE

if TYPE_CHECKING:
    from axiod.discovery.model import Address, Announced

PATH = "/description.xml"
_LONGEST = 63
"""friendlyName and the others are to be shorter than 64 characters."""


def description(what: Announced, address: Address, boot_id: int) -> bytes:
    """Return it for a client that came to one of the device's addresses."""
    url = what.url(address, "/")
    device = {
        "deviceType": DEVICE_TYPE,
        "friendlyName": what.friendly_name[:_LONGEST],
        "manufacturer": what.brand[:_LONGEST],
        "manufacturerURL": what.web_url,
        "modelDescription": what.full_name[:_LONGEST],
        "modelName": what.model[:_LONGEST],
        "modelNumber": what.model[:_LONGEST],
        "modelURL": what.web_url,
        "serialNumber": what.serial_number,
        "UDN": f"uuid:{what.uuid}",
        "presentationURL": url,
    }
    lines = "".join(f"<{name}>{escape(value)}</{name}>" for name, value in device.items() if value)
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n'
        f'<root xmlns="urn:schemas-upnp-org:device-1-0" configId="{boot_id & 0xFFFFFF}">'
        "<specVersion><major>1</major><minor>1</minor></specVersion>"
        f"<device>{lines}</device></root>\n"
    ).encode()
