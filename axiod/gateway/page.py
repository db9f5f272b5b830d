# SPDX-License-Identifier: Apache-2.0
"""The web page: the files of axiod/gateway/web as they are, each under its path.

`/` is index.html. What it names, and through its import map every module of ours, gets the hash of its content as the
query `v`, so that a browser may keep it for ever and still never mixes two versions. The import map is the only inline
script; the Content-Security-Policy has its hash. Files are read when the first of them is asked for, and kept packed.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from aiohttp import hdrs, web

from axiod.gateway.route import Route

if TYPE_CHECKING:
    from collections.abc import Mapping

FOLDER = Path(__file__).parent / "web"
INDEX = "index.html"
_TYPES = {".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
"""What is served; VERSIONS and LICENSES are for those who look into the folder."""
_FOR_EVER = "public, max-age=31536000, immutable"
_ASK_AGAIN = "no-cache"
_LINK = re.compile(r'\b(href|src)="([^"?#:]+)"')
_IMPORT_MAP = re.compile(r'(<script type="importmap">)(.*?)(</script>)', re.DOTALL)
_POLICY = (
    "default-src 'none'; script-src 'self' 'sha256-{}'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


@dataclass(frozen=True, slots=True)
class _File:
    type: str
    packed: bytes
    """With gzip."""
    version: str
    """The hash of its content."""
    policy: str | None = None
    """Its Content-Security-Policy, if it has one of its own."""


def routes() -> list[Route]:
    """Return the routes of this part. Nothing in the page is secret, and whoever logs in needs it first."""
    page = _Page()
    names = r"/{name:(?:[a-z0-9-]+/)*[a-z0-9-]+\.(?:js|css|svg)}"
    return [Route(method, path, page.get, None) for method in ("GET", "HEAD") for path in ("/", names)]


class _Page:
    def __init__(self) -> None:
        self._files: Mapping[str, _File] = {}

    async def get(self, request: web.Request) -> web.Response:
        """Return a file, or that the client's copy is still right."""
        if not self._files:
            self._files = _read(FOLDER)
        found = self._files.get(request.match_info.get("name", INDEX))
        if found is None:
            raise web.HTTPNotFound
        headers: dict[str, str] = {
            hdrs.ETAG: f'"{found.version}"',
            hdrs.VARY: hdrs.ACCEPT_ENCODING,
            hdrs.CACHE_CONTROL: _FOR_EVER if request.query.get("v") == found.version else _ASK_AGAIN,
        }
        if found.policy is not None:
            headers["Content-Security-Policy"] = found.policy
        if found.version in {tag.value for tag in request.if_none_match or ()}:
            return web.Response(status=304, headers=headers)
        body = found.packed
        if "gzip" in request.headers.get(hdrs.ACCEPT_ENCODING, ""):
            headers[hdrs.CONTENT_ENCODING] = "gzip"
        else:
            body = gzip.decompress(body)
        return web.Response(body=body, content_type=found.type, charset="utf-8", headers=headers)


def _read(folder: Path) -> dict[str, _File]:
    """Return every file of the page by its path below the folder."""
    contents = {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.suffix in _TYPES
    }
    index = contents.pop(INDEX).decode()
    files = {name: _file(name, content) for name, content in contents.items()}
    text, policy = _versioned(index, {name: f"{name}?v={file.version}" for name, file in files.items()})
    return {**files, INDEX: _file(INDEX, text.encode(), policy)}


def _file(name: str, content: bytes, policy: str | None = None) -> _File:
    version = hashlib.sha256(content).hexdigest()[:16]
    return _File(_TYPES[Path(name).suffix], gzip.compress(content, mtime=0), version, policy)


def _versioned(index: str, addresses: Mapping[str, str]) -> tuple[str, str]:
    """Return index.html with the addresses that have a version, and its Content-Security-Policy."""
    text = _LINK.sub(lambda link: f'{link[1]}="{addresses.get(link[2], link[2])}"', index)
    begin, written, end = _import_map(text).groups()
    named = {name: address.removeprefix("./") for name, address in json.loads(written)["imports"].items()}
    imports = {name: f"./{addresses[path]}" for name, path in named.items()}
    imports |= {f"./{path}": f"./{address}" for path, address in addresses.items() if path.endswith(".js")}
    script = json.dumps({"imports": imports}, separators=(",", ":"))
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return text.replace(f"{begin}{written}{end}", f"{begin}{script}{end}"), _POLICY.format(digest)


def _import_map(index: str) -> re.Match[str]:
    found = _IMPORT_MAP.search(index)
    if found is None:
        raise ValueError(f"{INDEX} has no import map")
    return found
