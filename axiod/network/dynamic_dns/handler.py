# SPDX-License-Identifier: Apache-2.0
"""org.axiod.network1.DynamicDns: registers what is in force, and says what became of it."""

from __future__ import annotations

import asyncio
import json
import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any

from axiod import durable
from axiod.bus.interface import snake
from axiod.clock import monotonic_usec, wall_usec
from axiod.errors import Conflict, HardwareFailure, NotSupported
from axiod.network import systemd
from axiod.network.dynamic_dns import nsupdate
from axiod.network.dynamic_dns.course import Record, from_plain
from axiod.network.dynamic_dns.settings import Entry, Settings, checked_key, full_name, reachable
from axiod.network.dynamic_dns.words import Answer, read, script
from axiod.runtime.settings import SettingsFile

if TYPE_CHECKING:
    from axiod.network.host import HostHandler
    from axiod.network.interfaces import Interfaces
    from axiod.network.trial_handler import TrialHandler
    from axiod.runtime.app import Context

_log = logging.getLogger(__name__)

DYNAMIC_DNS = "org.axiod.network1.DynamicDns"
_KIND = "dynamic-dns"
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_IN_A_TRIAL = "a trial of network settings is under way; the name is registered when it is over"
_NO_ADDRESS = "no interface has an address that others could reach"
_NO_DOMAIN = "there is no search domain to add to the name; give the whole Name, such as gate-7.example.org"


