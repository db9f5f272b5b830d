# SPDX-License-Identifier: Apache-2.0
"""Requests of RTSP, also hostile ones."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from axiod.gateway.rtsp.message import Refused, Request, Response, Wanted, description, parse, wanted

SETUP = (
    b"SETUP rtsp://192.0.2.1/axis-media/media.amp/stream=0?video=0&event=on RTSP/1.0\r\nCSeq: 2\r\n"
    b"transport: RTP/AVP;unicast;client_port=5000-5001\r\nSession:  abc;timeout=60"
)


def test_a_request() -> None:
    request = parse(SETUP)
    assert (request.method, request.cseq, request.session) == ("SETUP", "2", "abc")
    assert request.base == "rtsp://192.0.2.1"
    assert request.path == "/axis-media/media.amp/stream=0"
    assert request.parameters == {"video": "0", "event": "on"}
    assert request.headers["transport"] == "RTP/AVP;unicast;client_port=5000-5001"


@pytest.mark.parametrize(
    ("transports", "found"),
    [
        ("RTP/AVP;unicast;client_port=5000-5001", Wanted(interleaved=False, first=5000, second=5001)),
        ("RTP/AVP/UDP; unicast; client_port=5000", Wanted(interleaved=False, first=5000, second=5001)),
        ("RTP/AVP/TCP;unicast;interleaved=2-3", Wanted(interleaved=True, first=2, second=3)),
        ("rtp/avp/tcp", Wanted(interleaved=True, first=0, second=1)),
        ('RTP/AVP;unicast;client_port=5000-5001;mode="PLAY"', Wanted(interleaved=False, first=5000, second=5001)),
    ],
)
def test_transports(transports: str, found: Wanted) -> None:
    assert wanted(transports) == found


@given(head=st.binary(max_size=300))
@example(SETUP)
@example(b"OPTIONS rtsp://[::1]:554/?" + b"a&" * 200 + b" RTSP/1.0\r\nCSeq: 99999999999")
@example(b"OPTIONS rtsp://h RTSP/1.0\r\nContent-Length: \xb2")
def test_any_head_is_read_or_refused(head: bytes) -> None:
    for read in (
        lambda: parse(head).length,
        lambda: parse(head).parameters,
        lambda: description(parse(head), "192.0.2.1").encode(parse(head).cseq),
    ):
        with contextlib.suppress(Refused):
            read()


@given(transports=st.text())
def test_any_transport_is_taken_or_refused(transports: str) -> None:
    with contextlib.suppress(Refused):
        wanted(transports)


@given(url=st.from_regex(r"rtsp://h/[!-~]{0,50}", fullmatch=True))
def test_an_answer_has_the_lines_that_were_meant(url: str) -> None:
    """Nothing that a client sends makes a line of its own."""
    answer = description(Request("DESCRIBE", url, {}), "192.0.2.1").encode("1")
    head, _, body = answer.partition(b"\r\n\r\n")
    assert len(head.split(b"\r\n")) == 5
    assert len(body.split(b"\r\n")) == 11


def test_an_answer() -> None:
    answer = Response(200, {"Session": "abc;timeout=60"}).encode("7")
    assert answer == b"RTSP/1.0 200 OK\r\nCSeq: 7\r\nSession: abc;timeout=60\r\n\r\n"
