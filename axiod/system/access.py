# SPDX-License-Identifier: Apache-2.0
"""org.axiod.system1.Access, Account and Token: who may enter over the network."""

from __future__ import annotations

import hmac
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from axiod.clock import wall_usec
from axiod.errors import Conflict, NotFound
from axiod.system import model, passwords
from axiod.system.model import Account, Token

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

    from axiod.runtime.app import Context
    from axiod.system.model import Book
    from axiod.system.stored import BookFile

ACCESS = "org.axiod.system1.Access"
ACCOUNT = "org.axiod.system1.Account"
TOKEN = "org.axiod.system1.Token"  # noqa: S105 # the name of an interface


class AccessHandler:
    """org.axiod.system1.Access, and all accounts and tokens."""

    realm: str

    def __init__(self, context: Context, file: BookFile, changing: asyncio.Lock, on_change: Callable[[], None]) -> None:
        """`changing`: held while anything changes, so that one change sees what the one before it left.

        `on_change` is called after a change, and once at start.
        """
        self._context = context
        self._path = f"{context.path}/access"
        self._file = file
        self._changing = changing
        self._on_change = on_change
        self._hashing = passwords.Hashing()
        self._accounts: dict[str, AccountHandler] = {}
        self._tokens: dict[str, TokenHandler] = {}
        self._by_hash: dict[str, Token] = {}
        self.realm = file.book.realm

    def start(self) -> None:
        """Export everything."""
        self._context.server.export(self._path, ACCESS, self)
        self._show()

    def close(self) -> None:
        """Hash nothing more."""
        self._hashing.close()

    # --- properties ---

    @property
    def needs_setup(self) -> bool:
        return not self._file.locked and not self.book.has_administrator

    @property
    def anonymous_viewing(self) -> bool:
        return self.book.anonymous_viewing

    # --- methods ---

    async def configure(self, changes: dict[str, Any]) -> None:
        async with self._changing:
            await self.keep(
                replace(self.book, anonymous_viewing=changes.get("AnonymousViewing", self.anonymous_viewing))
            )

    async def add_account(self, name: str, password: str, role: str, options: dict[str, Any]) -> None:
        comment = options.get("Comment", "")
        model.check_password(password)
        model.check_comment(comment)
        async with self._changing:
            if options.get("First") and not self.needs_setup:
                raise Conflict("the first administrator was added already; log in")
            self.book.check_new(name, role)
            secrets = await self._hashing.derive(name, self.realm, password)
            await self.keep(self.book.with_account(Account(name, role, comment, wall_usec(), secrets)))

    async def add_token(self, name: str, role: str, options: dict[str, Any]) -> tuple[str, str]:
        expires = options.get("ExpiresUsec")
        async with self._changing:
            now = wall_usec()
            self.book.check_new_token(expires, now)
            id_, text = passwords.new_token_id(), passwords.new_token()
            token = Token(id_, name, role, now, expires, passwords.token_hash(text))
            await self.keep(self.book.with_token(token))
            return id_, text

    def credentials(self, name: str) -> tuple[str, str, str]:
        account = self.book.account(name)
        return account.role, account.secrets.md5, account.secrets.sha256

    async def verify_password(self, name: str, password: str) -> str:
        before = self.book.accounts.get(name)
        right = await self._hashing.check(before.secrets.scrypt if before else None, password)
        now = self.book.accounts.get(name)
        if not right or before is None or now is None or now.secrets != before.secrets:
            raise NotFound("there is no such account, or that is not its password")
        return now.role

    def verify_token(self, token: str) -> tuple[str, str]:
        digest = passwords.token_hash(token[: passwords.LONGEST_TOKEN])
        found = self._by_hash.get(digest)
        if found is None or found.ended(wall_usec()) or not hmac.compare_digest(found.sha256, digest):
            raise NotFound("there is no such token, or it has ended")
        return found.id, found.role

    # --- for the accounts and tokens ---

    @property
    def book(self) -> Book:
        """Who may enter."""
        return self._file.book

    @property
    def changing(self) -> asyncio.Lock:
        """Held while anything changes."""
        return self._changing

    async def keep(self, book: Book) -> None:
        """Store a changed book, then tell what differs; `changing` is held."""
        if book == self.book:
            return
        await self._file.save(book)
        self._show()

    async def derive(self, name: str, password: str) -> model.Secrets:
        """Return what is stored of a new password."""
        return await self._hashing.derive(name, self.realm, password)

    def _show(self) -> None:
        """Make the objects on the bus what the book says."""
        server, root = self._context.server, self._context.path
        for name in [name for name in self._accounts if name not in self.book.accounts]:
            del self._accounts[name]
            server.unexport(f"{root}/account/{name}")
        for id_ in [id_ for id_ in self._tokens if id_ not in self.book.tokens]:
            del self._tokens[id_]
            server.unexport(f"{root}/token/{id_}")
        for name in self.book.accounts:
            path = f"{root}/account/{name}"
            if name in self._accounts:
                server.changed(path, ACCOUNT)
            else:
                self._accounts[name] = AccountHandler(self, name)
                server.export(path, ACCOUNT, self._accounts[name])
        for token in self.book.tokens.values():
            if token.id not in self._tokens:
                self._tokens[token.id] = TokenHandler(self, token)
                server.export(f"{root}/token/{token.id}", TOKEN, self._tokens[token.id])
        self._by_hash = {token.sha256: token for token in self.book.tokens.values()}
        server.changed(self._path, ACCESS)
        self._context.root.problem("accounts", self._file.problem)
        self._on_change()


class AccountHandler:
    """org.axiod.system1.Account."""

    name: str

    def __init__(self, access: AccessHandler, name: str) -> None:
        self._access = access
        self.name = name

    @property
    def role(self) -> str:
        return self._account.role

    @property
    def comment(self) -> str:
        return self._account.comment

    @property
    def password_changed_usec(self) -> int:
        return self._account.password_changed_usec

    async def configure(self, changes: dict[str, Any]) -> None:
        async with self._access.changing:
            account = self._account
            amended = replace(
                account, role=changes.get("Role", account.role), comment=changes.get("Comment", account.comment)
            )
            await self._access.keep(self._access.book.with_account(amended))

    async def set_password(self, password: str) -> None:
        model.check_password(password)
        async with self._access.changing:
            secrets = await self._access.derive(self.name, password)
            account = self._account
            # It rises even if the clock was put back: that is how others see that it was changed.
            changed = max(wall_usec(), account.password_changed_usec + 1)
            amended = replace(account, secrets=secrets, password_changed_usec=changed)
            await self._access.keep(self._access.book.with_account(amended))

    async def remove(self) -> None:
        async with self._access.changing:
            await self._access.keep(self._access.book.without_account(self.name))

    @property
    def _account(self) -> Account:
        return self._access.book.account(self.name)


class TokenHandler:
    """org.axiod.system1.Token; the attributes are the properties of the contract."""

    name: str
    role: str
    created_usec: int
    expires_usec: int | None

    def __init__(self, access: AccessHandler, token: Token) -> None:
        self._access = access
        self._id = token.id
        self.name = token.name
        self.role = token.role
        self.created_usec = token.created_usec
        self.expires_usec = token.expires_usec

    async def remove(self) -> None:
        async with self._access.changing:
            await self._access.keep(self._access.book.without_token(self._id))
