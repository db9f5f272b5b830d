# SPDX-License-Identifier: Apache-2.0
"""Actions and recipients of VAPIX become those of the contract, and the other way."""

from __future__ import annotations

from typing import Any

import pytest

from axiod.bus import interface as contract
from axiod.bus.arguments import plain_options
from axiod.errors import InvalidArgument
from axiod.gateway.names import RECIPIENT, RECIPIENTS, RULE
from axiod.gateway.vapix import action_template, recipient_template
from axiod.gateway.vapix.action_template import (
    FIXED_LED,
    FIXED_TOGGLE,
    PUBLISH,
    TEMPLATES,
    UNLIMITED_LED,
    UNLIMITED_TOGGLE,
    essence,
)

PORTS = {"relay1": 0, "output1": 3}
OUTPUTS = {number: id_ for id_, number in PORTS.items()}
HTTP, SMTP, TCP = (f"com.axis.action.fixed.notification.{kind}" for kind in ("http", "smtp", "tcp"))


def does(token: str, **given: str) -> list[dict[str, Any]]:
    found = action_template.actions(token, given, OUTPUTS.__getitem__, "5")
    # What comes out is what the contract takes.
    plain_options(contract.load(RULE).configurable, {"Actions": found}, "setting")
    return found


@pytest.mark.parametrize(
    ("token", "given", "found"),
    [
        (FIXED_TOGGLE, {"port": "0", "state": "high", "duration": "2"}, {"Kind": "pulse", "DurationMs": 2000}),
        (FIXED_TOGGLE, {"port": "0", "state": "low", "duration": "0"}, {"Kind": "set", "Active": False}),
        (FIXED_TOGGLE, {"port": "0", "state": "HIGH"}, {"Kind": "set", "Active": True}),
        (UNLIMITED_TOGGLE, {"port": "0", "state": "high"}, {"Kind": "set", "Active": True, "WhileActive": True}),
    ],
)
def test_outputs(token: str, given: dict[str, str], found: dict[str, Any]) -> None:
    made = does(token, **given)
    assert made == [{"Output": "relay1", **found}]
    shown = action_template.shown(made, PORTS)
    assert shown is not None
    assert shown[0] == token
    assert essence(does(token, **shown[1])) == essence(made)


def test_off_for_a_time_is_off_and_on_again() -> None:
    made = does(FIXED_TOGGLE, port="3", state="low", duration="1")
    assert made == [
        {"Kind": "set", "Output": "output1", "Active": False},
        {"Kind": "set", "Output": "output1", "Active": True, "DelayMs": 1000},
    ]
    assert action_template.shown(made, PORTS) is None


@pytest.mark.parametrize(
    ("token", "given", "found"),
    [
        (
            FIXED_LED,
            {"led": "statusled", "color": "green,none", "duration": "1", "interval": "250"},
            {"Colour": "green", "FlashMs": 250, "Between": "none", "DurationMs": 1000},
        ),
        (
            UNLIMITED_LED,
            {"led": "statusled", "color": "amber,red", "interval": ""},
            {"Colour": "amber", "FlashMs": 250, "Between": "red", "WhileActive": True},
        ),
        (UNLIMITED_LED, {"led": "status", "color": "Red"}, {"Colour": "red", "WhileActive": True}),
        (FIXED_LED, {"led": "status", "color": "none", "duration": "9"}, {"Colour": "none", "DurationMs": 9000}),
    ],
)
def test_leds(token: str, given: dict[str, str], found: dict[str, Any]) -> None:
    made = does(token, **given)
    assert made == [{"Kind": "led", "Led": "status", **found}]
    shown = action_template.shown(made, PORTS)
    assert shown is not None
    assert shown[0] == token
    assert essence(does(token, **shown[1])) == essence(made)


