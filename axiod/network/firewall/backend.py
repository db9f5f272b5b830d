# SPDX-License-Identifier: Apache-2.0
"""The kernel's packet filter, through the command nft: what it reads and writes is JSON (libnftables-json(5))."""

from __future__ import annotations

import asyncio
import json
import shutil
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Protocol

from axiod.errors import HardwareFailure, NotSupported, Timeout
from axiod.network.firewall.words import FAMILY, NAME

if TYPE_CHECKING:
    from collections.abc import Mapping

_SEARCHED = "/usr/sbin:/sbin:/usr/bin:/bin"
_SECONDS = 20.0
"""So long nft may take. It does its work in some milliseconds, but ends only when the kernel has let go of what was
before (nft_rcv_nl_event), which took more than 10 s on a machine whose processors were all busy (Linux 6.18)."""
_MOST_SAID = 300


class Filtering(Protocol):
    """What the firewall needs of the world."""

    @property
    def supported(self) -> bool:
        """Whether there is a packet filter that can be asked at all."""

    async def check(self, document: Mapping[str, Any]) -> None:
        """Raise what apply() would raise for a document, and change nothing."""

    async def apply(self, document: Mapping[str, Any]) -> None:
        """Carry out a document as one transaction.

        Raises HardwareFailure (it was refused, and nothing changed), NotSupported (there is no packet filter),
        Timeout (it is not known whether it was carried out).
        """

    async def table(self) -> Mapping[str, Any] | None:
        """Return our table as nft lists it; None where there is none. Raises as apply() does."""

    async def everything(self) -> Mapping[str, Any]:
        """Return all tables of everybody as nft lists them. Raises as apply() does."""


class Nft:
    """nftables of the network namespace that this process is in. Needs CAP_NET_ADMIN."""

    def __init__(self, command: str = "nft") -> None:
        """`command`: which nft, looked for where Debian has it unless it is a path."""
        self._command = command

    @property
    def supported(self) -> bool:
        """See Filtering."""
        return self._path is not None

    @property
    def _path(self) -> str | None:
        # It may be installed at any time.
        return shutil.which(self._command, path=_SEARCHED)

    async def check(self, document: Mapping[str, Any]) -> None:
        """See Filtering."""
        await self._done(["-c", "-f", "-"], document)

    async def apply(self, document: Mapping[str, Any]) -> None:
        """See Filtering."""
        await self._done(["-f", "-"], document)

    async def table(self) -> Mapping[str, Any] | None:
        """See Filtering."""
        code, out, said = await self._run(["list", "table", FAMILY, NAME], "")
        if code and "No such file or directory" in said:
            return None
        return _listing(code, out, said)

    async def everything(self) -> Mapping[str, Any]:
        """See Filtering."""
        return _listing(*await self._run(["list", "ruleset"], ""))

    async def _done(self, arguments: list[str], document: Mapping[str, Any]) -> None:
        code, _, said = await self._run(arguments, json.dumps(document))
        if code:
            raise HardwareFailure(f"nft refused the rules: {_sentence(said)}")

    async def _run(self, arguments: list[str], given: str) -> tuple[int, str, str]:
        path = self._path
        if path is None:
            raise NotSupported("there is no firewall on this device: install the package nftables")
        process = await asyncio.create_subprocess_exec(
            path,
            "-j",
            *arguments,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env={"LC_ALL": "C"},
        )
        try:
            async with asyncio.timeout(_SECONDS):
                out, said = await process.communicate(given.encode())
        except TimeoutError:
            raise Timeout(f"nft did not end within {_SECONDS:g} s; look at the rules that are in force") from None
        finally:
            if process.returncode is None:
                with suppress(ProcessLookupError):
                    process.kill()
                await process.wait()
        return process.returncode or 0, out.decode(errors="replace"), said.decode(errors="replace")


def _listing(code: int, out: str, said: str) -> Mapping[str, Any]:
    if code:
        raise HardwareFailure(f"nft does not tell what is in force: {_sentence(said)}")
    try:
        found = json.loads(out)
    except ValueError:
        raise HardwareFailure("nft does not tell what is in force: its answer is no JSON") from None
    return found if isinstance(found, dict) else {}


def _sentence(said: str) -> str:
    lines = [line.partition("Error: ")[2] or line for line in said.splitlines() if line.strip(" ^~")]
    text = " ".join("; ".join(dict.fromkeys(lines)).split())
    return text[:_MOST_SAID] or "it does not say why"
