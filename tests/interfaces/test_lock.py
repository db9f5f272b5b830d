# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import difflib

from tests.interfaces.lock import LOCK, listing


def test_the_contract_is_as_it_was_agreed() -> None:
    agreed, present = LOCK.read_text(encoding="utf-8"), listing()
    difference = "\n".join(
        difflib.unified_diff(agreed.splitlines(), present.splitlines(), "agreed", "present", lineterm="")
    )
    assert agreed == present, (
        f"\n{difference}\nThe contract differs from {LOCK.name}. If clients shall have it so, renew the file with\n"
        "    python -m tests.interfaces.lock\nand commit it with the change."
    )
