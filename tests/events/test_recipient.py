# SPDX-License-Identifier: Apache-2.0
"""What a recipient is, and what it cannot be."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from axiod.bus import interface as contract
from axiod.errors import InvalidArgument
from axiod.events.recipient import FIELDS, amended, check_secrets, new

MD5 = "0123456789abcdef0123456789abcdef"
SHA256 = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMN+/9"
RIGHT: dict[str, dict[str, Any]] = {
    "http": {"Url": "http://192.0.2.10/cgi-bin/notify.cgi"},
    "https": {"Url": "https://[2001:db8::1]:8443/a?b=c"},
    "ftp": {"Host": "ftp.example.com"},
    "sftp": {"Host": "2001:db8::10", "Username": "axiod", "HostKeySha256": SHA256},
    "network-share": {"Host": "nas", "Share": "Reports of the gate"},
    "smtp": {"To": "a@example.com, b+c@example.com", "Sender": "gate@example.com", "Host": "smtp.example.com"},
    "tcp": {"Host": "fe80::1%eth0", "Port": 9000},
}


@pytest.mark.parametrize("type_", FIELDS)
def test_each_type_has_its_fields_with_defaults(type_: str) -> None:
    recipient = new("1", "R", type_, RIGHT[type_])
    assert recipient.fields == {**FIELDS[type_], **RIGHT[type_]}
    assert recipient.beyond_default == RIGHT[type_]
    assert new("1", "R", type_, recipient.beyond_default) == recipient


def test_the_fields_are_those_of_the_contract() -> None:
    recipient = contract.load("org.axiod.events1.Recipient")
    assert {name for fields in FIELDS.values() for name in fields} | {"Name"} == set(recipient.configurable)
    types = recipient.properties["Type"].value.values
    assert set(types) == set(FIELDS)


@pytest.mark.parametrize("type_", FIELDS)
def test_a_field_of_another_type_is_refused(type_: str) -> None:
    for name in {name for fields in FIELDS.values() for name in fields} - set(FIELDS[type_]):
        with pytest.raises(InvalidArgument, match=f"type {type_} has no {name}; it has "):
            new("1", "R", type_, {**RIGHT[type_], name: "x"})


@pytest.mark.parametrize("type_", FIELDS)
def test_what_is_needed_must_be_there(type_: str) -> None:
    for name in RIGHT[type_]:
        rest = {key: value for key, value in RIGHT[type_].items() if key != name}
        with pytest.raises(InvalidArgument, match=f"{name} is missing"):
            new("1", "R", type_, rest)
        with pytest.raises(InvalidArgument, match=f"{name} is missing"):
            amended(new("1", "R", type_, RIGHT[type_]), {name: 0 if name == "Port" else ""})


@pytest.mark.parametrize(
    ("type_", "changes", "said"),
    [
        ("http", {"Url": "https://example.com/"}, "must be of the form http://HOST"),
        ("https", {"Url": "http://example.com/"}, "must be of the form https://HOST"),
        ("http", {"Url": "example.com"}, "must be of the form"),
        ("http", {"Url": "http:///path"}, "must be of the form"),
        ("http", {"Url": "http://joe:pw@example.com/"}, "no user and password"),
        ("http", {"Url": "http://example.com/a b"}, "written as %XX"),
        ("http", {"Url": "http://example.com/ä"}, "written as %XX"),
        ("http", {"Url": "http://example.com/\r\nX: y"}, "Url must be printable"),
        ("http", {"Url": "http://example.com:70000/"}, "a port from 1 to 65535"),
        ("http", {"Url": "http://example.com:0/"}, "a port from 1 to 65535"),
        ("http", {"Url": "http://[::1/"}, "brackets"),
        ("http", {"Url": "http://[gg::1]/"}, "brackets|host"),
        ("http", {"Url": "http://-x-/"}, "the host in Url"),
        ("http", {"Url": "http://example.com/#top"}, "fragment"),
        ("http", {"ProxyPort": 0}, "ProxyPort is 0"),
        ("http", {"ProxyHost": "proxy:3128"}, "ProxyHost is 'proxy:3128'"),
        ("ftp", {"Port": 65_536}, "Port is 65536; it must be a port from 1 to 65535"),
        ("ftp", {"Port": 0}, "Port is 0"),
        ("ftp", {"Host": "a b"}, "Host is 'a b'"),
        ("ftp", {"Host": "[::1]"}, "without brackets"),
        ("ftp", {"Host": "300.1.1.1"}, "Host is '300.1.1.1'"),
        ("ftp", {"Host": "a" * 64 + ".example.com"}, "Host is"),
        ("ftp", {"Host": "-oProxyCommand=x"}, "Host is"),
        ("ftp", {"Folder": "a\nSITE EXEC"}, "Folder must be printable text in one line"),
        ("sftp", {"HostKeySha256": "short"}, "43 characters of Base64"),
        ("sftp", {"HostKeyMd5": "zz" * 16}, "32 hexadecimal digits"),
        ("network-share", {"Share": "a/b"}, "without slashes"),
        ("network-share", {"Share": 'a";del'}, "without slashes"),
        ("smtp", {"To": "a@example.com, nobody"}, "To has 'nobody'"),
        ("smtp", {"To": ","}, "1 to 50 e-mail addresses"),
        ("smtp", {"To": ",".join(["a@example.com"] * 51)}, "1 to 50 e-mail addresses"),
        ("smtp", {"Sender": "a@b\r\nRCPT TO:<x@y>"}, "Sender must be printable"),
        ("smtp", {"Sender": "grün@example.com"}, "Sender has"),
        ("smtp", {"PopHost": "a/b"}, "PopHost is"),
        ("tcp", {"Port": 0}, "Port is missing"),
        ("tcp", {"Name": "  "}, "Name is blank"),
    ],
)
def test_what_cannot_be_is_refused_with_a_sentence(type_: str, changes: dict[str, Any], said: str) -> None:
    before = new("1", "R", type_, RIGHT[type_])
    with pytest.raises(InvalidArgument, match=said):
        amended(before, changes)


def test_there_is_no_such_type() -> None:
    with pytest.raises(InvalidArgument, match="there is http, https, ftp"):
        new("1", "R", "sip", {})


def test_fingerprints_as_ssh_keygen_writes_them() -> None:
    written = {
        "HostKeySha256": f"SHA256:{SHA256}",
        "HostKeyMd5": ":".join([MD5[i : i + 2] for i in range(0, 32, 2)]).upper(),
    }
    fields = new("1", "R", "sftp", {**RIGHT["sftp"], **written}).fields
    assert (fields["HostKeySha256"], fields["HostKeyMd5"]) == (SHA256, MD5)


def test_secrets_belong_to_a_type() -> None:
    check_secrets("smtp", {"Password": "x", "PopPassword": ""})
    with pytest.raises(InvalidArgument, match="type ftp has no ProxyPassword; it has Password"):
        check_secrets("ftp", {"ProxyPassword": "x"})
    with pytest.raises(InvalidArgument, match="type tcp has no Password; it needs none"):
        check_secrets("tcp", {"Password": "x"})
    with pytest.raises(InvalidArgument) as caught:
        check_secrets("ftp", {"Password": "top\nsecret"})
    assert "secret" not in str(caught.value)


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(
    st.sampled_from(sorted(FIELDS)),
    st.dictionaries(
        st.sampled_from(sorted({name for fields in FIELDS.values() for name in fields})),
        st.text(max_size=30) | st.booleans() | st.integers(0, 65_535),
        max_size=4,
    ),
)
def test_anything_is_taken_or_refused(type_: str, given_: dict[str, Any]) -> None:
    texts = {
        name: value
        for name, value in given_.items()
        if type(value) is type(next((fields[name] for fields in FIELDS.values() if name in fields), ""))
    }
    try:
        recipient = new("1", "R", type_, {**RIGHT[type_], **texts})
    except InvalidArgument:
        return
    for value in recipient.fields.values():
        assert not isinstance(value, str) or value.isprintable()