class DynamicDnsHandler:
    """org.axiod.network1.DynamicDns."""

    def __init__(
        self,
        context: Context,
        interfaces: Interfaces,
        host: HostHandler,
        trial: TrialHandler,
        socket: Path = nsupdate.SOCKET,
    ) -> None:
        """`socket`: where nsupdate is run for us. Raises HardwareFailure when the disk refuses to be read."""
        self._context = context
        self._path = f"{context.path}/dynamic_dns"
        self._interfaces = interfaces
        self._host = host
        self._trial = trial
        self._socket = socket
        # Nothing here cuts anybody off, so it is no part of a trial and waits for none.
        self._changing = asyncio.Lock()
        self._file = SettingsFile(context.state_dir / "dynamic-dns.yaml", {_KIND: DYNAMIC_DNS})
        self._settings = Settings(**self._file.get(_KIND, _KIND))
        self._key_path = context.state_dir / "dynamic-dns.key"
        self._key = _read(self._key_path).strip()
        self._record_path = context.state_dir / "dynamic-dns.json"
        self._record = _record(self._record_path)
        self._boot_id = _BOOT_ID.read_text().strip()
        self._due = asyncio.Event()
        self._timer: asyncio.TimerHandle | None = None
        self._course: asyncio.Task[None] | None = None
        self._step: Entry | None = None
        """What is under way."""
        self._waits_for = ""

    def start(self) -> None:
        """Export it, and begin."""
        self._context.server.export(self._path, DYNAMIC_DNS, self)
        self._course = self._context.tasks.create_task(self._keep_going())
        self.look()

    def look(self) -> None:
        """See whether something is to be done: what is in force may have changed."""
        if self._settings.enabled or self._record.former or self._record.registered:
            # Until it is seen what there is to do; it may take longer than nobody asks.
            self._context.needed.while_("dynamic DNS", holds=True)
            self._due.set()

    def close(self) -> None:
        """Do nothing more. What is not done yet is, when the service is started next."""
        if self._timer is not None:
            self._timer.cancel()
        if self._course is not None:
            self._course.cancel()

    # --- what is set ---

    @property
    def enabled(self) -> bool:
        return self._settings.enabled

    @property
    def name(self) -> str:
        return self._settings.name

    @property
    def ttl_sec(self) -> int:
        return self._settings.ttl_sec

    @property
    def server(self) -> str:
        return self._settings.server

    @property
    def zone(self) -> str:
        return self._settings.zone

    @property
    def key_name(self) -> str:
        return self._settings.key_name

    @property
    def key_algorithm(self) -> str:
        return self._settings.key_algorithm

    @property
    def secrets(self) -> list[str]:
        return ["Key"] if self._key else []

    # --- how it is ---

    @property
    def state(self) -> str:
        if not self._settings.enabled:
            return "off"
        if self._waits_for:
            return "waiting"
        if self._record.tried is not None and self._record.tried.addresses:
            return "failed"
        sure = self._record.registered is not None and self._record.boot_id == self._boot_id
        return "registered" if sure and (self._step is None or not self._step.addresses) else "registering"

    @property
    def problem(self) -> str | None:
        return self._waits_for or self._record.problem or None

    @property
    def next_try_usec(self) -> int | None:
        return self._record.next_usec if self._record.tried is not None else None

    @property
    def registered_name(self) -> str | None:
        return self._record.registered.name if self._record.registered else None

    @property
    def registered_addresses(self) -> list[str]:
        return list(self._record.registered.addresses) if self._record.registered else []

    @property
    def registered_usec(self) -> int | None:
        return self._record.registered_usec if self._record.registered else None

    # --- methods ---

    async def configure(self, changes: dict[str, Any]) -> None:
        async with self._changing:
            amended = self._settings.amended({snake(name): value for name, value in changes.items()})
            amended.check_complete(self._key)
            if changes.get("Enabled") and not nsupdate.installed():
                raise NotSupported(f"Enabled cannot be turned on: {nsupdate.NOT_INSTALLED}")
            if amended == self._settings:
                return
            await self._file.save(_KIND, _KIND, amended.beyond_default)
            self._settings = amended
        await self._anew()

    async def set_secrets(self, options: dict[str, Any]) -> None:
        async with self._changing:
            key = checked_key(options.get("Key", self._key))
            self._settings.check_complete(key)
            if key == self._key:
                return
            try:
                await asyncio.to_thread(self._write_key, key)
            except OSError as error:
                raise HardwareFailure(f"{self._key_path} cannot be written: {error.strerror}") from error
            self._key = key
        await self._anew()

    async def register(self) -> None:
        if not self._settings.enabled:
            raise Conflict("it is not enabled; set Enabled first")
        await self._anew()

    async def _anew(self) -> None:
        await self._keep(self._record.anew())
        self.look()
        self._tell()

    # --- what becomes of it ---

    async def _keep_going(self) -> None:
        while True:
            await self._due.wait()
            self._due.clear()
            await self._go()
            if not self._due.is_set():
                self._context.needed.while_("dynamic DNS", holds=False)

    async def _go(self) -> None:
        """Do all that is to be done now, and have what must wait done later."""
        if self._timer is not None:
            self._timer.cancel()
        while True:
            wanted = self._wanted()
            if self._waits_for:
                break
            record = self._record.towards(wanted)
            step = record.step(wanted, self._boot_id)
            if step is None:
                await self._keep(record.at_rest())
                break
            await self._keep(record)
            if left := record.left_usec(step, self._boot_id, monotonic_usec()):
                await self._again_in(left)
                break
            await self._do(step)
        self._tell()

    async def _do(self, step: Entry) -> None:
        self._step = step
        self._tell()
        settings = self._settings
        said = await nsupdate.told(script(step, settings, self._key), self._socket)
        self._step = None
        if settings is not self._settings:
            return  # what was said is of no use any more
        answer = said if isinstance(said, Answer) else read(said, step, settings)
        now = wall_usec()
        if answer.problem is None:
            _log.info("%s: %s", step.name, ", ".join(step.addresses) or "deleted from the DNS")
            await self._keep(self._record.done(step, self._boot_id, now))
        else:
            _log.warning("%s", answer.problem)
            await self._keep(self._record.failed(step, answer, self._boot_id, monotonic_usec(), now))

    async def _again_in(self, usec: int) -> None:
        self._timer = asyncio.get_running_loop().call_later(usec / 1e6, self.look)
        # Should this process not be there then.
        await systemd.wake_in(self._context.connection, usec // 1_000_000 + 1, systemd.DYNAMIC_DNS)

    def _wanted(self) -> Entry | None:
        """Return what should be registered; sets why that cannot be said yet."""
        self._waits_for = ""
        settings = self._settings
        if not settings.enabled:
            return None
        if self._trial.pending:
            self._waits_for = _IN_A_TRIAL
            return None
        names, addresses = reachable(self._interfaces.links)
        name = full_name(settings.name, self._host.current_hostname, self._interfaces.search_domains(names))
        if name is None or not addresses:
            self._waits_for = _NO_DOMAIN if addresses else _NO_ADDRESS
            return None
        return Entry(name, settings.server, settings.zone, settings.ttl_sec, addresses)

    def _write_key(self, key: str) -> None:
        if key:
            durable.write(self._key_path, f"{key}\n", mode=0o600)
        else:
            durable.remove(self._key_path)
        # The one before is a secret, too, and of no use to anybody.
        durable.remove(self._key_path.with_name(f"{self._key_path.name}.previous"))

    async def _keep(self, record: Record) -> None:
        if record == self._record:
            return
        self._record = record
        try:
            await asyncio.to_thread(durable.write, self._record_path, json.dumps(record.to_plain()))
        except OSError as error:
            # What is registered once more does no harm.
            _log.warning("%s cannot be written: %s", self._record_path, error.strerror)

    def _tell(self) -> None:
        self._context.root.problem("dynamic DNS", self._record.problem if self.state == "failed" else None)
        self._context.server.changed(self._path, DYNAMIC_DNS)


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (FileNotFoundError, UnicodeDecodeError):
        return ""
    except OSError as error:
        raise HardwareFailure(f"{path} cannot be read: {error.strerror}") from error


def _record(path: Path) -> Record:
    text = _read(path)
    try:
        return from_plain(json.loads(text)) if text else Record()
    except (ValueError, TypeError, KeyError) as error:
        _log.warning("what %s says cannot be read, so the name is registered anew: %s", path, error)
        return Record()
