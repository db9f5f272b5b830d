# SPDX-License-Identifier: Apache-2.0
"""The tests of this folder share a device."""

from tests.sim.shared_device import client, device

__all__ = ["client", "device"]
