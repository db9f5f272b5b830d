# SPDX-License-Identifier: Apache-2.0
"""Two machines on one wire: network namespaces of the kernel that a test makes, and real packets between them.

Whether a packet was dropped is asked without a clock: behind it, on the same wire, goes a question that the device
answers whatever its rules are, because it is the device that began that conversation. When the answer is there, the
packet before it has had its effect or will have none.
"""

from __future__ import annotations

import ctypes
import json
import os
import select
import shutil
import socket
import subprocess
import threading
import time
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_CLONE_NEWNET = 0x40000000
_ECHO_REQUEST = {4: 8, 6: 128}
_ECHO_REPLY = {4: 0, 6: 129}
_SECONDS = 10
_FIRST_PORT = 1024
"""Of the client's connections: below those that the kernel gives."""
MAC = {"device": "02:00:00:00:00:01", "client": "02:00:00:00:00:02"}
DEVICE, DEVICE6 = "10.77.0.1", "fd77::1"
CLIENT, OTHER, CLIENT6, OTHER6 = "10.77.0.2", "10.77.0.9", "fd77::2", "fd77:0:0:1::9"
GROUP = "239.77.0.1"
_FOLLOWING = """flush ruleset
add table inet following
add chain inet following input { type filter hook input priority 0; }
add rule inet following input ct state new accept
"""


def why_not() -> str | None:
    """Say why there can be no wire here; None where there can."""
    if os.geteuid() != 0:
        return "only root can make network namespaces"
    for command in ("ip", "nft"):
        if shutil.which(command, path="/usr/sbin:/sbin:/usr/bin:/bin") is None:
            return f"there is no command {command}: install iproute2 and nftables"
    name = f"axiod-probe-{os.getpid()}"
    if subprocess.run(["ip", "netns", "add", name], capture_output=True, check=False).returncode:
        return "this machine makes no network namespaces"
    try:
        ruled = subprocess.run(
            ["ip", "netns", "exec", name, "nft", "add", "table", "inet", "probe"], capture_output=True, check=False
        )
    finally:
        subprocess.run(["ip", "netns", "del", name], check=True)
    return "this kernel has no nftables" if ruled.returncode else None


