# SPDX-License-Identifier: Apache-2.0
"""axiod-io."""

import axiod.runtime.no_tls  # noqa: F401 # before all others
from axiod.runtime import options

if __name__ == "__main__":
    given = options.read("io", able_to_fail_safe=True)
    if given.fail_safe:
        from axiod.io.fail_safe import fail_safe
        from axiod.runtime.fail_safe import run as run_fail_safe

        run_fail_safe(given, fail_safe)
    else:
        from axiod.io.service import start
        from axiod.runtime.app import run

        run(given, start)
