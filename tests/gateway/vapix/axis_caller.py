# SPDX-License-Identifier: Apache-2.0
"""Calls a device with the PyPI package `axis` as it is, and writes what it makes of the answers as JSON.

HOST HTTP_PORT USER PASSWORD [TASK...]. It imports nothing of ours, so any version runs it, with any Python.
"""

from __future__ import annotations

import asyncio
import json
import sys
from importlib.metadata import version
from typing import Any

from axis.device import AxisDevice
from axis.models.configuration import Configuration
from axis.models.mqtt import ClientConfig, Message, Server, ServerProtocol
from axis.models.parameters.io_port import PortAction
from axis.models.port_management import PortConfiguration, Sequence
from axis.models.pwdgrp_cgi import SecondaryGroup


def session() -> Any:
    """Return the HTTP client that this version of the package wants."""
    if int(version("axis").split(".")[0]) >= 70:
        import aiohttp

        return aiohttp.ClientSession()
    import httpx

    return httpx.AsyncClient()


def plain(port: Any) -> dict[str, Any]:
    """Return a port as the package has it."""
    names = ("id", "name", "direction", "state", "normal_state", "configurable", "usage")
    return {name: getattr(port, name) for name in names}


async def initialize(vapix: Any) -> Any:
    """What Home Assistant does first, and what it keeps of it."""
    await vapix.initialize()
    await vapix.load_user_groups()
    return {
        "version": version("axis"),
        "serial": vapix.serial_number,
        "model": vapix.product_number,
        "type": vapix.product_type,
        "firmware": vapix.firmware_version,
        "rights": str(vapix.access_rights),
        "ports": {id_: plain(port) for id_, port in vapix.ports.items()},
        "apis": sorted(vapix.api_discovery.keys()),
        "parameters": sorted(vapix.params.keys()),
    }


async def ports(vapix: Any) -> Any:
    """Switch and configure a relay and an output."""
    management = vapix.io_port_management
    told = {"versions": await management.get_supported_versions()}
    await management.close("0")
    await management.set_ports([PortConfiguration("3", name="Siren", usage="Door", normal_state="closed")])
    told["closed"] = {id_: plain(port) for id_, port in (await management.get_ports()).items()}
    await management.open("0")
    await management.set_state_sequence("3", [Sequence("open", 10), Sequence("closed", 10), Sequence("open", 0)])
    told["open"] = {id_: plain(port) for id_, port in (await management.get_ports()).items()}
    return told


async def port_cgi(vapix: Any) -> Any:
    """The same over port.cgi and param.cgi, as with devices that have nothing newer."""
    found = await vapix.port_cgi.get_ports()
    vapix.port_cgi.load_ports()
    await vapix.port_cgi.close("0")
    await vapix.port_cgi.action("3", PortAction.HIGH)
    await vapix.port_cgi.open("0")
    return {
        id_: [port.name, str(port.direction), port.configurable, port.input_trigger, port.output_active]
        for id_, port in found.items()
    }


async def users(vapix: Any) -> Any:
    """An account from its first day to its last."""
    told = []
    for step in (
        None,
        vapix.users.create("joe", pwd="a b+c&d", sgrp=SecondaryGroup.VIEWER),
        vapix.users.modify("joe", pwd="x", sgrp=SecondaryGroup.ADMIN_PTZ),
        vapix.users.delete("joe"),
    ):
        if step is not None:
            await step
        told.append({name: str(user.privileges) for name, user in sorted((await vapix.users.list()).items())})
    return told


async def mqtt(vapix: Any) -> Any:
    """The MQTT client: configured, turned on and off, with events published."""
    await vapix.api_discovery.update()
    client = vapix.mqtt
    told: dict[str, Any] = {"supported": client.supported if hasattr(client, "supported") else True}
    message = Message(use_default=True)
    await client.configure_client(ClientConfig(
        Server("127.0.0.1", protocol=ServerProtocol.TCP, port=1), connect_message=message, username="me", password="x",
        last_will_testament=message, keep_alive_interval=30,
    ))  # fmt: skip
    for step in (client.activate, client.deactivate):
        await step()
        state = (await client.get_client_status()).status
        told[step.__name__] = [str(state.state), str(state.connection_status)]
    status = await client.get_client_status()
    told["prefix"] = status.config.device_topic_prefix
    told["keep alive"] = status.config.keep_alive_interval
    told["messages"] = [status.config.connect_message is not None, status.config.disconnect_message is not None]
    await client.configure_event_publication(["onvif:Device/axis:IO//."])
    config = await client.get_event_publication_config()
    told["filters"] = [one.topic_filter for one in config.event_filter_list]
    await client.configure_event_publication([])
    return told


TASKS = {task.__name__: task for task in (initialize, mqtt, ports, port_cgi, users)}


async def main() -> None:
    """Do the tasks."""
    host, port, user, password, *tasks = sys.argv[1:]
    async with session() as client:
        device = AxisDevice(Configuration(client, host, port=int(port), username=user, password=password))
        sys.stdout.write(json.dumps({name: await TASKS[name](device.vapix) for name in tasks}))


if __name__ == "__main__":
    asyncio.run(main())
