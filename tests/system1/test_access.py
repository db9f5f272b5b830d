# SPDX-License-Identifier: Apache-2.0
"""Accounts and tokens of the running service."""

from __future__ import annotations

import asyncio
import hashlib
import signal
import stat
import time
from typing import TYPE_CHECKING

import pytest
import yaml

from axiod.errors import AxiodError, Busy, Conflict, InvalidArgument, LimitReached, NotFound
from tests.system1.conftest import PASSWORD, refusal

if TYPE_CHECKING:
    from tests.conftest import Watch
    from tests.system1.conftest import SystemProcess


async def test_a_new_device_has_no_account_and_says_that_it_needs_one(system: SystemProcess) -> None:
    found = await system.access.all()
    serial = (await system.thing("device", "Device").all())["SerialNumber"]
    assert found == {"NeedsSetup": True, "AnonymousViewing": False, "Realm": f"AXIOD_{serial}"}
    assert await system.names("account") == []
    assert (await system.root.get("Status")).startswith("no account yet, certificate device valid until 20")
    assert await system.root.get("Health") == "ok"


async def test_the_first_account_is_an_administrator(system: SystemProcess) -> None:
    for role in ("viewer", "operator"):
        error = await refusal(system.add("joe", role))
        assert (type(error), str(error)) == (Conflict, "the first account must be an administrator")
    assert isinstance(await refusal(system.access.call("AddToken", "HA", "viewer", {})), Conflict)
    before = time.time() * 1e6
    joe = await system.add("joe", Comment="the first")
    assert (await system.access.all())["NeedsSetup"] is False
    found = await joe.all()
    assert before <= found.pop("PasswordChangedUsec") <= time.time() * 1e6
    assert found == {"Name": "joe", "Role": "administrator", "Comment": "the first"}


async def test_of_several_who_want_to_be_the_first_one_is(system: SystemProcess) -> None:
    """The gateway lets in anybody as long as there is none; the others would be administrators, too."""
    names = [f"joe{number}" for number in range(4)]
    results = await asyncio.gather(*(system.add(name, First=True) for name in names), return_exceptions=True)
    refused = [result for result in results if isinstance(result, BaseException)]
    assert [type(error) for error in refused] == [Conflict] * 3
    assert str(refused[0]) == "the first administrator was added already; log in"
    assert len(await system.names("account")) == 1
    await system.add("ann", "viewer", First=False)


async def test_who_watches_is_told_of_each_account(system: SystemProcess, signals: Watch) -> None:
    witness = await signals("org.axiod.system1")
    await system.add("joe")
    await system.add("ann", "viewer")
    await system.account("ann").configure(Role="operator")
    await system.account("ann").call("Remove")
    added = await witness.count(2, "InterfacesAdded")
    removed = await witness.count(1, "InterfacesRemoved")
    assert [signal.body[0] for signal in added] == ["/org/axiod/system1/account/joe", "/org/axiod/system1/account/ann"]
    assert removed[0].body == ["/org/axiod/system1/account/ann", ["org.axiod.system1.Account"]]
    changes = witness.of("PropertiesChanged")
    told = [signal.body[1] for signal in changes if signal.path.endswith(("/access", "/ann"))]
    assert told == [{"NeedsSetup": {"type": "b", "data": False}}, {"Role": {"type": "s", "data": "operator"}}]


@pytest.mark.parametrize("name", ["j.o", "joe smith", "jöe", "a" * 15, "", "joe/x", "-"])
async def test_a_name_has_letters_and_digits(system: SystemProcess, name: str) -> None:
    error = await refusal(system.add(name))
    assert isinstance(error, InvalidArgument)
    assert "1 to 14" in str(error)
    assert PASSWORD not in str(error)


@pytest.mark.parametrize("password", ["", "x" * 65, "grün1234567", "tab\t1234567", "nul\x7f1234567"])
async def test_a_password_is_printable_ascii_and_is_never_quoted(system: SystemProcess, password: str) -> None:
    await system.add("joe")
    signature, path = "sssa{sv}", "/org/axiod/system1/access"
    raw = system.connection.call(
        "org.axiod.system1", path, "org.axiod.system1.Access", "AddAccount", signature, ["ann", password, "viewer", {}]
    )
    for work in (raw, system.account("joe").call("SetPassword", password)):
        error = await refusal(work)
        assert isinstance(error, InvalidArgument)
        assert not password or password not in str(error)
    assert await system.names("account") == ["joe"]


