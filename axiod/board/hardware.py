# SPDX-License-Identifier: Apache-2.0
"""A profile held against the machine: is everything there that it names?

Reads only; no line is requested. Simulated things are skipped.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from axiod.board.mistakes import Mistake, hint

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from axiod.board.profile import AdcRef, Alarm, Board, Button, Chip, Led, LineRef, Port, Relay

_OURS = "axiod"
"""Lines whose consumer begins so are held by our own services."""


@dataclass(frozen=True, slots=True)
class FoundLine:
    """A line as the kernel has it."""

    offset: int
    name: str
    """Empty when it has none."""
    used: bool
    consumer: str


@dataclass(frozen=True, slots=True)
class FoundChip:
    """A GPIO chip as the kernel has it."""

    path: Path
    label: str
    lines: tuple[FoundLine, ...]


def find_chips(dev: Path) -> tuple[FoundChip, ...]:
    """Return the GPIO chips whose devices are in `dev`. OSError: one cannot be opened."""
    import gpiod  # slow to import, and not needed to run a simulated board

    found = []
    for path in sorted(dev.glob("gpiochip*")):
        if path.is_symlink() or not gpiod.is_gpiochip_device(str(path)):
            continue  # a link is another name of a chip, as gpiochip4 is on a Raspberry Pi 5
        with gpiod.Chip(str(path)) as chip:
            info = chip.get_info()
            lines = (chip.get_line_info(offset) for offset in range(info.num_lines))
            found.append(
                FoundChip(
                    path,
                    info.label,
                    tuple(FoundLine(line.offset, line.name or "", line.used, line.consumer or "") for line in lines),
                )
            )
    return tuple(found)


def check_hardware(
    board: Board,
    places: Mapping[str, tuple[str, int]] | None = None,
    root: Path = Path("/"),
    chips: Callable[[Path], tuple[FoundChip, ...]] = find_chips,
) -> tuple[Mistake, ...]:
    """Return what of the board is not on this machine, or is in use by another program.

    `places` are file and line of each key, from loader.load_whole; without them a mistake names the board.
    `root` is where /dev and /sys are; `chips` lists the GPIO chips of a folder of devices.
    """
    return tuple(_Check(board, places or {}, root, chips).all())


class _Check:
    def __init__(
        self,
        board: Board,
        places: Mapping[str, tuple[str, int]],
        root: Path,
        chips: Callable[[Path], tuple[FoundChip, ...]],
    ) -> None:
        self._board = board
        self._places = places
        self._root = root
        self._list_chips = chips
        self._by_id: dict[str, FoundChip] = {}
        self._held: dict[tuple[Path, int], str] = {}

    def all(self) -> Iterator[Mistake]:
        yield from self._chips()
        yield from self._lines()
        yield from self._adcs()
        for serial in self._board.serial:
            if not serial.simulated and not self._at(serial.device).exists():
                yield self._mistake(f"serial.{serial.id}.device", f"{serial.device} does not exist; is it plugged in?")
        folder = self._at("/sys/class/leds")
        for led in self._board.leds:
            if led.kernel_name is None or led.simulated:
                continue
            if not (folder / led.kernel_name).exists():
                names = _names(folder)
                text = f'no LED "{led.kernel_name}" in /sys/class/leds{hint(led.kernel_name, names)}'
                yield self._mistake(f"leds.{led.id}.kernel_name", text)
            elif len(led.colours) > 1 and not (folder / led.kernel_name / "multi_index").exists():
                text = f'"{led.kernel_name}" has no colours to choose from (no multi_index); give it one colour'
                yield self._mistake(f"leds.{led.id}.colours", text)

    def _mistake(self, key: str, text: str) -> Mistake:
        # A key that was left out, such as a line's only chip, has no place; what it belongs to has one.
        place, above = self._places.get(key), key
        while place is None and "." in above:
            above = above.rpartition(".")[0]
            place = self._places.get(above)
        file, line = place or (self._board.name, 0)
        return Mistake(file, line, key, text)

    def _at(self, path: str) -> Path:
        return self._root / path.lstrip("/")

    def _chips(self) -> Iterator[Mistake]:
        wanted = [chip for chip in self._board.chips if not chip.simulated]
        if not wanted:
            return
        try:
            found = self._list_chips(self._at("/dev"))
        except OSError as error:
            text = f"the GPIO chips cannot be opened ({error.strerror}); try it as root or in their group"
            yield self._mistake("chips", text)
            return
        for chip in wanted:
            yield from self._chip(chip, found)

    def _chip(self, chip: Chip, found: tuple[FoundChip, ...]) -> Iterator[Mistake]:
        if chip.path is not None:
            device = self._at(chip.path).resolve()
            matches = [one for one in found if one.path.resolve() == device]
            if not matches:
                yield self._mistake(f"chips.{chip.id}.path", f"{chip.path} is no GPIO chip of this machine")
        else:
            matches = [one for one in found if one.label == chip.label]
            if not matches:
                labels = hint(chip.label or "", [one.label for one in found])
                yield self._mistake(f"chips.{chip.id}.label", f'no GPIO chip with the label "{chip.label}"{labels}')
        if len(matches) > 1:
            text = f'{len(matches)} GPIO chips have the label "{chip.label}"; give a path made by a udev rule'
            yield self._mistake(f"chips.{chip.id}.label", text)
        elif matches:
            self._by_id[chip.id] = matches[0]

    def _lines(self) -> Iterator[Mistake]:
        board = self._board
        sections: dict[str, tuple[Port | Relay | Alarm | Led | Button, ...]] = {
            "ports": board.ports,
            "relays": board.relays,
            "alarms": board.alarms,
            "leds": board.leds,
            "buttons": board.buttons,
        }
        for section, things in sections.items():
            for thing in things:
                if thing.line is not None:
                    yield from self._line(f"{section}.{thing.id}.line", thing.line)

    def _line(self, key: str, line: LineRef) -> Iterator[Mistake]:
        chip = self._by_id.get(line.chip.id)
        if chip is None:
            return  # simulated, or noted with its chip
        which = "name" if line.name is not None else "offset"
        matches = [one for one in chip.lines if line.name in (None, one.name) and line.offset in (None, one.offset)]
        if len(matches) != 1:
            if matches:
                text = f'{len(matches)} lines of chip {line.chip.id} have the name "{line.name}"; give the offset'
            elif line.name is not None:
                names = hint(line.name, [one.name for one in chip.lines if one.name])
                text = f'chip {line.chip.id} has no line "{line.name}"{names}'
            else:
                text = f"chip {line.chip.id} has no offset {line.offset}; it has {len(chip.lines)} lines"
            yield self._mistake(f"{key}.{which}", text)
            return
        (found,) = matches
        holder = self._held.setdefault((chip.path, found.offset), key)
        if holder != key:
            # One of them by name, the other by offset, or by two chips: the profile alone does not show it.
            yield self._mistake(f"{key}.{which}", f"{line} is the same as {holder}")
        if found.used and not found.consumer.startswith(_OURS):
            by = f'"{found.consumer}"' if found.consumer else "the kernel"
            yield self._mistake(f"{key}.{which}", f"{line} is in use by {by}")

    def _adcs(self) -> Iterator[Mistake]:
        folder = self._at("/sys/bus/iio/devices")
        devices: dict[str, Path] = {}
        for device in sorted(folder.glob("iio:device*")):
            for what in ("name", "label"):
                if (device / what).is_file():
                    devices.setdefault((device / what).read_text().strip(), device)
        sections: dict[str, tuple[Port | Alarm, ...]] = {"ports": self._board.ports, "alarms": self._board.alarms}
        for section, things in sections.items():
            for thing in things:
                if thing.adc is not None and not thing.adc.simulated:
                    yield from self._adc(f"{section}.{thing.id}.adc", thing.adc, devices)

    def _adc(self, key: str, adc: AdcRef, devices: Mapping[str, Path]) -> Iterator[Mistake]:
        if adc.device not in devices:
            text = f'no IIO device has the name or label "{adc.device}"{hint(adc.device, devices)}'
            yield self._mistake(f"{key}.device", text)
        elif not (devices[adc.device] / f"in_voltage{adc.channel}_raw").exists():
            yield self._mistake(f"{key}.channel", f"{adc.device} has no in_voltage{adc.channel}_raw")


def _names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []
