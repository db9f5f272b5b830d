# SPDX-License-Identifier: Apache-2.0
"""Events as VAPIX has them."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from axiod.bus.client import Event
from axiod.gateway.rtsp.media import Packets
from axiod.gateway.vapix.notification import Notification, Operation, utc
from tests.gateway.streams.rtsp_client import Told

PORT = Event("tns1:Device/tnsaxis:IO/Port", {"port": "1"}, {"state": "0"}, 1639385866198005, 7)


def test_the_document_of_the_metadata_stream() -> None:
    text = Notification(PORT).xml(Operation.INITIALIZED).decode()
    assert text == (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<tt:MetadataStream xmlns:tt="http://www.onvif.org/ver10/schema"><tt:Event>'
        '<wsnt:NotificationMessage xmlns:wsnt="http://docs.oasis-open.org/wsn/b-2"'
        ' xmlns:tns1="http://www.onvif.org/ver10/topics" xmlns:tnsaxis="http://www.axis.com/2009/event/topics">'
        '<wsnt:Topic Dialect="http://docs.oasis-open.org/wsn/t-1/TopicExpression/Simple">'
        "tns1:Device/tnsaxis:IO/Port</wsnt:Topic><wsnt:Message>"
        '<tt:Message UtcTime="2021-12-13T08:57:46.198005Z" PropertyOperation="Initialized">'
        '<tt:Source><tt:SimpleItem Name="port" Value="1"/></tt:Source><tt:Key></tt:Key>'
        '<tt:Data><tt:SimpleItem Name="state" Value="0"/></tt:Data>'
        "</tt:Message></wsnt:Message></wsnt:NotificationMessage></tt:Event></tt:MetadataStream>\n"
    )


def test_the_frame_of_the_websocket() -> None:
    assert json.loads(Notification(PORT).json) == {
        "apiVersion": "1.0",
        "method": "events:notify",
        "params": {
            "notification": {
                "timestamp": 1639385866198,
                "topic": "tns1:Device/tnsaxis:IO/Port",
                "message": {"source": {"port": "1"}, "key": {}, "data": {"state": "0"}},
            }
        },
    }


def test_the_time() -> None:
    assert utc(0) == "1970-01-01T00:00:00.000000Z"
    assert utc(1_000_000_000_000_001) == "2001-09-09T01:46:40.000001Z"


@given(name=st.text(), value=st.text())
def test_any_text_is_one_whole_document(name: str, value: str) -> None:
    notification = Notification(Event(PORT.topic, {name: value}, {value: name}, 0, 0))
    packets = Packets()
    for operation in Operation:
        told = Told.read(packets.packet(notification.xml(operation)))
        assert told.operation == operation
        assert len(told.source) == len(told.data) == 1
    json.loads(notification.json)


def test_packets_are_counted_and_marked() -> None:
    packets = Packets()
    first = packets.sequence
    read = [Told.read(packets.packet(Notification(PORT).xml(Operation.CHANGED))) for _ in range(3)]
    assert [told.sequence for told in read] == [(first + number) & 0xFFFF for number in range(3)]
    assert all(told.marker for told in read)
    packets.sequence = 0xFFFF
    packets.packet(b"")
    assert packets.sequence == 0
