# SPDX-License-Identifier: Apache-2.0
"""The documents as pages: asked for with curl, read with Python's own parser of HTML."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import TYPE_CHECKING

import pytest

from axiod.gateway import manual, markdown

if TYPE_CHECKING:
    from tests.gateway.web_device import WebDevice

VOID = {"meta", "link", "img"}


class Read(HTMLParser):
    """Notes ids, links and text, and that what is opened is closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.tags: set[str] = set()
        self.scripts: list[str | None] = []
        self.text = ""
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        if tag not in VOID:
            self.open.append(tag)
        given = dict(attrs)
        self.ids += [given["id"] or ""] if "id" in given else []
        self.links += [given["href"] or ""] if tag == "a" else []
        self.scripts += [given.get("src")] if tag == "script" else []

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def rendered(text: str) -> str:
    return markdown.render(text, lambda to: to if to.startswith("ok") else "")


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("# Ports, *relays* & `x`\n", '<h1 id="ports-relays--x">Ports, <em>relays</em> &amp; <code>x</code></h1>'),
        ("one\ntwo **three\nfour**\n\nfive", "<p>one\ntwo <strong>three\nfour</strong></p>\n<p>five</p>"),
        ("- a\n  b\n- c\n", "<ul>\n<li>a\nb</li>\n<li>c</li>\n</ul>"),
        ("1. a\n2. b", "<ol>\n<li>a</li>\n<li>b</li>\n</ol>"),
        ("[a](ok) [b](javascript:x)", '<p><a href="ok">a</a> b</p>'),
        ("<http://x/?a&b>", '<p><a href="http://x/?a&amp;b">http://x/?a&amp;b</a></p>'),
        ("    <b>\n\n    c", '<pre tabindex="0"><code>&lt;b&gt;\n\nc</code></pre>'),
        ("```sh\n# no *heading*\n```", '<pre tabindex="0"><code># no *heading*</code></pre>'),
        ("<script>x</script>", "<p>&lt;script&gt;x&lt;/script&gt;</p>"),
        ("<!-- not\nshown -->\nshown", "<p>shown</p>"),
        ("2 * 3 * 4, a*b*c, tns1:*", "<p>2 * 3 * 4, a*b*c, tns1:*</p>"),
    ],
)
def test_markdown(text: str, html: str) -> None:
    assert rendered(text) == html


def test_a_table() -> None:
    found = Read(rendered("| a | b |\n| --- | --- |\n| `x\\|y` | <i> |\nafter"))
    assert found.tags >= {"table", "th", "td", "code", "p"}
    assert "i" not in found.tags
    assert "x|y" in found.text


def test_a_list_in_a_list_and_code_in_it() -> None:
    found = rendered("- a\n\n      code\n\n  - b\n- c\n\nend")
    assert found.count("<ul>") == 2
    assert '<pre tabindex="0"><code>code</code></pre>' in found
    assert found.endswith("<p>end</p>")


def test_every_link_between_documents_leads_somewhere() -> None:
    pages = {name: Read(manual._written.__wrapped__(name).decode()) for name in manual.documents()}
    assert {"rest", "http", "page", "dbus/README", "dbus/org.axiod.io1.Port"} <= pages.keys()
    for name, page in pages.items():
        assert page.scripts == ["/theme.js"]
        for link in page.links:
            path, _, place = link.removeprefix("/help/").partition("#")
            if link.startswith("#"):
                path = name
            if place and not link.startswith("http"):
                assert place in pages[path].ids, (name, link)
        assert "](" not in page.text, name


async def test_the_manual_is_there_before_anybody_logs_in(new_web: WebDevice) -> None:
    index = await new_web.curl("/help/")
    assert (index.status, index.header("Content-Type")) == (200, "text/html; charset=utf-8")
    assert "default-src 'none'" in index.header("Content-Security-Policy")
    assert {f"/help/{name}" for name in manual.documents()} <= set(Read(index.body).links)
    page = await new_web.curl("/help/rest")
    assert Read(page.body).text.find("REST") >= 0
    again = await new_web.curl("/help/rest", "--header", f"If-None-Match: {page.header('ETag')}")
    assert (again.status, again.body) == (304, "")
    head = await new_web.curl("/help/rest", "--head")
    assert (head.status, head.body, head.header("ETag")) == (200, "", page.header("ETag"))
    for path in ("/help/nothing", "/help/..%2fREADME", "/help/dbus/..", "/help/dbus/..%2f..%2fREADME"):
        assert (await new_web.curl(path, "--path-as-is")).status == 404, path
