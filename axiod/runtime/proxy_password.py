# SPDX-License-Identifier: Apache-2.0
"""The password in the URL of a proxy: it is given there, and shown there as *****. Pure."""

from __future__ import annotations

import re

from axiod.errors import InvalidArgument

HIDDEN = "*****"
_LOGIN = re.compile(r"(?P<head>[^/]*//[^/?#]*?:)(?P<password>[^/?#]*)(?P<rest>@[^@]*)")


def hidden(url: str) -> str:
    """Return a URL with ***** for its password, where it has one."""
    found = _LOGIN.fullmatch(url)
    return f"{found['head']}{HIDDEN}{found['rest']}" if found and found["password"] else url


def revealed(name: str, url: str, former: str) -> str:
    """Return what is meant by a URL that may be one that was shown before, of `former`.

    Raises InvalidArgument for one with ***** that was not: no other proxy shall get the password.
    """
    if url == hidden(former):
        return former
    found = _LOGIN.fullmatch(url)
    if found and found["password"] == HIDDEN:
        raise InvalidArgument(f"{name} has {HIDDEN} for its password; give the password, or leave it out")
    return url
