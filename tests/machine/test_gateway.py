# SPDX-License-Identifier: Apache-2.0
"""The gateway as it is installed: from the first administrator to the first click, and its ports whatever happens."""

from __future__ import annotations

import json
import re
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from tests.machine.board import SERVICES, choose_board, drives, kill, pid, show, wait_active

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from tests.machine.container import Container

UNIT = "axiod-gateway"
SOCKETS = [f"{UNIT}-{name}.socket" for name in ("http", "https", "rtsp")]
LOGIN = "--digest --user 'root:Pass word1'"
CHECK = "http://127.0.0.1/axis-cgi/io/port.cgi?check=1"
ACCOUNTS = "http://127.0.0.1/api/v1/accounts"
REFUSED = 7
"""The exit status of curl for a port at which nobody listens."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What curl got."""

    status: int
    text: str


def curl(device: Container, url: str, options: str = "", *, user: str | None = None) -> Answer:
    """Ask for a URL with curl."""
    done = device.run(f"curl --silent --insecure --max-time 20 --write-out '\\n%{{http_code}}' {options} '{url}'",
                      check=False, user=user)  # fmt: skip
    text, _, status = done.stdout.rpartition("\n")
    return Answer(int(status), text)


def post(device: Container, url: str, value: Any, options: str = "") -> Answer:
    """Send JSON with curl."""
    return curl(device, url, f"--header 'Content-Type: application/json' --data '{json.dumps(value)}' {options}")


@pytest.fixture(scope="module")
def fresh(device: Container) -> Container:
    """A device with a board and without an account."""
    device.apt("install", "curl", "openssl")
    choose_board(device)
    return device


@pytest.fixture
def served(fresh: Container) -> Iterator[Container]:
    """The same with an administrator; the gateway runs, and nothing moved in the end that a test did not move."""
    if json.loads(fresh.run("axioctl access show --json").stdout)["NeedsSetup"]:
        fresh.run("echo 'Pass word1' | axioctl account add root administrator --password-stdin")
    fresh.run(f"systemctl reset-failed {UNIT}; systemctl start {UNIT}")
    before = {unit: pid(fresh, unit) for unit in SERVICES}
    yield fresh
    assert {unit: pid(fresh, unit) for unit in SERVICES} == before
    assert fresh.run("systemctl --failed --no-legend").stdout == ""


def test_nothing_can_be_done_before_there_is_an_administrator(fresh: Container) -> None:
    refused = curl(fresh, CHECK)
    assert refused.status == 401
    assert "add an administrator first" in refused.text
    action = CHECK.replace("check=1", "action=1:/")
    assert [curl(fresh, action, login).status for login in ("", LOGIN, "--user root:")] == [401] * 3
    assert post(fresh, ACCOUNTS, {"Name": "oper", "Password": "Pass word1", "Role": "operator"}).status in (401, 409)
    assert drives(fresh)["relay1"].moves == 0
    assert json.loads(fresh.run("axioctl account list --json").stdout) == []
    assert curl(fresh, "http://127.0.0.1/healthz").status == 200

    first = {"Name": "root", "Password": "Pass word1", "Role": "administrator"}
    assert post(fresh, ACCOUNTS, first).status == 201
    # That was the only chance to do it without a login.
    assert post(fresh, ACCOUNTS, first | {"Name": "second"}).status == 401
    (account,) = json.loads(fresh.run("axioctl account list --json").stdout)
    assert (account["Id"], account["Role"]) == ("root", "administrator")


def test_a_relay_clicks_over_http_and_https(served: Container) -> None:
    moves = drives(served)["relay1"].moves
    assert curl(served, CHECK, LOGIN) == Answer(200, curl(served, CHECK.replace("http:", "https:"), LOGIN).text)
    for number, (url, options) in enumerate(
        (
            ("http://127.0.0.1/axis-cgi/io/port.cgi?action=1:/", LOGIN),
            ("https://127.0.0.1/axis-cgi/io/port.cgi?action=1:%5C", LOGIN),
            ("http://[::1]/api/v1/relays/relay1/toggle", f"{LOGIN} --request POST"),
            ("https://[::1]/api/v1/relays/relay1/toggle", "--user 'root:Pass word1' --request POST"),
        ),
        1,
    ):
        assert curl(served, url, options).status in (200, 204), url
        assert drives(served)["relay1"].moves == moves + number
    # Basic over HTTP would tell everybody on the way the password.
    assert (
        curl(served, "http://127.0.0.1/api/v1/relays/relay1/toggle", "--user 'root:Pass word1' -X POST").status == 401
    )
    assert drives(served)["relay1"].moves == moves + 4


