# SPDX-License-Identifier: Apache-2.0
"""One QEMU process: its command line, its monitor, and ways to end it. Nothing of what runs in it."""

from __future__ import annotations

import json
import shlex
import shutil
import socket
import subprocess
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from tests.machine.guest import NotRunning, Unavailable, poll

if TYPE_CHECKING:
    from pathlib import Path

_PROGRAMS = {
    "amd64": ("qemu-system-x86_64", "qemu-system-x86"),
    "arm64": ("qemu-system-aarch64", "qemu-system-arm"),
    "armhf": ("qemu-system-arm", "qemu-system-arm"),
}
# The first serial port is the console; the other two are for tests. (pci-serial-2x is not: QEMU 7.2 cannot save it.)
_BOARDS = {
    "amd64": ("-M q35 -cpu max", "ttyS0", "-serial chardev:rs1 -serial chardev:rs2"),
    "arm64": (
        "-M virt,gic-version=3 -cpu cortex-a53",
        "ttyAMA0",
        "-device pci-serial,chardev=rs1 -device pci-serial,chardev=rs2",
    ),
    "armhf": (
        "-M virt,highmem=off -cpu cortex-a15",
        "ttyAMA0",
        "-device pci-serial,chardev=rs1 -device pci-serial,chardev=rs2",
    ),
}
SERIAL_DEVICES = {
    "amd64": ("/dev/ttyS1", "/dev/ttyS2"),
    "arm64": ("/dev/ttyS0", "/dev/ttyS1"),
    "armhf": ("/dev/ttyS0", "/dev/ttyS1"),
}
"""What the two serial ports are called in the guest."""
_KERNEL = (
    "root=/dev/vda rw quiet panic=-1 net.ifnames=0 audit=0 mitigations=off systemd.show_status=0 "
    # Else each trace point that is switched on rewrites the scheduler, too, to learn the names of processes. Emulated
    # processors that run side by side may meet that code half rewritten, and the kernel dies of it ("Oops: int3").
    "trace_options=norecord-cmd"
)
_MEMORY_MB = 1024
_START_SECONDS = 60
_SAVE_SECONDS = 300


def why_not(arch: str) -> str:
    """Return why there can be no machines of an architecture here; the empty string if there can."""
    program, package = _PROGRAMS[arch]
    for command, its_package in ((program, package), ("qemu-img", "qemu-utils"), ("ssh", "openssh-client")):
        if not shutil.which(command):
            return f"machines need {command} (Debian package {its_package})"
    return ""


def version(arch: str) -> str:
    """Return QEMU's version and how it is called: a saved state fits nothing else."""
    said = subprocess.run([_PROGRAMS[arch][0], "--version"], capture_output=True, text=True, check=True).stdout
    return "\n".join([said.splitlines()[0], *_BOARDS[arch], _KERNEL, str(_MEMORY_MB)])


