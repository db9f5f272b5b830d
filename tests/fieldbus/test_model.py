# SPDX-License-Identifier: Apache-2.0
"""Frames, turns, time-outs and settings: everything that needs no device and no clock."""

from __future__ import annotations

import random

import pytest

from axiod.errors import InvalidArgument
from axiod.fieldbus.crc import crc
from axiod.fieldbus.frame import Fault, Request, fault, find, first_frame, framed, frames
from axiod.fieldbus.load import Load
from axiod.fieldbus.model import Kind, PortSettings, check_host, check_id, check_transaction
from axiod.fieldbus.turns import MOST, MOST_OF_ONE, Priority, Turn, Turns
from axiod.fieldbus.unit import Owed, Unit
from axiod.modbus import words
from axiod.modbus.line import BAUD_RATES, Line

READ = Request(1, bytes.fromhex("03 00d4 0001"))
ANSWER = bytes.fromhex("03 02 0103")


# --- checksum ---


@pytest.mark.parametrize(
    ("frame", "sent"),
    [
        # The vendor's frame for the firmware version of a bus probe, and examples of the specification.
        ("01 03 00 d4 00 01", "c4 32"),
        ("02 07", "41 12"),
        ("11 03 00 6b 00 03", "76 87"),
    ],
)
def test_the_checksum_is_that_of_others(frame: str, sent: str) -> None:
    body = bytes.fromhex(frame)
    assert crc(body).to_bytes(2, "little") == bytes.fromhex(sent)
    assert crc(body + bytes.fromhex(sent)) == 0


