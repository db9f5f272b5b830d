# SPDX-License-Identifier: Apache-2.0
"""Web and Blocking of the running service: their settings, who is shut out, and wrong calls of all kinds."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from axiod.bus import interface as contract
from axiod.bus.connection import Connection
from axiod.clock import monotonic_usec, wall_usec
from axiod.errors import AxiodError, Conflict, HardwareFailure, InvalidArgument, NotFound
from tests.system1.conftest import NAME, ROOT, refusal

if TYPE_CHECKING:
    from tests.conftest import Watch
    from tests.system1.conftest import SystemProcess

WEB = {
    "Protocols": "both", "HttpPort": 80, "HttpsPort": 443, "RtspPort": 554, "Certificate": "device",
    "BasicOverHttp": False, "Metrics": False,
}  # fmt: skip
BLOCKING = {
    "Enabled": True, "PeriodSec": 60, "PageFailures": 20, "PageIntervalSec": 1, "DeviceFailures": 30,
    "DeviceIntervalSec": 300, "Blocked": [],
}  # fmt: skip


async def test_settings_have_defaults_and_are_kept(system: SystemProcess) -> None:
    assert await system.web.all() == WEB
    assert await system.blocking.all() == BLOCKING
    await system.web.configure(Protocols="https", HttpPort=443, HttpsPort=80, Metrics=True)
    await system.blocking.configure(Enabled=False, PeriodSec=86_400)
    web = {**WEB, "Protocols": "https", "HttpPort": 443, "HttpsPort": 80, "Metrics": True}
    blocking = {**BLOCKING, "Enabled": False, "PeriodSec": 86_400}
    for number in (signal.SIGKILL, signal.SIGTERM):
        assert await system.web.all() == web
        assert await system.blocking.all() == blocking
        await system.restart(number)


@pytest.mark.parametrize(
    ("changes", "kind", "said"),
    [
        ({"HttpPort": 443}, Conflict, "HttpPort and HttpsPort are both 443"),
        ({"RtspPort": 80}, Conflict, "HttpPort and RtspPort are both 80"),
        ({"HttpPort": 9000, "RtspPort": 9000}, Conflict, "both 9000"),
        ({"Certificate": "other"}, Conflict, "there is no certificate 'other' with a private key; there is device"),
        ({"HttpPort": 0}, InvalidArgument, "1 to 65535"),
        ({"Protocols": "ftp"}, InvalidArgument, "one of http, https, both"),
        ({"Metrics": True, "Protocol": "http"}, InvalidArgument, "Protocols"),
    ],
)
async def test_what_cannot_be_is_refused_as_a_whole(
    system: SystemProcess, changes: dict[str, Any], kind: type[AxiodError], said: str
) -> None:
    error = await refusal(system.web.configure(**changes))
    assert isinstance(error, kind)
    assert said in str(error)
    assert await system.web.all() == WEB


async def test_what_cannot_be_stored_is_not_in_force(system: SystemProcess) -> None:
    (system.state / "settings.yaml.new").mkdir()
    assert isinstance(await refusal(system.web.configure(Metrics=True)), HardwareFailure)
    assert isinstance(await refusal(system.blocking.configure(Enabled=False)), HardwareFailure)
    assert (await system.web.all(), await system.blocking.all()) == (WEB, BLOCKING)
    (system.state / "accounts.yaml.new").mkdir()
    assert isinstance(await refusal(system.add("joe")), HardwareFailure)
    assert await system.names("account") == []
    assert await system.access.get("NeedsSetup") is True


async def test_stored_settings_that_cannot_be_are_left_alone(system: SystemProcess) -> None:
    await system.web.configure(Metrics=True, HttpPort=81)
    await system.stop()
    path = system.state / "settings.yaml"
    path.write_text(path.read_text().replace("81", "443"))
    await system.start()
    assert await system.web.all() == WEB
    assert any("HttpPort and HttpsPort" in problem for problem in await system.problems())


async def fail(system: SystemProcess, times: int, address: str, page: str = "/") -> None:
    for _ in range(times):
        await system.blocking.call("Report", address, page)


async def test_who_guesses_is_shut_out_and_let_in_again(system: SystemProcess, signals: Watch) -> None:
    await system.blocking.configure(PeriodSec=1, PageFailures=5, PageIntervalSec=3600)
    witness = await signals(NAME)
    await fail(system, 5, "192.0.2.7")
    assert await system.blocking.get("Blocked") == []
    before = monotonic_usec()
    await fail(system, 1, "::ffff:192.0.2.7")
    ((address, since, until),) = await system.blocking.get("Blocked")
    assert address == "192.0.2.7"
    assert since == pytest.approx(wall_usec(), abs=10_000_000)
    assert until == since + 1_000_000
    changes = await witness.count(2, "PropertiesChanged", f"{ROOT}/blocking")
    told = [change.body[1]["Blocked"]["data"] for change in changes]
    assert told == [[["192.0.2.7", since, until]], []], "nobody had to ask for it to end"
    assert monotonic_usec() >= before + 1_000_000
    events = [event.body[:3] for event in await witness.count(2, "Event")]
    topic, source = "tns1:Device/tnsaxis:Network/BlockedIP", {"address": "192.0.2.7"}
    assert events == [[topic, source, {"blocked": "1"}], [topic, source, {"blocked": "0"}]]
    _, snapshot = await system.client.snapshot()
    assert [event.topic for event in snapshot if event.topic == topic] == []


async def test_an_administrator_lets_in(system: SystemProcess) -> None:
    await system.blocking.configure(PeriodSec=86_400, PageFailures=1, PageIntervalSec=3600)
    for address in ("192.0.2.7", "2001:db8:1:2::7", "2001:db8:9::1"):
        await fail(system, 2, address)
    assert [entry[0] for entry in await system.blocking.get("Blocked")] == [
        "192.0.2.7", "2001:db8:1:2::/64", "2001:db8:9::/64",
    ]  # fmt: skip
    await system.blocking.call("Unblock", "2001:db8:1:2::99")
    await system.blocking.call("Unblock", "2001:db8:9::/64")
    await system.blocking.call("Unblock", "::ffff:192.0.2.7")
    assert await system.blocking.get("Blocked") == []
    assert isinstance(await refusal(system.blocking.call("Unblock", "192.0.2.7")), NotFound)
    for wrong in ("", "nobody", "1.2.3.4/64/64", "1.2.3.4\x00"):
        assert isinstance(await refusal(system.blocking.call("Unblock", wrong)), InvalidArgument)
        assert isinstance(await refusal(system.blocking.call("Report", wrong, "/")), InvalidArgument)


async def test_turned_off_everybody_is_let_in(system: SystemProcess) -> None:
    await system.blocking.configure(PeriodSec=86_400, PageFailures=1, PageIntervalSec=3600)
    await fail(system, 2, "192.0.2.7")
    await system.blocking.configure(Enabled=False)
    assert await system.blocking.get("Blocked") == []
    await fail(system, 10, "192.0.2.7")
    assert await system.blocking.get("Blocked") == []


# --- wrong calls ---

_TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=200)
_VALUES: dict[str, st.SearchStrategy[Any]] = {
    "s": _TEXTS | st.sampled_from(["device", "../..", "x" * 100_000]),
    "ay": st.binary(max_size=300) | st.just(b"-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----"),
    "a{sv}": st.just({}),
}
_OBJECTS = {"Access": "access", "Web": "web", "Blocking": "blocking", "Certificates": "certificates"}
_OBJECTS |= {"Certificate": "certificate/device", "Account": "account/joe"}
_CALLS = [
    (interface, member)
    for interface in _OBJECTS
    for member in contract.load(f"{NAME}.{interface}").methods
    # These do what they are asked whatever they are given.
    if member not in ("Key", "Report", "CreateRequest", "Remove", "SetPassword")
]


@st.composite
def _calls(draw: st.DrawFn) -> tuple[str, str, str, list[Any]]:
    interface, member = draw(st.sampled_from(_CALLS))
    method = contract.load(f"{NAME}.{interface}").methods[member]
    body = [draw(_VALUES[value.type]) for value in method.inputs]
    return interface, member, method.in_signature, body


@settings(max_examples=10, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
@given(calls=st.lists(_calls(), min_size=10, max_size=20))
async def test_no_call_hurts_it(hurt: SystemProcess, calls: list[tuple[str, str, str, list[Any]]]) -> None:
    connection = await Connection.open(hurt.address)
    try:
        for interface, member, signature, body in calls:
            if member == "CreateSelfSigned" and body[0].isalnum() and body[0].isascii():
                continue
            path = f"{ROOT}/{_OBJECTS[interface]}"
            work = connection.call(NAME, path, f"{NAME}.{interface}", member, signature, body)
            if member == "Configure":
                await work
                continue
            error = await refusal(work)
            assert isinstance(error, InvalidArgument | NotFound | Conflict), (member, body, error)
            assert len(str(error)) < 400
            assert "\n" not in str(error)
        reply = await connection.call(NAME, ROOT, "org.freedesktop.DBus.ObjectManager", "GetManagedObjects")
        paths = {path.removeprefix(f"{ROOT}/") for path in reply[0]}
        alone = {"access", "web", "blocking", "certificates", "device", "logs"}
        assert paths == alone | {"certificate/device", "account/joe"}
    finally:
        await connection.close()


@pytest.fixture
async def hurt(system: SystemProcess) -> SystemProcess:
    """The service with one account."""
    await system.add("joe")
    return system