def overlay(disk: Path, below: Path) -> None:
    """Make a disk that begins as another and keeps what is written to itself."""
    kind = "raw" if below.suffix == ".img" else "qcow2"
    command = ["qemu-img", "create", "-q", "-f", "qcow2", "-F", kind, "-b", str(below), str(disk)]
    subprocess.run(command, check=True, capture_output=True)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Qemu:
    """A machine that runs: begun by a cold boot, or from a saved state.

    Its folder has disk.qcow2, console.log, qemu.log and the sockets monitor, rs1 and rs2. Nothing of it reaches a
    network; its port 22 is a port of this machine.
    """

    def __init__(self, arch: str, image: Path, folder: Path, ram: Path | None = None) -> None:
        if reason := why_not(arch):
            raise Unavailable(reason)
        self._folder = folder
        self.port = _free_port()
        for name in ("monitor", "rs1", "rs2"):
            (folder / name).unlink(missing_ok=True)
        command = self._command(arch, image)
        if ram:
            command += ["-incoming", f"exec:cat {shlex.quote(str(ram))}"]
        with (folder / "qemu.log").open("wb") as log:
            # The end of the tests is its end, too, whatever ends them.
            self._process = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", *command], stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        self._monitor: socket.socket | None = None
        self._answers = b""
        try:
            poll(self._is_there, _START_SECONDS, "QEMU answers", 0.01)
            self.ask("qmp_capabilities")
            if ram:
                poll(lambda: self.ask("query-status")["status"] != "inmigrate", _START_SECONDS, "it resumes", 0.02)
                self.ask("cont")
        except BaseException:
            self.kill()
            raise

    def _command(self, arch: str, image: Path) -> list[str]:
        board, console, serial = _BOARDS[arch]
        folder = self._folder
        line = f"""
            {_PROGRAMS[arch][0]} {board} -accel tcg,thread=multi,tb-size=512 -smp 2 -m {_MEMORY_MB}
            -display none -nodefaults -kernel {image}/vmlinuz -initrd {image}/initrd
            -drive if=none,id=disk,file={folder}/disk.qcow2,format=qcow2,cache=unsafe
            -device virtio-blk-pci,drive=disk -device virtio-rng-pci
            -netdev user,id=net,restrict=on,hostfwd=tcp:127.0.0.1:{self.port}-:22
            -device virtio-net-pci,netdev=net,romfile=
            -qmp unix:{folder}/monitor,server=on,wait=off -serial file:{folder}/console.log
            -chardev socket,id=rs1,path={folder}/rs1,server=on,wait=off
            -chardev socket,id=rs2,path={folder}/rs2,server=on,wait=off {serial}
        """
        return [*line.split(), "-append", f"console={console} {_KERNEL}"]

    def _is_there(self) -> bool:
        if self._process.poll() is not None:
            raise NotRunning(f"QEMU ended: {(self._folder / 'qemu.log').read_text(errors='replace')}")
        monitor = socket.socket(socket.AF_UNIX)
        try:
            monitor.connect(str(self._folder / "monitor"))
        except OSError:
            monitor.close()
            return False
        monitor.settimeout(_START_SECONDS)
        self._monitor = monitor
        return True

    @property
    def alive(self) -> bool:
        """Whether the process runs."""
        return self._process.poll() is None

    def ask(self, command: str, **arguments: object) -> Any:
        """Give a command to the monitor and return the answer; raises NotRunning for an error."""
        assert self._monitor
        line = {"execute": command, **({"arguments": arguments} if arguments else {})}
        self._monitor.sendall(json.dumps(line).encode() + b"\n")
        while True:
            answer = json.loads(self._line())
            if "error" in answer:
                raise NotRunning(f"QEMU refuses {command}: {answer['error']['desc']}")
            if "return" in answer:
                return answer["return"]

    def _line(self) -> bytes:
        assert self._monitor
        while b"\n" not in self._answers:
            data = self._monitor.recv(65536)
            if not data:
                raise NotRunning("QEMU has ended")
            self._answers += data
        line, _, self._answers = self._answers.partition(b"\n")
        return line

    def save(self, ram: Path) -> None:
        """Write the memory to a file and end: it goes on from there with a disk over the one that is left behind."""
        self.ask("stop")
        self.ask("migrate-set-parameters", **{"max-bandwidth": 1 << 34})
        self.ask("migrate", uri=f"exec:cat > {shlex.quote(str(ram))}")

        def saved() -> bool:
            state = self.ask("query-migrate").get("status")
            if state in ("failed", "cancelled"):
                raise NotRunning("QEMU could not save its state")
            return bool(state == "completed")

        poll(saved, _SAVE_SECONDS, "the memory is saved", 0.1)
        with suppress(NotRunning, OSError):
            self.ask("quit")
        self._process.wait(_START_SECONDS)
        self.kill()

    def kill(self) -> None:
        """End it at once, as when its power is cut."""
        if self._monitor:
            self._monitor.close()
            self._monitor = None
        self._process.kill()
        self._process.wait()
