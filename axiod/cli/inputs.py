# SPDX-License-Identifier: Apache-2.0
"""axioctl virtual-input: virtual inputs, switches for programs."""

from __future__ import annotations

from axiod.cli.objects import Kind
from axiod.cli.render import Column

KIND = Kind(
    word="virtual-input",
    interface="org.axiod.events1.VirtualInput",
    example="1",
    columns=(
        (Column("ID"), ""),
        (Column("NAME", shrink=True), "Name"),
        (Column("STATE", word=True), "Active"),
        (Column("CHANGED", right=True), "LastChangeUsec"),
    ),
    setting="--name 'Fire alarm'",
    booleans=("off", "on"),
)
fill = KIND.fill
