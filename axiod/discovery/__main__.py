# SPDX-License-Identifier: Apache-2.0
"""axiod-discovery."""

import sys

from axiod.discovery import options
from axiod.discovery.daemon import run

if __name__ == "__main__":
    sys.exit(run(options.read()))
