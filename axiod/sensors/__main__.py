# SPDX-License-Identifier: Apache-2.0
"""axiod-sensors."""

import axiod.runtime.no_tls  # noqa: F401 # before all others
from axiod.runtime import options

if __name__ == "__main__":
    from axiod.runtime.app import run
    from axiod.sensors.service import start

    run(options.read("sensors", able_to_fail_safe=False), start, drives=False)
