# SPDX-License-Identifier: Apache-2.0
"""What is registered, what nsupdate is told and says, and when it is tried again."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from axiod.errors import Conflict, InvalidArgument
from axiod.network.dynamic_dns.course import Record, from_plain
from axiod.network.dynamic_dns.settings import Entry, Settings, checked_key, full_name, reachable
from axiod.network.dynamic_dns.words import Answer, read, script
from axiod.network.links import Address, Link, links

SIGNED = Settings(enabled=True, key_name="gate", server="192.0.2.1")
ENTRY = Entry("gate-7.example.org", "192.0.2.1", "", 30, ("192.0.2.7", "2001:db8::7"))
SECOND = 1_000_000


@pytest.mark.parametrize(
    ("given", "hostname", "search", "name"),
    [
        ("gate-7.example.org", "host", ["example.com"], "gate-7.example.org"),
        ("gate-7", "host", ["example.com", "example.net"], "gate-7.example.com"),
        ("", "host", ["example.com."], "host.example.com"),
        ("", "host.example.net", ["example.com"], "host.example.net"),
        ("", "host", [], None),
        ("gate-7", "host", [], None),
        ("", "", ["example.com"], None),
    ],
)
def test_the_name_is_a_whole_one(given: str, hostname: str, search: list[str], name: str | None) -> None:
    assert full_name(given, hostname, search) == name


def link(name: str, *addresses: Address, routers: tuple[str, ...] = ()) -> Link:
    return Link(1, name, "02:00:00:00:00:01", True, True, 1500, addresses, routers)


def test_addresses_are_those_by_which_others_reach_the_device() -> None:
    far = link(
        "eth0",
        Address("2001:db8::7", 64, "router-advertisement", "global"),
        Address("2001:db8::abcd", 64, "router-advertisement", "global", passing=True),
        Address("fe80::1", 64, "link-local", "link"),
        Address("192.0.2.7", 24, "dhcp", "global"),
        Address("192.0.2.90", 24, "static", "link"),
        routers=("192.0.2.1",),
    )
    near = link("br0", Address("172.17.0.1", 16, "static", "global"))
    assert reachable([near, far]) == (["eth0"], ("192.0.2.7", "2001:db8::7"))
    assert reachable([near]) == (["br0"], ("172.17.0.1",))
    assert reachable([link("eth1", Address("169.254.3.4", 16, "link-local", "global"))]) == ([], ())


@pytest.mark.parametrize(("flag", "passing"), [("temporary", True), ("deprecated", True), ("dynamic", False)])
def test_the_kernel_says_which_addresses_pass(flag: str, passing: bool) -> None:
    address = {"family": "inet6", "local": "2001:db8::1", "prefixlen": 64, "scope": "global", flag: True}
    found = {"ifname": "eth0", "ifindex": 2, "link_type": "ether", "mtu": 1500, "flags": ["UP"], "addr_info": [address]}
    assert links([found], [])["eth0"].addresses[0].passing is passing


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"name": "gate 7"}, "Name"),
        ({"name": "a..b"}, "Name"),
        ({"zone": "example.org\nserver evil"}, "Zone"),
        ({"server": "192.0.2.1 5353"}, "Server"),
        ({"server": "ns_1"}, "Server"),
        ({"key_name": "key name"}, "KeyName"),
    ],
)
def test_what_is_no_name_is_refused_and_named(changes: dict[str, str], word: str) -> None:
    with pytest.raises(InvalidArgument, match=word):
        Settings().amended(changes)


def test_names_and_addresses_are_taken() -> None:
    given = {"name": "gate-7.example.org.", "server": "2001:DB8::1", "zone": "", "key_name": "gate.example.org"}
    assert Settings().amended(given) == Settings(
        name="gate-7.example.org", server="2001:db8::1", key_name="gate.example.org"
    )


def test_a_key_needs_its_secret_and_that_is_base64() -> None:
    with pytest.raises(Conflict, match="secret of the key gate is not set"):
        SIGNED.check_complete("")
    SIGNED.check_complete("c2VjcmV0")
    assert checked_key("c2VjcmV0") == "c2VjcmV0"
    with pytest.raises(InvalidArgument, match="base64") as refused:
        checked_key("not base64!")
    assert "not base64!" not in str(refused.value)


def test_nsupdate_is_told_everything() -> None:
    settings = replace(SIGNED, key_algorithm="hmac-sha512")
    assert script(replace(ENTRY, zone="example.org"), settings, "c2VjcmV0").splitlines() == [
        "server 192.0.2.1",
        "zone example.org.",
        "key hmac-sha512:gate c2VjcmV0",
        "update delete gate-7.example.org. A",
        "update delete gate-7.example.org. AAAA",
        "update add gate-7.example.org. 30 A 192.0.2.7",
        "update add gate-7.example.org. 30 AAAA 2001:db8::7",
        "send",
        "answer",
    ]
    gone = Entry("gate-7.example.org", "", "")
    assert script(gone, Settings(), "").splitlines() == [
        "update delete gate-7.example.org. A",
        "update delete gate-7.example.org. AAAA",
        "send",
        "answer",
    ]


HEADER = ";; ->>HEADER<<- opcode: UPDATE, status: {}, id:  9506\n"
TSIG = "; TSIG error with server: tsig indicates error\nupdate failed: NOTAUTH({0})\nAnswer:\n" + HEADER.format(
    "NOTAUTH"
)


@pytest.mark.parametrize(
    ("said", "settings", "words", "refused"),
    [
        (HEADER.format("REFUSED"), Settings(), "without a key; set KeyName", True),
        (HEADER.format("REFUSED"), SIGNED, "does not let the key gate change gate-7.example.org", True),
        (TSIG.format("BADKEY"), SIGNED, "does not know the key gate with hmac-sha256", True),
        (TSIG.format("BADSIG"), SIGNED, "has another secret for the key gate", True),
        (TSIG.format("BADTIME"), SIGNED, "set the clock of this device", True),
        (HEADER.format("NOTAUTH"), SIGNED, "is not the primary server of its zone; set Server", True),
        (HEADER.format("NOTZONE"), SIGNED, "correct Name or Zone", True),
        (HEADER.format("NOTIMP"), SIGNED, "takes no updates", True),
        (HEADER.format("SERVFAIL"), SIGNED, "its log says why", True),
        (HEADER.format("YXRRSET"), SIGNED, "did not change gate-7.example.org (YXRRSET)", True),
        ("; TSIG error with server: expected a TSIG\n" + HEADER.format("NOERROR"), SIGNED, "is not signed", False),
        (
            "; Communication with 192.0.2.1#53 failed: timed out\ncould not reach any name server\n",
            SIGNED,
            "the DNS server 192.0.2.1 does not answer: Communication with 192.0.2.1#53 failed: timed out",
            False,
        ),
        ("; Communication with 192.0.2.1#53 failed: REFUSED\ncould not reach any\n", SIGNED, "set Zone", False),
        ("could not find enclosing zone\n", Settings(), "set Zone and Server", False),
        ("couldn't get address for 'ns.example.org': not found\nsyntax error\n", SIGNED, "correct Server", False),
        ("", SIGNED, "it said nothing", False),
    ],
)  # fmt: skip
def test_what_went_wrong_is_told_with_what_to_do(said: str, settings: Settings, words: str, refused: bool) -> None:
    answer = read(said, ENTRY, settings)
    assert words in (answer.problem or "")
    assert answer.refused is refused


def test_what_was_done_is_no_problem() -> None:
    assert read(HEADER.format("NOERROR"), ENTRY, SIGNED) == Answer(None)


# --- what is done next ---

NO = Answer("it does not answer")


def test_it_is_registered_once_in_each_boot() -> None:
    record = Record()
    assert record.step(ENTRY, "one") == ENTRY
    record = record.done(ENTRY, "one", 7)
    assert (record.registered, record.registered_usec) == (ENTRY, 7)
    assert record.step(ENTRY, "one") is None
    assert record.step(ENTRY, "two") == ENTRY
    assert record.anew().step(ENTRY, "one") == ENTRY


def test_other_addresses_are_registered_in_place_of_the_former() -> None:
    record = Record().done(ENTRY, "one", 7)
    other = replace(ENTRY, addresses=("192.0.2.8",))
    record = record.towards(other)
    assert (record.step(other, "one"), record.former) == (other, ())


def test_the_former_name_is_deleted_after_the_new_one_is_there() -> None:
    other = replace(ENTRY, name="gate-8.example.org")
    record = Record().done(ENTRY, "one", 7).towards(other)
    assert record.step(other, "one") == other
    record = record.done(other, "one", 8).towards(other)
    gone = replace(ENTRY, ttl=0, addresses=())
    assert record.step(other, "one") == gone
    assert record.done(gone, "one", 9).step(other, "one") is None


def test_what_is_turned_off_is_deleted_and_what_is_turned_on_again_is_not() -> None:
    off = Record().done(ENTRY, "one", 7).towards(None)
    gone = replace(ENTRY, ttl=0, addresses=())
    assert (off.registered, off.step(None, "one")) == (None, gone)
    assert off.towards(ENTRY).former == ()
    assert off.done(gone, "one", 8).step(None, "one") is None


def test_what_failed_is_tried_again_later_and_later() -> None:
    record, waits = Record(), []
    for _ in range(9):
        record = record.failed(ENTRY, NO, "one", 0, 5)
        waits.append(record.left_usec(ENTRY, "one", 0) // SECOND)
    assert waits == [30, 60, 120, 240, 480, 960, 1920, 3600, 3600]
    assert record.next_usec == 3600 * SECOND + 5
    assert record.problem == "it does not answer"
    assert record.left_usec(replace(ENTRY, addresses=("192.0.2.8",)), "one", 0) == 0, "other addresses do not wait"
    assert record.left_usec(ENTRY, "two", 0) == 0, "the clock began anew"
    assert record.left_usec(ENTRY, "one", 3600 * SECOND) == 0
    assert record.anew().left_usec(ENTRY, "one", 0) == 0
    assert record.done(ENTRY, "one", 9).problem == ""


def test_a_name_that_cannot_be_deleted_is_given_up_and_named() -> None:
    gone = replace(ENTRY, ttl=0, addresses=())
    off = Record().done(ENTRY, "one", 7).towards(None)
    refused = off.failed(gone, Answer("no", refused=True), "one", 0, 8)
    assert (refused.step(None, "one"), refused.problem) == (None, "gate-7.example.org is still in the DNS: no")
    tries = 0
    while off.step(None, "one") is not None:
        off, tries = off.failed(gone, NO, "one", 0, 8), tries + 1
    assert tries == 30


def test_what_is_not_wanted_any_more_is_no_problem() -> None:
    record = Record().failed(ENTRY, NO, "one", 0, 5).at_rest()
    assert (record.tried, record.problem) == (None, "")


def test_a_record_is_read_as_it_was_written() -> None:
    record = Record().done(ENTRY, "one", 7).towards(None).failed(ENTRY, NO, "one", 1, 2)
    assert from_plain(json.loads(json.dumps(record.to_plain()))) == record
    assert from_plain(json.loads(json.dumps(Record().to_plain()))) == Record()
    wrongs: list[Any] = [[], {"nonsense": 1}, {"former": [1]}]
    for wrong in wrongs:
        with pytest.raises((ValueError, TypeError)):
            from_plain(wrong)
