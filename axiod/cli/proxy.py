# SPDX-License-Identifier: Apache-2.0
"""axioctl proxy: by which proxies the device reaches web servers beyond its network."""

from __future__ import annotations

from axiod.cli.only import Only

ONLY = Only(
    "proxy",
    "org.axiod.network1.Proxy",
    "the global proxies, and what is reached without one",
    setting="--http-proxy http://proxy:3128 --no-proxy 192.0.2.0/24",
)
fill = ONLY.fill
