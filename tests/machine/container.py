# SPDX-License-Identifier: Apache-2.0
"""A guest without a kernel of its own: systemd-nspawn. It is there in half a second; it has no GPIO and no modules."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from contextlib import suppress
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

from tests.machine.cache import layers, native
from tests.machine.guest import Guest, NotRunning, Unavailable, poll

if TYPE_CHECKING:
    from collections.abc import Sequence

_NEVER = "-sys_time,-sys_module,-sys_rawio,-sys_boot,-wake_alarm"
"""Capabilities that nothing which we start in a container may have: all that would reach this machine itself."""
_START_SECONDS = 60
_ENVIRONMENT = {
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "HOME": "/root",
    "LANG": "C.UTF-8",
}
_END_WITH_US = ("setpriv", "--pdeathsig", "KILL")
_JOIN = """
for group in $GROUPS_OF_OURS; do echo $$ > $group/cgroup.procs; done"""
# Everything happens in a mount namespace that ends with the container, so nothing is left mounted, whatever happens.
_START = f"""
set -e{_JOIN}
mount -t tmpfs -o mode=755 tmpfs "$FOLDER"
mkdir "$FOLDER/upper" "$FOLDER/work" "$FOLDER/root"
mount -t overlay -o "lowerdir=$LAYERS,upperdir=$FOLDER/upper,workdir=$FOLDER/work" overlay "$FOLDER/root"
"""
_BOOT = """
exec setpriv --bounding-set "$NEVER" --inh-caps "$NEVER" systemd-nspawn --quiet --register=no --keep-unit --boot \
  --machine="$NAME" --directory="$FOLDER/root" --private-network --console=pipe --timezone=off --resolv-conf=off \
  --link-journal=no --drop-capability=CAP_SYS_TIME --capability=CAP_NET_ADMIN,CAP_NET_RAW \
  --system-call-filter='@keyring bpf add_key keyctl' \
  "$@"
"""
# The group of PID 1, so that systemd in the container takes the command for one of its own.
_ENTER = """
for group in "$0/payload/init.scope" "$0/init.scope"; do
  if [ -e "$group" ]; then echo $$ > "$group/cgroup.procs"; break; fi
