# SPDX-License-Identifier: Apache-2.0
"""What registers mean, what is read together, who is asked when, and where a value is among its limits."""

from __future__ import annotations

import struct
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from axiod.errors import Conflict, InvalidArgument, LimitReached
from axiod.modbus.line import Line
from axiod.sensors import decode, model, plan
from axiod.sensors.decode import NoValue, OutOfRange
from axiod.sensors.measured import Measured, refuse, take
from axiod.sensors.model import Quality, SensorSettings
from axiod.sensors.schedule import Entry, Timetable
from axiod.sensors.template import Channel, Derivation, Derived, Source, Status, Template, Type, WordOrder
from axiod.sensors.threshold import Level, Limits, Threshold

LOW = WordOrder.LOW_FIRST


def channel(id_: str = "t", **source: Any) -> Channel:
    return Channel(id_, id_, id_, "", Source(**({"function": 3, "register": 0} | source)))


def template(*channels: Channel, **more: Any) -> Template:
    return Template("mine", "Mine", "Me", Status.UNVERIFIED, channels, **more)


# --- what registers mean ---


@pytest.mark.parametrize(
    ("source", "registers", "value"),
    [
        ({}, [65535], 65535),
        ({"type": Type.S16}, [65535], -1),
        ({"type": Type.S16, "scale": 0.1}, [215], 21.5),
        ({"type": Type.S16, "scale": 0.1}, [3], 0.3),
        ({"type": Type.S16, "scale": 0.01}, [0xFFFF], -0.01),
        ({"type": Type.S16, "scale": 0.1, "offset": -40}, [600], 20),
        ({"type": Type.U32}, [1, 2], 65538),
        ({"type": Type.U32, "word_order": LOW}, [1, 2], 131073),
        ({"type": Type.S32}, [0xFFFF, 0xFFFE], -2),
        ({"type": Type.F32}, list(struct.unpack(">HH", struct.pack(">f", 21.7))), 21.7),
        ({"type": Type.F32, "word_order": LOW}, list(struct.unpack(">HH", struct.pack(">f", -0.1)))[::-1], -0.1),
    ],
)
def test_registers_become_values(source: dict[str, Any], registers: list[int], value: float) -> None:
    made = channel(**source)
    assert isinstance(made.source, Source)
    assert decode.value(made, made.source, registers) == value


@given(st.floats(width=32, allow_nan=False, allow_infinity=False), st.sampled_from(WordOrder))
def test_a_float_comes_back(number: float, order: WordOrder) -> None:
    words = list(struct.unpack(">HH", struct.pack(">f", number)))
    source = Source(3, 0, Type.F32, order)
    found = decode.value(channel(), source, words[::-1] if order is LOW else words)
    assert found == pytest.approx(number, rel=1e-6)


@pytest.mark.parametrize(
    ("source", "registers"),
    [
        ({"invalid": (0x7FFF,)}, [0x7FFF]),
        ({"type": Type.S16, "invalid": (0xFFFF,)}, [0xFFFF]),
        ({"type": Type.F32}, [0x7FC0, 0]),
        ({"type": Type.F32}, [0x7F80, 0]),
        ({"type": Type.U32, "invalid": (0xFFFFFFFF,), "word_order": LOW}, [0xFFFF, 0xFFFF]),
    ],
)
def test_a_sensor_may_have_no_value(source: dict[str, Any], registers: list[int]) -> None:
    made = channel(**source)
    assert isinstance(made.source, Source)
    with pytest.raises(NoValue):
        decode.value(made, made.source, registers)


@pytest.mark.parametrize(("raw", "fits"), [(250, True), (501, False), (0x10000 - 250, True), (0x10000 - 251, False)])
def test_what_cannot_be_is_no_value(raw: int, fits: bool) -> None:
    made = Channel("t", "t", "t", "°C", Source(3, 0, Type.S16, scale=0.1), -25, 50)
    assert isinstance(made.source, Source)
    if fits:
        decode.value(made, made.source, [raw])
    else:
        with pytest.raises(OutOfRange, match="out of its range, -25 to 50"):
            decode.value(made, made.source, [raw])


