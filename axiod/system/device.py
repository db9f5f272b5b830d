# SPDX-License-Identifier: Apache-2.0
"""org.axiod.system1.Device: what this device is, from its board profile and from the machine."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import axiod
from axiod.system.identity import built_usec

if TYPE_CHECKING:
    from axiod.board.profile import Board
    from axiod.system.identity import Machine

DEVICE = "org.axiod.system1.Device"


class DeviceHandler:
    """org.axiod.system1.Device; the attributes are the properties of the contract."""

    brand: str
    model: str
    full_name: str
    short_name: str
    product_type: str
    variant: str
    hardware_id: str
    serial_number: str
    version: str
    build_date: str
    architecture: str
    soc: str
    soc_serial_number: str
    web_url: str
    boot_id: str

    def __init__(self, board: Board, machine: Machine, *, chosen: bool) -> None:
        """`chosen`: there is a board profile."""
        identity = board.identity
        self.brand = identity.brand
        self.model = identity.model
        self.full_name = identity.full_name
        self.short_name = identity.short_name
        self.product_type = identity.product_type
        self.variant = identity.variant
        self.web_url = identity.web_url
        self.hardware_id = board.name if chosen else ""
        self.serial_number = machine.serial_number
        self.soc = machine.soc
        self.soc_serial_number = machine.soc_serial_number
        self.architecture = machine.architecture
        self.boot_id = machine.boot_id
        self.version = axiod.__version__
        self.build_date = time.strftime("%b %d %Y %H:%M", time.gmtime(built_usec() // 1_000_000))
