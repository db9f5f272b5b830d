# SPDX-License-Identifier: Apache-2.0
"""The problems of a service: each is told once, and logged once, however many things have it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from axiod.bus.server import Server
from axiod.bus.service import ServiceRoot

if TYPE_CHECKING:
    import pytest

    from tests.conftest import Connect

GONE = "chip sim: no GPIO chip has the label 'x'"


async def test_what_several_have_in_common_is_said_once(connection: Connect, caplog: pytest.LogCaptureFixture) -> None:
    lines: list[str] = []
    root = ServiceRoot(Server(await connection(), "/org/axiod/test1"), "/org/axiod/test1", lines.append)
    root.say("2 relays")
    for _ in range(3):
        for key in ("relay1", "relay2"):
            root.problem(key, GONE)
    assert (root.health, root.problems) == ("degraded", [GONE])
    assert lines[-1] == f"2 relays; degraded: {GONE}"
    assert [record.getMessage() for record in caplog.records] == [GONE]
    root.problem("relay1", None)
    assert root.problems == [GONE]
    root.problem("relay2", None)
    assert (root.health, root.problems, lines[-1]) == ("ok", [], "2 relays")
    root.problem("relay1", GONE)
    assert [record.getMessage() for record in caplog.records] == [GONE, GONE], "it is back, so it is said again"
