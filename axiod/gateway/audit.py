# SPDX-License-Identifier: Apache-2.0
"""Who changed what from where, with the result: one entry of the journal for each, with fields of its own.

MESSAGE_ID      AUDIT, the same for all of them
AXIOD_USER      the account, "token ID", or empty
AXIOD_ADDRESS   the IP address
AXIOD_HOW       digest, basic, session, token or anonymous
AXIOD_OBJECT    the object path
AXIOD_METHOD    interface and method; of a request that was refused at the door, its method and path
AXIOD_ARGUMENTS JSON, cut at 3 KiB; "***" stands for a secret, and for user and password in a URL
AXIOD_RESULT    ok, or the error's name, for example NotAuthorized
AXIOD_REASON    the error's text
"""

from __future__ import annotations

import json
import logging
import re
from typing import TYPE_CHECKING, Any

from axiod.runtime import log

if TYPE_CHECKING:
    from axiod.bus.interface import Method
    from axiod.errors import AxiodError
    from axiod.gateway.mirror import Thing
    from axiod.gateway.person import Person

_log = logging.getLogger(__name__)

AUDIT = "a2f1c3f09f3d4f0f8b6f5d0c7e1a9b42"
_HIDDEN = "***"
_LONGEST = 3072
_LONGEST_TEXT = 4000
"""In bytes. Of a field of the journal that has 4096, journalctl does not print anything, so that it stays small."""
_LOGIN = re.compile(r'(?<=://)[^/@\s"]*:[^/\s"]*@')
"""In a URL, also in one that was refused: whoever gave it there may have meant it."""


class Audit:
    """Writes to the journal where there is one, and to the log where there is none."""

    def write(
        self, person: Person, thing: Thing, method: Method, arguments: tuple[Any, ...], error: AxiodError | None
    ) -> None:
        """Write what was done to an object; `error` is why it was refused or failed."""
        shown = {
            value.name: _HIDDEN if value.secret else _plain(given)
            for value, given in zip(method.inputs, arguments, strict=False)
        }
        said = _LOGIN.sub(f"{_HIDDEN}@", json.dumps(shown))[:_LONGEST]
        self._write(person, f"{thing.interface}.{method.name}", thing.path, said, error)

    def refused(self, person: Person, what: str, error: AxiodError) -> None:
        """Write that a request was refused before it came to a method; `what`: its method and path."""
        self._write(person, what, "", "{}", error)

    def _write(self, person: Person, what: str, path: str, arguments: str, error: AxiodError | None) -> None:
        result = "ok" if error is None else type(error).__name__
        reason = "" if error is None else str(error)
        of = f" of {path.rpartition('/')[2]} {arguments}" if path else ""
        end = f"{result}: {reason}" if reason else result
        text = f"{person.name or 'somebody'} from {person.address}: {what}{of}: {end}"
        fields = {
            "MESSAGE_ID": AUDIT,
            "PRIORITY": 5 if error is None else 4,
            "SYSLOG_IDENTIFIER": "axiod-gateway",
            "AXIOD_USER": person.name,
            "AXIOD_ADDRESS": person.address,
            "AXIOD_HOW": person.how,
            "AXIOD_OBJECT": path,
            "AXIOD_METHOD": what,
            "AXIOD_ARGUMENTS": arguments,
            "AXIOD_RESULT": result,
            "AXIOD_REASON": _cut(reason),
        }
        log.entry(_log, logging.INFO, _cut(text), fields)


def _cut(text: str) -> str:
    """Return a text that is shorter than the journal is read back in full."""
    return text.encode(errors="replace")[:_LONGEST_TEXT].decode(errors="ignore")


def _plain(given: Any) -> Any:
    return f"{len(given)} bytes" if isinstance(given, bytes) else given
