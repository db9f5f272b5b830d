# SPDX-License-Identifier: Apache-2.0
"""Certificates from the command line."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from axiod import errors
from tests.cli.fakes import PEM

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Axioctl
    from tests.cli.fakes import FakeService


def test_list_and_show(axioctl: Axioctl, system: FakeService) -> None:
    head, device = (line.split() for line in axioctl("certificate", "list").out.splitlines())
    assert (head[0], head[-1], device[0], device[-3]) == ("ID", "ENDS", "device", "in")
    shown = axioctl("certificate", "show", "device").out
    assert "Subject:" in shown
    assert "BEGIN" not in shown
    assert json.loads(axioctl("certificate", "show", "device", "--json").out)["Pem"] == PEM


def test_pem_is_printed_as_it_is(axioctl: Axioctl, system: FakeService) -> None:
    assert axioctl("certificate", "pem", "device").out == PEM


def test_create(axioctl: Axioctl, system: FakeService) -> None:
    done = axioctl(
        *("certificate", "create", "mine", "relay.example.org", "--days", "825", "--key-type", "ec-p384"),
        *("--alternative-names", "relay, 192.0.2.7"),
    )
    assert done.out == "mine is installed; HTTPS presents it after: axioctl web configure --certificate mine\n"
    options = {"AlternativeNames": ["relay", "192.0.2.7"], "Days": 825, "KeyType": "ec-p384"}
    assert system.calls == [("", "CreateSelfSigned", ("mine", "relay.example.org", options))]


def test_install(axioctl: Axioctl, system: FakeService, tmp_path: Path) -> None:
    file = tmp_path / "mine.pem"
    file.write_bytes(b"\x00\xff")
    assert axioctl("certificate", "install", "mine", str(file)).code == 0
    assert axioctl("certificate", "install-signed", "device", str(file)).code == 0
    assert system.calls == [
        ("", "Install", ("mine", b"\x00\xff", "")),
        ("device", "InstallSigned", (b"\x00\xff",)),
    ]


@pytest.mark.parametrize("verb", ["install", "install-signed"])
def test_a_file_that_cannot_be_taken_is_named(axioctl: Axioctl, system: FakeService, tmp_path: Path, verb: str) -> None:
    file = tmp_path / "large"
    file.write_bytes(bytes(100_001))
    done = axioctl("certificate", verb, "device", str(file))
    assert (done.code, done.err) == (
        2,
        f"axioctl: {file} is too large for a certificate: more than 100000 bytes\n",
    )
    done = axioctl("certificate", verb, "device", str(tmp_path / "none"))
    assert (done.code, done.err) == (2, f"axioctl: {tmp_path}/none cannot be read: No such file or directory\n")
    assert not system.calls


@pytest.mark.parametrize(("verb", "method"), [("install", "Install"), ("install-signed", "InstallSigned")])
def test_a_file_that_is_no_certificate_is_named(
    axioctl: Axioctl, system: FakeService, tmp_path: Path, verb: str, method: str
) -> None:
    file = tmp_path / "run.log"
    file.write_bytes(b"hello")
    system.errors[method] = errors.InvalidArgument("data cannot be read: it is no data of that kind")
    done = axioctl("certificate", verb, "device", str(file))
    assert (done.code, done.err) == (2, f"axioctl: {file} cannot be read: it is no data of that kind\n")


def test_request(axioctl: Axioctl, system: FakeService) -> None:
    system.answers["CreateRequest"] = "-----BEGIN\nx\n-----END\n"
    done = axioctl(
        *("certificate", "request", "device", "relay.example.org", "--country", "SE", "--organizational-unit", "IT"),
        *("--alternative-names", "relay"),
    )
    assert done.out == "-----BEGIN\nx\n-----END\n"
    options = {"AlternativeNames": ["relay"], "Country": "SE", "OrganizationalUnit": "IT"}
    assert system.calls == [("device", "CreateRequest", ("relay.example.org", options))]


@pytest.mark.parametrize(
    "words",
    [
        ["create", "", "name"],
        ["create", "mine", "n" * 65],
        ["create", "mine", "name", "--days", "soon"],
        ["request", "device", ""],
    ],
)
def test_a_wrong_value_is_refused_before_anything_is_done(
    axioctl: Axioctl, system: FakeService, words: list[str]
) -> None:
    assert axioctl("certificate", *words).code == 2
    assert not system.calls
