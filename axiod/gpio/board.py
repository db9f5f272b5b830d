# SPDX-License-Identifier: Apache-2.0
"""Every line of the board, whoever provides it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from axiod.gpio.kernel import KernelLines
from axiod.gpio.simulated import SimulatedLines

if TYPE_CHECKING:
    from axiod.board.profile import Board, LineRef
    from axiod.gpio.lines import Line, Lines


class BoardLines:
    """The lines of a board: of the kernel, or of the simulated world where the profile says so."""

    def __init__(self, board: Board) -> None:
        self._real: Lines = KernelLines()
        self._simulated: Lines = SimulatedLines()
        self._boot: Lines = self._simulated if any(chip.simulated for chip in board.chips) else self._real

    def request(self, ref: LineRef) -> Line:
        return self._of(ref).request(ref)

    def adopt(self, ref: LineRef, fd: int) -> Line:
        return self._of(ref).adopt(ref, fd)

    def boot_id(self) -> str:
        return self._boot.boot_id()

    def _of(self, ref: LineRef) -> Lines:
        return self._simulated if ref.chip.simulated else self._real
