# SPDX-License-Identifier: Apache-2.0
"""The contract: one XML file for each D-Bus interface, named after it. There is no logic here."""
