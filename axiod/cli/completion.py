# SPDX-License-Identifier: Apache-2.0
"""axioctl completion: a script for the shell, made from the tree of commands. Ids are asked for while completing."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from axiod.cli.find import things
from axiod.cli.render import Result, said
from axiod.cli.tree import MODULES, Parser, build
from axiod.errors import AxiodError

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Iterator

    from axiod.cli.find import Thing
    from axiod.cli.objects import Kind
    from axiod.cli.remote import Remote

_SCRIPT = r"""# bash completion of axioctl, made by: axioctl completion bash
# To have it in every shell: axioctl completion bash >/etc/bash_completion.d/axioctl
# Global even when a function reads this file, as bash-completion does.
declare -gA _axioctl_commands=(
@COMMANDS@
)
declare -gA _axioctl_options=(
@OPTIONS@
)
declare -gA _axioctl_values=(
@VALUES@
)
_axioctl_takes_value=" @TAKES_VALUE@ "
_axioctl() {
    local current=${COMP_WORDS[COMP_CWORD]} path="" option="" word key
    local -i place=0 index
    COMPREPLY=()
    for ((index = 1; index < COMP_CWORD; index++)); do
        word=${COMP_WORDS[index]}
        if [[ $word == "=" ]]; then
            continue
        elif [[ -n $option ]]; then
            option=""
        elif [[ $_axioctl_takes_value == *" $word "* ]]; then
            option=$word
        elif [[ $word == -* ]]; then
            continue
        elif [[ " ${_axioctl_commands[${path:-axioctl}]} " == *" $word "* ]]; then
            path=${path:+$path }$word
        else
            place+=1
        fi
    done
    [[ $current == "=" ]] && current=""
    if [[ -n $option ]]; then
        key="${path:-axioctl} $option"
    elif [[ $current == -* ]]; then
        COMPREPLY=($(compgen -W "${_axioctl_options[${path:-axioctl}]} @EVERYWHERE@" -- "$current"))
        return
    elif [[ -n ${_axioctl_commands[${path:-axioctl}]} ]]; then
        COMPREPLY=($(compgen -W "${_axioctl_commands[${path:-axioctl}]}" -- "$current"))
        return
    else
        key="$path $place"
    fi
    word=${_axioctl_values[$key]}
    case $word in
        "ids "*) word=$("${COMP_WORDS[0]}" completion ids "${word#ids }" --timeout 1 2>/dev/null) ;;
        files) compopt -o filenames; COMPREPLY=($(compgen -f -- "$current")); return ;;
    esac
    COMPREPLY=($(compgen -W "$word" -- "$current"))
}
complete -F _axioctl axioctl
"""


def fill(group: Parser) -> None:
    """Add the verbs."""
    group.verb("bash", "print the script for bash", run=_bash, examples=["source <(axioctl completion bash)"])
    ids = group.verb("ids", "print the ids of all objects of a kind", run=_ids, hidden=True)
    ids.add_argument("kind", metavar="KIND", choices=[*MODULES, "terminal"])


async def _bash(_args: Namespace, _remote: Remote) -> Result:
    script = bash()
    return said(script, *script.splitlines())


async def _ids(args: Namespace, remote: Remote) -> Result:
    """Print ids; none when the service is away: nobody wants an error while typing."""
    try:
        found = [thing.id for thing in await _all(args.kind, remote)]
    except AxiodError:
        found = []
    return said(found, *found)


async def _all(kind: str, remote: Remote) -> list[Thing]:
    if kind == "terminal":
        from axiod.cli.sim import terminals

        return await terminals(remote)
    of: Kind = import_module(f"axiod.cli.{MODULES[kind]}").KIND
    return things(await remote.objects(of.service), of.interface)


def bash() -> str:
    """Return the script."""
    root = build()
    commands, options, values = [], [], []
    takes_value = {"--bus", "--timeout"}
    for path, parser in walk(root):
        arguments = list(parser.arguments())
        places = [action.dest for action in arguments if not action.option_strings]
        commands += [(path, " ".join(parser.verbs))] if parser.verbs else []
        long = [action.option_strings[-1] for action in arguments if action.option_strings]
        options += [(path, " ".join(long))] if long else []
        takes_value |= {
            action.option_strings[-1] for action in arguments if action.option_strings and action.nargs != 0
        }
        for action in arguments:
            if action.dest in parser.complete:
                key = action.option_strings[-1] if action.option_strings else str(places.index(action.dest))
                values.append((f"{path} {key}", parser.complete[action.dest]))
    script = _SCRIPT.replace("@TAKES_VALUE@", " ".join(sorted(takes_value)))
    script = script.replace("@EVERYWHERE@", "--bus --json --timeout --help")
    for name, rows in (("COMMANDS", commands), ("OPTIONS", options), ("VALUES", values)):
        script = script.replace(f"@{name}@", "\n".join(f'    ["{key}"]="{text}"' for key, text in rows))
    return script


def walk(parser: Parser, path: str = "") -> Iterator[tuple[str, Parser]]:
    """Yield every command that help speaks of; the path of the first is "axioctl", that of others is without it."""
    yield path or parser.prog, parser.fill()
    for name, verb in parser.verbs.items():
        yield from walk(verb, f"{path} {name}".strip())
