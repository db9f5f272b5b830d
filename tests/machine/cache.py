# SPDX-License-Identifier: Apache-2.0
"""What the build scripts build, built when it is asked for: each keeps its product in the cache."""

from __future__ import annotations

import os
import subprocess
from functools import cache
from pathlib import Path

from tests.machine.guest import Unavailable

HERE = Path(__file__).parent
NATIVE_ARCH = {"x86_64": "amd64", "aarch64": "arm64", "armv7l": "armhf"}


class BuildFailed(Exception):
    """A build script failed; says what it printed last."""


def native() -> str:
    """Return the architecture of this machine, by its Debian name."""
    return NATIVE_ARCH.get(os.uname().machine, "amd64")


def folder() -> Path:
    """Return the folder of everything that is built; lib.sh knows the same one."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return Path(os.environ.get("AXIOD_MACHINE_CACHE") or cache / "axiod-machine")


@cache
def why_not() -> str:
    """Return why nothing can be built on this machine; the empty string if it can."""
    if os.geteuid() != 0:
        return "building guests needs root"
    tried = subprocess.run(
        ["bash", "-c", 'here=$0; . "$here/lib.sh"; sources "$NATIVE" >/dev/null', HERE],
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    return " ".join(tried.stderr.split()) if tried.returncode else ""


def build(script: str, *arguments: str, quiet: bool = True) -> Path:
    """Run a build script and return the path that it prints; what is in the cache already takes no time."""
    if os.geteuid() != 0:
        raise Unavailable("building and starting guests needs root")
    done = subprocess.run(
        [HERE / f"build-{script}.sh", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE if quiet else None,
        stdin=subprocess.DEVNULL,
        text=True,
        check=False,
    )
    if done.returncode:
        last = "\n".join((done.stderr or "").splitlines()[-40:])
        raise BuildFailed(f"build-{script}.sh {' '.join(arguments)} ended with {done.returncode}\n{last}")
    return Path(done.stdout.splitlines()[-1])


def layers(arch: str) -> list[Path]:
    """Return the layers of a clean guest, the topmost first."""
    return [build("offline", arch), build("root", arch)]
