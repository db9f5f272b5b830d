# SPDX-License-Identifier: Apache-2.0
"""Handing an interface over: from ifupdown, or from nobody, to NetworkManager or systemd-networkd.

It gets its addresses as it did. Lines of /etc/network/interfaces that are about it are put behind a mark, and the files
are kept as they were in /etc/network/before-axiod. What was done is on disk before it is, and can be taken back.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import shutil
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from axiod import durable
from axiod.clock import wall_usec
from axiod.errors import AxiodError, Conflict, HardwareFailure, NotSupported, Unavailable
from axiod.network import detect, ifupdown, networkd, networkmanager, systemd
from axiod.network.kernel import run
from axiod.network.model import Addressing, escaped

if TYPE_CHECKING:
    from collections.abc import Mapping

    from axiod.bus.connection import Connection
    from axiod.network.links import Link

_log = logging.getLogger(__name__)

_BEFORE = Path("/etc/network/before-axiod")
_STATE = Path("/run/network/ifstate")
"""The interfaces that ifupdown has up."""
_ADDRGENMODES = ("eui64", "none", "stable_secret", "random")
_RESOLVED = "org.freedesktop.resolve1"
_INSTALL = "install network-manager, and try it again"


class Adoption:
    """Hands interfaces over, and takes that back."""

    def __init__(self, connection: Connection, folder: Path) -> None:
        """`folder`: where the record is. Raises HardwareFailure."""
        self._connection = connection
        self._networkmanager = networkmanager.NetworkManager(connection)
        self._networkd = networkd.Networkd(connection)
        self._path = folder / "adopted.json"
        self._record = self._load()
        """What was done, by interface."""

    async def adopt(self, link: Link) -> None:
        """Hand an interface over, or raise AxiodError, and then all is as it was."""
        name = link.name
        texts = await asyncio.to_thread(detect.read)
        ours = bool(ifupdown.methods(texts, name))
        backend = await self._backend(name, of_ifupdown=ours)
        addressing = ifupdown.addressing(texts, name) if ours else _of_nobody(link)
        changed = ifupdown.without(texts, name) if ours else {}
        addressing = _completed(addressing, link, ours=ours)
        if closed := [path for path in changed if not os.access(path, os.W_OK)]:
            # The folder was not there yet when this process was started.
            raise HardwareFailure(f"{closed[0]} cannot be written; restart axiod-network, and try it again")
        if backend == networkd.BACKEND and ours:
            await self._check_names(name, addressing)
        starts = backend == networkd.BACKEND and not await self._connection.has_owner(networkd.NETWORKD)
        entry = {
            "adopted_usec": wall_usec(),
            "backend": backend,
            "stop": starts,
            "files": {path: texts[path] for path in changed},
            "ifup": ours and await asyncio.to_thread(_is_up, name),
            "up": link.up,
            "addrgenmode": await asyncio.to_thread(_addrgenmode, name),
            "addresses": [] if ours else [found.text for found in link.addresses if found.origin == "static"],
            "routers": [] if ours else list(link.routers),
        }
        await self._save(self._record | {name: entry})
        try:
            await self._hand_over(name, backend, addressing, changed)
        except AxiodError as error:
            _log.warning("%s is not handed over to %s: %s", name, backend, error)
            await self._take_back(name)
            raise
        _log.info("%s was handed over to %s", name, backend)

    async def _hand_over(self, name: str, backend: str, addressing: Addressing, changed: dict[str, str]) -> None:
        to = self._networkmanager if backend == networkmanager.BACKEND else self._networkd
        await to.prepare(name, addressing)
        if changed:
            # While the files still say how.
            await self._ifupdown("ifdown", name)
            await asyncio.to_thread(_keep, name, self._record[name]["files"])
            await asyncio.to_thread(_write, changed)
            # What a DHCP client leaves behind would count as somebody's.
            await run("ip", "address", "flush", "dev", name, "scope", "global")
            # ifdown has turned it off, and not everybody turns on what somebody else turned off.
            await run("ip", "link", "set", "dev", name, "up")
        await to.take(name)

    # --- Area, as a part of the addresses; see axiod.network.trial ---

    @property
    def captured(self) -> dict[str, Any]:
        """What was done, for take_back()."""
        return dict(self._record)

    async def take_back(self, former: dict[str, Any]) -> None:
        """Take back what was done since; raises AxiodError, and then it can be tried again."""
        for name in [name for name, entry in self._record.items() if former.get(name) != entry]:
            await self._take_back(name)

    async def _take_back(self, name: str) -> None:
        entry = self._record[name]
        if entry["backend"] == networkmanager.BACKEND:
            await self._networkmanager.release(name)
        else:
            await self._networkd.release(name, stop=entry["stop"])
        await asyncio.to_thread(_write, entry["files"])
        with suppress(Unavailable):  # an interface that is gone
            await _give_back(name, entry)
        if entry["ifup"]:
            try:
                await self._ifupdown("ifup", name)
            except AxiodError as error:  # no DHCP server answers, for example; all else is as it was
                _log.warning("ifupdown has %s again, and does not get it up: %s", name, error)
        await asyncio.to_thread(shutil.rmtree, _BEFORE / name, ignore_errors=True)
        await self._save({key: value for key, value in self._record.items() if key != name})

    # --- what it takes ---

    async def _backend(self, name: str, *, of_ifupdown: bool) -> str:
        """Return what the interface is handed over to; raises NotSupported or Unavailable where nothing is there."""
        if await self._connection.has_owner(networkmanager.BUS_NAME):
            if of_ifupdown:
                return networkmanager.BACKEND
            raise NotSupported(
                f"NetworkManager runs and is told to leave {name} alone; take that out of /etc/NetworkManager "
                "(unmanaged-devices, managed) or of the rules of udev, and restart it"
            )
        if await systemd.state_of(self._connection, "NetworkManager.service") == "enabled":
            raise Unavailable("NetworkManager is to run here and does not: start it, or disable it")
        if await self._connection.has_owner(networkd.NETWORKD):
            return networkd.BACKEND
        state = await systemd.state_of(self._connection, "systemd-networkd.service")
        if state is None or state.startswith("masked"):
            raise NotSupported(f"neither NetworkManager nor systemd-networkd can run here; {_INSTALL}")
        return networkd.BACKEND

    async def _check_names(self, name: str, addressing: Addressing) -> None:
        """Raise NotSupported where name servers would not be told to programs any more."""
        asks = addressing.ipv4_method == "dhcp" or addressing.dns_servers
        if asks and not await self._connection.has_owner(_RESOLVED):
            raise NotSupported(
                f"systemd-networkd would have {name}, and without systemd-resolved no program would hear of its name "
                "servers; install systemd-resolved or network-manager first"
            )

    async def _ifupdown(self, command: str, name: str) -> None:
        """Have ifupdown take an interface up or down, whatever it takes it for."""
        program = shutil.which(command, path="/usr/sbin:/sbin")
        if program is None:
            return  # then nothing of it is in force
        about = f"axiod: {command} {name}"
        unit = f"axiod-ifupdown-{escaped(name)}.service"
        await systemd.run(self._connection, unit, about, program, "--force", name, stays=command == "ifup")

    # --- the record ---

    def _load(self) -> dict[str, Any]:
        try:
            return dict(json.loads(self._path.read_text(encoding="utf-8")))
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, TypeError) as error:
            raise HardwareFailure(f"what {self._path} says cannot be read: {error}") from error

    async def _save(self, record: dict[str, Any]) -> None:
        try:
            await asyncio.to_thread(durable.write, self._path, json.dumps(record), mode=0o600)
        except OSError as error:
            raise HardwareFailure(f"{self._path} cannot be written: {error.strerror}") from error
        self._record = record


def check(name: str, backend: str, *, pending: bool) -> None:
    """Raise Conflict where an interface cannot be handed over now."""
    if backend not in ("ifupdown", "none"):
        raise Conflict(f"{name} is managed by {backend} already")
    if not pending:
        raise Conflict(f"handing {name} over can cut you off; begin a trial first, and confirm it when all is well")


def _of_nobody(link: Link) -> Addressing:
    """Return how an interface that nobody manages has its addresses; raises NotSupported for those of a server."""
    if leased := [found.text for found in link.addresses if found.origin == "dhcp"]:
        raise NotSupported(
            f"{link.name} has {leased[0]} from a DHCP server, and whoever asked for it would go on asking: end that "
            f"program first, and take the address away with: ip address del {leased[0]} dev {link.name}"
        )
    by_hand = [found.text for found in link.addresses if found.origin == "static" and found.scope == "global"]
    four, six = [text for text in by_hand if ":" not in text], [text for text in by_hand if ":" in text]
    return Addressing().amended(
        {
            "ipv4_method": "static" if four else "disabled",
            "ipv4_addresses": four,
            "ipv4_router": next((text for text in link.routers if four and ":" not in text), ""),
            "ipv6_method": "static" if six else "disabled",
            "ipv6_addresses": six,
            "ipv6_router": next((text for text in link.routers if six and ":" in text), ""),
        }
    )


def _completed(found: Addressing, link: Link, *, ours: bool) -> Addressing:
    """Return it with what nobody has said: IPv6 as the kernel has it, and name servers as the resolver has them."""
    if found.ipv6_method == "disabled" and not _is_off(link.name):
        found = found.amended({"ipv6_method": "automatic"})
    return ifupdown.with_names(found, *detect.resolver()) if ours else found


def _is_off(name: str) -> bool:
    """Whether the kernel has no IPv6 on an interface."""
    with suppress(OSError):
        return Path(f"/proc/sys/net/ipv6/conf/{name}/disable_ipv6").read_text(encoding="utf-8").strip() != "0"
    return True


def _addrgenmode(name: str) -> str:
    """Return how the kernel makes addresses of the link, in the words of ip-link(8)."""
    with suppress(OSError, ValueError, IndexError):
        path = Path(f"/proc/sys/net/ipv6/conf/{name}/addr_gen_mode")
        return _ADDRGENMODES[int(path.read_text(encoding="utf-8"))]
    return _ADDRGENMODES[0]


def _is_up(name: str) -> bool:
    with suppress(OSError, UnicodeDecodeError):
        return any(line.startswith(f"{name}=") for line in _STATE.read_text(encoding="utf-8").splitlines())
    return False


def _keep(name: str, texts: dict[str, str]) -> None:
    """Keep files as they were, each under its path with dots: a folder that somebody sources must not have them."""
    _write({str(_BEFORE / name / path.strip("/").replace("/", ".")): text for path, text in texts.items()})


def _write(texts: dict[str, str]) -> None:
    for name, text in texts.items():
        path = Path(name)
        try:
            mode = path.stat().st_mode & 0o777 if path.exists() else 0o600
            durable.write(path, text, mode=mode, errors="surrogateescape")
            durable.remove(Path(f"{path}.previous"))
        except OSError as error:
            raise HardwareFailure(f"{path} cannot be written: {error.strerror}") from error


async def _give_back(name: str, entry: Mapping[str, Any]) -> None:
    """Have an interface as it was without ifupdown, with addresses and routers that somebody gave it by hand."""
    await run("ip", "address", "flush", "dev", name)
    await run("ip", "link", "set", "dev", name, "down")
    with suppress(Unavailable):  # a kernel without IPv6
        # NetworkManager makes addresses of the link itself, and leaves that to nobody.
        await run("ip", "link", "set", "dev", name, "addrgenmode", entry["addrgenmode"])
    if not entry["up"]:
        return
    await run("ip", "link", "set", "dev", name, "up")
    for address in entry["addresses"]:
        await run("ip", "address", "replace", address, "dev", name)
    for router in entry["routers"]:
        await run("ip", "route", "replace", "default", "via", router, "dev", name)
