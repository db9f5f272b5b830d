# SPDX-License-Identifier: Apache-2.0
"""Rules from the command line: shown in the words with which they are added."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from axiod import errors

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Axioctl
    from tests.cli.fakes import FakeService

PORT = "tns1:Device/tnsaxis:IO/Port"
INTERVAL = "tns1:UserAlarm/tnsaxis:Recurring/Interval"


def test_list(axioctl: Axioctl, events: FakeService) -> None:
    head, gate, old = axioctl("rule", "list").out.splitlines()
    assert head.split() == ["ID", "NAME", "ON", "ACTIVE", "TIMES", "LAST", "PROBLEM"]
    assert gate.split()[:7] == ["1", "Gate", "at", "night", "yes", "no", "3"]
    assert old.endswith("There is no relay9.")
    assert max(map(len, (head, gate, old))) <= 80


def test_show_says_it_as_it_is_added(axioctl: Axioctl, events: FakeService, io: FakeService) -> None:
    head, *lines = axioctl("rule", "show", "gate at night").out.splitlines()
    assert head.startswith('rule 1 "Gate at night", turned on, not active, 3 activations, the last ')
    assert lines == [
        "  when  IO/Port port=input1 state=1  (only starts it)",
        "  and   not Recurring/Interval id=office_hours active=1",
        "  do    pulse relay1 2s",
        "  then  notify guard 'Gate \"opened\"' after 500ms",
        "  wait  30s from one activation to the next",
    ]
    assert axioctl("rule", "show", "2").out.splitlines()[-1] == "  problem: There is no relay9."
    shown = json.loads(axioctl("rule", "show", "1", "--json").out)
    assert shown["Conditions"][0] == {"Topic": PORT, "Source": {"port": "1"}, "Item": "state", "Equals": "1"}
    assert shown["WaitMs"] == 30_000


def test_show_while_the_ports_are_away_says_numbers(axioctl: Axioctl, events: FakeService) -> None:
    assert "IO/Port port=1 state=1" in axioctl("rule", "show", "1").out


def test_add(axioctl: Axioctl, events: FakeService, io: FakeService, relays: FakeService) -> None:
    done = axioctl(
        "rule", "add", "Gate", "--when", "IO/Port port=Door", "--when", "not Interval id=office_hours for 5s",
        "--do", "pulse Lock 2s", "--do", 'notify guard "Open!"', "--first-is-trigger", "true", "--wait", "1min",
    )  # fmt: skip
    assert (done.code, done.err) == (0, "")
    assert done.out == "rule id is added and turned on: axioctl rule show id\n"
    ((_, method, arguments), (_, looked, _)) = events.calls
    assert (method, looked) == ("AddRule", "Check")
    assert arguments == (
        "Gate",
        [
            {"Topic": PORT, "Source": {"port": "1"}, "Item": "state", "Equals": "1"},
            {
                "Topic": INTERVAL,
                "Source": {"id": "com.axis.schedules.office_hours"},
                "Item": "active",
                "Equals": "1",
                "Inverted": True,
                "ForMs": 5000,
            },
        ],
        [
            {"Kind": "pulse", "Output": "relay1", "DurationMs": 2000},
            {"Kind": "notify", "Recipient": "3", "Message": "Open!"},
        ],
        {"FirstIsTrigger": True, "WaitMs": 60_000},
    )


def test_add_turned_off(axioctl: Axioctl, events: FakeService, relays: FakeService) -> None:
    done = axioctl("rule", "add", "a", "--when", "IO/Port port=1", "--do", "toggle relay1", "--off", "--json")
    assert json.loads(done.out)["Enabled"] is False
    assert events.calls[0][2][3] == {"Enabled": False}


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (
            ["add", "a"],
            "a rule needs at least one --when, for example: axioctl rule add Gate --when 'IO/Port port=io1'",
        ),
        (["add", "a", "--when", "IO/Port"], "a rule needs at least one --do"),
        (
            ["add", "a", "--when", "IO/Prot", "--do", "toggle relay1"],
            "condition 'IO/Prot': there is no event 'IO/Prot'; did",
        ),
        (
            ["add", "a", "--when", "IO/Port", "--do", "togle relay1"],
            "action 'togle relay1': 'togle' is nothing that can",
        ),
        (["add", "a", "--when", "IO/Port", "--do", "toggle relay1", "--wait", "5"], "a time is '5'"),
        (["configure", "1"], "nothing to change; give at least one of --name, --when, --do"),
        (["replay", "/nowhere"], "/nowhere cannot be read: No such file or directory"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_asked(
    axioctl: Axioctl, events: FakeService, words: list[str], says: str
) -> None:
    done = axioctl("rule", *words)
    assert (done.code, done.out) == (2, "")
    assert says in done.err
    assert events.calls == []


def test_what_is_away_has_no_names(axioctl: Axioctl, events: FakeService) -> None:
    done = axioctl("rule", "add", "a", "--when", "IO/Port port=io1", "--do", "log hello")
    assert done.code == 3
    assert "there is no port 'io1'; there is none; axiod-io is not running, so what is called so there is" in done.err
    done = axioctl("rule", "add", "a", "--when", "IO/Port port=1", "--do", "toggle relay1")
    assert (done.code, "axiod-relays and axiod-io are not running" in done.err) == (0, False), "it is taken for an id"


def test_what_the_service_refuses_is_passed_on(axioctl: Axioctl, events: FakeService) -> None:
    events.errors["AddRule"] = errors.LimitReached("there are 256 rules, which is the most")
    done = axioctl("rule", "add", "a", "--when", "IO/Port port=1", "--do", "log hello")
    assert (done.code, done.err) == (6, "axioctl: there are 256 rules, which is the most\n")


def test_configure_says_that_it_is_off_now(axioctl: Axioctl, events: FakeService) -> None:
    done = axioctl("rule", "configure", "1", "--wait", "5s")
    assert done.out == "rule 1 is changed; it is turned off now, axioctl rule enable 1 turns it on again\n"
    done = axioctl("rule", "configure", "1", "--name", "Gate", "--first-is-trigger", "false", "--on")
    assert done.out == "rule 1 is changed\n"
    assert axioctl("rule", "configure", "1", "--name", "Gate").out == "rule 1 is changed\n"
    assert [arguments[0] for _, method, arguments in events.calls if method == "Configure"] == [
        {"WaitMs": 5000},
        {"Name": "Gate", "FirstIsTrigger": False, "Enabled": True},
        {"Name": "Gate"},
    ]


def test_what_a_check_finds_of_a_rule_is_said_with_it(
    axioctl: Axioctl, events: FakeService, io: FakeService, relays: FakeService
) -> None:
    events.answers["AddRule"] = "2"
    events.answers["Check"] = [
        {"Rule": "1", "Severity": "warning", "Kind": "loop", "Text": "it starts itself again"},
        {"Rule": "2", "Severity": "warning", "Kind": "absent", "Text": "there is no port 99 now"},
    ]
    done = axioctl("rule", "add", "a", "--when", "IO/Port port=99", "--do", "toggle relay1")
    assert (done.code, done.err) == (0, "")
    assert done.out.splitlines()[1:] == ["warning: there is no port 99 now"]
    done = axioctl("rule", "configure", "1", "--wait", "5s")
    assert done.out.splitlines()[1:] == ["warning: it starts itself again"]
    done = axioctl("rule", "configure", "2", "--wait", "5s", "--json")
    assert [finding["Kind"] for finding in json.loads(done.out)["Findings"]] == ["absent"]


def test_a_rule_that_cannot_be_checked_is_stored_all_the_same(axioctl: Axioctl, events: FakeService) -> None:
    events.errors["Check"] = errors.Internal("a fault of axiod; its log says more")
    done = axioctl("rule", "configure", "1", "--name", "Gate", "--json")
    assert done.code == 0
    (finding,) = json.loads(done.out)["Findings"]
    assert finding["Text"] == "it is stored, but could not be checked: a fault of axiod; its log says more"


def test_enable_disable_copy_remove(axioctl: Axioctl, events: FakeService) -> None:
    assert axioctl("rule", "enable", "Old").out == "rule 2 is turned on\n"
    assert axioctl("rule", "disable", "1").out == "rule 1 is turned off\n"
    events.answers["Copy"] = "7"
    assert axioctl("rule", "copy", "1", "Gate by day").out == "rule 7 is a copy of 1, turned off\n"
    assert axioctl("rule", "remove", "2").out == "rule 2 is removed\n"
    assert (
        axioctl("rule", "remove", "Gate at night").err == "axioctl: give the id to remove it: axioctl rule remove 1\n"
    )
    assert events.calls == [
        ("2", "Configure", ({"Enabled": True},)),
        ("1", "Configure", ({"Enabled": False},)),
        ("1", "Copy", ("Gate by day",)),
        ("2", "Remove", ()),
    ]


def test_check(axioctl: Axioctl, events: FakeService) -> None:
    events.answers["Check"] = []
    done = axioctl("rule", "check")
    assert (done.code, done.out) == (0, "no rule has a problem that can be seen without running it\n")
    events.answers["Check"] = [
        {"Rule": "1", "Severity": "warning", "Kind": "dead", "Text": "There is no port 99 now."},
        {"Rule": "2", "Severity": "error", "Kind": "loop", "Text": "It starts itself again."},
    ]
    done = axioctl("rule", "check")
    assert done.code == 1
    assert done.out.splitlines() == [
        "warning: rule 1 Gate at night",
        "  There is no port 99 now.",
        "error: rule 2 Old",
        "  It starts itself again.",
    ]
    assert [each["Kind"] for each in json.loads(axioctl("rule", "check", "--json").out)] == ["dead", "loop"]


def test_explain(axioctl: Axioctl, events: FakeService) -> None:
    events.answers["Explain"] = ("It is turned on.\nCondition 1 does not hold.", [{"Text": "a", "Holds": False}])
    assert axioctl("rule", "explain", "1").out == "It is turned on.\nCondition 1 does not hold.\n"
    assert json.loads(axioctl("rule", "explain", "1", "--json").out)["Conditions"] == [{"Text": "a", "Holds": False}]


def test_replay(axioctl: Axioctl, events: FakeService, tmp_path: Path) -> None:
    file = tmp_path / "log"
    lines = [
        {"Id": 2, "When": 2_000_000, "Kind": "event", "Topic": PORT, "Source": {"port": "1"}, "Data": {"state": "1"}},
        {"Id": 3, "When": 1_000_000, "Kind": "rule", "Rule": "1", "Text": "became active"},
        {"Kind": "event", "TimestampUsec": 1_000_000, "Topic": PORT, "Source": {"port": "1"}, "Data": {"state": "0"}},
    ]
    file.write_text("\n".join(map(json.dumps, lines)) + "\n\n")
    events.answers["Replay"] = [{"When": 2_000_000, "Rule": "1", "What": "activated", "Text": "all conditions hold"}]
    done = axioctl("rule", "replay", str(file))
    first, last = done.out.splitlines()
    assert first.endswith("rule 1 activated    all conditions hold")
    assert last == "2 events, 1 step"
    ((_, _, (asked,)),) = events.calls
    assert asked == [(1_000_000, PORT, {"port": "1"}, {"state": "0"}), (2_000_000, PORT, {"port": "1"}, {"state": "1"})]


@pytest.mark.parametrize(
    "line",
    ["no json", "[]", "7", '{"Topic": "a"}', '{"Topic": "a", "When": -1}', '{"Topic": "a", "When": 1, "Source": []}',
     '{"Topic": "a", "When": 1, "Source": {"a": 1}}', "[" * 100_000, '{"Topic": "a", "When": true}'],
)  # fmt: skip
def test_a_file_that_is_no_log_is_refused(axioctl: Axioctl, events: FakeService, tmp_path: Path, line: str) -> None:
    file = tmp_path / "log"
    file.write_text("\n" + line)
    done = axioctl("rule", "replay", str(file))
    assert done.code == 2
    assert f"{file}, line 2: it is no event" in done.err
    assert events.calls == []


def test_what_there_is_for_rules(axioctl: Axioctl) -> None:
    lines = axioctl("rule", "conditions").out.splitlines()
    assert "Recurring/Interval" in " ".join(lines)
    assert max(map(len, lines)) <= 160
    assert any(each["Event"] == "IO/Port" for each in json.loads(axioctl("rule", "conditions", "--json").out))
    assert "  pulse OUTPUT TIME" in axioctl("rule", "actions").out.splitlines()
