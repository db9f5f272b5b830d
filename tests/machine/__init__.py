# SPDX-License-Identifier: Apache-2.0
"""Real Debian guests, in which axiod is installed by apt: containers, and machines with a kernel of their own."""
