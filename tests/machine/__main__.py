# SPDX-License-Identifier: Apache-2.0
"""For people: python -m tests.machine build [ARCH...], and python -m tests.machine shell container|vm [--arch ARCH]."""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from typing import TYPE_CHECKING

from tests.machine import saved
from tests.machine.cache import BuildFailed, build, folder, native
from tests.machine.container import Container
from tests.machine.guest import CommandFailed, NotRunning, TooLate, Unavailable
from tests.machine.lines import make_chip

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

ARCHES = ("amd64", "arm64", "armhf")
LINES = [f"line{number}" for number in range(16)]


def timed(what: str, step: Callable[[], object]) -> object:
    """Do something and print how long it took."""
    started = time.monotonic()
    result = step()
    print(f"{time.monotonic() - started:7.1f} s  {what}", flush=True)
    return result


def packages() -> list[Path]:
    """Build our Debian packages into the cache."""
    return sorted(build("deb", str(folder() / "debs"), quiet=False).glob("*.deb"))


def build_all(arches: list[str]) -> None:
    """Build everything that guests of these architectures need, with the time that each step takes."""
    debs: list[Path] = []
    timed("packages", lambda: debs.extend(packages()))
    for arch in arches:
        for script in ("root", "offline", "prepared", "toolchain", "tools", "kernel", "image"):
            timed(f"{script} {arch}", lambda script=script, arch=arch: build(script, arch, quiet=False))  # type: ignore[misc] # mypy cannot infer it
        timed(f"machine {arch}, booted", lambda arch=arch: saved.clean(arch))  # type: ignore[misc] # mypy cannot infer it
        timed(f"machine {arch}, prepared", lambda arch=arch: saved.prepared(arch))  # type: ignore[misc] # mypy cannot infer it
        timed(f"machine {arch}, installed", lambda arch=arch: saved.installed(debs, arch))  # type: ignore[misc] # mypy cannot infer it
    print(f"kept in {folder()}")


def shell(kind: str, arch: str) -> None:
    """Start a guest with our packages, give a root shell in it, and throw it away after that."""
    debs = packages()
    if kind == "container":
        if arch != native():
            raise Unavailable(f"containers are of this machine's own architecture, {native()}")
        with Container() as container:
            container.install(debs)
            print("a container with axiod; leave the shell to throw it away")
            subprocess.run(container.command_line(["bash", "-l"]), check=False)
        return
    with saved.installed(debs, arch).resume() as machine:
        chip = make_chip(machine, "axiod-test", LINES)
        near, far = machine.serial_devices, machine.serial
        print(f"a machine with axiod; GPIO chip {chip.label}, lines {LINES[0]} to {LINES[-1]}, wires in {chip.folder}")
        print(f"serial ports {near[0]}, {near[1]}: their far ends are {far[0]}, {far[1]}")
        print("another shell: " + " ".join(machine.ssh_command))
        print("leave this shell to throw it away")
        subprocess.run([*machine.ssh_command[:-1], "-t", machine.ssh_command[-1]], check=False)


def main() -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.machine", description="real Debian guests with axiod")
    actions = parser.add_subparsers(dest="action", required=True)
    building = actions.add_parser("build", help="build everything into the cache, and say how long it takes")
    building.add_argument("arch", nargs="*", choices=[*ARCHES, []], default=[])
    entering = actions.add_parser("shell", help="a root shell in a guest with our packages installed")
    entering.add_argument("kind", choices=["container", "vm"])
    entering.add_argument("--arch", choices=ARCHES, default=native())
    given = parser.parse_args()
    try:
        if given.action == "build":
            build_all(given.arch or [native()])
        else:
            shell(given.kind, given.arch)
    except (Unavailable, NotRunning, BuildFailed, CommandFailed, TooLate) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
