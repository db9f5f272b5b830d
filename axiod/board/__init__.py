# SPDX-License-Identifier: Apache-2.0
"""What a board has: a YAML profile, checked, as frozen dataclasses."""