@pytest.mark.parametrize(
    ("temperature", "humidity", "dew_point"),
    [(20, 50, 9.3), (25, 60, 16.7), (0, 100, 0.0), (30, 30, 10.5), (-10, 80, -12.8), (21.5, 45, 9.1)],
)
def test_the_dew_point(temperature: float, humidity: float, dew_point: float) -> None:
    assert decode.dew_point(temperature, humidity) == pytest.approx(dew_point, abs=0.11)


@pytest.mark.parametrize(("temperature", "humidity"), [(20, 0), (20, 101), (-243.12, 50)])
def test_there_may_be_no_dew_point(temperature: float, humidity: float) -> None:
    with pytest.raises(NoValue):
        decode.dew_point(temperature, humidity)


def test_what_follows_is_as_good_and_as_old_as_what_it_follows_from() -> None:
    warm, wet = channel("warm", scale=0.1), channel("wet", register=1, scale=0.1)
    dew = Channel("dew", "dew", "dew", "°C", Derived(Derivation.DEW_POINT, ("warm", "wet")))
    limits = Limits(above=10)
    measured = {c.id: Measured(c, Threshold(limits if c is dew else Limits())) for c in (warm, wet, dew)}
    assert isinstance(warm.source, Source)
    assert isinstance(wet.source, Source)
    take(measured, [(warm, warm.source, [250])], 100, 0)
    assert measured["dew"].quality is Quality.FAULT
    assert take(measured, [(wet, wet.source, [600])], 200, 0) == [measured["dew"]]
    assert measured["dew"].record() == {
        "Channel": "dew", "Value": 16.7, "Unit": "°C", "Quality": "good", "ReadUsec": 100, "Level": "above",
    }  # fmt: skip
    refuse(measured, warm, "no", 0)
    assert measured["dew"].record().keys() == {"Channel", "Unit", "Quality", "Reason", "Level"}
    assert measured["wet"].value == 60
    measured["wet"].stale("gone")
    assert (measured["wet"].value, measured["wet"].quality) == (60, Quality.STALE)


def test_what_follows_is_never_of_the_new_value_of_one_and_the_former_one_of_another() -> None:
    warm, wet = channel("warm", scale=0.1), channel("wet", register=1, scale=0.1)
    dew = Channel("dew", "dew", "dew", "°C", Derived(Derivation.DEW_POINT, ("warm", "wet")))
    measured = {c.id: Measured(c, Threshold(Limits(above=20) if c is dew else Limits())) for c in (warm, wet, dew)}
    assert isinstance(warm.source, Source)
    assert isinstance(wet.source, Source)
    take(measured, [(warm, warm.source, [200]), (wet, wet.source, [900])], 100, 0)
    # 40 °C would be beyond the limit with 90 %, but with 20 % it is not.
    assert take(measured, [(warm, warm.source, [400]), (wet, wet.source, [200])], 200, 1) == []
    assert (measured["dew"].value, measured["dew"].threshold.level) == (12.8, Level.NORMAL)


# --- what is read together ---


@pytest.mark.parametrize(
    ("registers", "more", "expected"),
    [
        ([0, 1, 2], {}, [(0, 3)]),
        ([2, 0, 1], {}, [(0, 3)]),
        ([400, 404], {}, [(400, 5)]),
        ([400, 405], {}, [(400, 6)]),
        ([400, 406], {}, [(400, 1), (406, 1)]),
        ([400, 404], {"widest_hole": 0}, [(400, 1), (404, 1)]),
        ([400, 404], {"forbidden": (402,)}, [(400, 1), (404, 1)]),
        ([0, 4, 8, 12, 16], {"most_registers": 10}, [(0, 9), (12, 5)]),
        ([5, 5], {}, [(5, 1)]),
    ],
)
def test_neighbours_are_read_together(registers: list[int], more: dict[str, Any], expected: list[Any]) -> None:
    found = plan.blocks(template(*(channel(f"c{n}", register=r) for n, r in enumerate(registers)), **more), {})
    assert [(block.first, block.count) for block in found] == expected


def test_only_what_is_read_as_often_and_by_the_same_function_is_read_together() -> None:
    channels = (channel("a"), channel("b", register=1), channel("c", register=2, function=4), channel("d", register=3))
    found = plan.blocks(template(*channels), {"b": 1000})
    assert sorted((block.function, block.first, block.count, block.interval_ms) for block in found) == [
        (3, 0, 4, 5000), (3, 1, 1, 1000), (4, 2, 1, 5000),
    ]  # fmt: skip


