# SPDX-License-Identifier: Apache-2.0
"""axiod-events. It needs TLS, for recipients and MQTT, so it does without axiod.runtime.no_tls."""

from axiod.runtime import options

if __name__ == "__main__":
    from axiod.events.service import start
    from axiod.runtime.app import run

    run(options.read("events", able_to_fail_safe=False), start, drives=False)
