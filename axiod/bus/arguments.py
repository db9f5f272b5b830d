# SPDX-License-Identifier: Apache-2.0
"""Values held against the contract: types, ranges, the only values, options.

A value is checked here once, whatever door it came in by, so that a handler sees only what its XML promises.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from axiod.bus.signature import fits, from_wire, is_integer, split
from axiod.errors import InvalidArgument

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from axiod.bus._lib import Variant
    from axiod.bus.interface import Value

_LINES = str.maketrans("", "", "\r\n\t")
_WORDS = {
    "b": "true or false",
    "as": "a list of texts",
    "a(suu)": "a list of (state, lower, upper), typed STATE:LOWER:UPPER,…",
}


def expectation(value: Value) -> str:
    """Say what a value must be, for a person: "a whole number from 0 to 10000 (ms)"."""
    low, high = value.low, value.high
    if value.values:
        text = "one of " + ", ".join(value.values)
    elif value.type == "s":
        text = "text" if value.lines else "printable text"
        text += "" if high is None else f" of {low:g} to {high:g} characters"
    elif value.fields is not None:
        text = f"a list of records that have some of {', '.join(value.fields)}"
    elif is_integer(value.type) or value.type == "d":
        text = "a whole number" if is_integer(value.type) else "a number"
        if low is not None and high is not None:
            text += f" from {low:.12g} to {high:.12g}"
    else:
        text = _WORDS.get(value.type, f"of the D-Bus type {value.type}")
    return f"{text} ({value.unit})" if value.unit else text


def check(value: Value, given: Any) -> None:
    """Raise InvalidArgument unless a value of the right D-Bus type is one of the values and within the range."""
    wrong = False
    if value.values:
        wrong = given not in value.values
    elif value.low is not None and value.high is not None:
        size = len(given) if isinstance(given, str) else given
        wrong = not value.low <= size <= value.high
    elif isinstance(given, float):
        wrong = not math.isfinite(given)
    if not wrong and isinstance(given, str):
        wrong = not (given.translate(_LINES) if value.lines else given).isprintable()
    if wrong:
        raise InvalidArgument(wrong_value(value, given))


def wrong_value(value: Value, given: Any) -> str:
    """Say that a value is wrong, and what would be right; a secret is not quoted."""
    if value.secret:
        return f"{value.name} must be {expectation(value)}"
    return f"{value.name} is {shown(given)}; it must be {expectation(value)}"


def shown(given: Any) -> str:
    """Return a value as it stands in an error text, cut where it is long."""
    text = repr(given[:40] if isinstance(given, str) else given)
    return text if len(text) <= 40 else text[:40] + "…"


def options(known: Mapping[str, Value], given: Mapping[str, Variant], what: str = "option") -> dict[str, Any]:
    """Turn a received a{sv} into plain values; raise InvalidArgument for a key, type or value that is not known."""
    result = {}
    for key, variant in given.items():
        value = known.get(key)
        if value is None:
            raise InvalidArgument(unknown(what, key, known))
        if variant.signature != value.type:
            raise InvalidArgument(
                f"{key} has the D-Bus type {variant.signature!r}; it must be {expectation(value)}, type {value.type!r}"
            )
        if value.fields is not None:
            result[key] = _records(value, variant.value)
            continue
        convert = from_wire(value.type)
        plain = convert(variant.value) if convert else variant.value
        check(value, plain)
        result[key] = plain
    return result


def _records(value: Value, rows: list[Mapping[str, Variant]]) -> list[dict[str, Any]]:
    """Turn received records into plain ones; the text of an error says which record it is of."""
    return [_of_record(value, number, options, row, "field") for number, row in enumerate(rows, 1)]


def _of_record(value: Value, number: int, read: Callable[..., dict[str, Any]], row: Any, what: str) -> dict[str, Any]:
    try:
        return read(value.fields, row, what)
    except InvalidArgument as error:
        raise InvalidArgument(f"{value.name} {number}: {error}") from None


def plain_options(known: Mapping[str, Value], given: Mapping[str, Any], what: str) -> dict[str, Any]:
    """Check values that came from a file or from JSON, without D-Bus types; raises InvalidArgument."""
    result = {}
    for key, plain in given.items():
        value = known.get(key)
        if value is None:
            raise InvalidArgument(unknown(what, key, known))
        if value.fields is not None:
            if not isinstance(plain, list) or not all(isinstance(row, dict) for row in plain):
                raise InvalidArgument(wrong_value(value, plain))
            result[key] = [_of_record(value, n, plain_options, row, "field") for n, row in enumerate(plain, 1)]
            continue
        if not fits(value.type, plain):
            raise InvalidArgument(wrong_value(value, plain))
        converted = _typed(value.type, plain)
        check(value, converted)
        result[key] = converted
    return result


def _typed(signature: str, plain: Any) -> Any:
    if signature == "d":
        return float(plain)
    if signature.startswith("a{"):
        of_key, of_item = split(signature[2:-1])
        return {_typed(of_key, key): _typed(of_item, item) for key, item in plain.items()}
    if signature.startswith("a") and signature != "ay":
        return [_typed(signature[1:], item) for item in plain]
    if signature.startswith("("):
        return tuple(map(_typed, split(signature[1:-1]), plain))
    return plain


def unknown(what: str, key: str, known: Iterable[str]) -> str:
    """Say that a name is not known, and which one may have been meant."""
    import difflib  # only a mistake pays for it

    names = sorted(known)
    near = difflib.get_close_matches(key[:40], names, n=1)
    hint = f"did you mean {near[0]}?" if near else "there is " + (", ".join(names) or "none")
    return f"there is no {what} {shown(key)}; {hint}"


def checker(value: Value) -> Callable[[Any], Any] | None:
    """Return what checks one received argument and turns it into plain Python, or None where there is nothing to do."""
    known = value.options
    if known is not None:
        return lambda given: options(known, given)
    if value.fields is not None:
        return lambda given: _records(value, given)
    convert = from_wire(value.type)
    if not (value.values or value.low is not None or value.type in ("s", "d")):
        return convert

    def checked(given: Any) -> Any:
        plain = convert(given) if convert else given
        check(value, plain)
        return plain

    return checked