def test_https_presents_the_certificate_of_the_device_with_modern_tls(served: Container) -> None:
    shown = json.loads(served.run("axioctl certificate show device --json").stdout)
    peer = "openssl s_client -connect 127.0.0.1:443 </dev/null 2>&1"
    found = served.run(f"{peer} | openssl x509 -noout -fingerprint -sha256").stdout
    assert found.strip().partition("=")[2].upper() == shown["Fingerprint"].upper()
    assert "TLSv1.3" in served.run(f"{peer} -brief", check=False).stdout + served.run(peer, check=False).stdout
    old = served.run("openssl s_client -connect 127.0.0.1:443 -tls1_1 -cipher ALL:@SECLEVEL=0 </dev/null", check=False)
    assert old.code != 0


# --- who did what ---


def entries(device: Container) -> list[dict[str, Any]]:
    """Return the audit log."""
    device.run("journalctl --sync")
    found: list[dict[str, Any]] = json.loads(device.run("axioctl log audit --json --since 1d").stdout)
    return found


def test_the_audit_log_says_who_did_what_from_where(served: Container) -> None:
    served.run("echo 'Watch me 1' | axioctl account add viewer1 viewer --password-stdin")
    before = len(entries(served))
    curl(served, "http://127.0.0.1/api/v1/relays/relay1/toggle", f"{LOGIN} --request POST")
    curl(served, CHECK.replace("check=1", "action=1:/"), "--digest --user 'viewer1:Watch me 1'")
    post(served, ACCOUNTS, {"Name": "eva", "Password": "Secret 123", "Role": "viewer"}, LOGIN)
    done, refused, added = entries(served)[before:]
    assert (done["User"], done["Address"], done["How"], done["Result"]) == ("root", "127.0.0.1", "digest", "ok")
    assert (done["Method"], done["Object"]) == (
        "org.axiod.relays1.Relay.Toggle",
        "/org/axiod/relays1/relay/relay1",
    )
    assert (refused["User"], refused["Result"]) == ("viewer1", "NotAuthorized")
    assert refused["Reason"]
    assert (added["Method"], added["Arguments"]["password"]) == ("org.axiod.system1.Access.AddAccount", "***")
    assert "Secret 123" not in served.run("journalctl -b -o verbose --no-pager").stdout
    served.run("axioctl account remove viewer1; axioctl account remove eva")


def test_nobody_can_forge_an_entry_of_the_audit_log(served: Container) -> None:
    before = entries(served)
    served.run("id somebody || useradd somebody")
    forged = "MESSAGE_ID=a2f1c3f09f3d4f0f8b6f5d0c7e1a9b42\nMESSAGE=forged\nAXIOD_USER=root\n_SYSTEMD_UNIT=axiod-gateway"
    served.put(f"{forged}.service\n".encode(), "/tmp/forged")
    served.run("logger --journald=/tmp/forged", user="somebody")
    served.run("journalctl --sync")
    assert "forged" in served.run("journalctl -b --no-pager -n 50").stdout
    assert entries(served) == before


def test_administrators_read_the_logs_and_nobody_else_does(served: Container) -> None:
    served.run("id somebody || useradd somebody")
    for name in ("system", "access", "audit"):
        refused = served.run(f"axioctl log {name}", user="somebody", check=False)
        assert (refused.code, refused.stdout) == (4, "")
    curl(served, CHECK.replace("check=1", "action=1:/"), LOGIN)
    served.run("journalctl --sync; useradd --groups axiod-admin chief")
    # The service reads the journal for him: he may not do so himself.
    assert "root from 127.0.0.1 (digest)" in served.run("axioctl log audit --since 1d", user="chief").stdout
    assert served.run("journalctl --system -q -n 1", user="chief", check=False).stdout == ""
    served.run("userdel chief")


def test_a_wrong_password_is_in_the_access_log(served: Container) -> None:
    curl(served, "http://127.0.0.1/api/v1/relays", "--digest --user 'root:wrong'")
    served.run("journalctl --sync")
    *_, newest = served.run("axioctl log access").stdout.splitlines()
    assert "from 127.0.0.1" in newest
    assert "GET /api/v1/relays  401 in" in newest


