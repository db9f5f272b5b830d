# SPDX-License-Identifier: Apache-2.0
"""How the device is found: Bonjour (avahi), LLDP and CDP (lldpd), and the switches of axiod-discovery."""
