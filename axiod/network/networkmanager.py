# SPDX-License-Identifier: Apache-2.0
"""Interfaces that NetworkManager manages, over its D-Bus interface. It keeps the settings, in its profiles.

The profile that is changed is the one in force on the interface, or, where none is, the one that it would use. A
profile that NetworkManager made up, or that is not in its own folder, is not changed: one of ours takes its place.
Sources: org.freedesktop.NetworkManager.* (NetworkManager 1.42 and 1.52), nm-settings-dbus(5).
"""

from __future__ import annotations

import asyncio
import logging
import socket
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from axiod.bus._lib import Variant
from axiod.bus.variant import plain
from axiod.errors import AxiodError, HardwareFailure, NotFound, NotSupported, Timeout, Unavailable
from axiod.network import profile_files, systemd
from axiod.network.backend import ALL, Managed
from axiod.network.model import Addressing
from axiod.network.profile import addressing as said
from axiod.network.profile import amended, from_json, to_json

if TYPE_CHECKING:
    from axiod.bus.connection import Connection
    from axiod.network.profile import Profile

_log = logging.getLogger(__name__)

BACKEND = "networkmanager"
BUS_NAME = _NM = "org.freedesktop.NetworkManager"
_ROOT = "/org/freedesktop/NetworkManager"
_SETTINGS = "/org/freedesktop/NetworkManager/Settings"
_PROFILE, _DEVICE, _ACTIVE = f"{_NM}.Settings.Connection", f"{_NM}.Device", f"{_NM}.Connection.Active"
_PROPERTIES = "org.freedesktop.DBus.Properties"
_SERVICE = "NetworkManager"
_NOTHING = "/"
_TO_DISK, _IN_MEMORY = 0x1, 0x2
"""NM_SETTINGS_UPDATE2_FLAG_TO_DISK, NM_SETTINGS_ADD_CONNECTION2_FLAG_TO_DISK and _IN_MEMORY."""
_EXTERNAL = 0x8
_MADE_UP = 0x1 | 0x2 | 0x4 | _EXTERNAL
"""NM_SETTINGS_CONNECTION_FLAG_UNSAVED, _NM_GENERATED, _VOLATILE, _EXTERNAL."""
_UNAVAILABLE = 20
"""NM_DEVICE_STATE_UNAVAILABLE: at most this, nothing can be put into force, for there is no carrier."""
_CARRIER = 0x10000
"""NM_DEVICE_INTERFACE_FLAG_CARRIER."""
_PAUSE_SECONDS, _TRIES = 0.2, 100
"""How long it may take to begin with an interface."""


