# SPDX-License-Identifier: Apache-2.0
"""A process with nothing but an MQTT client, which tests kill.

python -m tests.events.mqtt.sender PORT FILE QOS FROM TO

It publishes the numbers FROM to TO - 1 on the topic "number", says "put" when they wait, and goes on sending.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from axiod.events.mqtt.client import MqttClient
from axiod.events.mqtt.message import Message
from axiod.events.mqtt.publication import Publication
from axiod.events.mqtt.settings import ClientSettings
from tests.events.mqtt.conftest import SERIAL, Around


async def main(port: int, path: Path, qos: int, first: int, last: int) -> None:
    client = MqttClient(SERIAL, path, Around(), delays=(0.01, 0.05))
    settings = ClientSettings(host="127.0.0.1", port=port, clean_session=False, connect_timeout_sec=5)
    client.apply(settings, "", Publication(), ())
    client.start()
    for number in range(first, last):
        client.publish(Message("number", str(number).encode(), qos))
    print("put", flush=True)
    await asyncio.get_running_loop().create_future()


if __name__ == "__main__":
    port_, path_, qos_, first_, last_ = sys.argv[1:]
    asyncio.run(main(int(port_), Path(path_), int(qos_), int(first_), int(last_)))
