# SPDX-License-Identifier: Apache-2.0
"""Markdown as our own documents are written, as HTML. Pure.

Headings with GitHub's anchors, paragraphs, lists, tables, code, images, links, **strong** and *emphasis*. Everything
else is text: HTML is escaped, comments are left out.
"""

from __future__ import annotations

import re
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Resolve = Callable[[str], str]
    """Returns the address of what a document names; empty where there is none."""

_COMMENT = re.compile(r"^<!--.*?-->\n?", re.DOTALL | re.MULTILINE)
_FENCE = re.compile(r"```")
_HEADING = re.compile(r"(#{1,6}) +(.*)")
_ITEM = re.compile(r"(?P<mark>[-*]|\d+\.) +(?=\S)")
_RULE = re.compile(r" *\|?[ :-]*-[-| :]*\|[-| :]*$")
_CELLS = re.compile(r"(?<!\\)\|")
_INLINE = re.compile(
    r"(?P<ticks>`+)(?P<code>.+?)(?P=ticks)(?!`)"
    r"|(?P<image>!)?\[(?P<text>(?:`[^`]*`|[^\]`])*)\]\((?P<to>[^()\s]*)\)"
    r"|<(?P<address>https?://[^\s<>]+)>"
    r"|\*\*(?P<strong>\S(?:.*?\S)?)\*\*"
    r"|(?<![\w*])\*(?P<stress>[^\s*](?:[^*]*[^\s*])?)\*(?![\w*])"
    r"|\\(?P<plain>[\\`*_{}\[\]()#+.!|<>-])",
    re.DOTALL,
)


def title(text: str) -> str:
    """Return the first heading as plain text; empty without one."""
    for line in text.splitlines():
        if found := _HEADING.match(line):
            return _plain(found[2])
    return ""


def render(text: str, resolve: Resolve) -> str:
    """Return a document as HTML, without what stands around it."""
    return "\n".join(_blocks(_COMMENT.sub("", text).splitlines(), resolve))


def anchor(heading: str) -> str:
    """Return the name by which a link finds a heading."""
    return re.sub(r"[^\w\- ]", "", _plain(heading).lower()).replace(" ", "-")


def _blocks(lines: list[str], resolve: Resolve) -> Iterator[str]:
    at = 0
    while at < len(lines):
        line = lines[at]
        if not line.strip():
            at += 1
        elif _FENCE.match(line):
            end = _until(lines, at + 1, lambda later: _FENCE.match(later) is not None)
            yield _code(lines[at + 1 : end])
            at = end + 1
        elif line.startswith("    "):
            end = _until(lines, at, lambda later: bool(later.strip()) and not later.startswith("    "))
            yield _code([later[4:] for later in lines[at:end]])
            at = end
        elif found := _HEADING.match(line):
            level = len(found[1])
            yield f'<h{level} id="{escape(anchor(found[2]))}">{_inline(found[2], resolve)}</h{level}>'
            at += 1
        elif _is_table(lines, at):
            end = _until(lines, at, lambda later: not later.startswith("|"))
            yield _table(lines[at:end], resolve)
            at = end
        elif found := _ITEM.match(line):
            numbered = found["mark"][0].isdigit()
            items, at = _items(lines, at, numbered=numbered)
            inner = "\n".join(f"<li>{_item(item, resolve)}</li>" for item in items)
            yield f"<ol>\n{inner}\n</ol>" if numbered else f"<ul>\n{inner}\n</ul>"
        else:
            end = at + 1
            while end < len(lines) and lines[end].strip() and not _begins(lines, end):
                end += 1
            yield f"<p>{_inline(chr(10).join(line.strip() for line in lines[at:end]), resolve)}</p>"
            at = end


def _until(lines: list[str], at: int, ends: Callable[[str], bool]) -> int:
    while at < len(lines) and not ends(lines[at]):
        at += 1
    return at


def _begins(lines: list[str], at: int) -> bool:
    """Return whether something begins here that ends a paragraph."""
    line = lines[at]
    return any(pattern.match(line) for pattern in (_FENCE, _HEADING, _ITEM)) or _is_table(lines, at)


def _is_table(lines: list[str], at: int) -> bool:
    return lines[at].startswith("|") and at + 1 < len(lines) and _RULE.match(lines[at + 1]) is not None


def _items(lines: list[str], at: int, *, numbered: bool) -> tuple[list[list[str]], int]:
    """Return the lines of each item of a list, and where the list ends."""
    items: list[list[str]] = []
    while at < len(lines) and (found := _ITEM.match(lines[at])) and found["mark"][0].isdigit() == numbered:
        width = found.end()
        item = [lines[at][width:]]
        at += 1
        while at < len(lines):
            line = lines[at]
            inside = line.startswith(" " * width)
            goes_on = not line.strip() and at + 1 < len(lines) and lines[at + 1].startswith(" " * width)
            lazy = bool(line.strip() and item[-1].strip()) and not _begins(lines, at)
            if not (inside or goes_on or lazy):
                break
            item.append(line[width:] if inside else line.strip())
            at += 1
        items.append(item)
        after = _until(lines, at, lambda later: bool(later.strip()))
        if after < len(lines) and _ITEM.match(lines[after]):
            at = after
    return items, at


def _item(lines: list[str], resolve: Resolve) -> str:
    first, *others = _blocks(lines, resolve)
    if first.startswith("<p>"):
        first = first.removeprefix("<p>").removesuffix("</p>")
    return "\n".join([first, *others])


def _table(lines: list[str], resolve: Resolve) -> str:
    head, _, *rows = (_CELLS.split(line.strip().removeprefix("|").removesuffix("|")) for line in lines)
    first = "".join(f"<th>{_inline(cell.strip(), resolve)}</th>" for cell in head)
    rest = ("<tr>" + "".join(f"<td>{_inline(cell.strip(), resolve)}</td>" for cell in row) + "</tr>" for row in rows)
    body = "\n".join(rest)
    return f'<div class="scroll" tabindex="0"><table>\n<tr>{first}</tr>\n{body}\n</table></div>'


def _code(lines: list[str]) -> str:
    text = "\n".join(lines).rstrip("\n")
    return f'<pre tabindex="0"><code>{escape(text)}</code></pre>'


def _inline(text: str, resolve: Resolve) -> str:
    parts = []
    at = 0
    for found in _INLINE.finditer(text):
        parts += [escape(text[at : found.start()]), _marked(found, resolve)]
        at = found.end()
    return "".join([*parts, escape(text[at:])])


def _marked(found: re.Match[str], resolve: Resolve) -> str:
    if found["code"] is not None:
        return f"<code>{escape(found['code'].replace(chr(92) + '|', '|'))}</code>"
    if found["to"] is not None:
        address = escape(resolve(found["to"]))
        if found["image"]:
            return f'<img src="{address}" alt="{escape(_plain(found["text"]))}">' if address else ""
        inner = _inline(found["text"], resolve)
        return f'<a href="{address}">{inner}</a>' if address else inner
    if found["address"] is not None:
        return f'<a href="{escape(found["address"])}">{escape(found["address"])}</a>'
    if found["strong"] is not None:
        return f"<strong>{_inline(found['strong'], resolve)}</strong>"
    if found["stress"] is not None:
        return f"<em>{_inline(found['stress'], resolve)}</em>"
    return escape(found["plain"])


def _plain(text: str) -> str:
    """Return what is left of a line without its marks."""
    return _INLINE.sub(
        lambda found: (
            found["code"]
            or found["text"]
            or found["address"]
            or found["strong"]
            or found["stress"]
            or found["plain"]
            or ""
        ),
        text,
    )
