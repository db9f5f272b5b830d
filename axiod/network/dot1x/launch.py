# SPDX-License-Identifier: Apache-2.0
"""The process of axiod-dot1x@INTERFACE: writes what wpa_supplicant needs, and becomes it.

    python -m axiod.network.dot1x.launch STATE_DIR INTERFACE

STATE_DIR is that of axiod-network, which need not run. RUNTIME_DIRECTORY gets the files, which only their owner may
read: the configuration, and the certificates as the store has them now. Where 802.1X is off it ends with status 0; what
stands against it is said to systemd (STATUS=), and the status is 1.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from systemd import daemon

from axiod.bus.client import Service
from axiod.bus.connection import Connection
from axiod.errors import AxiodError, Conflict, NotFound, NotSupported, Unavailable
from axiod.network.dot1x import supplicant
from axiod.network.dot1x.kernel import has_macsec
from axiod.network.dot1x.settings import Method, check_interface
from axiod.network.dot1x.stored import read_only

if TYPE_CHECKING:
    from axiod.network.dot1x.settings import Settings

SYSTEM, CERTIFICATE = "org.axiod.system1", "org.axiod.system1.Certificate"
NO_MACSEC = "this kernel has no MACsec (CONFIG_MACSEC), so macsec is not supported; take another method"
_BUS_SECONDS = 30.0
"""At boot axiod-system is started by the question."""
_WHERE = "/usr/sbin:/usr/local/sbin:/usr/bin:/sbin"


def main(state_dir: Path, interface: str, folder: Path) -> list[str] | None:
    """Write the files and return the command of wpa_supplicant; None where 802.1X is off. Raises AxiodError."""
    check_interface(interface)
    kept = read_only(state_dir, interface)
    if not kept.settings.enabled:
        return None
    kept.settings.check_complete(kept.secrets)
    if kept.settings.method == Method.MACSEC and not has_macsec():
        raise NotSupported(NO_MACSEC)
    program = wpa_supplicant()
    files = asyncio.run(_certificates(kept.settings)) if kept.settings.certificates else {}
    files[supplicant.CONFIGURATION] = supplicant.configuration(kept.settings, kept.secrets, str(folder))
    for name, text in files.items():
        _write(folder / name, text)
    configuration = str(folder / supplicant.CONFIGURATION)
    return [program, "-D", supplicant.driver(kept.settings), "-i", interface, "-c", configuration]


def wpa_supplicant() -> str:
    """Return where the program is; raises Unavailable."""
    program = shutil.which("wpa_supplicant", path=_WHERE)
    if program is None:
        raise Unavailable("wpa_supplicant is not installed; install the package wpasupplicant")
    return program


async def _certificates(settings: Settings) -> dict[str, str]:
    """Return the files of the certificates that the settings name."""
    connection = await Connection.open(os.environ.get("DBUS_SYSTEM_BUS_ADDRESS"), timeout=_BUS_SECONDS)
    try:
        store = Service(connection, SYSTEM)
        files = {}
        if settings.ca_certificates:
            files[supplicant.CA] = "".join([await certificate(store, id_) for id_ in settings.ca_certificates])
        if settings.method == Method.EAP_TLS:
            files[supplicant.CLIENT] = await certificate(store, settings.client_certificate, own=True)
            path = f"{store.root}/certificate/{settings.client_certificate}"
            files[supplicant.KEY] = await store.call(path, CERTIFICATE, "Key")
        return files
    finally:
        await connection.close()


async def certificate(store: Service, id_: str, *, own: bool = False) -> str:
    """Return a certificate of the store with its chain, PEM; raises NotFound, Unavailable.

    `own`: one that this device shows; raises Conflict for one whose private key is not here.
    """
    try:
        found = await store.properties(f"{store.root}/certificate/{id_}", CERTIFICATE)
    except NotFound:
        raise NotFound(f"there is no certificate {id_} in the store") from None
    except AxiodError as error:
        raise Unavailable(f"the store of certificates cannot be asked (axiod-system): {error}") from error
    if own and not found["HasKey"]:
        raise Conflict(f"the private key of the certificate {id_} is not here: it is of a CA; take another one")
    return str(found["Pem"])


def _write(path: Path, text: str) -> None:
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)


if __name__ == "__main__":
    try:
        _command = main(Path(sys.argv[1]), sys.argv[2], Path(os.environ["RUNTIME_DIRECTORY"]))
    except (AxiodError, OSError) as _error:
        daemon.notify(f"STATUS={_error}")
        sys.exit(f"{sys.argv[2]}: {_error}")
    if _command is None:
        sys.stderr.write(f"{sys.argv[2]}: 802.1X is off\n")
        sys.exit(0)
    daemon.notify(f"STATUS=wpa_supplicant on {sys.argv[2]}")
    os.execv(_command[0], _command)  # noqa: S606 # which is what this process is for
