# SPDX-License-Identifier: Apache-2.0
"""axiod-discovery: answers who searches by UPnP (SSDP) or WS-Discovery. It has no bus name: it is a client of D-Bus."""
