# SPDX-License-Identifier: Apache-2.0
"""A good profile, and what can be wrong with it: each case is one edit and the mistakes that must be found."""

from __future__ import annotations

from dataclasses import dataclass

GOOD = """\
schema: 1
name: test
title: Test
chips:
  main: {label: soc}
  hat: {path: /dev/gpio/hat}
front_ends:
  loop:
    bits: 12
    short_level: 0
    cut_level: 4095
    reference_ohms: 4700
    ranges:
      serial-1k:
        short: [0, 99]
        closed: [100, 199]
        open: [200, 299]
        cut: [300, 4095]
ports:
  input1:
    number: 1
    terminal: Input 1
    connector: A
    direction: input
    line: {chip: main, name: IN1}
    adc: {device: ads1015, channel: 0, front_end: loop}
  output1:
    number: 2
    terminal: Output 1
    connector: A
    direction: output
    line: {chip: hat, offset: 3}
relays:
  relay1:
    number: 0
    terminal: Relay 1
    connector: B
    form: form-c
    line: {chip: main, name: REL1}
    led: relay
alarms:
  tamper:
    kind: tamper
    terminal: Tamper
    line: {chip: main, name: TAMPER}
    adc: {device: ads1015, channel: 1, front_end: loop}
serial:
  rs485: {terminal: RS485, connector: C, device: /dev/ttyAMA0}
leds:
  relay: {terminal: Relay, colours: [green], line: {chip: main, name: LED}}
  status: {terminal: Status, colours: [green, red], kernel_name: "rgb:status"}
buttons:
  control: {terminal: Button, line: {chip: main, name: BUTTON}}
"""


@dataclass(frozen=True)
class Case:
    """`old` is replaced by `new` in GOOD; `mistakes` are found, each "LINE: KEY: TEXT"."""

    old: str
    new: str
    mistakes: tuple[str, ...]
    schema: bool
    """Whether schema.json can see it, which knows nothing of what names what."""


def case(old: str, new: str, *mistakes: str, schema: bool = True) -> Case:
    return Case(old, new, mistakes, schema)


_BUTTON = "  control: {terminal: Button, line: {chip: main, name: BUTTON}}\n"
_BY_NUMBER = "is a number that changes; use the label that gpiodetect prints in brackets"
_LINE = "where it is wired, for example line: {name: GPIO26}"
_ADC = "where the loop is measured, for example adc: {device: ads1015, channel: 0, front_end: loop}"
_NUMBER = "the VAPIX port number, from 0, unique over ports and relays"

