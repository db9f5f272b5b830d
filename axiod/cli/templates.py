# SPDX-License-Identifier: Apache-2.0
"""axioctl template: what is known of kinds of sensors."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from axiod.bus import comments
from axiod.cli.objects import Kind, add_id, outcome
from axiod.cli.only import Only
from axiod.cli.render import Column, Result, said
from axiod.errors import InvalidArgument

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Iterable

    from axiod.cli.remote import Remote
    from axiod.cli.tree import Parser

KIND = Kind(
    word="template",
    interface="org.axiod.sensors1.Template",
    example="xy_md02",
    columns=(
        (Column("ID"), ""),
        (Column("VENDOR", shrink=True), "Vendor"),
        (Column("TITLE", shrink=True), "Title"),
        (Column("STATUS"), "Status"),
        (Column("ENABLED", word=True), "Enabled"),
        (Column("ORIGIN"), "Origin"),
        (Column("OVERRIDES"), "Overrides"),
        (Column("LINE", spare=True), "Line"),
        (Column("SENSORS", right=True), "Sensors"),
    ),
    setting="",
    by_id=True,
)
TEMPLATES = Only("templates", "org.axiod.sensors1.Templates")
_MOST_BYTES = 1 << 18


def fill(group: Parser) -> None:
    """Add the verbs."""
    KIND.fill(group)
    export = group.verb(
        "export",
        "print a template as it was written",
        run=_export,
        examples=["axioctl template export xy_md02"],
    )
    add_id(export, "template", "the template: its id")
    export.manual[""] = comments.read(KIND.interface)["Export"].text
    upload = group.verb(
        "upload",
        "add a template, or put it in the place of one with the same id",
        run=_upload,
        examples=["axioctl template upload mine.json"],
    )
    upload.add_argument("file", metavar="FILE", help="JSON; - reads the standard input")
    upload.complete["file"] = "files"
    comment = comments.read(TEMPLATES.interface)["Upload"]
    upload.manual[""] = f"{comment.text} Errors: {comment.errors}"
    reload = group.verb("reload", "read the files again", run=_reload, examples=["axioctl template reload"])
    reload.manual[""] = comments.read(TEMPLATES.interface)["Reload"].text


async def _export(args: Namespace, remote: Remote) -> Result:
    thing = await KIND.named(remote, args)
    text = await remote.call(thing.path, KIND.interface, "Export")
    # It is for a program, and for people who edit it: as it is.
    return said(outcome(thing, Text=text), text.rstrip("\n"))


async def _upload(args: Namespace, remote: Remote) -> Result:
    id_ = await TEMPLATES.call(remote, "Upload", _read(args.file))
    thing = await KIND.exactly(remote, id_)
    instead = ", in the place of the shipped one" if thing.get("Overrides") else ""
    return said(KIND.data(thing), f"template {id_} counts from now on{instead}")


def _read(name: str) -> str:
    try:
        if name == "-":
            data = sys.stdin.buffer.read(_MOST_BYTES)
        else:
            with Path(name).open("rb") as file:
                data = file.read(_MOST_BYTES)
        return data.decode()
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise InvalidArgument(f"{name} cannot be read: {why}") from error


async def _reload(_args: Namespace, remote: Remote) -> Result:
    await TEMPLATES.call(remote, "Reload")
    problems = (await TEMPLATES.properties(remote))["Problems"]

    def lines(_: object) -> Iterable[str]:
        yield from problems or ["all templates are read"]

    return Result({"Problems": problems}, lines, code=1 if problems else 0)
