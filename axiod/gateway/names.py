# SPDX-License-Identifier: Apache-2.0
"""The interfaces of the contract that the gateway knows by name. Everything else follows from the contract."""

from __future__ import annotations

PORT, RELAY = "org.axiod.io1.Port", "org.axiod.relays1.Relay"
SYSTEM = "org.axiod.system1"
ACCESS, ACCOUNT, TOKEN = f"{SYSTEM}.Access", f"{SYSTEM}.Account", f"{SYSTEM}.Token"
WEB, BLOCKING, DEVICE = f"{SYSTEM}.Web", f"{SYSTEM}.Blocking", f"{SYSTEM}.Device"
CERTIFICATE, LOGS = f"{SYSTEM}.Certificate", f"{SYSTEM}.Logs"
EVENTS = "org.axiod.events1"
RULES, RULE, ACTION_CONFIGURATION = f"{EVENTS}.Rules", f"{EVENTS}.Rule", f"{EVENTS}.ActionConfiguration"
RECIPIENTS, RECIPIENT = f"{EVENTS}.Recipients", f"{EVENTS}.Recipient"
SCHEDULES, SCHEDULE = f"{EVENTS}.Schedules", f"{EVENTS}.Schedule"
TRIGGER, VIRTUAL_INPUT = f"{EVENTS}.Trigger", f"{EVENTS}.VirtualInput"
MQTT, MQTT_PUBLICATION, MQTT_SUBSCRIPTIONS = (
    f"{EVENTS}.Mqtt",
    f"{EVENTS}.MqttPublication",
    f"{EVENTS}.MqttSubscriptions",
)
EVENT_LOG = f"{EVENTS}.EventLog"
NETWORK = "org.axiod.network1"
FIREWALL, HOST, INTERFACE = f"{NETWORK}.Firewall", f"{NETWORK}.Host", f"{NETWORK}.Interface"
DISCOVERY, DYNAMIC_DNS, PROXY = f"{NETWORK}.Discovery", f"{NETWORK}.DynamicDns", f"{NETWORK}.Proxy"

__all__ = [
    "ACCESS", "ACCOUNT", "ACTION_CONFIGURATION", "BLOCKING", "CERTIFICATE", "DEVICE", "DISCOVERY", "DYNAMIC_DNS",
    "EVENTS", "EVENT_LOG", "FIREWALL", "HOST", "INTERFACE", "LOGS", "MQTT", "MQTT_PUBLICATION", "MQTT_SUBSCRIPTIONS",
    "NETWORK", "PORT", "PROXY", "RECIPIENT", "RECIPIENTS", "RELAY", "RULE", "RULES", "SCHEDULE", "SCHEDULES", "SYSTEM",
    "TOKEN", "TRIGGER", "VIRTUAL_INPUT", "WEB",
]  # fmt: skip
