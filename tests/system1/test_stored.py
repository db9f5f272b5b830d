# SPDX-License-Identifier: Apache-2.0
"""accounts.yaml: what was saved is there, and what cannot be read opens no door."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from axiod.errors import Conflict, HardwareFailure
from axiod.system.model import Account, Book, Secrets, Token
from axiod.system.stored import BookFile
from tests.runtime.small_disk import fill, small_disk
from tests.system1.conftest import PASSWORD, refusal

if TYPE_CHECKING:
    from pathlib import Path

    from tests.system1.conftest import SystemProcess

REALM = "AXIOD_00408C123456"
SECRETS = Secrets("$scrypt$ln=15,r=8,p=1$AAAAAAAAAAAAAAAAAAAAAA$" + "A" * 43, "0" * 32, "1" * 64)
JOE = Account("joe", "administrator", "", 1, SECRETS)
ANN = Account("ann", "viewer", "", 2, SECRETS)
EMPTY = Book(REALM)
FULL = Book(REALM, accounts={"joe": JOE, "ann": ANN})


def opened(folder: Path) -> BookFile:
    return BookFile(folder, "AXIOD_ANOTHER")


async def test_a_new_device_is_open_for_its_first_administrator(tmp_path: Path) -> None:
    file = opened(tmp_path / "new")
    assert (file.locked, file.problem, file.book) == (False, None, Book("AXIOD_ANOTHER"))


async def test_what_was_saved_is_there(tmp_path: Path) -> None:
    token = Token("0a1b", "Home Assistant: №1", "operator", 3, None, "2" * 64)
    book = replace(FULL, anonymous_viewing=True, tokens={"0a1b": token, "ff": replace(token, id="ff", expires_usec=9)})
    await opened(tmp_path).save(book)
    file = opened(tmp_path)
    assert (file.locked, file.problem, file.book) == (False, None, book)


@pytest.mark.parametrize("damage", ["", "[", "accounts: {}", "version: 1\nrealm: x\n", "\x00", "7"])
async def test_damage_before_there_was_a_generation_of_it_locks(tmp_path: Path, damage: str) -> None:
    await opened(tmp_path).save(FULL)
    (tmp_path / "accounts.yaml").write_text(damage)
    for _ in range(2):  # it is still so after a restart, when the damaged file was set aside
        file = opened(tmp_path)
        assert file.locked
        assert not file.book.has_administrator
        assert "nobody can enter" in str(file.problem)


async def test_damage_is_answered_with_the_generation_before_it(tmp_path: Path) -> None:
    await opened(tmp_path).save(FULL)
    await opened(tmp_path).save(FULL.without_account("ann"))
    (tmp_path / "accounts.yaml").write_text("")
    file = opened(tmp_path)
    assert (file.locked, file.book) == (False, FULL)
    assert "before the last change" in str(file.problem)
    await file.save(FULL.without_account("ann"))
    assert file.problem is None
    assert opened(tmp_path).problem is None


async def test_a_generation_from_before_the_first_administrator_opens_nothing(tmp_path: Path) -> None:
    await opened(tmp_path).save(replace(EMPTY, anonymous_viewing=True))
    assert not opened(tmp_path).locked
    await opened(tmp_path).save(FULL)
    path = tmp_path / "accounts.yaml"
    path.write_text("")
    file = opened(tmp_path)
    assert file.locked
    assert not file.book.anonymous_viewing
    await file.save(replace(file.book, anonymous_viewing=True))
    assert file.locked
    assert opened(tmp_path).locked


async def test_a_file_that_is_gone_opens_nothing_while_there_is_one_before_it(tmp_path: Path) -> None:
    await opened(tmp_path).save(EMPTY)
    await opened(tmp_path).save(FULL)
    (tmp_path / "accounts.yaml").unlink()
    assert opened(tmp_path).locked


async def test_an_administrator_added_here_ends_it(tmp_path: Path) -> None:
    await opened(tmp_path).save(FULL)
    (tmp_path / "accounts.yaml").write_text("")
    file = opened(tmp_path)
    await file.save(file.book.with_account(JOE))
    assert (file.locked, file.problem) == (False, None)
    file = opened(tmp_path)
    assert (file.locked, file.problem) == (False, None)


async def test_a_disk_that_refuses_to_be_read_locks_and_is_not_written_to(tmp_path: Path) -> None:
    (tmp_path / "accounts.yaml").mkdir()
    file = opened(tmp_path)
    assert file.locked
    with pytest.raises(HardwareFailure, match=r"accounts\.yaml"):
        await file.save(FULL)
    assert not file.book.has_administrator


async def test_what_cannot_be_stored_does_not_count(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", "64k") as disk:
        file = opened(disk)
        await file.save(Book(REALM, accounts={"joe": JOE}))
        with fill(disk), pytest.raises(HardwareFailure, match="cannot be stored"):
            await file.save(FULL)
        assert list(file.book.accounts) == ["joe"]
        assert opened(disk).book == file.book


_PLAIN = yaml.safe_dump(
    {
        "version": 1,
        "realm": REALM,
        "anonymous_viewing": False,
        "accounts": {
            "joe": {
                "role": "administrator",
                "comment": "",
                "password_changed_usec": 1,
                "scrypt": SECRETS.scrypt,
                "md5": SECRETS.md5,
                "sha256": SECRETS.sha256,
            }
        },
        "tokens": {},
    }
)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("role: administrator", "role: root"),
        ("joe:", "j oe:"),
        ("joe:", "1:"),
        ("md5: '0", "md5: 'z"),
        ("sha256: '1", "sha256: '"),
        ("ln=15", "ln=30"),
        ("ln=15", "ln=0"),
        ("r=8", "r=1000000"),
        ("version: 1", "version: 2"),
        ("comment: ''", "comment: 7"),
        ("comment: ''", "color: ''"),
        ("password_changed_usec: 1", "password_changed_usec: -1"),
        ("password_changed_usec: 1", "password_changed_usec: true"),
        ("anonymous_viewing: false", "anonymous_viewing: 'false'"),
        ("tokens: {}", "tokens: {}\nmore: 1"),
        ("tokens: {}", "tokens: {../x: {}}"),
    ],
)
def test_nothing_is_taken_that_is_not_right(tmp_path: Path, old: str, new: str) -> None:
    path = tmp_path / "accounts.yaml"
    path.write_text(_PLAIN)
    assert opened(tmp_path).book.has_administrator
    assert old in _PLAIN
    path.write_text(_PLAIN.replace(old, new, 1))
    assert opened(tmp_path).locked


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(cut=st.integers(0, len(_PLAIN)), noise=st.binary(max_size=6))
def test_no_damage_opens_the_door(tmp_path: Path, cut: int, noise: bytes) -> None:
    folder = tmp_path / os.urandom(8).hex()
    folder.mkdir()
    (folder / "accounts.yaml").write_bytes(_PLAIN.encode()[:cut] + noise + _PLAIN.encode()[cut + len(noise) :])
    file = opened(folder)
    assert file.locked or file.book.has_administrator


_NAMES = st.text("abcXYZ0189eE", min_size=1, max_size=14) | st.sampled_from(["null", "true", "1e5", "0x1", "0b1", "on"])


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    names=st.lists(_NAMES, min_size=1, unique_by=str.casefold), comment=st.text(max_size=128).filter(str.isprintable)
)
async def test_whatever_may_be_typed_comes_back(tmp_path: Path, names: list[str], comment: str) -> None:
    folder = tmp_path / os.urandom(8).hex()
    accounts = {name: replace(JOE, name=name, comment=comment) for name in names}
    await opened(folder).save(Book(REALM, accounts=accounts))
    assert opened(folder).book.accounts == accounts


_WRITER = """
import asyncio, sys
from dataclasses import replace
from pathlib import Path
from axiod.system.stored import BookFile
from tests.system1.test_stored import FULL, JOE

