# SPDX-License-Identifier: Apache-2.0
"""Action rules over SOAP: what a client makes, the device does."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from tests.gateway.vapix.conftest import EVENTS
from tests.gateway.vapix.soap_caller import AA, HTTP, PORT, TOGGLE, Soap, SoapError, event, new

if TYPE_CHECKING:
    from axiod.bus.client import Service
    from tests.gateway.vapix.site import Site

UNLIMITED = TOGGLE.replace("fixed", "unlimited")
PUBLISH = "com.axis.action.fixed.mqttpublish"
PULSE = "tns1:UserAlarm/tnsaxis:Recurring/Pulse"
INPUT_1 = event(PORT, port="1", state="1")


async def rule(events: Service, id_: str) -> dict[str, Any]:
    return await events.properties(f"/org/axiod/events1/rule/{id_}", f"{EVENTS}.Rule")


async def test_a_closed_input_pulses_the_relay(site: Site, soap: Soap, events: Service) -> None:
    soap.user = "oper"
    action = await soap.add_action(TOGGLE, "Open the gate", port="0", state="high", duration="1")
    made = await soap.add_rule(action, INPUT_1, name="Gate <1>")
    found = await rule(events, made)
    assert found["Name"] == "Gate <1>"
    assert found["Conditions"] == [
        {"Topic": "tns1:Device/tnsaxis:IO/Port", "Source": {"port": "1"}, "Item": "state", "Equals": "1"}
    ]
    assert found["Actions"] == [{"Kind": "pulse", "Output": "relay1", "DurationMs": 1000}]
    await site.client.wire("input1").call("Set", "closed")
    await site.client.relay().eventually(Active=True, Running="pulse")
    await site.client.relay().eventually(Active=False, Running="idle")


async def test_an_unlimited_action_lasts_as_long_as_its_conditions(site: Site, soap: Soap) -> None:
    action = await soap.add_action(UNLIMITED, port="0", state="high")
    await soap.add_rule(action, INPUT_1)
    await site.client.wire("input1").call("Set", "closed")
    await site.client.relay().eventually(Active=True, Running="idle")
    await site.client.wire("input1").call("Set", "open")
    await site.client.relay().eventually(Active=False)


async def test_a_start_event_starts_while_the_conditions_hold(site: Site, soap: Soap, events: Service) -> None:
    action = await soap.add_action(TOGGLE, port="3", state="high", duration="0")
    held = event("tns1:Device/tnsaxis:IO/VirtualInput", port="7", active="1")
    made = await soap.add_rule(action, held, start=INPUT_1)
    assert (await rule(events, made))["FirstIsTrigger"] is True
    shown = (await soap.rules())[made]
    assert 'Name="port" and @Value="1"' in shown["StartEvent"]["MessageContent"].text
    assert shown["Conditions"]["Condition"]["TopicExpression"].text == "tns1:Device/tnsaxis:IO/VirtualInput"
    switch = ("/org/axiod/events1/input/7", f"{EVENTS}.VirtualInput", "Set")
    await events.call(*switch, True, {})
    await site.client.wire("input1").call("Set", "closed")
    await site.client.port("output1").eventually(Active=True)
    await events.call(*switch, False, {})


async def test_rules_are_listed_with_their_actions(soap: Soap) -> None:
    actions = [await soap.add_action(TOGGLE, port="0", state="high", duration="2") for _ in range(2)]
    timeout = "<Enabled>false</Enabled><ActivationTimeout>PT1M2.5S</ActivationTimeout>"
    rules = [await soap.add_rule(action, INPUT_1, more=timeout) for action in actions]
    found = await soap.rules()
    # Two that do the same: each rule has its own.
    assert [found[id_]["PrimaryAction"].text for id_ in rules] == actions
    assert found[rules[0]]["Enabled"].text == "false"
    assert found[rules[0]]["ActivationTimeout"].text == "PT62.5S"
    assert "StartEvent" not in found[rules[0]]
    await soap.call("RemoveActionRule", f"<RuleID>{rules[0]}</RuleID>")
    await soap.call("RemoveActionConfiguration", f"<ConfigurationID>{actions[0]}</ConfigurationID>")
    with pytest.raises(SoapError, match="the rule 'a rule' needs the action") as caught:
        await soap.call("RemoveActionConfiguration", f"<ConfigurationID>{actions[1]}</ConfigurationID>")
    assert caught.value.detail == "ActionConfigurationIsInUseFault"
    assert (await soap.rules())[rules[1]]["PrimaryAction"].text == actions[1]


async def test_rules_of_other_doors(soap: Soap, events: Service) -> None:
    """They are there as far as VAPIX can say what they do."""
    condition = {"Topic": "tns1:Device/tnsaxis:IO/Port", "Source": {"port": "1"}, "Item": "state", "Equals": "1"}
    on = {"Kind": "set", "Output": "relay1", "Active": True}
    ids = [
        await events.call("/org/axiod/events1/rules", f"{EVENTS}.Rules", "AddRule", name, [conditions], actions, {})
        for name, conditions, actions in (
            ("plain", condition, [{**on, "WhileActive": True}]),
            ("inverted", {**condition, "Inverted": True}, [on]),
            ("toggles", condition, [{"Kind": "toggle", "Output": "relay1"}]),
            ("two", condition, [on, {**on, "Output": "output1"}]),
        )
    ]
    await until_listed(soap, ids[0])
    assert [found["Name"].text for found in (await soap.rules()).values()] == ["plain"]
    action = (await soap.rules())[ids[0]]["PrimaryAction"].text
    shown = (await soap.actions())[action]
    assert shown["TemplateToken"].text == UNLIMITED
    assert shown.parameters == {"port": "0", "state": "high"}
    copy = await soap.add_rule(action, event(PORT, port="2", state="1"))
    assert (await soap.rules())[copy]["PrimaryAction"].text == str(50_000 + int(copy))
    with pytest.raises(SoapError) as caught:
        await soap.call("RemoveActionConfiguration", f"<ConfigurationID>{action}</ConfigurationID>")
    assert caught.value.detail == "ActionConfigurationNotFoundFault"


async def until_listed(soap: Soap, id_: str) -> None:
    """Wait until the gateway knows of a rule that was made on the bus."""
    async with asyncio.timeout(10):
        while id_ not in await soap.rules():
            pass


@pytest.mark.parametrize(
    ("token", "parameters", "fault"),
    [
        ("com.axis.action.fixed.play.audioclip", {}, "ActionTemplateNotFoundFault"),
        (TOGGLE, {"port": "0"}, "ParametersMissmatchFault"),
        (TOGGLE, {"port": "0", "state": "high", "colour": "red"}, "ParametersMissmatchFault"),
        (TOGGLE, {"port": "1", "state": "high"}, "InvalidActionConfigurationFault"),
        (TOGGLE, {"port": "99", "state": "high"}, "InvalidActionConfigurationFault"),
        (HTTP, {"message": "x"}, "InvalidActionConfigurationFault"),
    ],
)
async def test_an_action_that_cannot_be(soap: Soap, token: str, parameters: dict[str, str], fault: str) -> None:
    with pytest.raises(SoapError) as caught:
        await soap.add_action(token, **parameters)
    assert (caught.value.status, caught.value.who, caught.value.detail) == (400, "Sender", fault)
    assert await soap.actions() == {}
    assert await soap.recipients() == {}


async def test_a_rule_that_cannot_be(soap: Soap) -> None:
    fixed = await soap.add_action(TOGGLE, port="0", state="high")
    unlimited = await soap.add_action(UNLIMITED, port="0", state="high")
    for action, conditions, start, more, fault in (
        (fixed, (), "", "", "InsufficientActivationRuleFault"),
        (unlimited, (), INPUT_1, "", "InsufficientActivationRuleFault"),
        ("77", (INPUT_1,), "", "", "ActionConfigurationNotFoundFault"),
        (fixed, (event(PORT, state="1"),), "", "", "InvalidConditionFilterFault"),
        (fixed, (event(PULSE, id="x"),), "", "", "InvalidConditionFilterFault"),
        (fixed, (event("tns1:No/Such", a="1"),), "", "", "InvalidTopicExpressionFault"),
        (fixed, (INPUT_1,), "", "<ActivationTimeout>5</ActivationTimeout>", "InvalidActivationTimeoutFault"),
        (fixed, (INPUT_1,), "", "<Enabled>maybe</Enabled>", ""),
        (fixed, (INPUT_1,), "", "<FailoverAction>1</FailoverAction>", ""),
        (fixed, (event(PORT, port="1", state="7"),), "", "", ""),
        (fixed, (INPUT_1,) * 17, "", "", ""),
    ):
        with pytest.raises(SoapError) as caught:
            await soap.add_rule(action, *conditions, start=start, more=more)
        assert (caught.value.status, caught.value.detail) == (400, fault), caught.value
    assert await soap.rules() == {}


async def test_roles(soap: Soap) -> None:
    action = await soap.add_action(TOGGLE, port="0", state="high")
    made = await soap.add_rule(action, INPUT_1)
    web = new("ActionConfiguration", HTTP, "x", {"upload_url": "http://127.0.0.1/"})
    tcp = new("RecipientConfiguration", "com.axis.recipient.tcp", "x", {"host": "127.0.0.1", "port": "9"})
    remove = f"<ConfigurationID>{action}</ConfigurationID>"
    for user, status, operations in (
        ("viewer", 403, {"AddActionRule": "<NewActionRule/>", "RemoveActionRule": f"<RuleID>{made}</RuleID>",
                         "RemoveActionConfiguration": remove, "GetActionConfigurations": "", "GetActionRules": "",
                         "AddActionConfiguration": new("ActionConfiguration", TOGGLE, "x", {})}),
        ("oper", 403, {"GetRecipientConfigurations": "", "AddRecipientConfiguration": tcp,
                       "AddActionConfiguration": web}),
        ("viewer", 200, {"GetActionTemplates": "", "GetRecipientTemplates": ""}),
        ("oper", 200, {"GetActionConfigurations": "", "GetActionRules": ""}),
    ):  # fmt: skip
        soap.user = user
        for name, content in operations.items():
            answer = await soap.ask(f'<{name} xmlns="{AA}">{content}</{name}>')
            assert answer.status == status, (user, name, answer)
    soap.user = "admin"
    assert list(await soap.rules()) == [made]
    assert list(await soap.actions()) == [action]


# --- notifications and recipients ---


async def test_a_notification_has_a_recipient_of_its_own(soap: Soap, events: Service) -> None:
    secret = "Geheim 1"
    action = await soap.add_action(
        HTTP, "Tell <the> guard", message="Gate", upload_url="http://127.0.0.1:9/x", login="me", password=secret
    )
    shown = (await soap.actions())[action].parameters
    assert (shown["login"], shown["password"], shown["message"]) == ("me", "", "Gate")
    assert not [name for name in shown if name.startswith("axiod")]
    [(id_, recipient)] = (await soap.recipients()).items()
    assert recipient["Name"].text == "Tell <the> guard"
    assert (recipient.parameters["upload_url"], recipient.parameters["password"]) == ("http://127.0.0.1:9/x", "")
    kept = await events.properties(f"/org/axiod/events1/recipient/{id_}", f"{EVENTS}.Recipient")
    assert kept["Secrets"] == ["Password"]
    assert secret not in repr(await events.objects())
    made = await soap.add_rule(action, INPUT_1)
    assert (await rule(events, made))["Actions"][0]["Recipient"] == id_
    assert (await soap.rules())[made]["PrimaryAction"].text == action
    with pytest.raises(SoapError, match="a rule"):
        await soap.call("RemoveRecipientConfiguration", f"<ConfigurationID>{id_}</ConfigurationID>")
    await soap.call("RemoveActionRule", f"<RuleID>{made}</RuleID>")
    await soap.call("RemoveActionConfiguration", f"<ConfigurationID>{action}</ConfigurationID>")
    assert await soap.recipients() == {}


async def test_a_recipient_that_was_changed_stays(soap: Soap, events: Service) -> None:
    made = [await soap.add_action(HTTP, name, upload_url="http://127.0.0.1:9/x", password="p") for name in ("a", "b")]
    paths = {
        values[f"{EVENTS}.Recipient"]["Name"]: path
        for path, values in (await events.objects()).items()
        if "/recipient/" in path
    }
    await events.call(paths["a"], f"{EVENTS}.Recipient", "Configure", {"Url": "http://127.0.0.1:9/y"})
    # Whoever may only make actions cannot have an administrator remove recipients.
    kept = {"upload_url": "http://127.0.0.1:9/z", "axiod:recipient": paths["a"].rpartition("/")[2], "axiod:made": "1"}
    rules = "/org/axiod/events1/rules", f"{EVENTS}.Rules", "AddActionConfiguration"
    made.append(await events.call(*rules, "a", HTTP, kept))
    async with asyncio.timeout(10):
        while made[-1] not in await soap.actions():
            pass
    for action in reversed(made):
        await soap.call("RemoveActionConfiguration", f"<ConfigurationID>{action}</ConfigurationID>")
    assert [one["Name"].text for one in (await soap.recipients()).values()] == ["a"]


async def test_an_equal_recipient_is_taken_again(soap: Soap) -> None:
    tcp = "com.axis.recipient.tcp"
    found = await soap.call("AddRecipientConfiguration", new("RecipientConfiguration", tcp, "Sink", {
        "host": "127.0.0.1", "port": "9", "qos": "0",
    }))  # fmt: skip
    recipient = found["ConfigurationID"].text
    token = "com.axis.action.fixed.notification.tcp"
    one = await soap.add_action(token, message="1", host="127.0.0.1", port="9", qos="0")
    other = await soap.add_action(token, message="2", host="127.0.0.1", port="8", qos="0")
    assert len(await soap.recipients()) == 2
    for action in (one, other):
        await soap.call("RemoveActionConfiguration", f"<ConfigurationID>{action}</ConfigurationID>")
    assert list(await soap.recipients()) == [recipient]
    await soap.call("RemoveRecipientConfiguration", f"<ConfigurationID>{recipient}</ConfigurationID>")
    with pytest.raises(SoapError) as caught:
        await soap.call("RemoveRecipientConfiguration", f"<ConfigurationID>{recipient}</ConfigurationID>")
    assert caught.value.detail == "RecipientConfigurationNotFoundFault"


async def test_a_recipient_that_cannot_be(soap: Soap) -> None:
    for token, parameters, fault in (
        ("com.axis.recipient.pigeon", {}, "RecipientTemplateNotFoundFault"),
        ("com.axis.recipient.tcp", {"host": "a"}, "ParametersMissmatchFault"),
        ("com.axis.recipient.tcp", {"host": "a b", "port": "1"}, ""),
        ("com.axis.recipient.http", {"upload_url": "https://a"}, ""),
    ):
        with pytest.raises(SoapError) as caught:
            await soap.call("AddRecipientConfiguration", new("RecipientConfiguration", token, "x", parameters))
        assert caught.value.detail == fault
    assert await soap.recipients() == {}


async def test_templates(soap: Soap) -> None:
    actions = (await soap.call("GetActionTemplates"))["ActionTemplates"].children
    tokens = {one["TemplateToken"].text: one for one in actions}
    assert {TOGGLE, UNLIMITED, HTTP, PUBLISH} <= set(tokens)
    recipients = (await soap.call("GetRecipientTemplates"))["RecipientTemplates"].children
    known = {one["TemplateToken"].text for one in recipients}
    for token, one in tokens.items():
        assert all(parameter.attributes["Type"] for parameter in one["Parameters"].children), token
        assert "RecipientTemplate" not in one or one["RecipientTemplate"].text in known


async def test_everything_of_a_template_can_be_sent_back(soap: Soap) -> None:
    """As clients edit: they remove what they read, and add it again."""
    action = await soap.add_action(PUBLISH, "p", Topic="a/b", QoS="1", Retained="true", Payload="{}\n")
    shown = (await soap.actions())[action]
    assert shown.parameters["payload"] == "{}\n"
    again = await soap.add_action(shown["TemplateToken"].text, shown["Name"].text, **shown.parameters)
    assert (await soap.actions())[again].parameters == shown.parameters
    made = await soap.add_rule(again, INPUT_1)
    assert (await soap.rules())[made]["PrimaryAction"].text in (action, again)
