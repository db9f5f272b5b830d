# SPDX-License-Identifier: Apache-2.0
"""The MQTT client of axiod-events. client.py puts the parts together; only library.py imports the MQTT library."""