class NetworkManager:
    """The interfaces that NetworkManager manages."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._unfinished = True
        """Profiles may have been put back that are not in force yet: by a process before this one, for example."""

    async def read(self, name: str) -> Managed | None:
        """See Backend."""
        try:
            device = await self._device(name)
            facts = await self._facts(device, _DEVICE)
        except (NotFound, Unavailable):
            return None
        if not facts["Managed"]:
            return None
        profile = await self._profile_of(facts)
        settings = await self._settings(profile) if profile else {}
        addressing = said(settings) if settings else Addressing()
        servers, domains = await self._names_in_force(facts)
        return Managed(BACKEND, ALL, None, addressing, servers, domains)

    async def apply(self, name: str, addressing: Addressing) -> None:
        """See Backend."""
        device = await self._device(name)
        facts = await self._facts(device, _DEVICE)
        profile = await self._profile_of(facts)
        former: Profile = await self._settings(profile) if profile else {}
        wanted = amended(former, addressing)
        stays = profile is not None and await self._is_ours_to_change(profile)
        if profile and stays:
            await self._update(profile, wanted)
        else:
            profile = await self._add(name, wanted)
        try:
            await self._put_into_force(device, profile, facts)
        except AxiodError as error:
            _log.warning("%s, so the former settings of %s stay", error, name)
            with suppress(AxiodError):
                await (self._update(profile, former) if stays else self._call(profile, _PROFILE, "Delete", ""))
            raise

    async def ask_again(self, name: str, *, leased: bool) -> None:
        """See Backend. It cannot renew a lease: who has one keeps it."""
        if leased:
            return
        device = await self._device(name)
        profile = await self._profile_of(await self._facts(device, _DEVICE))
        if profile is not None:
            await self._call(_ROOT, _NM, "ActivateConnection", "ooo", profile, device, _NOTHING)

    async def capture(self, names: list[str]) -> Any:
        """See Backend. The files of NetworkManager's profiles are what it has; secrets are in them, too.

        None where there is no NetworkManager on this bus: then its files are not ours to touch.
        """
        self._unfinished = False
        if not await self._connection.has_owner(_NM):
            return None
        await asyncio.to_thread(profile_files.check)
        active: dict[str, Any] = {}
        for name in names:
            with suppress(NotFound):
                device = await self._device(name)
                facts = await self._facts(device, _DEVICE)
                profile = await self._profile_of(facts)
                if facts["Managed"] and profile:
                    settings = await self._settings(profile)
                    # One that is in no file may be gone after a boot, and NetworkManager makes no other for an
                    # interface that had one of ours when it came.
                    made_up = to_json(settings) if await self._flags(profile) & _MADE_UP else None
                    active[name] = {"uuid": settings["connection"]["uuid"].value, "made_up": made_up}
        return {"files": await asyncio.to_thread(profile_files.read), "active": active}

    async def restore(self, former: Any) -> None:
        """See Backend."""
        if former is None:
            return
        # What could not be finished is tried again, and then the files are as they were already.
        touched = self._unfinished = await asyncio.to_thread(profile_files.write, former["files"]) or self._unfinished
        if touched:
            await self._call(_SETTINGS, f"{_NM}.Settings", "ReloadConnections", "")
        for name, was in former["active"].items():
            with suppress(NotFound):
                device = await self._device(name)
                facts = await self._facts(device, _DEVICE)
                present = await self._active_profile(facts)
                if present and await self._flags(present) & _EXTERNAL:
                    continue  # somebody else configured it, and NetworkManager only shows that
                profile = await self._profile_called(was["uuid"])
                if profile is None and was["made_up"]:
                    profile = await self._new(from_json(was["made_up"]), _IN_MEMORY)
                if profile and (touched or present != profile):
                    await self._put_into_force(device, profile, facts)
        self._unfinished = False

    # --- taking an interface over, see axiod.network.adoption ---

    async def prepare(self, name: str, addressing: Addressing) -> None:
        """Store a profile for an interface that it does not manage yet; raises AxiodError."""
        await self._add(name, amended({}, addressing))

    async def take(self, name: str) -> None:
        """Have it manage an interface for which there is a profile; raises AxiodError.

        It reads /etc/network/interfaces when it starts, and at no other time (1.52); what it has connected stays.
        """
        await systemd.job(self._connection, "RestartUnit", "ss", f"{_SERVICE}.service", "replace")
        with suppress(NotFound, Unavailable):
            await self._set_managed(name, managed=True)  # release() lasts over a restart
        if (facts := await self._ready(name)) is None:
            raise NotSupported(
                f"NetworkManager leaves {name} alone, as something else than /etc/network/interfaces tells it: look "
                "for unmanaged-devices and managed in /etc/NetworkManager, and for rules of udev"
            )
        if (profile := await self._made(name)) is None:
            raise HardwareFailure(f"NetworkManager has lost the profile of {name}")
        await self._put_into_force(await self._device(name), profile, facts)

    async def release(self, name: str) -> None:
        """Have it leave an interface alone again, without the profile that was prepared; raises AxiodError."""
        if not await self._connection.has_owner(_NM):
            raise Unavailable("NetworkManager does not run, and must leave the interface first")
        if (profile := await self._made(name)) is not None:
            await self._call(profile, _PROFILE, "Delete", "")
        with suppress(NotFound):
            await self._set_managed(name, managed=False)

    async def _set_managed(self, name: str, *, managed: bool) -> None:
        device = await self._device(name)
        await self._call(device, _PROPERTIES, "Set", "ssv", _DEVICE, "Managed", Variant("b", managed))

    async def _ready(self, name: str) -> dict[str, Any] | None:
        """Return what it says of an interface once it manages it; None: it does not within a time."""
        for _ in range(_TRIES):
            with suppress(NotFound, Unavailable):
                facts = await self._facts(await self._device(name), _DEVICE)
                connected = facts["InterfaceFlags"] & _CARRIER
                if facts["Managed"] and not (connected and facts["State"] <= _UNAVAILABLE):
                    return facts
            await asyncio.sleep(_PAUSE_SECONDS)
        return None

    async def _made(self, name: str) -> str | None:
        """Return the profile of an interface that was made here."""
        for path in (await self._call(_SETTINGS, f"{_NM}.Settings", "ListConnections", ""))[0]:
            with suppress(AxiodError):
                if plain((await self._settings(path))["connection"])["id"] == f"axiod-{name}":
                    return str(path)
        return None

    # --- NetworkManager ---

    async def _call(self, path: str, interface: str, member: str, signature: str, *arguments: Any) -> list[Any]:
        return await self._connection.call(_NM, path, interface, member, signature, list(arguments))

    async def _facts(self, path: str, interface: str) -> dict[str, Any]:
        return dict(plain((await self._call(path, _PROPERTIES, "GetAll", "s", interface))[0]))

    async def _device(self, name: str) -> str:
        try:
            return str((await self._call(_ROOT, _NM, "GetDeviceByIpIface", "s", name))[0])
        except Unavailable:
            raise
        except Timeout:
            raise
        except AxiodError:
            raise NotFound(f"NetworkManager has no interface {name}") from None

    async def _active_profile(self, facts: dict[str, Any]) -> str | None:
        active = facts["ActiveConnection"]
        if active == _NOTHING:
            return None
        try:
            return str((await self._facts(active, _ACTIVE))["Connection"])
        except AxiodError:  # it ended just now
            return None

    async def _profile_of(self, facts: dict[str, Any]) -> str | None:
        """Return the profile in force, else the one that the interface would use."""
        if (profile := await self._active_profile(facts)) is not None:
            return profile
        known = (await self._call(_SETTINGS, f"{_NM}.Settings", "ListConnections", ""))[0]
        name, best, found = facts["Interface"], -1, None
        available = set(facts["AvailableConnections"])
        for path in known:
            with suppress(AxiodError):
                settings = plain((await self._settings(path))["connection"])
                if settings.get("interface-name") != name and path not in available:
                    continue
                rank = 2 * (settings.get("interface-name") == name) + (path in available)
                if rank > best:
                    best, found = rank, path
        return found

    async def _profile_called(self, uuid: str) -> str | None:
        try:
            return str((await self._call(_SETTINGS, f"{_NM}.Settings", "GetConnectionByUuid", "s", uuid))[0])
        except (Unavailable, Timeout):
            raise
        except AxiodError:  # there is none
            return None

    async def _flags(self, profile: str) -> int:
        return int((await self._facts(profile, _PROFILE))["Flags"])

    async def _settings(self, profile: str) -> Profile:
        return dict((await self._call(profile, _PROFILE, "GetSettings", ""))[0])

    async def _is_ours_to_change(self, profile: str) -> bool:
        facts = await self._facts(profile, _PROFILE)
        return not facts["Flags"] & _MADE_UP and Path(facts["Filename"]).parent == profile_files.FOLDER

    async def _update(self, profile: str, wanted: Profile) -> list[Any]:
        return await self._refused(self._call(profile, _PROFILE, "Update2", "a{sa{sv}}ua{sv}", wanted, _TO_DISK, {}))

    async def _add(self, name: str, wanted: Profile) -> str:
        """Make a profile of ours for an interface; what the one that it replaces said besides stays."""
        made = {kind: values for kind, values in wanted.items() if kind != "connection"}
        made["connection"] = {
            "id": Variant("s", f"axiod-{name}"),
            "uuid": Variant("s", str(uuid4())),
            "type": wanted.get("connection", {}).get("type", Variant("s", "802-3-ethernet")),
            "interface-name": Variant("s", name),
            "autoconnect-priority": Variant("i", 10),
        }
        return await self._new(made, _TO_DISK)

    async def _new(self, settings: Profile, where: int) -> str:
        added = self._call(_SETTINGS, f"{_NM}.Settings", "AddConnection2", "a{sa{sv}}ua{sv}", settings, where, {})
        return str((await self._refused(added))[0])

    async def _put_into_force(self, device: str, profile: str, facts: dict[str, Any]) -> None:
        if facts["State"] <= _UNAVAILABLE:
            return  # NetworkManager does it when the cable is plugged in
        if await self._active_profile(facts) == profile:
            try:
                # Nothing that need not change is interrupted.
                await self._call(device, _DEVICE, "Reapply", "a{sa{sv}}tu", {}, 0, 0)
            except AxiodError:
                pass  # it cannot while it still waits for addresses, and for some settings never
            else:
                return
        await self._refused(self._call(_ROOT, _NM, "ActivateConnection", "ooo", profile, device, _NOTHING))

    async def _refused(self, call: Any) -> list[Any]:
        try:
            return list(await call)
        except (Unavailable, Timeout):
            raise
        except AxiodError as error:
            raise HardwareFailure(f"NetworkManager refuses these settings: {error}") from error

    async def _names_in_force(self, facts: dict[str, Any]) -> tuple[tuple[str, ...], tuple[str, ...]]:
        servers: list[str] = []
        domains: list[str] = []
        for version in (4, 6):
            path = facts[f"Ip{version}Config"]
            if path == _NOTHING:
                continue
            with suppress(AxiodError):
                config = await self._facts(path, f"{_NM}.IP{version}Config")
                servers += _servers(version, config)
                domains += [*config.get("Searches", []), *config.get("Domains", [])]
        return tuple(dict.fromkeys(servers)), tuple(dict.fromkeys(domains))


def _servers(version: int, config: dict[str, Any]) -> list[str]:
    if version == 4:
        return [entry["address"] for entry in config.get("NameserverData", [])]
    return [socket.inet_ntop(socket.AF_INET6, bytes(server)) for server in config.get("Nameservers", [])]
