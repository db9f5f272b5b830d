# SPDX-License-Identifier: Apache-2.0
"""axioctl rule: what the device does by itself."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from axiod.bus import comments, topics
from axiod.bus import interface as contract
from axiod.bus.client import from_text
from axiod.cli import actions, conditions, render, replay
from axiod.cli.objects import Kind, add_id, outcome
from axiod.cli.only import Only
from axiod.cli.render import Column, Result, said
from axiod.cli.rule_names import Names
from axiod.cli.times import duration, milliseconds
from axiod.errors import AxiodError, InvalidArgument

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Mapping

    from axiod.cli.find import Thing
    from axiod.cli.remote import Remote
    from axiod.cli.render import Screen
    from axiod.cli.tree import Parser

KIND = Kind(
    word="rule",
    interface="org.axiod.events1.Rule",
    example="1",
    columns=(
        (Column("ID", right=True), ""),
        (Column("NAME", shrink=True), "Name"),
        (Column("ON"), "Enabled"),
        (Column("ACTIVE"), "Active"),
        (Column("TIMES", right=True), "Activations"),
        (Column("LAST", right=True), "LastActivatedUsec"),
        (Column("PROBLEM", only_filled=True, shrink=True), "Problem"),
    ),
    setting="",
    elsewhere=("Conditions", "Actions", "FirstIsTrigger", "WaitMs"),
)
RULES = Only("rules", "org.axiod.events1.Rules")
_WHEN = f"a condition: {conditions.FORM}"
_DO = "an action: what is done, then with what; see axioctl rule actions"
_CHECKED = ' What "axioctl rule check" finds of it is said at once; it is stored whatever that is.'
_EXAMPLE = "axioctl rule add Gate --when 'IO/Port port=io1' --do 'pulse relay1 2s'"


def fill(group: Parser) -> None:
    """Add the verbs."""
    KIND.fill(group, but=("show", "configure", "remove"))
    show = group.verb("show", "show what a rule does", run=_show, examples=["axioctl rule show 1"])
    add_id(show, "rule", "the rule: its id or its name")

    add = group.verb("add", "add a rule", run=_add, examples=[_EXAMPLE])
    add.add_argument("name", metavar="NAME", help="what people call it")
    _add_parts(add)
    add.add_argument("--off", action="store_true", help="it is not turned on yet")
    _explain(add, RULES.interface, "AddRule")
    add.manual[""] += _CHECKED

    configure = group.verb(
        "configure",
        "change a rule, all that is given or nothing",
        run=_configure,
        examples=["axioctl rule configure Gate --wait 30s --on"],
    )
    add_id(configure, "rule", "the rule: its id or its name")
    configure.add_argument("--name", metavar="NAME", help="what people call it")
    _add_parts(configure)
    configure.add_argument(
        "--on", action="store_true", help="turn it on again with the change, which else turns it off"
    )
    _explain(configure, KIND.interface, "Configure")
    configure.manual[""] += _CHECKED

    KIND.fill(group, but=("list", "show", "configure"))
    for name, enabled in (("enable", True), ("disable", False)):
        verb = group.verb(
            name, f"turn a rule {'on' if enabled else 'off'}", run=_turn(enabled), examples=[f"axioctl rule {name} 1"]
        )
        add_id(verb, "rule", "the rule: its id or its name")
    copy = group.verb(
        "copy", "add a rule like another one, turned off", run=_copy, examples=["axioctl rule copy 1 'Gate by day'"]
    )
    add_id(copy, "rule", "the rule: its id or its name")
    copy.add_argument("name", metavar="NAME", help="what people call the new one")

    check = group.verb("check", "look for rules that cannot work", run=_check, examples=["axioctl rule check"])
    _explain(check, RULES.interface, "Check")
    check.manual[""] += " The exit code is 1 where there are errors."
    explain = group.verb(
        "explain", "say why a rule is active or not", run=_explained, examples=["axioctl rule explain 'Gate at night'"]
    )
    add_id(explain, "rule", "the rule: its id or its name")
    replay.fill(group, RULES)
    group.verb("conditions", "list the events for conditions", run=_conditions, examples=["axioctl rule conditions"])
    group.verb("actions", "list how actions are written", run=_actions, examples=["axioctl rule actions"])


def _add_parts(verb: Parser) -> None:
    verb.add_argument("--when", metavar="CONDITION", action="append", help=f"{_WHEN}; once for each")
    verb.add_argument("--do", metavar="ACTION", action="append", help=f"{_DO}; once for each, in their order")
    verb.add_argument(
        "--first-is-trigger",
        metavar="{true,false}",
        choices=("true", "false"),
        help="the first condition only starts the rule; it stays active as long as the others hold",
    )
    verb.add_argument("--wait", metavar="TIME", help="the least time from one activation to the next, such as 30s")
    verb.complete["first_is_trigger"] = "true false"
    verb.manual["when"] = (
        f"A condition: {conditions.FORM}. An event is named by the end of its topic (axioctl rule conditions lists "
        "them), a port by its id or number, a schedule by its id or name. Without ITEM=VALUE for its state, a state of "
        f'on or off must be on. For example "{conditions.EXAMPLE}". All conditions of a rule must hold.'
    )
    verb.manual["do"] = (
        f"An action, one of: {'; '.join(actions.FORMS)}. Each may have {actions.OF_ALL} behind it. For example "
        f'"{actions.EXAMPLE}".'
    )


def _explain(verb: Parser, interface: str, method: str) -> None:
    comment = comments.read(interface)[method]
    errors = f" Errors: {comment.errors}" if comment.errors else ""
    verb.manual[""] = comment.text.replace(" in @changes", "") + errors


async def _parts(args: Namespace, remote: Remote) -> dict[str, Any]:
    """Return what the options say of a rule."""
    names = await Names.read(remote)
    found: dict[str, Any] = {}
    if args.when:
        found["Conditions"] = [conditions.read(text, names) for text in args.when]
    if args.do:
        found["Actions"] = [actions.read(text, names) for text in args.do]
    if args.first_is_trigger is not None:
        found["FirstIsTrigger"] = args.first_is_trigger == "true"
    if args.wait is not None:
        found["WaitMs"] = milliseconds(args.wait)
    return found


async def _add(args: Namespace, remote: Remote) -> Result:
    parts = await _parts(args, remote)
    if "Conditions" not in parts or "Actions" not in parts:
        missing = "--when" if "Conditions" not in parts else "--do"
        raise InvalidArgument(f"a rule needs at least one {missing}, for example: {_EXAMPLE}")
    inputs = contract.load(RULES.interface).methods["AddRule"].inputs
    name = from_text(inputs[0], args.name)
    given = [parts.pop("Conditions"), parts.pop("Actions")]
    options = parts | ({"Enabled": False} if args.off else {})
    id_ = await RULES.call(remote, "AddRule", name, *given, options)
    findings = await _findings(remote, id_)
    data = {"Id": id_, "Name": name, "Conditions": given[0], "Actions": given[1]} | options | {"Findings": findings}
    done = f"rule {id_} is added and turned {'off' if args.off else 'on'}: axioctl rule show {id_}"
    return said(data, done, *_told(findings))


async def _configure(args: Namespace, remote: Remote) -> Result:
    changes = await _parts(args, remote)
    if args.name is not None:
        changes["Name"] = from_text(KIND.members.configurable["Name"], args.name)
    if args.on:
        changes["Enabled"] = True
    if not changes:
        raise InvalidArgument("nothing to change; give at least one of --name, --when, --do, --wait, --on")
    thing = await KIND.named(remote, args)
    await remote.call(thing.path, KIND.interface, "Configure", changes)
    off = thing.get("Enabled") and not args.on and set(changes) != {"Name"}
    more = f"; it is turned off now, axioctl rule enable {thing.id} turns it on again" if off else ""
    findings = await _findings(remote, thing.id)
    return said(outcome(thing, **changes, Findings=findings), f"rule {thing.id} is changed{more}", *_told(findings))


async def _findings(remote: Remote, id_: str) -> list[dict[str, Any]]:
    """Return what "rule check" finds of a rule that was stored just now; what it is on may come later."""
    try:
        found: list[dict[str, Any]] = await RULES.call(remote, "Check")
    except AxiodError as error:
        return [{"Rule": id_, "Severity": "warning", "Text": f"it is stored, but could not be checked: {error}"}]
    return [finding for finding in found if finding["Rule"] == id_]


def _told(findings: list[dict[str, Any]]) -> list[str]:
    return [render.clean(f"{finding['Severity']}: {finding['Text']}") for finding in findings]


def _turn(enabled: bool) -> Any:
    async def run(args: Namespace, remote: Remote) -> Result:
        thing = await KIND.named(remote, args)
        await remote.call(thing.path, KIND.interface, "Configure", {"Enabled": enabled})
        return said(outcome(thing, Enabled=enabled), f"rule {thing.id} is turned {'on' if enabled else 'off'}")

    return run


async def _copy(args: Namespace, remote: Remote) -> Result:
    thing = await KIND.named(remote, args)
    name = from_text(KIND.members.methods["Copy"].inputs[0], args.name)
    id_ = await remote.call(thing.path, KIND.interface, "Copy", name)
    return said(outcome(thing, Copy=id_), f"rule {id_} is a copy of {thing.id}, turned off")


async def _show(args: Namespace, remote: Remote) -> Result:
    thing = await KIND.named(remote, args)
    names = await Names.read(remote)

    def lines(screen: Screen) -> list[str]:
        state = "turned on" if thing.get("Enabled") else "turned off"
        state += ", suspended" if thing.get("Suspended") else ", active" if thing.get("Active") else ", not active"
        times = render.counted(thing.get("Activations") or 0, "activation")
        last = thing.get("LastActivatedUsec")
        if last is not None:
            times += f", the last {render.age(last, screen.now_usec)} ago"
        head = f"rule {thing.id} {json.dumps(thing.get('Name'), ensure_ascii=False)}, {state}, {times}"
        shown = [render.clean(head), *words(thing, names)]
        problem = thing.get("Problem")
        return shown + ([screen.paint(f"  problem: {render.clean(problem)}", "33")] if problem else [])

    return Result(KIND.data(thing), lines)


def words(thing: Thing, names: Names) -> list[str]:
    """Return a rule in the words with which it is added."""
    found = []
    trigger = thing.get("FirstIsTrigger")
    for number, condition in enumerate(thing.get("Conditions") or ()):
        start = "and " if number else "when"
        note = "  (only starts it)" if trigger and not number else ""
        found.append(f"  {start}  {conditions.write(condition, names)}{note}")
    for number, action in enumerate(thing.get("Actions") or ()):
        found.append(f"  {'then' if number else 'do  '}  {actions.write(action, names)}")
    if thing.get("WaitMs"):
        found.append(f"  wait  {duration(thing.get('WaitMs'))} from one activation to the next")
    return [render.clean(line.replace("\n", "\\n")) for line in found]


async def _check(_args: Namespace, remote: Remote) -> Result:
    findings: list[dict[str, Any]] = await RULES.call(remote, "Check")
    named = {thing.id: str(thing.get("Name")) for thing in await KIND.all(remote)} if findings else {}

    def lines(screen: Screen) -> list[str]:
        if not findings:
            return ["no rule has a problem that can be seen without running it"]
        shown = []
        for finding in findings:
            severity = finding["Severity"]
            head = screen.paint(severity, "31" if severity == "error" else "33")
            shown.append(f"{head}: rule {finding['Rule']} {render.clean(named.get(finding['Rule'], ''))}".rstrip())
            shown += render.paragraph(str(finding["Text"]), screen)
        return shown

    return Result(findings, lines, code=int(any(finding["Severity"] == "error" for finding in findings)))


async def _explained(args: Namespace, remote: Remote) -> Result:
    thing = await KIND.named(remote, args)
    text, found = await remote.call(thing.path, KIND.interface, "Explain")
    return Result(
        outcome(thing, Text=text, Conditions=found), lambda _screen: [render.clean(line) for line in text.splitlines()]
    )


async def _conditions(_args: Namespace, _remote: Remote) -> Result:
    def items(among: Any) -> str:
        return " ".join(f"{item.name}={_values(item)}" for item in among) or render.ABSENT

    rows = [[conditions.short(each.name), items(each.source), items(each.data)] for each in topics.TOPICS]
    columns = (Column("EVENT"), Column("SOURCE"), Column("DATA", shrink=True))
    data: list[Mapping[str, Any]] = [
        {
            "Topic": each.name,
            "Event": conditions.short(each.name),
            "Source": {item.name: item.range for item in each.source},
            "Data": {item.name: item.range for item in each.data},
            "Stateful": each.stateful,
        }
        for each in topics.TOPICS
    ]
    return Result(data, lambda screen: render.table(columns, rows, screen))


def _values(item: topics.Item) -> str:
    if item.kind is topics.Kind.BOOLEAN:
        return "0|1"
    if item.kind is topics.Kind.WORD:
        return "|".join(item.words)
    return "N" if item.kind is topics.Kind.NUMBER else "TEXT"


async def _actions(_args: Namespace, _remote: Remote) -> Result:
    def lines(screen: Screen) -> list[str]:
        shown = [line for form in actions.FORMS for line in render.paragraph(form, screen)]
        return ["one of:", *shown, "each may have behind it:", *render.paragraph(actions.OF_ALL, screen)]

    return Result({"Actions": list(actions.FORMS), "Options": actions.OF_ALL}, lines)
