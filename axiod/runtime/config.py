# SPDX-License-Identifier: Apache-2.0
"""Configuration files: YAML in, a frozen dataclass out. Every mistake names the file, the key and the value."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import yaml

from axiod.board.choose import CHOSEN
from axiod.runtime.log import LEVELS

if TYPE_CHECKING:
    from pathlib import Path

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class ConfigError(Exception):
    """A configuration that cannot be used; the text names file, key and value and says what would be right."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What an administrator may set for a service, in /etc/axiod/SERVICE.yaml."""

    board: str = str(CHOSEN)
    """The board profile: a path, or the name of a shipped profile such as a9210-sim."""
    log_level: str = "info"
    """debug, info, warning or error."""


_CHOICES = {"log_level": LEVELS}


def load(path: Path, *, required: bool) -> Settings:
    """Read a file; without it everything has its default unless it is required. Raises ConfigError."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        if required:
            raise ConfigError(f"{path}: there is no such file") from None
        return Settings()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read: {error}") from error
    try:
        found = parse(text)
    except ValueError as error:
        raise ConfigError(f"{path}: is not YAML: {error}") from error
    return _checked(path, {} if found is None else found)


def parse(text: str) -> Any:
    """Return what YAML says; raises ValueError, in one line, for what is none."""
    try:
        return yaml.load(text, Loader=_LOADER)  # noqa: S506 # the safe loader, in C
    except Exception as error:  # the library lets through whatever its constructors raise, for "!!bool x" KeyError
        raise ValueError(" ".join(str(error).split())) from error


def _checked(path: Path, found: Any) -> Settings:
    if not isinstance(found, dict):
        raise ConfigError(f"{path}: holds {found!r}; it must be lines of the form KEY: VALUE")
    known = {item.name for item in fields(Settings)}
    for key, value in ((str(key) if str(key).isprintable() else repr(key), value) for key, value in found.items()):
        if key not in known:
            import difflib  # only a mistake pays for it

            near = difflib.get_close_matches(key, known, n=1)
            hint = f"did you mean {near[0]}?" if near else f"there is {', '.join(sorted(known))}"
            raise ConfigError(f"{path}: {key}: {value!r}: there is no such key; {hint}")
        if not isinstance(value, str):
            raise ConfigError(f"{path}: {key}: {value!r}: must be text")
        choices = _CHOICES.get(key)
        if choices and value not in choices:
            raise ConfigError(f"{path}: {key}: {value!r}: must be one of {', '.join(choices)}")
    return Settings(**found)
