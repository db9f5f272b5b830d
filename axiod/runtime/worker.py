# SPDX-License-Identifier: Apache-2.0
"""The process that carries out an order of workshop.py: reads it from stdin, writes what came of it to stdout; as JSON.

It is a module of its own because such a process has no use for asyncio.
"""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

from axiod.errors import AxiodError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


def serve(orders: Mapping[str, Callable[..., Any]]) -> None:
    """Carry out the one order of this process; each function takes the arguments of its order by name.

    What it refuses with an AxiodError, whoever ordered it gets as InvalidArgument.
    """
    order = json.load(sys.stdin)
    try:
        answer = {"done": orders[order["what"]](**order["with"])}
    except AxiodError as error:
        answer = {"refused": str(error)}
    json.dump(answer, sys.stdout)
