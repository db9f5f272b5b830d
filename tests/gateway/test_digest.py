# SPDX-License-Identifier: Apache-2.0
"""Digest by the examples of the RFCs, and its parser by whatever may be sent."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from axiod.gateway.digest import MD5, SHA256, Answer, challenge, is_right, parameters, parse, same_uri, secret

RFC_7616 = (
    'username="Mufasa", realm="http-auth@example.org", uri="/dir/index.html", algorithm={algorithm}, '
    'nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", nc=00000001, '
    'cnonce="f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ", qop=auth, response="{response}", '
    'opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"'
)
RESPONSES = {
    MD5: "8ca523f5e9506fed4657c9700eebdbec",
    SHA256: "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1",
}


@pytest.mark.parametrize("algorithm", RESPONSES)
def test_the_example_of_rfc_7616(algorithm: str) -> None:
    answer = parse(RFC_7616.format(algorithm=algorithm, response=RESPONSES[algorithm]))
    assert answer is not None
    hidden = secret(algorithm, "Mufasa", "http-auth@example.org", "Circle of Life")
    assert is_right(answer, hidden, "GET")
    assert is_right(replace(answer, response=answer.response.upper().lower()), hidden, "GET")
    assert not is_right(answer, hidden, "POST")
    assert not is_right(replace(answer, uri="/dir/index.htm"), hidden, "GET")
    assert not is_right(replace(answer, nc="00000002"), hidden, "GET")
    assert not is_right(replace(answer, cnonce="x"), hidden, "GET")
    assert not is_right(answer, secret(algorithm, "Mufasa", "http-auth@example.org", "circle of life"), "GET")


def test_the_example_of_rfc_2617() -> None:
    answer = parse(
        'username="Mufasa",realm="testrealm@host.com",nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093",'
        'uri="/dir/index.html",qop=auth,nc=00000001,cnonce="0a4f113b",response="6629fae49393a05397450978507c4ef1",'
        'opaque="5ccc069c403ebaf9f0171e9517f40e41"'
    )
    assert answer is not None
    assert is_right(answer, secret(MD5, "Mufasa", "testrealm@host.com", "Circle Of Life"), "GET")


def test_a_client_of_rfc_2069() -> None:
    answer = parse(
        'username="Mufasa", realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", '
        'uri="/dir/index.html", response="670fd8c2df070c60b045671b8b24ff02"'
    )
    assert answer is not None
    assert answer.qop == ""
    assert is_right(answer, secret(MD5, "Mufasa", "testrealm@host.com", "Circle Of Life"), "GET")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('a="b"', {"a": "b"}),
        ("a=b, C = d ,e=", {"a": "b", "c": "d", "e": ""}),
        (r'a="b\"c\\d, e=f"', {"a": r'b"c\d, e=f'}),
        (",, a=b,,", {"a": "b"}),
        ("", {}),
        ('a="b', None),
        ('a="b\\', None),
        ("a", None),
        ("=b", None),
        ("a=b, A=c", None),
        ("a b=c", None),
        ("ä=b", None),
        (", ".join(f"p{n}=1" for n in range(33)), None),
    ],
)
def test_parameters(text: str, expected: dict[str, str] | None) -> None:
    assert parameters(text) == expected


@pytest.mark.parametrize(
    ("replaced", "by"),
    [
        ('username="Mufasa", ', ""),
        ("algorithm=MD5", "algorithm=MD5-sess"),
        ("qop=auth,", "qop=auth-int,"),
        ("nc=00000001", "nc=xyz"),
        ("nc=00000001", "nc="),
        ("nc=00000001", "nc=00000000000000001"),
        ('cnonce="f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"', 'cnonce=""'),
    ],
)
def test_what_is_no_answer(replaced: str, by: str) -> None:
    text = RFC_7616.format(algorithm=MD5, response=RESPONSES[MD5])
    assert parse(text) is not None
    assert replaced in text
    assert parse(text.replace(replaced, by)) is None


@given(st.text(max_size=300))
def test_the_parser_survives_anything(text: str) -> None:
    parameters(text)
    answer = parse(f'username="a", realm="r", nonce="n", uri="/", response="{text}"')
    if answer is not None:
        assert not is_right(answer, secret(MD5, "a", "r", "p"), "GET")


@given(st.text(max_size=60), st.text(max_size=60))
def test_what_is_quoted_comes_back(one: str, other: str) -> None:
    def quoted(text: str) -> str:
        return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'

    assert parameters(f"a={quoted(one)},b={quoted(other)}") == {"a": one, "b": other}


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("/a?b=5%3A%2F", "/a?b=5:/", True),
        ("http://host/a?b=1", "/a?b=1", True),
        ("rtsp://host:554/a", "rtsp://other/a", True),
        ("/a", "/b", False),
        ("/a?b=1", "/a?b=2", False),
        ("/a", "/a?b", False),
        ("/a%2", "/a%2", True),
        ("http://host", "/", True),
    ],
)
def test_the_same_uri(one: str, other: str, same: bool) -> None:
    assert same_uri(one, other) is same
    assert same_uri(other, one) is same


def test_the_challenge_is_the_one_that_all_clients_take() -> None:
    assert challenge("R", "N", MD5) == 'Digest realm="R", nonce="N", algorithm=MD5, qop="auth"'
    assert challenge("R", "N", SHA256, stale=True).endswith(", stale=true")


def test_answers_are_compared_with_any_text() -> None:
    assert not is_right(Answer("a", "r", "n", "/", "\udcff"), "x", "GET")