def test_an_led_between_whose_flashes_nothing_is_said_to_be() -> None:
    own = [{"Kind": "led", "Led": "led", "Colour": "red", "FlashMs": 100, "WhileActive": True}]
    shown = action_template.shown(own, PORTS)
    assert shown == (UNLIMITED_LED, {"led": "ledled", "color": "red,none", "interval": "100"})


def test_notifications() -> None:
    assert does(
        HTTP,
        message="%F",
        parameters="a=1&b=x%20y",
        method="post",
        http_headers="content-type: application/json\r\nX-A: b: c\n\n",
        body="{}",
    ) == [
        {
            "Kind": "notify", "Recipient": "5", "Message": "%F", "Method": "POST", "Parameters": {"a": "1", "b": "x y"},
            "Headers": {"X-A": "b: c"}, "ContentType": "application/json", "Body": "{}",
        }
    ]  # fmt: skip
    assert does(SMTP, subject="S", message="M") == [
        {"Kind": "notify", "Recipient": "5", "Message": "M", "Subject": "S"}
    ]
    assert does(TCP.replace("fixed", "unlimited"), message="M", period="3") == [
        {"Kind": "notify", "Recipient": "5", "Message": "M", "WhileActive": True, "PeriodMs": 3000}
    ]


def test_mqtt() -> None:
    made = does(PUBLISH, topic="a/b", payload="{}", qos="1", retained="true", use_device_prefix="false")
    assert made == [
        {"Kind": "publish", "Topic": "a/b", "Payload": "{}", "Qos": 1, "Retain": True, "UseDevicePrefix": False}
    ]
    assert action_template.shown(made, PORTS) == (
        PUBLISH,
        {"topic": "a/b", "payload": "{}", "qos": "1", "retained": "true", "use_device_prefix": "false"},
    )
    assert essence(does(PUBLISH, topic="a/b")) == essence([{"Kind": "publish", "Topic": "a/b"}])


@pytest.mark.parametrize(
    ("token", "given", "text"),
    [
        (FIXED_TOGGLE, {"port": "0", "state": "on"}, "state is 'on'; it must be high or low"),
        (FIXED_TOGGLE, {"port": "-1", "state": "low"}, "port is '-1'"),
        (FIXED_TOGGLE, {"port": "\u0661", "state": "low"}, "port is"),
        (FIXED_TOGGLE, {"port": "0", "state": "low", "duration": "86401"}, "duration is '86401'"),
        (FIXED_TOGGLE, {"port": "0", "state": "low", "duration": "1.5"}, "duration is"),
        (
            FIXED_LED,
            {"led": "statusled", "color": "pink", "duration": "1"},
            "color is 'pink'; it must be one or two",
        ),
        (UNLIMITED_LED, {"led": "statusled", "color": "red,"}, "color is 'red,'"),
        (UNLIMITED_LED, {"led": "statusled", "color": "red,none", "interval": "10"}, "interval must be at least 50"),
        (UNLIMITED_LED, {"led": "statusled", "color": "red,none", "interval": "60001"}, "interval is '60001'"),
        (FIXED_LED, {"led": "statusled", "color": "red", "duration": "0"}, "duration must be at least 1"),
        (HTTP, {"method": "DELETE"}, "method is 'DELETE'; it must be GET or POST or PUT"),
        (HTTP, {"parameters": "a"}, "percent-encoded"),
        (HTTP, {"parameters": "a=1&a=2"}, "twice"),
        (HTTP, {"http_headers": "nonsense"}, "Content-Type: application/json"),
        (TCP.replace("fixed", "unlimited"), {"period": "0"}, "at least 1"),
        (PUBLISH, {"topic": "a", "qos": "3"}, "qos is '3'"),
        (PUBLISH, {"topic": "a", "retained": "maybe"}, "retained is 'maybe'"),
    ],
)
def test_what_cannot_be_done(token: str, given: dict[str, str], text: str) -> None:
    with pytest.raises(InvalidArgument, match=text):
        does(token, **given)


