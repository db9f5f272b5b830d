# SPDX-License-Identifier: Apache-2.0
"""Who may call what, held by the service itself on a bus that lets everything through."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.bus.conftest import ADMINISTRATORS, NOBODY, OPERATORS, accounts, somebody
from tests.conftest import run
from tests.system1.conftest import PASSWORD

if TYPE_CHECKING:
    from tests.bus.conftest import Accounts
    from tests.system1.conftest import SystemProcess

__all__ = ["accounts"]

ROOT = "/org/axiod/system1"
FOR_ADMINISTRATORS = [
    ("access", "Access", "AddAccount", "sssa{sv}", "ann", PASSWORD, "viewer", "0"),
    ("access", "Access", "Configure", "a{sv}", "1", "AnonymousViewing", "b", "true"),
    ("access", "Access", "AddToken", "ssa{sv}", "x", "viewer", "0"),
    ("account/joe", "Account", "SetPassword", "s", "another one"),
    ("blocking", "Blocking", "Configure", "a{sv}", "1", "Enabled", "b", "false"),
    ("web", "Web", "Configure", "a{sv}", "1", "Metrics", "b", "true"),
    ("certificates", "Certificates", "CreateSelfSigned", "ssa{sv}", "x", "x", "0"),
]
FOR_THE_GATEWAY = [
    ("access", "Access", "Credentials", "s", "joe"),
    ("access", "Access", "VerifyPassword", "ss", "joe", PASSWORD),
    ("access", "Access", "VerifyToken", "s", "x"),
    ("blocking", "Blocking", "Report", "ss", "192.0.2.7", "/"),
    ("certificate/device", "Certificate", "Key"),
]


async def test_the_service_holds_callers_to_their_roles(
    stopped: SystemProcess, accounts: Accounts
) -> None:  # it is the fixture
    stopped.command = [*accounts.within, *stopped.command]
    await stopped.start()
    await stopped.add("joe")
    for user, calls, needs in (
        (somebody(), FOR_ADMINISTRATORS + FOR_THE_GATEWAY, None),
        (somebody(NOBODY, OPERATORS), FOR_ADMINISTRATORS + FOR_THE_GATEWAY, None),
        (somebody(NOBODY, ADMINISTRATORS), FOR_THE_GATEWAY, "gateway"),
    ):
        for path, interface, *call in calls:
            command = ("call", "org.axiod.system1", f"{ROOT}/{path}", f"org.axiod.system1.{interface}", *call)
            outcome = await run(*user, "busctl", f"--address={stopped.address}", *command)
            assert outcome.code == 1, (user, call)
            assert "needs the role " + (needs or "") in outcome.err
            assert outcome.out == ""
    for path, interface, *call in FOR_ADMINISTRATORS:
        command = ("call", "org.axiod.system1", f"{ROOT}/{path}", f"org.axiod.system1.{interface}", *call)
        who = somebody(NOBODY, ADMINISTRATORS)
        outcome = await run(*who, "busctl", f"--address={stopped.address}", *command)
        assert (outcome.code, outcome.err) == (0, ""), call
