# SPDX-License-Identifier: Apache-2.0
"""IEEE 802.1X and MACsec: settings and what they mean to wpa_supplicant, and what it says of how that goes."""
