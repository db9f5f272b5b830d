# SPDX-License-Identifier: Apache-2.0
"""The contract: axiod/interfaces/*.xml as frozen dataclasses.

Annotations beside the standard ones:
    org.axiod.Role          viewer, operator, administrator or gateway (see caller.py); every method has one. Of an
                            interface: who may read it over the network, viewer without it
    org.axiod.Resource      of an interface: what it is called over the network, KIND/{id} where there are several
    org.axiod.Creates       the method adds one to this kind of resource
    org.axiod.Seconds       the method may take so long; a client waits for it unless told otherwise
    org.axiod.Secret        of an argument: no text ever quotes it
    org.axiod.Configurable  Configure takes this property
    org.axiod.Optional      the property may be absent
    org.axiod.Values        the only values, separated by spaces
    org.axiod.Range         LOW..HIGH, both included; of a string, its length in characters
    org.axiod.Unit          the unit of the value
    org.axiod.Options       of an argument of type a{sv}: the keys that it takes, as NAME:TYPE, behind
                            the word Configurable where it takes the settings
                            (after NAME:TYPE= may stand its only values A|B, its range LOW..HIGH, and ",lines")
    org.axiod.Fields        of type aa{sv}, a list of records: what each record may have, written like Options
    org.axiod.Lines         of a string: it may have line breaks and tabs
    org.axiod.Users         of a method: users, separated by spaces, who may call it besides those of its role
    org.axiod.Reads         the method changes nothing, though not everybody may call it: the audit log tells only of
                            refusals
    org.axiod.Timely        the method moves something: it is refused when it may have waited too long
    org.axiod.Errors        the errors of the method, without their prefix
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree

from axiod.bus.signature import is_integer, split

if TYPE_CHECKING:
    from collections.abc import Mapping

EMITS = "org.freedesktop.DBus.Property.EmitsChangedSignal"
_OURS = "org.axiod."
_FOLDER = Path(__file__).parent.parent / "interfaces"
# importlib.resources would do the same for half a megabyte in each daemon.
_WORDS = (
    "Role", "Resource", "Creates", "Secret", "Configurable", "Optional", "Values", "Range", "Unit", "Options", "Timely",
    "Errors", "Seconds", "Fields", "Lines", "Users", "Reads",
)  # fmt: skip
ROLES = ("viewer", "operator", "administrator", "gateway")
_KNOWN = {EMITS, *(_OURS + word for word in _WORDS)}


@dataclass(frozen=True, slots=True)
class Value:
    """What may stand in a property, an argument or an option."""

    name: str
    type: str
    """One complete D-Bus type."""
    values: tuple[str, ...] = ()
    low: float | None = None
    high: float | None = None
    unit: str = ""
    options: Mapping[str, Value] | None = None
    """For a{sv}: what each key takes; None for any other type."""
    secret: bool = False
    """No text quotes it."""
    fields: Mapping[str, Value] | None = None
    """For aa{sv}: what each record may have; None for any other type."""
    lines: bool = False
    """It may have line breaks and tabs."""

    @property
    def python_name(self) -> str:
        """The name as Python writes it: DebounceMs is debounce_ms."""
        return snake(self.name)


@dataclass(frozen=True, slots=True)
class Property:
    """One property; all of them are read-only."""

    value: Value
    emits: str
    """true, invalidates or const."""
    configurable: bool = False
    optional: bool = False

    @property
    def name(self) -> str:
        """Its name on the bus."""
        return self.value.name


@dataclass(frozen=True, slots=True)
class Method:
    """One method."""

    name: str
    inputs: tuple[Value, ...]
    outputs: tuple[Value, ...]
    role: str
    timely: bool = False
    errors: tuple[str, ...] = ()
    creates: str = ""
    """The kind of resource that it adds one to."""
    seconds: float | None = None
    """How long it may take; None where that is no matter."""
    users: tuple[str, ...] = ()
    """Who may call it besides those who have the role."""
    reads: bool = False
    """It changes nothing, whatever its role."""

    @property
    def in_signature(self) -> str:
        """The types of all arguments in a row."""
        return "".join(value.type for value in self.inputs)

    @property
    def out_signature(self) -> str:
        """The types of all results in a row."""
        return "".join(value.type for value in self.outputs)


@dataclass(frozen=True, slots=True)
class Signal:
    """One signal."""

    name: str
    arguments: tuple[Value, ...]

    @property
    def signature(self) -> str:
        """The types of all arguments in a row."""
        return "".join(value.type for value in self.arguments)


@dataclass(frozen=True, slots=True)
class Interface:
    """One interface of the contract."""

    name: str
    methods: Mapping[str, Method]
    properties: Mapping[str, Property]
    signals: Mapping[str, Signal]
    xml: str = field(repr=False)
    """The <interface> element as text, without comments, for Introspect."""
    resource: str = ""
    """What it is called over the network: "relays/{id}" where there are several, "device" where there is one; "" where
    the network does not see it."""
    role: str = "viewer"
    """Who may read it over the network."""

    @property
    def configurable(self) -> Mapping[str, Value]:
        """What Configure takes."""
        return {name: item.value for name, item in self.properties.items() if item.configurable}


def snake(name: str) -> str:
    """Turn a D-Bus name into a Python one: RunSequence is run_sequence."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def names() -> tuple[str, ...]:
    """Return the names of all interfaces of the contract."""
    return tuple(sorted(file.stem for file in _FOLDER.glob("*.xml")))


