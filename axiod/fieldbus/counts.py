# SPDX-License-Identifier: Apache-2.0
"""What is counted at one port. Pure."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Counts:
    """The counts of the contract, since the service started or they were reset."""

    transactions: int = 0
    exceptions: int = 0
    timeouts: int = 0
    crc_errors: int = 0
    framing_errors: int = 0
    foreign_answers: int = 0
    late_answers: int = 0
    refused: int = 0
    outages: int = 0
