# SPDX-License-Identifier: Apache-2.0
"""Every method of an interface called with what its contract does not allow; tests/io and tests/relays use it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from axiod.bus import interface as contract
from axiod.bus._lib import Variant
from axiod.errors import AxiodError, Conflict, InvalidArgument, NotFound

if TYPE_CHECKING:
    from collections.abc import Awaitable, Mapping

    from axiod.bus.client import Objects
    from axiod.bus.interface import Method, Value
    from tests.sim.device_process import Client

Call = tuple[str, str, list[Any]]
"""Member, signature, body."""

_VARIANTS: dict[str, st.SearchStrategy[Any]] = {
    "b": st.booleans(),
    "y": st.integers(0, 255),
    "i": st.integers(-(1 << 31), (1 << 31) - 1),
    "u": st.integers(0, (1 << 32) - 1),
    "t": st.integers(0, (1 << 64) - 1),
    "x": st.integers(-(1 << 63), (1 << 63) - 1),
    "d": st.floats(),
    "s": st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=300),
    "as": st.lists(st.text("ab"), max_size=3),
    "a(suu)": st.lists(
        st.tuples(st.sampled_from(["cut", "open", "closed", "short", "x"]), st.integers(0, 5000), st.integers(0, 5000)),
        max_size=5,
    ).map(lambda rows: [list(row) for row in rows]),
    "a{sv}": st.just({}),
    "a(bu)": st.just([]),
}


def _variant(signature: str) -> st.SearchStrategy[Any]:
    return _VARIANTS[signature].map(lambda value: Variant(signature, value))


def _wrong(value: Value) -> st.SearchStrategy[Any]:
    """Return variants that a value of the contract cannot be: of another type, or outside its values or range."""
    others = st.one_of(*(_variant(signature) for signature in _VARIANTS if signature != value.type))
    if value.values:
        return others | _variant("s").filter(lambda given: given.value not in value.values)
    if value.type == "s":
        return others | st.sampled_from(["x" * 129, "\n", "\x1b[0m", "\u202e"]).map(lambda text: Variant("s", text))
    if value.low is not None and value.high is not None:
        low, high = value.low, value.high
        return others | _variant(value.type).filter(lambda given: not low <= given.value <= high)
    return others


def _options(known: Mapping[str, Value], *, configure: bool) -> st.SearchStrategy[dict[str, Variant]]:
    """Return options at least one of which is wrong."""
    names = st.text("abcXYZ", min_size=1, max_size=8).filter(lambda name: name not in known)
    unknown = st.dictionaries(names | st.sampled_from(["name", "deadline", ""]), _any_variant(), min_size=1, max_size=3)
    # DeadlineUsec has no range: any number of its type may be taken.
    fields = [st.fixed_dictionaries({name: _wrong(value)}) for name, value in known.items()]
    wrong = st.one_of(unknown, *fields)
    if not configure:
        return wrong
    right: st.SearchStrategy[dict[str, Variant]] = st.just({}) | st.just({"Name": Variant("s", "Fuzz")})
    return st.tuples(right, wrong).map(lambda both: {**both[0], **both[1]})


def _any_variant() -> st.SearchStrategy[Any]:
    return st.one_of(*(_variant(signature) for signature in _VARIANTS))


def _argument(value: Value, *, wrong: bool) -> st.SearchStrategy[Any]:
    if value.options is not None:
        return _options(value.options, configure=value.name == "changes") if wrong else st.just({})
    if value.type == "a(bu)":
        rows = st.tuples(st.booleans(), st.integers(65_536, (1 << 32) - 1)).map(list)
        bad: st.SearchStrategy[Any] = st.lists(rows, min_size=1, max_size=4) | st.just([]) | st.just([[True, 1]] * 257)
        return bad if wrong else st.just([[True, 1]])
    if value.low is not None and value.high is not None and wrong:
        low, high = value.low, value.high
        return _VARIANTS[value.type].filter(lambda given: not (low <= given <= high) or math.isnan(given))
    if value.values and wrong:
        return _VARIANTS["s"].filter(lambda given: given not in value.values)
    return st.just({"b": True, "u": 50, "s": "x"}.get(value.type))


def _can_be_wrong(value: Value) -> bool:
    return value.options is not None or value.type == "a(bu)" or value.low is not None or bool(value.values)


def wrong_calls(interface: str) -> st.SearchStrategy[Call]:
    """Return calls of an interface, each with something in it that its contract does not allow."""
    calls = [st.text("ABCabc", min_size=1, max_size=8).map(_unknown)]
    for method in contract.load(interface).methods.values():
        calls.append(_mistyped(method))
        calls += [_misvalued(method, place) for place, value in enumerate(method.inputs) if _can_be_wrong(value)]
    return st.one_of(calls)


def _unknown(name: str) -> Call:
    return "X" + name, "", []


def _mistyped(method: Method) -> st.SearchStrategy[Call]:
    """Return calls with other types than the method takes."""
    others = {signature: body for signature, body in _BODIES.items() if signature != method.in_signature}
    return st.sampled_from(sorted(others)).map(lambda signature: (method.name, signature, others[signature]))


def _misvalued(method: Method, place: int) -> st.SearchStrategy[Call]:
    """Return calls with one argument that cannot be."""
    arguments = [_argument(item, wrong=index == place) for index, item in enumerate(method.inputs)]
    return st.tuples(*arguments).map(lambda body: (method.name, method.in_signature, list(body)))


_BODIES: dict[str, list[Any]] = {
    "": [],
    "s": ["x"],
    "b": [True],
    "u": [1],
    "a{sv}": [{}],
    "ba{sv}x": [True, {}, 1],
    "as": [["x"]],
}


def still(objects: Objects) -> Objects:
    """Return what does not change by itself."""
    moving = {"Level", "Ohms", "Counter", "Cycles"}
    return {
        path: {
            interface: {name: value for name, value in values.items() if name not in moving}
            for interface, values in interfaces.items()
        }
        for path, interfaces in objects.items()
    }


async def refused(client: Client, service: str, path: str, interface: str, call: Call) -> None:
    """Make a wrong call and see that it is refused as the contract says."""
    member, signature, body = call
    error = await _error(client.connection.call(service, path, interface, member, signature, body))
    text = str(error)
    assert error is not None, f"{call} was carried out"
    typed = isinstance(error, InvalidArgument) or (isinstance(error, Conflict) and "is an input" in text)
    if member not in contract.load(interface).methods:
        typed = isinstance(error, NotFound)
    assert typed, (call, type(error), text)
    assert text
    assert "Traceback" not in text
    assert "\n" not in text


async def _error(work: Awaitable[object]) -> AxiodError | None:
    try:
        await work
    except AxiodError as error:
        return error
    return None
