# SPDX-License-Identifier: Apache-2.0
"""Files that are generated from the contract."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def write(folder: Path, made: Mapping[str, str]) -> None:
    """Write texts under their file names into a folder, and remove files of their kinds that are made no more."""
    folder.mkdir(parents=True, exist_ok=True)
    for kind in {name.rpartition(".")[2] for name in made}:
        for old in folder.glob(f"*.{kind}"):
            if old.name not in made:
                old.unlink()
    for name, text in made.items():
        (folder / name).write_text(text, encoding="utf-8")
