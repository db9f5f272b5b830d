# SPDX-License-Identifier: Apache-2.0
"""schemathesis holds the running gateway against its own description: no 5xx, no answer that is not described."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.conftest import run
from tests.gateway.rest.asking import send
from tests.gateway.web_device import WebDevice

if TYPE_CHECKING:
    from collections.abc import Iterator

CHECKS = (
    "not_a_server_error,status_code_conformance,content_type_conformance,response_headers_conformance,"
    "response_schema_conformance,negative_data_rejection,unsupported_method,"
    "allow_header_conformance"
)
ENDLESS = ("follow-events",)
AT_LAST = ("access-configure", "blocking-configure")
SELF_HARM = ("web-configure", "access-configure", "blocking-configure", "tokens-remove")
"""Would shut schemathesis itself out, or let everybody in."""

NOT_THERE = ("sensors-test-read",)
"""Asks a sensor that schemathesis made up, and that does not answer, which is an answer of 504."""


@pytest.fixture
def spoilt() -> Iterator[WebDevice]:
    """A device that nobody else uses."""
    device = WebDevice()
    yield device
    device.close()


async def token(web: WebDevice) -> str:
    await send(web, "PATCH", "blocking", {"Enabled": False})
    await send(web, "PATCH", "web", {"Metrics": True})
    return str((await send(web, "POST", "tokens", {"Name": "test", "Role": "administrator"})).json()["Token"])


async def schemathesis(web: WebDevice, folder: Path, bearer: str, *words: str) -> None:
    program = Path(sys.executable).with_name("schemathesis")
    outcome = await run(
        "env", f"--chdir={folder}", str(program), "run", f"{web.http}/api/v1/openapi.json",
        "--header", f"Authorization: Bearer {bearer}", "--generation-with-security-parameters", "false",
        "--phases", "examples,coverage,fuzzing", "--checks", CHECKS, "--max-examples", "10",
        "--generation-deterministic", "--suppress-health-check", "all", "--request-timeout", "20", "--no-color", *words,
        PYTHONWARNINGS="ignore", HOME=str(folder),
    )  # fmt: skip
    assert outcome.code == 0, outcome.out + outcome.err


@pytest.mark.timeout(300)
async def test_the_api_is_what_it_says(spoilt: WebDevice, tmp_path: Path) -> None:
    bearer = await token(spoilt)
    left_out = [word for name in (*ENDLESS, *SELF_HARM, *NOT_THERE) for word in ("--exclude-operation-id", name)]
    await schemathesis(spoilt, tmp_path, bearer, *left_out)
    for name in AT_LAST:
        await schemathesis(spoilt, tmp_path, bearer, "--include-operation-id", name)
    assert (await spoilt.curl("/healthz")).status == 200
