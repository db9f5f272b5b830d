# SPDX-License-Identifier: Apache-2.0
"""Asking a device over VAPIX with curl, and looking at it on the bus."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.gateway.web_device import Answer, WebDevice
    from tests.sim.device_process import Client

PORT_CGI = "/axis-cgi/io/port.cgi"
PORTS = "/axis-cgi/io/portmanagement.cgi"
PARAM = "/axis-cgi/param.cgi"
PWDGRP = "/axis-cgi/pwdgrp.cgi"
SUPERVISED = "/axis-cgi/supervisedio.cgi"

_KEPT = ("Name", "Usage", "Direction", "NormalState", "Active", "Running", "Supervision", "Ranges")


@dataclass(frozen=True, slots=True)
class Site:
    """A device, from outside and from inside."""

    web: WebDevice
    client: Client

    async def curl(self, target: str, *words: str, user: str | None = "admin") -> Answer:
        """Ask as somebody, None for nobody."""
        return await self.web.curl(target, *words, user=user)

    async def call(
        self, path: str, method: str, params: Any = None, version: str = "1.0", user: str | None = "admin"
    ) -> Any:
        """Make a JSON call and return "data" or "error"; everything else is looked at here."""
        asked = {"apiVersion": version, "context": "here", "method": method}
        if params is not None:
            asked["params"] = params
        answer = await self.curl(path, "--data-raw", json.dumps(asked), user=user)
        assert answer.status == 200, answer
        assert answer.header("Content-Type").startswith("application/json")
        reply = answer.json()
        assert (reply["apiVersion"], reply["context"], reply["method"]) == (version, "here", method)
        assert ("data" in reply) != ("error" in reply)
        return reply["data"] if "data" in reply else reply["error"]

    async def stands(self) -> dict[str, dict[str, Any]]:
        """Return how every port and relay is, by what the services say: id -> property -> value."""
        found = {}
        for service in (self.client.io, self.client.relays):
            for path, interfaces in (await service.objects()).items():
                for interface, values in interfaces.items():
                    if interface.endswith((".Port", ".Relay")):
                        found[path.rpartition("/")[2]] = {name: values.get(name) for name in _KEPT}
        return found

    async def text(self, target: str, *words: str, user: str | None = "admin") -> str:
        """Return the text of an answer that must be 200."""
        answer = await self.curl(target, *words, user=user)
        assert answer.status == 200, answer
        return answer.body

    async def told(self, target: str, expected: str) -> None:
        """Wait until an answer is like that: what the services tell takes its time to the gateway."""
        for _ in range(200):
            if await self.text(target) == expected:
                return
        raise AssertionError(f"{target} was never {expected!r}")


__all__ = ["PARAM", "PORTS", "PORT_CGI", "PWDGRP", "SUPERVISED", "Site"]
