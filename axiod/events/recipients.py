# SPDX-License-Identifier: Apache-2.0
"""org.axiod.events1.Recipients and Recipient, and what is sent to them."""

from __future__ import annotations

import asyncio
import socket
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from axiod.bus import interface as contract
from axiod.clock import wall_usec
from axiod.errors import AxiodError, Busy, Conflict
from axiod.events import recipient as model
from axiod.events.outbox import Order, Outbox, Result, Turn
from axiod.events.proxies import Proxies
from axiod.events.recipients_file import RECIPIENT, RecipientsFile
from axiod.events.sending.failure import SendFailed
from axiod.events.sending.job import Job
from axiod.events.sending.message import File, Message, Notification, file_name, restored, stored
from axiod.events.sending.postman import Postman, trial

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Mapping

    from axiod.events.recipient import Recipient
    from axiod.runtime.app import Context

RECIPIENTS = "org.axiod.events1.Recipients"
TEST_SECONDS = 50.0
_TELL_SECONDS = 0.25
"""What waits is told so late, and then once for many."""


class RecipientsHandler:
    """org.axiod.events1.Recipients: all recipients, and the way to them."""

    limit: int = model.MOST_RECIPIENTS

    def __init__(
        self,
        context: Context,
        *,
        produce: Callable[[str], Awaitable[bytes]],
        used_by: Callable[[str], Iterable[str]],
        on_result: Callable[[Result], None],
    ) -> None:
        """`produce` makes a file when it is its turn: "event-log" or "report".

        `used_by` returns the names of the rules that need a recipient. `on_result` is told of each message what became
        of it. Raises HardwareFailure when the disk refuses to be read.
        """
        self._context = context
        self._path = f"{context.path}/recipients"
        self._produce = produce
        self._used_by = used_by
        self._on_result = on_result
        self._changing = asyncio.Lock()
        self._file = RecipientsFile(context.state_dir)
        self._postman = Postman()
        self._proxies = Proxies(context.connection)
        self._outbox = Outbox(
            context.state_dir / "outbox.sqlite",
            self._deliver,
            self._ended,
            on_problem=lambda text: context.root.problem("outbox", text),
        )
        self._handlers: dict[str, RecipientHandler] = {}
        self._to_tell: set[str] = set()
        self._timer: asyncio.TimerHandle | None = None

    async def start(self) -> None:
        """Export everything, and go on with what was still to be sent."""
        self._context.root.problem("recipients", self._file.problem)
        self._context.server.export(self._path, RECIPIENTS, self)
        for id_ in self._file.recipients:
            self._export(id_)
        await self._proxies.start()
        await self._outbox.start()
        for id_ in self._file.recipients:
            self._tell_later(id_)  # how many wait is known only now

    async def close(self) -> None:
        """Send nothing more; what was not sent waits for the next start."""
        await self._outbox.close()
        self._postman.close()
        if self._timer is not None:
            self._timer.cancel()

    # --- for the rules ---

    @property
    def types(self) -> Mapping[str, str]:
        """The type of each recipient by its id."""
        return {id_: recipient.type for id_, recipient in self._file.recipients.items()}

    async def put(
        self,
        id_: str,
        message: Message,
        *,
        origin: Mapping[str, str],
        retries: int = 5,
        timeout_ms: int = 20_000,
        at_most_once: bool = False,
    ) -> int:
        """Take a message for a recipient; return its number when it is on disk.

        Raises NotFound, LimitReached for what is too large, and InvalidArgument for what its type does not take.
        """
        recipient = self._file.recipient(id_)
        model.check_takes(recipient.type, notification=isinstance(message, Notification))
        order = Order(id_, stored(message), origin, retries, timeout_ms, at_most_once)
        number = await self._outbox.put(order)
        self._tell_later(id_)
        return number

    @property
    def dropped(self) -> int:
        """How many messages were dropped since the start because too many waited."""
        return self._outbox.dropped

    # --- properties and methods ---

    @property
    def count(self) -> int:
        return len(self._file.recipients)

    async def add_recipient(self, name: str, type: str, options: dict[str, Any]) -> str:  # noqa: A002 # as in the XML
        async with self._changing:
            model.new("0", name, type, options)  # what is wrong with it takes no id
            recipient = model.new(self._file.new_id(), name, type, options)
            await self._file.keep(recipient)
            self._export(recipient.id)
            return recipient.id

    # --- for the recipients ---

    @property
    def file(self) -> RecipientsFile:
        """What is stored."""
        return self._file

    def waiting(self, id_: str) -> int:
        """Return how many messages wait for a recipient."""
        return self._outbox.waiting(id_)

    async def amend(self, id_: str, changes: dict[str, Any]) -> None:
        """Change a recipient, and try again at once what waits for it."""
        async with self._changing:
            recipient = self._file.recipient(id_)
            amended = model.amended(recipient, changes)
            if amended != recipient:
                await self._file.keep(amended)
                self._changed(id_)

    async def set_secrets(self, id_: str, secrets: dict[str, str]) -> None:
        """Set secrets of a recipient, and try again at once what waits for it."""
        async with self._changing:
            model.check_secrets(self._file.recipient(id_).type, secrets)
            await self._file.keep_secrets(id_, {**self._file.secrets(id_), **secrets})
            self._changed(id_)

    async def copy(self, id_: str, name: str) -> str:
        """Add one like another, with its secrets."""
        async with self._changing:
            recipient = self._file.recipient(id_)
            model.new("0", name, recipient.type, recipient.fields)
            copied = model.new(self._file.new_id(), name, recipient.type, recipient.fields)
            await self._file.keep_secrets(copied.id, self._file.secrets(id_))
            await self._file.keep(copied)
            self._export(copied.id)
            return copied.id

    async def remove(self, id_: str) -> None:
        """Remove one that no rule needs, and what waits for it."""
        async with self._changing:
            recipient = self._file.recipient(id_)
            if rules := list(self._used_by(id_)):
                shown = ", ".join(rules[:3]) + (", …" if len(rules) > 3 else "")
                raise Conflict(f"the recipient {recipient.name} is needed by {shown}; change or remove that first")
            await self._file.remove(id_)
            self._outbox.drop(id_, f"its recipient {recipient.name} was removed")
            self._handlers.pop(id_, None)
            self._context.server.unexport(f"{self._context.path}/recipient/{id_}")
            self._context.server.changed(self._path, RECIPIENTS)

    async def try_out(self, id_: str) -> tuple[bool, str]:
        """Test a recipient; return whether it worked, and a sentence for people."""
        recipient = self._file.recipient(id_)
        what, sentence = trial(recipient, _host_name())
        now = wall_usec()
        keep = not isinstance(what, File)
        if isinstance(what, File):
            what = File(file_name(what.name, _stamp(now, 0)), what.content)
        job = Job(
            recipient, what, self._file.secrets(id_), created_usec=now, host_name=_host_name(), keep=keep
        )  # fmt: skip
        reached = False
        try:
            async with asyncio.timeout(TEST_SECONDS):
                await self._postman.send(replace(job, proxy=await self._proxies.for_(recipient)))
            reached = True
        except SendFailed as failure:
            sentence = str(failure)
        except TimeoutError:
            sentence = f"it was not done within {TEST_SECONDS:g} s"
        self._note(id_, sentence)
        return reached, sentence

    # --- sending ---

    async def _deliver(self, id_: str, turn: Turn) -> None:
        recipient = self._file.recipients.get(id_)
        if recipient is None:
            raise SendFailed(f"there is no recipient {id_} any more", final=True, begun=False)
        job = Job(
            recipient,
            await self._made(turn),
            self._file.secrets(id_),
            turn.number,
            turn.created_usec,
            _host_name(),
            proxy=await self._proxies.for_(recipient),
        )
        try:
            await self._postman.send(job)
        except SendFailed as failure:
            self._note(id_, str(failure))
            raise
        except asyncio.CancelledError:
            self._note(id_, "it was not done in time, or was broken off")
            raise
        self._note(id_, "sent")

    async def _made(self, turn: Turn) -> Notification | File:
        try:
            message = restored(turn.message)
            if isinstance(message, Notification):
                return message
            name = file_name(message.name, _stamp(turn.created_usec, turn.number))
            return File(name, await self._produce(message.file))
        except (AxiodError, ValueError) as error:
            raise SendFailed(str(error), final=True, begun=False) from error

    def _ended(self, result: Result) -> None:
        self._tell_later(result.recipient)
        self._on_result(result)

    # --- what is told ---

    def _export(self, id_: str) -> None:
        handler = self._handlers[id_] = RecipientHandler(self, self._file.recipient(id_))
        self._context.server.export(f"{self._context.path}/recipient/{id_}", RECIPIENT, handler)
        self._context.server.changed(self._path, RECIPIENTS)

    def _changed(self, id_: str) -> None:
        self._handlers[id_].show(self._file.recipient(id_))
        self._context.server.changed(f"{self._context.path}/recipient/{id_}", RECIPIENT)
        self._outbox.hurry(id_)

    def _note(self, id_: str, sentence: str) -> None:
        if handler := self._handlers.get(id_):
            handler.last_result, handler.last_result_usec = sentence, wall_usec()
            self._tell_later(id_)

    def _tell_later(self, id_: str) -> None:
        self._to_tell.add(id_)
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(_TELL_SECONDS, self._tell)

    def _tell(self) -> None:
        self._timer = None
        to_tell, self._to_tell = self._to_tell, set()
        for id_ in to_tell & self._handlers.keys():
            self._context.server.changed(f"{self._context.path}/recipient/{id_}", RECIPIENT)


