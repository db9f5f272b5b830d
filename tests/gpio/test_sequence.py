# SPDX-License-Identifier: Apache-2.0
"""Pulses and sequences: steps at exact times, whatever time they are looked at."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from axiod.errors import InvalidArgument
from axiod.gpio.sequence import MAX_STEPS, MAX_WAIT_MS, Program, Running

MS = 1_000_000
_STEPS = st.lists(st.tuples(st.booleans(), st.integers(0, MAX_WAIT_MS)), min_size=1, max_size=MAX_STEPS)


def test_a_pulse_is_active_for_its_time() -> None:
    pulse = Program.pulse(500, 7 * MS)
    assert (pulse.kind, pulse.active, pulse.last, pulse.final) == (Running.PULSE, True, False, False)
    assert pulse.deadline_ns == 507 * MS
    end = pulse.next()
    assert (end.active, end.last, end.deadline_ns) == (False, True, 507 * MS)


def test_the_wait_follows_its_state_and_the_last_state_stays() -> None:
    sequence = Program.sequence([(True, 100), (False, 50), (True, 25)], 0)
    seen = [(sequence.active, sequence.deadline_ns // MS)]
    while not sequence.last:
        sequence = sequence.next()
        seen.append((sequence.active, sequence.deadline_ns // MS))
    assert seen == [(True, 100), (False, 150), (True, 175)]
    assert sequence.final is True


@pytest.mark.parametrize(
    ("steps", "text"),
    [
        ([], "steps has 0 of them; it must have 1 to 256"),
        ([(True, 1)] * 257, "steps has 257 of them; it must have 1 to 256"),
        ([(True, 0), (True, 65536)], "step 2 waits 65536 ms; it must be 0 to 65535 ms"),
    ],
)
def test_what_cannot_be_is_refused(steps: list[tuple[bool, int]], text: str) -> None:
    with pytest.raises(InvalidArgument) as refused:
        Program.sequence(steps, 0)
    assert str(refused.value) == text


@given(steps=_STEPS, now=st.integers(0, 1 << 62))
def test_times_never_drift(steps: list[tuple[bool, int]], now: int) -> None:
    program = Program.sequence(steps, now)
    due = now
    for index, (active, wait_ms) in enumerate(steps):
        due += wait_ms * MS
        assert (program.active, program.deadline_ns) == (active, due)
        assert program.last is (index == len(steps) - 1)
        assert program.final is steps[-1][0]
        if not program.last:
            program = program.next()


@given(steps=_STEPS, now=st.integers(0, 1 << 62), done=st.integers(0, MAX_STEPS))
def test_it_comes_back_from_the_disk(steps: list[tuple[bool, int]], now: int, done: int) -> None:
    program = Program.sequence(steps, now)
    for _ in range(min(done, len(steps) - 1)):
        program = program.next()
    assert Program.from_json(json.loads(json.dumps(program.to_json()))) == program


def test_a_pulse_comes_back_from_the_disk() -> None:
    pulse = Program.pulse(86_400_000, 5)
    assert Program.from_json(json.loads(json.dumps(pulse.to_json()))) == pulse
