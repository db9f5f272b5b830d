# SPDX-License-Identifier: Apache-2.0
"""The socket of the simulated board, spoken to in packets; what a line is as such, tests/gpio/contract.py says."""

from __future__ import annotations

import errno
import shutil
import socket
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from axiod.errors import Conflict
from axiod.gpio.lines import unpack_edges
from axiod.gpio.protocol import MAX_PACKET, Operation, pack, unpack
from tests.sim.board import World

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@pytest.fixture
def path() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="axiod-sim-"))
    yield folder / "deep" / "lines"
    shutil.rmtree(folder)


@pytest.fixture
def world(path: Path) -> Iterator[World]:
    world = World(path)
    yield world
    world.close()


@pytest.fixture
def client(path: Path, world: World) -> Iterator[Callable[[], Client]]:
    """A function that connects."""
    clients: list[Client] = []

    def connect() -> Client:
        clients.append(Client(path))
        return clients[-1]

    yield connect
    for client in clients:
        client.sock.close()


class Client:
    """One connection."""

    def __init__(self, path: Path) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.sock.settimeout(5)
        self.sock.connect(str(path))
        self._serial = 0

    def ask(self, operation: int, value: int = 0, rest: bytes = b"") -> tuple[int, int, bytes]:
        """Return the error, the value and the rest of the answer."""
        self._serial += 1
        self.sock.send(pack(operation, self._serial, value, rest=rest))
        kind, error, answer, serial, extra = unpack(self.sock.recv(MAX_PACKET))
        assert (kind, serial) == (operation, self._serial)
        return error, answer, extra

    def edges(self) -> list[tuple[bool, int, int]]:
        """Return the edges of the next packet."""
        kind, _, _, _, rest = unpack(self.sock.recv(MAX_PACKET))
        assert kind == Operation.EDGES
        return [(edge.active, edge.timestamp_ns, edge.sequence) for edge in unpack_edges(rest)]


def test_the_boot_id_lasts_as_long_as_the_world(client: Callable[[], Client]) -> None:
    one, two = client().ask(Operation.BOOT)[2], client().ask(Operation.BOOT)[2]
    assert one == two
    assert len(one) == 36


@pytest.mark.parametrize(
    ("operation", "name", "error"),
    [
        (Operation.LINE, b"a9210-io/nothing", errno.ENOENT),
        (Operation.LINE, b"\xff\xfe", errno.ENOENT),
        (Operation.LINE, b"", errno.ENOENT),
        (Operation.ADC, b"a9210-adc/99", errno.ENOENT),
        (Operation.GET, b"", errno.EINVAL),
        (99, b"", errno.EINVAL),
    ],
)
def test_what_is_not_there_is_refused(client: Callable[[], Client], operation: int, name: bytes, error: int) -> None:
    one = client()
    assert one.ask(operation, rest=name)[0] == error
    assert one.ask(Operation.LINE, rest=b"a9210-io/relay1")[0] == 0, "the connection can still become a line"


def test_an_operation_that_nobody_knows_is_answered(client: Callable[[], Client]) -> None:
    one = client()
    one.ask(Operation.LINE, rest=b"a9210-io/relay1")
    assert one.ask(77)[0] == errno.EINVAL
    assert one.ask(Operation.GET)[0] == 0


@pytest.mark.parametrize("packet", [b"x", b"\0" * 7])
def test_what_is_no_packet_ends_the_connection(client: Callable[[], Client], packet: bytes) -> None:
    one = client()
    one.ask(Operation.LINE, rest=b"a9210-io/relay1")
    one.sock.send(packet)
    assert one.sock.recv(MAX_PACKET) == b""
    assert client().ask(Operation.LINE, rest=b"a9210-io/relay1")[0] == 0


@pytest.mark.parametrize(
    ("name", "operation", "error"),
    [
        ("relay1", Operation.INPUT, errno.EPERM),
        ("input1", Operation.OUTPUT, errno.EPERM),
        ("input1", Operation.SET, errno.EPERM),
        ("relay1", Operation.SET, errno.EPERM),
        ("relay1", Operation.LINE, errno.EINVAL),
        ("io1", Operation.INPUT, 0),
        ("io1", Operation.OUTPUT, 0),
    ],
)
def test_what_a_line_can_do(client: Callable[[], Client], name: str, operation: Operation, error: int) -> None:
    one = client()
    assert one.ask(Operation.LINE, 1, f"a9210-io/{name}".encode())[0] == 0
    assert one.ask(operation)[0] == error


