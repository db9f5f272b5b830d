# SPDX-License-Identifier: Apache-2.0
"""org.axiod.sensors1.Templates and Template on the bus."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Protocol

from axiod.errors import Conflict, NotFound, NotSupported
from axiod.sensors.measured import described
from axiod.sensors.model import line_text
from axiod.sensors.shelf import MOST_OF_USERS, Kept, Shelf

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from axiod.runtime.app import Context
    from axiod.sensors.template import Template

TEMPLATES, TEMPLATE = "org.axiod.sensors1.Templates", "org.axiod.sensors1.Template"


class Users(Protocol):
    """The sensors that templates are for."""

    def having(self, template: str) -> Iterable[str]:
        """Return the ids of the sensors that have a template."""

    def check_template(self, template: Template) -> None:
        """Raise Conflict where sensors could not have this in the place of what they have."""

    def template_changed(self, id_: str) -> None:
        """Make the sensors that have it anew."""


class TemplatesHandler:
    """All templates; the attributes are the properties of the contract."""

    limit: int = MOST_OF_USERS

    def __init__(self, context: Context, users: Users, changing: asyncio.Lock) -> None:
        """`changing`: held while templates and their users change. Raises HardwareFailure when the disk refuses to be
        read."""
        self._context = context
        self._users = users
        self._path = f"{context.path}/templates"
        self._changing = changing
        self.shelf = Shelf(context.state_dir / "templates")
        self._handlers: dict[str, TemplateHandler] = {}

    def start(self) -> None:
        """Export everything."""
        self._context.server.export(self._path, TEMPLATES, self)
        self._show()

    def get(self, id_: str) -> Template | None:
        """Return the template that counts; None where there is none."""
        kept = self.shelf.all.get(id_)
        return kept.template if kept is not None else None

    def count_sensors(self) -> None:
        """Sensors came, went, or have other templates."""
        for id_, handler in self._handlers.items():
            handler.sensors = len(list(self._users.having(id_)))
            self._context.server.changed(handler.path, TEMPLATE)

    # --- properties and methods ---

    @property
    def count(self) -> int:
        return len(self.shelf.all)

    @property
    def problems(self) -> list[str]:
        return self.shelf.problems

    async def upload(self, text: str) -> str:
        async with self._changing:
            kept = self.shelf.check(text)
            self._users.check_template(kept.template)
            await asyncio.to_thread(self.shelf.keep, kept)
            self._show()
            self._users.template_changed(kept.template.id)
            return kept.template.id

    async def reload(self) -> None:
        async with self._changing:
            before = self.shelf.all
            await asyncio.to_thread(self.shelf.reload)
            self._show()
            after = self.shelf.all
            for id_ in before.keys() | after.keys():
                former, now = before.get(id_), after.get(id_)
                if former is None or now is None or former.template != now.template:
                    self._users.template_changed(id_)

    async def drop(self, id_: str) -> None:
        """Remove one that somebody uploaded."""
        async with self._changing:
            kept = self.shelf.all.get(id_)
            if kept is None:
                raise NotFound(f"template {id_} was removed")
            if not kept.user:
                raise NotSupported(f"template {id_} came with axiod; upload one with this id to override it")
            below = self.shelf.shipped(id_)
            if below is None and (users := sorted(self._users.having(id_))):
                raise Conflict(f"template {id_} is needed by {', '.join(users[:3])}; change or remove that first")
            if below is not None:
                self._users.check_template(below.template)
            await asyncio.to_thread(self.shelf.drop, id_)
            self._show()
            self._users.template_changed(id_)

    # --- inside ---

    def _show(self) -> None:
        present: Mapping[str, Kept] = self.shelf.all
        server = self._context.server
        for id_ in self._handlers.keys() - present.keys():
            server.unexport(self._handlers.pop(id_).path)
        for id_, kept in present.items():
            handler = self._handlers.get(id_)
            if handler is None:
                handler = self._handlers[id_] = TemplateHandler(self, f"{self._context.path}/template/{id_}", kept)
                server.export(handler.path, TEMPLATE, handler)
            else:
                handler.show(kept)
                server.changed(handler.path, TEMPLATE)
        server.changed(self._path, TEMPLATES)
        problems = self.shelf.problems
        self._context.root.problem("templates", problems[0] if problems else None)


class TemplateHandler:
    """org.axiod.sensors1.Template; the attributes are the properties of the contract."""

    title: str
    vendor: str
    status: str
    note: str | None
    enabled: bool
    origin: str
    overrides: bool
    line: str | None
    channels: list[dict[str, Any]]
    sensors: int = 0

    def __init__(self, owner: TemplatesHandler, path: str, kept: Kept) -> None:
        self.path = path
        self._owner = owner
        self.show(kept)

    def show(self, kept: Kept) -> None:
        """Take over what it says."""
        template = kept.template
        self._text = kept.text
        self._id = template.id
        self.title, self.vendor, self.status = template.title, template.vendor, str(template.status)
        self.note = template.note or None
        self.enabled = template.enabled
        self.origin = "user" if kept.user else "shipped"
        self.overrides = kept.overrides
        self.line = None if template.line is None else line_text(template.line)
        self.channels = described(template)

    def export(self) -> str:
        return self._text

    async def remove(self) -> None:
        await self._owner.drop(self._id)
