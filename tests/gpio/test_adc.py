# SPDX-License-Identifier: Apache-2.0
"""Linux IIO, on a folder that looks like its sysfs."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from axiod.gpio.adc import IioAdc
from tests.sim.board import BOARD

if TYPE_CHECKING:
    from pathlib import Path

    from axiod.board.profile import AdcRef


@pytest.fixture
def ref() -> AdcRef:
    found = next(port.adc for port in BOARD.ports if port.adc)
    return replace(found, device="adc1", channel=3, simulated=False)


def device(folder: Path, number: int, name: str, level: str, kind: str = "name") -> Path:
    """Make a device as sysfs has it."""
    made = folder / f"iio:device{number}"
    made.mkdir()
    (made / kind).write_text(f"{name}\n")
    (made / "in_voltage3_raw").write_text(f"{level}\n")
    return made


@pytest.mark.parametrize("kind", ["name", "label"])
async def test_a_device_is_found_by_its_name_or_label(tmp_path: Path, ref: AdcRef, kind: str) -> None:
    device(tmp_path, 0, "other", "1", kind)
    device(tmp_path, 1, "adc1", "1234", kind)
    assert await IioAdc(tmp_path).read(ref) == 1234


@pytest.mark.parametrize(("raw", "level"), [("-3", 0), ("0", 0), ("4095", 4095), ("70000", 4095)])
async def test_a_level_stays_within_what_the_adc_has(tmp_path: Path, ref: AdcRef, raw: str, level: int) -> None:
    device(tmp_path, 0, "adc1", raw)
    assert await IioAdc(tmp_path).read(ref) == level


async def test_a_device_may_come_back_under_another_number(tmp_path: Path, ref: AdcRef) -> None:
    adc = IioAdc(tmp_path)
    made = device(tmp_path, 0, "adc1", "1")
    assert await adc.read(ref) == 1
    made.rename(tmp_path / "iio:device7")
    with pytest.raises(OSError, match="No such file or directory"):
        await adc.read(ref)
    assert await adc.read(ref) == 1
    adc.close()


async def test_a_device_that_is_not_there_is_named(tmp_path: Path, ref: AdcRef) -> None:
    with pytest.raises(OSError, match="no IIO device has the name or label 'adc1'"):
        await IioAdc(tmp_path).read(ref)


@pytest.mark.parametrize("raw", ["", "many"])
async def test_what_is_no_number_is_an_error(tmp_path: Path, ref: AdcRef, raw: str) -> None:
    device(tmp_path, 0, "adc1", raw)
    with pytest.raises(OSError, match="in_voltage3_raw holds no number"):
        await IioAdc(tmp_path).read(ref)
