# SPDX-License-Identifier: Apache-2.0
"""The service org.axiod.io1: I/O ports and alarms."""
