# SPDX-License-Identifier: Apache-2.0
"""Guests for tests. They run only when they are asked for: pytest tests/machine --machine=container (or vm, or all).

--machine=possible runs what can run on this machine, and says at the end what cannot, and why. AXIOD_MACHINE_UNTIL, in
seconds since 1970, is when it begins no more tests: those that are left are skipped, and said to be.
"""

from __future__ import annotations

import os
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.conftest import NOT_RUN
from tests.machine import saved
from tests.machine.cache import build, native
from tests.machine.cache import why_not as building_why_not
from tests.machine.container import Container
from tests.machine.container import why_not as containers_why_not
from tests.machine.lines import find_chip, make_chip
from tests.machine.qemu import why_not as machines_why_not

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from tests.machine.lines import Chip
    from tests.machine.machine import Machine

HERE = Path(__file__).parent
KINDS = ("container", "vm")
IN_MACHINES = {"machine", "chip", "saved_machine"}
"""Fixtures that need a machine; a test that has none of them, and no mark that says so, is for containers."""
TEST_SECONDS = {"container": 300, "vm": 900}
"""What a test may take by itself, its fixtures aside."""
UNTIL = float(os.environ.get("AXIOD_MACHINE_UNTIL", "inf"))
CHIP_LABEL = "axiod-test"
CHIP_LINES = (
    "relay1", "relay2", "out1", "out2", "io1", "io2", "in1", "in2", "in3", "in4", "tamper", "s11", "s12", "s13", "s14",
    "s15",
)  # fmt: skip


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options that choose the guests."""
    choices = [*KINDS, "all", "possible"]
    parser.addoption("--machine", choices=choices, help="run the tests that need a real Debian, in such guests")
    parser.addoption("--arch", default=native(), help="the architecture of the virtual machines: amd64, arm64 or armhf")


def pytest_configure(config: pytest.Config) -> None:
    """Make the mark known: @pytest.mark.machine("vm") is for tests that start machines without a fixture."""
    config.addinivalue_line("markers", "machine(kind): needs a guest, a container or a vm")


def kind_of(item: pytest.Item) -> str:
    """Return which guests a test needs."""
    if (mark := item.get_closest_marker("machine")) and mark.args:
        return str(mark.args[0])
    return "vm" if IN_MACHINES & set(getattr(item, "fixturenames", ())) else "container"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what was not asked for, and say so at the end; give what runs the time that it needs.

    Files that need machines come first, because they take longest: processes that share the files (pytest -n) then end
    at about the same time.
    """
    chosen = config.getoption("--machine", default=None)
    arch = config.getoption("--arch", default=native())
    reasons = {
        "container": _reason(chosen, "container", containers_why_not),
        "vm": _reason(chosen, "vm", lambda: machines_why_not(arch)),
    }
    left_out: dict[str, int] = {}
    kept, deselected = [], []
    for item in items:
        if not item.path.is_relative_to(HERE):
            kept.append(item)
            continue
        kind = kind_of(item)
        item.add_marker(pytest.mark.machine(kind))
        if reasons[kind]:
            left_out[kind] = left_out.get(kind, 0) + 1
            deselected.append(item)
            continue
        if item.get_closest_marker("timeout") is None:
            item.add_marker(pytest.mark.timeout(TEST_SECONDS[kind], func_only=True))
        kept.append(item)
    long = {item.path for item in kept if (mark := item.get_closest_marker("machine")) and mark.args == ("vm",)}
    items[:] = sorted(kept, key=lambda item: item.path.is_relative_to(HERE) and item.path not in long)
    if deselected:
        config.hook.pytest_deselected(items=deselected)
    for kind, number in left_out.items():
        tests = "test that needs" if number == 1 else "tests that need"
        config.stash[NOT_RUN].append(f"{number} {tests} a real Debian ({kind}); {reasons[kind]}")


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Begin nothing more when the time is up."""
    if item.path.is_relative_to(HERE) and time.time() > UNTIL:
        pytest.skip("no time left (AXIOD_MACHINE_UNTIL); make test-machine runs all of them")


def _reason(chosen: str | None, kind: str, why_not: Callable[[], str]) -> str:
    """Return why tests of a kind of guest do not run; the empty string if they do."""
    if chosen == "possible":
        return building_why_not() or why_not()
    return "" if chosen in (kind, "all") else f"run as root: pytest tests/machine --machine={kind}"


@pytest.fixture(scope="session")
def debs(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Our Debian packages, built from the source as it is now."""
    folder = build("deb", str(tmp_path_factory.mktemp("debs")))
    return sorted(folder.glob("*.deb"))


@pytest.fixture
def container() -> Iterator[Container]:
    """A container of this test alone, running, with nothing installed."""
    _must_have_containers()
    with Container() as running:
        yield running


@pytest.fixture
def prepared_container() -> Iterator[Container]:
    """A container of this test alone, in which all that our packages depend on is installed."""
    _must_have_containers()
    with Container(on_top=[build("prepared", native())]) as running:
        yield running


@pytest.fixture(scope="module")
def device(debs: Sequence[Path]) -> Iterator[Container]:
    """A container in which apt has installed our packages; what they depend on was there before."""
    _must_have_containers()
    with Container(on_top=[build("prepared", native())]) as running:
        running.install(debs)
        yield running


@pytest.fixture(scope="session")
def saved_machine(request: pytest.FixtureRequest) -> saved.Saved:
    """A machine in which apt has installed our packages, to be resumed or booted by tests that need one alone."""
    arch = request.config.getoption("--arch")
    with ThreadPoolExecutor(1) as beside:
        # Without our packages it needs none of them, and takes as long as they do.
        without = beside.submit(saved.prepared, arch)
        debs: Sequence[Path] = request.getfixturevalue("debs")
        without.result()
    return saved.installed(debs, arch)


@pytest.fixture(scope="module")
def machine(saved_machine: saved.Saved) -> Iterator[Machine]:
    """A resumed machine in which apt has installed our packages."""
    with saved_machine.resume() as running:
        make_chip(running, CHIP_LABEL, CHIP_LINES)
        yield running


@pytest.fixture(scope="module")
def chip(machine: Machine) -> Chip:
    """The gpio-sim chip of the machine of this module, with the lines of CHIP_LINES."""
    return find_chip(machine, CHIP_LABEL)


def _must_have_containers() -> None:
    if reason := containers_why_not():
        pytest.fail(reason)  # it was asked for
