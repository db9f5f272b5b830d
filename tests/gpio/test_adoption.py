# SPDX-License-Identifier: Apache-2.0
"""Where an output stands when its line is taken: the whole table."""

from __future__ import annotations

import itertools

import pytest

from axiod.gpio.adoption import Boot, Found, begins_active, stays

BOTH = (False, True)


@pytest.mark.parametrize("boot", Boot)
@pytest.mark.parametrize(("same_boot", "active", "last"), list(itertools.product(BOTH, BOTH, BOTH)))
def test_an_inherited_output_stays(boot: Boot, same_boot: bool, active: bool, last: bool) -> None:
    found = Found(inherited=True, driven=True, same_boot=same_boot, active=active, last=last)
    assert stays(found)
    assert begins_active(found, boot) is active


@pytest.mark.parametrize("boot", Boot)
@pytest.mark.parametrize(("same_boot", "active", "last"), list(itertools.product(BOTH, BOTH, BOTH)))
def test_an_inherited_input_begins_inactive_as_an_output(boot: Boot, same_boot: bool, active: bool, last: bool) -> None:
    found = Found(inherited=True, driven=False, same_boot=same_boot, active=active, last=last)
    assert not stays(found)
    assert begins_active(found, boot) is False


@pytest.mark.parametrize("boot", Boot)
@pytest.mark.parametrize(("active", "last"), list(itertools.product(BOTH, BOTH)))
def test_an_output_that_was_left_driven_stays_within_a_boot(boot: Boot, active: bool, last: bool) -> None:
    found = Found(inherited=False, driven=True, same_boot=True, active=active, last=last)
    assert begins_active(found, boot) is active


@pytest.mark.parametrize(("driven", "same_boot"), [(False, False), (False, True), (True, False)])
@pytest.mark.parametrize(("active", "last"), list(itertools.product(BOTH, BOTH)))
def test_any_other_goes_where_its_boot_policy_says(driven: bool, same_boot: bool, active: bool, last: bool) -> None:
    found = Found(inherited=False, driven=driven, same_boot=same_boot, active=active, last=last)
    assert not stays(found)
    assert [begins_active(found, boot) for boot in (Boot.INACTIVE, Boot.ACTIVE, Boot.LAST)] == [False, True, last]