CASES = {
    "unknown key of the board": case("title:", "titel: x\ntitle:", '3: titel: unknown key; did you mean "title"?'),
    "unknown key of a port": case(
        "direction: input",
        "direction: input\n    normal: open",
        '25: ports.input1.normal: unknown key; there are: "number", "terminal", "connector", "direction", "line", '
        '"supervised", "adc"',
    ),
    "unknown key of a line": case(
        "{chip: main, name: REL1}",
        "{chip: main, name: REL1, activ_low: true}",
        '39: relays.relay1.line.activ_low: unknown key; did you mean "active_low"?',
    ),
    "missing title": case("title: Test\n", "", "1: title: missing; what the board is called, for people"),
    "missing number": case("    number: 1\n", "", f"20: ports.input1.number: missing; {_NUMBER}"),
    "missing line": case("    line: {chip: main, name: REL1}\n", "", f"34: relays.relay1.line: missing; {_LINE}"),
    "missing form": case("    form: form-c\n", "", "34: relays.relay1.form: missing; form-a, form-b or form-c"),
    "missing front end": case(
        "channel: 1, front_end: loop",
        "channel: 1",
        "46: alarms.tamper.adc.front_end: missing; the id of an entry of front_ends",
    ),
    "missing colours": case(
        "colours: [green], ", "", "50: leds.relay.colours: missing; what it can show, for example [green, red]"
    ),
    "missing reference": case(
        "    reference_ohms: 4700\n",
        "",
        "8: front_ends.loop.reference_ohms: missing; the loop resistance that gives the level half way between "
        "short_level and cut_level",
    ),
    "name of another form": case(
        "name: test",
        "name: My Board",
        '2: name: "My Board" is no name; it has small letters, digits and -, for example my-board',
    ),
    "empty": case("name: test", "name:", "2: name: expected text, not nothing"),
    "number for text": case(
        "terminal: Relay 1",
        "terminal: 1",
        "36: relays.relay1.terminal: expected text, not the number 1; put it in quotes",
    ),
    "truth for text": case(
        "name: REL1", "name: on", "39: relays.relay1.line.name: expected text, not true; put it in quotes"
    ),
    "text for a number": case(
        "number: 1", "number: one", '21: ports.input1.number: expected a whole number from 0 to 255, not "one"'
    ),
    "truth for a number": case(
        "number: 1", "number: true", "21: ports.input1.number: expected a whole number from 0 to 255, not true"
    ),
    "number too high": case(
        "number: 1", "number: 256", "21: ports.input1.number: expected a whole number from 0 to 255, not the number 256"
    ),
    "fraction": case(
        "offset: 3",
        "offset: 3.5",
        "32: ports.output1.line.offset: expected a whole number from 0 to 65535, not the number 3.5",
    ),
    "text for truth": case(
        "{label: soc}", "{label: soc, simulated: sure}", '5: chips.main.simulated: expected true or false, not "sure"'
    ),
    "a mapping is wanted": case(_BUTTON, "  control: 4\n", "53: buttons.control: expected a mapping, not the number 4"),
    "a mapping of ids is wanted": case(
        f"buttons:\n{_BUTTON}", "buttons: [1]\n", "52: buttons: expected a mapping of ids, not a list"
    ),
    "a list is wanted": case(
        "[green, red]", "green", '51: leds.status.colours: expected a list, for example [green, red], not "green"'
    ),
    "text in a list is wanted": case(
        "[green, red]", "[green, {}]", "51: leds.status.colours[1]: expected text, not a mapping"
    ),
    "form of an id": case(
        "  output1:",
        "  Output-1:",
        "27: ports.Output-1: an id has small letters, digits and _, a letter first, for example input1",
    ),
    "key twice": case(
        "title: Test", "title: Test\ntitle: Test", "4: title: given twice; first on line 3", schema=False
    ),
    "id twice in a section": case(
        "  output1:", "  input1:", "27: ports.input1: given twice; first on line 20", schema=False
    ),
    "id twice in two sections": case(
        "  tamper:\n",
        "  input1:\n",
        '42: alarms.input1: id "input1" is already used by ports.input1 (line 20)',
        schema=False,
    ),
    "number twice": case(
        "number: 0",
        "number: 2",
        "35: relays.relay1.number: number 2 is already used by ports.output1.number (line 28)",
        schema=False,
    ),
    "line twice by name": case(
        "name: REL1",
        "name: IN1",
        "39: relays.relay1.line: line IN1 of chip main is already used by ports.input1.line (line 25)",
        schema=False,
    ),
    "line twice by offset": case(
        "name: BUTTON}}",
        "offset: 9}}\n  b: {terminal: B, line: {chip: main, offset: 9}}",
        "54: buttons.b.line: line offset 9 of chip main is already used by buttons.control.line (line 53)",
        schema=False,
    ),
    "line with name and offset": case(
        "offset: 3",
        "offset: 3, name: X",
        "32: ports.output1.line.name: give either name, as gpioinfo prints it, or offset",
    ),
    "line with neither": case(
        "{chip: hat, offset: 3}",
        "{chip: hat}",
        "32: ports.output1.line.name: give either name, as gpioinfo prints it, or offset",
    ),
    "unknown chip": case(
        "chip: hat", "chip: hut", '32: ports.output1.line.chip: unknown chip "hut"; did you mean "hat"?', schema=False
    ),
    "which chip": case(
        "{chip: hat, offset: 3}",
        "{offset: 3}",
        "32: ports.output1.line.chip: missing; it can be left out only on a board with one chip; "
        'there are: "main", "hat"',
        schema=False,
    ),
    "chip without label or path": case(
        "{label: soc}",
        "{}",
        "5: chips.main.label: give either label, as gpiodetect prints it in brackets, or a path made by a udev rule",
    ),
    "chip with label and path": case(
        "{label: soc}",
        "{label: soc, path: /dev/x}",
        "5: chips.main.label: give either label, as gpiodetect prints it in brackets, or a path made by a udev rule",
    ),
    "chip by number in its label": case(
        "label: soc", "label: gpiochip0", f'5: chips.main.label: "gpiochip0" {_BY_NUMBER}'
    ),
    "chip by number in its path": case(
        "/dev/gpio/hat", "/dev/gpiochip2", f'6: chips.hat.path: "/dev/gpiochip2" {_BY_NUMBER}'
    ),
    "chip path from nowhere": case(
        "/dev/gpio/hat", "hat", '6: chips.hat.path: expected a path from the root, for example /dev/gpio/hat, not "hat"'
    ),
    "label twice": case(
        "{path: /dev/gpio/hat}",
        "{label: soc}",
        '6: chips.hat.label: label "soc" is already used by chips.main.label (line 5)',
        schema=False,
    ),
    "bias unknown": case(
        "name: REL1",
        "name: REL1, bias: pullup",
        '39: relays.relay1.line.bias: unknown value "pullup"; did you mean "pull-up"?',
    ),
    "drive of an input": case(
        "name: IN1",
        "name: IN1, drive: open-drain",
        "25: ports.input1.line.drive: an input drives nothing; leave it out",
        schema=False,
    ),
    "drive of an alarm": case(
        "name: TAMPER",
        "name: TAMPER, drive: push-pull",
        "45: alarms.tamper.line.drive: an input drives nothing; leave it out",
        schema=False,
    ),
    "drive unknown": case(
        "name: REL1",
        "name: REL1, drive: high",
        '39: relays.relay1.line.drive: unknown value "high"; there are: "push-pull", "open-drain", "open-source"',
    ),
    "direction unknown": case(
        "direction: output",
        "direction: out",
        '31: ports.output1.direction: unknown value "out"; did you mean "output"?',
    ),
    "form unknown": case("form-c", "form-d", '38: relays.relay1.form: unknown value "form-d"; did you mean "form-c"?'),
    "kind unknown": case(
        "kind: tamper",
        "kind: fire",
        '43: alarms.tamper.kind: unknown value "fire"; there are: "casing", "motion", "tamper"',
    ),
    "colour unknown": case(
        "[green, red]", "[green, rad]", '51: leds.status.colours[1]: unknown colour "rad"; did you mean "red"?'
    ),
    "colours on a line": case(
        "colours: [green],",
        "colours: [green, red],",
        "50: leds.relay.colours: an LED on a line has one colour; more need kernel_name",
        schema=False,
    ),
    "LED without line or kernel name": case(
        ', kernel_name: "rgb:status"',
        "",
        "51: leds.status.line: give either line, or kernel_name, its folder in /sys/class/leds",
    ),
    "kernel LED twice": case(
        "line: {chip: main, name: LED}",
        'kernel_name: "rgb:status"',
        '51: leds.status.kernel_name: kernel LED "rgb:status" is already used by leds.relay.kernel_name (line 50)',
        schema=False,
    ),
    "unknown LED": case(
        "led: relay", "led: relais", '40: relays.relay1.led: unknown LED "relais"; did you mean "relay"?', schema=False
    ),
    "unknown front end": case(
        "channel: 0, front_end: loop",
        "channel: 0, front_end: lopp",
        '26: ports.input1.adc.front_end: unknown front end "lopp"; did you mean "loop"?',
        schema=False,
    ),
    "ADC channel twice": case(
        "channel: 1",
        "channel: 0",
        '46: alarms.tamper.adc: channel 0 of ADC "ads1015" is already used by ports.input1.adc (line 26)',
        schema=False,
    ),
    "missing ADC of a port": case(
        "    adc: {device: ads1015, channel: 0, front_end: loop}\n",
        "    supervised: true\n",
        f"20: ports.input1.adc: missing; {_ADC}",
    ),
    "missing ADC of an alarm": case(
        "    adc: {device: ads1015, channel: 1, front_end: loop}\n",
        "    supervised: true\n",
        f"42: alarms.tamper.adc: missing; {_ADC}",
    ),
    "ADC that is not used": case(
        "direction: input",
        "direction: input\n    supervised: false",
        "25: ports.input1.supervised: false, but there is an adc; leave one of them out",
        schema=False,
    ),
    "supervised output": case(
        "direction: output",
        "direction: output\n    adc: {device: ads1015, channel: 2, front_end: loop}",
        "32: ports.output1.adc: an output cannot be supervised; leave it out",
        schema=False,
    ),
    "serial port by number": case(
        "/dev/ttyAMA0",
        "/dev/ttyUSB0",
        '48: serial.rs485.device: "/dev/ttyUSB0" is a number that changes; use the link in /dev/serial/by-id',
    ),
    "modem by number": case(
        "/dev/ttyAMA0",
        "/dev/ttyACM1",
        '48: serial.rs485.device: "/dev/ttyACM1" is a number that changes; use the link in /dev/serial/by-id',
    ),
    "serial port from nowhere": case(
        "/dev/ttyAMA0",
        "ttyAMA0",
        '48: serial.rs485.device: expected a path such as /dev/serial/by-id/… or /dev/ttyAMA0, not "ttyAMA0"',
        schema=False,
    ),
    "serial device twice": case(
        "device: /dev/ttyAMA0}",
        "device: /dev/ttyAMA0}\n  b: {terminal: B, connector: B, device: /dev/ttyAMA0}",
        '49: serial.b.device: device "/dev/ttyAMA0" is already used by serial.rs485.device (line 48)',
        schema=False,
    ),
    "bits": case(
        "bits: 12", "bits: 0", "9: front_ends.loop.bits: expected a whole number from 1 to 24, not the number 0"
    ),
    "level beyond the ADC": case(
        "cut_level: 4095",
        "cut_level: 4096",
        "11: front_ends.loop.cut_level: expected a whole number from 0 to 4095, not the number 4096",
        schema=False,
    ),
    "levels the same": case(
        "cut_level: 4095",
        "cut_level: 0",
        "11: front_ends.loop.cut_level: the same as short_level; the loop would not be seen",
        schema=False,
    ),
    "reference": case(
        "reference_ohms: 4700",
        "reference_ohms: 0",
        "12: front_ends.loop.reference_ohms: expected a number above 0, not the number 0",
    ),
    "unknown section": case(
        "buttons:",
        "buttons: {}\nfront_ends2:",
        '53: front_ends2: unknown key; did you mean "front_ends"?',
    ),
    "scheme unknown": case(
        "serial-1k:", "serial-2k:", '14: front_ends.loop.ranges.serial-2k: unknown key; did you mean "serial-2k2"?'
    ),
    "hole": case(
        "[100, 199]",
        "[101, 199]",
        "16: front_ends.loop.ranges.serial-1k.closed: hole: must begin at 100, not at 101",
        schema=False,
    ),
    "overlap": case(
        "[200, 299]",
        "[150, 299]",
        "17: front_ends.loop.ranges.serial-1k.open: overlap: must begin at 200, not at 150",
        schema=False,
    ),
    "hole at the bottom": case(
        "[0, 99]",
        "[5, 99]",
        "15: front_ends.loop.ranges.serial-1k.short: hole: must begin at 0, not at 5",
        schema=False,
    ),
    "hole at the top": case(
        "[300, 4095]",
        "[300, 4000]",
        "18: front_ends.loop.ranges.serial-1k.cut: hole: must end at 4095, not at 4000",
        schema=False,
    ),
    "range upside down": case(
        "[100, 199]",
        "[100, 90]",
        "16: front_ends.loop.ranges.serial-1k.closed: ends at 90, before it begins at 100",
        "17: front_ends.loop.ranges.serial-1k.open: hole: must begin at 91, not at 200",
        schema=False,
    ),
    "missing state": case(
        "        open: [200, 299]\n",
        "",
        "14: front_ends.loop.ranges.serial-1k.open: missing; the lowest and the highest level that mean it, "
        "for example [0, 1302]",
    ),
    "range of three": case(
        "[0, 99]",
        "[0, 50, 99]",
        "15: front_ends.loop.ranges.serial-1k.short: expected two levels, for example [0, 1302]",
    ),
    "level of a range": case(
        "[0, 99]",
        "[0, 9999]",
        "15: front_ends.loop.ranges.serial-1k.short[1]: expected a whole number from 0 to 4095, not the number 9999",
        schema=False,
    ),
    "state unknown": case(
        "        cut: [",
        "        shorted: [0, 1]\n        cut: [",
        '18: front_ends.loop.ranges.serial-1k.shorted: unknown key; did you mean "short"?',
    ),
    "identity that is unknown": case(
        "title: Test\n",
        "title: Test\nidentity: {modell: X}\n",
        '4: identity.modell: unknown key; did you mean "model"?',
    ),
    "identity that is empty": case(
        "title: Test\n", 'title: Test\nidentity: {model: ""}\n', '4: identity.model: expected text, not ""'
    ),
    "identity of two lines": case(
        "title: Test\n",
        'title: Test\nidentity: {brand: "a\\nb"}\n',
        "4: identity.brand: expected one line of at most 100 characters",
    ),
    "identity that is a number": case(
        "title: Test\n",
        "title: Test\nidentity: {model: 9210}\n",
        "4: identity.model: expected text, not the number 9210; put it in quotes",
    ),
    "schema missing": case("schema: 1\n", "", "1: schema: missing; the version of the format, 1"),
    "schema of the future": case("schema: 1", "schema: 2", '1: schema: this axiod reads version 1, not "2"'),
    "merge key": case(
        "  control:",
        "  control2: {<<: {}, terminal: Button, line: {chip: main, name: B2}}\n  control:",
        '53: buttons.control2.<<: unknown key; there are: "terminal", "line"',
        schema=False,
    ),
    "key that is no text": case(
        "buttons:\n", "buttons:\n  [a]: 1\n", "53: buttons: a key must be plain text", schema=False
    ),
    "several at once": case(
        "{chip: hat, offset: 3}",
        "{chip: hut, offset: x, bias: up}",
        '32: ports.output1.line.chip: unknown chip "hut"; did you mean "hat"?',
        '32: ports.output1.line.offset: expected a whole number from 0 to 65535, not "x"',
        '32: ports.output1.line.bias: unknown value "up"; there are: "as-is", "disabled", "pull-up", "pull-down"',
    ),
}
