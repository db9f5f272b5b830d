# SPDX-License-Identifier: Apache-2.0
"""org.axiod.fieldbus1.Port on the bus."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

from axiod.bus.caller import Role, caller
from axiod.bus.interface import snake
from axiod.clock import wall_usec
from axiod.errors import Busy, Conflict, NotFound, NotSupported
from axiod.fieldbus import model
from axiod.fieldbus.counts import Counts
from axiod.fieldbus.exclusive import Exclusive
from axiod.fieldbus.frame import Request
from axiod.fieldbus.mbap import LEAST_TIMEOUT as LEAST_TCP_TIMEOUT
from axiod.fieldbus.model import Kind, PortSettings, State
from axiod.fieldbus.monitor import Monitor
from axiod.fieldbus.rtu import LEAST_TIMEOUT
from axiod.fieldbus.turns import Priority, Turn
from axiod.fieldbus.worker import Worker
from axiod.modbus.line import Line

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from axiod.board.profile import Serial
    from axiod.runtime.app import Context

PORT, MONITOR = "org.axiod.fieldbus1.Port", "org.axiod.fieldbus1.Monitor"


class PortHandler:
    """The attributes are the properties of the contract."""

    kind: str
    terminal: str | None = None
    connector: str | None = None

    def __init__(
        self,
        context: Context,
        id_: str,
        kind: Kind,
        settings: PortSettings,
        save: Callable[[PortHandler, PortSettings], Awaitable[None]],
        remove: Callable[[PortHandler], Awaitable[None]],
        serial: Serial | None = None,
        path: str = "",
    ) -> None:
        """`save` and `remove` store first. `serial` and `path`: what the board profile says of a serial port."""
        self.id = id_
        self.path = f"{context.path}/port/{id_}"
        self.of = kind
        self.kind = str(kind)
        if serial is not None:
            self.terminal, self.connector = serial.terminal, serial.connector
        self._context = context
        self._save = save
        self._remove = remove
        self._device = path
        self._load_percent = 0.0
        self._counts = Counts()
        self._exclusive: Exclusive | None = None
        self._freeing: asyncio.TimerHandle | None = None
        self.removed = False
        self.configuring = asyncio.Lock()
        self.monitor = Monitor(self._publish_monitor)
        self._worker = Worker(kind, path, settings, self.monitor, self._state_changed)
        self._task: asyncio.Task[None] | None = None

    # --- properties ---

    @property
    def settings(self) -> PortSettings:
        """The settings that are in force."""
        return self._worker.settings

    @property
    def name(self) -> str:
        return self.settings.name

    @property
    def device(self) -> str:
        host = self.settings.host
        if host is None:
            return self._device
        return f"[{host}]:{self.settings.tcp_port}" if ":" in host else f"{host}:{self.settings.tcp_port}"

    @property
    def enabled(self) -> bool:
        return self.settings.enabled

    @property
    def baud_rate(self) -> int:
        return self.settings.baud_rate

    @property
    def parity(self) -> str:
        return self.settings.parity

    @property
    def stop_bits(self) -> int:
        return self.settings.stop_bits

    @property
    def turnaround_ms(self) -> int:
        return self.settings.turnaround_ms

    @property
    def silence_ms(self) -> int:
        return self.settings.silence_ms

    @property
    def timeout_ms(self) -> int:
        return self.settings.timeout_ms

    @property
    def direction_control(self) -> str:
        return self.settings.direction_control

    @property
    def host(self) -> str | None:
        return self.settings.host

    @property
    def tcp_port(self) -> int | None:
        return self.settings.tcp_port

    @property
    def state(self) -> str:
        return self._worker.state

    @property
    def reason(self) -> str | None:
        return self._worker.reason

    @property
    def state_changed_usec(self) -> int:
        return self._worker.state_changed_usec

    @property
    def owner(self) -> str | None:
        return None if self._exclusive is None else str(self._exclusive)

    @property
    def owned_until_usec(self) -> int | None:
        return None if self._exclusive is None else self._exclusive.until_usec

    @property
    def echo(self) -> bool | None:
        return None if self.of is Kind.MODBUS_TCP else self._worker.books.echo

    @property
    def load_percent(self) -> float:
        return self._load_percent

    @property
    def waiting(self) -> int:
        return len(self._worker.turns)

    @property
    def transactions(self) -> int:
        return self._worker.books.counts.transactions

    @property
    def exceptions(self) -> int:
        return self._worker.books.counts.exceptions

    @property
    def timeouts(self) -> int:
        return self._worker.books.counts.timeouts

    @property
    def crc_errors(self) -> int:
        return self._worker.books.counts.crc_errors

    @property
    def framing_errors(self) -> int:
        return self._worker.books.counts.framing_errors

    @property
    def foreign_answers(self) -> int:
        return self._worker.books.counts.foreign_answers

    @property
    def late_answers(self) -> int:
        return self._worker.books.counts.late_answers

    @property
    def refused(self) -> int:
        return self._worker.books.counts.refused

    @property
    def outages(self) -> int:
        return self._worker.books.counts.outages

    # --- methods ---

    async def configure(self, changes: dict[str, Any]) -> None:
        async with self.configuring:
            self._check_there()
            amended = self.settings.amended({snake(key): value for key, value in changes.items()})
            if amended == self.settings:
                return
            await self._save(self, amended)
            self._worker.configure(amended)
            self._publish()

    async def transact(self, unit: int, pdu: bytes, options: dict[str, Any]) -> tuple[bytes, int]:
        self._check_there()
        pdu = bytes(pdu)
        model.check_transaction(self.of, unit, pdu)
        model.check_baud_rate(options.get("BaudRate"))
        who = caller.get()
        client = "" if who is None else who.name
        self._check_free(client)
        settings = self.settings
        line = Line(
            options.get("BaudRate", settings.baud_rate),
            options.get("Parity", settings.parity),
            options.get("StopBits", settings.stop_bits),
        )
        wanted = options.get("TimeoutMs")
        turn = Turn(
            Request(unit, pdu),
            line,
            Priority[options.get("Priority", "request").upper()],
            client,
            time.monotonic(),
            options["DeadlineUsec"] / 1e6,
            None if wanted is None else wanted / 1000,
        )
        answer = await self._worker.transact(turn)
        return answer.pdu, round(answer.latency * 1e6)

    def acquire(self, purpose: str, seconds: int) -> None:
        self._check_there()
        who = caller.get()
        client = "" if who is None else who.name
        self._check_free(client)
        self._set_exclusive(
            Exclusive(
                client,
                "this process" if who is None else str(who),
                purpose,
                time.monotonic() + seconds,
                wall_usec() + seconds * 1_000_000,
            )
        )
        self._worker.refuse(lambda turn: turn.client != client, lambda: Busy(self._kept_out()))

    def release(self) -> None:
        if self._exclusive is None:
            raise Conflict(f"nobody has port {self.id} for itself")
        who = caller.get()
        if who is not None and who.role < Role.ADMINISTRATOR:
            self._check_free(who.name)
        self._set_exclusive(None)

    def list_units(self) -> list[dict[str, Any]]:
        longest = self.settings.timeout_ms / 1000
        least = LEAST_TCP_TIMEOUT if self.of is Kind.MODBUS_TCP else LEAST_TIMEOUT
        found = []
        for address, unit in sorted(self._worker.books.units.items()):
            row: dict[str, Any] = {
                "Unit": address,
                "Transactions": unit.transactions,
                "Answers": unit.answers,
                "Failures": unit.failures,
                "TimeoutMs": round(unit.timeout(longest, least) * 1000),
            }
            if unit.latency is not None:
                row["LatencyMs"] = round(unit.latency * 1000, 3)
            if unit.last_answer_usec is not None:
                row["LastAnswerUsec"] = unit.last_answer_usec
            found.append(row)
        return found

    def reset_counters(self) -> None:
        books = self._worker.books
        books.counts = Counts()
        for unit in books.units.values():
            unit.transactions = unit.answers = 0
        self._publish()

    async def remove(self) -> None:
        if self.of is Kind.SERIAL:
            raise NotSupported(f"{self.id} is a serial port of the board; set Enabled to false, and it is not used")
        async with self.configuring:
            self._check_there()
            await self._remove(self)

    # --- the service's side ---

    async def start(self) -> None:
        """Export it, and go to work. Of a serial port it is known then whether it can be had."""
        self._context.server.export(self.path, PORT, self)
        self._context.server.export(self.path, MONITOR, self.monitor)
        self._task = self._context.tasks.create_task(self._worker.run())
        if self.of is Kind.SERIAL:
            await self._worker.tried.wait()
        else:
            self._tell()

    def close(self, why: str) -> None:
        """Stop working; what waits is refused."""
        self.removed = True
        if self._task is not None:
            self._task.cancel()
        if self._freeing is not None:
            self._freeing.cancel()
        self.monitor.close()
        self._worker.close(NotFound(why))

    def left(self, client: str) -> None:
        """A client has left the bus."""
        self._worker.refuse(lambda turn: turn.client == client, lambda: Busy("the client has left"))
        if self._exclusive is not None and self._exclusive.client == client:
            self._set_exclusive(None)

    def tick(self, *, count: bool) -> None:
        """Refuse what waited too long; tell the counts."""
        self._worker.drop_late()
        if count:
            self._load_percent = self._worker.books.load.percent(time.monotonic())
            self._publish()

    # --- inside ---

    def _check_there(self) -> None:
        if self.removed:
            raise NotFound(f"port {self.id} was removed")

    def _check_free(self, client: str) -> None:
        if self._exclusive is not None and self._exclusive.keeps_out(client):
            self._worker.books.counts.refused += 1
            raise Busy(self._kept_out())

    def _kept_out(self) -> str:
        has = self._exclusive
        if has is None:
            return f"port {self.id} is used by another client"
        left = max(has.until - time.monotonic(), 0.0)
        return f"port {self.id} is used by {has.who} alone, for another {left:.0f} s: {has.purpose}"

    def _set_exclusive(self, exclusive: Exclusive | None) -> None:
        if self._freeing is not None:
            self._freeing.cancel()
            self._freeing = None
        self._exclusive = exclusive
        if exclusive is not None:
            self._freeing = asyncio.get_running_loop().call_at(exclusive.until, self._set_exclusive, None)
        self._publish()

    def _state_changed(self) -> None:
        self._publish()
        self._tell()

    def _tell(self) -> None:
        state, root = self._worker.state, self._context.root
        source, data = model.event(self.id, state)
        self._context.events.state(model.TOPIC, source, data, self._worker.state_changed_usec)
        trouble = state in (State.OFFLINE, State.IN_USE) and self._worker.tried.is_set()
        root.problem(f"port {self.id}", f"port {self.id}: {self._worker.reason}" if trouble else None)

    def _publish(self) -> None:
        if not self.removed:
            self._context.server.changed(self.path, PORT)

    def _publish_monitor(self) -> None:
        if not self.removed:
            self._context.server.changed(self.path, MONITOR)
