# SPDX-License-Identifier: Apache-2.0
"""Imported before anything else by a daemon that speaks no TLS: OpenSSL stays out of its memory.

asyncio imports ssl, and hashlib imports _hashlib, wherever they are there; both do without. That is 1.3 MiB of each
daemon, and 5 MiB of its address space.
"""

import sys

# An import of what is None here raises ImportError.
sys.modules["ssl"] = None  # type: ignore[assignment] # that is how an import is refused
sys.modules["_hashlib"] = None  # type: ignore[assignment] # the same