done
init=$1 never=$2
shift 2
exec setpriv --bounding-set "$never" --inh-caps "$never" nsenter -t "$init" -m -u -i -n -p -C -r -w "$@"
"""


@cache
def why_not() -> str:
    """Return why there can be no containers on this machine; the empty string if there can."""
    if os.geteuid() != 0:
        return "containers need root"
    for command, package in (("systemd-nspawn", "systemd-container"), ("nsenter", "util-linux")):
        if not shutil.which(command):
            return f"containers need {command} (Debian package {package})"
    if not _cgroups():
        return "containers need a cgroup v2 tree below /sys/fs/cgroup"
    mount = ["unshare", "--mount", "mount", "-t", "tmpfs", "tmpfs", "/mnt"]
    tried = subprocess.run(mount, stderr=subprocess.PIPE, text=True, check=False)
    if tried.returncode:
        return f"containers need the right to mount: {tried.stderr.strip()}"
    if "overlay" not in Path("/proc/filesystems").read_text():
        tried = subprocess.run(["modprobe", "overlay"], stderr=subprocess.PIPE, text=True, check=False)
        if tried.returncode:
            return "containers need the overlay file system of the kernel"
    return ""


def _cgroups() -> list[Path]:
    """Return the top folders of the cgroup trees that systemd uses: v2 first, and its v1 tree where there is one."""
    top = Path("/sys/fs/cgroup")
    if (top / "cgroup.controllers").exists():
        return [top]
    if (top / "unified" / "cgroup.procs").exists():
        return [folder for folder in (top / "unified", top / "systemd") if (folder / "cgroup.procs").exists()]
    return []


class Container(Guest):
    """A throw-away container over the cached root; what it writes is in RAM and goes away with it.

    Its commands run in the cgroup of its PID 1. Options are more options of systemd-nspawn, such as "--bind-ro=...".
    """

    def __init__(self, *options: str, on_top: Sequence[Path] = ()) -> None:
        """Start it and wait until it is running, over more layers if some are given; raises Unavailable, NotRunning."""
        if reason := why_not():
            raise Unavailable(reason)
        self.arch = native()
        lower = [*on_top, *layers(self.arch)]
        started = time.monotonic()
        self._folder = Path(tempfile.mkdtemp(prefix="axm"))
        self._groups = [top / self._folder.name for top in _cgroups()]
        for group in self._groups:
            group.mkdir()
        self._log = (self._folder.parent / f"{self._folder.name}.log").open("w+b")
        # systemd refuses the v1 hierarchy, so a machine that has it must be told to show the container v2.
        environment = {
            **os.environ,
            "UNIFIED_CGROUP_HIERARCHY": "1",
            "GROUPS_OF_OURS": " ".join(map(str, self._groups)),
            "FOLDER": str(self._folder),
            "LAYERS": ":".join(map(str, lower)),
            "NAME": f"axm{self._folder.name.encode().hex()}",  # the name of a host: letters and digits
            "NEVER": _NEVER,
        }
        self._start = partial(
            subprocess.Popen, env=environment, stdin=subprocess.DEVNULL, stdout=self._log, stderr=self._log
        )
        self._options = options
        self._nspawn = self._start([*_END_WITH_US, "unshare", "--mount", "sh", "-c", _START + _BOOT, "sh", *options])
        self._init = 0
        self._wait_booted()
        self.boot_seconds = time.monotonic() - started

    def power_cut(self) -> None:
        """End everything in it at once, and boot it again: what it has on its disk is there, and nothing else."""
        mounts = os.open(f"/proc/{self._nspawn.pid}/ns/mnt", os.O_RDONLY)  # so that they outlive who made them
        try:
            self._end()
            for group in self._groups:
                group.mkdir()
            enter = [*_END_WITH_US, "nsenter", f"--mount=/proc/self/fd/{mounts}"]
            script = ["sh", "-c", f"set -e{_JOIN}{_BOOT}", "sh", *self._options]
            self._nspawn = self._start([*enter, *script], pass_fds=[mounts])
        finally:
            os.close(mounts)
        self._wait_booted()

    def _wait_booted(self) -> None:
        try:
            poll(self._is_there, _START_SECONDS, "the container starts", 0.01)
            self.wait_running(_START_SECONDS)
        except BaseException:
            self.stop()
            raise

    def _is_there(self) -> bool:
        if self._nspawn.poll() is not None:
            self._log.seek(0)
            raise NotRunning(f"systemd-nspawn ended: {self._log.read().decode(errors='replace')}")
        children = Path(f"/proc/{self._nspawn.pid}/task/{self._nspawn.pid}/children").read_text().split()
        for child in children:
            with suppress(OSError):
                inside = Path(f"/proc/{child}")
                # PID 1 has the program of systemd, and lets commands in when it has a bus.
                if "systemd" in (inside / "comm").read_text() and (inside / "root/run/dbus/system_bus_socket").exists():
                    self._init = int(child)
                    return True
        return False

    def call(self, argv: Sequence[str], data: bytes | None, timeout: float) -> subprocess.CompletedProcess[bytes]:
        """See Guest.call. What enters the container has no capability that the container has not."""
        return subprocess.run(
            self.command_line(argv),
            input=data,
            stdin=subprocess.DEVNULL if data is None else None,
            env=_ENVIRONMENT,
            capture_output=True,
            timeout=timeout,
            check=False,
        )

    def command_line(self, argv: Sequence[str]) -> list[str]:
        """Return the command line that runs a program in the container, on the terminal that it has here."""
        if not self._init:
            raise NotRunning("the container has ended")
        return ["sh", "-c", _ENTER, str(self._groups[0]), str(self._init), _NEVER, *argv]

    def stop(self) -> None:
        """See Guest.stop."""
        if self._log.closed:
            return
        self._end()
        self._log.close()
        Path(self._log.name).unlink()
        self._folder.rmdir()

    def _end(self) -> None:
        if self._init and self._nspawn.poll() is None:
            with suppress(ProcessLookupError):
                os.kill(self._init, 9)  # PID 1 of its namespace: everything in it ends
        with suppress(subprocess.TimeoutExpired):
            self._nspawn.wait(5)
        self._nspawn.kill()
        self._nspawn.wait()
        self._init = 0
        for group in self._groups:
            poll(lambda group=group: _removed(group), 10, f"the processes in {group} end")  # type: ignore[misc] # mypy cannot infer it


def _removed(group: Path) -> bool:
    """Remove a cgroup and all below it, as far as they are empty."""
    for below in sorted(group.rglob("*/"), reverse=True):
        with suppress(OSError):
            below.rmdir()
    with suppress(OSError):
        group.rmdir()
    return not group.exists()