async def test_names_differ_in_more_than_case(system: SystemProcess) -> None:
    await system.add("Joe")
    assert isinstance(await refusal(system.add("jOE")), Conflict)


async def test_there_is_always_an_administrator(system: SystemProcess) -> None:
    joe = await system.add("joe")
    await system.add("ann", "operator")
    for work in (joe.call("Remove"), joe.configure(Role="operator")):
        error = await refusal(work)
        assert isinstance(error, Conflict)
        assert "joe is the last administrator" in str(error)
    await system.account("ann").configure(Role="administrator")
    # Two at once: one of them stays, whichever is first.
    results = await asyncio.gather(joe.call("Remove"), system.account("ann").call("Remove"), return_exceptions=True)
    assert [type(result) for result in results if result is not None] == [Conflict]
    assert len(await system.names("account")) == 1


async def test_there_are_at_most_100_accounts(system: SystemProcess) -> None:
    await system.add("root")
    await _fill(system, 100)
    error = await refusal(system.add("onemore", "viewer"))
    assert isinstance(error, LimitReached)
    assert len(await system.names("account")) == 100
    await system.account("user7").call("Remove")
    await system.add("onemore", "viewer")


async def _fill(system: SystemProcess, count: int) -> None:
    """Write accounts into the file: hashing so many passwords takes its time."""
    await system.stop()
    path = system.state / "accounts.yaml"
    found = yaml.safe_load(path.read_text())
    root = found["accounts"]["root"]
    found["accounts"] |= {f"user{number}": {**root, "role": "viewer"} for number in range(count - 1)}
    path.write_text(yaml.safe_dump(found))
    await system.start()


async def test_a_password_is_checked(system: SystemProcess) -> None:
    await system.add("joe", password="p@ss: w0rd")
    check = system.access.call
    assert await check("VerifyPassword", "joe", "p@ss: w0rd") == "administrator"
    for name, password in (("joe", "p@ss: w0rD"), ("joe", ""), ("jo", "p@ss: w0rd"), ("JOE", "p@ss: w0rd"), ("", "")):
        error = await refusal(check("VerifyPassword", name, password))
        assert (type(error), str(error)) == (NotFound, "there is no such account, or that is not its password")


async def test_digest_gets_what_it_needs(system: SystemProcess) -> None:
    await system.add("joe", password="secret12")
    await system.add("ann", "viewer", password="secret12")
    realm = (await system.access.all())["Realm"]
    a1 = f"ann:{realm}:secret12".encode()
    expected = ["viewer", hashlib.md5(a1).hexdigest(), hashlib.sha256(a1).hexdigest()]
    assert list(await system.access.call("Credentials", "ann")) == expected
    assert isinstance(await refusal(system.access.call("Credentials", "bob")), NotFound)


async def test_a_new_password_counts_at_once_and_can_be_seen(system: SystemProcess) -> None:
    joe = await system.add("joe")
    before = (await joe.all())["PasswordChangedUsec"]
    await joe.call("SetPassword", "another one")
    assert (await joe.all())["PasswordChangedUsec"] > before
    assert isinstance(await refusal(system.access.call("VerifyPassword", "joe", PASSWORD)), NotFound)
    assert await system.access.call("VerifyPassword", "joe", "another one") == "administrator"


async def test_too_many_checks_at_once_are_refused(system: SystemProcess) -> None:
    await system.add("joe")
    where = ("org.axiod.system1", "/org/axiod/system1/access", "org.axiod.system1.Access", "VerifyPassword", "ss")
    checks = [system.connection.call(*where, ["joe", PASSWORD], timeout=30) for _ in range(40)]
    results = await asyncio.gather(*checks, return_exceptions=True)
    assert [result for result in results if isinstance(result, list)] == [["administrator"]] * 10, "2, and 8 that wait"
    assert sum(isinstance(result, Busy) for result in results) == 30
    assert await system.access.call("VerifyPassword", "joe", PASSWORD) == "administrator"


