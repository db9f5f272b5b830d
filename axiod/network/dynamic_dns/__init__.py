# SPDX-License-Identifier: Apache-2.0
"""Dynamic DNS: the device registers its name and addresses with the DNS server (RFC 2136), by nsupdate."""
