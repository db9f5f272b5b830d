# SPDX-License-Identifier: Apache-2.0
"""The descriptor store, spoken to over a real notification socket and through real inheritance."""

from __future__ import annotations

import array
import fcntl
import json
import os
import socket
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from axiod.runtime.fds import FdStore

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def systemd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    """The socket where systemd listens."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        sock.bind(str(tmp_path / "notify"))
        sock.settimeout(5)
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        yield sock


def told(sock: socket.socket) -> tuple[dict[str, str], list[int]]:
    """Return one message: its lines, and the inodes of its descriptors."""
    data, ancillary, _, _ = sock.recvmsg(4096, socket.CMSG_SPACE(64))
    inodes = []
    for _, kind, content in ancillary:
        assert kind == socket.SCM_RIGHTS
        for fd in array.array("i", content):
            inodes.append(os.fstat(fd).st_ino)
            os.close(fd)
    return dict(line.split("=", 1) for line in data.decode().splitlines()), inodes


def test_keep_replaces_what_was_kept_under_the_name(systemd: socket.socket) -> None:
    read, write = os.pipe()
    FdStore().keep("io1.out", read)
    assert told(systemd) == ({"FDSTOREREMOVE": "1", "FDNAME": "io1.out"}, [])
    assert told(systemd) == ({"FDSTORE": "1", "FDNAME": "io1.out"}, [os.fstat(read).st_ino])
    os.close(read)
    os.close(write)


def test_drop_lets_go(systemd: socket.socket) -> None:
    FdStore().drop("io1.in")
    assert told(systemd) == ({"FDSTOREREMOVE": "1", "FDNAME": "io1.in"}, [])


def test_without_systemd_nothing_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    store = FdStore()
    store.keep("x", 0)
    store.drop("x")
    store.drop_rest()
    assert store.take("x") is None
    assert not store.any


_CHILD = """
import json, os
from axiod.runtime.fds import FdStore
store = FdStore()
anything = [store.any]
first = store.take("a.out")
found = [os.fstat(first).st_ino, store.take("a.out"), store.take("nothing"), os.get_inheritable(first)]
anything.append(store.any)
store.drop_rest()
anything.append(store.any)
try:
    os.fstat(4)
    found.append("open")
except OSError:
    found.append("closed")
print(json.dumps([found, anything]))
"""


def test_what_was_kept_is_inherited_once_and_the_rest_is_let_go(systemd: socket.socket) -> None:
    pipes = [os.pipe() for _ in range(2)]
    inode = os.fstat(pipes[0][0]).st_ino
    moves = " ".join(f"{3 + place}<&{read}" for place, (read, _) in enumerate(pipes))
    script = f'LISTEN_FDS=2 LISTEN_FDNAMES=a.out:b.in LISTEN_PID=$$ exec "$0" -c "$1" {moves}'
    # Numbers above those they go to.
    high = [fcntl.fcntl(read, fcntl.F_DUPFD, 20) for read, _ in pipes]
    script = script.replace(moves, " ".join(f"{3 + place}<&{fd}" for place, fd in enumerate(high)))
    child = subprocess.run(
        ["bash", "-c", script, sys.executable, _CHILD], pass_fds=high, capture_output=True, text=True, check=True
    )
    found, anything = json.loads(child.stdout)
    assert found == [inode, None, None, False, "closed"]
    assert anything == [True, True, False]
    assert "let go the descriptor b.in, which nothing uses any more" in child.stderr
    assert told(systemd) == ({"FDSTOREREMOVE": "1", "FDNAME": "b.in"}, [])
    for fd in (*high, *(fd for pipe in pipes for fd in pipe)):
        os.close(fd)
