# SPDX-License-Identifier: Apache-2.0
"""The files of the page: what is vendored is what was published, and the start loads in parallel."""

from __future__ import annotations

import hashlib
import json
import re

from tests.web.views import WEB

INDEX = (WEB / "index.html").read_text("utf-8")
_IMPORT = re.compile(r'(?:import|export)\b[^;"\']*?from\s*"([^"]+)"')


def started() -> set[str]:
    """Return what app.js imports, and what that imports."""
    found_map = re.search(r'<script type="importmap">(.*?)</script>', INDEX, re.DOTALL)
    assert found_map
    bare = {name: path.removeprefix("./") for name, path in json.loads(found_map[1])["imports"].items()}
    found: set[str] = set()
    waiting = ["app.js"]
    while waiting:
        path = waiting.pop()
        if path in found:
            continue
        found.add(path)
        file = WEB / path
        for name in _IMPORT.findall(file.read_text("utf-8")):
            target = bare.get(name) or (file.parent / name).resolve().relative_to(WEB).as_posix()
            waiting.append(target)
    return found


def test_what_the_start_needs_is_loaded_at_once() -> None:
    preloaded = re.findall(r'<link rel="modulepreload" href="([^"]+)">', INDEX)
    assert {*preloaded, "app.js"} == started()


def test_what_is_vendored_is_as_it_was_published() -> None:
    said = (WEB / "vendor" / "VERSIONS").read_text("utf-8").partition("sha256\n")[2]
    sums = {name: digest for digest, name in (line.split() for line in said.splitlines())}
    files = {file.name: file for file in (WEB / "vendor").iterdir() if file.suffix in (".js", ".css")}
    assert sums.keys() == files.keys()
    for name, file in files.items():
        assert hashlib.sha256(file.read_bytes()).hexdigest() == sums[name], name
    copyright_file = (WEB.parents[2] / "debian" / "copyright").read_text("utf-8")
    for name in files:
        assert f"axiod/gateway/web/vendor/{name}" in copyright_file


def test_nothing_is_asked_for_elsewhere() -> None:
    for file in [*WEB.glob("*.html"), *WEB.rglob("*.css"), *WEB.glob("*.js"), *(WEB / "parts").glob("*.js")]:
        found = re.findall(r"https?://(?!www\.w3\.org/)[\w.]+", file.read_text("utf-8"))
        assert not found, file
