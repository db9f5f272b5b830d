# SPDX-License-Identifier: Apache-2.0
"""Interfaces that systemd-networkd manages. Its settings are files; it is told over D-Bus that they changed.

What is changed stands in a drop-in of the .network file that is in force, so whoever made that (a person, netplan, a
cloud's image) keeps it, and taking the drop-in away takes everything back. A file that is not for the one interface
alone is copied for it first, or what is changed would hold for the others as well.
Sources: systemd.network(5), org.freedesktop.network1(5); systemd 257.
"""

from __future__ import annotations

import asyncio
import json
import logging
import socket
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from axiod import durable
from axiod.errors import AxiodError, HardwareFailure, NotFound, NotSupported, Timeout, Unavailable
from axiod.network import network_files, systemd
from axiod.network.backend import ALL, Managed

if TYPE_CHECKING:
    from collections.abc import Iterable

    from axiod.bus.connection import Connection
    from axiod.network.model import Addressing

_log = logging.getLogger(__name__)

BACKEND = "networkd"
NETWORKD, PATH = "org.freedesktop.network1", "/org/freedesktop/network1"
_FOLDER = Path("/etc/systemd/network")
_DROP_IN = "50-axiod.conf"
_COPY = "05-axiod-{}.network"
_SERVICE = "systemd-networkd.service"
_SOCKETS = ("systemd-networkd.socket", "systemd-networkd-varlink.socket", "systemd-networkd-resolve-hook.socket")
_PAUSE_SECONDS, _TRIES = 0.2, 100
"""How long it may take to begin with an interface."""
_NEW = "# Written by axiod-network, which was told to hand {} over to systemd-networkd.\n"
_SAYS = "# Written by axiod-network: what is set over D-Bus. Without this file, what {} says holds.\n"
_WHY = "# Written by axiod-network: what {} says, for {} alone, because that file is for other interfaces as well.\n"


