# SPDX-License-Identifier: Apache-2.0
"""What files of the system say of an interface that nothing manages which can be configured."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

_SAID = """
from axiod.network.detect import unmanaged
found = unmanaged("eth0")
print(found.backend, found.addressing.ipv4_method, *found.name_servers)
"""


@pytest.mark.skipif(not Path("/etc/network").is_dir(), reason="needs the folder of ifupdown, /etc/network")
@pytest.mark.skipif(os.getuid() != 0, reason="needs root, for files of the system that only the test sees")
def test_a_comment_that_is_not_utf_8_hides_nothing() -> None:
    script = r"""set -e
mount --make-rprivate /
mount -t tmpfs none /etc/network
printf '# f\374r die T\374r\niface eth0 inet dhcp\n' >/etc/network/interfaces
printf '# f\374r\nnameserver 192.0.2.53\n' >/etc/network/resolver
mount --bind /etc/network/resolver "$(readlink -f /etc/resolv.conf)"
"$@"
"""
    done = subprocess.run(
        ["unshare", "--mount", "sh", "-c", script, "sh", sys.executable, "-c", _SAID],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert done.stdout.split() == ["ifupdown", "dhcp", "192.0.2.53"]
