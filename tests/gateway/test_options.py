# SPDX-License-Identifier: Apache-2.0
"""The command line of the gateway."""

from __future__ import annotations

from pathlib import Path

import pytest

from axiod.gateway.options import Options, parse
from axiod.runtime.client import UsageError


def test_what_is_given() -> None:
    assert parse([]) == Options()
    given = parse(
        ["--listen", "127.0.0.1", "--listen=::1", "--http-port", "0", "--rtsp-port=8554", "--log-level", "debug"]
    )
    assert given == Options(("127.0.0.1", "::1"), (("http", 0), ("rtsp", 8554)), "debug")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--listen", "localhost"], "IP address"),
        (["--http-port", "65536"], "0 to 65535"),
        (["--http-port", "-1"], "0 to 65535"),
        (["--http-port", "²"], "0 to 65535"),
        (["--http-port", "80", "--https-port", "80"], "another one"),
        (["--log-level", "loud"], "debug, info"),
        (["--colour"], "--colour"),
        (["what"], "'what'"),
    ],
)
def test_what_is_wrong(arguments: list[str], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        parse(arguments)


def test_the_simulated_world_is_reached_only_when_asked_for() -> None:
    assert not parse([]).world
    assert parse(["--world"]).world
    for unit in filter(Path.is_file, (Path(__file__).parents[2] / "units").rglob("*")):
        assert "--world" not in unit.read_text(encoding="utf-8"), unit.name
