# SPDX-License-Identifier: Apache-2.0
"""axioctl mqtt: the MQTT client, what it publishes, and what it subscribes to."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from axiod.bus import comments
from axiod.bus.arguments import plain_options
from axiod.bus.client import from_text
from axiod.cli import render, secret
from axiod.cli.configure import option
from axiod.cli.only import Only
from axiod.cli.render import Column, Result, said
from axiod.errors import Conflict, NotFound

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Mapping

    from axiod.bus.interface import Value
    from axiod.cli.remote import Remote
    from axiod.cli.render import Screen
    from axiod.cli.tree import Parser

_FILTERS = "Filters"
_FILTER = "TopicFilter"
_HELP = {
    "Qos": "the quality of service, 0 without it",
    "Retain": "what the broker keeps: nothing (without it), states, or everything",
    "UseDevicePrefix": "the prefix of the device stands before it",
    "Stateful": "the payload is a state, which rules can look at",
}


def _table(columns: tuple[tuple[Column, str], ...], values: Mapping[str, Any], screen: Screen) -> list[str]:
    rows = [[render.value(row.get(name)) for _, name in columns] for row in values.get(_FILTERS) or ()]
    if not rows:
        return ["no filters"]
    return ["", *render.table([column for column, _ in columns], rows, screen)]


CLIENT = Only(
    "mqtt",
    "org.axiod.events1.Mqtt",
    "how the broker is reached, and whether it is",
    setting="--host broker.example --protocol ssl",
)
PUBLICATION = Only(
    "mqtt publication",
    "org.axiod.events1.MqttPublication",
    "which events are published, and how",
    setting="--include-serial-number true",
    elsewhere=(_FILTERS,),
    more=partial(
        _table, ((Column("TOPIC FILTER", shrink=True), _FILTER), (Column("QOS"), "Qos"), (Column("RETAIN"), "Retain"))
    ),
)
SUBSCRIPTIONS = Only(
    "mqtt subscriptions",
    "org.axiod.events1.MqttSubscriptions",
    "which messages of the broker become events",
    elsewhere=(_FILTERS,),
    more=partial(
        _table,
        (
            (Column("TOPIC FILTER", shrink=True), _FILTER),
            (Column("PREFIX"), "UseDevicePrefix"),
            (Column("QOS"), "Qos"),
            (Column("STATEFUL"), "Stateful"),
        ),
    ),
)


def fill(group: Parser) -> None:
    """Add the verbs."""
    CLIENT.fill(group)
    for name, about, said_ in (
        (
            "Connect",
            "turn the client on",
            "the MQTT client is turned on; axioctl mqtt show says whether it is connected",
        ),
        ("Disconnect", "turn the client off", "the MQTT client is turned off"),
    ):
        verb = group.verb(name.lower(), about, run=partial(_do, name, said_), examples=[f"axioctl mqtt {name.lower()}"])
        verb.manual[""] = _text(CLIENT, name)
    change = group.verb(
        "set-password", "set the password for the broker", run=_set, examples=["axioctl mqtt set-password"]
    )
    secret.add_option(change)
    change.manual[""] = _text(CLIENT, "SetSecrets")
    group.verb("publication", "show and choose what is published", fill=partial(_fill_filters, PUBLICATION))
    group.verb("subscriptions", "show and choose what is subscribed to", fill=partial(_fill_filters, SUBSCRIPTIONS))


def _text(only: Only, method: str) -> str:
    comment = comments.read(only.interface)[method]
    return f"{comment.text} Errors: {comment.errors}"


def _fill_filters(only: Only, group: Parser) -> None:
    if only is PUBLICATION:
        only.fill(group, but=(_FILTERS,))
        example = "onvif:Device/axis:IO//."
    else:
        only.fill_show(group)
        example = "shed/+/state"
    about = comments.read(only.interface)[_FILTERS].text
    add = group.verb("add", "add a filter", run=partial(_add, only), examples=[f"axioctl {only.word} add '{example}'"])
    add.add_argument("filter", metavar="FILTER", help=f"which topics, for example {example}")
    for value in _fields(only).values():
        if value.name == _FILTER:
            continue
        if value.type == "b":
            add.add_argument(option(value), dest=value.name, action="store_true", help=_HELP[value.name])
        else:
            words = value.values or [str(number) for number in range(int(value.low or 0), int(value.high or 0) + 1)]
            add.add_argument(
                option(value), dest=value.name, metavar="{" + ",".join(words) + "}", help=_HELP[value.name]
            )
            add.complete[value.name] = " ".join(words)
    add.manual[""] = about
    remove = group.verb(
        "remove", "remove a filter", run=partial(_remove, only), examples=[f"axioctl {only.word} remove '{example}'"]
    )
    remove.add_argument("filter", metavar="FILTER", help=f"as axioctl {only.word} show has it")


def _fields(only: Only) -> Mapping[str, Value]:
    return only.members.configurable[_FILTERS].fields or {}


async def _do(method: str, text: str, _args: Namespace, remote: Remote) -> Result:
    await CLIENT.call(remote, method)
    return said({"Active": method == "Connect"}, text)


async def _set(args: Namespace, remote: Remote) -> Result:
    known = CLIENT.members.methods["SetSecrets"].inputs[0].options or {}
    password = from_text(known["Password"], secret.read(args, "password for the broker"))
    await CLIENT.call(remote, "SetSecrets", {"Password": password})
    return said({"Set": ["Password"]}, "the password for the broker is set")


async def _add(only: Only, args: Namespace, remote: Remote) -> Result:
    fields = _fields(only)
    new: dict[str, Any] = {_FILTER: args.filter}
    for name, value in fields.items():
        given = getattr(args, name, None)
        if given:
            new[name] = given if given is True else from_text(value, given)
    new = plain_options(fields, new, "option")
    present = list((await only.properties(remote))[_FILTERS])
    if any(each.get(_FILTER) == args.filter for each in present):
        raise Conflict(f"there is a filter {args.filter!r} already; remove it first: axioctl {only.word} remove")
    await only.call(remote, "Configure", {_FILTERS: [*present, new]})
    return said(new, f"{only.word}: {args.filter} is added")


async def _remove(only: Only, args: Namespace, remote: Remote) -> Result:
    present = list((await only.properties(remote))[_FILTERS])
    rest = [each for each in present if each.get(_FILTER) != args.filter]
    if len(rest) == len(present):
        there = ", ".join(str(each.get(_FILTER)) for each in present) or "none"
        raise NotFound(f"there is no filter {args.filter!r}; there is {there}")
    await only.call(remote, "Configure", {_FILTERS: rest})
    return said({_FILTER: args.filter, "Removed": True}, f"{only.word}: {args.filter} is removed")
