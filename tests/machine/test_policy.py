# SPDX-License-Identifier: Apache-2.0
"""Who may do what on the bus of a device, tried with real users against each line of the installed policies."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.machine.board import choose_board, drives, properties

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.machine.container import Container

POLICIES = sorted((Path(__file__).parents[2] / "dbus-policy").glob("*.conf"))
INTERFACES = sorted((Path(__file__).parents[2] / "axiod" / "interfaces").glob("*.xml"))
SERVICES = ("events1", "fieldbus1", "io1", "network1", "relays1", "sensors1", "sim1", "system1")
PEOPLE = {"a-viewer": "", "an-operator": "axiod-operator", "an-administrator": "axiod-admin", "a-gpio-user": "gpio"}
"""Users that the tests make, each with the group that he is in."""
DAEMONS = ("axiod-events", "axiod-fieldbus", "axiod-io", "axiod-relays", "axiod-sensors", "axiod-sim", "axiod-system")
USERS = (*PEOPLE, "root", "axiod-gateway", *DAEMONS)
GROUPS = PEOPLE | {"axiod-events": "axiod-operator", "axiod-sensors": "axiod-operator"}
OPERATORS = ("an-operator", "an-administrator", "root", "axiod-gateway", "axiod-events", "axiod-sensors")
OBJECTS = {
    # There is none of those that can be removed without an argument.
    **{
        f"org.axiod.events1.{name}": f"/org/axiod/events1/{path}"
        for name, path in {
            "ActionConfiguration": "action_configuration/0",
            "EventLog": "log",
            "Mqtt": "mqtt",
            "MqttPublication": "mqtt_publication",
            "MqttSubscriptions": "mqtt_subscriptions",
            "Recipient": "recipient/0",
            "Recipients": "recipients",
            "Rule": "rule/0",
            "Rules": "rules",
            "Schedule": "schedule/none",
            "Schedules": "schedules",
            "Trigger": "trigger/1",
            "VirtualInput": "input/1",
        }.items()
    },
    # A serial port of the board: nobody can remove it.
    "org.axiod.fieldbus1.Port": "/org/axiod/fieldbus1/port/rs485",
    "org.axiod.fieldbus1.Monitor": "/org/axiod/fieldbus1/port/rs485",
    "org.axiod.fieldbus1.Ports": "/org/axiod/fieldbus1/ports",
    "org.axiod.io1.Port": "/org/axiod/io1/port/io1",
    "org.axiod.io1.Alarm": "/org/axiod/io1/alarm/tamper",
    "org.axiod.io1.Led": "/org/axiod/io1/led/status",
    "org.axiod.network1.Firewall": "/org/axiod/network1/firewall",
    "org.axiod.network1.Host": "/org/axiod/network1/host",
    "org.axiod.network1.Interface": "/org/axiod/network1/interface/eth0",
    "org.axiod.network1.Trial": "/org/axiod/network1/trial",
    "org.axiod.relays1.Relay": "/org/axiod/relays1/relay/relay1",
    "org.axiod.sensors1.History": "/org/axiod/sensors1/history",
    "org.axiod.sensors1.Scan": "/org/axiod/sensors1/scan",
    "org.axiod.sensors1.Sensor": "/org/axiod/sensors1/sensor/none",
    "org.axiod.sensors1.Sensors": "/org/axiod/sensors1/sensors",
    "org.axiod.sensors1.Template": "/org/axiod/sensors1/template/hugo",
    "org.axiod.sensors1.Templates": "/org/axiod/sensors1/templates",
    "org.axiod.sim1.Bus": "/org/axiod/sim1/bus/rs485",
    "org.axiod.sim1.Drive": "/org/axiod/sim1/terminal/relay1",
    "org.axiod.sim1.Unit": "/org/axiod/sim1/bus/rs485/unit/0",
    "org.axiod.sim1.Wire": "/org/axiod/sim1/terminal/input1",
    # The last administrator, and the certificate that HTTPS presents: nobody can remove them. There is no token.
    "org.axiod.system1.Account": "/org/axiod/system1/account/keeper",
    "org.axiod.system1.Certificate": "/org/axiod/system1/certificate/device",
    "org.axiod.system1.Token": "/org/axiod/system1/token/none",
    **{
        f"org.axiod.system1.{name}": f"/org/axiod/system1/{name.lower()}"
        for name in ("Access", "Blocking", "Certificates", "Device", "Web")
    },
}
OWNERS = {"network1": "root"}
"""The user of a service that is not called as the service is."""
TOGGLE = "busctl call org.axiod.relays1 /org/axiod/relays1/relay/relay1 org.axiod.relays1.Relay Toggle 'a{sv}' 0"
ANSWERED = re.compile(
    r"method return|Error org\.axiod\.Error\.(?!NotAuthorized)|Error org\.freedesktop\.DBus\.Error\."
    r"(InvalidArgs|UnknownMethod|UnknownInterface|UnknownObject)"
)
REFUSED_BY_BUS = "org.freedesktop.DBus.Error.AccessDenied: Rejected send message"


@dataclass(frozen=True, slots=True)
class Rule:
    """One line of a policy."""

    who: dict[str, str]
    """The attribute of the policy that it stands in: context, group or user."""
    allows: bool
    what: dict[str, str]


@dataclass(frozen=True, slots=True)
class Call:
    """A method of a service."""

    service: str
    interface: str
    member: str

    @property
    def path(self) -> str:
        """An object that has it."""
        return OBJECTS.get(self.interface, "/" + self.service.replace(".", "/"))

    def sent(self) -> str:
        """Return a command that calls it without arguments, which changes nothing, and prints what came back."""
        return f"dbus-send --system --print-reply --dest={self.service} {self.path} {self.interface}.{self.member} 2>&1"


def rules(service: str) -> list[Rule]:
    """Return the rules of a service, as its policy file has them."""
    (file,) = [file for file in POLICIES if file.stem == f"axiod-{service.rstrip('1')}"]
    found = []
    for policy in ET.parse(file).getroot():
        found += [Rule(dict(policy.attrib), rule.tag == "allow", dict(rule.attrib)) for rule in policy]
    return found


def roles() -> dict[tuple[str, str], str]:
    """Return the role that each method of the contract needs."""
    return {
        (interface.get("name", ""), method.get("name", "")): annotation.get("value", "")
        for file in INTERFACES
        for interface in ET.parse(file).getroot().iter("interface")
        for method in interface.iter("method")
        for annotation in method.findall("annotation")
        if annotation.get("name") == "org.axiod.Role"
    }


def calls(service: str) -> list[Call]:
    """Return each call that a policy names or the contract has, and some that nobody has."""
    name = f"org.axiod.{service}"
    named = {(rule.what["send_interface"], rule.what.get("send_member", "Ping")) for rule in rules(service)
             if "send_interface" in rule.what}  # fmt: skip
    own = {(interface, member) for interface, member in roles() if interface.startswith(f"{name}.")}
    others = {
        ("org.freedesktop.DBus.Properties", "Set"),
        ("org.axiod.Service1", "Stop"),
        (f"{name}.Unheard", "Of"),
        ("org.freedesktop.DBus.Peer", "GetMachineId"),
    }
    return [Call(name, *which) for which in sorted(named | own | others)]


def may(user: str, call: Call) -> bool:
    """Return whether the policy lets a user call: the last rule that fits counts; users come after groups."""
    group = GROUPS.get(user, user)
    allowed = False
    for kind, value in (("context", "default"), ("group", group), ("user", user)):
        for rule in rules(call.service.rpartition(".")[2]):
            fits = rule.what.get("send_interface", call.interface) == call.interface
            fits = fits and rule.what.get("send_member", call.member) == call.member
            if rule.who == {kind: value} and rule.what.get("send_destination") == call.service and fits:
                allowed = rule.allows
    return allowed


@pytest.fixture(scope="module")
def bus(device: Container) -> Iterator[Container]:
    """A device with a board, and people."""
    choose_board(device)
    device.run("echo 'Pass word1' | axioctl account add keeper administrator --password-stdin")
    for user, group in PEOPLE.items():
        device.run(f"useradd {user} {f'--groups {group}' if group else ''}")
    yield device
    assert drives(device)["relay1"].held


def test_the_installed_policies_are_those_that_are_tried_here(bus: Container) -> None:
    assert len(POLICIES) == len(SERVICES)
    for file in POLICIES:
        assert bus.get(f"/usr/share/dbus-1/system.d/{file.name}") == file.read_bytes()


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize("user", USERS)
def test_each_line_of_a_policy_holds(bus: Container, user: str, service: str) -> None:
    wanted = calls(service)
    done = bus.run("; ".join(f"echo '==='; {call.sent()}" for call in wanted), check=False, user=user)
    replies = done.stdout.split("===\n")[1:]
    allowed = {call for call, reply in zip(wanted, replies, strict=True) if REFUSED_BY_BUS not in reply}
    assert allowed == {call for call in wanted if may(user, call)}
    for call, reply in zip(wanted, replies, strict=True):
        if call in allowed:
            # The service itself answered: it is there, and found the caller to have the role, too.
            assert ANSWERED.match(reply), (call, reply)


def test_the_roles_of_the_contract_are_what_the_bus_enforces() -> None:
    for (interface, member), role in roles().items():
        for service in SERVICES:
            name = f"org.axiod.{service}"
            if interface.startswith((f"{name}.", "org.axiod.EventSource1")):
                call = Call(name, interface, member)
                assert may("a-viewer", call) is (role == "viewer"), call
                assert may("an-operator", call) is (role in ("viewer", "operator")), call
                assert may("an-administrator", call) is (role != "gateway"), call
                assert may("axiod-gateway", call), call
                assert may("root", call), call


SECRETS = (
    ("access", "Access", "Credentials", "s keeper", ()),
    ("access", "Access", "VerifyPassword", "ss keeper 'Pass word1'", ()),
    ("access", "Access", "VerifyToken", "s axiod_x", ()),
    ("blocking", "Blocking", "Report", "ss 192.0.2.7 /", ()),
    ("certificate/device", "Certificate", "Key", "", ("axiod-events",)),
)
"""Object, interface, method and arguments of what is for the gateway alone, and who else may have it."""


@pytest.mark.parametrize("user", USERS)
def test_what_the_gateway_needs_to_check_passwords_is_for_it_alone(bus: Container, user: str) -> None:
    for path, interface, method, arguments, others in SECRETS:
        name = f"org.axiod.system1.{interface}"
        done = bus.run(
            f"busctl call org.axiod.system1 /org/axiod/system1/{path} {name} {method} {arguments}",
            check=False,
            user=user,
        )
        if user in ("root", "axiod-gateway", *others):
            assert "denied" not in done.stderr
            assert done.code == 0 or method == "VerifyToken", done.stderr
        else:
            assert (done.stdout, done.stderr) == ("", "Call failed: Access denied\n"), method


@pytest.mark.parametrize("user", USERS)
def test_the_password_of_a_proxy_is_for_those_who_send_alone(bus: Container, user: str) -> None:
    bus.run("axioctl proxy configure --http-proxy http://joe:secret@192.0.2.1:3128")
    call = "busctl call org.axiod.network1 /org/axiod/network1/proxy org.axiod.network1.Proxy ProxyFor ss"
    done = bus.run(f"{call} http example.org", check=False, user=user)
    if user in ("root", "axiod-gateway", "axiod-events"):
        assert done.stdout == 's "http://joe:secret@192.0.2.1:3128"\n', done.stderr
    else:
        assert (done.stdout, done.stderr) == ("", "Call failed: Access denied\n")
    assert "secret" not in bus.run("axioctl proxy show", user=user).stdout
    bus.run("axioctl proxy configure --http-proxy ''")


@pytest.mark.parametrize("user", USERS)
def test_only_administrators_make_accounts(bus: Container, user: str) -> None:
    may_add = user in ("an-administrator", "root", "axiod-gateway")
    name = user.replace("-", "")[:14]
    command = f"echo 'Pass word1' | axioctl account add {name} viewer --password-stdin"
    done = bus.run(command, check=False, user=user)
    assert (done.code == 0) is may_add, done.stderr
    if may_add:
        bus.run(f"axioctl account remove {name}", user=user)
    else:
        assert (done.code, "the group axiod-admin may" in done.stderr) == (4, True)


@pytest.mark.parametrize("user", USERS)
def test_only_operators_and_those_above_switch_a_relay(bus: Container, user: str) -> None:
    may_switch = user in OPERATORS
    before = drives(bus)["relay1"].moves
    done = bus.run(TOGGLE, check=False, user=user)
    assert (done.code == 0) is may_switch, done.stderr
    assert drives(bus)["relay1"].moves == before + may_switch
    if not may_switch:
        assert done.stderr == "Call failed: Access denied\n"


def test_everybody_reads_and_nobody_sets_a_property(bus: Container) -> None:
    get = "busctl get-property org.axiod.relays1 /org/axiod/relays1/relay/relay1 org.axiod.relays1.Relay Number"
    put = f"{get.replace('get-', 'set-', 1)} u 7"
    for user in USERS:
        assert bus.run(get, user=user).stdout == "u 0\n"
        refused = bus.run(put, user=user, check=False)
        assert refused.code != 0
        assert "denied" in refused.stderr or "changes are methods" in refused.stderr
    assert bus.run(get).stdout == "u 0\n"


@pytest.mark.parametrize("user", USERS)
def test_only_the_user_of_a_service_can_have_its_name(bus: Container, user: str) -> None:
    # Flag 4: do not wait in the queue. 3: somebody else has it, which only he is told who could have had it.
    own = "busctl call org.freedesktop.DBus /org/freedesktop/DBus org.freedesktop.DBus RequestName su {} 4"
    for service in SERVICES:
        done = bus.run(own.format(f"org.axiod.{service}"), user=user, check=False)
        if user == OWNERS.get(service, f"axiod-{service.rstrip('1')}"):
            # 1: nobody had it, because the service exits when it is idle.
            assert done.stdout == "u 3\n" or (done.stdout, service) == ("u 1\n", "network1")
        else:
            assert (done.stdout, done.stderr) == ("", "Call failed: Access denied\n")
    if user != "root":
        assert bus.run(own.format("org.axiod.io2"), user=user, check=False).stderr == "Call failed: Access denied\n"


def test_nobody_but_root_listens_to_what_others_say(bus: Container) -> None:
    for user in USERS:
        done = bus.run("timeout 1 busctl monitor org.axiod.relays1", user=user, check=False)
        if user == "root":
            assert "BecomeMonitor failed" not in done.stderr
        else:
            assert "BecomeMonitor failed: Access denied" in done.stderr, user


def test_who_is_an_operator_no_more_has_no_role_in_his_next_connection(bus: Container) -> None:
    bus.run("useradd --groups axiod-operator former")
    bus.run(TOGGLE, user="former")
    bus.run("gpasswd --delete former axiod-operator")
    before = drives(bus)["relay1"].moves
    assert bus.run(TOGGLE, user="former", check=False).stderr == "Call failed: Access denied\n"
    assert drives(bus)["relay1"].moves == before


def test_who_becomes_an_operator_is_one_in_his_next_connection(bus: Container) -> None:
    bus.run("useradd coming")
    assert bus.run(TOGGLE, user="coming", check=False).code != 0
    bus.run("usermod --append --groups axiod-operator coming")
    bus.run(TOGGLE, user="coming")


@pytest.mark.parametrize("user", ["a-viewer", "axiod-io"])
def test_events_and_changed_properties_reach_who_may_only_read(bus: Container, user: str) -> None:
    relay = "/org/axiod/relays1/relay/relay1"
    for path, interface, signal in (
        ("/org/axiod/relays1", "org.axiod.EventSource1", "Event"),
        (relay, "org.freedesktop.DBus.Properties", "PropertiesChanged"),
    ):
        active = properties(bus, "relay relay1")["Active"]
        bus.run(f"rm -f /tmp/heard; systemd-run --quiet --unit=switching sh -c 'until [ -e /tmp/heard ]; do {TOGGLE}; "
                "sleep 0.2; done'".replace("'a{sv}'", '"a{sv}"'))  # fmt: skip
        waiting = f"timeout 20 busctl wait org.axiod.relays1 {path} {interface} {signal}"
        heard = bus.run(waiting, user=user).stdout
        bus.run("touch /tmp/heard")
        bus.wait_for("! systemctl is-active --quiet switching")
        assert "Relay" in heard
        if properties(bus, "relay relay1")["Active"] != active:
            bus.run(TOGGLE)


def test_axioctl_says_of_which_group_one_must_be(bus: Container) -> None:
    assert "relay1 is" in bus.run("axioctl relay toggle relay1", user="an-operator").stdout
    refused = bus.run("axioctl relay toggle relay1", user="a-viewer", check=False)
    assert refused.code != 0
    assert "axiod-operator" in refused.stderr
