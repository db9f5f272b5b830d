# SPDX-License-Identifier: Apache-2.0
"""The tree of commands: parsers that are filled in when they are needed, and that know how they are completed."""

from __future__ import annotations

import argparse
import itertools
import textwrap
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, NoReturn

from axiod import __version__
from axiod.cli import mistaken
from axiod.errors import InvalidArgument

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, Sequence

    from axiod.cli.remote import Remote
    from axiod.cli.render import Result

    Handler = Callable[[argparse.Namespace, Remote], Awaitable[Result | None]]

CALL_SECONDS = 5.0

GROUPS = {
    "status": "show what runs and how it is",
    "port": "show, switch and configure the I/O ports",
    "relay": "show, switch and configure the relays",
    "alarm": "show and configure the alarms of the device itself",
    "led": "show the LEDs, light them and give them back",
    "rule": "show, add and change the rules, and see why they act",
    "schedule": "show, add and change the schedules for rules",
    "trigger": "show and switch the manual triggers",
    "virtual-input": "show and switch the virtual inputs",
    "recipient": "show, add and try who is told and where files go",
    "mqtt": "show and configure the MQTT client",
    "bus": "show and configure the fieldbus ports, and speak to units",
    "sensor": "show, add and configure the Modbus sensors",
    "template": "show, export and upload what is known of kinds of sensors",
    "watch": "follow what happens, one line for each event",
    "sim": "play the wires and the bus of the simulated board",
    "device": "show what this device is",
    "account": "show, add and change the accounts of the network",
    "token": "show, make and revoke the tokens of programs",
    "access": "show and configure who may enter over the network",
    "web": "show and configure HTTP and HTTPS",
    "network": "show and configure addresses and names; try changes that come back by themselves",
    "firewall": "show and change which packets the device takes; try that for a time",
    "dynamic-dns": "show and configure the name that the device registers with the DNS server",
    "proxy": "show and configure the proxies by which the device reaches web servers",
    "discovery": "show and configure how the device is found, and see what it is connected to",
    "dot1x": "show and configure network access control (IEEE 802.1X) and MACsec",
    "blocking": "show and configure how guessing passwords is stopped",
    "certificate": "show, make and install certificates",
    "log": "show what happened: events, the system log, the access log and the audit log",
    "board": "show, check or choose the board profile",
    "completion": "print a completion script for the shell",
}
"""Commands, and what they do. Each is the module of that name or that of MODULES, whose fill() says the rest."""

MODULES = {
    "port": "ports",
    "relay": "relays",
    "alarm": "alarms",
    "led": "leds",
    "rule": "rules",
    "schedule": "schedules",
    "trigger": "triggers",
    "virtual-input": "inputs",
    "recipient": "recipients",
    "bus": "buses",
    "sensor": "sensors",
    "template": "templates",
    "account": "accounts",
    "token": "tokens",
    "certificate": "certificates",
    "dot1x": "dot1x",
    "dynamic-dns": "dynamic_dns",
}
"""The commands whose module is called otherwise: those of one kind of object, which the module has as KIND."""

INTRODUCTION = """
axioctl shows and switches what a network I/O relay module has: I/O ports, relays and alarms; says what it does by
itself; and who may reach it over the network. It speaks to the services of axiod over D-Bus and keeps nothing itself:
whatever it does, any other D-Bus client can do too.
"""

FIRST = """
first commands to try:
  axioctl status                          is everything running, and well?
  axioctl port list                       the I/O ports and their states
  axioctl relay on relay1                 switch a relay on
  axioctl watch                           see what happens while it happens
  axioctl port --help                     what can be done with a port
  axioctl rule add --help                 what the device shall do by itself
  axioctl account add anna administrator  the first account of the network

An ID is what `list` shows as ID ("io1"), the printed terminal ("I/O 1",
"io-1"), the name you gave it, or the VAPIX number ("#7" or "7").

manual: man axioctl (in a checkout: man -l docs/man/axioctl.1)
the D-Bus interfaces below it: docs/dbus/, busctl tree org.axiod.io1
"""

_WIDTH = 78
_ELSEWHERE = "options of every command (--bus, --json, --timeout): see axioctl --help"