async def test_a_token_is_shown_once_and_opens_until_it_is_revoked(system: SystemProcess) -> None:
    await system.add("joe")
    id_, token = await system.access.call("AddToken", "Home Assistant", "operator", {})
    assert token.startswith("axiod_")
    assert len(token) == len("axiod_") + 43
    assert list(await system.access.call("VerifyToken", token)) == [id_, "operator"]
    found = await system.thing(f"token/{id_}", "Token").all()
    assert found.pop("CreatedUsec") == pytest.approx(time.time() * 1e6, abs=60e6)
    assert found == {"Name": "Home Assistant", "Role": "operator"}
    assert token not in (system.state / "accounts.yaml").read_text()
    await system.restart()
    assert list(await system.access.call("VerifyToken", token)) == [id_, "operator"]
    await system.thing(f"token/{id_}", "Token").call("Remove")
    for wrong in (token, "", "axiod_", token[:-1], "x" * 100_000):
        assert isinstance(await refusal(system.access.call("VerifyToken", wrong)), NotFound)


async def test_a_token_ends(system: SystemProcess) -> None:
    await system.add("joe")
    now = int(time.time() * 1e6)
    error = await refusal(system.access.call("AddToken", "x", "viewer", {"ExpiresUsec": now}))
    assert isinstance(error, InvalidArgument)
    later = now + 3_600_000_000
    id_, token = await system.access.call("AddToken", "x", "viewer", {"ExpiresUsec": later})
    assert await system.thing(f"token/{id_}", "Token").get("ExpiresUsec") == later
    await system.access.call("VerifyToken", token)
    await system.stop()
    path = system.state / "accounts.yaml"
    path.write_text(path.read_text().replace(str(later), str(now)))
    await system.start()
    assert isinstance(await refusal(system.access.call("VerifyToken", token)), NotFound)


async def test_there_are_at_most_100_tokens(system: SystemProcess) -> None:
    await system.add("joe")
    for number in range(100):
        await system.access.call("AddToken", f"token {number}", "viewer", {})
    assert isinstance(await refusal(system.access.call("AddToken", "one more", "viewer", {})), LimitReached)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
async def test_what_was_acknowledged_is_there_after_a_restart(system: SystemProcess, number: signal.Signals) -> None:
    await system.add("joe")
    await system.add("ann", "viewer", Comment="Ann's: {tablet}, №1")
    await system.add("123", "operator")
    await system.access.configure(AnonymousViewing=True)
    await system.account("ann").call("SetPassword", "tablet 12345")
    before = await system.client.objects()
    await system.restart(number)
    assert await system.client.objects() == before
    assert await system.access.call("VerifyPassword", "ann", "tablet 12345") == "viewer"
    assert await system.access.call("VerifyPassword", "123", PASSWORD) == "operator"


async def test_only_its_owner_reads_what_is_stored_and_no_password_is_in_it(system: SystemProcess) -> None:
    await system.add("joe")
    await system.add("ann", "viewer")
    for path in [system.state / "accounts.yaml", system.state / "accounts.yaml.previous"]:
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert PASSWORD not in path.read_text()
    for path in (system.state / "certificates").iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


async def test_no_log_has_a_secret(system: SystemProcess) -> None:
    joe = await system.add("joe")
    await joe.call("SetPassword", "another one")
    _, token = await system.access.call("AddToken", "x", "viewer", {})
    for work in (
        system.access.call("VerifyPassword", "joe", "wrong password"),
        system.access.call("VerifyToken", token + "x"),
        system.certificates.call("Install", "x", b"-----BEGIN nothing", "key password"),
        system.add("j oe", password="never seen"),
    ):
        assert isinstance(await refusal(work), AxiodError)
    role, md5, sha256 = await system.access.call("Credentials", "joe")
    assert role == "administrator"
    key = await system.certificate().call("Key")
    (system.state / "accounts.yaml").write_text(f"accounts: [{md5}, !!bool {sha256}]\n")
    await system.restart()
    log = system.log
    assert "accounts.yaml is damaged" in log
    for secret in ("another one", "wrong password", "key password", "never seen", token, md5, sha256, key[40:80]):
        assert secret not in log