class Wire:
    """The device and its client."""

    def __init__(self) -> None:
        self.device = f"axiod-device-{os.getpid()}"
        self._client = f"axiod-client-{os.getpid()}"
        self._open: list[socket.socket] = []
        self._raw: dict[str, socket.socket] = {}
        self._mine = 0
        self._ports = count(_FIRST_PORT)

    def open(self) -> None:
        """Make both machines, and wait until they know each other."""
        ends = {
            self.device: [f"{DEVICE}/24", f"{DEVICE6}/32"],
            self._client: [f"{CLIENT}/24", f"{OTHER}/24", f"{CLIENT6}/32", f"{OTHER6}/32"],
        }
        for name in ends:
            _ip("netns", "add", name)
        _ip("link", "add", "wire", "address", MAC["device"], "netns", self.device, "type", "veth",
            "peer", "name", "wire", "address", MAC["client"], "netns", self._client)  # fmt: skip
        for name, addresses in ends.items():
            for address in addresses:
                more = ["nodad"] if ":" in address else ["broadcast", "+"]
                _ip("-n", name, "addr", "add", address, "dev", "wire", *more)
            for link in ("lo", "wire"):
                _ip("-n", name, "link", "set", link, "up")
        self._questions = self._conversation()
        for source in (CLIENT, OTHER, CLIENT6, OTHER6):
            self._raw[source] = self._echoing(source)
        self._mine = len(self._open)
        for source in (CLIENT, OTHER, CLIENT6, OTHER6):
            self._wait_until_found(source)

    def _wait_until_found(self, source: str) -> None:
        """Wait until both ends know each other's MAC address: a link that has just come up drops what asks for it."""
        end = time.monotonic() + _SECONDS
        while not self.ping(source):
            assert time.monotonic() < end, f"{source} does not reach the device, and there is no rule yet"

    def clear(self) -> None:
        """Forget the rules of the device and what was begun, for the next test."""
        # It goes on to follow connections meanwhile: one whose end it does not see stays known to it for days.
        self.nft(_FOLLOWING)
        for item in self._open[self._mine :]:
            item.close()
        del self._open[self._mine :]
        self.remind()
        self.settle()
        self.nft("flush", "ruleset")

    def close(self) -> None:
        """Leave nothing behind."""
        for item in self._open:
            item.close()
        for name in (self.device, self._client):
            subprocess.run(["ip", "netns", "del", name], check=False)  # one of them may not have come about

    # --- the device ---

    def nft(self, *arguments: str, given: Mapping[str, Any] | None = None) -> str:
        """Run nft on the device and return what it says."""
        command = ["ip", "netns", "exec", self.device, "nft", *arguments]
        text = None if given is None else json.dumps(given)
        done = subprocess.run(command, input=text, text=True, capture_output=True, check=False)
        assert not done.returncode, done.stderr
        return done.stdout

    def put(self, document: Mapping[str, Any]) -> None:
        """Put a document of JSON in force."""
        self.nft("-j", "-f", "-", given=document)

    def listen(self, port: int, family: int = socket.AF_INET) -> socket.socket:
        """Listen on the device."""
        made = self._socket(self.device, family, socket.SOCK_STREAM)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind(("::" if family == socket.AF_INET6 else "", port))
        made.listen(64)
        return made

    def receive(self, port: int, family: int = socket.AF_INET) -> socket.socket:
        """Receive datagrams on the device."""
        made = self._socket(self.device, family, socket.SOCK_DGRAM)
        if family == socket.AF_INET:
            joined = socket.inet_aton(GROUP) + socket.inet_aton(DEVICE)
            made.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, joined)
        made.bind(("::" if family == socket.AF_INET6 else "", port))
        made.setblocking(False)
        return made

    def connect_out(self) -> bool:
        """Whether the device reaches a service of its client."""
        served = self._socket(self._client, socket.AF_INET, socket.SOCK_STREAM)
        served.bind((CLIENT, 0))
        served.listen()
        mine = self._socket(self.device, socket.AF_INET, socket.SOCK_STREAM)
        return _connects(mine, served.getsockname())

    def reaches_itself(self, port: int) -> bool:
        """Whether the device reaches a service of its own."""
        return _connects(self._socket(self.device, socket.AF_INET, socket.SOCK_STREAM), ("127.0.0.1", port))

    # --- what the client does ---

    def tcp(self, port: int, source: str = CLIENT) -> bool:
        """Whether a connection to a port of the device comes about."""
        made = self.begin(port, source)
        self.settle()
        return _is_connected(made)

    def begin(self, port: int, source: str = CLIENT) -> socket.socket:
        """Begin a connection to the device, and do not wait."""
        family = socket.AF_INET6 if ":" in source else socket.AF_INET
        made = self._socket(self._client, family, socket.SOCK_STREAM)
        # A port of its own: a SYN from the port of a connection that was reset belongs to that for some seconds.
        made.bind((source, next(self._ports)))
        made.setblocking(False)
        made.connect_ex((DEVICE6 if ":" in source else DEVICE, port))
        return made

    def udp(self, receiver: socket.socket, source: str = CLIENT, to: str | None = None) -> bool:
        """Whether a datagram to the port of a receiver arrives; `to`: an address that is not the device's own."""
        family = socket.AF_INET6 if ":" in source else socket.AF_INET
        made = self._socket(self._client, family, socket.SOCK_DGRAM)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        if to == GROUP:
            made.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(source))
        made.bind((source, 0))
        made.sendto(b"?", (to or (DEVICE6 if ":" in source else DEVICE), receiver.getsockname()[1]))
        self.settle()
        return _arrived(receiver)

    def conversation(self, port: int) -> Callable[[socket.socket], bool]:
        """Return what sends a datagram to a port from one and the same port, says whether it arrives, and answers."""
        made = self._socket(self._client, socket.AF_INET, socket.SOCK_DGRAM)
        made.bind((CLIENT, 0))

        def send(receiver: socket.socket) -> bool:
            made.sendto(b"?", (DEVICE, port))
            self.settle()
            if not _arrived(receiver):
                return False
            receiver.sendto(b"!", made.getsockname())
            return True

        return send

    def ping(self, source: str = CLIENT) -> bool:
        """Whether the device answers an echo request (RFC 792, RFC 4443)."""
        version = 6 if ":" in source else 4
        made = self._raw[source]
        while select.select([made], [], [], 0)[0]:
            made.recv(1000)  # what came late is no answer to this
        # The kernel fills in the checksum of IPv6.
        head = bytes((_ECHO_REQUEST[version], 0, 0, 0, 0x12, 0x34, 0, 1))
        made.sendto(head[:2] + _checksum(head) + head[4:], (DEVICE6 if version == 6 else DEVICE, 0))
        self.settle()
        while select.select([made], [], [], 0)[0]:
            answer = made.recv(1000)
            if answer[20 if version == 4 else 0] == _ECHO_REPLY[version]:
                return True
        return False

    def forget_neighbours(self) -> None:
        """Make both ends ask anew which MAC address an IP address has."""
        for name in (self.device, self._client):
            _ip("-n", name, "neigh", "flush", "dev", "wire")

    def settle(self) -> None:
        """Return when everything that was sent before has arrived, and every answer to it."""
        of_device, of_client = self._questions
        for text in (b"1", b"2"):
            of_client.send(text)
            assert of_device.recv(1) == text
            of_device.send(text)
            assert of_client.recv(1) == text

    # --- sockets ---

    def _conversation(self) -> tuple[socket.socket, socket.socket]:
        of_device = self._socket(self.device, socket.AF_INET, socket.SOCK_DGRAM)
        of_client = self._socket(self._client, socket.AF_INET, socket.SOCK_DGRAM)
        of_device.bind((DEVICE, 0))
        of_client.bind((CLIENT, 0))
        of_device.connect(of_client.getsockname())
        of_client.connect(of_device.getsockname())
        return of_device, of_client

    def _echoing(self, source: str) -> socket.socket:
        if ":" in source:
            made = self._socket(self._client, socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6)
        else:
            made = self._socket(self._client, socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
        made.bind((source, 0))
        made.setblocking(False)
        return made

    def remind(self) -> None:
        """Let the device begin the conversation, so that the packet filter knows that it did."""
        of_device, of_client = self._questions
        of_device.send(b"0")
        assert of_client.recv(1) == b"0"

    def _socket(self, namespace: str, family: int, kind: int, protocol: int = 0) -> socket.socket:
        """Return a socket of a namespace; it stays there, whoever uses it."""
        found: list[socket.socket] = []

        def make() -> None:
            # A thread has a namespace of its own, if it wants.
            with Path(f"/run/netns/{namespace}").open("rb") as there:
                if ctypes.CDLL(None, use_errno=True).setns(there.fileno(), _CLONE_NEWNET):
                    raise OSError(ctypes.get_errno(), "setns")
            made = socket.socket(family, kind, protocol)
            if family == socket.AF_INET6 and kind != socket.SOCK_RAW:
                made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            found.append(made)

        thread = threading.Thread(target=make)
        thread.start()
        thread.join()
        found[0].settimeout(_SECONDS)
        self._open.append(found[0])
        return found[0]


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True)


def _connects(made: socket.socket, to: tuple[str, int]) -> bool:
    try:
        made.connect(to)
    except OSError:
        return False
    return True


def _arrived(receiver: socket.socket) -> bool:
    try:
        return receiver.recv(100) == b"?"
    except BlockingIOError:
        return False


def _is_connected(made: socket.socket) -> bool:
    try:
        made.getpeername()
    except OSError:
        return False
    return True


def _checksum(data: bytes) -> bytes:
    total = sum(int.from_bytes(data[i : i + 2]) for i in range(0, len(data), 2))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return (~total & 0xFFFF).to_bytes(2)
