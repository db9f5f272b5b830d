# SPDX-License-Identifier: Apache-2.0
"""The rules of the house, read from the source: who imports whom, what is called how, what runs when."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[1]
SPDX = "# SPDX-License-Identifier: Apache-2.0"
MOST_LINES = 400
NO_NAMES = {"utils", "util", "helpers", "helper", "common", "manager", "core", "misc"}
D_BUS_LIBRARIES = {"dbus_fast", "dbus_next"}

FOUNDATION = {"interfaces", "bus", "runtime", "board", "gpio", "modbus", "errors", "clock", "durable"}
"""What everybody may stand on; everything else below axiod is a service or a client of services."""
CLIENTS = {"cli", "discovery", "gateway"}
MAY_IMPORT = {
    "errors": set[str](),
    "interfaces": set[str](),
    "clock": set[str](),
    "durable": set[str](),
    "bus": {"interfaces", "errors", "clock"},
    "board": {"errors", "durable"},
    "modbus": set[str](),
    "runtime": {"bus", "interfaces", "board", "errors", "clock", "durable"},
    "gpio": {"bus", "board", "runtime", "errors", "clock"},
    "discovery": {"bus", "interfaces", "runtime", "errors", "clock"},
    "cli": {"bus", "interfaces", "board", "errors", "clock"},
    "gateway": {"bus", "interfaces", "runtime", "errors", "clock"},
}
"""Folder -> the other folders of axiod that it may import. A service may import the foundation."""

PURE = {
    "axiod.errors",
    "axiod.board.profile",
    "axiod.board.ranges",
    "axiod.bus.topics",
    "axiod.discovery.description",
    "axiod.discovery.pace",
    "axiod.discovery.soap",
    "axiod.discovery.ssdp",
    "axiod.discovery.ws_discovery",
    "axiod.events.activity",
    "axiod.events.check",
    "axiod.events.doing",
    "axiod.events.effect",
    "axiod.events.engine",
    "axiod.events.explain",
    "axiod.events.holders",
    "axiod.events.icalendar",
    "axiod.events.index",
    "axiod.events.loop_guard",
    "axiod.events.loops",
    "axiod.events.moment",
    "axiod.events.output",
    "axiod.events.recurrence",
    "axiod.events.replay",
    "axiod.events.rule",
    "axiod.events.rule_state",
    "axiod.events.schedule",
    "axiod.events.strong",
    "axiod.events.timetable",
    "axiod.events.validation",
    "axiod.events.wall_times",
    "axiod.events.watch",
    "axiod.events.wording",
    "axiod.fieldbus.counts",
    "axiod.fieldbus.crc",
    "axiod.fieldbus.exclusive",
    "axiod.fieldbus.frame",
    "axiod.fieldbus.load",
    "axiod.fieldbus.model",
    "axiod.fieldbus.turns",
    "axiod.fieldbus.unit",
    "axiod.gpio.adoption",
    "axiod.gpio.debounce",
    "axiod.gpio.lines",
    "axiod.modbus.line",
    "axiod.modbus.words",
    "axiod.network.dynamic_dns.course",
    "axiod.network.dynamic_dns.settings",
    "axiod.network.dynamic_dns.words",
    "axiod.network.firewall.blocked",
    "axiod.network.firewall.judge",
    "axiod.network.firewall.rule",
    "axiod.network.firewall.table",
    "axiod.network.firewall.words",
    "axiod.gpio.sequence",
    "axiod.network.discovery.bonjour",
    "axiod.network.discovery.neighbours",
    "axiod.network.discovery.settings",
    "axiod.network.dot1x.course",
    "axiod.network.dot1x.settings",
    "axiod.network.dot1x.supplicant",
    "axiod.network.ifupdown",
    "axiod.network.links",
    "axiod.network.model",
    "axiod.network.proxy.settings",
    "axiod.runtime.proxy_password",
    "axiod.sensors.chunks",
    "axiod.sensors.decode",
    "axiod.sensors.measured",
    "axiod.sensors.model",
    "axiod.sensors.plan",
    "axiod.sensors.schedule",
    "axiod.sensors.template",
    "axiod.sensors.threshold",
    "axiod.sim.faults",
    "axiod.sim.units",
    "axiod.system.windows",
}
"""Modules that model.py may import: no bus, no hardware, no clock, and nothing but each other."""
NOT_PURE = {"asyncio", "os", "socket", "subprocess", "threading", "time", "logging", "pathlib", "shutil", "select"}
"""Modules of the standard library that reach outside."""


def modules() -> list[Path]:
    return sorted((ROOT / "axiod").rglob("*.py"))


MODULES = modules()


def ident(path: Path) -> str:
    return str(path.relative_to(ROOT))


def dotted(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def folder_of(module: str) -> str:
    """Return the part below axiod that a module belongs to: axiod.io.model is in io."""
    return module.split(".")[1] if "." in module else ""


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


@cache
def imports(path: Path, at_run_time: bool = False) -> frozenset[str]:
    """Return the modules that a file imports anywhere; what is for type checking alone counts, too, unless told."""
    found = set()
    for node in _nodes(tree(path), at_run_time):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            module = node.module or ""
            if node.level:
                base = dotted(path.parent if path.stem != "__init__" else path).split(".")
                module = ".".join([*base[: len(base) - node.level + 1], *filter(None, [module])])
            # "from axiod.bus import interface" imports axiod.bus.interface.
            found |= {f"{module}.{a.name}" if is_module(f"{module}.{a.name}") else module for a in node.names}
    return frozenset(found)


def _nodes(node: ast.AST, at_run_time: bool) -> Iterator[ast.AST]:
    for child in ast.iter_child_nodes(node):
        if at_run_time and isinstance(child, ast.If) and ast.unparse(child.test) == "TYPE_CHECKING":
            for other in child.orelse:
                yield other
                yield from _nodes(other, at_run_time)
            continue
        yield child
        yield from _nodes(child, at_run_time)


def is_module(name: str) -> bool:
    path = ROOT / name.replace(".", "/")
    return path.with_suffix(".py").is_file() or (path / "__init__.py").is_file()


def path_of(module: str) -> Path:
    path = ROOT / module.replace(".", "/")
    return path.with_suffix(".py") if path.with_suffix(".py").is_file() else path / "__init__.py"


# --- who imports whom ---


@pytest.mark.parametrize("path", MODULES, ids=ident)
def test_imports_go_one_way(path: Path) -> None:
    mine = folder_of(dotted(path))
    allowed = MAY_IMPORT.get(mine, FOUNDATION) | {mine, ""}
    theirs = {module for module in imports(path) if module.partition(".")[0] == "axiod"}
    wrong = sorted(module for module in theirs if folder_of(module) not in allowed)
    assert not wrong, f"{mine} must not import {', '.join(wrong)}"


def test_no_service_imports_another() -> None:
    """The same once more, said of services: they find each other by their bus names."""
    services = {folder_of(dotted(path)) for path in MODULES} - FOUNDATION - CLIENTS - {""}
    assert {"io", "relays", "sim"} <= services
    for path in MODULES:
        mine = folder_of(dotted(path))
        others = {folder_of(module) for module in imports(path) if module.startswith("axiod.")} & services
        assert others <= {mine}, f"{ident(path)} imports {others - {mine}}"


@pytest.mark.parametrize("path", [path for path in MODULES if path.name == "model.py"], ids=ident)
def test_a_model_is_pure(path: Path) -> None:
    check_pure(dotted(path), PURE | {dotted(path)})


@pytest.mark.parametrize("module", sorted(PURE))
def test_what_models_stand_on_is_pure(module: str) -> None:
    if not is_module(module):
        pytest.skip(f"there is no {module}")
    check_pure(module, PURE)


def check_pure(module: str, pure: set[str]) -> None:
    for name in imports(path_of(module), at_run_time=True):
        top = name.partition(".")[0]
        if top == "axiod":
            assert name in pure, f"{module} imports {name}, which is not known to be pure"
        else:
            assert top in sys.stdlib_module_names, f"{module} imports {name}, which is not of the standard library"
            assert top not in NOT_PURE, f"{module} imports {name}: a model gets time and the world as arguments"


@pytest.mark.parametrize("path", [*MODULES, *sorted((ROOT / "tests").rglob("*.py"))], ids=ident)
def test_one_module_imports_the_d_bus_library(path: Path) -> None:
    used = {module.partition(".")[0] for module in imports(path)} & D_BUS_LIBRARIES
    assert not used or ident(path) == "axiod/bus/_lib.py"


# --- what is called how, and how long it is ---


@pytest.mark.parametrize("path", MODULES, ids=ident)
def test_a_module_has_a_name_a_licence_and_an_end(path: Path) -> None:
    assert path.stem not in NO_NAMES, "name a module for what it is about"
    lines = path.read_text(encoding="utf-8").splitlines()
    assert lines[0] == SPDX
    assert len(lines) < MOST_LINES, f"{len(lines)} lines; it has more than one reason to exist"


def tracked() -> list[Path]:
    """Return what git has, or will have with the next commit of everything."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    return [ROOT / name for name in listed.stdout.decode().split("\0") if name and (ROOT / name).is_file()]


