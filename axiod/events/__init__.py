# SPDX-License-Identifier: Apache-2.0
"""axiod-events: rules, schedules, manual triggers, virtual inputs, recipients, MQTT, and the log of what happened."""
