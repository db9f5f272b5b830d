# SPDX-License-Identifier: Apache-2.0
"""Searches with the library wsdiscovery, which has nothing to do with axiod.

`python -m tests.discovery.search TYPE... SCOPE...` prints what was found, a line of JSON for each. A type is
"{namespace}name"; a scope has "://". `python -m tests.discovery.search follow` prints hello and bye as they come.
"""

from __future__ import annotations

import json
import logging
import sys
import threading
from typing import Any

from wsdiscovery import QName, Scope
from wsdiscovery.discovery import ThreadedWSDiscovery

SECONDS = 2


def told(service: Any) -> dict[str, Any]:
    """Return what is known of a device."""
    return {
        "endpoint": service.getEPR(),
        "types": [f"{{{one.getNamespace()}}}{one.getLocalname()}" for one in service.getTypes()],
        "scopes": [one.getQuotedValue() for one in service.getScopes()],
        "xaddrs": service.getXAddrs(),
    }


def main(*wanted: str) -> None:
    """Search or follow."""
    logging.disable()
    client = ThreadedWSDiscovery()
    if wanted == ("follow",):
        client.setRemoteServiceHelloCallback(lambda service: print("hello", service.getEPR(), flush=True))
        client.setRemoteServiceByeCallback(lambda endpoint: print("bye", endpoint, flush=True))
        client.start()
        print("ready", flush=True)
        threading.Event().wait()
    types = [QName(*one[1:].split("}")) for one in wanted if one.startswith("{")]
    scopes = [Scope(one) for one in wanted if "://" in one and not one.startswith("{")]
    client.start()
    for service in client.searchServices(types=types or None, scopes=scopes or None, timeout=SECONDS):
        print(json.dumps(told(service)))
    client.stop()


if __name__ == "__main__":
    main(*sys.argv[1:])
