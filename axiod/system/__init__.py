# SPDX-License-Identifier: Apache-2.0
"""The service org.axiod.system1: what the device is, who may enter it, and how it is reached."""
