# SPDX-License-Identifier: Apache-2.0
"""The firewall: rules of people as one table of nftables, tried for a time before they are kept."""
