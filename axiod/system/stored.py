# SPDX-License-Identifier: Apache-2.0
"""What axiod-system has on disk: who may enter, and the settings.

accounts.yaml, which only its owner may read, is one whole: who may enter is never half of what somebody decided. What
cannot be read opens no door: unless it is sure that there never was an administrator, nobody can add the first one over
the network.
"""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING, Any

from axiod.errors import HardwareFailure
from axiod.runtime.settings import SettingsFile
from axiod.runtime.store import Store
from axiod.system import model, passwords
from axiod.system.entry import Entry, is_usec
from axiod.system.model import Account, Book, Secrets, Token

if TYPE_CHECKING:
    from pathlib import Path

WEB = "org.axiod.system1.Web"
BLOCKING = "org.axiod.system1.Blocking"
_VERSION = 1
_TOKEN_ID = re.compile(r"[0-9a-f]{1,32}")


def settings_file(state_dir: Path) -> SettingsFile:
    """Return the file of settings; raises HardwareFailure."""
    return SettingsFile(state_dir / "settings.yaml", {"web": WEB, "blocking": BLOCKING})


class BookFile:
    """accounts.yaml."""

    locked: bool
    """It cannot be told who may enter, so nobody may until somebody on this machine adds an administrator."""
    problem: str | None
    """What is to be said of that, or of accounts that are not the newest."""

    def __init__(self, state_dir: Path, realm: str) -> None:
        """`realm`: what it is as long as none is stored."""
        self._store = Store(state_dir / "accounts.yaml", private=True)
        self.book = Book(realm)
        self.locked, self.problem, self._refused = False, None, False
        path = self._store.path
        before = {name for name in (path, self._store.previous) if _there(name)}
        damaged = bool(list(path.parent.glob(f"{path.name}*.damaged-*"))) if path.parent.is_dir() else False
        try:
            self.book = self._store.load(_book, self.book)
        except (HardwareFailure, OSError) as error:
            self.locked = self._refused = True
            self.problem = f"nobody can enter over the network: {error}; repair that and restart axiod-system"
            return
        newest = path in before and _there(path)
        if self.book.has_administrator:
            if not newest:
                self.problem = (
                    f"{path.name} could not be read, so the accounts are those before the last change; look at them, "
                    "and set a password or remove a token that should not be there"
                )
        elif damaged or (before and not newest):
            self.locked = True
            self.book = Book(realm)
            self.problem = (
                f"nobody can enter over the network, because {path.name} could not be read; add an administrator on "
                "this machine with `axioctl account add NAME administrator`"
            )

    async def save(self, book: Book) -> None:
        """Store who may enter; it counts when this returns. Raises HardwareFailure, and then the former book stays."""
        if self._refused:
            raise HardwareFailure(f"{self.problem}")
        await asyncio.to_thread(self._store.save, _plain(book))
        self.book = book
        if book.has_administrator:
            self.locked, self.problem = False, None


def _there(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:
        return True


def _plain(book: Book) -> dict[str, Any]:
    return {
        "version": _VERSION,
        "realm": book.realm,
        "anonymous_viewing": book.anonymous_viewing,
        "accounts": {
            account.name: {
                "role": account.role,
                "comment": account.comment,
                "password_changed_usec": account.password_changed_usec,
                "scrypt": account.secrets.scrypt,
                "md5": account.secrets.md5,
                "sha256": account.secrets.sha256,
            }
            for account in book.accounts.values()
        },
        "tokens": {
            token.id: {
                "name": token.name,
                "role": token.role,
                "created_usec": token.created_usec,
                "expires_usec": token.expires_usec,
                "sha256": token.sha256,
            }
            for token in book.tokens.values()
        },
    }


def _book(found: Any) -> Book:
    """Return the book that a file says; raises ValueError, whose text nobody shows, for anything else."""
    whole = Entry(found)
    whole.version(_VERSION)
    book = Book(
        whole.text("realm"),
        whole.flag("anonymous_viewing"),
        {name: _account(name, Entry(entry)) for name, entry in whole.entries("accounts")},
        {id_: _token(id_, Entry(entry)) for id_, entry in whole.entries("tokens")},
    )
    whole.end()
    if len({name.casefold() for name in book.accounts}) != len(book.accounts):
        raise ValueError("two accounts have one name")
    return book


def _account(name: str, entry: Entry) -> Account:
    model.check_name(name)
    scrypt = entry.text("scrypt")
    passwords.parse(scrypt)
    secrets = Secrets(scrypt, entry.hexadecimal("md5"), entry.hexadecimal("sha256"))
    comment = entry.text("comment")
    model.check_comment(comment)
    account = Account(name, entry.role(), comment, entry.usec("password_changed_usec"), secrets)
    entry.end()
    return account


def _token(id_: str, entry: Entry) -> Token:
    if not _TOKEN_ID.fullmatch(id_):
        raise ValueError("that is no id of a token")
    expires = entry.take("expires_usec", lambda value: value is None or is_usec(value))
    token = Token(
        id_, entry.text("name"), entry.role(), entry.usec("created_usec"), expires, entry.hexadecimal("sha256")
    )
    entry.end()
    return token
