# SPDX-License-Identifier: Apache-2.0
"""The events of one sensor, and the levels of its channels, which are stored so that a restart is no event."""

from __future__ import annotations

from typing import TYPE_CHECKING

from axiod.clock import wall_usec
from axiod.sensors import model
from axiod.sensors.model import Quality, State
from axiod.sensors.threshold import Level

if TYPE_CHECKING:
    from collections.abc import Iterable

    from axiod.runtime.app import Context
    from axiod.sensors.measured import Measured

VALUE_SECONDS = 5.0
"""The values of a channel are told so long after one another."""


class Telling:
    """What is told of a sensor."""

    def __init__(self, context: Context, sensor: str) -> None:
        self._events = context.events
        self._state = context.state
        self._sensor = sensor
        self._values: dict[str, tuple[str, float]] = {}
        """The quality that was told last of each channel, and when a value was (monotonic seconds)."""

    def known_level(self, channel: str) -> Level | None:
        """Return the level that was told last of a channel with limits, and tell it where nobody knows it yet."""
        known = self._state.get(self._key(channel))
        if known not in tuple(Level):
            return None
        self._events.state(model.THRESHOLD, *model.threshold_event(self._sensor, channel, Level(known)), wall_usec())
        return Level(known)

    def online(self, state: State, usec: int) -> None:
        """Tell the state of the sensor."""
        self._events.state(model.ONLINE, *model.online_event(self._sensor, state), usec)

    def level(self, item: Measured) -> None:
        """Tell the level of a channel."""
        level, channel = item.threshold.level, item.channel.id
        if level is not None:
            # Before it is told, so that it is told once, whenever the service ends.
            if not self._state.at_once(self._key(channel), str(level)):
                self._state.soon(self._key(channel), str(level))
            event = model.threshold_event(self._sensor, channel, level)
            self._events.state(model.THRESHOLD, *event, item.read_usec or wall_usec())

    def ranges(self, measured: Iterable[Measured]) -> None:
        """Tell of channels whose values cannot be."""
        for item in measured:
            bounded = item.channel.lowest is not None or item.channel.highest is not None
            if bounded and (item.out_of_range or item.quality is Quality.GOOD):
                event = model.range_event(self._sensor, item.channel.id, out=item.out_of_range)
                self._events.state(model.OUT_OF_RANGE, *event, wall_usec())

    def values(self, name: str, measured: Iterable[Measured], now: float) -> None:
        """Tell the values of channels: another quality at once, another value now and then. `name`: of the sensor."""
        for item in measured:
            channel, quality = item.channel, str(item.quality)
            told = self._values.get(channel.id)
            if item.quality is Quality.NEVER:
                if told is None:
                    continue
                quality = str(Quality.STALE)  # what was told before does not count any more
            if told is not None and told[0] == quality and now - told[1] < VALUE_SECONDS:
                continue
            data = {
                "value": "" if item.value is None else f"{item.value:.12g}",
                "quality": quality,
                "quantity": channel.quantity,
                "unit": channel.unit,
                "name": f"{name} {channel.title}",
            }
            self._values[channel.id] = (quality, now)
            self._events.state(model.VALUE, self._source(channel.id), data, item.read_usec or wall_usec())

    def forget_limits(self, channel: str) -> None:
        """A channel has no limits any more."""
        self._events.forget(model.THRESHOLD, self._source(channel))
        if self._state.get(self._key(channel)) is not None:
            self._state.soon(self._key(channel), None)

    def forget_channel(self, channel: str) -> None:
        """A channel is no more."""
        self.forget_limits(channel)
        self._events.forget(model.OUT_OF_RANGE, self._source(channel))
        self._events.forget(model.VALUE, self._source(channel))
        self._values.pop(channel, None)

    def forget_sensor(self) -> None:
        """The sensor is no more."""
        self._events.forget(model.ONLINE, {"sensor": self._sensor})

    def _key(self, channel: str) -> str:
        return f"level/{self._sensor}/{channel}"

    def _source(self, channel: str) -> dict[str, str]:
        return {"sensor": self._sensor, "channel": channel}


def sentence(item: Measured) -> str:
    """Say where the value of a channel is among its limits."""
    level, channel, limits = item.threshold.level, item.channel, item.threshold.limits
    if level is Level.ABOVE:
        said = f"above {limits.above:g} {channel.unit}".rstrip()
    elif level is Level.BELOW:
        said = f"below {limits.below:g} {channel.unit}".rstrip()
    else:
        said = "within its limits"
    return f"{channel.title} {said}: {item.value:g} {channel.unit}".rstrip()
