# SPDX-License-Identifier: Apache-2.0
"""basicdeviceinfo.cgi: what this device is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from axiod.bus.arguments import shown
from axiod.bus.caller import Role
from axiod.errors import InvalidArgument
from axiod.gateway.names import DEVICE
from axiod.gateway.route import Route
from axiod.gateway.vapix.discovery import Api
from axiod.gateway.vapix.json_call import OLD, Call, JsonCgi, Refused

if TYPE_CHECKING:
    from axiod.gateway.context import Gateway
    from axiod.gateway.person import Person

API = Api("basic-device-info", "1.3", "Basic Device Information")

_PROPERTIES = {
    "Architecture": "Architecture",
    "Brand": "Brand",
    "BuildDate": "BuildDate",
    "HardwareID": "HardwareId",
    "ProdFullName": "FullName",
    "ProdNbr": "Model",
    "ProdShortName": "ShortName",
    "ProdType": "ProductType",
    "ProdVariant": "Variant",
    "SerialNumber": "SerialNumber",
    "Soc": "Soc",
    "SocSerialNumber": "SocSerialNumber",
    "Version": "Version",
    "WebURL": "WebUrl",
}
_RESTRICTED = {"Architecture", "Soc", "SocSerialNumber"}


def routes(gateway: Gateway) -> list[Route]:
    """Return what this part answers."""

    def everything() -> dict[str, str]:
        device = gateway.mirror.thing(DEVICE)
        return {name: str(device[ours]) for name, ours in _PROPERTIES.items()}

    async def get_all(_person: Person, _params: Any) -> dict[str, Any]:
        return {"propertyList": everything()}

    async def get_unrestricted(_person: Person, _params: Any) -> dict[str, Any]:
        return {"propertyList": {name: text for name, text in everything().items() if name not in _RESTRICTED}}

    async def get_some(_person: Person, params: Any) -> dict[str, Any]:
        names = params.get("propertyList") if isinstance(params, dict) else None
        if names is None:
            raise Refused(OLD.missing, "params must have propertyList")
        if not isinstance(names, list):
            raise InvalidArgument("propertyList must be a list of names")
        found = everything()
        for name in names:
            if not isinstance(name, str) or name not in found:
                raise InvalidArgument(f"Property not supported: {name if isinstance(name, str) else shown(name)}")
        return {"propertyList": {name: found[name] for name in names}}

    cgi = JsonCgi(
        "basicdeviceinfo.cgi",
        ("1.0", "1.1", "1.2", "1.3"),
        OLD,
        {
            "getAllProperties": Call(get_all, Role.OPERATOR),
            "getProperties": Call(get_some, Role.OPERATOR),
            "getAllUnrestrictedProperties": Call(get_unrestricted, None),
        },
    )
    return [Route(method, "/axis-cgi/basicdeviceinfo.cgi", cgi.answer, None) for method in ("POST", "GET")]
