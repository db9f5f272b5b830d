# SPDX-License-Identifier: Apache-2.0
"""Every method of the contract, called with anything at all.

Whatever comes, the answer is a reply or a typed error, a handler sees only what its XML allows, and the service goes
on.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import pytest
import pytest_asyncio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from axiod.bus import interface as contract
from axiod.bus._lib import Variant
from axiod.bus.server import Server
from axiod.bus.signature import integer_bounds, is_integer, split
from axiod.errors import AxiodError, Internal
from tests.bus.contract_handler import ContractHandler, objections

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from axiod.bus.connection import Connection
    from axiod.bus.interface import Method, Value
    from tests.conftest import Connect

NAME = "org.axiod.fuzz1"
ROOT = "/org/axiod/fuzz1"
METHODS = [(name, method) for name in contract.names() for method in contract.load(name).methods]

_texts = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=140),
    st.sampled_from(["", " ", "\n", "x" * 129, "x" * 100_000, "\x1b[2J", "../../etc", "%s%n", "\u202e", "true", "1"]),
)
_floats = st.one_of(st.floats(), st.sampled_from([math.nan, math.inf, -math.inf, -0.0, 1e308, 5e-324]))
_signatures = st.recursive(
    st.sampled_from("bynqiuxtdsov"),
    lambda inner: st.one_of(
        inner.map("a{}".format),
        st.builds("a{{{}{}}}".format, st.sampled_from("syt"), inner),
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: f"({''.join(parts)})"),
    ),
    max_leaves=4,
)


def anything(signature: str) -> st.SearchStrategy[Any]:
    """Any value of one complete type, as the library takes it."""
    if is_integer(signature):
        low, high = integer_bounds(signature)
        return st.one_of(st.integers(low, high), st.sampled_from([low, high, min(max(0, low), high), min(1, high)]))
    simple: dict[str, st.SearchStrategy[Any]] = {
        "b": st.booleans(),
        "d": _floats,
        "s": _texts,
        "o": st.sampled_from(["/", "/a", "/org/axiod/io1"]),
        "g": st.sampled_from(["", "s", "a{sv}"]),
        "ay": st.binary(max_size=50),
        "v": _signatures.flatmap(_variant),
    }
    if signature in simple:
        return simple[signature]
    if signature.startswith("a{"):
        key, value = split(signature[2:-1])
        return st.dictionaries(anything(key), anything(value), max_size=3)
    if signature.startswith("a"):
        return st.lists(anything(signature[1:]), max_size=3)
    return st.tuples(*map(anything, split(signature[1:-1]))).map(list)


def _variant(signature: str) -> st.SearchStrategy[Variant]:
    return anything(signature).map(lambda value: Variant(signature, value))


def likely(value: Value) -> st.SearchStrategy[Any]:
    """A value of the right type; it is allowed, or beside what is allowed, or anything."""
    if value.options is not None:
        keys = sorted(value.options)
        one = st.sampled_from(keys).flatmap(lambda key: st.tuples(st.just(key), _option(value.options, key)))
        known = st.lists(one, max_size=4).map(dict)
        return st.one_of(known, st.builds(lambda a, b: {**a, **b}, known, anything("a{sv}")))
    return st.one_of(_near(value), anything(value.type))


def _option(known: Any, key: str) -> st.SearchStrategy[Variant]:
    value = known[key]
    right = likely(value).map(lambda given: Variant(value.type, given))
    return st.one_of(right, right, right, anything("v"))


def _near(value: Value) -> st.SearchStrategy[Any]:
    if value.values:
        return st.sampled_from([*value.values, value.values[0].upper(), value.values[0] + " "])
    if value.low is None or value.high is None:
        return anything(value.type)
    if value.type == "s":
        return st.integers(int(value.low) - 1, int(value.high) + 1).map(lambda size: "x" * size)
    if is_integer(value.type):
        low, high = integer_bounds(value.type)
        return st.integers(max(low, int(value.low) - 1), min(high, int(value.high) + 1))
    edges = [value.low, value.high, math.nextafter(value.low, -math.inf), math.nextafter(value.high, math.inf)]
    return st.one_of(st.sampled_from(edges), st.floats(value.low, value.high))


@st.composite
def bodies(draw: st.DrawFn, method: Method) -> tuple[str, list[Any]]:
    """A signature and a body: mostly of the right types."""
    if draw(st.integers(0, 3)):
        return method.in_signature, [draw(likely(value)) for value in method.inputs]
    parts = draw(st.lists(_signatures, max_size=4))
    return "".join(parts), [draw(anything(part)) for part in parts]


class Fuzzed:
    """A service with a handler for each interface of the contract, and a client of it."""

    def __init__(self, client: Connection, handlers: dict[str, ContractHandler]) -> None:
        self.client = client
        self.handlers = handlers

    async def call(self, interface: str, member: str, signature: str, body: list[Any]) -> AxiodError | None:
        """Call a method; return the error that it answers with."""
        try:
            await self.client.call(NAME, ROOT + "/thing", interface, member, signature, body)
        except AxiodError as error:
            return error
        return None


@pytest_asyncio.fixture
async def fuzzed(connection: Connect) -> AsyncIterator[Fuzzed]:
    service, client = await connection(), await connection()
    server = Server(service, ROOT)
    handlers = {name: ContractHandler(name) for name in contract.names()}
    for name, handler in handlers.items():
        server.export(ROOT + "/thing", name, handler)
    await service.request_name(NAME)
    yield Fuzzed(client, handlers)
    await server.close()


quick = settings(
    max_examples=60,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)


@pytest.mark.parametrize(("interface", "member"), METHODS, ids=[f"{name}.{member}" for name, member in METHODS])
@quick
@given(data=st.data())
async def test_no_call_does_harm(
    fuzzed: Fuzzed, interface: str, member: str, data: st.DataObject, caplog: pytest.LogCaptureFixture
) -> None:
    method = contract.load(interface).methods[member]
    handler = fuzzed.handlers[interface]
    handler.calls.clear()
    signature, body = data.draw(bodies(method))
    error = await fuzzed.call(interface, member, signature, body)
    if error is not None:
        assert type(error) is not Internal, str(error)
        assert error.dbus_name.startswith("org.axiod.Error.")
        assert str(error)
        assert "Traceback" not in str(error)
        assert len(str(error)) < 1000
        assert handler.calls == []
    else:
        ((called, arguments),) = handler.calls
        assert called == member
        assert signature == method.in_signature
        assert objections(method, arguments) == []
    assert [record for record in caplog.records if record.levelname in ("ERROR", "CRITICAL")] == []
    # It still answers.
    assert await fuzzed.client.call(NAME, ROOT, "org.freedesktop.DBus.Peer", "Ping") == []


@quick
@given(data=st.data())
async def test_the_standard_interfaces_take_anything_too(fuzzed: Fuzzed, data: st.DataObject) -> None:
    interface, member = data.draw(
        st.sampled_from(
            [
                ("Properties", "Get"),
                ("Properties", "GetAll"),
                ("Properties", "Set"),
                ("Introspectable", "Introspect"),
                ("ObjectManager", "GetManagedObjects"),
                ("Peer", "Ping"),
                ("Peer", "GetMachineId"),
            ]
        )
    )
    parts = data.draw(
        st.one_of(st.lists(_signatures, max_size=4), st.sampled_from([["s"], ["s", "s"], ["s", "s", "v"]]))
    )
    body = [data.draw(anything(part)) for part in parts]
    error = await fuzzed.call("org.freedesktop.DBus." + interface, member, "".join(parts), body)
    assert type(error) is not Internal, str(error)
    assert len(str(error)) < 1000
    assert await fuzzed.client.call(NAME, ROOT, "org.freedesktop.DBus.Peer", "Ping") == []


@pytest.mark.parametrize("name", contract.names())
async def test_every_property_has_the_value_of_its_handler(fuzzed: Fuzzed, name: str) -> None:
    (told,) = await fuzzed.client.call(NAME, ROOT + "/thing", "org.freedesktop.DBus.Properties", "GetAll", "s", [name])
    properties = contract.load(name).properties
    assert {key: value.signature for key, value in told.items()} == {
        key: item.value.type for key, item in properties.items()
    }
