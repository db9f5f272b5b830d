# SPDX-License-Identifier: Apache-2.0
"""axiod-gateway."""

import sys

from axiod.gateway import options
from axiod.gateway.daemon import run

if __name__ == "__main__":
    sys.exit(run(options.read()))
