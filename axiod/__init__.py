# SPDX-License-Identifier: Apache-2.0
"""axiod: an open network I/O relay module on D-Bus."""

__version__ = "0.1.0"
