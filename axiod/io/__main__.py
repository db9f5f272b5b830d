# SPDX-License-Identifier: Apache-2.0
"""axiod-io."""

import axiod.runtime.no_tls  # noqa: F401 # before all others
from axiod.io.fail_safe import fail_safe
from axiod.io.service import start
from axiod.runtime.app import run

if __name__ == "__main__":
    run("io", start, fail_safe)
