# SPDX-License-Identifier: Apache-2.0
"""axioctl web: how the device is reached over HTTP and HTTPS."""

from __future__ import annotations

from axiod.cli.only import Only

ONLY = Only(
    "web",
    "org.axiod.system1.Web",
    "how the device is reached: protocols, ports and certificate",
    setting="--protocols https --https-port 8443",
)
fill = ONLY.fill