@given(
    st.lists(st.tuples(st.integers(0, 60), st.sampled_from(Type)), min_size=1, max_size=12),
    st.integers(2, 20),
    st.integers(0, 6),
    st.sets(st.integers(0, 60)),
)
def test_every_channel_is_read_once_and_within_bounds(
    places: list[tuple[int, Type]], most: int, hole: int, forbidden: set[int]
) -> None:
    channels = [channel(f"c{n}", register=place, type=type_) for n, (place, type_) in enumerate(places)]
    made = template(*channels, most_registers=most, widest_hole=hole, forbidden=tuple(forbidden))
    read = plan.blocks(made, {})
    assert sorted(item.id for block in read for item, _ in block.channels) == sorted(item.id for item in channels)
    for block in read:
        assert block.count <= most
        wanted: set[int] = set()
        for _, source, registers in block.split(range(block.first, block.first + block.count)):
            assert list(registers) == list(range(source.register, source.register + source.type.registers))
            wanted |= set(range(source.register, source.register + source.type.registers))
        along = set(range(block.first, block.first + block.count)) - wanted
        assert not along & forbidden
        assert block.hole == bool(along)


def test_what_a_read_takes_of_the_line_is_what_its_frames_take() -> None:
    (block,) = plan.blocks(template(channel(), channel("b", register=1)), {"t": 100, "b": 100})
    # 8 and 9 characters of 10 bits, two silences of 3.5 characters, and the unit itself.
    assert plan.seconds(block, Line(9600)) == pytest.approx((17 + 7) * 10 / 9600 + 0.005)
    assert plan.percent([(block, Line(9600))] * 3) == pytest.approx(90)
    assert plan.too_much("rs485", 70, 3) is None
    assert "takes 90 % of the time of port rs485, more than 70 %" in (plan.too_much("rs485", 90, 3) or "")
    assert "more than 100 %" in (plan.too_much("rs485", 140, 3) or "")


# --- who is asked when ---


def timetable(**intervals: int) -> Timetable:
    made = Timetable()
    for id_, interval in intervals.items():
        made.put(id_, plan.blocks(template(channel()), {"t": interval}), 0.0)
    return made


def ask(made: Timetable, now: float, *, failing: bool = False) -> Entry:
    entry = made.next(now, failing=failing)
    assert isinstance(entry, Entry)
    entry.take(now)
    return entry


def test_each_is_asked_in_its_interval_and_keeps_its_beat() -> None:
    made = timetable(fast=1000, slow=3000)
    asked: list[tuple[float, str]] = []
    now = 0.0
    while now < 6.0:
        entry = made.next(now, failing=False)
        if isinstance(entry, Entry):
            asked.append((now, entry.id))
            entry.take(now)
            entry.answered(now)
            now += 0.25
        else:
            assert entry is not None
            now = entry
    fast = [when for when, id_ in asked if id_ == "fast"]
    assert fast == [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]
    assert [when for when, id_ in asked if id_ == "slow"] == [0.25, 3.25]


def test_nobody_starves_on_a_line_with_too_much_to_do() -> None:
    made = timetable(**{f"s{n}": 100 for n in range(10)})
    counts = dict.fromkeys(made.entries, 0)
    for step in range(1000):
        entry = ask(made, step * 0.05)
        counts[entry.id] += 1
        entry.answered(step * 0.05)
    assert max(counts.values()) - min(counts.values()) <= 2


def test_what_does_not_answer_is_asked_less_and_less_and_all_at_once_when_it_does() -> None:
    made = timetable(dead=1000)
    now, pauses = 0.0, []
    entry = ask(made, now)
    for _ in range(7):
        entry.failed(now)
        assert made.next(now, failing=False) is None
        then = made.next(now, failing=True)
        assert isinstance(then, float)
        pauses.append(then - now)
        now = then
        entry = ask(made, now, failing=True)
    assert pauses == [0.5, 1, 2, 4, 8, 10, 10]
    entry.answered(now)
    assert made.next(now, failing=False) is entry


def test_who_could_not_be_asked_is_hurried() -> None:
    made = timetable(one=1000)
    ask(made, 0.0).wait(5.0)
    assert made.next(0.0, failing=False) == 5.0
    made.hurry(1.0)
    assert isinstance(made.next(1.0, failing=False), Entry)


