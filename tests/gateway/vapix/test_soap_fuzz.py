# SPDX-License-Identifier: Apache-2.0
"""SOAP, MQTT and virtual inputs with what nobody would send: never an internal error, and no change beside an error."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import quote
from xml.sax.saxutils import escape, quoteattr

import pytest
from hypothesis import given
from hypothesis import strategies as st

from axiod.bus.client import Service
from axiod.gateway.vapix.action_template import TEMPLATES
from axiod.gateway.vapix.recipient_template import TEMPLATES as RECIPIENTS
from tests.gateway.vapix.conftest import EVENTS, Mqtt, remove_made
from tests.gateway.vapix.soap_caller import AA, AEV, ENVELOPE, PATH, PORT, WSNT
from tests.gateway.vapix.test_fuzz import ANYTHING, EACH, NUMBERS, Target, objects

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.gateway.web_device import WebDevice

_SETTLED = (".Rule", ".ActionConfiguration", ".Recipient", ".Schedule", ".VirtualInput", ".Trigger")


class EventsTarget(Target):
    """The device with its rules, actions, recipients, schedules and switches."""

    def __init__(self, web: WebDevice) -> None:
        super().__init__(web)
        self._events = Service(self._client.connection, EVENTS)
        self._mqtt = Mqtt(self._events)
        self._before = self._runner.run(self._mqtt.all())

    async def _stands(self) -> Any:
        found = {
            (path, interface): {name: values.get(name) for name in ("Name", "Enabled", "Conditions", "Parameters")}
            for path, interfaces in (await self._events.objects()).items()
            for interface, values in interfaces.items()
            if interface.endswith(_SETTLED)
        }
        return await super()._stands(), found, await self._mqtt.all()

    async def _end(self) -> None:
        await self._mqtt.put_back(self._before)
        await remove_made(self._events)
        await super()._end()


@pytest.fixture
def target(web: WebDevice) -> Iterator[EventsTarget]:
    """The device."""
    target = EventsTarget(web)
    yield target
    target.close()


TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=20) | st.sampled_from(
    ["", "0", "1", "-1", "9" * 30, "true", "high", "low", "\u0661", "%", "//.", "&lt;", "{}"]
)
IDS = st.integers(0, 4).map(str) | TEXT
TOKENS = st.sampled_from([*TEMPLATES, *RECIPIENTS, "com.axis.action.none"])
NAMES = st.sampled_from(sorted({name for template in TEMPLATES.values() for name in template.all})) | TEXT
PARAMETERS = st.lists(st.tuples(NAMES, TEXT), max_size=6).map(
    lambda pairs: "".join(f"<Parameter Name={quoteattr(name)} Value={quoteattr(value)}/>" for name, value in pairs)
)
TOPICS = (
    st.sampled_from([PORT, "tns1:UserAlarm/tnsaxis:Recurring/Pulse", "onvif:Device/axis:Status/SystemReady"]) | TEXT
)
CONTENTS = st.lists(
    st.tuples(st.sampled_from(["port", "state", "id", "ready"]) | TEXT, st.sampled_from(["0", "1"]) | TEXT), max_size=3
).map(
    lambda pairs: " and ".join(f"boolean(//SimpleItem[@Name='{name}' and @Value='{value}'])" for name, value in pairs)
)
FILTERS = st.builds(
    lambda topic, content: (
        f"<w:TopicExpression>{escape(topic)}</w:TopicExpression><w:MessageContent>{escape(content)}</w:MessageContent>"
    ),
    TOPICS,
    CONTENTS | TEXT,
)
RULES = st.builds(
    "<NewActionRule><Name>fuzz</Name><Enabled>{}</Enabled>{}<Conditions>{}</Conditions>{}</NewActionRule>".format,
    st.sampled_from(["true", "false", "0"]) | TEXT.map(escape),
    st.just("") | FILTERS.map("<StartEvent>{}</StartEvent>".format),
    st.lists(FILTERS.map("<Condition>{}</Condition>".format), max_size=2).map("".join),
    IDS.map(escape).map("<PrimaryAction>{}</PrimaryAction>".format),
)


def new(kind: str) -> st.SearchStrategy[str]:
    """Return what describes a new action or recipient."""
    text = f"<New{kind}><TemplateToken>{{}}</TemplateToken><Name>{{}}</Name><Parameters>{{}}</Parameters></New{kind}>"
    return st.builds(text.format, TOKENS, TEXT.map(escape), PARAMETERS)


def element(name: str, content: st.SearchStrategy[str] = TEXT) -> st.SearchStrategy[str]:
    """Return an element with a text."""
    return content.map(lambda text: f"<{name}>{escape(text)}</{name}>")


OPERATIONS = st.one_of(
    st.tuples(st.just((AA, "AddActionConfiguration")), new("ActionConfiguration")),
    st.tuples(st.just((AA, "AddRecipientConfiguration")), new("RecipientConfiguration")),
    st.tuples(st.just((AA, "AddActionRule")), RULES),
    st.tuples(st.sampled_from([(AA, "RemoveActionConfiguration"), (AA, "RemoveRecipientConfiguration")]),
              element("ConfigurationID", IDS)),
    st.tuples(st.just((AA, "RemoveActionRule")), element("RuleID", IDS)),
    st.tuples(st.just((AEV, "RemoveScheduledEvent")), element("EventID")),
    st.tuples(st.just((AEV, "AddScheduledEvent")),
              element("ICalendar", st.text("DTSARENUL:;=0123456789FQ ", max_size=30) | TEXT)
              .map("<NewScheduledEvent><Schedule>{}</Schedule></NewScheduledEvent>".format)),
    st.tuples(st.just((AEV, "ChangeVirtualInputState")),
              st.tuples(element("port", IDS), element("active")).map("".join)),
    st.tuples(st.sampled_from([(AA, "GetActionRules"), (AA, "GetActionConfigurations"), (AEV, "GetScheduledEvents"),
                               (AA, "GetRecipientConfigurations"), (AEV, "GetEventInstances")]), st.just("")),
)  # fmt: skip


@EACH
@given(OPERATIONS)
def test_soap(target: EventsTarget, asked: tuple[tuple[str, str], str]) -> None:
    (namespace, name), content = asked
    body = f'<{name} xmlns="{namespace}">{content}</{name}>'
    text = f'<s:Envelope xmlns:s="{ENVELOPE}" xmlns:w="{WSNT}"><s:Body>{body}</s:Body></s:Envelope>'
    target.ask("POST", PATH, text.encode())


@EACH
@given(st.sampled_from(["activate", "deactivate"]), st.lists(st.tuples(
    st.sampled_from(["schemaversion", "port", "duration"]), st.sampled_from(["1", "64", "65"]) | TEXT), max_size=4,
))  # fmt: skip
def test_virtual_inputs(target: EventsTarget, name: str, pairs: list[tuple[str, str]]) -> None:
    query = "&".join(f"{key}={quote(value)}" for key, value in pairs)
    target.ask("GET", f"/axis-cgi/virtualinput/{name}.cgi?{query}")


_MESSAGE = objects(useDefault=st.booleans(), topic=TEXT, message=TEXT, retain=st.booleans(), qos=NUMBERS)
_CLIENT = objects(
    server=objects(host=TEXT, port=NUMBERS, protocol=st.sampled_from(["tcp", "ssl", "ws"]), basepath=TEXT),
    username=TEXT, password=TEXT, keepExistingPassword=st.booleans(), clientId=TEXT, keepAliveInterval=NUMBERS,
    cleanSession=st.booleans(), deviceTopicPrefix=TEXT, lastWillTestament=_MESSAGE, connectMessage=_MESSAGE,
    ssl=objects(validateServerCert=st.booleans(), CACertID=TEXT),
)  # fmt: skip
_EVENT_FILTER = objects(topicFilter=TOPICS, qos=NUMBERS, retain=st.sampled_from(["none", "property", "all"]))
_MQTT_FILTER = objects(topicFilter=TEXT, useDeviceTopicPrefix=st.booleans(), qos=NUMBERS, isStateData=st.booleans())


@EACH
@given(st.one_of(
    st.tuples(st.just(("client", "configureClient")), _CLIENT | ANYTHING),
    st.tuples(st.just(("client", "getClientStatus")), st.none()),
    st.tuples(st.just(("event", "configureEventPublication")),
              objects(topicPrefix=TEXT, customTopicPrefix=TEXT, eventFilterList=st.lists(_EVENT_FILTER, max_size=3))),
    st.tuples(st.just(("event", "configureMqttSubscription")),
              objects(mqttFilterList=st.lists(_MQTT_FILTER, max_size=3))),
))  # fmt: skip
def test_mqtt(target: EventsTarget, asked: tuple[tuple[str, str], Any]) -> None:
    (name, method), params = asked
    body = {"apiVersion": "1.0", "method": method, "params": params}
    target.ask("POST", f"/axis-cgi/mqtt/{name}.cgi", json.dumps(body).encode())