def services() -> tuple[str, ...]:
    """Return the bus names of all services that the contract has objects of."""
    found = (name.rpartition(".")[0] for name in names())
    return tuple(sorted({name for name in found if re.search(r"\d$", name)}))


ON_DEMAND = ("org.axiod.network1",)
"""Services that the bus starts when somebody calls them, and that exit when nobody does: being away is no fault, and
what they said last still holds."""


def stem(service: str) -> str:
    """Return what a service is called after axiod-, as its unit and its policy are: io for org.axiod.io1."""
    return service.rpartition(".")[2].rstrip("0123456789")


def source(name: str) -> str:
    """Return the XML file of an interface as text; raises FileNotFoundError."""
    return (_FOLDER / f"{name}.xml").read_text(encoding="utf-8")


@cache
def load(name: str) -> Interface:
    """Return an interface of the contract; raises FileNotFoundError for an unknown name."""
    return parse(source(name))


def parse(text: str) -> Interface:
    """Read one interface; raises ValueError for one that breaks the rules above."""
    node = ElementTree.fromstring(text).find("interface")  # noqa: S314 # our own files, or a test's
    if node is None:
        raise ValueError("there is no <interface>")
    properties = {item.name: item for item in map(_property, node.iterfind("property"))}
    configurable = {name: item.value for name, item in properties.items() if item.configurable}
    methods = {item.name: item for item in (_method(method, configurable) for method in node.iterfind("method"))}
    signals = {
        item.name: item
        for item in (
            Signal(signal.attrib["name"], tuple(_value(arg, {}) for arg in signal.iterfind("arg")))
            for signal in node.iterfind("signal")
        )
    }
    bare = re.sub(r"<!--.*?-->", "", text, flags=re.DOTALL)
    start, end = bare.index("<interface"), bare.index("</interface>") + len("</interface>")
    xml = re.sub(r"\n\s*", "\n", bare[start:end])
    notes = _annotations(node)
    role = notes.get(_OURS + "Role", "viewer")
    if role not in ROLES:
        raise ValueError(f"{node.attrib['name']}: org.axiod.Role must be one of {', '.join(ROLES)}")
    resource = notes.get(_OURS + "Resource", "")
    return Interface(node.attrib["name"], methods, properties, signals, xml, resource, role)


def _annotations(node: ElementTree.Element) -> dict[str, str]:
    notes = {item.attrib["name"]: item.attrib["value"] for item in node.iterfind("annotation")}
    if unknown := notes.keys() - _KNOWN:
        raise ValueError(f"{node.attrib['name']}: there is no annotation {', '.join(sorted(unknown))}")
    return notes