def test_one_thing_at_a_time_is_asked() -> None:
    made = timetable(one=100)
    entry = ask(made, 0.0)
    assert made.next(10.0, failing=False) is None
    entry.answered(10.0)
    assert made.next(10.0, failing=False) is entry


# --- where a value is among its limits ---


@pytest.mark.parametrize(
    ("limits", "values", "levels"),
    [
        (Limits(above=10), [9, 10, 11, 10, 9], "nnann"),
        (Limits(above=10, hysteresis=2), [11, 9, 8.5, 8, 10], "aaann"),
        (Limits(below=5, hysteresis=1), [5, 4.9, 5.5, 6, 4], "nbbnb"),
        (Limits(above=10, below=5), [7, 11, 4, 7], "nabn"),
        (Limits(above=10, below=5, hysteresis=7), [11, 7, 4, 7, 11, 3], "aabbab"),
        (Limits(above=10, hold_ms=2000), [9, 11, 11, 11, 9, 9, 9], "nnnaaan"),
        (Limits(above=10, hold_ms=2000), [9, 11, 11, 9, 11, 11, 11], "nnnnnna"),
    ],
)
def test_levels(limits: Limits, values: list[float], levels: str) -> None:
    threshold = Threshold(limits)
    found = ""
    for now, value in enumerate(values):
        threshold.take(value, float(now))
        found += "?" if threshold.level is None else threshold.level[0]
    assert found == levels


def test_what_has_to_last_begins_anew_after_an_interruption() -> None:
    threshold = Threshold(Limits(above=10, hold_ms=2000), Level.NORMAL)
    threshold.take(11, 0)
    threshold.interrupt()
    assert not threshold.take(11, 3)
    assert threshold.take(11, 5)


# --- settings ---


def settings(**more: Any) -> SensorSettings:
    return SensorSettings("Cellar", "rs485", 65, "tibbo_bp02").amended(more)


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"line": "9600"}, "Line is '9600'; it must be template, port"),
        ({"line": "9601 8N1"}, "Line is"),
        ({"line": "9600 7N1"}, "Line is"),
        ({"interval_ms": 99}, "IntervalMs is 99"),
        ({"channel_settings": [{"Above": 3.0}]}, "must name its Channel"),
        ({"channel_settings": [{"Channel": "a"}, {"Channel": "a"}]}, "a is there twice"),
        ({"channel_settings": [{"Channel": "a", "Above": 1.0, "Below": 1.0}]}, "must be less than Above"),
    ],
)
def test_settings_that_cannot_be(changes: dict[str, Any], text: str) -> None:
    with pytest.raises(InvalidArgument, match=text):
        settings(**changes)


def test_how_characters_are_sent() -> None:
    made = template(channel())
    assert settings().line_settings(made) is None
    assert settings(line="19200 8E2").line_settings(made) == Line(19200, "even", 2)


def test_intervals_of_channels_count_before_that_of_the_sensor() -> None:
    made = template(channel("a"), channel("b"))
    one = settings(interval_ms=1000, channel_settings=[{"Channel": "b", "IntervalMs": 200}])
    assert one.intervals(made) == {"a": 1000, "b": 200}
    assert settings().intervals(made) == {}


def test_only_what_differs_is_stored() -> None:
    assert settings().stored().keys() == {"name", "port", "unit", "template"}
    assert settings(enabled=False, channel_settings=[{"Channel": "a"}]).stored().keys() == {
        "name", "port", "unit", "template", "enabled", "channel_settings",
    }  # fmt: skip


def test_there_is_room_for_eight_on_a_line_and_64_in_all() -> None:
    many = {f"s{n}": SensorSettings("", "tcp1", n, "") for n in range(1, 64)}
    model.check_room(settings(), many, serial=True)
    with pytest.raises(LimitReached, match="64 sensors"):
        model.check_room(settings(), many | {"x": settings(unit=1)}, serial=True)
    few = {f"s{n}": SensorSettings("", "rs485", n, "") for n in range(1, 9)}
    with pytest.raises(LimitReached, match="port rs485 has 8"):
        model.check_room(settings(), few, serial=True)
    model.check_room(settings(), few, serial=False)
    with pytest.raises(Conflict, match="unit 65 on port rs485 is sensor x already, Cellar"):
        model.check_room(settings(), {"x": settings()}, serial=True)
