# SPDX-License-Identifier: Apache-2.0
"""Calls that nobody would make: never an internal error, and never a change beside an error."""

from __future__ import annotations

import asyncio
import http.client
import json
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from axiod.bus.client import Service
from axiod.bus.connection import Connection
from tests.gateway.vapix.site import PARAM, PORT_CGI, PORTS, PWDGRP, SUPERVISED
from tests.sim.device_process import Client, Restorer
from tests.sim.fuzz import still

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.gateway.web_device import WebDevice

EXAMPLES = 200
EACH = settings(
    max_examples=EXAMPLES, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


class Target:
    """A device that is asked over one connection, and looked at before and after."""

    def __init__(self, web: WebDevice) -> None:
        self._runner = asyncio.Runner()
        self._http = http.client.HTTPConnection("127.0.0.1", web.ports["http"], timeout=20)
        self._client = self._runner.run(self._open(web.address))
        self._restorer = Restorer(self._client)
        self._system = Service(self._client.connection, "org.axiod.system1")
        self._runner.run(self._restorer.remember())
        access = "/org/axiod/system1/access", "org.axiod.system1.Access", "AddToken"
        self._id, self._token = self._runner.run(self._system.call(*access, "fuzz", "administrator", {}))

    async def _open(self, address: str) -> Client:
        return Client(await Connection.open(address), address)

    def close(self) -> None:
        """Put everything back."""
        self._runner.run(self._end())
        self._http.close()
        self._runner.close()

    async def _end(self) -> None:
        await self._restorer.restore()
        token = f"/org/axiod/system1/token/{self._id}", "org.axiod.system1.Token", "Remove"
        await self._system.call(*token)
        for path in await self._system.objects():
            if path.endswith("/account/joe"):
                await self._system.call(path, "org.axiod.system1.Account", "Remove")
        await self._client.connection.close()

    async def _stands(self) -> Any:
        services = (self._client.io, self._client.relays, self._system)
        return [still(await service.objects()) for service in services]

    async def _rest(self) -> None:
        """End what moves by itself, so that what differs later is another's doing."""
        for service in (self._client.io, self._client.relays):
            for path, interfaces in (await service.objects()).items():
                for interface, values in interfaces.items():
                    if values.get("Running", "idle") != "idle":
                        await service.call(path, interface, "Cancel")

    def ask(self, method: str, target: str, body: bytes = b"") -> None:
        """Make a call."""
        before = self._runner.run(self._stands())
        self._http.request(method, target, body, {"Authorization": f"Bearer {self._token}"})
        answer = self._http.getresponse()
        text = answer.read().decode()
        assert answer.status < 500, (answer.status, text)
        assert "Traceback" not in text
        if is_error(answer.status, text):
            assert self._runner.run(self._stands()) == before, text
        else:
            self._runner.run(self._rest())


def is_error(status: int, text: str) -> bool:
    """Whether an answer says that nothing was done: setPorts does what it can beside an error with details."""
    if status != 200 or text.startswith(("Error:", "# Error:")):
        return True
    return text.startswith("{") and "error" in (reply := json.loads(text)) and "details" not in reply["error"]


@pytest.fixture
def target(web: WebDevice) -> Iterator[Target]:
    """The device."""
    target = Target(web)
    yield target
    target.close()


TEXT = st.text(max_size=30) | st.sampled_from(["", "\0", "\n", "%", "..", "\u202e", "9" * 30, "-1", "1.5", "null"])
STATES = st.sampled_from(["open", "closed", "input", "output", "short", "cut", "yes", "no"])
NUMBERS = st.integers(-2, 13) | st.integers()
ACTIONS = st.text(alphabet="0123456789:/\\,", max_size=14) | st.builds(
    "{}:{}{}\\".format, st.integers(0, 12), st.sampled_from("/\\"), st.integers(0, 100)
)


def pairs(*choices: tuple[str, st.SearchStrategy[str]]) -> st.SearchStrategy[str]:
    """Return queries of these parameters with these values."""
    each = [st.tuples(st.just(name), values) for name, values in choices]
    more = st.tuples(TEXT, TEXT)
    encoded = st.one_of(*each, *each, more).map(lambda pair: "=".join(quote(part, safe="/:\\") for part in pair))
    return st.lists(encoded, max_size=5).map("&".join)


def send(target: Target, path: str, text: str, by_post: bool) -> None:
    data = text.replace("\\", "%5C")
    if by_post:
        target.ask("POST", path, text.encode())
    else:
        target.ask("GET", f"{path}?{data}")


CHECKS = st.lists(st.integers(0, 12).map(str), max_size=4).map(",".join) | TEXT


@EACH
@given(
    pairs(("action", ACTIONS), ("check", CHECKS), ("checkactive", CHECKS), ("checkdirection", CHECKS)), st.booleans()
)
def test_port_cgi(target: Target, text: str, by_post: bool) -> None:
    send(target, PORT_CGI, text, by_post)


KEYS = st.sampled_from(
    ["Direction", "Usage", "Input.Name", "Input.Trig", "Output.Name", "Output.Active", "Output.Mode"]
)
GROUPS = st.builds("root.IOPort.I{}.{}".format, st.integers(0, 12), KEYS) | st.text(
    alphabet="root.IOP*1[]?!", max_size=20
)


@EACH
@given(
    st.sampled_from(["list", "listdefinitions", "update", "update", "update"]),
    st.lists(st.tuples(GROUPS, STATES | TEXT), max_size=4),
    pairs(("group", GROUPS), ("responseformat", TEXT), ("listformat", st.just("xmlschema"))),
    st.booleans(),
)
def test_param_cgi(target: Target, action: str, changes: list[tuple[str, str]], more: str, by_post: bool) -> None:
    text = "&".join(f"{quote(name)}={quote(value)}" for name, value in changes)
    send(target, PARAM, f"action={action}&{text}&{more}", by_post)


@EACH
@given(
    st.sampled_from(["get", "add", "update", "remove"]) | TEXT,
    st.sampled_from(["joe", "", "j.oe", "x" * 15, "jo\0e", "\u00fc"]),
    pairs(("pwd", TEXT), ("sgrp", st.lists(st.sampled_from(["admin", "operator", "viewer", "ptz", "x"])).map(":".join)),
          ("comment", TEXT), ("grp", TEXT)),
    st.booleans(),
)  # fmt: skip
def test_pwdgrp_cgi(target: Target, action: str, user: str, more: str, by_post: bool) -> None:
    send(target, PWDGRP, f"action={quote(action)}&user={quote(user)}&{more}", by_post)


ANYTHING = st.recursive(
    st.none() | st.booleans() | NUMBERS | st.floats(allow_nan=False) | TEXT | STATES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)


def objects(**choices: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Return JSON objects with some of these names."""
    return st.fixed_dictionaries({}, optional={name: values | ANYTHING for name, values in choices.items()})


PORT = st.integers(0, 11).map(str) | NUMBERS
SET = objects(port=PORT, state=STATES, normalState=STATES, direction=STATES, name=TEXT, usage=TEXT, readonly=ANYTHING)
SEQUENCE = objects(port=PORT, sequence=st.lists(objects(state=STATES, time=NUMBERS), max_size=3))
RANGE = objects(state=STATES, lowerlimit=NUMBERS, upperlimit=NUMBERS)
SUPERVISE = objects(port=NUMBERS, supervised=st.booleans(), ranges=st.lists(RANGE, max_size=4))


@EACH
@given(
    st.one_of(
        st.tuples(st.just("setPorts"), st.lists(SET, max_size=3) | objects(ports=st.lists(SET, max_size=3))),
        st.tuples(st.just("setStateSequence"), SEQUENCE),
        st.tuples(TEXT | st.just("getPorts"), ANYTHING),
    )
)
def test_portmanagement(target: Target, call: tuple[str, Any]) -> None:
    body = {"apiVersion": "1.0", "method": call[0], "params": call[1]}
    target.ask("POST", PORTS, json.dumps(body).encode())


@EACH
@given(
    st.sampled_from(["setSupervised", "setSupervised", "getSupervised", "getSupervisedRanges", "isSupervisable"]),
    st.lists(SUPERVISE, max_size=3) | ANYTHING,
)
def test_supervisedio(target: Target, method: str, params: Any) -> None:
    body = {"apiVersion": "2.0", "method": method, "params": params}
    target.ask("POST", SUPERVISED, json.dumps(body).encode())


NETWORK = objects(
    deviceName=st.sampled_from(["eth0", "lo", "wlan0"]),
    enabled=st.booleans(),
    configurationMode=st.sampled_from(["dhcp", "static"]),
    linkLocalMode=st.just("off"),
    staticDefaultRouter=st.ip_addresses(v=4).map(str) | TEXT,
    staticAddressConfigurations=st.lists(
        objects(address=st.ip_addresses(v=4).map(str) | TEXT, prefixLength=NUMBERS, broadcast=TEXT), max_size=3
    ),
    useStaticDHCPFallback=st.booleans(),
    useDhcpResolverInfo=st.booleans(),
    staticNameServers=st.lists(TEXT, max_size=4),
    staticSearchDomains=st.lists(TEXT, max_size=4),
    staticDomainName=TEXT,
)


@EACH
@given(
    st.sampled_from(["setIPv4AddressConfiguration", "setIPv6AddressConfiguration", "setResolverConfiguration"]),
    NETWORK | ANYTHING,
)
def test_network_settings(target: Target, method: str, params: Any) -> None:
    body = {"apiVersion": "1.21", "method": method, "params": params}
    target.ask("POST", "/axis-cgi/network_settings.cgi", json.dumps(body).encode())


@EACH
@given(
    st.sampled_from([PORTS, SUPERVISED, "/axis-cgi/apidiscovery.cgi", "/axis-cgi/basicdeviceinfo.cgi"]),
    st.binary(max_size=60) | objects(apiVersion=TEXT, context=TEXT, method=TEXT).map(lambda o: json.dumps(o).encode()),
)
def test_the_envelope(target: Target, path: str, body: bytes) -> None:
    target.ask("POST", path, body)
