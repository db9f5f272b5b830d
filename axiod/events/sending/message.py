# SPDX-License-Identifier: Apache-2.0
"""What can be sent: a notification or a file, as plain values that can be stored until it is their turn. Pure."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from axiod.errors import InvalidArgument

if TYPE_CHECKING:
    from collections.abc import Mapping

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,64}")
_NOT_OURS = {
    "host",
    "content-length",
    "transfer-encoding",
    "connection",
    "upgrade",
    "te",
    "trailer",
    "expect",
    "content-type",
}
_CONTENT_TYPE = re.compile(
    r"[A-Za-z0-9!#$&^_.+-]+/[A-Za-z0-9!#$&^_.+-]+(\s*;\s*[A-Za-z0-9_.-]+=(\"[ -!#-~]*\"|[!#-:<-~]+))*"
)
_METHODS = ("GET", "POST", "PUT")


@dataclass(frozen=True, slots=True)
class Notification:
    """What goes to http, https, smtp and tcp. The modifiers were replaced already."""

    message: str = ""
    """For HTTP the argument Message, for e-mail the text where there is no body, for TCP what is sent."""
    subject: str = ""
    body: str = ""
    method: str = "GET"
    parameters: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    content_type: str = ""

    def __post_init__(self) -> None:
        """Raise InvalidArgument for what could not be sent over HTTP as it is."""
        if self.method not in _METHODS:
            raise InvalidArgument(f"Method must be one of {', '.join(_METHODS)}")
        for name, value in self.headers.items():
            if not _TOKEN.fullmatch(name) or name.lower() in _NOT_OURS or name.lower().startswith("proxy-"):
                raise InvalidArgument(f"Headers has {name[:64]!r}, which is no header that can be set")
            if not all(" " <= letter <= "~" or letter == "\t" for letter in value):
                raise InvalidArgument(f"the header {name} must be printable ASCII text in one line")
        if self.content_type and not _CONTENT_TYPE.fullmatch(self.content_type):
            raise InvalidArgument(f"ContentType is {self.content_type[:64]!r}; it must be of the form text/plain")


@dataclass(frozen=True, slots=True)
class FileOrder:
    """A file that is made when it is its turn, for ftp, sftp and network-share."""

    file: str
    """event-log or report."""
    name: str
    """What it shall be called; a unique number is added."""


@dataclass(frozen=True, slots=True)
class File:
    """A file to be sent."""

    name: str
    content: bytes


Message = Notification | FileOrder


def stored(message: Message) -> dict[str, Any]:
    """Return a message as JSON has it."""
    return {"kind": "notification" if isinstance(message, Notification) else "file", **asdict(message)}


def restored(found: Mapping[str, Any]) -> Message:
    """Return what `stored` was given; raises ValueError or InvalidArgument for anything else."""
    values = {key: value for key, value in found.items() if key != "kind"}
    try:
        return Notification(**values) if found["kind"] == "notification" else FileOrder(**values)
    except (KeyError, TypeError, AttributeError):
        raise ValueError("that is no message") from None


def file_name(wanted: str, stamp: str) -> str:
    """Return a name for a file: what is wanted, with a unique stamp, and nothing that a server minds."""
    safe = re.sub(r"[^A-Za-z0-9._-]+", "_", wanted).strip("._-")[:100] or "file"
    stem, dot, end = safe.rpartition(".")
    return f"{stem}_{stamp}.{end}" if dot and stem else f"{safe}_{stamp}"


def temporary_name(name: str) -> str:
    """Return the name of a file until it is whole; the same for each attempt, so that no rests pile up."""
    return f"{name}.part"
