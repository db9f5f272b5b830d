# SPDX-License-Identifier: Apache-2.0
"""Requests and answers of RTSP 1.0. Pure.

The clients that matter read an answer by its looks (": " between name and value, a Session with one "=", a stream
description with an absolute URL), and only if it comes in one piece: an answer is one write.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

if TYPE_CHECKING:
    from collections.abc import Mapping

MEDIA = "/axis-media/media.amp"
"""The one stream there is."""
METHODS = ("OPTIONS", "DESCRIBE", "SETUP", "PLAY", "TEARDOWN", "GET_PARAMETER", "SET_PARAMETER")
PAYLOAD_TYPE = 98
LONGEST_HEAD = 8 * 1024
_MOST_HEADERS = 64

_REASONS = {
    200: "OK",
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    413: "Request Entity Too Large",
    454: "Session Not Found",
    455: "Method Not Valid in This State",
    461: "Unsupported Transport",
    500: "Internal Server Error",
    503: "Service Unavailable",
    505: "RTSP Version Not Supported",
}
_REQUEST = re.compile(r"([A-Z_]{1,32}) ([!-~]{1,2048}) (RTSP/\d\.\d)")
_URL = re.compile(r"(rtsps?://[A-Za-z0-9.:%_\[\]-]{1,255})?(/[^?]*)?(?:\?(.*))?", re.IGNORECASE)


class Refused(Exception):
    """A request that is answered with an error."""

    def __init__(self, status: int, why: str, **headers: str) -> None:
        super().__init__(why)
        self.status = status
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}


@dataclass(frozen=True, slots=True)
class Request:
    """One request."""

    method: str
    url: str
    """As the client wrote it."""
    headers: Mapping[str, str]
    """By lower-case name; the first of each name."""

    @property
    def cseq(self) -> str:
        """What the answer must repeat; "0" where the client gave nothing that can be repeated."""
        given = self.headers.get("cseq", "")
        return given if given.isascii() and given.isdigit() and len(given) <= 10 else "0"

    @property
    def length(self) -> int:
        """How many bytes follow the head; raises Refused."""
        given = self.headers.get("content-length", "0")
        if not (given.isascii() and given.isdigit() and len(given) <= 6):
            raise Refused(400, "Content-Length is no number")
        return int(given)

    @property
    def session(self) -> str:
        """The session that the client names, or nothing."""
        return self.headers.get("session", "").partition(";")[0].strip()

    @property
    def base(self) -> str:
        """The URL up to its path: rtsp://host:port; raises Refused where the client gave none."""
        match = _URL.fullmatch(self.url)
        if match is None or not match[1]:
            raise Refused(400, "the URL must be complete, like rtsp://host" + MEDIA)
        return match[1]

    @property
    def path(self) -> str:
        """The path of the URL."""
        match = _URL.fullmatch(self.url)
        return (match[2] or "/") if match else ""

    @property
    def query(self) -> str:
        """What follows the question mark, as it was sent."""
        match = _URL.fullmatch(self.url)
        return (match[3] or "") if match else ""

    @property
    def parameters(self) -> Mapping[str, str]:
        """The query, taken to pieces; raises Refused."""
        try:
            pairs = parse_qsl(self.query, keep_blank_values=True, max_num_fields=64)
        except ValueError:
            raise Refused(400, "the query has too many parts") from None
        return dict(pairs)


def parse(head: bytes) -> Request:
    """Read the head of a request, without the empty line; raises Refused."""
    lines = head.decode("latin-1").split("\r\n")
    match = _REQUEST.fullmatch(lines[0])
    if match is None:
        raise Refused(400, "the request line cannot be read")
    headers: dict[str, str] = {}
    if len(lines) > _MOST_HEADERS:
        raise Refused(400, "too many header lines")
    for line in lines[1:]:
        name, colon, value = line.partition(":")
        if not colon or not re.fullmatch(r"[A-Za-z0-9-]{1,64}", name) or "\n" in value or "\0" in value:
            raise Refused(400, "a header line cannot be read")
        headers.setdefault(name.lower(), value.strip())
    request = Request(match[1], match[2], headers)
    if match[3] != "RTSP/1.0":
        raise Refused(505, "only RTSP/1.0 is spoken here", CSeq=request.cseq)
    return request


