# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from axiod.bus import interface as contract
from axiod.bus import reference
from axiod.bus.generated import write
from axiod.bus.server import Server
from tests.bus.contract_handler import ContractHandler
from tests.conftest import run

if TYPE_CHECKING:
    from tests.conftest import Connect

FOLDER = Path(__file__).parents[2] / "docs" / "dbus"
METHODS = [(name, member) for name in contract.names() for member in contract.load(name).methods]


def test_the_pages_say_what_the_contract_says() -> None:
    written = {path.name: path.read_text(encoding="utf-8") for path in FOLDER.glob("*.md")}
    assert written == reference.pages(), "write them anew with: python -m axiod.bus.reference docs/dbus"


def test_writing_removes_what_is_gone(tmp_path: Path) -> None:
    (tmp_path / "org.axiod.old1.Thing.md").write_text("old")
    write(tmp_path, reference.pages())
    assert {path.name for path in tmp_path.iterdir()} == set(reference.pages())


@pytest.mark.parametrize("name", contract.names())
def test_a_page_has_every_member_and_well_formed_tables(name: str) -> None:
    interface = contract.load(name)
    text = reference.page(interface)
    for member in interface.properties:
        assert f"\n- `{member}`: " in text
    for member in [*interface.methods, *interface.signals]:
        assert f"\n### {member}\n" in text
    columns = None
    for line in text.splitlines():
        bars = line.replace("\\|", "").count("|") if line.startswith("|") else None
        assert bars is None or columns is None or bars == columns, line
        columns = bars


def test_a_page_says_what_the_network_sees_and_what_is_secret() -> None:
    text = reference.page(contract.load("org.axiod.system1.Access"))
    assert "Over the network: `access`, which the role administrator may read." in text
    assert "Role: administrator. Over the network it adds one to `accounts`." in text
    assert "Role: gateway." in text
    assert "| `password` | in | `s` | 1 to 64 characters, a secret |" in text
    assert "Over the network" not in reference.page(contract.load("org.axiod.sim1.Drive"))


@pytest.mark.parametrize(("name", "member"), METHODS, ids=[f"{name}.{member}" for name, member in METHODS])
async def test_the_examples_work_as_they_stand(connection: Connect, bus_address: str, name: str, member: str) -> None:
    interface = contract.load(name)
    busctl, *command = reference.example(interface, interface.methods[member])
    bus_name, path = command[1:3]
    service = await connection()
    server = Server(service, "/" + bus_name.replace(".", "/"))
    handler = ContractHandler(name)
    server.export(path, name, handler)
    await service.request_name(bus_name)
    outcome = await run(busctl, f"--address={bus_address}", *command)
    await server.close()
    assert (outcome.code, outcome.err) == (0, "")
    assert [called for called, _ in handler.calls] == [member]
