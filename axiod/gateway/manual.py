# SPDX-License-Identifier: Apache-2.0
"""The documents of docs/ as pages: /help/ lists them, /help/NAME is one. They are public, and have no pictures."""

from __future__ import annotations

import posixpath
import re
from functools import cache, lru_cache, partial
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from aiohttp import web

from axiod.errors import NotFound
from axiod.gateway import markdown
from axiod.gateway.rest.answer import tag
from axiod.gateway.route import Route

if TYPE_CHECKING:
    from collections.abc import Iterator

PATH = "/help/"
_FOLDERS = (Path("/usr/share/axiod/help"), Path(__file__).parents[2] / "docs")
"""Where the documents are: those of the package, or those of a checkout."""
_NAME = r"{name:(?:dbus/)?[A-Za-z0-9.-]+}"
_KEPT = 8
"""How many pages are kept as they are sent, so that somebody who reads does not make the device work twice."""
_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<link rel="icon" href="/icon.svg" type="image/svg+xml">
<script src="/theme.js"></script>
<link rel="stylesheet" href="/style/tokens.css">
<link rel="stylesheet" href="/style/base.css">
<link rel="stylesheet" href="/style/manual.css">
</head>
<body class="manual">
<nav aria-label="Manual"><a href="/">Device</a> <a href="/help/">Manual</a></nav>
<main>
{content}
</main>
</body>
</html>
"""


def routes() -> Iterator[Route]:
    """Yield what there is to ask for. It can be read before there is an account: it says how to make one."""
    for method in ("GET", "HEAD"):
        yield Route(method, PATH, _index, None)
        yield Route(method, PATH + _NAME, _document, None)


async def _index(request: web.Request) -> web.Response:
    return _answer(_listed(), request)


async def _document(request: web.Request) -> web.Response:
    name = request.match_info["name"]
    if name not in documents():
        raise NotFound(f"there is no page {name[:64]!r} in the manual; {PATH} lists them")
    return _answer(_written(name), request)


def _answer(body: bytes, request: web.Request) -> web.Response:
    etag = tag(body)
    headers = {"ETag": etag, "Cache-Control": "no-cache"}
    if etag.strip('"') in {seen.value for seen in request.if_none_match or ()}:
        return web.Response(status=304, headers=headers)
    return web.Response(body=body, content_type="text/html", charset="utf-8", headers=headers)


@cache
def documents() -> dict[str, Path]:
    """Return the file of each document by its name: rest, dbus/org.axiod.io1.Port."""
    folder = next((folder for folder in _FOLDERS if folder.is_dir()), None)
    found = [] if folder is None else [*sorted(folder.glob("*.md")), *sorted(folder.glob("dbus/*.md"))]
    return {path.relative_to(folder).as_posix().removesuffix(".md"): path for path in found if folder}


@cache
def _listed() -> bytes:
    titles = {name: markdown.title(path.read_text()) or name for name, path in documents().items()}
    lines = [f'<li><a href="{PATH}{escape(name)}">{escape(said)}</a></li>' for name, said in titles.items()]
    content = "\n".join(["<h1>Manual</h1>", "<ul>", *lines, "</ul>"])
    return _PAGE.format(title="Manual", content=content).encode()


@lru_cache(_KEPT)
def _written(name: str) -> bytes:
    text = documents()[name].read_text()
    content = markdown.render(text, partial(_address, name))
    return _PAGE.format(title=escape(markdown.title(text) or name), content=content).encode()


def _address(name: str, to: str) -> str:
    """Return the address of what a document names; empty when the device does not have it."""
    if re.match(r"https?://", to) or to.startswith("#"):
        return to
    path, hash_, place = to.partition("#")
    other = posixpath.normpath(posixpath.join(posixpath.dirname(name), path)).removesuffix(".md")
    return f"{PATH}{other}{hash_}{place}" if other in documents() else ""
