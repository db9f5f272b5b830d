# SPDX-License-Identifier: Apache-2.0
"""What is stored of passwords and tokens."""

from __future__ import annotations

import asyncio
import hashlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from axiod.errors import Busy
from axiod.system import passwords


def test_scrypt_is_that_of_the_rfc() -> None:
    """RFC 7914, section 12, third vector, with its first 32 bytes."""
    expected = bytes.fromhex("7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2")
    text = passwords._scrypt("pleaseletmein", b"SodiumChloride", 14, 8, 1)
    assert text == expected


def test_a_password_matches_itself_alone() -> None:
    kept = passwords.derive("joe", "realm", "pass word")
    assert passwords.matches(kept.scrypt, "pass word")
    assert not passwords.matches(kept.scrypt, "pass Word")
    assert not passwords.matches_nobody("pass word")
    assert kept.md5 == hashlib.md5(b"joe:realm:pass word").hexdigest()
    assert kept.sha256 == hashlib.sha256(b"joe:realm:pass word").hexdigest()


def test_no_two_hashes_of_a_password_are_alike() -> None:
    assert passwords.derive("joe", "realm", "x").scrypt != passwords.derive("joe", "realm", "x").scrypt


def test_what_is_kept_does_not_show_itself() -> None:
    kept = passwords.derive("joe", "realm", "x")
    assert kept.md5 not in repr(kept)
    assert kept.scrypt not in repr(kept)


@settings(max_examples=200, deadline=None)
@given(
    st.text(max_size=60)
    | st.from_regex(r"\$scrypt\$ln=\d+,r=\d+,p=\d+\$[A-Za-z0-9_-]*\$[A-Za-z0-9_-]*", fullmatch=True)
)
def test_what_is_no_hash_is_refused_without_being_quoted(text: str) -> None:
    with pytest.raises(ValueError, match="that is no hash of a password"):
        passwords.parse(text)


def test_tokens_are_long_and_never_the_same() -> None:
    tokens = {passwords.new_token() for _ in range(1000)}
    assert len(tokens) == 1000
    assert all(token.startswith("axiod_") and len(token) == 49 for token in tokens)


async def test_few_are_hashed_at_once_and_few_wait() -> None:
    hashing = passwords.Hashing()
    try:
        stored = "$scrypt$ln=1,r=1,p=1$AAAAAAAAAAAAAAAAAAAAAA$" + "A" * 43
        checks = [asyncio.ensure_future(hashing.check(stored, "x")) for _ in range(30)]
        results = await asyncio.gather(*checks, return_exceptions=True)
        assert [type(result) for result in results] == [bool] * 10 + [Busy] * 20
        assert await hashing.check(None, "x") is False
    finally:
        hashing.close()


async def test_one_who_goes_away_gives_no_room_to_another() -> None:
    """Else whoever hangs up at once could have any number hashed."""
    hashing = passwords.Hashing()
    try:
        checks = [asyncio.ensure_future(hashing.check(None, "x")) for _ in range(10)]
        await asyncio.sleep(0)  # they begin
        for check in checks:
            check.cancel()
        await asyncio.gather(*checks, return_exceptions=True)
        with pytest.raises(Busy):
            await hashing.check(None, "x")
    finally:
        hashing.close()
