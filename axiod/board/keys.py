# SPDX-License-Identifier: Apache-2.0
"""The words of a profile: the keys of each kind of mapping, and what they are for."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from axiod.board.profile import LoopState, Scheme

if TYPE_CHECKING:
    from collections.abc import Mapping


class Direction(StrEnum):
    """What a port can be."""

    INPUT = "input"
    OUTPUT = "output"
    CONFIGURABLE = "configurable"


class Colour(StrEnum):
    """What an LED can show."""

    AMBER = "amber"
    BLUE = "blue"
    GREEN = "green"
    RED = "red"
    WHITE = "white"
    YELLOW = "yellow"


SCHEMES = tuple(scheme for scheme in Scheme if scheme is not Scheme.NONE)

KEYS: Mapping[str, tuple[str, ...]] = {
    "board": (
        *("schema", "extends", "name", "title", "identity", "simulated", "chips", "front_ends"),
        *("ports", "relays", "alarms", "serial", "leds", "buttons"),
    ),
    "identity": ("brand", "model", "full_name", "short_name", "product_type", "variant", "web_url"),
    "chip": ("label", "path", "simulated"),
    "line": ("chip", "name", "offset", "active_low", "bias", "drive"),
    "front_end": ("bits", "short_level", "cut_level", "reference_ohms", "ranges"),
    "ranges": SCHEMES,
    "scheme": tuple(LoopState),
    "adc": ("device", "channel", "front_end", "simulated"),
    "port": ("number", "terminal", "connector", "direction", "line", "supervised", "adc"),
    "relay": ("number", "terminal", "connector", "form", "line", "led"),
    "alarm": ("kind", "terminal", "connector", "line", "supervised", "adc", "enabled", "source"),
    "serial": ("terminal", "connector", "device", "simulated"),
    "led": ("terminal", "colours", "line", "kernel_name"),
    "button": ("terminal", "line"),
}
"""The keys of each kind of mapping."""

MEANING = {
    "adc": "where the loop is measured, for example adc: {device: ads1015, channel: 0, front_end: loop}",
    "bits": "the resolution of the ADC, for example 12",
    "channel": "the number N of the file in_voltageN_raw",
    "colours": "what it can show, for example [green, red]",
    "cut_level": "the ADC level with nothing connected",
    "device": "the name of the IIO device, or the path of the serial port",
    "direction": "input, output or configurable",
    "form": "form-a, form-b or form-c",
    "front_end": "the id of an entry of front_ends",
    "kind": "casing, motion or tamper",
    "line": "where it is wired, for example line: {name: GPIO26}",
    "name": "the name of the profile, for example my-board",
    "number": "the VAPIX port number, from 0, unique over ports and relays",
    "reference_ohms": "the loop resistance that gives the level half way between short_level and cut_level",
    "short_level": "the ADC level with the terminal connected to ground",
    "connector": 'where the wire goes, for example "I/O connector, pin 3"',
    "terminal": 'what is printed beside it, for example "Input 1"',
    "title": "what the board is called, for people",
}
"""What a missing key is for."""
