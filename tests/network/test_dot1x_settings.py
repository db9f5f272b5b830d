# SPDX-License-Identifier: Apache-2.0
"""What may be set for 802.1X and MACsec, what wpa_supplicant is told of it, and how it is kept."""

from __future__ import annotations

import asyncio
import re
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from axiod.errors import Conflict, HardwareFailure, InvalidArgument
from axiod.network.dot1x.settings import Settings, check_interface, checked_secrets
from axiod.network.dot1x.stored import Dot1xFile, Kept, read_only
from axiod.network.dot1x.supplicant import configuration, driver
from axiod.network.dot1x.unit import unit_name

if TYPE_CHECKING:
    from pathlib import Path

CAK = "00112233445566778899aabbccddeeff"
TLS = Settings(True, "eap-tls", "relay-7", "mine", ("lab",))
PEAP = Settings(True, "peap-mschapv2", "relay-7", ca_certificates=("lab",))
MACSEC = Settings(True, "macsec", ckn="0A0b")


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"client_certificate": "../etc"}, "ClientCertificate has '../etc'"),
        ({"ca_certificates": ["fine", "no good"]}, "CaCertificates has 'no good'"),
        ({"ca_certificates": [f"c{number}" for number in range(21)]}, "CaCertificates has 21 ids"),
        ({"server_name": 'a"b'}, "ServerName is 'a\"b'; it must be a DNS name"),
        ({"ckn": "0a0"}, "Ckn is '0a0'; it must be 2 to 64 hexadecimal digits"),
        ({"ckn": "xy"}, "Ckn is 'xy'"),
    ],
)
def test_what_cannot_be_is_refused_by_its_name(changes: dict[str, Any], text: str) -> None:
    with pytest.raises(InvalidArgument, match=re.escape(text)):
        Settings().amended(changes)


@pytest.mark.parametrize(
    ("settings", "secrets", "text"),
    [
        (Settings(method="eap-tls", client_certificate="mine"), {}, "Identity is missing; eap-tls needs it"),
        (Settings(method="eap-tls", identity="me"), {}, "ClientCertificate is missing; eap-tls needs it"),
        (PEAP, {}, "Password is missing; peap-mschapv2 needs it: set it first, with SetSecrets"),
        (MACSEC, {"Password": "x"}, "Cak is missing; macsec needs it: set it first, with SetSecrets"),
        (Settings(method="macsec"), {"Cak": CAK}, "Ckn is missing; macsec needs it"),
        (TLS.amended({"server_name": "a.test", "ca_certificates": []}), {}, "ServerName says nothing without"),
    ],
)
def test_what_is_missing_is_named(settings: Settings, secrets: dict[str, str], text: str) -> None:
    with pytest.raises(Conflict, match=re.escape(text)):
        settings.check_complete(secrets)


@pytest.mark.parametrize(("settings", "secrets"), [(TLS, {}), (PEAP, {"Password": "x"}), (MACSEC, {"Cak": CAK})])
def test_what_is_complete_is_taken(settings: Settings, secrets: dict[str, str]) -> None:
    settings.check_complete(secrets)


@pytest.mark.parametrize("cak", ["", CAK, CAK * 2, CAK.upper()])
def test_a_cak_has_128_or_256_bits(cak: str) -> None:
    assert checked_secrets({"Cak": cak}) == {"Cak": cak}


@pytest.mark.parametrize("cak", ["0", CAK[:-1], CAK + "00", "g" * 32])
def test_another_cak_is_refused_and_not_quoted(cak: str) -> None:
    with pytest.raises(InvalidArgument, match="it must be 32 or 64 hexadecimal digits") as refused:
        checked_secrets({"Cak": cak})
    assert cak not in str(refused.value).replace(str(len(cak)), "")


@pytest.mark.parametrize("name", ["eth0", "enx00e04c680001", "br-lan", "eth0.5", "wan@home"])
def test_an_interface_has_a_name(name: str) -> None:
    check_interface(name)
    # The same is asked of systemd itself.
    escaped = subprocess.run(
        ["systemd-escape", "--template=axiod-dot1x@.service", name], check=True, capture_output=True, text=True
    )
    assert unit_name(name) == escaped.stdout.strip()


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "a b", "a:b", "x" * 16, "ü"])
def test_a_name_that_the_kernel_does_not_take_is_refused(name: str) -> None:
    with pytest.raises(InvalidArgument):
        check_interface(name)


