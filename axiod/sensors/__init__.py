# SPDX-License-Identifier: Apache-2.0
"""axiod-sensors: Modbus sensors: templates, polling, thresholds."""
