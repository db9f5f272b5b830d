# SPDX-License-Identifier: Apache-2.0
"""What rules use, from the command line: schedules, switches, recipients and MQTT."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import pytest

from axiod import errors
from tests.cli.test_accounts import _piped, _typed

if TYPE_CHECKING:
    from tests.cli.conftest import Axioctl
    from tests.cli.fakes import FakeService

NOON = "DTSTART:20260105T120000 RRULE:FREQ=DAILY"

# --- schedules ---


def test_schedule_list_and_show(axioctl: Axioctl, events: FakeService) -> None:
    lines = axioctl("schedule", "list").out.splitlines()
    assert lines[0].split() == ["ID", "NAME", "KIND", "ACTIVE", "NEXT", "ICALENDAR"]
    assert max(map(len, lines)) <= 80
    assert "Event id:  com.axis.schedules.genid.id-1" in axioctl("schedule", "show", "Noon").out


def test_schedule_add(axioctl: Axioctl, events: FakeService) -> None:
    events.answers["AddSchedule"] = "7"
    text = NOON.replace(" ", "\n")
    done = axioctl("schedule", "add", "Noon", text, "--missed", "run-once")
    assert done.out == "schedule 7 is added: axioctl schedule next 7\n"
    assert events.calls == [("", "AddSchedule", ("Noon", NOON, {"Missed": "run-once"}))]
    events.errors["AddSchedule"] = errors.InvalidArgument("DTSTART is 'x'; it must be a local time")
    assert axioctl("schedule", "add", "Noon", "DTSTART:x").err == "axioctl: DTSTART is 'x'; it must be a local time\n"


WEEK = "RRULE:FREQ=WEEKLY;BYDAY="
MONDAY, TUESDAY = "19700105", "19700106"


@pytest.mark.parametrize(
    ("options", "text"),
    [
        (
            "--days mon-fri --from 08:00 --to 17:00",
            f"DTSTART:{MONDAY}T080000 DTEND:{MONDAY}T170000 {WEEK}MO,TU,WE,TH,FR",
        ),
        ("--days sa,sunday --from 8:30 --to 8:30", f"DTSTART:{MONDAY}T083000 DTEND:{TUESDAY}T083000 {WEEK}SA,SU"),
        ("--days fri-mon --at 22:00", f"DTSTART:{MONDAY}T220000 {WEEK}MO,FR,SA,SU"),
        ("--from 22:00 --to 06:00", f"DTSTART:{MONDAY}T220000 DTEND:{TUESDAY}T060000 RRULE:FREQ=DAILY"),
        ("--at 12:00", f"DTSTART:{MONDAY}T120000 RRULE:FREQ=DAILY"),
        ("--every 5min", f"DTSTART:{MONDAY}T000000 RRULE:FREQ=MINUTELY;INTERVAL=5"),
        ("--every 1h", f"DTSTART:{MONDAY}T000000 RRULE:FREQ=HOURLY"),
        ("--every 90s", f"DTSTART:{MONDAY}T000000 RRULE:FREQ=SECONDLY;INTERVAL=90"),
    ],
)
def test_schedule_add_in_days_and_times(axioctl: Axioctl, events: FakeService, options: str, text: str) -> None:
    assert axioctl("schedule", "add", "a", *options.split()).code == 0
    assert events.calls == [("", "AddSchedule", ("a", text, {}))]


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ("", "say when: --at 12:00 for a pulse, --from 08:00 --to 17:00 for an interval, --every 5min, or ICALENDAR"),
        ("--days mon", "say when: --at 12:00"),
        ("--from 08:00", "say when: --at 12:00"),
        ("DTSTART:20260101T000000 --at 08:00", "give ICALENDAR or the options that make one, and not both"),
        ("--at 08:00 --to 09:00", "give --at for a pulse, or --from and --to for an interval"),
        ("--every 5min --days mo", "--every stands alone"),
        ("--every 1500ms", "--every is 1500ms; it must be whole seconds"),
        ("--every 0s", "--every is 0s; it must be"),
        ("--at 24:00", "'24:00' is no time of the day; it must be from 00:00 to 23:59"),
        ("--days someday --at 08:00", "--days is 'someday'; it must be days such as mon-fri or sa,su"),
    ],
)
def test_schedule_add_says_what_is_wrong(axioctl: Axioctl, events: FakeService, options: str, says: str) -> None:
    done = axioctl("schedule", "add", "a", *options.split())
    assert done.code == 2
    assert says in done.err
    assert events.calls == []


def test_schedule_next(axioctl: Axioctl, events: FakeService) -> None:
    now = time.time_ns() // 1000
    day = 86_400_000_000
    found = [(now + n * day, now + n * day + n) for n in range(-1, 400)]
    events.answers["Occurrences"] = lambda begin, end: [one for one in found if begin <= one[0] < end][:1000]
    lines = axioctl("schedule", "next", "office_hours", "--count", "3").out.splitlines()
    assert len(lines) == 3
    assert all("  until " in line for line in lines)
    data = json.loads(axioctl("schedule", "next", "office_hours", "--json").out)
    assert [each["BeginUsec"] for each in data] == [begin for begin, _ in found[2:12]]
    events.answers["Occurrences"] = lambda begin, end: [(now + day, now + day)]
    assert axioctl("schedule", "next", "1").out.endswith("in 23 h\n")
    events.answers["Occurrences"] = []
    assert axioctl("schedule", "next", "1").out == "1 does not come within a year\n"
    assert (
        "--count is 0; it must be a whole number from 1 to 1000" in axioctl("schedule", "next", "1", "--count", "0").err
    )


def test_schedule_configure_reset_and_remove(axioctl: Axioctl, events: FakeService) -> None:
    assert axioctl("schedule", "configure", "1", "--missed", "skip").out == "schedule 1 is configured: missed skip\n"
    assert axioctl("schedule", "reset", "office_hours").out == "office_hours is what it was at first\n"
    assert "1 did not come with the device" in axioctl("schedule", "reset", "1").err
    assert axioctl("schedule", "remove", "1").out == "schedule 1 is removed\n"
    assert [method for _, method, _ in events.calls] == ["Configure", "Reset", "Remove"]


def test_schedule_configure_in_days_and_times(axioctl: Axioctl, events: FakeService) -> None:
    text = f"DTSTART:{MONDAY}T070000 DTEND:{MONDAY}T160000 {WEEK}MO,TU,WE,TH,FR"
    times = ("--days", "mon-fri", "--from", "07:00", "--to", "16:00")
    done = axioctl("schedule", "configure", "office_hours", *times)
    assert done.out == f"office_hours is configured: iCalendar {text}\n"
    assert events.calls == [("office_hours", "Configure", ({"Icalendar": text},))]
    both = axioctl("schedule", "configure", "1", "--icalendar", NOON, "--at", "12:00")
    assert "give ICALENDAR or the options that make one, and not both" in both.err
    assert "nothing to change; give at least one of --name, --icalendar" in axioctl("schedule", "configure", "1").err


# --- switches ---


@pytest.mark.parametrize("word", ["trigger", "virtual-input"])
def test_switches(axioctl: Axioctl, events: FakeService, word: str) -> None:
    assert axioctl(word, "list").out.splitlines()[1].split() == ["2", "Two", "off", "-"]
    assert axioctl(word, "on", "Two").out == f"{word} 2 is on\n"
    assert axioctl(word, "off", "2").out == f"{word} 2 is off\n"
    assert axioctl(word, "pulse", "2", "500").out == f"{word} 2 is on for 500 ms\n"
    assert axioctl(word, "configure", "2", "--name", "Fire").out == f"{word} 2 is configured: name Fire\n"
    assert [(method, arguments[0]) for _, method, arguments in events.calls] == [
        ("Set", True), ("Set", False), ("Pulse", 500), ("Configure", {"Name": "Fire"}),
    ]  # fmt: skip
    assert "DeadlineUsec" in events.calls[0][2][1], "it is never done late"


# --- recipients ---


def test_recipient_list_and_add(axioctl: Axioctl, events: FakeService) -> None:
    head, guard = axioctl("recipient", "list").out.splitlines()
    assert head.split()[:4] == ["ID", "NAME", "TYPE", "URL"]
    assert guard.split()[:4] == ["3", "guard", "https", "https://guard.example/x"]
    events.answers["AddRecipient"] = "4"
    done = axioctl("recipient", "add", "files", "ftp", "--host", "192.0.2.1", "--port", "2121", "--passive", "false")
    assert done.out == "recipient 4 is added\n"
    done = axioctl("recipient", "add", "files", "sftp", "--host", "192.0.2.1", "--username", "me")
    assert done.out == ("recipient 4 is added; its password, if it needs one: axioctl recipient set-password 4\n")
    assert events.calls == [
        ("", "AddRecipient", ("files", "ftp", {"Host": "192.0.2.1", "Port": 2121, "Passive": False})),
        ("", "AddRecipient", ("files", "sftp", {"Host": "192.0.2.1", "Username": "me"})),
    ]
    assert "Port is 99999; it must be" in axioctl("recipient", "add", "a", "ftp", "--port", "99999").err
    assert "must be one of http, https" in axioctl("recipient", "add", "a", "gopher").err


def test_recipient_show_has_the_result_and_when_that_was(axioctl: Axioctl, events: FakeService) -> None:
    shown = axioctl("recipient", "show", "guard").out
    assert "Last result:          no answer from guard.example\n" in shown
    assert "Last result at:       2023-11-14T" in shown


def test_recipient_test_says_what_to_do(axioctl: Axioctl, events: FakeService) -> None:
    events.answers["Test"] = (True, "A test notification was taken by guard.example.")
    done = axioctl("recipient", "test", "guard")
    assert (done.code, done.out) == (0, "ok: A test notification was taken by guard.example.\n")
    events.answers["Test"] = (False, "No answer from guard.example:443 within 10 s; is it turned on?")
    done = axioctl("recipient", "test", "guard")
    assert (done.code, done.out) == (1, "fault: No answer from guard.example:443 within 10 s; is it turned on?\n")
    assert json.loads(axioctl("recipient", "test", "guard", "--json").out)["Reached"] is False


def test_recipient_copy_configure_remove(axioctl: Axioctl, events: FakeService) -> None:
    events.answers["Copy"] = "4"
    assert axioctl("recipient", "copy", "guard", "g2").out == "recipient 4 is a copy of 3, with its passwords\n"
    done = axioctl("recipient", "configure", "3", "--url", "http://x")
    assert done.out == "recipient 3 is configured: URL http://x\n"
    events.errors["Remove"] = errors.Conflict("rule Gate needs guard; change or remove that rule first")
    assert axioctl("recipient", "remove", "3").code == 6


def test_passwords_are_asked_for_or_piped(cli_bus: str, events: FakeService) -> None:
    code, shown = _typed(cli_bus, ["recipient", "set-password", "guard"], "s3cret", "s3cret")
    assert (code, "s3cret" in shown) == (0, False)
    assert "the password of recipient 3 is set" in shown
    done = _piped(cli_bus, ["recipient", "set-password", "3", "--of", "proxy", "--password-stdin"], b"pr0xy\n")
    assert (done.code, done.out) == (0, "the password of the proxy of recipient 3 is set\n")
    done = _piped(cli_bus, ["mqtt", "set-password", "--password-stdin"], b"br0ker\n")
    assert (done.code, done.out) == (0, "the password for the broker is set\n")
    assert events.calls == [
        ("3", "SetSecrets", ({"Password": "s3cret"},)),
        ("3", "SetSecrets", ({"ProxyPassword": "pr0xy"},)),
        ("", "SetSecrets", ({"Password": "br0ker"},)),
    ]


# --- MQTT ---


def test_mqtt(axioctl: Axioctl, events: FakeService) -> None:
    assert "Keep alive:" in axioctl("mqtt", "show").out
    assert (
        axioctl("mqtt", "configure", "--host", "b", "--port", "1883").out == "mqtt is configured: host b, port 1883\n"
    )
    assert axioctl("mqtt", "connect").out.startswith("the MQTT client is turned on; axioctl mqtt show says")
    assert axioctl("mqtt", "disconnect").out == "the MQTT client is turned off\n"
    assert [method for _, method, _ in events.calls] == ["Configure", "Connect", "Disconnect"]


def test_mqtt_publication(axioctl: Axioctl, events: FakeService) -> None:
    shown = axioctl("mqtt", "publication", "show").out.splitlines()
    assert [line.split() for line in shown[-2:]] == [
        ["TOPIC", "FILTER", "QOS", "RETAIN"],
        ["onvif:Device//.", "1", "all"],
    ]
    added = axioctl("mqtt", "publication", "add", "axis:New//.", "--qos", "2", "--retain", "property")
    assert added.out == "mqtt publication: axis:New//. is added\n"
    assert axioctl("mqtt", "publication", "remove", "onvif:Device//.").code == 0
    assert axioctl("mqtt", "publication", "configure", "--append-event-topic", "false").code == 0
    first = {"TopicFilter": "onvif:Device//.", "Qos": 1, "Retain": "all"}
    assert [arguments[0] for _, _, arguments in events.calls] == [
        {"Filters": [first, {"TopicFilter": "axis:New//.", "Qos": 2, "Retain": "property"}]},
        {"Filters": []},
        {"AppendEventTopic": False},
    ]
    again = axioctl("mqtt", "publication", "add", "onvif:Device//.")
    assert (again.code, "there is a filter 'onvif:Device//.' already" in again.err) == (6, True)
    none = axioctl("mqtt", "publication", "remove", "a")
    assert (none.code, none.err) == (3, "axioctl: there is no filter 'a'; there is onvif:Device//.\n")
    assert "Qos is 7" in axioctl("mqtt", "publication", "add", "a", "--qos", "7").err


def test_mqtt_subscriptions(axioctl: Axioctl, events: FakeService) -> None:
    assert axioctl("mqtt", "subscriptions", "show").out.splitlines()[-1] == "no filters"
    done = axioctl("mqtt", "subscriptions", "add", "shed/state", "--stateful", "--use-device-prefix")
    assert done.code == 0
    new: dict[str, Any] = {"TopicFilter": "shed/state", "UseDevicePrefix": True, "Stateful": True}
    assert events.calls == [("", "Configure", ({"Filters": [new]},))]
