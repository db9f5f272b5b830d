# SPDX-License-Identifier: Apache-2.0
"""Profiles as text: YAML files read into a tree that knows the file and line of everything, `extends` resolved."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import yaml
from yaml.constructor import SafeConstructor

from axiod.board.mistakes import Mistake

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

SCHEMA = 1
"""The version of the format that this program reads."""

Scalar: TypeAlias = str | int | float | bool | None

_Loader: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_constructor = SafeConstructor()
_DEEPEST = 12


@dataclass(frozen=True, slots=True)
class Node:
    """One value of a profile and where it stands; the line is that of its key."""

    file: str
    line: int
    key: str
    value: Scalar | dict[str, Node] | list[Node]


class Notes:
    """The mistakes found so far."""

    def __init__(self) -> None:
        self.mistakes: list[Mistake] = []

    def add(self, node: Node, text: str, key: str | None = None) -> None:
        """Note a mistake at `node`, under its own key or another one."""
        self.mistakes.append(Mistake(node.file, node.line, node.key if key is None else key, text))


def read(path: Path, folders: Sequence[Path], notes: Notes) -> Node | None:
    """Return the profile as one tree, merged over all it extends; None, with the mistakes noted, when that cannot be.

    An extended file is looked for beside the one that names it, then in `folders`.
    """
    return _read(path, folders, notes, ())


def walk(node: Node) -> Iterator[Node]:
    """Yield the node and everything below it."""
    yield node
    below = node.value.values() if isinstance(node.value, dict) else node.value if isinstance(node.value, list) else ()
    for child in below:
        yield from walk(child)


def plain(node: Node) -> Any:
    """Return the values of a tree, without the places where they stand."""
    if isinstance(node.value, dict):
        return {key: plain(child) for key, child in node.value.items()}
    if isinstance(node.value, list):
        return [plain(child) for child in node.value]
    return node.value


def _read(path: Path, folders: Sequence[Path], notes: Notes, readers: tuple[Path, ...]) -> Node | None:
    root = _parse(path, notes)
    if root is None or not isinstance(root.value, dict):
        return None
    version = root.value.get("schema")
    if version is None:
        notes.add(root, f"missing; the version of the format, {SCHEMA}", "schema")
        return None
    if version.value is True or version.value != SCHEMA:
        notes.add(version, f'this axiod reads version {SCHEMA}, not "{version.value}"')
        return None
    extends = root.value.get("extends")
    if extends is None:
        return root
    readers = (*readers, path.resolve())
    base = _base(extends, path, folders, notes, readers)
    return _merge(base, root) if base else None


def _base(extends: Node, path: Path, folders: Sequence[Path], notes: Notes, readers: tuple[Path, ...]) -> Node | None:
    if not isinstance(extends.value, str) or not extends.value:
        notes.add(extends, 'expected the name of a profile, for example "a9210.yaml"')
        return None
    for folder in (path.parent, *folders):
        found = folder / extends.value
        if found.is_file():
            if found.resolve() in readers:
                notes.add(extends, f'"{extends.value}" extends itself')
                return None
            return _read(found, folders, notes, readers)
    looked = ", ".join(dict.fromkeys(str(folder) for folder in (path.parent, *folders)))
    notes.add(extends, f'no file "{extends.value}" in {looked}')
    return None


def _merge(base: Node, over: Node) -> Node:
    """Lay one tree over another: mappings are merged key by key, anything else is replaced, null takes a key away."""
    if not isinstance(base.value, dict) or not isinstance(over.value, dict):
        return over
    merged = dict(base.value)
    for key, node in over.value.items():
        if key not in merged:
            merged[key] = node
        elif node.value is None:
            del merged[key]
        else:
            merged[key] = _merge(merged[key], node)
    return Node(over.file, over.line, over.key, merged)


def _parse(path: Path, notes: Notes) -> Node | None:
    file = str(path)
    try:
        root = yaml.compose(path.read_bytes(), Loader=_Loader)
    except OSError as error:
        notes.mistakes.append(Mistake(file, 0, "", f"cannot be read: {error.strerror}"))
        return None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        problem = getattr(error, "problem", None) or getattr(error, "reason", None) or "unreadable"
        notes.mistakes.append(Mistake(file, mark.line + 1 if mark else 0, "", f"not YAML: {problem}"))
        return None
    if not isinstance(root, yaml.MappingNode):
        notes.mistakes.append(Mistake(file, 1, "", "a profile is a mapping, for example name: my-board"))
        return None
    return _Converter(file, notes).convert(root, 1, "", 0)


class _Converter:
    """From YAML nodes to our own; notes what YAML allows and a profile does not."""

    def __init__(self, file: str, notes: Notes) -> None:
        self._file = file
        self._notes = notes
        self._seen: set[int] = set()

    def convert(self, node: yaml.Node, line: int, key: str, depth: int) -> Node:
        here = Node(self._file, line, key, None)
        # An alias is the very same node again. Without this a profile could contain itself.
        if id(node) in self._seen:
            self._notes.add(here, "anchors and aliases (&name, *name) are not read; write the value out")
            return here
        self._seen.add(id(node))
        if depth > _DEEPEST:
            self._notes.add(here, "nested too deeply")
            return here
        if isinstance(node, yaml.MappingNode):
            return Node(self._file, line, key, self._mapping(node, key, depth))
        if isinstance(node, yaml.SequenceNode):
            items = enumerate(node.value)
            return Node(
                self._file,
                line,
                key,
                [self.convert(item, item.start_mark.line + 1, f"{key}[{number}]", depth + 1) for number, item in items],
            )
        if isinstance(node, yaml.ScalarNode):
            return Node(self._file, line, key, self._scalar(node, here))
        return here

    def _mapping(self, node: yaml.MappingNode, above: str, depth: int) -> dict[str, Node]:
        entries: dict[str, Node] = {}
        for key_node, value_node in node.value:
            line = key_node.start_mark.line + 1
            if not isinstance(key_node, yaml.ScalarNode):
                self._notes.add(Node(self._file, line, above, None), "a key must be plain text")
                continue
            name: str = key_node.value
            key = f"{above}.{name}" if above else name
            if name in entries:
                self._notes.add(Node(self._file, line, key, None), f"given twice; first on line {entries[name].line}")
                continue
            entries[name] = self.convert(value_node, line, key, depth + 1)
        return entries

    def _scalar(self, node: yaml.ScalarNode, here: Node) -> Scalar:
        text: str = node.value
        try:
            match node.tag.rpartition(":")[2]:
                case "int":
                    return int(_constructor.construct_yaml_int(node))
                case "float":
                    return float(_constructor.construct_yaml_float(node))
                case "bool":
                    return bool(_constructor.construct_yaml_bool(node))
                case "null":
                    return None
        except (ValueError, KeyError):
            self._notes.add(here, f'"{text}" is not what its tag says')
        return text