class RecipientHandler:
    """org.axiod.events1.Recipient. Its fields are attributes with the names of the contract, see `show`."""

    name: str
    type: str
    url: str | None
    host: str | None
    port: int | None
    username: str | None
    validate_certificate: bool | None
    share: str | None
    folder: str | None
    temporary_name: bool | None
    passive: bool | None
    host_key_md5: str | None
    host_key_sha256: str | None
    to: str | None
    sender: str | None
    encryption: str | None
    pop_host: str | None
    pop_port: int | None
    pop_username: str | None
    proxy_host: str | None
    proxy_port: int | None
    proxy_username: str | None
    last_result: str | None = None
    last_result_usec: int | None = None

    def __init__(self, owner: RecipientsHandler, recipient: Recipient) -> None:
        self._owner = owner
        self._id = recipient.id
        self._trying = False
        self.name = recipient.name
        self.type = recipient.type
        self.show(recipient)

    def show(self, recipient: Recipient) -> None:
        """Take over the fields; those that its type does not have are absent."""
        for name, value in contract.load(RECIPIENT).configurable.items():
            setattr(self, value.python_name, recipient.fields.get(name))
        self.name = recipient.name

    @property
    def secrets(self) -> list[str]:
        return sorted(self._owner.file.secrets(self._id))

    @property
    def waiting(self) -> int:
        return self._owner.waiting(self._id)

    async def configure(self, changes: dict[str, Any]) -> None:
        await self._owner.amend(self._id, changes)

    async def set_secrets(self, options: dict[str, Any]) -> None:
        await self._owner.set_secrets(self._id, options)

    async def test(self) -> tuple[bool, str]:
        if self._trying:
            raise Busy("a test of this recipient is under way; wait for its result")
        self._trying = True
        try:
            # In a task, because a handler itself can set no time limits before its first wait.
            return await asyncio.create_task(self._owner.try_out(self._id))
        finally:
            self._trying = False

    async def copy(self, name: str) -> str:
        return await self._owner.copy(self._id, name)

    async def remove(self) -> None:
        await self._owner.remove(self._id)


def _host_name() -> str:
    return socket.gethostname()


def _stamp(created_usec: int, number: int) -> str:
    """Return what makes the name of a file unique: when it was ordered (UTC), and its number."""
    seconds, rest = divmod(created_usec, 1_000_000)
    moment = time.strftime("%Y%m%dT%H%M%S", time.gmtime(seconds))
    return f"{moment}_{number:06}" if number else f"{moment}_{rest:06}"