@pytest.fixture(scope="module")
def files() -> list[Path]:
    """Every file of the repository; skips where there is no git."""
    if not (ROOT / ".git").exists():
        pytest.skip("not a git repository")
    return tracked()


def test_every_python_file_has_its_licence(files: list[Path]) -> None:
    missing = [ident(p) for p in files if p.suffix == ".py" and not p.read_text(encoding="utf-8").startswith(SPDX)]
    assert not missing


def test_nothing_speaks_of_the_place_where_it_was_written(files: list[Path]) -> None:
    # The last one with something before it is an attribute of that name, not a folder.
    words = [re.escape("/" + place + "/") for place in ("wo" + "rk", "fa" + "rm")]
    words += [re.escape(".." + "/shared"), r"(?<![\w)\]])\." + "library"]
    place = re.compile("|".join(words).encode())
    found = []
    for path in files:
        found += [f"{ident(path)}: {word.decode()}" for word in place.findall(path.read_bytes())]
    assert not found


# --- nothing runs when a module is imported ---


def at_import(path: Path) -> Iterator[ast.AST]:
    """Yield what is evaluated when a module is imported: all but the insides of functions and of the main guard."""
    waiting: list[ast.AST] = list(tree(path).body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.If) and "__name__" in ast.unparse(node.test):
            continue
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            waiting += [*node.decorator_list, *node.args.defaults, *filter(None, node.args.kw_defaults)]
            continue
        if isinstance(node, ast.Lambda):
            continue
        yield node
        waiting += list(ast.iter_child_nodes(node))


