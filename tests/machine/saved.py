# SPDX-License-Identifier: Apache-2.0
"""Machines as they were when they had just booted, or been installed: kept in the cache, resumed in seconds."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tests.machine import cache, qemu
from tests.machine.guest import Unavailable
from tests.machine.machine import BOOT_SECONDS, Machine

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

INSTALL_SECONDS = 1800
_OLD_SECONDS = 24 * 3600


@dataclass(frozen=True, slots=True)
class Saved:
    """A machine that stands still: its disk, its memory, and how long it took to get there."""

    arch: str
    folder: Path

    @property
    def disk(self) -> Path:
        """The disk; new machines only read it."""
        return self.folder / "disk.qcow2"

    @property
    def ram(self) -> Path:
        """The memory that belongs to the disk."""
        return self.folder / "ram"

    def resume(self) -> Machine:
        """Return a new machine that goes on from here; it answers already."""
        os.utime(self.folder)
        return Machine(self.disk, self.ram, arch=self.arch)

    def boot(self) -> Machine:
        """Return a new machine that boots from this disk; see Machine for what is waited for."""
        os.utime(self.folder)
        return Machine(self.disk, arch=self.arch)


def clean(arch: str | None = None) -> Saved:
    """Return a machine on which axiod was never installed; boots it once."""
    return _booted(arch or cache.native(), "clean", "root.img")


def prepared(arch: str | None = None) -> Saved:
    """Return a machine on which all of packages/offline is installed; boots it once."""
    return _booted(arch or cache.native(), "prepared", "prepared.img")


def installed(debs: Sequence[Path], arch: str | None = None, *, from_clean: bool = False) -> Saved:
    """Return a machine on which apt has installed these packages; installs them once.

    What they depend on was there before, unless they are to come to a clean machine: then apt finds it all by itself,
    as it does in containers. What the packages start has been started, or has failed: that is for a test to say.
    """
    below = clean(arch) if from_clean else prepared(arch)

    def make() -> Machine:
        machine = below.resume()
        with _stopped_on_error(machine):
            machine.install(debs, INSTALL_SECONDS)
            machine.run("systemctl is-system-running --wait", check=False, timeout=BOOT_SECONDS)
        return machine

    contents = [hashlib.sha256(deb.read_bytes()).hexdigest() for deb in sorted(debs)]
    return _kept(below.arch, "installed", [below.folder.name, *contents], make)


def _booted(arch: str, kind: str, disk: str) -> Saved:
    """Return a machine that has booted from a disk of the image."""
    if reason := qemu.why_not(arch):
        raise Unavailable(reason)
    image = cache.build("image", arch)

    def make() -> Machine:
        machine = Machine(image / disk, arch=arch)
        with _stopped_on_error(machine):
            machine.wait_running(BOOT_SECONDS)
        return machine

    return _kept(arch, kind, [image.name], make)


@contextmanager
def _stopped_on_error(machine: Machine) -> Iterator[None]:
    try:
        yield
    except BaseException:
        machine.stop()
        raise


def _kept(arch: str, kind: str, made_from: Sequence[str], make: Callable[[], Machine]) -> Saved:
    """Return what is in the cache, or make it, one process at a time."""
    source = "\n".join([qemu.version(arch), *made_from])
    top = cache.folder()
    folder = top / f"{kind}-{arch}-{hashlib.sha256(source.encode()).hexdigest()[:12]}"
    with (top / f".lock-{kind}-{arch}").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            unfinished = Saved(arch, Path(tempfile.mkdtemp(prefix="unfinished.", dir=top)))
            try:
                make().save(unfinished.disk, unfinished.ram)
                unfinished.folder.rename(folder)
            finally:
                shutil.rmtree(unfinished.folder, ignore_errors=True)
            for old in top.glob(f"{kind}-{arch}-*"):
                if old.stat().st_mtime < time.time() - _OLD_SECONDS:
                    shutil.rmtree(old)
    return Saved(arch, folder)
