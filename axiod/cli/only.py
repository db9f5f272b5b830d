# SPDX-License-Identifier: Apache-2.0
"""The verbs of what there is one of: device, access, web, blocking. They follow from the contract, too."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from axiod.bus import comments
from axiod.bus import interface as contract
from axiod.cli import render
from axiod.cli.configure import add_options, given
from axiod.cli.find import Thing
from axiod.cli.objects import configured, shown_properties
from axiod.cli.render import Result

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Callable, Collection, Mapping

    from axiod.cli.remote import Remote
    from axiod.cli.render import Screen
    from axiod.cli.tree import Parser


@dataclass(frozen=True, slots=True)
class Only:
    """One object of which there are no others."""

    word: str
    """How its command is called; its object is called so, too, with "_" for a space."""
    interface: str
    about: str = ""
    """What its `show` shows."""
    setting: str = ""
    """An option and its value, for the example of configure."""
    elsewhere: tuple[str, ...] = ()
    """Properties that `more` shows."""
    place: str = ""
    """What its object is called where that does not follow from the word."""
    more: Callable[[Mapping[str, Any], Screen], list[str]] | None = None
    """Lines below the record of properties."""

    @property
    def path(self) -> str:
        """Its object."""
        return (
            "/" + self.interface.rpartition(".")[0].replace(".", "/") + f"/{self.place or self.word.replace(' ', '_')}"
        )

    @property
    def members(self) -> contract.Interface:
        """What the contract says of it."""
        return contract.load(self.interface)

    def fill(self, group: Parser, but: Collection[str] = ()) -> None:
        """Add the verbs: show, and configure where something can be; `but`: settings that other verbs are for."""
        show = self.fill_show(group)
        if not self.members.configurable:
            group.set_defaults(run=self._show)  # there is nothing else that the command could mean
            show.manual[""] += f" Without show, axioctl {self.word} does the same."
        else:
            configure = group.verb("configure", "change settings, all that are given or none", run=self._configure)
            configure.examples = [f"axioctl {self.word} configure {self.setting}"]
            comment = comments.read(self.interface)["Configure"]
            configure.manual[""] = f"{comment.text.replace(' in @changes', '')} Errors: {comment.errors}"
            add_options(configure, self.interface, but)

    def fill_show(self, group: Parser) -> Parser:
        """Add show alone."""
        show = group.verb("show", f"show {self.about}", run=self._show)
        show.examples = [f"axioctl {self.word} show"]
        show.manual[""] = comments.read(self.interface)[self.interface].text
        return show

    async def properties(self, remote: Remote) -> dict[str, Any]:
        """Return its properties as they are now."""
        return await remote.properties(self.interface.rpartition(".")[0], self.path, self.interface)

    async def call(self, remote: Remote, member: str, *arguments: Any) -> Any:
        """Call a method of it."""
        return await remote.call(self.path, self.interface, member, *arguments)

    async def _show(self, _args: Namespace, remote: Remote) -> Result:
        values = await self.properties(remote)
        known = {name: values[name] for name in self.members.properties if name in values}

        def lines(screen: Screen) -> list[str]:
            shown = shown_properties(self.members, values, screen, self.elsewhere)
            lines = render.record(shown, screen) if shown else []
            return lines + (self.more(values, screen) if self.more else [])

        return Result({"Path": self.path} | known | values, lines)

    async def _configure(self, args: Namespace, remote: Remote) -> Result:
        known = self.members.configurable
        changes = given(args, known)
        await self.call(remote, "Configure", changes)
        return configured(Thing(self.path, {}), changes, known)
