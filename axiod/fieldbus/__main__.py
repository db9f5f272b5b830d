# SPDX-License-Identifier: Apache-2.0
"""axiod-fieldbus."""

import axiod.runtime.no_tls  # noqa: F401 # before all others
from axiod.runtime import options

if __name__ == "__main__":
    from axiod.fieldbus.service import start
    from axiod.runtime.app import run

    run(options.read("fieldbus", able_to_fail_safe=False), start, drives=False)
