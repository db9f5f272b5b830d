# SPDX-License-Identifier: Apache-2.0
"""Sends datagrams to a multicast group and prints what comes back, as long as something comes.

`python -m tests.discovery.raw INTERFACE GROUP PORT [SOURCE]`: each line of standard input is a datagram, in
hexadecimal. Each answer is a line of JSON: from whom, and the text.
"""

from __future__ import annotations

import json
import socket
import sys

SILENCE_SECONDS = 1.4


def main(interface: str, group: str, port: str, source: str = "") -> None:
    """Send and listen."""
    family, kind, protocol, _, address = socket.getaddrinfo(
        f"{group}%{interface}" if ":" in group else group, int(port), type=socket.SOCK_DGRAM
    )[0]
    with socket.socket(family, kind, protocol) as asking:
        if source:
            asking.bind((source, 0))
        if family == socket.AF_INET:
            asking.setsockopt(socket.SOL_SOCKET, 25, interface.encode())  # SO_BINDTODEVICE
        for line in sys.stdin:
            asking.sendto(bytes.fromhex(line), address)
        asking.settimeout(SILENCE_SECONDS)
        while True:
            try:
                data, peer = asking.recvfrom(65536)
            except TimeoutError:
                return
            print(json.dumps([peer[0], data.decode()]), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
