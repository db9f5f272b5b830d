# SPDX-License-Identifier: Apache-2.0
"""The configuration of wpa_supplicant for one wired interface. Pure.

Whatever a person chose (identity, password, names) is written in hexadecimal, so that no character in it means
anything to the parser. Source: wpa_supplicant.conf of wpa_supplicant 2.10.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from axiod.network.dot1x.settings import CAK, PASSWORD, Method

if TYPE_CHECKING:
    from collections.abc import Mapping

    from axiod.network.dot1x.settings import Settings

CLIENT, KEY, CA = "client.pem", "key.pem", "ca.pem"
"""The files that it is given, beside its configuration."""
CONFIGURATION = "wpa_supplicant.conf"
CONTROL = "control"
"""The folder of its control socket."""
_MACSEC_EAPOL = 3
_ONLY_WITH_SWITCH = 255
"""The priority in MKA that leaves the keys to the other end (802.1X-2010, table 9-2)."""


def driver(settings: Settings) -> str:
    """Return the driver of wpa_supplicant (option -D)."""
    return "macsec_linux" if settings.method == Method.MACSEC else "wired"


def configuration(settings: Settings, secrets: Mapping[str, str], folder: str) -> str:
    """Return the text of the configuration.

    `folder`: where it and its files are, without a quotation mark in its name. Settings and secrets are complete
    (Settings.check_complete).
    """
    macsec = settings.method == Method.MACSEC
    lines = [
        f"ctrl_interface=DIR={folder}/{CONTROL}",
        f"eapol_version={_MACSEC_EAPOL if macsec else settings.eapol_version}",
        "ap_scan=0",
        "network={",
        *(f"\t{name}={value}" for name, value in (_macsec if macsec else _eap)(settings, secrets, folder).items()),
        "}",
    ]
    return "\n".join(lines) + "\n"


def _eap(settings: Settings, secrets: Mapping[str, str], folder: str) -> dict[str, str]:
    found = {"key_mgmt": "IEEE8021X", "eapol_flags": "0", "identity": _hexadecimal(settings.identity)}
    if settings.ca_certificates:
        found["ca_cert"] = f'"{folder}/{CA}"'
    if settings.server_name:
        found["domain_suffix_match"] = f'"{settings.server_name}"'
    if settings.method == Method.EAP_TLS:
        return found | {
            "eap": "TLS",
            "client_cert": f'"{folder}/{CLIENT}"',
            "private_key": f'"{folder}/{KEY}"',
        }
    version = f"peapver={settings.peap_version}"
    if settings.peap_version == 1:
        version += f" peaplabel={settings.peap_label - 1}"
    return found | {
        "eap": "PEAP",
        "password": _hexadecimal(secrets[PASSWORD]),
        "phase1": f'"{version}"',
        # A wrong password ends the attempt, and it is tried again later; otherwise wpa_supplicant would wait for
        # somebody to type another one.
        "phase2": '"auth=MSCHAPV2 mschapv2_retry=0"',
    }


def _macsec(settings: Settings, secrets: Mapping[str, str], _folder: str) -> dict[str, str]:
    return {
        "key_mgmt": "NONE",
        "eapol_flags": "0",
        "macsec_policy": "1",
        "macsec_integ_only": "1" if settings.macsec_mode == "integrity" else "0",
        "mka_cak": secrets[CAK].lower(),
        "mka_ckn": settings.ckn.lower(),
        "mka_priority": str(_ONLY_WITH_SWITCH),
    }


def _hexadecimal(text: str) -> str:
    return text.encode().hex()
