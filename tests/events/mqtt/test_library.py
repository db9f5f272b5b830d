# SPDX-License-Identifier: Apache-2.0
"""What is used of the MQTT library besides its public members must be there in each version of it."""

from __future__ import annotations

import inspect

from paho.mqtt.client import Client

from axiod.events.mqtt.library import LARGEST_PACKET, LAST_OWN_ID, Paho, Wire
from axiod.events.mqtt.message import Message
from axiod.events.mqtt.settings import ClientSettings

OVERRIDDEN = ("_create_socket", "_mid_generate", "_send_pubrel")


def made(**settings: object) -> Paho:
    return Paho(ClientSettings(host="b").amended(settings), "id", "", None, lambda _id, then: then())


def test_the_private_members_are_there_and_take_what_they_took() -> None:
    for name in OVERRIDDEN:
        theirs, ours = getattr(Client, name), getattr(Paho, name)
        assert list(inspect.signature(theirs).parameters) == list(inspect.signature(ours).parameters)
    paho = made()
    assert (paho.on_the_way, paho.unreleased) == (0, 0)


def test_packet_ids_of_subscriptions_are_above_those_of_messages() -> None:
    paho = made()
    ids = [paho._mid_generate() for _ in range(6000)]
    assert min(ids) == LAST_OWN_ID + 1
    assert max(ids) == 0xFFFF


def test_a_connection_begins_with_connect_and_goes_on_with_what_was_on_the_way() -> None:
    sent = bytearray()

    def send(data: bytes) -> bool:
        sent.extend(data)
        return True

    paho = made(clean_session=False)
    paho.on_socket_register_write = lambda _client, _data, _socket: None
    paho.restore(
        {7: (Message("a", b"x", 2), True), 8: (Message("b", b"y", 1), False), 9: (Message("c", b"", 2), False)}
    )
    wire = Wire(send)
    paho.connect_over(wire)
    paho.loop_write()
    assert sent[:1] == b"\x10"
    sent.clear()
    # The broker has kept the session: CONNACK with its flag.
    wire.feed(b"\x20\x02\x01\x00")
    paho.loop_read()
    paho.loop_write()
    assert sent == b"\x62\x02\x00\x07" + b"\x3a\x06\x00\x01b\x00\x08y" + b"\x3c\x05\x00\x01c\x00\x09"


def test_a_packet_that_is_too_large_ends_the_connection() -> None:
    paho = made()
    wire = Wire(lambda _data: True)
    paho.connect_over(wire)
    wire.feed(b"\x20\x02\x00\x00" + b"\x30\xff\xff\xff\x7f")
    while wire.unread:
        paho.loop_read()
    assert wire.closed
    assert str(LARGEST_PACKET) in wire.reason
