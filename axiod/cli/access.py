# SPDX-License-Identifier: Apache-2.0
"""axioctl access: who may enter over the network at all."""

from __future__ import annotations

from axiod.cli.only import Only

ONLY = Only(
    "access", "org.axiod.system1.Access", "who may enter over the network at all", setting="--anonymous-viewing false"
)
fill = ONLY.fill
