# SPDX-License-Identifier: Apache-2.0
"""axioctl relay: the relays."""

from __future__ import annotations

from axiod.cli.objects import Kind
from axiod.cli.render import Column

KIND = Kind(
    word="relay",
    interface="org.axiod.relays1.Relay",
    example="relay1",
    columns=(
        (Column("#", right=True), "Number"),
        (Column("ID"), ""),
        (Column("TERMINAL", spare=True), "Terminal"),
        (Column("NAME", shrink=True), "Name"),
        (Column("STATE", word=True), "Active"),
        (Column("NO", only_filled=True), "NormallyOpen"),
        (Column("NC", only_filled=True), "NormallyClosed"),
        (Column("RUNNING", word=True), "Running"),
        (Column("CYCLES", right=True), "Cycles"),
        (Column("CHANGED", right=True), "LastChangeUsec"),
        (Column("QUALITY", word=True), "Quality"),
    ),
    setting="--boot-policy last --failure-policy hold",
    booleans=("off", "on"),
    counter="Cycles",
)
fill = KIND.fill