def _value(node: ElementTree.Element, configurable: Mapping[str, Value]) -> Value:
    notes = _annotations(node)
    type_ = node.attrib["type"]
    if len(split(type_)) != 1:
        raise ValueError(f"{node.attrib['name']}: {type_!r} is not one complete type")
    low, high = _range(node.attrib["name"], type_, notes.get(_OURS + "Range", ""))
    if _OURS + "Values" in notes and type_ != "s":
        raise ValueError(f"{node.attrib['name']}: org.axiod.Values is for strings")
    options: Mapping[str, Value] | None = None
    keys = notes.get(_OURS + "Options")
    if keys is not None and keys.split()[0] == "Configurable":
        options = {**configurable, **_keys(node.attrib["name"], keys.partition(" ")[2])}
    elif keys is not None:
        options = _keys(node.attrib["name"], keys)
        if notes.get(_OURS + "Secret") == "true":
            options = {key: replace(option, secret=True) for key, option in options.items()}
    if (type_ == "a{sv}" and node.get("direction") == "in") != (options is not None):
        raise ValueError(f"{node.attrib['name']}: an argument of type a{{sv}}, and no other, has org.axiod.Options")
    fields = _keys(node.attrib["name"], notes[_OURS + "Fields"]) if _OURS + "Fields" in notes else None
    if (type_ == "aa{sv}") != (fields is not None):
        raise ValueError(f"{node.attrib['name']}: what has the type aa{{sv}}, and nothing else, has org.axiod.Fields")
    return Value(
        node.attrib["name"],
        type_,
        tuple(notes.get(_OURS + "Values", "").split()),
        low,
        high,
        notes.get(_OURS + "Unit", ""),
        options,
        notes.get(_OURS + "Secret") == "true",
        fields,
        notes.get(_OURS + "Lines") == "true",
    )


def _range(name: str, type_: str, text: str) -> tuple[float | None, float | None]:
    if not text:
        return None, None
    low, _, high = text.partition("..")
    if not (low and high and (is_integer(type_) or type_ in ("d", "s"))):
        raise ValueError(f"{name}: a range must be LOW..HIGH, of a number or a string")
    return float(low), float(high)


def _keys(name: str, text: str) -> Mapping[str, Value]:
    """Read NAME:TYPE or NAME:TYPE=WHAT for each key, separated by spaces."""
    found = {}
    for word in text.split():
        key, _, rest = word.partition(":")
        type_, _, what = rest.partition("=")
        if not key or len(split(type_)) != 1:
            raise ValueError(f"{name}: {word!r} must be NAME:TYPE, of one complete type")
        terms = set(filter(None, what.split(",")))
        lines = "lines" in terms
        (term,) = (terms - {"lines"}) or {""}
        low, high = _range(key, type_, term if ".." in term else "")
        values = () if ".." in term or not term else tuple(term.split("|"))
        found[key] = Value(key, type_, values, low, high, lines=lines)
    return found


def _property(node: ElementTree.Element) -> Property:
    notes = _annotations(node)
    name = node.attrib["name"]
    if node.attrib["access"] != "read":
        raise ValueError(f"{name}: every property is read-only; a change is a method")
    if notes.get(EMITS) not in ("true", "invalidates", "const"):
        raise ValueError(f"{name}: {EMITS} must be true, invalidates or const")
    return Property(
        _value(node, {}),
        notes[EMITS],
        notes.get(_OURS + "Configurable") == "true",
        notes.get(_OURS + "Optional") == "true",
    )


def _method(node: ElementTree.Element, configurable: Mapping[str, Value]) -> Method:
    notes = _annotations(node)
    name = node.attrib["name"]
    if notes.get(_OURS + "Role") not in ROLES:
        raise ValueError(f"{name}: org.axiod.Role must be one of {', '.join(ROLES)}")
    args = [(arg.attrib["direction"], _value(arg, configurable)) for arg in node.iterfind("arg")]
    timely = notes.get(_OURS + "Timely") == "true"
    if timely and not any("DeadlineUsec" in (value.options or {}) for _, value in args):
        raise ValueError(f"{name}: a method that is org.axiod.Timely takes the option DeadlineUsec")
    return Method(
        name,
        tuple(value for direction, value in args if direction == "in"),
        tuple(value for direction, value in args if direction == "out"),
        notes[_OURS + "Role"],
        timely,
        tuple(notes.get(_OURS + "Errors", "").split()),
        notes.get(_OURS + "Creates", ""),
        float(notes[_OURS + "Seconds"]) if _OURS + "Seconds" in notes else None,
        tuple(notes.get(_OURS + "Users", "").split()),
        notes.get(_OURS + "Reads") == "true",
    )