@pytest.mark.parametrize("broken", [True, False])
def test_a_broken_line_fails_and_a_mended_one_works(client: Callable[[], Client], world: World, broken: bool) -> None:
    one, two = client(), client()
    one.ask(Operation.LINE, 0, b"a9210-io/relay1")
    one.ask(Operation.OUTPUT, 0)
    two.ask(Operation.LINE, 1, b"a9210-io/input1")
    world.do(lambda: setattr(world.drive(world.line("relay1")), "broken", broken))
    world.do(lambda: setattr(world.wire(world.line("input1")), "broken", broken))
    expected = errno.EIO if broken else 0
    assert [one.ask(operation, 1)[0] for operation in (Operation.SET, Operation.OUTPUT)] == [expected] * 2
    assert world.drive(world.line("relay1")).active is not broken
    assert [two.ask(operation)[0] for operation in (Operation.GET, Operation.INPUT)] == [expected] * 2


def test_an_output_that_becomes_an_input_lets_go(client: Callable[[], Client], world: World) -> None:
    one = client()
    one.ask(Operation.LINE, 1, b"a9210-io/io1")
    one.ask(Operation.OUTPUT, 1)
    drive = world.drive(world.line("io1"))
    assert (drive.held, drive.active) == (True, True)
    one.ask(Operation.INPUT)
    assert world.do(lambda: (drive.held, drive.active, drive.transitions)) == (False, False, 2)


def test_watchers_are_called_for_every_change(client: Callable[[], Client], world: World) -> None:
    called: list[bool] = []
    terminal = world.terminal(world.line("relay1"))
    world.do(lambda: terminal.watchers.append(lambda: called.append(bool(terminal.drive and terminal.drive.active))))
    one = client()
    one.ask(Operation.LINE, 0, b"a9210-io/relay1")
    one.ask(Operation.OUTPUT, 1)
    one.ask(Operation.SET, 0)
    world.do(lambda: None)  # the answer comes before the watchers are told
    assert called == [True, False]


def test_edges_go_to_an_input_only_and_not_past_a_broken_wire(client: Callable[[], Client], world: World) -> None:
    ref = world.line("io1")
    one = client()
    one.ask(Operation.LINE, 1, b"a9210-io/io1")
    terminal = world.terminal(ref)
    world.do(lambda: world.lines.edges(terminal, [(True, 1)]))
    one.ask(Operation.OUTPUT, 0)
    world.do(lambda: world.lines.edges(terminal, [(True, 2)]))
    one.ask(Operation.INPUT)
    world.do(lambda: setattr(world.wire(ref), "broken", True))
    world.do(lambda: world.lines.edges(terminal, [(True, 3)]))
    world.do(lambda: setattr(world.wire(ref), "broken", False))
    world.do(lambda: world.lines.edges(terminal, [(True, 4), (False, 5)]))
    assert one.edges() == [(True, 4, 1), (False, 5, 2)]


def test_a_line_whose_edges_nobody_read_answers_whoever_reads_them(client: Callable[[], Client], world: World) -> None:
    terminal = world.terminal(world.line("io1"))
    one = client()
    one.ask(Operation.LINE, 1, b"a9210-io/io1")
    one.ask(Operation.INPUT)
    told = 5000

    def tell() -> None:
        for number in range(told):
            world.lines.edges(terminal, [(number % 2 == 0, number)])

    world.do(tell)
    one.sock.send(pack(Operation.GET, 99))
    last = 0
    while True:
        kind, error, _, serial, rest = unpack(one.sock.recv(MAX_PACKET))
        if kind == Operation.GET:
            break
        last = unpack_edges(rest)[-1].sequence
    assert (error, serial, last) == (0, 99, told), "after all edges before it, the oldest of which are dropped"


def test_the_adc_reads_and_nothing_else(client: Callable[[], Client], world: World) -> None:
    one = client()
    assert one.ask(Operation.ADC, rest=b"a9210-adc/0")[0] == 0
    assert one.ask(Operation.GET)[:2] == (0, 1097)
    assert one.ask(Operation.SET, 1)[0] == errno.EPERM
    two = client()
    assert two.ask(Operation.ADC, rest=b"a9210-adc/0")[0] == 0, "any number may read"
    world.do(lambda: setattr(world.wire(world.line("input1")), "broken", True))
    assert two.ask(Operation.GET)[0] == errno.EIO


def test_a_second_world_at_the_same_place_is_refused(path: Path, world: World) -> None:
    with pytest.raises(Conflict, match=f"another simulation listens at {path}; stop it first"):
        world.do(lambda: world.lines.listen(path))
    assert world.do(path.exists)


def test_what_a_dead_world_left_is_not_in_the_way(path: Path) -> None:
    path.parent.mkdir()
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as dead:
        dead.bind(str(path))
    World(path).close()
    assert not path.exists()


def test_the_end_of_the_world_ends_every_line(client: Callable[[], Client], world: World) -> None:
    one = client()
    one.ask(Operation.LINE, 0, b"a9210-io/relay1")
    one.ask(Operation.OUTPUT, 1)
    world.close()
    assert one.sock.recv(MAX_PACKET) == b""
