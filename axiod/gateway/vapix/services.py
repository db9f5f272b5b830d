# SPDX-License-Identifier: Apache-2.0
"""/vapix/services: SOAP. What is asked for is the first element of the body, whatever the headers say."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from aiohttp import web

from axiod.bus.caller import Role
from axiod.errors import (
    AxiodError,
    Busy,
    Conflict,
    InvalidArgument,
    LimitReached,
    NotAuthorized,
    NotFound,
    NotSupported,
)
from axiod.gateway.person import person_of
from axiod.gateway.problem import status_of
from axiod.gateway.route import Route
from axiod.gateway.vapix import soap
from axiod.gateway.vapix.action_rules import ActionRules
from axiod.gateway.vapix.action_service import DECLARATIONS as AA_DECLARATIONS
from axiod.gateway.vapix.action_service import ActionService
from axiod.gateway.vapix.event_filter import AA
from axiod.gateway.vapix.event_service import EventService
from axiod.gateway.vapix.instances import AEV, DECLARATIONS
from axiod.gateway.vapix.soap import Fault

if TYPE_CHECKING:
    from collections.abc import Mapping

    from axiod.gateway.context import Gateway
    from axiod.gateway.person import Person
    from axiod.gateway.vapix.soap_operation import Operation

_log = logging.getLogger(__name__)

PATH = "/vapix/services"
_LONGEST = 256 * 1024
_DECLARED = {AEV: DECLARATIONS, AA: AA_DECLARATIONS}
_CLIENT_MISTAKES = (InvalidArgument, NotFound, NotSupported, Conflict, LimitReached, Busy)


def routes(gateway: Gateway) -> list[Route]:
    """Return what this part answers. What an operation changes needs the role of the contract."""
    return [Route("POST", PATH, Services(gateway).answer, Role.VIEWER)]


class Services:
    """The operations."""

    def __init__(self, gateway: Gateway) -> None:
        self._acting = gateway.acting
        self._operations: Mapping[tuple[str, str], Operation] = {
            **{(AEV, name): operation for name, operation in EventService(gateway).operations().items()},
            **{(AA, name): operation for name, operation in ActionService(gateway).operations().items()},
            **{(AA, name): operation for name, operation in ActionRules(gateway).operations().items()},
        }

    async def answer(self, request: web.Request) -> web.Response:
        """Answer a request."""
        status, headers = 200, {}
        try:
            body = await self._answer(await request.read(), person_of(request))
        except Fault as error:
            body, status = soap.fault(error), 503 if error.receiver else 400
            headers = {"Retry-After": "2"} if error.receiver else {}
        except NotAuthorized:
            raise
        except _CLIENT_MISTAKES as error:
            body, status = soap.fault(Fault(str(error), subcode="ter:InvalidArgVal")), 400
        except AxiodError as error:
            _log.warning("%s: %s", PATH, error)
            body, status = soap.fault(Fault(str(error), receiver=True, subcode="ter:Action")), status_of(error)
            headers = {"Retry-After": "2"} if status == 503 else {}
        return web.Response(status=status, body=body, content_type=soap.CONTENT_TYPE, charset="utf-8", headers=headers)

    async def _answer(self, body: bytes, person: Person) -> bytes:
        if len(body) > _LONGEST:
            raise Fault(f"the request is longer than {_LONGEST} bytes")
        asked = soap.operation(body)
        operation = self._operations.get((asked.namespace, asked.name))
        if operation is None:
            raise Fault(
                f"there is no operation {asked.name[:100]} of {asked.namespace[:200] or 'no namespace'} here; "
                f"there is {', '.join(sorted(name for _, name in self._operations))}",
                subcode="ter:ActionNotSupported",
            )
        try:
            person.require(operation.role, asked.name)
        except NotAuthorized as error:
            self._acting.refuse(person, f"{PATH} {asked.name}", error)
            raise
        return soap.envelope(await operation.handler(person, asked), _DECLARED[asked.namespace])