@dataclass(slots=True)
class Response:
    """One answer."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: str = ""

    def encode(self, cseq: str) -> bytes:
        """Return it as it is sent."""
        lines = [f"RTSP/1.0 {self.status} {_REASONS[self.status]}", f"CSeq: {cseq}"]
        lines += [f"{name}: {value}" for name, value in self.headers.items()]
        body = self.body.encode()
        if body:
            lines.append(f"Content-Length: {len(body)}")
        return "\r\n".join([*lines, "", ""]).encode() + body


def refusal(error: Refused) -> Response:
    """Return the answer that refuses a request; a challenge has no text, for it is no fault."""
    if error.status == 401:
        return Response(401, error.headers)
    return Response(error.status, {**error.headers, "Content-Type": "text/plain"}, f"{error}\r\n")


def description(request: Request, server: str) -> Response:
    """Return the answer to DESCRIBE. `server`: the address that the client reached us at."""
    query = f"?{request.query}" if request.query else ""
    family = "IP6" if ":" in server else "IP4"
    nowhere = "::" if family == "IP6" else "0.0.0.0"  # noqa: S104 # the client says where it wants it, in SETUP
    lines = [
        "v=0",
        f"o=- 0 1 IN {family} {server.partition('%')[0]}",
        "s=Events",
        f"c=IN {family} {nowhere}",
        "t=0 0",
        f"a=control:{request.base}{MEDIA}{query}",
        f"m=application 0 RTP/AVP {PAYLOAD_TYPE}",
        f"a=rtpmap:{PAYLOAD_TYPE} vnd.onvif.metadata/90000",
        "a=sendonly",
        f"a=control:{request.base}{MEDIA}/stream=0{query}",
        "",
    ]
    headers = {"Content-Type": "application/sdp", "Content-Base": f"{request.base}{MEDIA}/"}
    return Response(200, headers, "\r\n".join(lines))


@dataclass(frozen=True, slots=True)
class Wanted:
    """How a client wants the stream."""

    interleaved: bool
    """Within the RTSP connection; otherwise by UDP."""
    first: int
    """The client's port, or channel, for the stream."""
    second: int
    """The one for RTCP."""


def wanted(transports: str) -> Wanted:
    """Read the header Transport and choose the first way that is possible; raises Refused."""
    for transport in transports.split(",")[:16]:
        protocol, *rest = (part.strip() for part in transport.split(";"))
        parameters = dict(part.partition("=")[::2] for part in rest)
        if "multicast" in parameters or parameters.get("mode", "PLAY").strip('"').upper() != "PLAY":
            continue
        if protocol.upper() == "RTP/AVP/TCP":
            channels = _pair(parameters.get("interleaved", "0-1"), 0, 255)
            if channels:
                return Wanted(interleaved=True, first=channels[0], second=channels[1])
        elif protocol.upper() in ("RTP/AVP", "RTP/AVP/UDP"):
            ports = _pair(parameters.get("client_port", ""), 1024, 65535)
            if ports:
                return Wanted(interleaved=False, first=ports[0], second=ports[1])
    raise Refused(
        461, "the stream comes as RTP/AVP;unicast;client_port=N-M with ports from 1024, or RTP/AVP/TCP;interleaved=0-1"
    )


def _pair(text: str, least: int, most: int) -> tuple[int, int] | None:
    first, dash, second = text.partition("-")
    if not re.fullmatch(r"\d{1,5}", first, re.ASCII) or (dash and not re.fullmatch(r"\d{1,5}", second, re.ASCII)):
        return None
    pair = (int(first), int(second) if dash else int(first) + 1)
    return pair if pair[0] != pair[1] and all(least <= number <= most for number in pair) else None
