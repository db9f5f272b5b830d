# SPDX-License-Identifier: Apache-2.0
"""The command nft where it is missing, refuses, or says what cannot be read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from axiod.errors import HardwareFailure, NotSupported
from axiod.network.firewall.backend import Nft
from axiod.network.firewall.rule import RuleSet
from axiod.network.firewall.table import document

if TYPE_CHECKING:
    from pathlib import Path

DOCUMENT = document(RuleSet(True, "drop"))


def command(folder: Path, script: str) -> Nft:
    """Return an nft that is a script."""
    path = folder / "nft"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return Nft(str(path))


async def test_without_nft_there_is_no_firewall(tmp_path: Path) -> None:
    nft = Nft(str(tmp_path / "nft"))
    assert not nft.supported
    for asked in (nft.check(DOCUMENT), nft.apply(DOCUMENT), nft.table(), nft.everything()):
        with pytest.raises(NotSupported, match="install the package nftables"):
            await asked
    command(tmp_path, "cat > /dev/null")
    await nft.apply(DOCUMENT)  # it may be installed at any time


async def test_what_nft_refuses_is_told_in_its_words(tmp_path: Path) -> None:
    said = 'echo "internal:0:0-0: Error: Could not process rule: Not permitted" >&2; echo "  ^^^^" >&2; exit 1'
    nft = command(tmp_path, f"cat > /dev/null; {said}")
    for asked in (nft.check(DOCUMENT), nft.apply(DOCUMENT)):
        with pytest.raises(HardwareFailure, match=r"^nft refused the rules: Could not process rule: Not permitted$"):
            await asked
    with pytest.raises(HardwareFailure, match=r"does not tell what is in force: Could not process"):
        await nft.table()


async def test_a_check_is_no_change(tmp_path: Path) -> None:
    nft = command(tmp_path, f'cat > /dev/null; echo "$@" >> {tmp_path}/called')
    await nft.check(DOCUMENT)
    await nft.apply(DOCUMENT)
    assert (tmp_path / "called").read_text().splitlines() == ["-j -c -f -", "-j -f -"]


async def test_an_answer_that_cannot_be_read_is_a_failure(tmp_path: Path) -> None:
    with pytest.raises(HardwareFailure, match="no JSON"):
        await command(tmp_path, "cat > /dev/null; echo table inet axiod").table()
    missing = 'cat > /dev/null; echo "Error: No such file or directory" >&2; exit 1'
    assert await command(tmp_path, missing).table() is None
