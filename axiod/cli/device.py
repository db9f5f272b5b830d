# SPDX-License-Identifier: Apache-2.0
"""axioctl device: what this device is."""

from __future__ import annotations

from axiod.cli.only import Only

ONLY = Only("device", "org.axiod.system1.Device", "what this device is: its maker, model and serial number")
fill = ONLY.fill
