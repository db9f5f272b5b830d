# SPDX-License-Identifier: Apache-2.0
"""The event log as a document: page by page, and harmless in a spreadsheet."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING

import pytest

from axiod.gateway.rest import document, log_export

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

ENTRY = {"Id": 7, "When": 1_000_000_123_000, "Kind": "event", "Topic": "tnsaxiod:MQTT/Stateless", "Text": "a\nb"}


async def paged(*pages: list[dict[str, int]]) -> AsyncIterator[list[dict[str, int]]]:
    for page in pages:
        yield page


@pytest.mark.parametrize("pages", [[], [[]], [[{"Id": 1}, {"Id": 2}], [{"Id": 3}], []], [[], [{"Id": 1}]]])
async def test_pages_are_one_document(pages: list[list[dict[str, int]]]) -> None:
    whole = b"".join([part async for part in document.items(paged(*pages))])
    assert json.loads(whole) == {"Items": [entry for page in pages for entry in page]}


@pytest.mark.parametrize("payload", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])
def test_no_cell_is_a_formula(payload: str) -> None:
    entry = {**ENTRY, "Text": payload, "Data": {"payload": payload}, "Source": {payload: "x"}}
    text = log_export.csv_page([entry]).decode()
    [row] = csv.reader(io.StringIO(text, newline=""))
    assert row[0] == "7"
    assert row[1] == "1970-01-12T13:46:40.123+00:00"
    assert not [cell for cell in row if cell[:1] in "=+-@\t\r" and cell]
    assert f"'{payload}" in row
