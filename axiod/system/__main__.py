# SPDX-License-Identifier: Apache-2.0
"""axiod-system. It needs OpenSSL, for scrypt and certificates, so it does without axiod.runtime.no_tls."""

from axiod.runtime import options

if __name__ == "__main__":
    from axiod.runtime.app import run
    from axiod.system.service import start

    run(options.read("system", able_to_fail_safe=False), start, drives=False)
