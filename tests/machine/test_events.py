# SPDX-License-Identifier: Apache-2.0
"""Rules on an installed device: they act within their sandbox, survive what becomes of their service, keep secrets."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.machine.board import choose_board, drives, kill, pid, properties, show, wait_active
from tests.machine.events import UNIT, add_following, call, get

if TYPE_CHECKING:
    from tests.machine.container import Container

STATE = "/var/lib/axiod/events"
SECRET = "Do not tell anybody 1"
LIBRARIES = ("aiohttp", "asyncssh", "paho.mqtt.client", "zoneinfo")
PROGRAM = f"import {', '.join(LIBRARIES)}; zoneinfo.ZoneInfo('Europe/Stockholm'); print('they work')"
SERVER = b"""
import http.server, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        with open("/run/requests", "a") as file:
            print(self.path, file=file)
        self.send_response(200)
        self.end_headers()
    do_POST = do_GET
http.server.ThreadingHTTPServer(("127.0.0.1", 8000), Handler).serve_forever()
"""


@pytest.fixture(scope="module")
def ruled(device: Container) -> Container:
    """A device with a board and the rule that relay1 is on while input1 is closed."""
    choose_board(device)
    add_following(device, properties(device, "port input1")["Number"], "relay1")
    return device


def wire(device: Container, condition: str) -> None:
    """Open or close the contact at input1, and wait until the relay has followed."""
    device.run(f"axioctl sim wire input1 {condition}")
    wait_relay(device, condition == "closed")


def wait_relay(device: Container, active: bool) -> None:
    device.wait_for(f"axioctl relay show relay1 --json | grep -q '\"Active\": {str(active).lower()}'")
    assert drives(device)["relay1"].active is active


def test_a_rule_moves_a_relay_and_takes_it_back(ruled: Container) -> None:
    before = drives(ruled)["relay1"].moves
    for condition in ("closed", "open") * 2:
        wire(ruled, condition)
    assert drives(ruled)["relay1"].moves == before + 4
    assert get(ruled, "rule/1", "Rule", "Activations") == 2


@pytest.mark.parametrize("how", ["restart", "kill"])
def test_a_rule_goes_on_where_it_was(ruled: Container, how: str) -> None:
    wire(ruled, "closed")
    before, activations = drives(ruled)["relay1"], get(ruled, "rule/1", "Rule", "Activations")
    process = pid(ruled, UNIT)
    if how == "kill":
        kill(ruled, UNIT)
    else:
        ruled.run(f"systemctl restart {UNIT}")
    wait_active(ruled, UNIT, process)
    ruled.wait_for("axioctl status | grep -q 'events *running'")
    assert get(ruled, "rule/1", "Rule", "Active") is True
    wire(ruled, "open")
    assert drives(ruled)["relay1"].moves == before.moves + 1, "it was on all the time"
    assert get(ruled, "rule/1", "Rule", "Activations") == activations


def test_what_happened_while_it_was_away_counts(ruled: Container) -> None:
    wire(ruled, "open")
    ruled.run(f"systemctl stop {UNIT} && axioctl sim wire input1 closed")
    ruled.wait_for("axioctl port show input1 --json | grep -q '\"Active\": true'")
    assert not drives(ruled)["relay1"].active
    ruled.run(f"systemctl start {UNIT}")
    wait_relay(ruled, True)
    wire(ruled, "open")


def test_a_rule_survives_the_service_of_its_relay(ruled: Container) -> None:
    kill(ruled, "axiod-relays")
    wire(ruled, "closed")
    kill(ruled, "axiod-io")
    wire(ruled, "open")


def test_it_starts_alone_and_rules_wait_for_what_is_not_there(ruled: Container) -> None:
    ruled.run(f"systemctl stop {UNIT} axiod-io axiod-relays axiod-system && systemctl start {UNIT}")
    assert show(ruled, UNIT, "ActiveState") == "active"
    ruled.run("systemctl start axiod-io axiod-relays axiod-system")
    for condition in ("closed", "open"):
        wire(ruled, condition)


# --- the network, from within the sandbox ---


def test_what_talks_to_recipients_works_in_the_sandbox(device: Container) -> None:
    unit = device.get(f"/usr/lib/systemd/system/{UNIT}.service").decode()
    removed = ("BusName=", "Type=", "NotifyAccess=", "Watchdog", "Restart", "OnFailure=", "After=", "StateDirectory")
    lines = [line for line in unit.splitlines() if not line.startswith(removed)]
    text = "\n".join(lines).replace("-I -m axiod.events", f'-I -c "{PROGRAM}"')
    text = text.replace("[Service]", "[Service]\nType=oneshot\nStandardOutput=truncate:/run/libraries")
    device.put(text.encode(), "/run/systemd/system/libraries.service")
    device.run("systemctl daemon-reload && systemctl start libraries")
    assert device.get("/run/libraries") == b"they work\n"


def test_a_recipient_is_notified_over_http(ruled: Container) -> None:
    ruled.put(SERVER, "/root/server.py")
    ruled.run("systemd-run --quiet --unit=server python3 /root/server.py")
    url = ["Url", "s", "http://127.0.0.1:8000/notify"]
    recipient = call(ruled, "recipients", "Recipients", "AddRecipient", "ssa{sv}", "guard", "http", "1", *url)
    condition = ["4", "Topic", "s", "tns1:Device/tnsaxis:IO/VirtualInput", "Source", "a{ss}", "1", "port", "7"]
    condition += ["Item", "s", "active", "Equals", "s", "1"]
    action = ["3", "Kind", "s", "notify", "Recipient", "s", recipient, "Message", "s", "somebody is here"]
    call(ruled, "rules", "Rules", "AddRule", "saa{sv}aa{sv}a{sv}", "tell", "1", *condition, "1", *action, "0")
    call(ruled, "input/7", "VirtualInput", "Set", "ba{sv}", "true", "0")
    ruled.wait_for("grep -q somebody /run/requests")


def test_events_reach_a_broker(ruled: Container) -> None:
    ruled.apt("install", "mosquitto", "mosquitto-clients")
    ruled.wait_for("systemctl is-active mosquitto")
    filters = ["Filters", "aa{sv}", "1", "3", "TopicFilter", "s", "tns1:Device/tnsaxis:IO/Port"]
    filters += ["Qos", "u", "1", "Retain", "s", "none"]
    call(ruled, "mqtt_publication", "MqttPublication", "Configure", "a{sv}", "1", *filters)
    call(ruled, "mqtt", "Mqtt", "Configure", "a{sv}", "2", "Host", "s", "127.0.0.1", "Protocol", "s", "tcp")
    call(ruled, "mqtt", "Mqtt", "Connect")
    ruled.wait_for("busctl get-property org.axiod.events1 /org/axiod/events1/mqtt org.axiod.events1.Mqtt Connected "
                   "| grep -q true")  # fmt: skip
    ruled.run("systemd-run --quiet --unit=listener -p StandardOutput=truncate:/run/messages "
              "mosquitto_sub -v -t '#'")  # fmt: skip
    ruled.wait_for("grep -q connected /run/messages")  # the retained message of the device
    wire(ruled, "closed")
    ruled.wait_for("grep -q 'IO/Port' /run/messages")
    wire(ruled, "open")


# --- secrets ---


def test_a_secret_is_written_and_never_read(ruled: Container) -> None:
    fields = ["2", "Url", "s", "http://192.0.2.1/", "Username", "s", "guard"]
    id_ = call(ruled, "recipients", "Recipients", "AddRecipient", "ssa{sv}", "elsewhere", "http", *fields)
    call(ruled, f"recipient/{id_}", "Recipient", "SetSecrets", "a{sv}", "1", "Password", "s", SECRET)
    files = ruled.run(f"grep -rl '{SECRET}' /var/lib/axiod /etc /run/log /var/log /tmp", check=False).stdout.split()
    assert len(files) == 1
    assert files[0].startswith(f"{STATE}/")
    assert ruled.run(f"stat -c '%a %U' {files[0]}").stdout == "600 axiod-events\n"
    everything = ruled.run(
        "busctl --json=short call org.axiod.events1 /org/axiod/events1 org.freedesktop.DBus.ObjectManager "
        "GetManagedObjects"
    ).stdout
    assert "elsewhere" in everything
    assert SECRET not in everything
    assert SECRET not in ruled.journal()
    ruled.run("useradd curious")
    assert ruled.run(f"cat {files[0]}", user="curious", check=False).code != 0