REACHES_OUT = {
    "open", "print", "input", "exec", "eval", "connect", "create_connection", "run", "Popen", "system", "read_text",
    "read_bytes", "write_text", "write_bytes", "mkdir", "unlink", "exists", "is_file", "is_dir", "iterdir", "glob",
    "getenv", "getcwd", "basicConfig", "get_event_loop", "new_event_loop", "sleep", "time", "monotonic", "now",
}  # fmt: skip


@pytest.mark.parametrize("path", [path for path in MODULES if path.name != "__main__.py"], ids=ident)
def test_importing_only_defines(path: Path) -> None:
    for node in at_import(path):
        where = f"{ident(path)}:{getattr(node, 'lineno', 0)}"
        assert not isinstance(node, ast.For | ast.While | ast.With | ast.Await), f"{where}: this runs at import"
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            assert name not in REACHES_OUT or ident(path) == "axiod/bus/_lib.py", f"{where}: {name}() runs at import"
        if isinstance(node, ast.Attribute) and ast.unparse(node) in ("os.environ", "sys.argv"):
            assert ident(path) == "axiod/bus/_lib.py", f"{where}: {ast.unparse(node)} is read at import"


# --- the parts of a service belong together ---


def test_a_service_has_the_files_of_a_service() -> None:
    services = {folder_of(dotted(path)) for path in MODULES} - FOUNDATION - CLIENTS - {""}
    for service in services:
        present = {path.name for path in (ROOT / "axiod" / service).iterdir()}
        assert {"service.py", "__main__.py"} <= present, service
        lines = (ROOT / "axiod" / service / "__main__.py").read_text(encoding="utf-8").splitlines()
        code = [line for line in map(str.strip, lines) if line and not line.startswith(("#", '"""', "from", "import"))]
        assert len(code) <= 6, f"axiod/{service}/__main__.py only starts the service"
