# SPDX-License-Identifier: Apache-2.0
"""/vapix/services: GetEventInstances to the letter, and everything else refused."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from typing import TYPE_CHECKING

import pytest

from axiod.bus.client import Event
from axiod.gateway.vapix import soap
from axiod.gateway.vapix.instances import DECLARATIONS, topic_set
from axiod.gateway.vapix.notification import Notification

if TYPE_CHECKING:
    from tests.gateway.web_device import Answer, WebDevice
    from tests.sim.device_process import Client

PATH = "/vapix/services"
AEV = "{http://www.axis.com/vapix/ws/event1}"
TNS1, AXIS = "{http://www.onvif.org/ver10/topics}", "{http://www.axis.com/2009/event/topics}"
TOPIC = "{http://docs.oasis-open.org/wsn/t-1}topic"
ENVELOPE = "{http://www.w3.org/2003/05/soap-envelope}"
ASK = (
    '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body>'
    '<GetEventInstances xmlns="http://www.axis.com/vapix/ws/event1"/></s:Body></s:Envelope>'
)


async def ask(web: WebDevice, body: str, *words: str, user: str | None = "viewer") -> Answer:
    kind = words if words else ["--header", "Content-Type: application/soap+xml"]
    return await web.curl(PATH, *kind, "--data-binary", body, user=user)


async def test_the_instances(web: WebDevice, client: Client) -> None:
    await client.port("input1").configure(Name='Gate <1> & "more"')
    answer = await ask(web, ASK)
    assert answer.status == 200
    assert answer.header("Content-Type") == "application/soap+xml; charset=utf-8"
    topics = ElementTree.fromstring(answer.body.encode()).find(
        f"{ENVELOPE}Body/{AEV}GetEventInstancesResponse/{{http://docs.oasis-open.org/wsn/t-1}}TopicSet"
    )
    assert topics is not None
    # What has the namespace of the name above it stands there without any.
    port = topics.find(f"{TNS1}Device/{AXIS}IO/Port")
    assert port is not None
    assert topics.find(f"{TNS1}Device/Trigger/Relay") is not None
    assert port.get(TOPIC) == "true"
    [message] = port
    assert message.tag == f"{AEV}MessageInstance"
    assert message.get(f"{AEV}isProperty") == "true"
    source = message.find(f"{AEV}SourceInstance/{AEV}SimpleItemInstance")
    assert source is not None
    assert (source.get("Name"), source.get("Type")) == ("port", "xsd:int")
    numbers = {value.text: value.get(f"{AEV}NiceName") for value in source.findall(f"{AEV}Value")}
    assert numbers[str(await client.port("input1").get("Number"))] == 'Gate <1> & "more"'
    data = message.find(f"{AEV}DataInstance/{AEV}SimpleItemInstance")
    assert data is not None
    assert (data.get("Name"), data.get("Type"), data.get("isPropertyState")) == ("state", "xsd:boolean", "true")


async def test_the_headers_do_not_matter(web: WebDevice) -> None:
    for words in (["--header", "SOAPAction: nonsense"], ["--header", "Content-Type: text/plain"]):
        assert (await ask(web, ASK, *words)).status == 200


async def test_nobody_reads_them_without_a_login(web: WebDevice) -> None:
    assert (await ask(web, ASK, user=None)).status == 401


@pytest.mark.parametrize(
    "body",
    [
        "",
        "x",
        "<a/>",
        ASK.replace("GetEventInstances", "AddActionRule"),
        ASK.replace("/event1", "/action1"),
        ASK.replace("2003/05/soap-envelope", "other"),
        '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body/></s:Envelope>',
        '<!DOCTYPE a [<!ENTITY x "y">]>' + ASK,
        '<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>',
        '<?xml version="1.0" encoding="nonsense"?>' + ASK,
        ASK.replace("<GetEventInstances", "<a>" * 100 + "<GetEventInstances"),
        ASK[:-1],
        "<a>" * 20000,
        "x" * 70000,
    ],
)
async def test_anything_else_is_a_fault_of_the_sender(web: WebDevice, body: str) -> None:
    answer = await ask(web, body)
    assert answer.status == 400
    root = ElementTree.fromstring(answer.body.encode())
    code = root.find(f"{ENVELOPE}Body/{ENVELOPE}Fault/{ENVELOPE}Code/{ENVELOPE}Value")
    text = root.find(f"{ENVELOPE}Body/{ENVELOPE}Fault/{ENVELOPE}Reason/{ENVELOPE}Text")
    assert code is not None
    assert code.text == "SOAP-ENV:Sender"
    assert text is not None
    assert text.text


def test_what_is_asked_for_is_the_first_element_of_the_body() -> None:
    text = ASK.replace("<s:Body>", "<s:Header><x>1</x></s:Header><s:Body>\n ")
    assert soap.operation(text.encode()).name == "GetEventInstances"


def test_events_without_a_source_and_with_several_items() -> None:
    events = [
        Event("tns1:Device/tnsaxis:Status/SystemReady", {}, {"ready": "1"}, 0, 0),
        Event("tns1:Device/tnsaxis:IO/SupervisedPort", {"port": "1"}, {"state": "cut", "tampered": "1"}, 0, 0),
        Event("nonsense", {}, {"ready": "1"}, 0, 0),
    ]
    content = topic_set([Notification(event) for event in events], {})
    root = ElementTree.fromstring(soap.envelope(content, DECLARATIONS))
    ready = root.find(f".//{AXIS}Status/SystemReady/{AEV}MessageInstance")
    assert ready is not None
    assert [child.tag for child in ready] == [f"{AEV}DataInstance"]
    items = root.findall(f".//SupervisedPort/{AEV}MessageInstance/{AEV}DataInstance/{AEV}SimpleItemInstance")
    assert [(item.get("Name"), item.get("Type"), item.get("isPropertyState")) for item in items] == [
        ("state", "xsd:string", "true"),
        ("tampered", "xsd:boolean", None),
    ]
