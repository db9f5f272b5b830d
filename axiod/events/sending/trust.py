# SPDX-License-Identifier: Apache-2.0
"""TLS to servers: 1.2 or later, trusted as this device trusts.

That is /etc/ssl/certs. An administrator adds a CA of one's own in /usr/local/share/ca-certificates and runs
update-ca-certificates; SSL_CERT_FILE and SSL_CERT_DIR work as everywhere.
"""

from __future__ import annotations

import ssl


def context(*, validate: bool) -> ssl.SSLContext:
    """Return a context. It reads files, so it is called in a thread that nobody waits for."""
    made = ssl.create_default_context()
    made.minimum_version = ssl.TLSVersion.TLSv1_2
    # Set from Python 3.13 on; what a private CA trusts shall not depend on the version of Python.
    made.verify_flags &= ~ssl.VerifyFlags.VERIFY_X509_STRICT
    if not validate:
        made.check_hostname = False
        made.verify_mode = ssl.CERT_NONE
    return made
