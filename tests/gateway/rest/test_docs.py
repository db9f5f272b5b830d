# SPDX-License-Identifier: Apache-2.0
"""The examples of docs/rest.md, run as they stand there, in their order."""

from __future__ import annotations

import asyncio
import json
import os
import re
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from axiod.gateway import problem

if TYPE_CHECKING:
    from tests.gateway.web_device import WebDevice

PAGE = (Path(__file__).parents[3] / "docs" / "rest.md").read_text()
EXAMPLES = re.findall(r"```sh ?(\w*)\n(.*?)```", PAGE, re.DOTALL)


async def test_the_examples_work(new_web: WebDevice) -> None:
    surroundings = {**os.environ, "DEVICE": new_web.http.removeprefix("http://"), "ME": "admin:Pass word1"}
    assert len(EXAMPLES) >= 7
    for kind, script in EXAMPLES:
        process = await asyncio.create_subprocess_exec(
            "bash", "-e", "-o", "pipefail", "-c", f"exec {script}" if kind == "follow" else script,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=surroundings, limit=1 << 24,
        )  # fmt: skip
        assert process.stdout
        if kind == "follow":
            async with asyncio.timeout(10):
                assert (await process.stdout.readline()).startswith(b"id: ")
                assert json.loads((await process.stdout.readline()).removeprefix(b"data: "))["Kind"] == "snapshot"
            process.kill()
            await process.communicate()
            continue
        out, err = await process.communicate()
        assert process.returncode == 0, (script, out, err)


def test_every_type_of_problem_is_explained() -> None:
    for name, (status, _) in problem.names().items():
        assert re.search(rf"^\| {status} \| [\w, ]*\b{name}\b", PAGE, re.MULTILINE), name