class Parser(argparse.ArgumentParser):
    """The parser of one command."""

    def __init__(
        self,
        *args: Any,
        fill: Callable[[Parser], None] | None = None,
        examples: Sequence[str] = (),
        **kwargs: Any,
    ) -> None:
        kwargs.setdefault("formatter_class", argparse.RawDescriptionHelpFormatter)
        kwargs.setdefault("allow_abbrev", False)
        super().__init__(*args, **kwargs)
        self._fill = fill
        self.examples = examples
        self.complete: dict[str, str] = {}
        """How the argument with this dest is completed: "ids WORD", "files", or the words themselves."""
        self.manual: dict[str, str] = {}
        """What the manual says of the argument with this dest, where that is more than its help; "" is the command."""
        self.verbs: dict[str, Parser] = {}
        """The commands below this one that help speaks of."""
        self._verbs: Any = None
        self._given: list[str] = []

    def verb(
        self,
        name: str,
        about: str,
        *,
        fill: Callable[[Parser], None] | None = None,
        run: Handler | None = None,
        examples: Sequence[str] = (),
        hidden: bool = False,
    ) -> Parser:
        """Add a command below this one."""
        if self._verbs is None:
            self._verbs = self.add_subparsers(title="commands", metavar="COMMAND", prog=self.prog)
        shown = {} if hidden else {"help": escape(about)}
        verb: Parser = self._verbs.add_parser(
            name,
            parents=[_everywhere(shown=False)],
            description=escape(textwrap.fill(sentence(about), _WIDTH)),
            fill=fill,
            examples=examples,
            **shown,
        )
        verb.set_defaults(run=run, parser=verb)
        if not hidden:
            self.verbs[name] = verb
        return verb

    def fill(self) -> Parser:
        """Add what was left until now, because reading it takes time."""
        fill, self._fill = self._fill, None
        if fill:
            fill(self)
        return self

    def arguments(self) -> Iterator[argparse.Action]:
        """Yield the arguments and options of this command alone."""
        everywhere = {"help", *(action.dest for action in _everywhere()._actions)}
        for action in self.fill()._actions:
            if action.dest not in everywhere and not isinstance(action, argparse._SubParsersAction):
                yield action

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Parse, after filling in what was left; what is not known is refused by the command that it is given to."""
        self.fill()
        self._given = list(args)
        if self._verbs is None:  # before a word behind an unknown option is taken for something else
            for word in itertools.takewhile(lambda word: word != "--", self._given):
                name = word.partition("=")[0]
                if word.startswith("--") and " " not in word and name not in self._option_string_actions:
                    self.error(mistaken.option(self, name))
        found, extra = super().parse_known_args(args, namespace)
        name = extra[0].partition("=")[0] if extra else ""
        if name.startswith("--") and name not in self._option_string_actions:  # which it is behind a lone "--"
            self.error(mistaken.option(self, name))
        if extra:
            self.error(f"unrecognized arguments: {' '.join(extra)}")
        return found, extra

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        if action.choices is None or value in action.choices:
            return
        if isinstance(action, argparse._SubParsersAction):
            self.error(mistaken.command(self, str(value), self._given))
        name = (action.option_strings or [action.dest])[-1]
        self.error(f"{name} is {str(value)[:40]!r}; it must be one of {', '.join(action.choices)}")

    def format_help(self) -> str:
        """Return the help text, after filling in what was left."""
        self.usage = escape(self.synopsis())
        if self.epilog is None:
            examples = [f"  {line}" for line in self.examples]
            self.epilog = escape("\n".join(["example:", *examples, ""] if examples else []) + _ELSEWHERE)
        return super().format_help()

    def synopsis(self) -> str:
        """Return the command as it is written."""
        arguments = list(self.arguments())
        if self._verbs is not None:
            return f"{self.prog} [OPTION ...] COMMAND ..."
        words = [self.prog]
        for action in arguments:
            if not action.option_strings:
                words.append(f"[{action.metavar}]" if action.nargs == "?" else str(action.metavar))
        if any(action.option_strings for action in arguments):
            words.append("[OPTION ...]")
        return " ".join(words)

    def error(self, message: str) -> NoReturn:
        """Refuse the command line; raises InvalidArgument."""
        raise InvalidArgument(f"{message}{' See' if message.endswith('?') else '; see'} {self.prog} --help")


def sentence(text: str) -> str:
    """Return a text with a capital and a full stop."""
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "?")) else ".")


def escape(text: str) -> str:
    """Keep argparse from reading a percent sign."""
    return text.replace("%", "%%")


def build() -> Parser:
    """Return the whole tree."""
    everywhere = _everywhere()
    root = Parser(
        prog="axioctl",
        description=textwrap.fill(INTRODUCTION.strip(), _WIDTH),
        epilog=FIRST.strip(),
        parents=[everywhere],
    )
    root.add_argument("--version", action="version", version=f"axioctl {__version__}", help="print the version")
    root.set_defaults(bus=None, json=False, timeout=CALL_SECONDS, run=None, parser=root)
    for name, about in GROUPS.items():
        module = f"axiod.cli.{MODULES.get(name, name)}"
        if find_spec(module):  # the simulated board is a package of its own
            root.verb(name, about, fill=_filler(module))
    return root


def _filler(module: str) -> Callable[[Parser], None]:
    def fill(parser: Parser) -> None:
        import_module(module).fill(parser)

    return fill


def _everywhere(*, shown: bool = True) -> argparse.ArgumentParser:
    """Return the options that are understood before and after the command."""
    # Without a default of their own they do not undo, after the command, what was given before it.
    parser = argparse.ArgumentParser(add_help=False, argument_default=argparse.SUPPRESS)
    options = parser.add_argument_group("options of every command")
    options.add_argument(
        "--bus",
        metavar="ADDRESS",
        help="the D-Bus to use, for example unix:path=/run/dbus/system_bus_socket; the system bus without it",
    )
    options.add_argument("--json", action="store_true", help="print JSON, with the names of the D-Bus interfaces")
    options.add_argument(
        "--timeout",
        metavar="SECONDS",
        type=_seconds,
        help=f"how long to wait for an answer, {CALL_SECONDS:g} without it; what was not done by then is never done",
    )
    if not shown:
        for action in parser._actions:
            action.help = argparse.SUPPRESS
    return parser


def _seconds(text: str) -> float:
    value = float(text)
    if not 0 < value < 1e6:
        raise ValueError
    return value


_seconds.__name__ = "number of seconds"  # argparse says so of a wrong one
