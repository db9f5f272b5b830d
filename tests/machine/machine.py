# SPDX-License-Identifier: Apache-2.0
"""A guest with a kernel of its own: QEMU. It has GPIO (gpio-sim), serial ports, modules, reboots and power cuts."""

from __future__ import annotations

import shlex
import shutil
import subprocess
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from tests.machine.cache import build, native
from tests.machine.guest import Guest, NotRunning, TooLate, Unavailable, poll
from tests.machine.qemu import SERIAL_DEVICES, Qemu, overlay, why_not

if TYPE_CHECKING:
    from collections.abc import Sequence

BOOT_SECONDS = 300
"""What a cold boot may take; it takes some 20 s on a machine that does nothing else."""
_LOST = 255
"""The exit status of ssh itself."""


class Machine(Guest):
    """A machine on a disk of its own, which survives power cuts and goes away with stop().

    Its clock is never set: after a cold boot it is right; a resumed machine goes on at the time of its saved state, so
    its CLOCK_REALTIME is behind, by as much as the state is old.
    """

    def __init__(self, disk: Path, ram: Path | None = None, *, arch: str | None = None) -> None:
        """Begin with a copy of a disk: resume with the memory that belongs to it, or else boot; waits until it answers.

        Use saved.clean() and saved.installed() for the disks. A boot is not waited for beyond the first answer: call
        wait_running().
        """
        self.arch = arch or native()
        if reason := why_not(self.arch):
            raise Unavailable(reason)
        self._image = build("image", self.arch)
        self._folder = Path(tempfile.mkdtemp(prefix="axm"))  # short: paths of sockets are limited
        self._ssh: subprocess.Popen[bytes] | None = None
        self._qemu: Qemu | None = None
        try:
            overlay(self._folder / "disk.qcow2", disk)
            self._start(ram)
        except BaseException:
            self.stop()
            raise

    @property
    def serial(self) -> tuple[Path, Path]:
        """The Unix sockets of the far ends of its two serial ports."""
        return self._folder / "rs1", self._folder / "rs2"

    @property
    def serial_devices(self) -> tuple[str, str]:
        """What the two serial ports are called in the guest."""
        return SERIAL_DEVICES[self.arch]

    @property
    def console(self) -> str:
        """What it wrote to its console since QEMU was started last."""
        return (self._folder / "console.log").read_text(errors="replace")

    @property
    def ssh_command(self) -> list[str]:
        """The command line that logs in as root, for a person."""
        assert self._qemu
        key = self._image / "key"
        options = ["StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null", "BatchMode=yes", "LogLevel=ERROR"]
        words = [word for option in options for word in ("-o", option)]
        return ["ssh", "-F", "none", "-i", str(key), "-p", str(self._qemu.port), *words, "root@127.0.0.1"]

    def call(self, argv: Sequence[str], data: bytes | None, timeout: float) -> subprocess.CompletedProcess[bytes]:
        """See Guest.call; raises NotRunning when the connection is lost. The next call opens another one."""
        if self._ssh and self._ssh.poll() is not None and self._qemu and self._qemu.alive:
            self._connect(BOOT_SECONDS)
        shared = ["ssh", "-F", "none", "-S", str(self._folder / "ssh"), "-o", "BatchMode=yes", "root@127.0.0.1"]
        done = subprocess.run(
            [*shared, shlex.join(argv)],
            input=data,
            stdin=subprocess.DEVNULL if data is None else None,
            capture_output=True,
            timeout=timeout,
            check=False,
        )
        if done.returncode == _LOST and (not self._ssh or self._ssh.poll() is not None):
            said = done.stderr.decode(errors="replace").strip()
            raise NotRunning(f"the connection to the machine is lost: {said}\n{self.console[-3000:]}")
        return done

    def power_cut(self, *, wait: bool = True) -> None:
        """Take its power away and give it back: what it had not synced is lost, and so is the state of its hardware.

        Waits until systemd has started everything, and raises NotRunning if something failed, unless told not to.
        """
        assert self._qemu
        self._qemu.kill()
        self._restart(wait)

    def reboot(self, *, wait: bool = True) -> None:
        """Let systemd shut it down and start it again; the rest is as for power_cut."""
        assert self._ssh
        before = self.run("cat /proc/sys/kernel/random/boot_id").stdout
        with suppress(NotRunning):  # it may be gone before it has answered
            self.run("systemctl reboot --no-block", check=False)
        started = time.monotonic()
        poll(lambda: bool(self._ssh) and self._ssh.poll() is not None, BOOT_SECONDS, "it goes down")  # type: ignore[union-attr] # it is asked first
        self._connect(BOOT_SECONDS)
        assert self.run("cat /proc/sys/kernel/random/boot_id").stdout != before
        if wait:
            self.wait_running(BOOT_SECONDS)
        self.boot_seconds = time.monotonic() - started

    def save(self, disk: Path, ram: Path) -> None:
        """Keep its disk and memory in files, and end it; Machine(disk, ram) goes on from there."""
        assert self._qemu
        self.run("sync")
        self._disconnect()
        self._qemu.save(ram)
        shutil.move(self._folder / "disk.qcow2", disk)
        self.stop()

    def stop(self) -> None:
        """See Guest.stop."""
        self._disconnect()
        if self._qemu:
            self._qemu.kill()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _start(self, ram: Path | None = None) -> None:
        started = time.monotonic()
        self._qemu = Qemu(self.arch, self._image, self._folder, ram)
        self._connect(BOOT_SECONDS)
        self.boot_seconds = time.monotonic() - started

    def _restart(self, wait: bool) -> None:
        started = time.monotonic()
        self._disconnect()
        self._start()
        if wait:
            self.wait_running(BOOT_SECONDS)
        self.boot_seconds = time.monotonic() - started

    def _connect(self, timeout: float) -> None:
        """Open the connection that all commands share, however long the machine takes to let us in."""
        self._disconnect()
        socket = self._folder / "ssh"

        def connected() -> bool:
            if not self._qemu or not self._qemu.alive:
                raise NotRunning(f"QEMU has ended: {(self._folder / 'qemu.log').read_text(errors='replace')}")
            if self._ssh is None or self._ssh.poll() is not None:
                *words, destination = self.ssh_command
                keep = ["-M", "-N", "-S", str(socket), "-o", "ConnectTimeout=10", "-o", "ServerAliveInterval=15"]
                with (self._folder / "ssh.log").open("wb") as log:
                    self._ssh = subprocess.Popen(
                        ["setpriv", "--pdeathsig", "KILL", *words, *keep, destination],
                        stdin=subprocess.DEVNULL,
                        stdout=log,
                        stderr=log,
                    )
            return socket.exists()

        try:
            poll(connected, timeout, "the machine lets us in by ssh")
        except TooLate as late:
            raise NotRunning(f"{late}\n{self.console[-3000:]}") from None

    def _disconnect(self) -> None:
        if self._ssh:
            self._ssh.kill()
            self._ssh.wait()
            self._ssh = None
        (self._folder / "ssh").unlink(missing_ok=True)
