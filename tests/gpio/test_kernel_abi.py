# SPDX-License-Identifier: Apache-2.0
"""The numbers and layouts that kernel.py and lines.py took from linux/gpio.h, held against it by a C compiler."""

from __future__ import annotations

import json
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from axiod.board.profile import Bias, Drive
from axiod.gpio import kernel, lines
from axiod.gpio.lines import Edge

if TYPE_CHECKING:
    from pathlib import Path

_PROGRAM = r"""
#include <linux/gpio.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

static void hex(const char *name, const void *data, size_t size)
{
    printf(", \"%s\": \"", name);
    for (size_t i = 0; i < size; i++)
        printf("%02x", ((const unsigned char *)data)[i]);
    printf("\"");
}

#define NUMBER(name) printf(", \"" #name "\": %llu", (unsigned long long)(name))

int main(void)
{
    printf("{\"\": 0");
    NUMBER(GPIO_V2_LINE_GET_VALUES_IOCTL);
    NUMBER(GPIO_V2_LINE_SET_VALUES_IOCTL);
    NUMBER(GPIO_V2_LINE_SET_CONFIG_IOCTL);
    NUMBER(GPIO_V2_LINE_FLAG_ACTIVE_LOW);
    NUMBER(GPIO_V2_LINE_FLAG_INPUT);
    NUMBER(GPIO_V2_LINE_FLAG_OUTPUT);
    NUMBER(GPIO_V2_LINE_FLAG_EDGE_RISING);
    NUMBER(GPIO_V2_LINE_FLAG_EDGE_FALLING);
    NUMBER(GPIO_V2_LINE_FLAG_OPEN_DRAIN);
    NUMBER(GPIO_V2_LINE_FLAG_OPEN_SOURCE);
    NUMBER(GPIO_V2_LINE_FLAG_BIAS_PULL_UP);
    NUMBER(GPIO_V2_LINE_FLAG_BIAS_PULL_DOWN);
    NUMBER(GPIO_V2_LINE_FLAG_BIAS_DISABLED);
    NUMBER(GPIO_V2_LINE_ATTR_ID_OUTPUT_VALUES);
    NUMBER(GPIO_V2_LINE_ATTR_ID_DEBOUNCE);
    NUMBER(GPIO_V2_LINE_EVENT_RISING_EDGE);
    NUMBER(GPIO_V2_LINE_EVENT_FALLING_EDGE);
    NUMBER(sizeof(struct gpio_v2_line_values));
    NUMBER(sizeof(struct gpio_v2_line_config));
    NUMBER(sizeof(struct gpio_v2_line_config_attribute));
    NUMBER(sizeof(struct gpio_v2_line_event));

    struct gpio_v2_line_values values = {.bits = 1, .mask = 1};
    hex("values", &values, sizeof values);

    struct gpio_v2_line_config config;
    memset(&config, 0, sizeof config);
    config.flags = GPIO_V2_LINE_FLAG_INPUT | GPIO_V2_LINE_FLAG_EDGE_RISING | GPIO_V2_LINE_FLAG_EDGE_FALLING;
    config.num_attrs = 1;
    config.attrs[0].attr.id = GPIO_V2_LINE_ATTR_ID_DEBOUNCE;
    config.attrs[0].attr.debounce_period_us = 20000;
    config.attrs[0].mask = 1;
    hex("input", &config, sizeof config);

    memset(&config, 0, sizeof config);
    config.flags = GPIO_V2_LINE_FLAG_OUTPUT | GPIO_V2_LINE_FLAG_ACTIVE_LOW | GPIO_V2_LINE_FLAG_OPEN_DRAIN
                   | GPIO_V2_LINE_FLAG_BIAS_PULL_UP;
    config.num_attrs = 1;
    config.attrs[0].attr.id = GPIO_V2_LINE_ATTR_ID_OUTPUT_VALUES;
    config.attrs[0].attr.values = 1;
    config.attrs[0].mask = 1;
    hex("output", &config, sizeof config);

    struct gpio_v2_line_event event;
    memset(&event, 0, sizeof event);
    event.timestamp_ns = 1234567890123456789ULL;
    event.id = GPIO_V2_LINE_EVENT_FALLING_EDGE;
    event.offset = 7;
    event.seqno = 99;
    event.line_seqno = 42;
    hex("event", &event, sizeof event);
    printf("}");
    return 0;
}
"""


