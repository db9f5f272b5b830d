# SPDX-License-Identifier: Apache-2.0
"""The rules of accounts, tokens and settings."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from axiod.errors import AxiodError, Conflict, InvalidArgument, LimitReached, NotFound
from axiod.system import model
from axiod.system.model import Account, BlockingSettings, Book, Secrets, Token, WebSettings

SECRETS = Secrets("a", "b", "c")


def account(name: str, role: str = "administrator") -> Account:
    return Account(name, role, "", 1, SECRETS)


def book(*accounts: Account) -> Book:
    return Book("realm", accounts={item.name: item for item in accounts})


def token(id_: str = "1", expires: int | None = None) -> Token:
    return Token(id_, "x", "viewer", 1, expires, "d")


@settings(deadline=None)
@given(st.text(max_size=20))
def test_a_name_is_what_it_may_be(name: str) -> None:
    right = 1 <= len(name) <= 14 and name.isascii() and name.isalnum()
    try:
        model.check_name(name)
    except InvalidArgument:
        assert not right
    else:
        assert right


@settings(deadline=None)
@given(st.text(max_size=70) | st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=60, max_size=66))
def test_a_password_is_what_it_may_be(password: str) -> None:
    if 1 <= len(password) <= 64 and all(32 <= ord(letter) <= 126 for letter in password):
        model.check_password(password)
        return
    with pytest.raises(InvalidArgument) as caught:
        model.check_password(password)
    assert str(caught.value) == "password must be 1 to 64 printable ASCII characters; use at least 8"


def test_a_line_end_ends_no_name() -> None:
    for check in (model.check_name, model.check_password, model.check_certificate_id):
        with pytest.raises(InvalidArgument):
            check("abc\n")


def test_the_first_one_is_an_administrator() -> None:
    with pytest.raises(Conflict, match="first account"):
        book().check_new("joe", "operator")
    book().check_new("joe", "administrator")
    book(account("joe")).check_new("ann", "operator")


def test_no_name_twice() -> None:
    with pytest.raises(Conflict, match="there is an account Joe already"):
        book(account("Joe")).check_new("jOE", "viewer")


def test_so_many_and_no_more() -> None:
    full = book(*(account(f"a{number}") for number in range(100)))
    with pytest.raises(LimitReached, match="100 accounts"):
        full.check_new("one", "viewer")
    tokens = replace(full, tokens={str(number): token(str(number)) for number in range(100)})
    with pytest.raises(LimitReached, match="100 tokens"):
        tokens.check_new_token(None, 0)


def test_an_administrator_stays() -> None:
    one = book(account("joe"), account("ann", "viewer"))
    with pytest.raises(Conflict, match="joe is the last administrator and must stay; add another"):
        one.without_account("joe")
    with pytest.raises(Conflict, match="joe is the last administrator and must stay one"):
        one.with_account(account("joe", "viewer"))
    two = one.with_account(account("ann"))
    assert list(two.without_account("joe").accounts) == ["ann"]
    assert two.with_account(account("joe", "viewer")).account("joe").role == "viewer"
    assert one.account("joe").role == "administrator", "what was there is not touched"


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from(["put", "remove"]), st.sampled_from("abc"), st.sampled_from(model.ROLES)), max_size=30
    )
)
def test_from_the_first_account_on_there_is_an_administrator(
    story: list[tuple[str, str, str]],
) -> None:
    present = book()
    for what, name, role in story:
        try:
            if what == "put" and name not in present.accounts:
                present.check_new(name, role)
            present = present.with_account(account(name, role)) if what == "put" else present.without_account(name)
        except AxiodError:
            continue
        assert present.has_administrator


def test_who_is_not_there() -> None:
    with pytest.raises(NotFound, match="no account 'joe'"):
        book().account("joe")
    with pytest.raises(NotFound):
        book().without_account("joe")


def test_tokens() -> None:
    with pytest.raises(Conflict, match="no administrator yet"):
        book().check_new_token(None, 0)
    present = book(account("joe")).with_token(token())
    present.check_new_token(101, 100)
    with pytest.raises(InvalidArgument, match="later than now"):
        present.check_new_token(100, 100)
    assert present.without_token("1") == book(account("joe"))
    assert not token(expires=100).ended(99)
    assert token(expires=100).ended(100)
    assert not token().ended(1 << 63)


def test_ports_differ() -> None:
    with pytest.raises(Conflict, match="HttpPort and HttpsPort are both 443"):
        WebSettings().amended({"http_port": 443})
    assert WebSettings().amended({"http_port": 443, "https_port": 80}).http_port == 443


def test_only_what_differs_is_stored() -> None:
    assert model.beyond_default(WebSettings()) == {}
    assert model.beyond_default(WebSettings(metrics=True)) == {"metrics": True}
    assert model.beyond_default(BlockingSettings(period_sec=11)) == {"period_sec": 11}
