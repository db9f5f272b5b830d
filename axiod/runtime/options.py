# SPDX-License-Identifier: Apache-2.0
"""The command line of a daemon."""

from __future__ import annotations

import getopt
import os
import sys
from dataclasses import dataclass
from pathlib import Path

from axiod.runtime import config

EXIT_USAGE = 2
_HELP_CONFIG = "\n--config FILE         default: /etc/axiod/{}.yaml, if it is there"
_HELP_IDLE = """
--exit-when-idle SEC  exit when nobody asked anything for so many seconds; who asks then starts it again"""
_HELP_FAIL_SAFE = """
--fail-safe           put each output where its failure policy says, and exit with status 79
--fail-safe-if PATH   do so if there is a file or folder PATH"""


@dataclass(frozen=True, slots=True)
class Options:
    """What a daemon was started with."""

    name: str
    """The service: io, relays, ..."""
    config_file: Path | None
    """The file of settings, if one was named."""
    fail_safe: bool
    """It is only to put the outputs where their failure policy says."""
    state_dir: Path
    idle_seconds: float | None = None
    """It is to exit when nobody asked anything for so long; None: never."""

    def settings(self) -> config.Settings:
        """Read the file of settings; raises ConfigError."""
        named = self.config_file
        return config.load(named or Path(f"/etc/axiod/{self.name}.yaml"), required=named is not None)


def read(name: str, *, able_to_fail_safe: bool, able_to_exit: bool = False) -> Options:
    """Read the command line; one that is wrong ends the process with status 2, --help with 0.

    `able_to_exit`: the service keeps nothing in memory that matters, so it need not run while nobody asks it.
    """
    # getopt, because argparse would cost each daemon half a megabyte.
    known = ["help", "config="]
    usage = f"usage: axiod-{name} [OPTIONS]\n" + _HELP_CONFIG.format(name)
    if able_to_exit:
        known.append("exit-when-idle=")
        usage += _HELP_IDLE
    if able_to_fail_safe:
        known += ["fail-safe", "fail-safe-if="]
        usage += _HELP_FAIL_SAFE
    try:
        options, rest = getopt.getopt(sys.argv[1:], "h", known)
    except getopt.GetoptError as error:
        sys.stderr.write(f"axiod-{name}: {error}\n{usage}\n")
        sys.exit(EXIT_USAGE)
    given = dict(options)
    if "--help" in given or "-h" in given:
        sys.stdout.write(usage + "\n")
        sys.exit(0)
    if rest:
        sys.stderr.write(f"axiod-{name}: {rest[0]!r} is not expected\n{usage}\n")
        sys.exit(EXIT_USAGE)
    idle = given.get("--exit-when-idle")
    if idle is not None and not (idle.isdecimal() and int(idle)):
        sys.stderr.write(f"axiod-{name}: --exit-when-idle is {idle!r}; it must be seconds, at least 1\n{usage}\n")
        sys.exit(EXIT_USAGE)
    mark = given.get("--fail-safe-if")
    return Options(
        name,
        Path(given["--config"]) if "--config" in given else None,
        "--fail-safe" in given or (bool(mark) and Path(str(mark)).exists()),
        Path(os.environ.get("STATE_DIRECTORY", f"/var/lib/axiod/{name}")),
        None if idle is None else float(idle),
    )