@pytest.mark.parametrize(
    "action",
    [
        {"Kind": "toggle", "Output": "relay1"},
        {"Kind": "set", "Output": "gone", "Active": True},
        {"Kind": "pulse", "Output": "relay1", "DurationMs": 1500},
        {"Kind": "led", "Led": "status", "Colour": "red", "DurationMs": 1500},
        {"Kind": "led", "Led": "status", "Colour": "red", "DurationMs": 50},
        {"Kind": "set", "Output": "relay1", "Active": True, "DelayMs": 5},
        {"Kind": "publish", "Topic": "a", "WhileActive": True},
        {"Kind": "notify", "Recipient": "1", "Message": "m"},
        {"Kind": "virtual-input", "Input": 1, "Active": True},
    ],
)
def test_what_no_template_can_say(action: dict[str, Any]) -> None:
    assert action_template.shown([action], PORTS) is None
    assert action_template.shown([], PORTS) is None


RECIPIENTS_GIVEN = {
    "http": {"upload_url": "http://a/b", "login": "u", "password": "p", "proxy_host": "x", "proxy_port": "81"},
    "https": {"upload_url": "https://a/b", "validate_server_cert": "0"},
    "ftp": {"host": "a", "upload_path": "in", "port": "2121", "passive": "0", "temporary": "1", "password": "p"},
    "sftp": {"host": "a", "login": "u", "ssh_host_pub_key_md5": "0" * 32},
    "networkshare": {"share_id": "//nas/logs", "upload_path": "x", "login": "u"},
    "smtp": {"email_to": "a@b.example", "email_from": "c@d.example", "host": "m", "encryption": "tls", "pop_port": "1"},
    "tcp": {"host": "a", "port": "7", "qos": "46"},
}


@pytest.mark.parametrize("kind", list(RECIPIENTS_GIVEN))
def test_recipients(kind: str) -> None:
    token = f"com.axis.recipient.{kind}"
    found = recipient_template.read(token, RECIPIENTS_GIVEN[kind])
    method = contract.load(RECIPIENTS).methods["AddRecipient"]
    plain_options(method.inputs[2].options or {}, found.given, "option")
    assert found.type in method.inputs[1].values
    assert set(found.secrets) <= {"Password", "ProxyPassword", "PopPassword"}
    properties = {"Type": found.type, "Secrets": list(found.secrets), **found.fields}
    assert set(properties) <= set(contract.load(RECIPIENT).properties)
    again, shown = recipient_template.shown(properties)
    assert again == token
    assert tuple(shown) == recipient_template.TEMPLATES[token]
    assert "p" not in [shown.get(name) for name in recipient_template.SECRETS]
    assert recipient_template.read(token, shown).fields == found.fields
    assert found.is_like(properties) is not bool(found.secrets)
    assert not found.is_like({**properties, "Secrets": ["Password"]})
    assert not found.is_like({**properties, "Type": "other"})


@pytest.mark.parametrize(
    ("kind", "given", "text"),
    [
        ("http", {}, "upload_url must not be empty"),
        ("tcp", {"host": "a", "port": "70000"}, "port is '70000'"),
        ("tcp", {"host": "a", "port": "1", "qos": "64"}, "qos is '64'"),
        ("ftp", {"host": "a", "passive": "maybe"}, "passive must be 1 or 0"),
        ("networkshare", {"share_id": "abc"}, "//HOST/SHARE"),
    ],
)
def test_what_is_no_recipient(kind: str, given: dict[str, str], text: str) -> None:
    with pytest.raises(InvalidArgument, match=text):
        recipient_template.read(f"com.axis.recipient.{kind}", given)


def test_every_template_is_whole() -> None:
    for token, template in TEMPLATES.items():
        assert set(template.required) <= set(template.all)
        assert len(set(template.all)) == len(template.all), token
        assert not template.recipient or template.recipient in recipient_template.TEMPLATES
