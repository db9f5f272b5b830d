# SPDX-License-Identifier: Apache-2.0
"""Hands actions over to what sends them over a network: recipients and MQTT. Their results come later, to the log."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from axiod.errors import NotSupported
from axiod.events.sending.message import FileOrder, Notification
from axiod.events.text import Cause, expand

if TYPE_CHECKING:
    from axiod.events.identity import Identity
    from axiod.events.moment import Told
    from axiod.events.mqtt.service import Mqtt
    from axiod.events.recipients import RecipientsHandler
    from axiod.events.rule import Action, Rule

_DEFAULT_RETRIES = 5
_DEFAULT_TIMEOUT_MS = 20_000


class Carrier:
    """What takes actions that go over a network."""

    def __init__(self, identity: Identity, recipients: RecipientsHandler) -> None:
        self._identity = identity
        self._recipients = recipients
        self.mqtt: Mqtt | None = None
        """Not there as long as it is not known who this device is."""

    def expand(self, text: str, rule: Rule, happening: Told | None) -> str:
        """Replace the modifiers in a text."""
        cause = Cause(rule.name)
        if happening is not None:
            cause = Cause(rule.name, happening.topic, happening.source, happening.data)
        if "#" not in text and "%" not in text:
            return text
        return expand(text, datetime.now().astimezone(), self._identity.device(), cause)

    async def hand_over(self, rule: Rule, action: Action, happening: Told | None) -> str | None:
        """Take an action, and return when it will not be lost; raises AxiodError.

        Returns a sentence where it is done by that, None where its result is told later.
        """
        given = action.parameters

        def text(name: str) -> str:
            return self.expand(str(given.get(name, "")), rule, happening)

        def texts(name: str) -> dict[str, str]:
            found: Any = given.get(name, {})
            return {key: self.expand(value, rule, happening) for key, value in found.items()}

        if action.kind == "publish":
            if self.mqtt is None:
                raise NotSupported("there is no MQTT client yet: it is not known who this device is")
            topic = str(given["Topic"])  # without modifiers: # means something else there
            if given.get("UseDevicePrefix"):
                topic = f"{self.mqtt.handler.device_topic_prefix or f'axis/{self._identity.serial}'}/{topic}"
            self.mqtt.publish(topic, text("Payload"), int(str(given.get("Qos", 0))), bool(given.get("Retain")))
            return f"MQTT message to {topic} handed over"
        order: Notification | FileOrder
        if action.kind == "notify":
            order = Notification(
                text("Message"),
                text("Subject"),
                text("Body"),
                str(given.get("Method", "GET")),
                texts("Parameters"),
                texts("Headers"),
                str(given.get("ContentType", "")),
            )
        else:
            order = FileOrder(str(given["File"]), text("FileName") or str(given["File"]))
        await self._recipients.put(
            str(given["Recipient"]),
            order,
            origin={"rule": rule.id},
            retries=int(str(given.get("Retries", _DEFAULT_RETRIES))),
            timeout_ms=int(str(given.get("TimeoutMs", _DEFAULT_TIMEOUT_MS))),
            at_most_once=action.at_most_once,
        )
        return None
