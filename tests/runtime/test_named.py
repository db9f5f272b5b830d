# SPDX-License-Identifier: Apache-2.0
"""Things with ids in a file: stored before it is told, read again, and set aside where they cannot be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from axiod.errors import HardwareFailure, InvalidArgument
from axiod.runtime.named import NamedFile
from tests.runtime.small_disk import fill, small_disk

if TYPE_CHECKING:
    from pathlib import Path


def check_id(id_: str) -> None:
    if not id_.isalpha():
        raise InvalidArgument(f"Id is {id_!r}; it must be letters")


def read(id_: str, given: dict[str, Any]) -> int:
    if given.keys() != {"Legs"}:
        raise ValueError(f"{id_} must have Legs, and nothing else")
    return int(given["Legs"])


def sheep(folder: Path) -> NamedFile[int]:
    return NamedFile(folder / "sheep.yaml", "sheep", 2, check_id=check_id, read=read, plain=lambda legs: {"Legs": legs})


async def test_what_was_stored_is_there_again(tmp_path: Path) -> None:
    file = sheep(tmp_path)
    assert file.entries == {}
    await file.save("dolly", 3)
    await file.save("molly", 4)
    await file.save("dolly", 4)
    await file.save("polly", 2)
    await file.remove("molly")
    assert file.entries == {"dolly": 4, "polly": 2}
    assert sheep(tmp_path).entries == {"dolly": 4, "polly": 2}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("5", "must have version: 1 and sheep"),
        ("version: 2\nsheep: {}", "must have version: 1 and sheep"),
        ("version: 1", "must have version: 1 and sheep"),
        ("version: 1\nsheep: {}\ngoats: {}", "and nothing else"),
        ("version: 1\nsheep: []", "sheep must hold lines of the form ID: ..."),
        ("version: 1\nsheep: {dolly: 4}", "dolly must hold lines of the form NAME: VALUE"),
        ("version: 1\nsheep: {dolly: {Wings: 4}}", "dolly must have Legs"),
        ("version: 1\nsheep: {7: {Legs: 4}}", "Id is '7'; it must be letters"),
        ("version: 1\nsheep: {a: {Legs: 4}, b: {Legs: 4}, c: {Legs: 4}}", "it has 3 sheep; there may be 2"),
    ],
)
async def test_what_cannot_be_is_set_aside_and_named(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, text: str, reason: str
) -> None:
    (tmp_path / "sheep.yaml").write_text(text)
    assert sheep(tmp_path).entries == {}
    assert reason in caplog.text
    assert (tmp_path / "sheep.yaml.damaged-1").read_text() == text


async def test_what_the_disk_refuses_changes_nothing(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk") as disk:
        file = sheep(disk)
        await file.save("dolly", 4)
        with fill(disk), pytest.raises(HardwareFailure, match=r"sheep\.yaml"):
            await file.save("molly", 4)
        assert file.entries == {"dolly": 4}
        assert sheep(disk).entries == {"dolly": 4}