def test_the_system_log_is_the_journal_of_the_machine(served: Container) -> None:
    """journalctl says what is in it; axiod-system, in its sandbox, says the same."""
    served.run("logger -t probe -p user.warning 'A needle (a*b) of [1]'; logger -t probe -p user.info needle")
    long = "x" * 5000
    served.put(f"MESSAGE=needle {long}\nPRIORITY=4\nSYSLOG_IDENTIFIER=probe\n".encode(), "/tmp/long")
    served.run("logger --journald=/tmp/long; journalctl --sync")
    found = json.loads(served.run("axioctl log system --search 'NEEDLE (A*B)' --json").stdout)
    assert [(one["Program"], one["Severity"], one["Text"]) for one in found] == [
        ("probe", "warning", "A needle (a*b) of [1]")
    ]
    found = json.loads(served.run("axioctl log system --search needle --severity warning --json").stdout)
    assert [one["Text"][:9] for one in found] == ["A needle ", "(too long"]
    expected = served.run("journalctl -q -o cat -u axiod-io -u axiod-system").stdout.splitlines()
    units = "axiod-io.service axiod-system.service"
    found = []
    for unit in units.split():
        found += json.loads(served.run(f"axioctl log system --unit {unit} --since 1d --json").stdout)
    found.sort(key=lambda one: one["When"])
    assert sorted(one["Text"] for one in found) == sorted(expected)
    assert {one["Unit"] for one in found} == set(units.split())
    ours = json.loads(served.run("axioctl log system --unit 'axiod-*' --since 1d --json").stdout)
    assert {one["Cursor"] for one in found} <= {one["Cursor"] for one in ours}
    assert served.run("axioctl log system --unit 'nothing-*'").stdout == "no entries in the system log\n"


def test_the_log_is_read_page_by_page_and_followed(served: Container) -> None:
    def query(**options: Any) -> dict[str, Any]:
        answer = post(served, "http://127.0.0.1/api/v1/logs/query", options, LOGIN)
        assert answer.status == 200, answer.text
        found: dict[str, Any] = json.loads(answer.text)
        return found

    served.run("for n in 1 2 3 4 5; do logger -t paged number $n; done; journalctl --sync")
    newest = query(Text="number ", Limit=2)
    assert ([one["Text"] for one in newest["Entries"]], newest["More"]) == (["number 5", "number 4"], True)
    older = query(Text="number ", Limit=3, Before=newest["Entries"][-1]["Cursor"])
    assert [one["Text"] for one in older["Entries"]] == ["number 3", "number 2", "number 1"]
    last = newest["Entries"][0]["Cursor"]
    assert query(Text="number ", After=last)["Entries"] == []
    served.run("logger -t paged number 6; logger -t paged number 7; journalctl --sync")
    assert [one["Text"] for one in query(Text="number ", After=last)["Entries"]] == ["number 6", "number 7"]
    refused = post(served, "http://127.0.0.1/api/v1/logs/query", {"After": "nonsense"}, LOGIN)
    assert (refused.status, "After is no cursor" in refused.text) == (400, True)
    units = post(served, "http://127.0.0.1/api/v1/logs/list-units", {}, LOGIN)
    assert {"axiod-io.service", "axiod-system.service"} <= set(json.loads(units.text)["Units"])


# --- its ports ---


@contextmanager
def clients(device: Container) -> Iterator[list[tuple[int, int]]]:
    """Clients that come one after the other all the time; (HTTP status, exit status of curl) of each, in the end."""
    seen: list[tuple[int, int]] = []
    ask = "curl --silent --output /dev/null --write-out '%{http_code} %{exitcode}\\n' --max-time 20 http://127.0.0.1/healthz"
    device.put(f"while [ ! -e /tmp/stop ]; do {ask}; done >/tmp/answers\n".encode(), "/tmp/clients")
    device.run("rm -f /tmp/stop /tmp/answers; systemd-run --quiet --collect --unit=clients sh /tmp/clients")
    device.wait_for("test -s /tmp/answers")
    yield seen
    device.run("cp /tmp/answers /tmp/before; true")
    device.wait_for("test $(wc -l </tmp/answers) -gt $(wc -l </tmp/before)")
    device.run("touch /tmp/stop")
    device.wait_for("! systemctl is-active --quiet clients")
    for line in device.run("cat /tmp/answers").stdout.splitlines():
        status, code = map(int, line.split())
        seen.append((status, code))


def test_nobody_is_refused_while_the_gateway_is_restarted(served: Container) -> None:
    with clients(served) as seen:
        for _ in range(3):
            before = pid(served, UNIT)
            served.run(f"systemctl restart {UNIT}")
            wait_active(served, UNIT, before)
    assert (200, 0) in seen
    assert set(seen) == {(200, 0)}


def test_nobody_is_refused_while_the_gateway_is_killed(served: Container) -> None:
    with clients(served) as seen:
        wait_active(served, UNIT, kill(served, UNIT))
    assert REFUSED not in {code for _, code in seen}
    # Only who was being answered has lost his connection.
    assert len([status for status, _ in seen if status != 200]) <= 1


def test_nobody_is_refused_while_the_gateway_is_upgraded(served: Container, debs: Sequence[Path]) -> None:
    (deb,) = [deb for deb in debs if deb.name.startswith(f"{UNIT}_")]
    before = pid(served, UNIT)
    with clients(served) as seen:
        served.apt("install", "--reinstall", f"/var/tmp/debs/{deb.name}")
        wait_active(served, UNIT, before)
    assert set(seen) == {(200, 0)}


