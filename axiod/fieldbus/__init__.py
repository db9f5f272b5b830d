# SPDX-License-Identifier: Apache-2.0
"""axiod-fieldbus: the only owner of the RS-485 ports, and of Modbus devices over TCP."""
