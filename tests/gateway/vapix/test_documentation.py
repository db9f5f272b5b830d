# SPDX-License-Identifier: Apache-2.0
"""Every example of docs/vapix.md, as it stands there, beside the answer that stands below it."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.gateway.web_device import PASSWORD

if TYPE_CHECKING:
    from collections.abc import Iterator

    from axiod.bus.client import Service
    from tests.gateway.vapix.conftest import Mqtt
    from tests.gateway.vapix.site import Site
    from tests.gateway.web_device import WebDevice

TEXT = (Path(__file__).parents[3] / "docs" / "vapix.md").read_text(encoding="utf-8")


def examples() -> Iterator[tuple[str, str]]:
    """Yield each command with what it shall write."""
    for block in re.findall(r"^```console\n(.*?)^```", TEXT, re.DOTALL | re.MULTILINE):
        for example in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, output = example.partition("\n")
            yield command, output


EXAMPLES = list(examples())
SETUP, *OTHERS = EXAMPLES


async def answer(web: WebDevice, command: str) -> str:
    """Run an example as somebody would type it, and return what comes back."""
    curl, *words = [word.replace("PASSWORD", PASSWORD) for word in shlex.split(command)]
    assert curl == "curl"
    target = words.pop()
    return (await web.curl(target.replace("http://device", web.http), *words)).body


def begins(found: Any, shown: Any) -> bool:
    """Whether JSON has everything that is shown of it."""
    if isinstance(shown, dict):
        return isinstance(found, dict) and all(name in found and begins(found[name], shown[name]) for name in shown)
    if isinstance(shown, list):
        return len(found) >= len(shown) and all(map(begins, found, shown))
    return bool(found == shown)


async def test_the_first_account(new_web: WebDevice) -> None:
    command, output = SETUP
    assert await answer(new_web, command) == output


async def test_all_others_in_their_order(site: Site, events: Service, mqtt: Mqtt) -> None:  # put back
    assert len(OTHERS) > 20
    number = ""
    for command, output in OTHERS:
        # N is the number that the answer before gave.
        found = await answer(site.web, command.replace(">N<", f">{number}<"))
        if output.startswith("{"):
            assert begins(json.loads(found), json.loads(output)), (command, found)
        elif output.startswith("..."):
            pattern = re.escape(output.strip().strip(".")).replace(">N<", r">(\d+)<")
            part = re.search(pattern, found)
            assert part, (command, found)
            number = part[1]
        else:
            assert found == output, command


@pytest.mark.parametrize(
    "name",
    [
        "apidiscovery.cgi", "systemready.cgi", "supervisedio.cgi", "usergroup.cgi", "virtualinput/activate.cgi",
        "io/virtualinput.cgi", "mqtt/client.cgi", "mqtt/event.cgi", "network_settings.cgi", "vapix/services",
    ],
)  # fmt: skip
def test_there_is_an_example_of_each_call(name: str) -> None:
    assert any(name in command for command, _ in EXAMPLES)
