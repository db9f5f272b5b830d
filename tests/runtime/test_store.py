# SPDX-License-Identifier: Apache-2.0
"""The settings store: what save() returned from is there, whatever happened next; what is damaged is set aside."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from axiod.errors import HardwareFailure, InvalidArgument
from axiod.runtime.store import Store
from tests.runtime.small_disk import fill, small_disk

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "state" / "settings.yaml")


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of a few pages."""
    with small_disk(tmp_path / "disk") as folder:
        yield folder


def same(found: Any) -> Any:
    """Take everything."""
    return found


def even(found: Any) -> Any:
    """Take even numbers."""
    if not isinstance(found, int):
        raise ValueError(f"{found!r} is no number")
    if found % 2:
        raise InvalidArgument(f"{found} is odd")
    return found


def read(store: Store) -> Any:
    """Return what another process would read."""
    return Store(store.path).load(same, "default")


def test_what_was_saved_is_there(store: Store) -> None:
    assert read(store) == "default"
    store.save({"a": [1, "ü", None]})
    assert read(store) == {"a": [1, "ü", None]}
    store.save({"b": 2})
    assert read(store) == {"b": 2}
    assert Store(store.previous).load(same, None) == {"a": [1, "ü", None]}


@pytest.mark.parametrize("damage", ["7", "'text'", "[", "", "\x00", "a: b: c", "2001-99-99", "!!int ''", "!!bool x"])
def test_a_damaged_file_is_set_aside_and_the_generation_before_it_is_used(
    store: Store, damage: str, caplog: pytest.LogCaptureFixture
) -> None:
    store.save(2)
    store.save(4)
    store.path.write_text(damage)
    assert store.load(even, 0) == 2
    aside = store.path.with_name("settings.yaml.damaged-1")
    assert aside.read_text() == damage
    assert f"{store.path} is damaged" in caplog.text
    assert aside.name in caplog.text
    assert not store.path.exists()
    store.save(6)
    assert store.load(even, 0) == 6


def test_damaged_files_are_numbered(store: Store) -> None:
    store.save(2)
    for number in (1, 2, 3):
        store.path.write_bytes(b"\xff%d" % number)
        assert store.load(even, 0) == 0
        assert store.path.with_name(f"settings.yaml.damaged-{number}").read_bytes() == b"\xff%d" % number


def test_when_both_generations_are_damaged_the_default_is_used(store: Store) -> None:
    store.save(1)
    store.save(3)
    assert store.load(even, 0) == 0
    assert {path.name for path in store.path.parent.iterdir()} == {
        "settings.yaml.damaged-1",
        "settings.yaml.previous.damaged-1",
    }


def test_a_disk_that_refuses_to_be_read_is_said_so(store: Store) -> None:
    store.path.mkdir(parents=True)
    with pytest.raises(HardwareFailure, match=r"settings.yaml cannot be read"):
        store.load(same, None)


def test_a_folder_that_cannot_be_made_is_said_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(HardwareFailure, match=r"the settings cannot be stored in .*/file/settings.yaml: "):
        Store(tmp_path / "file" / "settings.yaml").save(1)


_CHILD = """
import os, sys
from pathlib import Path
from axiod.runtime.store import Store
store = Store(Path(sys.argv[1]))
left = int(sys.argv[2])
def hook(event, arguments):
    global left
    if armed and event in ("open", "os.rename", "os.mkdir", "os.remove", "os.listdir"):
        if left == 0:
            os._exit(9)
        left -= 1
armed = False
sys.addaudithook(hook)
import encodings.idna
armed = True
store.save({"generation": 3, "padding": "x" * 100000})
armed = False
os._exit(0)
"""


def test_a_process_that_dies_at_any_step_leaves_a_whole_generation(store: Store) -> None:
    old, new = {"generation": 2}, {"generation": 3, "padding": "x" * 100_000}
    for step in range(50):
        store.save({"generation": 1})
        store.save(old)
        code = subprocess.run([sys.executable, "-c", _CHILD, store.path, str(step)], check=False).returncode
        if code == 0:
            break
        assert code == 9
        assert read(store) in (old, new)
        assert not list(store.path.parent.glob("*damaged*"))
    else:
        pytest.fail("it never got to its end")
    assert step >= 3, "the hook saw nothing"
    assert read(store) == new


def test_every_situation_that_a_power_cut_leaves_is_read(store: Store) -> None:
    """Between the steps of save(): half a new file, no present one, both."""
    store.save({"generation": 1})
    store.save({"generation": 2})
    new = store.path.with_name("settings.yaml.new")
    new.write_text("{generation: 3, pad")
    assert read(store) == {"generation": 2}
    store.path.replace(store.previous)
    assert read(store) == {"generation": 2}
    store.save({"generation": 4})
    assert read(store) == {"generation": 4}


def test_a_full_disk_refuses_and_the_former_generation_stays(disk: Path) -> None:
    store = Store(disk / "settings.yaml")
    store.save({"generation": 1})
    with fill(disk), pytest.raises(HardwareFailure, match=r"the settings cannot be stored in .*: No space left"):
        store.save({"generation": 2, "padding": "x" * 100_000})
    assert read(store) == {"generation": 1}
    store.save({"generation": 3})
    assert read(store) == {"generation": 3}


def test_a_refused_save_leaves_nothing_behind(disk: Path) -> None:
    store = Store(disk / "settings.yaml")
    store.save({"generation": 1})
    with pytest.raises(HardwareFailure):
        store.save({"padding": "x" * 10_000_000})
    assert os.statvfs(disk).f_bavail > 0
    store.save({"generation": 2})


_SCALARS = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(st.characters(codec="utf-8"))
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=100, deadline=None)
@given(
    data=st.dictionaries(
        st.text(st.characters(codec="utf-8"), min_size=1),
        st.recursive(_SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text("abc:"), inner), max_leaves=5),
    )
)
def test_whatever_is_saved_is_read_again(store: Store, data: dict[str, Any]) -> None:
    store.save(data)
    assert read(store) == data
    assert yaml.safe_load(store.path.read_text(encoding="utf-8")) == data


def test_what_is_private_is_for_its_owner_alone_and_is_not_quoted(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    private = Store(tmp_path / "secrets.yaml", private=True)
    private.save({"key": "value"})
    private.save({"key": "other"})
    for path in (private.path, private.previous):
        assert path.stat().st_mode & 0o777 == 0o600
    private.path.write_text("[: the secret")
    assert Store(private.path, private=True).load(same, None) == {"key": "value"}
    assert "secrets.yaml is damaged" in caplog.text
    assert "the secret" not in caplog.text
    assert [path.stat().st_mode & 0o777 for path in tmp_path.glob("*.damaged-1")] == [0o600]
