# SPDX-License-Identifier: Apache-2.0
"""What is read of the files by which systemd-networkd configured an interface; the service is in the machine tests."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, cast

import pytest

from axiod.network.networkd import Networkd

if TYPE_CHECKING:
    from pathlib import Path

    from axiod.bus.connection import Connection


class Said:
    """A systemd-networkd that configured eth0 by these files."""

    def __init__(self, main: Path, *drop_ins: Path) -> None:
        self._facts = {"NetworkFile": str(main), "NetworkFileDropins": [str(path) for path in drop_ins]}

    async def has_owner(self, _name: str) -> bool:
        return True

    async def call(self, *words: Any) -> list[Any]:
        return [0, "/link"] if words[3] == "GetLinkByName" else [json.dumps(self._facts)]


def networkd(*files: Path) -> Networkd:
    return Networkd(cast("Connection", Said(*files)))


@pytest.fixture
def main(tmp_path: Path) -> Path:
    path = tmp_path / "20-wired.network"
    path.write_text("[Match]\nName=eth0\n[Network]\nDHCP=ipv4\n")
    return path


async def test_a_drop_in_counts(main: Path, tmp_path: Path) -> None:
    drop_in = tmp_path / "50-axiod.conf"
    drop_in.write_text("[Network]\nDHCP=no\nAddress=192.0.2.7/24\n")
    found = await networkd(main, drop_in).read("eth0")
    assert found is not None
    assert found.addressing is not None
    assert found.addressing.ipv4_addresses == ("192.0.2.7/24",)


async def test_a_drop_in_that_was_taken_away_and_not_yet_forgotten_counts_no_more(main: Path, tmp_path: Path) -> None:
    found = await networkd(main, tmp_path / "50-axiod.conf").read("eth0")
    assert found is not None
    assert found.read_only_because is None
    assert found.addressing is not None
    assert found.addressing.ipv4_method == "dhcp"


async def test_a_file_that_is_gone_makes_it_read_only(tmp_path: Path) -> None:
    found = await networkd(tmp_path / "20-wired.network").read("eth0")
    assert found is not None
    assert "20-wired.network" in (found.read_only_because or "")


async def test_an_address_that_is_none_keeps_nothing_from_being_told(main: Path, tmp_path: Path) -> None:
    drop_in = tmp_path / "60-office.conf"
    drop_in.write_text("[Network]\nDHCP=no\nAddress=192.0.2.300/24\nAddress=192.0.2.7/24\n")
    found = await networkd(main, drop_in).read("eth0")
    assert found is not None
    assert found.read_only_because is None
    assert found.addressing is not None
    assert found.addressing.ipv4_addresses == ("192.0.2.7/24",)
