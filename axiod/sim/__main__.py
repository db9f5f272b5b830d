# SPDX-License-Identifier: Apache-2.0
"""axiod-sim."""

import axiod.runtime.no_tls  # noqa: F401 # before all others
from axiod.runtime import options
from axiod.runtime.app import run
from axiod.sim.service import start

if __name__ == "__main__":
    run(options.read("sim", able_to_fail_safe=False), start)
