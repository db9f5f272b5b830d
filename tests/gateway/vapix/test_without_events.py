# SPDX-License-Identifier: Apache-2.0
"""A gateway without axiod-events: all else works, and what needs it says that it is away."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.gateway.vapix.soap_caller import AEV, HTTP, TOGGLE, Soap, SoapError
from tests.gateway.web_device import running

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.gateway.web_device import WebDevice


@pytest.fixture
def alone() -> Iterator[WebDevice]:
    """A device of its own with the usual accounts."""
    yield from running()


async def test_it_says_so(alone: WebDevice) -> None:
    await alone.give_up("events")
    answer = await alone.curl("/healthz")
    assert (answer.status, answer.json()["away"]) == (503, ["events"])
    soap = Soap(alone, "admin")
    for operation in (
        soap.rules(), soap.actions(), soap.recipients(), soap.add_action(TOGGLE, port="0", state="high"),
        soap.add_action(HTTP, upload_url="http://127.0.0.1/"), soap.add_rule("1"),
        soap.call("GetScheduledEvents", "", AEV),
    ):  # fmt: skip
        with pytest.raises(SoapError, match="axiod-events is not running") as caught:
            await operation
        assert (caught.value.status, caught.value.who) == (503, "Receiver")
    for path in (
        "/api/v1/rules", "/api/v1/mqtt", "/api/v1/event-log/entries", "/api/v1/event-log/entries?format=csv",
        "/axis-cgi/virtualinput/activate.cgi?schemaversion=1&port=1", "/axis-cgi/io/virtualinput.cgi?action=1:/",
    ):  # fmt: skip
        answer = await alone.curl(path, user="admin")
        assert (answer.status, answer.header("Retry-After")) == (503, "2"), path
        assert "axiod-events is not running" in answer.body
    body = json.dumps({"apiVersion": "1.0", "method": "getClientStatus"})
    assert (await alone.curl("/axis-cgi/mqtt/client.cgi", "--data", body, user="admin")).status == 503
    # All else is as it was.
    topics = (await soap.call("GetEventInstances", "", AEV))["TopicSet"]
    assert "UserAlarm" not in topics
    assert (await alone.curl("/axis-cgi/io/port.cgi?action=1:/", user="oper")).status == 200
    assert (await alone.curl("/api/v1/relays/relay1", user="viewer")).json()["Active"] is True
    text = (await alone.curl("/axis-cgi/param.cgi?action=list&group=Properties", user="viewer")).body
    assert "VirtualInput" not in text
