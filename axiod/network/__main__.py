# SPDX-License-Identifier: Apache-2.0
"""axiod-network."""

import axiod.runtime.no_tls  # noqa: F401 # before all others
from axiod.runtime import options

if __name__ == "__main__":
    from axiod.network.service import start
    from axiod.runtime.app import run

    run(options.read("network", able_to_fail_safe=False, able_to_exit=True), start, drives=False)
