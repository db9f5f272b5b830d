# SPDX-License-Identifier: Apache-2.0
"""Actions as VAPIX has them, a token and parameters, and as the contract has them. Pure.

A fixed action is done once; an unlimited one lasts as long as all conditions hold. Sources: VAPIX action1, "Action
templates" and "LED control", and "Output Port Action" of the I/O port API.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from axiod.errors import InvalidArgument
from axiod.gateway.vapix import recipient_template
from axiod.gateway.vapix.recipient_template import number

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    Action = dict[str, Any]
    """A record of Actions of org.axiod.events1.Rule."""

_FIXED, _UNLIMITED = "com.axis.action.fixed.", "com.axis.action.unlimited."
FIXED_TOGGLE, UNLIMITED_TOGGLE = f"{_FIXED}io.toggle", f"{_UNLIMITED}io.toggle"
FIXED_LED, UNLIMITED_LED = f"{_FIXED}ledcontrol", f"{_UNLIMITED}ledcontrol"
PUBLISH = f"{_FIXED}mqttpublish"
_LONGEST_SECONDS = 86_400
_FLASH_MS, _SHORTEST_FLASH_MS, _LONGEST_FLASH_MS = 250, 50, 60_000
"""What is flashed without an interval, and the limits of one."""
_LED = "led"
"""Clients call the LED status statusled."""
_DARK = "none"
_COLOURS = (_DARK, "amber", "blue", "green", "red", "white", "yellow")
_SAID_TO_BE_NOTHING = (("Method", "GET"), ("Between", _DARK))
_METHODS = ("GET", "POST", "PUT")
_YES = {"1": True, "true": True, "yes": True, "": False, "0": False, "false": False, "no": False}


@dataclass(frozen=True, slots=True)
class Template:
    """One kind of action."""

    parameters: tuple[str, ...]
    """Its own; those of its recipient are given with them."""
    required: tuple[str, ...] = ()
    """Of these, those that must not be empty."""
    recipient: str = ""
    """The token of the template of its recipient; empty where it has none."""

    @property
    def all(self) -> tuple[str, ...]:
        """Every parameter that an action of this kind has."""
        return (*self.parameters, *recipient_template.TEMPLATES.get(self.recipient, ()))


_WEB = ("message", "parameters", "method", "http_headers", "body")
TEMPLATES: Mapping[str, Template] = {
    FIXED_TOGGLE: Template(("port", "state", "duration"), ("port", "state")),
    UNLIMITED_TOGGLE: Template(("port", "state"), ("port", "state")),
    FIXED_LED: Template(("led", "color", "duration", "interval"), ("led", "color", "duration")),
    UNLIMITED_LED: Template(("led", "color", "interval"), ("led", "color")),
    f"{_FIXED}notification.http": Template(_WEB, (), "com.axis.recipient.http"),
    f"{_FIXED}notification.https": Template(_WEB, (), "com.axis.recipient.https"),
    f"{_FIXED}notification.smtp": Template(("subject", "message"), (), "com.axis.recipient.smtp"),
    f"{_FIXED}notification.tcp": Template(("message",), (), "com.axis.recipient.tcp"),
    f"{_UNLIMITED}notification.tcp": Template(("message", "period"), ("period",), "com.axis.recipient.tcp"),
    PUBLISH: Template(("topic", "payload", "qos", "retained", "use_device_prefix"), ("topic",)),
}
"""By their tokens."""


def is_unlimited(token: str) -> bool:
    """Whether an action of a template lasts while its rule is active."""
    return token.startswith(_UNLIMITED)


def actions(token: str, given: Mapping[str, str], output: Callable[[int], str], recipient: str = "") -> list[Action]:
    """Return what an action of a template does; raises InvalidArgument.

    `output`: returns the id of the output with a number from 0; it may raise. `recipient`: the id of its recipient.
    """
    if token in (FIXED_TOGGLE, UNLIMITED_TOGGLE):
        return _toggle(given, output, unlimited=is_unlimited(token))
    if token in (FIXED_LED, UNLIMITED_LED):
        return [_light(given, unlimited=is_unlimited(token))]
    if token == PUBLISH:
        return [_publish(given)]
    return [_notify(token, given, recipient)]


def _toggle(given: Mapping[str, str], output: Callable[[int], str], *, unlimited: bool) -> list[Action]:
    state = given["state"].lower()
    if state not in ("high", "low"):
        raise InvalidArgument(f"the parameter state is {given['state'][:40]!r}; it must be high or low")
    seconds = number("duration", given.get("duration") or "0", _LONGEST_SECONDS)
    id_ = output(number("port", given["port"], 65535))
    active = state == "high"
    done: Action = {"Kind": "set", "Output": id_, "Active": active}
    if unlimited:
        return [{**done, "WhileActive": True}]
    if not seconds:
        return [done]
    if active:
        return [{"Kind": "pulse", "Output": id_, "DurationMs": seconds * 1000}]
    return [done, {"Kind": "set", "Output": id_, "Active": True, "DelayMs": seconds * 1000}]


def _light(given: Mapping[str, str], *, unlimited: bool) -> Action:
    colour, comma, between = (part.strip().lower() for part in given["color"].partition(","))
    if colour not in _COLOURS or (comma and between not in _COLOURS):
        raise InvalidArgument(
            f"the parameter color is {given['color'][:40]!r}; it must be one or two (with a comma) of "
            f"{', '.join(_COLOURS)}"
        )
    done: Action = {"Kind": "led", "Led": given["led"].removesuffix(_LED) or _LED, "Colour": colour}
    if comma:
        interval = number("interval", given.get("interval") or str(_FLASH_MS), _LONGEST_FLASH_MS)
        if interval < _SHORTEST_FLASH_MS:
            raise InvalidArgument(f"the parameter interval must be at least {_SHORTEST_FLASH_MS}")
        done |= {"FlashMs": interval, "Between": between}
    if unlimited:
        return done | {"WhileActive": True}
    seconds = number("duration", given["duration"], _LONGEST_SECONDS)
    if not seconds:
        raise InvalidArgument("the parameter duration must be at least 1")
    return done | {"DurationMs": seconds * 1000}


def _publish(given: Mapping[str, str]) -> Action:
    return {
        "Kind": "publish",
        "Topic": given["topic"],
        "Payload": given.get("payload", ""),
        "Qos": number("qos", given.get("qos") or "0", 2),
        "Retain": _flag("retained", given),
        "UseDevicePrefix": _flag("use_device_prefix", given),
    }


def _notify(token: str, given: Mapping[str, str], recipient: str) -> Action:
    action: Action = {"Kind": "notify", "Recipient": recipient, "Message": given.get("message", "")}
    if given.get("subject"):
        action["Subject"] = given["subject"]
    if is_unlimited(token):
        seconds = number("period", given["period"], _LONGEST_SECONDS)
        if not seconds:
            raise InvalidArgument("the parameter period must be at least 1")
        action |= {"WhileActive": True, "PeriodMs": seconds * 1000}
    if method := given.get("method", "").upper():
        if method not in _METHODS:
            raise InvalidArgument(f"the parameter method is {method[:40]!r}; it must be {' or '.join(_METHODS)}")
        action["Method"] = method
    if given.get("parameters"):
        action["Parameters"] = _arguments(given["parameters"])
    headers = _headers(given.get("http_headers", ""))
    if kind := headers.pop("content-type", ""):
        action["ContentType"] = kind
    if headers:
        action["Headers"] = headers
    if given.get("body"):
        action["Body"] = given["body"]
    return action


def _arguments(text: str) -> dict[str, str]:
    try:
        pairs = parse_qsl(text, keep_blank_values=True, strict_parsing=True, errors="strict", max_num_fields=64)
    except ValueError:
        raise InvalidArgument("the parameter parameters must be like a=1&b=2, percent-encoded") from None
    found = dict(pairs)
    if len(found) != len(pairs):
        raise InvalidArgument("the parameter parameters names an argument twice")
    return found


def _headers(text: str) -> dict[str, str]:
    found = {}
    for line in filter(None, map(str.strip, text.splitlines())):
        name, colon, value = line.partition(":")
        if not colon or not name.strip():
            raise InvalidArgument("the parameter http_headers must be lines like Content-Type: application/json")
        key = name.strip()
        found[key.lower() if key.lower() == "content-type" else key] = value.strip()
    return found


def _flag(name: str, given: Mapping[str, str]) -> bool:
    text = given.get(name, "").lower()
    if text not in _YES:
        raise InvalidArgument(f"the parameter {name} is {given[name][:40]!r}; it must be true or false")
    return _YES[text]


def essence(done: Sequence[Mapping[str, Any]]) -> str:
    """Return a text that is the same for actions that do the same: what is said to be nothing need not be said."""
    return json.dumps([_said(action) for action in done], sort_keys=True)


def _said(action: Mapping[str, Any]) -> dict[str, Any]:
    # Active says something also when it is false.
    said = {name: value for name, value in action.items() if value or name == "Active"}
    return {name: value for name, value in said.items() if (name, value) not in _SAID_TO_BE_NOTHING}


def shown(done: Sequence[Action], ports: Mapping[str, int]) -> tuple[str, dict[str, str]] | None:
    """Return a token and parameters that do the same as actions; None where no template does.

    `ports`: the number of each output from 0, by its id. Notifications are none of those: their recipient is not known.
    """
    kind = done[0].get("Kind") if len(done) == 1 else None
    if kind == "publish":
        action = done[0]
        found = {
            "topic": str(action["Topic"]),
            "payload": str(action.get("Payload", "")),
            "qos": str(action.get("Qos", 0)),
            "retained": "true" if action.get("Retain") else "false",
            "use_device_prefix": "true" if action.get("UseDevicePrefix") else "false",
        }
        token = PUBLISH
    elif kind in ("set", "pulse") and (port := ports.get(str(done[0].get("Output")))) is not None:
        action = done[0]
        duration, rest = divmod(int(action.get("DurationMs", 0)), 1000)
        if rest:
            return None
        state = "high" if kind == "pulse" or action.get("Active") else "low"
        found = {"port": str(port), "state": state}
        token = UNLIMITED_TOGGLE if action.get("WhileActive") else FIXED_TOGGLE
        if token == FIXED_TOGGLE:
            found["duration"] = str(duration)
    elif kind == "led":
        action = done[0]
        token = UNLIMITED_LED if action.get("WhileActive") else FIXED_LED
        found = {"led": f"{action['Led']}{_LED}", "color": str(action["Colour"]), "interval": ""}
        if flash := action.get("FlashMs"):
            found |= {"color": f"{action['Colour']},{action.get('Between', _DARK)}", "interval": str(flash)}
        if token == FIXED_LED:
            found["duration"] = str(int(action["DurationMs"]) // 1000 or 1)
    else:
        return None
    # What the template cannot say, a delay for example, must not get lost.
    same = essence(actions(token, found, lambda _: str(done[0].get("Output")))) == essence(done)
    return (token, found) if same else None
