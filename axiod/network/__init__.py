# SPDX-License-Identifier: Apache-2.0
"""axiod-network: addresses, hostname, and changes that roll back by themselves."""
