# SPDX-License-Identifier: Apache-2.0
"""What is so on every Modbus line, for whoever speaks on one and whoever plans what is said: times and words. Pure."""