class Networkd:
    """The interfaces that systemd-networkd manages."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def read(self, name: str) -> Managed | None:
        """See Backend."""
        try:
            facts = await self._facts(name)
        except (NotFound, Unavailable):
            return None
        except Timeout:
            return Managed(BACKEND, (), "systemd-networkd does not answer")
        servers = tuple(dict.fromkeys(_text(entry) for entry in facts.get("DNS", [])))
        domains = tuple(dict.fromkeys(entry["Domain"] for entry in facts.get("SearchDomains", [])))
        try:
            main, *drop_ins = _files(facts)
            said = network_files.read(await asyncio.to_thread(_texts, main, drop_ins))
            addressing = network_files.addressing(said)
        except (OSError, ValueError) as error:  # one file must not keep the others from being told
            why = f"{facts['NetworkFile']}, by which systemd-networkd configured it, cannot be read: {error}"
            return Managed(BACKEND, (), why, None, servers, domains)
        return Managed(BACKEND, ALL, None, addressing, servers, domains)

    async def apply(self, name: str, addressing: Addressing) -> None:
        """See Backend."""
        facts = await self._facts(name)
        try:
            ours = await asyncio.to_thread(_files_for, name, facts, addressing)
            former = await asyncio.to_thread(_read_folder)
            wanted = {path: text for path, text in (former | ours).items() if text}
            await asyncio.to_thread(_write_folder, wanted)
        except (OSError, UnicodeDecodeError) as error:
            raise HardwareFailure(f"the settings of {name} cannot be written: {error}") from error
        try:
            await self._reload()
            await self._check_taken(name, [path for path, text in ours.items() if text])
        except AxiodError as error:
            _log.warning("%s, so the former settings stay", error)
            await self.restore(former)
            raise

    async def ask_again(self, name: str, *, leased: bool) -> None:
        """See Backend. It renews a lease that it has; who waits for one begins anew."""
        index, path = await self._call(PATH, "Manager", "GetLinkByName", "s", name)
        if leased:
            await self._call(path, "Link", "Renew")
        else:
            await self._call(PATH, "Manager", "ReconfigureLink", "i", index)

    async def capture(self, names: list[str]) -> Any:
        """See Backend. Its own files are what it changes; those of others it only reads. None: it does not run."""
        del names
        return await asyncio.to_thread(_read_folder) if await self._runs() else None

    async def restore(self, former: Any) -> None:
        """See Backend."""
        if former is None:
            return
        try:
            await asyncio.to_thread(_write_folder, former)
        except (OSError, UnicodeDecodeError) as error:
            raise HardwareFailure(f"what was in {_FOLDER} cannot be put back: {error}") from error
        # Also where nothing differs: who put it back may have ended before it came to this.
        if await self._runs():
            await self._reload()

    # --- taking an interface over, see axiod.network.adoption ---

    async def prepare(self, name: str, addressing: Addressing) -> None:
        """Store a file for an interface that it does not manage yet; raises AxiodError."""
        match = f"[Match]\nName={name}\n"
        text = _NEW.format(name) + match + "\n" + network_files.drop_in(network_files.read([match]), addressing)
        try:
            present = await asyncio.to_thread(_read_folder)
            await asyncio.to_thread(_write_folder, present | {str(_FOLDER / _COPY.format(name)): text})
        except (OSError, UnicodeDecodeError) as error:
            raise HardwareFailure(f"the settings of {name} cannot be written: {error}") from error

    async def take(self, name: str) -> None:
        """Have it manage an interface for which there is a file, and run if it does not; raises AxiodError."""
        if await self._runs():
            await self._reload()
        else:
            await systemd.enable(self._connection, _SERVICE)
        for _ in range(_TRIES):
            with suppress(NotFound, Unavailable):
                await self._facts(name)
                break
            await asyncio.sleep(_PAUSE_SECONDS)
        await self._check_taken(name, [str(_FOLDER / _COPY.format(name))])

    async def release(self, name: str, *, stop: bool) -> None:
        """Have it leave an interface alone again, and not run any more if it is to `stop`; raises AxiodError."""
        path = str(_FOLDER / _COPY.format(name))
        ours = {path, str(_FOLDER / f"{Path(path).name}.d" / _DROP_IN)}
        try:
            present = await asyncio.to_thread(_read_folder)
            await asyncio.to_thread(_write_folder, {key: text for key, text in present.items() if key not in ours})
        except (OSError, UnicodeDecodeError) as error:
            raise HardwareFailure(f"{path} cannot be removed: {error}") from error
        if stop:
            await systemd.disable(self._connection, _SERVICE, *_SOCKETS)
        elif await self._runs():
            await self._reload()

    # --- systemd-networkd ---

    async def _call(self, path: str, interface: str, member: str, signature: str = "", *arguments: Any) -> list[Any]:
        return await self._connection.call(
            NETWORKD, path, f"{NETWORKD}.{interface}", member, signature, list(arguments)
        )

    async def _runs(self) -> bool:
        """Whether it runs; who only asks must not start it."""
        return await self._connection.has_owner(NETWORKD)

    async def _facts(self, name: str) -> dict[str, Any]:
        """Return what it says of an interface that it manages; raises NotFound for another, Unavailable."""
        if not await self._runs():
            raise Unavailable("systemd-networkd does not run")
        try:
            path = (await self._call(PATH, "Manager", "GetLinkByName", "s", name))[1]
            facts: dict[str, Any] = json.loads((await self._call(path, "Link", "Describe"))[0])
        except (Unavailable, Timeout):
            raise
        except AxiodError:
            raise NotFound(f"systemd-networkd has no interface {name}") from None
        if facts.get("AdministrativeState") == "unmanaged" or not facts.get("NetworkFile"):
            raise NotFound(f"systemd-networkd does not manage {name}")
        return facts

    async def _reload(self) -> None:
        # It configures anew each interface whose files differ from those that it had read. Manager.ReconfigureLink
        # would do so once more, and an address that was leased meanwhile would be given back.
        try:
            await self._call(PATH, "Manager", "Reload")
        except (Unavailable, Timeout):
            raise
        except AxiodError as error:
            raise HardwareFailure(f"systemd-networkd does not take its files: {error}") from error

    async def _check_taken(self, name: str, ours: Iterable[str]) -> None:
        facts = await self._facts(name)
        used = set(map(str, _files(facts)))
        if missing := [path for path in ours if path not in used]:
            raise HardwareFailure(f"systemd-networkd does not use {missing[0]} for {name}, but {facts['NetworkFile']}")


def _text(entry: dict[str, Any]) -> str:
    return socket.inet_ntop(entry["Family"], bytes(entry["Address"]))


# --- files ---


def _files(facts: dict[str, Any]) -> list[Path]:
    """Return the files that are in force on an interface, in the order in which they count."""
    return [Path(path) for path in (facts["NetworkFile"], *(facts.get("NetworkFileDropins") or []))]


def _texts(main: Path, drop_ins: Iterable[Path]) -> list[str]:
    """Return what a file and its drop-ins say; a drop-in that was taken away since counts no more."""
    return [main.read_text(encoding="utf-8"), *_present(drop_ins).values()]


def _present(paths: Iterable[Path]) -> dict[str, str]:
    """Return what is in files, by path, as far as they are there."""
    found: dict[str, str] = {}
    for path in paths:
        with suppress(FileNotFoundError):
            found[str(path)] = path.read_text(encoding="utf-8")
    return found


def _files_for(name: str, facts: dict[str, Any], wanted: Addressing) -> dict[str, str]:
    """Return our files for an interface, by path, that make what all files say what is wanted; "": without that one.

    Raises NotSupported where that cannot be; OSError.
    """
    main, *drop_ins = _files(facts)
    others = [path for path in drop_ins if path.name != _DROP_IN]
    earlier = [path for path in others if path.name < _DROP_IN]
    later = [path for path in others if path.name > _DROP_IN]
    base, above = _texts(main, earlier), [*_present(later).values()]
    match = network_files.read([*base, *above]).match
    files: dict[str, str] = {}
    source = main  # what the drop-in is for
    if not network_files.is_for(match, name):
        source = _FOLDER / _COPY.format(name)
        if not source.name < main.name:
            raise NotSupported(
                f"{main} is for other interfaces than {name} as well, and a copy for it, {source.name}, would come "
                "after it; give that file a name that begins with 10- or more"
            )
        base, above = [_copy(main, name, [*base, *above])], []
        files[str(source)] = base[0]
    text = network_files.drop_in(network_files.read(base), wanted)
    if network_files.addressing(network_files.read([*base, text, *above])) != network_files.plain(wanted):
        which = ", ".join(map(str, later)) or str(main)
        raise NotSupported(f"{which} says otherwise, and counts after what is set here; take that out of it first")
    if not text and source != main:
        return {}
    return files | {str(_FOLDER / f"{source.name}.d" / _DROP_IN): text and _SAYS.format(source) + text}


def _copy(main: Path, name: str, texts: Iterable[str]) -> str:
    sections = [section for text in texts for section in network_files.parse(text) if section[0] != "Match"]
    lines = [f"[Match]\nName={name}\n"]
    lines += ["\n".join([f"[{kind}]", *(f"{key}={value}" for key, value in said), ""]) for kind, said in sections]
    return _WHY.format(main, name) + "\n".join(lines)


def _read_folder() -> dict[str, str]:
    paths = [*_FOLDER.glob(_COPY.format("*")), *_FOLDER.glob(f"*.network.d/{_DROP_IN}")]
    return _present(sorted(paths))


def _write_folder(wanted: dict[str, str]) -> None:
    """Make our files these and no others. What differs from them is written, so that the rest counts as unchanged."""
    present = _read_folder()
    for path, text in wanted.items():
        if present.get(path) != text:
            target = Path(path)
            target.parent.mkdir(parents=True, exist_ok=True)
            if target.parent != _FOLDER:
                target.parent.chmod(0o755)  # systemd-networkd is not root, and must find it
            durable.write(target, text, mode=0o644)
            durable.remove(Path(f"{path}.previous"))
    for path in present.keys() - wanted.keys():
        durable.remove(Path(path))
