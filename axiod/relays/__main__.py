# SPDX-License-Identifier: Apache-2.0
"""axiod-relays."""

import axiod.runtime.no_tls  # noqa: F401 # before all others
from axiod.relays.fail_safe import fail_safe
from axiod.relays.service import start
from axiod.runtime.app import run

if __name__ == "__main__":
    run("relays", start, fail_safe)
