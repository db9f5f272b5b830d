# SPDX-License-Identifier: Apache-2.0
"""Configuration files: every mistake names file, key and value, and nothing else than ConfigError comes out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from axiod.runtime.config import ConfigError, Settings, load

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "io.yaml"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", Settings()),
        ("# nothing\n", Settings()),
        ("{}", Settings()),
        ("board: a9210-sim\n", Settings(board="a9210-sim")),
        ("board: /srv/board.yaml\nlog_level: debug\n", Settings("/srv/board.yaml", "debug")),
    ],
)
def test_what_is_right_is_taken(file: Path, text: str, expected: Settings) -> None:
    file.write_text(text)
    assert load(file, required=True) == expected


@pytest.mark.parametrize(
    ("text", "mistake"),
    [
        ("bord: x", "bord: 'x': there is no such key; did you mean board?"),
        ("zzz: 1", "zzz: 1: there is no such key; there is board, log_level"),
        ("5: x", "5: 'x': there is no such key; there is board, log_level"),
        ("board: 5", "board: 5: must be text"),
        ("board:", "board: None: must be text"),
        ("board: [a]", "board: ['a']: must be text"),
        ("log_level: loud", "log_level: 'loud': must be one of debug, info, warning, error"),
        ("log_level: yes", "log_level: True: must be text"),
        ("- board", "holds ['board']; it must be lines of the form KEY: VALUE"),
        ("board", "holds 'board'; it must be lines of the form KEY: VALUE"),
        ("board: a\nboard: [", "is not YAML: "),
        ("\tboard: a", "is not YAML: "),
        ("board: 2001-99-99", "is not YAML: "),
        ("board: !!int ''", "is not YAML: "),
        ("board: !!bool perhaps", "is not YAML: "),
        ("board: !!timestamp soon", "is not YAML: "),
        ("board: !!python/object:os.system x", "is not YAML: "),
        ("a: &a [*a]\n", "a: [[...]]: there is no such key"),
        ("? [a]\n: b", "is not YAML: "),
    ],
)
def test_a_mistake_is_named(file: Path, text: str, mistake: str) -> None:
    file.write_text(text)
    with pytest.raises(ConfigError) as refused:
        load(file, required=True)
    assert str(refused.value).startswith(f"{file}: {mistake}")
    assert "\n" not in str(refused.value)


def test_a_file_need_not_be_there_unless_it_was_named(file: Path) -> None:
    assert load(file, required=False) == Settings()
    with pytest.raises(ConfigError, match="there is no such file"):
        load(file, required=True)


def test_a_file_that_cannot_be_read_is_named(file: Path) -> None:
    file.write_bytes(b"board: \xff\xfe")
    with pytest.raises(ConfigError, match=f"{file}: cannot be read"):
        load(file, required=False)
    with pytest.raises(ConfigError, match=f"{file.parent}: cannot be read: .*Is a directory"):
        load(file.parent, required=False)


_SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.dates()
_TREES = st.recursive(
    _SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_SCALARS, inner, max_size=4), max_leaves=8
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150, deadline=None)
@given(
    tree=_TREES
    | st.dictionaries(st.sampled_from(["board", "log_level"]) | st.text(), _TREES | st.just("info"), max_size=3)
)
def test_any_yaml_is_taken_or_named(file: Path, tree: object) -> None:
    file.write_text(yaml.safe_dump(tree, allow_unicode=True), encoding="utf-8")
    found, text = attempt(file)
    if found is None:
        assert text.startswith(f"{file}: ")
    else:
        assert tree in (None, {}) or tree == {key: getattr(found, key) for key in tree}  # type: ignore[attr-defined] # it was a mapping


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150, deadline=None)
@given(text=st.text(alphabet="ab:-[]{}!&*#|>'\"%@` \n\t0123.~?,") | st.text())
def test_any_text_is_taken_or_named(file: Path, text: str) -> None:
    file.write_bytes(text.encode("utf-8", "surrogatepass"))
    found, mistake = attempt(file)
    assert found is not None or mistake.startswith(f"{file}: ")
    assert "\n" not in mistake


def attempt(file: Path) -> tuple[Settings | None, str]:
    """Return what was read, or what was wrong with it."""
    try:
        return load(file, required=True), ""
    except ConfigError as error:
        return None, str(error)
