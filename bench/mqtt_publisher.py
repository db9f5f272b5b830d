# SPDX-License-Identifier: Apache-2.0
"""A bare MQTT publisher in a process of its own: python -m bench.mqtt_publisher PORT TOPIC.

For each line on its standard input it publishes one message of QoS 0, whose payload is the time in microseconds since
1970, with padding to the length of an event. Writes "ready" once it is connected.
"""

from __future__ import annotations

import sys
import time

from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion

_LENGTH = 150


def main(port: int, topic: str) -> None:
    """Publish until the input ends."""
    client = Client(CallbackAPIVersion.VERSION2)
    client.on_connect = lambda *_: print("ready", flush=True)
    client.connect("127.0.0.1", port)
    client.loop_start()
    for _line in sys.stdin:
        client.publish(topic, str(time.time_ns() // 1000).ljust(_LENGTH))
    client.disconnect()
    client.loop_stop()


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