def test_who_comes_to_a_gateway_that_was_stopped_starts_it(served: Container) -> None:
    served.run(f"systemctl stop {UNIT}")
    assert show(served, UNIT, "ActiveState") == "inactive"
    assert curl(served, "http://127.0.0.1/healthz").status == 200
    assert show(served, UNIT, "ActiveState") == "active"


def test_masked_it_stays_away_and_its_ports_are_closed(served: Container) -> None:
    served.run(f"systemctl mask --now {UNIT} {' '.join(SOCKETS)}")
    assert served.run("curl --silent http://127.0.0.1/", check=False).code == REFUSED
    served.run(f"systemctl unmask {UNIT} {' '.join(SOCKETS)}; systemctl start {UNIT}")
    assert curl(served, "http://127.0.0.1/healthz").status == 200


def test_a_gateway_that_hangs_is_started_again(served: Container) -> None:
    served.put(b"[Service]\nWatchdogSec=1s\n", f"/run/systemd/system/{UNIT}.service.d/test.conf")
    served.run(f"systemctl daemon-reload; systemctl restart {UNIT}")
    before = pid(served, UNIT)
    served.run(f"kill -STOP {before}")
    wait_active(served, UNIT, before)
    served.run(f"rm /run/systemd/system/{UNIT}.service.d/test.conf; systemctl daemon-reload; systemctl restart {UNIT}")


def test_ports_and_protocols_are_changed_while_it_runs(served: Container) -> None:
    before = pid(served, UNIT)
    served.run("axioctl web configure --http-port 8080")
    served.wait_for("curl --silent --fail http://127.0.0.1:8080/healthz")
    # Port 80 is systemd's; nobody is left hanging there.
    assert curl(served, "http://127.0.0.1/healthz").status == 0
    assert "http at [::]:8080" in show(served, UNIT, "StatusText")
    served.run("axioctl web configure --http-port 80 --protocols https")
    served.wait_for("! curl --silent http://127.0.0.1:8080/healthz")
    assert curl(served, "http://127.0.0.1/healthz").status == 0
    strict = served.run("curl --silent --insecure --head https://127.0.0.1/healthz").stdout
    assert re.search(r"(?i)^strict-transport-security: max-age=\d{6,}", strict, re.MULTILINE)
    served.run("axioctl web configure --protocols both")
    served.wait_for("curl --silent --fail http://127.0.0.1/healthz")
    assert pid(served, UNIT) == before


def test_a_port_that_it_may_not_open_is_named_and_the_former_stays(served: Container) -> None:
    served.run("axioctl web configure --http-port 81")
    served.wait_for(f"systemctl show -P StatusText {UNIT} | grep -q 'cannot listen at port 81'")
    assert curl(served, "http://127.0.0.1/healthz").status == 200
    served.run("axioctl web configure --http-port 80")
    served.wait_for(f"! systemctl show -P StatusText {UNIT} | grep -q 'port 81'")


def test_with_all_of_axiod_its_ports_are_closed(fresh: Container) -> None:
    before = drives(fresh)
    fresh.run("systemctl stop axiod.target")
    fresh.wait_for("! systemctl is-active --quiet " + " && ! systemctl is-active --quiet ".join([UNIT, *SOCKETS]))
    assert fresh.run("curl --silent http://127.0.0.1/", check=False).code == REFUSED
    fresh.run("systemctl start axiod.target")
    wait_active(fresh, UNIT)
    assert curl(fresh, "http://127.0.0.1/healthz").status == 200
    assert drives(fresh) == before
    fresh.run("systemctl restart axiod.target")
    fresh.wait_for("curl --silent --fail http://127.0.0.1/healthz")
    assert drives(fresh) == before


def test_a_gateway_that_cannot_run_is_tried_again_later(fresh: Container) -> None:
    fresh.put(b"[Service]\nExecStart=\nExecStart=/bin/false\nRestartMaxDelaySec=100ms\n",
              f"/run/systemd/system/{UNIT}.service.d/test.conf")  # fmt: skip
    fresh.run(f"systemctl daemon-reload; systemctl restart {UNIT}", check=False)
    fresh.wait_for(f"systemctl is-active --quiet axiod-retry@{UNIT}.timer")
    assert show(fresh, UNIT, "ActiveState") == "failed"
    for unit in SERVICES:
        assert show(fresh, unit, "ActiveState") == "active"
    fresh.run(f"rm /run/systemd/system/{UNIT}.service.d/test.conf; systemctl daemon-reload; "
              f"systemctl reset-failed {UNIT} {' '.join(SOCKETS)}; systemctl start {UNIT}")  # fmt: skip
    assert curl(fresh, "http://127.0.0.1/healthz").status == 200
