# SPDX-License-Identifier: Apache-2.0
"""The client's side of WebSocket (RFC 6455), as far as MQTT needs it: binary frames in a row. Pure.

What arrives is passed on in pieces, so that a frame without an end takes no memory.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass, field

_MAGIC = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
LONGEST_HEAD = 8192
BINARY, CLOSE, PING, PONG = 0x2, 0x8, 0x9, 0xA
_CONTINUATION = 0x0


def request(host: str, port: int, path: str, key: bytes, *, secure: bool) -> bytes:
    """Return the request that opens it. `key`: 16 random bytes."""
    name = f"[{host}]" if ":" in host else host
    where = name if port == (443 if secure else 80) else f"{name}:{port}"
    lines = (
        f"GET {path} HTTP/1.1",
        f"Host: {where}",
        "Upgrade: websocket",
        "Connection: Upgrade",
        f"Sec-WebSocket-Key: {base64.b64encode(key).decode()}",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Protocol: mqtt",
    )
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def check_answer(head: bytes, key: bytes) -> None:
    """Raise ConnectionError unless the head of an answer, without its empty line, accepts the request."""
    lines = head.decode("latin-1").split("\r\n")
    status = lines[0].split(" ", 2)
    if len(status) < 2 or status[1] != "101":
        raise ConnectionError(f"it answered {lines[0][:60]!r} instead of opening a WebSocket; look at BasePath")
    fields = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
    accept = base64.b64encode(hashlib.sha1(base64.b64encode(key) + _MAGIC).digest()).decode()  # noqa: S324 # the protocol
    if fields.get("sec-websocket-accept") != accept or fields.get("upgrade", "").lower() != "websocket":
        raise ConnectionError("its answer to the WebSocket request is not one of a WebSocket server")
    if fields.get("sec-websocket-protocol", "mqtt") != "mqtt":
        raise ConnectionError("the WebSocket server does not speak MQTT; look at BasePath")


def frame(opcode: int, data: bytes, mask: bytes) -> bytes:
    """Return one frame as a client sends it. `mask`: 4 random bytes."""
    size = len(data)
    if size < 126:
        length = bytes([0x80 | size])
    elif size < 65536:
        length = b"\xfe" + size.to_bytes(2, "big")
    else:
        length = b"\xff" + size.to_bytes(8, "big")
    return bytes([0x80 | opcode]) + length + mask + _masked(data, mask)


def _masked(data: bytes, mask: bytes) -> bytes:
    if not data:
        return b""
    stretched = (mask * (len(data) // 4 + 1))[: len(data)]
    return (int.from_bytes(data, "big") ^ int.from_bytes(stretched, "big")).to_bytes(len(data), "big")


@dataclass(slots=True)
class Decoder:
    """Takes what a server sends to pieces. Raises ConnectionError for what no server may send."""

    _buffer: bytes = b""
    _opcode: int = 0
    _left: int = 0
    """Bytes of the present frame that are still to come."""
    _control: bytearray = field(default_factory=bytearray)

    def feed(self, data: bytes) -> tuple[bytes, list[tuple[int, bytes]]]:
        """Return the bytes of MQTT in what arrived, and the control frames (opcode, payload)."""
        self._buffer += data
        binary = bytearray()
        controls: list[tuple[int, bytes]] = []
        while self._left or self._head():
            piece, self._buffer = self._buffer[: self._left], self._buffer[self._left :]
            self._left -= len(piece)
            if self._opcode < CLOSE:
                binary += piece
            else:
                self._control += piece
                if not self._left:
                    controls.append((self._opcode, bytes(self._control)))
                    self._control.clear()
            if self._left:
                break
        return bytes(binary), controls

    def _head(self) -> bool:
        """Read the head of the next frame; False while it is not there as a whole."""
        if len(self._buffer) < 2:
            return False
        opcode, size, start = self._buffer[0] & 0x0F, self._buffer[1], 2
        if opcode not in (_CONTINUATION, BINARY, CLOSE, PING, PONG) or self._buffer[0] & 0x70 or size & 0x80:
            raise ConnectionError("it sent a WebSocket frame that MQTT has no use for")
        if size in (126, 127):
            start = 4 if size == 126 else 10
            if len(self._buffer) < start:
                return False
            size = int.from_bytes(self._buffer[2:start], "big")
        if opcode >= CLOSE and size > 125:
            raise ConnectionError("it sent a WebSocket control frame that is too large")
        self._opcode, self._left, self._buffer = opcode, size, self._buffer[start:]
        return True
