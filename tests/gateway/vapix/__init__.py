# SPDX-License-Identifier: Apache-2.0
"""The calls of VAPIX, asked from outside."""
