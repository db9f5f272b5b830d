# SPDX-License-Identifier: Apache-2.0
"""CA certificates in the store: without a key, and for nothing that needs one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from axiod.errors import Conflict, InvalidArgument, NotSupported
from tests.system1.conftest import refusal
from tests.system1.test_x509 import Authority, openssl

if TYPE_CHECKING:
    from pathlib import Path

    from tests.system1.conftest import SystemProcess


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


async def test_a_ca_is_there_without_a_key_also_after_a_restart(system: SystemProcess, authority: Authority) -> None:
    await system.certificates.call("InstallCa", "lab", authority.root.read_bytes())
    found = await system.certificate("lab").all()
    assert (found["Subject"], found["HasKey"], found["KeyType"]) == ("CN=Test Root", False, "ec-p256")
    assert found["SelfSigned"]
    assert found["Pem"].strip() == authority.root.read_text().strip()
    assert (await system.certificate("device").all())["HasKey"]
    await system.restart()
    assert await system.certificate("lab").all() == found
    await system.certificate("lab").call("Remove")
    assert await system.names("certificate") == ["device"]


async def test_der_is_taken_and_so_are_several_in_pem(system: SystemProcess, authority: Authority) -> None:
    der = openssl("x509", "-in", authority.root, "-outform", "DER")
    await system.certificates.call("InstallCa", "one", der)
    await system.certificates.call("InstallCa", "both", authority.middle.read_bytes() + authority.root.read_bytes())
    assert (await system.certificate("both").get("Pem")).count("BEGIN CERTIFICATE") == 2
    assert await system.certificate("one").get("Subject") == "CN=Test Root"


async def test_what_is_no_ca_is_refused(system: SystemProcess, authority: Authority) -> None:
    key = authority.key("ec-p256")
    for data, text in (
        (authority.leaf(key), "is of no CA, and not self-signed"),
        (authority.root.read_bytes() + key.read_bytes(), "has a private key; a CA certificate is installed without it"),
        (b"nothing", "neither PEM nor a DER certificate"),
    ):
        error = await refusal(system.certificates.call("InstallCa", "lab", data))
        assert isinstance(error, InvalidArgument)
        assert text in str(error)
    error = await refusal(system.certificates.call("InstallCa", "device", authority.root.read_bytes()))
    assert isinstance(error, Conflict | InvalidArgument)
    assert await system.names("certificate") == ["device"]


async def test_a_ca_shows_nothing(system: SystemProcess, authority: Authority) -> None:
    await system.certificates.call("InstallCa", "lab", authority.root.read_bytes())
    lab = system.certificate("lab")
    for work in (
        lab.call("Key"),
        lab.call("CreateRequest", "x", {}),
        lab.call("InstallSigned", authority.root.read_bytes()),
    ):
        error = await refusal(work)
        assert isinstance(error, NotSupported)
        assert str(error) == "the private key of the certificate lab is not here: it is of a CA"
    error = await refusal(system.web.configure(Certificate="lab"))
    assert isinstance(error, Conflict)
    assert "no certificate 'lab' with a private key; there is device" in str(error)