@pytest.fixture(scope="module")
def header(tmp_path_factory: pytest.TempPathFactory) -> dict[str, int | str]:
    """What the C compiler makes of linux/gpio.h."""
    gcc = shutil.which("gcc")
    if gcc is None:
        pytest.skip("needs gcc")
    folder: Path = tmp_path_factory.mktemp("abi")
    source, program = folder / "abi.c", folder / "abi"
    source.write_text("#include <linux/gpio.h>\n")
    if subprocess.run([gcc, "-E", source], capture_output=True, check=False).returncode:
        pytest.skip("needs linux/gpio.h")
    source.write_text(_PROGRAM)
    subprocess.run([gcc, "-Wall", "-Werror", "-o", program, source], check=True)
    found: dict[str, int | str] = json.loads(subprocess.run([program], capture_output=True, check=True).stdout)
    return found


@pytest.mark.parametrize(
    ("name", "ours"),
    [
        ("GPIO_V2_LINE_GET_VALUES_IOCTL", kernel._GET_VALUES),
        ("GPIO_V2_LINE_SET_VALUES_IOCTL", kernel._SET_VALUES),
        ("GPIO_V2_LINE_SET_CONFIG_IOCTL", kernel._SET_CONFIG),
        ("GPIO_V2_LINE_FLAG_ACTIVE_LOW", kernel._ACTIVE_LOW),
        ("GPIO_V2_LINE_FLAG_INPUT", kernel._INPUT),
        ("GPIO_V2_LINE_FLAG_OUTPUT", kernel._OUTPUT),
        ("GPIO_V2_LINE_FLAG_OPEN_DRAIN", kernel._DRIVE[Drive.OPEN_DRAIN]),
        ("GPIO_V2_LINE_FLAG_OPEN_SOURCE", kernel._DRIVE[Drive.OPEN_SOURCE]),
        ("GPIO_V2_LINE_FLAG_BIAS_PULL_UP", kernel._BIAS[Bias.PULL_UP]),
        ("GPIO_V2_LINE_FLAG_BIAS_PULL_DOWN", kernel._BIAS[Bias.PULL_DOWN]),
        ("GPIO_V2_LINE_FLAG_BIAS_DISABLED", kernel._BIAS[Bias.DISABLED]),
        ("GPIO_V2_LINE_ATTR_ID_OUTPUT_VALUES", kernel._ATTRIBUTE_OUTPUT_VALUES),
        ("GPIO_V2_LINE_ATTR_ID_DEBOUNCE", kernel._ATTRIBUTE_DEBOUNCE),
        ("GPIO_V2_LINE_EVENT_RISING_EDGE", lines._RISING),
        ("GPIO_V2_LINE_EVENT_FALLING_EDGE", lines._FALLING),
        ("sizeof(struct gpio_v2_line_values)", kernel._VALUES.size),
        ("sizeof(struct gpio_v2_line_config)", kernel._CONFIG.size),
        ("sizeof(struct gpio_v2_line_config_attribute)", kernel._ATTRIBUTE.size),
        ("sizeof(struct gpio_v2_line_event)", lines.EDGE_BYTES),
    ],
)
def test_a_number(header: dict[str, int | str], name: str, ours: int) -> None:
    assert header[name] == ours


def test_both_edges(header: dict[str, int | str]) -> None:
    rising, falling = header["GPIO_V2_LINE_FLAG_EDGE_RISING"], header["GPIO_V2_LINE_FLAG_EDGE_FALLING"]
    assert isinstance(rising, int)
    assert isinstance(falling, int)
    assert rising | falling == kernel._BOTH_EDGES


def test_the_layouts(header: dict[str, int | str]) -> None:
    assert kernel._VALUES.pack(1, 1).hex() == header["values"]
    debounce = kernel._ATTRIBUTE.pack(kernel._ATTRIBUTE_DEBOUNCE, 20_000, 1)
    assert kernel._CONFIG.pack(kernel._INPUT | kernel._BOTH_EDGES, 1, debounce).hex() == header["input"]
    level = kernel._ATTRIBUTE.pack(kernel._ATTRIBUTE_OUTPUT_VALUES, 1, 1)
    flags = kernel._OUTPUT | kernel._ACTIVE_LOW | kernel._DRIVE[Drive.OPEN_DRAIN] | kernel._BIAS[Bias.PULL_UP]
    assert kernel._CONFIG.pack(flags, 1, level).hex() == header["output"]


def test_an_event(header: dict[str, int | str]) -> None:
    event = header["event"]
    assert isinstance(event, str)
    expected = Edge(active=False, timestamp_ns=1234567890123456789, sequence=42)
    assert lines.unpack_edges(bytes.fromhex(event)) == [expected]


def test_events_there_and_back() -> None:
    edges = [Edge(active=number % 2 == 0, timestamp_ns=number << 40, sequence=number) for number in range(5)]
    assert lines.unpack_edges(b"".join(map(lines.pack_edge, edges))) == edges
