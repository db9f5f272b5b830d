# SPDX-License-Identifier: Apache-2.0
"""Sessions: when they end."""

from __future__ import annotations

from axiod.bus.caller import Role
from axiod.gateway.person import Person
from axiod.gateway.sessions import IDLE_SECONDS, MOST, MOST_SECONDS, Sessions

ADMIN = Person("admin", Role.ADMINISTRATOR, "192.0.2.1", "session", 7)
VIEWER = Person("viewer", Role.VIEWER, "192.0.2.1", "session", 7)


def test_a_session_is_found_by_its_cookie() -> None:
    sessions = Sessions()
    session = sessions.begin(ADMIN, 0.0, secure=True)
    assert sessions.find(session.id, 1.0, secure=True) is session
    assert sessions.find(session.id, 1.0, secure=False) is None
    assert sessions.find("", 1.0, secure=True) is None
    assert sessions.find(session.id[:-1], 1.0, secure=True) is None
    assert not session.forged(session.csrf)
    for token in (None, "", "x", session.id, "\udcff"):
        assert session.forged(token)


def test_a_session_ends_when_it_is_not_used() -> None:
    sessions = Sessions()
    session = sessions.begin(ADMIN, 0.0, secure=False)
    assert sessions.find(session.id, IDLE_SECONDS - 1, secure=False)
    assert sessions.find(session.id, 2 * IDLE_SECONDS - 2, secure=False)
    assert sessions.find(session.id, 3 * IDLE_SECONDS, secure=False) is None
    assert len(sessions) == 0


def test_a_session_ends_however_much_it_is_used() -> None:
    sessions = Sessions()
    session = sessions.begin(ADMIN, 0.0, secure=False)
    for now in range(0, MOST_SECONDS, IDLE_SECONDS):
        assert sessions.find(session.id, now, secure=False)
    assert sessions.find(session.id, MOST_SECONDS + 1, secure=False) is None


def test_the_one_not_used_for_longest_makes_room() -> None:
    sessions = Sessions()
    first = sessions.begin(ADMIN, 0.0, secure=False)
    second = sessions.begin(ADMIN, 1.0, secure=False)
    sessions.find(first.id, 2.0, secure=False)
    for n in range(MOST - 1):
        sessions.begin(VIEWER, 3.0 + n, secure=False)
    assert len(sessions) == MOST
    assert sessions.find(second.id, 5.0, secure=False) is None
    assert sessions.find(first.id, 5.0, secure=False)


def test_sessions_end_with_the_account() -> None:
    sessions = Sessions()
    admin = sessions.begin(ADMIN, 0.0, secure=False)
    viewer = sessions.begin(VIEWER, 0.0, secure=False)
    sessions.keep(lambda person: person.name == "admin")
    assert sessions.find(admin.id, 1.0, secure=False)
    assert sessions.find(viewer.id, 1.0, secure=False) is None