async def main():
    file = BookFile(Path(sys.argv[1]), "x")
    for number in range(10_000):
        await file.save(replace(FULL, accounts={"joe": replace(JOE, password_changed_usec=number)}))
        print(number, flush=True)

asyncio.run(main())
"""


@pytest.mark.parametrize("writes", [1, 2, 17])
def test_what_was_acknowledged_survives_kill_9_between_two_writes(tmp_path: Path, writes: int) -> None:
    process = subprocess.Popen([sys.executable, "-c", _WRITER, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert process.stdout
    last = -1
    for _ in range(writes):
        last = int(process.stdout.readline())
    process.kill()
    rest = process.stdout.read().split()
    process.wait()
    process.stdout.close()
    acknowledged = int(rest[-1]) if rest else last
    file = opened(tmp_path)
    assert file.problem is None
    assert file.book.accounts["joe"].password_changed_usec >= acknowledged


# --- the service with it ---


async def test_damage_locks_the_service_until_somebody_here_acts(system: SystemProcess) -> None:
    await system.add("joe")
    await system.stop()
    (system.state / "accounts.yaml").write_text("damaged")
    await system.start()
    for _ in range(2):
        assert await system.access.get("NeedsSetup") is False
        assert await system.names("account") == []
        assert await system.root.get("Health") == "degraded"
        assert any("nobody can enter over the network" in problem for problem in await system.problems())
        await system.restart()
    error = await refusal(system.add("ann", "viewer"))
    assert isinstance(error, Conflict)
    await system.add("ann")
    (aside,) = system.state.glob("accounts.yaml.damaged-*")
    (left,) = await system.problems()
    assert aside.name in left
    assert await system.access.call("VerifyPassword", "ann", PASSWORD) == "administrator"
    aside.unlink()
    await system.restart()
    assert await system.problems() == []
    assert await system.names("account") == ["ann"]