# --- wpa_supplicant ---


def fields(text: str) -> dict[str, str]:
    return dict(line.strip().partition("=")[::2] for line in text.splitlines() if "=" in line)


def test_eap_tls_names_its_files() -> None:
    found = fields(configuration(TLS.amended({"server_name": "lab.test", "eapol_version": 3}), {}, "/run/x"))
    assert found["eap"] == "TLS"
    assert found["eapol_version"] == "3"
    assert (found["ca_cert"], found["client_cert"], found["private_key"]) == (
        '"/run/x/ca.pem"', '"/run/x/client.pem"', '"/run/x/key.pem"',
    )  # fmt: skip
    assert found["domain_suffix_match"] == '"lab.test"'
    assert driver(TLS) == "wired"


@pytest.mark.parametrize("text", ['a"b', "# no comment", "\\", "}", "ü\u20ac", " x ", "ext:x", "hash:00"])
def test_no_character_means_anything_to_its_parser(text: str) -> None:
    found = fields(configuration(PEAP.amended({"identity": text}), {"Password": text}, "/run/x"))
    assert bytes.fromhex(found["identity"]).decode() == text
    assert bytes.fromhex(found["password"]).decode() == text


@pytest.mark.parametrize(
    ("version", "label", "phase1"),
    [(0, 2, '"peapver=0"'), (1, 1, '"peapver=1 peaplabel=0"'), (1, 2, '"peapver=1 peaplabel=1"')],
)
def test_peap_has_its_version_and_its_label(version: int, label: int, phase1: str) -> None:
    settings = PEAP.amended({"peap_version": version, "peap_label": label})
    assert fields(configuration(settings, {"Password": "x"}, "/run/x"))["phase1"] == phase1


@pytest.mark.parametrize("cak", [CAK, CAK * 2])
def test_macsec_has_its_keys(cak: str) -> None:
    found = fields(configuration(MACSEC.amended({"macsec_mode": "integrity"}), {"Cak": cak}, "/run/x"))
    assert (found["mka_cak"], found["mka_ckn"], found["macsec_integ_only"]) == (cak, "0a0b", "1")
    assert (found["macsec_policy"], found["eapol_version"]) == ("1", "3")
    assert driver(MACSEC) == "macsec_linux"
    assert fields(configuration(MACSEC, {"Cak": cak}, "/run/x"))["macsec_integ_only"] == "0"


# --- on disk ---


def test_what_is_kept_is_read_back_by_both(tmp_path: Path) -> None:
    kept = Kept(TLS.amended({"eapol_version": 2}), {"Password": 'pä"ss'})
    asyncio.run(Dot1xFile(tmp_path).keep("eth0", kept))
    assert Dot1xFile(tmp_path).get("eth0") == kept
    assert read_only(tmp_path, "eth0") == kept
    assert read_only(tmp_path, "eth1") == Kept()
    assert (tmp_path / "dot1x.yaml").stat().st_mode & 0o777 == 0o600
    assert "pä" not in repr(kept)


def test_what_is_damaged_is_the_former_and_left_to_its_owner(tmp_path: Path) -> None:
    file = Dot1xFile(tmp_path)
    asyncio.run(file.keep("eth0", Kept(TLS)))
    asyncio.run(file.keep("eth0", Kept(PEAP, {"Password": "x"})))
    path = tmp_path / "dot1x.yaml"
    path.write_text("version: 1\ninterfaces: {eth0: {settings: {Method: 7}, secrets: {}}}\n")
    assert read_only(tmp_path, "eth0") == Kept(TLS)
    assert path.exists()
    mine = Dot1xFile(tmp_path)
    assert mine.get("eth0") == Kept(TLS)
    assert mine.problem is not None
    assert not path.exists()


def test_what_is_damaged_altogether_is_said(tmp_path: Path) -> None:
    (tmp_path / "dot1x.yaml").write_text("[]")
    with pytest.raises(HardwareFailure, match="damaged"):
        read_only(tmp_path, "eth0")
