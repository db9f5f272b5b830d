# SPDX-License-Identifier: Apache-2.0
"""The service org.axiod.relays1: relays."""