def test_up_to_three_bits_and_every_short_burst_are_found() -> None:
    chance = random.Random(1)
    frame = framed(1, ANSWER + bytes(20))
    for _ in range(5000):
        spoilt = bytearray(frame)
        for bit in chance.sample(range(len(frame) * 8), chance.randint(1, 3)):
            spoilt[bit // 8] ^= 1 << bit % 8
        assert crc(bytes(spoilt))
    whole = int.from_bytes(frame, "little")
    for begin in range(len(frame) * 8 - 16):
        burst = (chance.getrandbits(16) | 1) << begin
        assert crc((whole ^ burst).to_bytes(len(frame), "little"))


# --- answers ---

FITTING = [
    ("01 0013 0025", "01 05 cd6bb20e1b"),
    ("02 00c4 0016", "02 03 acdb35"),
    ("03 006b 0003", "03 06 022b00000064"),
    ("04 0008 0001", "04 02 000a"),
    ("05 00ac ff00", "05 00ac ff00"),
    ("06 0001 0003", "06 0001 0003"),
    ("07", "07 6d"),
    ("08 0000 a537", "08 0000 a537"),
    ("08 000b 0000", "08 000b 0123"),
    ("0b", "0b ffff 0108"),
    ("0c", "0c 08 0000 0108 0121 2000"),
    ("0f 0013 000a 02 cd01", "0f 0013 000a"),
    ("10 0001 0002 04 000a0102", "10 0001 0002"),
    ("11", "11 03 41ff42"),
    ("14 07 06 0004 0001 0002", "14 06 05 06 0dfe 0020"),
    ("16 0004 00f2 0025", "16 0004 00f2 0025"),
    ("17 0003 0002 000e 0001 02 00ff", "17 04 00fe 0acd"),
    ("18 04de", "18 0006 0002 01b8 1284"),
    ("2b 0e 01 00", "2b 0e 01 01 00 00 01 00 02 4142"),
    ("41 0102", "41 99"),
]


@pytest.mark.parametrize(("asked", "answered"), FITTING)
def test_every_function_is_answered(asked: str, answered: str) -> None:
    request, pdu = Request(17, bytes.fromhex(asked)), bytes.fromhex(answered)
    assert request.fits(pdu)
    frame = framed(17, pdu)
    for before in (b"", b"\xff", b"\x11", framed(18, pdu)):
        found = find(before + frame, request, silent=True)
        assert found is not None
        assert (found.pdu, found.begin) == (pdu, len(before))
    for end in range(len(frame)):
        assert find(frame[:end], request, silent=True) is None, "not whole"
    if request.answer_size is not None:
        found = find(frame + b"\x01", request, silent=False)
        assert found is not None
        assert found.end == len(frame)


@pytest.mark.parametrize("asked", [asked for asked, _ in FITTING])
def test_an_exception_is_an_answer_to_everything(asked: str) -> None:
    request = Request(9, bytes.fromhex(asked))
    exception = bytes((request.function | 0x80, 2))
    found = find(framed(9, exception), request, silent=False)
    assert found is not None
    assert found.pdu == exception


@pytest.mark.parametrize(
    ("unit", "answer", "what"),
    [
        (2, "03 02 0103", Fault.FOREIGN),  # another unit
        (1, "04 02 0103", Fault.FOREIGN),  # another function
        (1, "03 04 01030000", Fault.FOREIGN),  # to a request for two registers
        (1, "03 03 0103", Fault.FOREIGN),  # its count is not its length
        (1, "84 02", Fault.FOREIGN),  # the exception of another function
    ],
)
def test_whole_frames_that_are_no_answer_are_foreign(unit: int, answer: str, what: Fault) -> None:
    frame = framed(unit, bytes.fromhex(answer))
    assert find(frame, READ, silent=True) is None
    assert fault(frame, READ) is what


@pytest.mark.parametrize(
    ("asked", "answered"),
    [
        ("05 00ac ff00", "05 00ac 0000"),
        ("06 0001 0003", "06 0002 0003"),
        ("10 0001 0002 04 000a0102", "10 0001 0001"),
        ("08 0000 a537", "08 0000 a538"),
        ("16 0004 00f2 0025", "16 0004 00f2 0026"),
    ],
)
def test_a_write_is_answered_by_what_was_written(asked: str, answered: str) -> None:
    assert not Request(1, bytes.fromhex(asked)).fits(bytes.fromhex(answered))


def test_every_spoilt_byte_of_an_answer_is_found() -> None:
    frame = framed(1, ANSWER)
    for place in range(len(frame)):
        for other in range(1, 256):
            spoilt = bytearray(frame)
            spoilt[place] ^= other
            assert find(bytes(spoilt), READ, silent=True) is None
            assert fault(bytes(spoilt), READ) in (Fault.CHECKSUM, Fault.LENGTH)


def test_rubbish_is_split_into_frames_as_far_as_there_are_any() -> None:
    one, two = framed(1, ANSWER), framed(9, b"\x83\x02")
    assert frames(one + two + b"\x01\x02") == [one, two, b"\x01\x02"]
    assert first_frame(b"") == 0
    assert frames(b"") == []


# --- the line ---


@pytest.mark.parametrize(
    ("line", "character_us", "silence_us"),
    [
        (Line(9600), 1041.67, 3645.8),
        (Line(9600, "even"), 1145.8, 4010.4),
        (Line(19200, "none", 2), 572.9, 2005.2),
        (Line(115200), 86.8, 1750),
    ],
)
def test_the_time_of_characters_and_silences(line: Line, character_us: float, silence_us: float) -> None:
    assert line.character * 1e6 == pytest.approx(character_us, rel=1e-3)
    assert line.silence * 1e6 == pytest.approx(silence_us, rel=1e-3)
    assert line.frame(10) == pytest.approx(10 * line.character)


def test_the_load_is_that_of_the_last_ten_seconds() -> None:
    load = Load()
    assert load.percent(0) == 0
    load.add(0, 1)
    load.add(5, 7)
    assert load.percent(10) == 30
    assert load.percent(10.5) == 25
    assert load.percent(16) == 10
    assert load.percent(30) == 0


# --- turns ---


def turn(priority: Priority, unit: int = 1, since: float = 0, client: str = "") -> Turn:
    return Turn(Request(unit, b"\x03\0\0\0\x01"), Line(), priority, client, since, since + 2)


def at_once(_: Request) -> float:
    return 0.0


def test_requests_overtake_polls_and_polls_do_not_starve() -> None:
    turns = Turns()
    polls = [turn(Priority.POLL) for _ in range(2)]
    requests = [turn(Priority.REQUEST, since=0.5) for _ in range(4)]
    for one in (*polls, *requests):
        turns.add(one)
    assert turns.take(0.6, at_once) is requests[0]
    assert turns.take(1.1, at_once) is polls[0], "it waited for a second"
    assert turns.take(1.1, at_once) is requests[1], "but requests do not starve, either"
    assert turns.take(1.1, at_once) is polls[1]
    assert turns.take(1.2, at_once) is requests[2]
    assert turns.take(1.2, at_once) is requests[3]
    assert turns.take(1.2, at_once) is None


def test_who_has_to_wait_lets_others_pass() -> None:
    turns = Turns()
    held, other = turn(Priority.REQUEST, unit=5), turn(Priority.POLL, unit=6)
    turns.add(held)
    turns.add(other)

    def may_ask(request: Request) -> float:
        return 3.0 if request.unit == 5 else 0.0

    assert turns.take(1, may_ask) is other
    assert turns.take(1, may_ask) == 3.0
    assert turns.take(3, may_ask) is held


def test_the_queue_is_bounded_for_each_client_and_for_all() -> None:
    turns = Turns()
    for _ in range(MOST_OF_ONE):
        assert not turns.full("a")
        turns.add(turn(Priority.POLL, client="a"))
    assert turns.full("a")
    assert not turns.full("b")
    for _ in range(MOST - MOST_OF_ONE):
        turns.add(turn(Priority.POLL, client="b"))
    assert turns.full("c")


# --- units ---


def test_a_unit_that_answers_gets_four_times_what_it_needs() -> None:
    unit = Unit()
    assert unit.timeout(0.5, 0.1) == 0.5
    for _ in range(4):
        unit.answered(0.05, 1)
    assert unit.timeout(0.5, 0.1) == pytest.approx(0.2)
    assert unit.timeout(0.15, 0.1) == 0.15, "never more than was asked for"
    for _ in range(40):
        unit.answered(0.001, 1)
    assert unit.timeout(0.5, 0.1) == 0.1, "never less than the least"


def test_a_unit_that_became_slower_is_found_again() -> None:
    unit = Unit()
    for _ in range(8):
        unit.answered(0.04, 1)
    given = []
    for unit.failures in range(10):
        given.append(round(unit.timeout(1.0, 0.1), 3))
    assert given == [0.16, 0.32, 0.64, 0.64, 0.64, 0.64, 0.64, 0.64, 1.0, 0.64]


def test_what_never_answered_costs_little() -> None:
    unit = Unit()
    given = []
    for unit.failures in range(9):
        given.append(unit.timeout(0.5, 0.1))
    assert given == [0.5, 0.5, 0.5, 0.2, 0.2, 0.2, 0.2, 0.2, 0.5]


@pytest.mark.parametrize(
    ("asked", "waits"),
    [
        ("03 0000 0001", True),  # the same
        ("03 0064 0001", True),  # another register, but the answer looks the same
        ("03 0000 0002", False),  # a longer answer
        ("04 0000 0001", False),  # another function
        ("41 00", False),
    ],
)
def test_what_a_late_answer_could_be_taken_for_waits(asked: str, waits: bool) -> None:
    unit = Unit(owed=[Owed(Request(1, bytes.fromhex("03 0000 0001")), 7.0)])
    assert unit.may_ask(Request(1, bytes.fromhex(asked))) == (7.0 if waits else 0.0)


def test_a_write_whose_answer_says_what_was_written_waits_for_none_but_itself() -> None:
    unit = Unit(owed=[Owed(Request(1, bytes.fromhex("06 0001 0003")), 7.0)])
    assert unit.may_ask(Request(1, bytes.fromhex("06 0001 0003"))) == 7.0
    assert unit.may_ask(Request(1, bytes.fromhex("06 0001 0004"))) == 0.0


# --- settings ---


@pytest.mark.parametrize("rate", BAUD_RATES)
def test_the_baud_rates_that_there_are(rate: int) -> None:
    assert PortSettings("A").amended({"baud_rate": rate}).line.baud_rate == rate


@pytest.mark.parametrize(
    ("settings", "changes", "text"),
    [
        (PortSettings("A"), {"baud_rate": 9601}, "must be one of 300"),
        (PortSettings("A"), {"host": "there"}, "a serial port has no Host"),
        (PortSettings("A"), {"tcp_port": 502}, "a serial port has no TcpPort"),
        (PortSettings("A", host="x"), {"direction_control": "rts"}, "a TCP port has no DirectionControl"),
        (PortSettings("A", host="x"), {"host": "a b"}, "must be a name or an address"),
    ],
)
def test_settings_that_cannot_be_are_refused(settings: PortSettings, changes: dict[str, object], text: str) -> None:
    with pytest.raises(InvalidArgument, match=text):
        settings.amended(changes)


@pytest.mark.parametrize("host", ["plc", "plc.example.org", "192.0.2.1", "2001:db8::1", "fe80::1%eth0"])
def test_hosts(host: str) -> None:
    check_host(host)


@pytest.mark.parametrize("id_", ["", "A", "1a", "a-b", "a/b", "x" * 33])
def test_ids_that_cannot_be(id_: str) -> None:
    with pytest.raises(InvalidArgument, match="small letters"):
        check_id(id_)


@pytest.mark.parametrize(
    ("kind", "unit", "pdu", "text"),
    [
        (Kind.SERIAL, 248, b"\x03", "unit is 248"),
        (Kind.SERIAL, 255, b"\x03", "unit is 255"),
        (Kind.RTU_OVER_TCP, 255, b"\x03", "unit is 255"),
        (Kind.SERIAL, 1, b"", "has 0 bytes"),
        (Kind.SERIAL, 1, b"\x03" * 254, "has 254 bytes"),
        (Kind.SERIAL, 1, b"\0", "function code is 1 to 127"),
        (Kind.SERIAL, 1, b"\x83", "function code is 1 to 127"),
    ],
)
def test_transactions_that_cannot_be(kind: Kind, unit: int, pdu: bytes, text: str) -> None:
    with pytest.raises(InvalidArgument, match=text):
        check_transaction(kind, unit, pdu)


def test_modbus_tcp_knows_the_device_itself() -> None:
    check_transaction(Kind.MODBUS_TCP, 255, b"\x03")


# --- words ---


@pytest.mark.parametrize(
    ("pdu", "said"),
    [
        ("04 0190 0006", "read input registers 400 to 405"),
        ("03 00c8 0001", "read holding registers 200"),
        ("06 00cf 0004", "write a register: 207 = 4"),
        ("2b 0e 01 00", "read the identification"),
        ("63", "function 99"),
    ],
)
def test_requests_in_words(pdu: str, said: str) -> None:
    assert words.request(bytes.fromhex(pdu)) == said


@pytest.mark.parametrize(
    ("pdu", "said"),
    [
        ("04 04 00d7 01c2", "215 450"),
        ("01 01 05", "10100000"),
        ("83 02", "illegal data address"),
        ("83 63", "exception 99"),
        ("06 0001 0003", "done"),
        ("03 09 01", "read holding registers"),
    ],
)
def test_answers_in_words(pdu: str, said: str) -> None:
    assert words.answer(bytes.fromhex(pdu)) == said
