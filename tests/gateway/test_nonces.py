# SPDX-License-Identifier: Apache-2.0
"""Nonces: how long they count, that no use counts twice, and that little is remembered."""

from __future__ import annotations

from axiod.gateway.digest import Answer
from axiod.gateway.nonces import LIFETIME_SECONDS, Nonces, Use


def answer(nonce: str, nc: int = 1, cnonce: str = "c", **more: str) -> Answer:
    return Answer(
        "a", "r", nonce, "/", more.pop("response", "0"), qop=more.pop("qop", "auth"), nc=f"{nc:08x}", cnonce=cnonce
    )


def test_a_use_counts_once() -> None:
    nonces = Nonces()
    nonce = nonces.make(1000.0)
    assert nonces.use(answer(nonce), 1000.0) is Use.FIRST
    assert nonces.use(answer(nonce), 1001.0) is Use.REPLAYED
    assert nonces.use(answer(nonce, cnonce="d"), 1001.0) is Use.FIRST


def test_counts_may_arrive_in_any_order() -> None:
    nonces = Nonces()
    nonce = nonces.make(0.0)
    for nc in (3, 1, 2, 10, 4):
        assert nonces.use(answer(nonce, nc), 1.0) is Use.FIRST
    for nc in (4, 3, 10, 1, 2):
        assert nonces.use(answer(nonce, nc), 2.0) is Use.REPLAYED


def test_the_count_is_a_number_however_it_is_written() -> None:
    nonces = Nonces()
    nonce = nonces.make(0.0)
    assert nonces.use(answer(nonce, 0xAB), 1.0) is Use.FIRST
    upper = Answer("a", "r", nonce, "/", "0", qop="auth", nc="000000AB", cnonce="c")
    assert nonces.use(upper, 1.0) is Use.REPLAYED


def test_without_a_count_each_request_counts_once() -> None:
    nonces = Nonces()
    nonce = nonces.make(0.0)
    one = Answer("a", "r", nonce, "/", "11")
    other = Answer("a", "r", nonce, "/x", "22")
    assert nonces.use(one, 1.0) is Use.FIRST
    assert nonces.use(other, 1.0) is Use.FIRST
    assert nonces.use(one, 2.0) is Use.REPLAYED


def test_a_nonce_ends() -> None:
    nonces = Nonces()
    nonce = nonces.make(1000.0)
    assert nonces.use(answer(nonce, 1), 1000.0 + LIFETIME_SECONDS - 1) is Use.FIRST
    assert nonces.use(answer(nonce, 2), 1000.0 + LIFETIME_SECONDS + 1) is Use.STALE


def test_a_nonce_of_somebody_else_is_stale() -> None:
    nonce = Nonces().make(1.0)
    nonces = Nonces()
    for text in (nonce, "", "x", "ä", nonce + "=", nonces.make(1.0)[:-1], nonces.make(1.0) + "A", "A" * 4000):
        assert nonces.use(answer(text), 2.0) is Use.STALE


def test_another_spelling_of_a_nonce_is_not_another_nonce() -> None:
    nonces = Nonces()
    nonce = nonces.make(5.0)
    # The last character carries bits that mean nothing: none of its neighbours may be taken for it.
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_+/"
    taken = [c for c in alphabet if nonces.use(answer(nonce[:-1] + c), 6.0) is Use.FIRST]
    assert taken == [nonce[-1]]


def test_what_is_remembered_is_bounded_and_nothing_that_was_forgotten_counts_again() -> None:
    nonces = Nonces(remembered=100)
    made = [nonces.make(float(n)) for n in range(200)]
    for nonce in made:
        assert nonces.use(answer(nonce), 200.0) is Use.FIRST
    for nonce in made:
        assert nonces.use(answer(nonce), 200.0) is not Use.FIRST
    assert nonces.use(answer(made[50], 2), 200.0) is Use.STALE
    assert nonces.use(answer(made[150], 2), 200.0) is Use.FIRST


def test_what_has_ended_is_forgotten() -> None:
    nonces = Nonces(remembered=10)
    for n in range(1000):
        now = n * LIFETIME_SECONDS
        assert nonces.use(answer(nonces.make(now)), now) is Use.FIRST
