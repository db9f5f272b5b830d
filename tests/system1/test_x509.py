# SPDX-License-Identifier: Apache-2.0
"""Certificates of the running service, with openssl as the one at the other end."""

from __future__ import annotations

import asyncio
import base64
import datetime
import ipaddress
import re
import socket
import stat
import subprocess
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from axiod.errors import AxiodError, Conflict, HardwareFailure, InvalidArgument, LimitReached, NotFound
from axiod.system.certificates import validity
from axiod.system.x509 import authority as authority_of
from axiod.system.x509 import bundle, signed
from tests.conftest import run
from tests.system1.conftest import refusal

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Watch
    from tests.system1.conftest import SystemProcess

DAY = 86_400_000_000


def openssl(*words: str | Path, given: bytes = b"") -> bytes:
    """Run openssl and return what it wrote; fails with its complaint."""
    done = subprocess.run(["openssl", *map(str, words)], input=given, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


def text(*words: str | Path, given: bytes = b"") -> str:
    return openssl(*words, given=given).decode()


class Authority:
    """A root, and one that signs for it, made by openssl."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.root, self.root_key = folder / "root.pem", folder / "root.key"
        subject = ("-subj", "/CN=Test Root", "-days", "30", "-addext", "keyUsage=keyCertSign")
        new = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
        openssl("req", "-x509", *new, "-keyout", self.root_key, "-out", self.root, *subject)
        self.middle, self.middle_key = folder / "middle.pem", folder / "middle.key"
        wish = openssl("req", "-new", *new, "-keyout", self.middle_key, "-subj", "/CN=Test Middle")
        ca = folder / "ca.ext"
        ca.write_text("basicConstraints=critical,CA:TRUE\nkeyUsage=keyCertSign\n")
        signing = ("-CA", self.root, "-CAkey", self.root_key, "-CAcreateserial", "-days", "20", "-extfile", ca)
        openssl("x509", "-req", *signing, "-out", self.middle, given=wish)

    def sign(self, request: bytes, days: int = 10, *more: str) -> bytes:
        """Return the certificate for a request, with the names that it asks for."""
        signing = ("-CA", self.middle, "-CAkey", self.middle_key, "-CAcreateserial", "-days", str(days))
        return openssl("x509", "-req", *signing, "-copy_extensions", "copy", *more, given=request)

    def key(self, kind: str) -> Path:
        """Make a key: rsa-2048, ec-p256, ..."""
        path = self.folder / f"{kind}.key"
        if kind.startswith("rsa"):
            path.write_bytes(openssl("genrsa", kind.partition("-")[2]))
        else:
            curve = {"ec-p256": "prime256v1", "ec-p384": "secp384r1", "ec-p521": "secp521r1"}.get(kind, kind)
            path.write_bytes(openssl("genpkey", "-algorithm", "EC", "-pkeyopt", f"ec_paramgen_curve:{curve}"))
        return path

    def leaf(self, key: Path, days: int = 10, *more: str) -> bytes:
        """Return a certificate for a key."""
        request = openssl("req", "-new", "-key", key, "-subj", "/O=Test/CN=gate.example", "-addext",
                          "subjectAltName=DNS:gate.example,IP:192.0.2.7")  # fmt: skip
        return self.sign(request, days, *more)

    def verify(self, pem: str) -> None:
        """See that openssl trusts what is presented to it with nothing but the root."""
        presented = self.folder / "presented.pem"
        presented.write_text(pem)
        openssl("verify", "-x509_strict", "-CAfile", self.root, "-untrusted", presented, presented)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


def matches(pem: str, key: str) -> bool:
    """Whether openssl finds the same public key in both."""
    mine = text("pkey", "-pubout", given=key.encode())
    return text("x509", "-noout", "-pubkey", given=pem.encode()) == mine


# --- the device's own ---


async def test_the_device_makes_itself_one(system: SystemProcess, tmp_path: Path) -> None:
    found = await system.certificate().all()
    serial = await system.thing("device", "Device").get("SerialNumber")
    assert found["Subject"] == found["Issuer"] == f"CN=axiod-{serial}"
    assert found["SelfSigned"] is True
    assert found["KeyType"] == "ec-p256"
    pem = found["Pem"].encode()
    shown = text("x509", "-noout", "-text", given=pem)
    host = socket.gethostname()
    for expected in (f"DNS:axiod-{serial}", f"DNS:{host}", "DNS:localhost", "IP Address:127.0.0.1", "CA:FALSE",
                     "TLS Web Server Authentication", "ecdsa-with-SHA256", "Digital Signature"):  # fmt: skip
        assert expected in shown
    assert {f"axiod-{serial}", host, "localhost", "127.0.0.1", "::1"} <= set(found["AlternativeNames"])
    fingerprint = text("x509", "-noout", "-fingerprint", "-sha256", given=pem).strip().partition("=")[2]
    assert found["Fingerprint"] == fingerprint
    file = tmp_path / "own.pem"
    file.write_bytes(pem)
    openssl("verify", "-purpose", "sslserver", "-verify_hostname", "localhost", "-CAfile", file, file)
    openssl("verify", "-purpose", "sslserver", "-verify_ip", "::1", "-CAfile", file, file)
    key = await system.certificate().call("Key")
    assert key.startswith("-----BEGIN PRIVATE KEY-----")
    assert matches(found["Pem"], key)
    assert stat.S_IMODE((system.state / "certificates" / "device.yaml").stat().st_mode) == 0o600


async def test_it_is_made_once(system: SystemProcess) -> None:
    before = await system.certificate().all()
    await system.restart()
    assert await system.certificate().all() == before


async def test_start_does_not_need_the_library(system: SystemProcess) -> None:
    await system.restart()
    maps = (await run("cat", f"/proc/{system.pid}/maps")).out
    assert "cryptography" not in maps
    assert "libcrypto" in maps, "scrypt needs it"


def test_it_is_valid_from_a_day_ago() -> None:
    assert validity(1000 * DAY, 900 * DAY, 3650) == (999 * DAY, 4650 * DAY)


def test_it_is_valid_even_if_the_clock_was_never_set() -> None:
    not_before, not_after = validity(5 * DAY, 20_000 * DAY, 3650)
    assert not_before == 0
    assert not_after == (20_000 + 3650 + 7300) * DAY


# --- made here ---


@pytest.mark.parametrize("kind", ["ec-p256", "ec-p384", "rsa-2048"])
async def test_a_self_signed_one_is_as_it_was_ordered(system: SystemProcess, kind: str) -> None:
    names = ["gate.example", "*.gate.example", "192.0.2.7", "2001:db8::7"]
    options = {"AlternativeNames": names, "Days": 30, "KeyType": kind}
    await system.certificates.call("CreateSelfSigned", "gate", "Gate & Co", options)
    found = await system.certificate("gate").all()
    assert (found["Subject"], found["KeyType"]) == ("CN=Gate & Co", kind)
    assert sorted(found["AlternativeNames"]) == sorted(names), "the common name is no host name"
    assert found["NotAfterUsec"] - found["NotBeforeUsec"] == 31 * DAY
    assert matches(found["Pem"], await system.certificate("gate").call("Key"))


@pytest.mark.parametrize(
    ("id_", "name", "options", "said"),
    [
        ("a b", "x", {}, "letters a to z"),
        ("../x", "x", {}, "letters a to z"),
        ("x", "x", {"Days": 0}, "Days is 0; it must be 1 to 7300"),
        ("x", "x", {"Days": 7301}, "Days is 7301"),
        ("x", "x", {"KeyType": "dsa"}, "it must be one of ec-p256, ec-p384, rsa-2048, rsa-4096"),
        ("x", "x", {"AlternativeNames": ["a b"]}, "'a b'; each must be a host name or an IP address"),
        ("x", "x", {"AlternativeNames": ["grün.example"]}, "each must be a host name"),
        ("x", "x", {"AlternativeNames": ["a"] * 101}, "at most 100"),
    ],
)
async def test_what_cannot_be_made(system: SystemProcess, id_: str, name: str, options: Any, said: str) -> None:
    error = await refusal(system.certificates.call("CreateSelfSigned", id_, name, options))
    assert isinstance(error, InvalidArgument)
    assert said in str(error)
    assert await system.names("certificate") == ["device"]


async def test_an_id_is_used_once_and_there_are_at_most_50(system: SystemProcess) -> None:
    assert isinstance(await refusal(system.certificates.call("CreateSelfSigned", "device", "x", {})), Conflict)
    await system.stop()
    folder = system.state / "certificates"
    for number in range(49):
        (folder / f"c{number}.yaml").write_bytes((folder / "device.yaml").read_bytes())
    await system.start()
    assert len(await system.names("certificate")) == 50
    assert isinstance(await refusal(system.certificates.call("CreateSelfSigned", "x", "x", {})), LimitReached)


async def test_two_that_are_ordered_at_once_are_one(system: SystemProcess) -> None:
    orders = [system.certificates.call("CreateSelfSigned", "x", "x", {}) for _ in range(2)]
    results = await asyncio.gather(*orders, return_exceptions=True)
    assert sorted(map(str, map(type, results))) == sorted(map(str, (type(None), Conflict)))


# --- brought along ---


async def install(system: SystemProcess, data: bytes, password: str = "") -> dict[str, Any]:
    await system.certificates.call("Install", "brought", data, password)
    found = await system.certificate("brought").all()
    assert matches(found["Pem"], await system.certificate("brought").call("Key"))
    return found


@pytest.mark.parametrize("kind", ["rsa-2048", "ec-p256", "ec-p384", "ec-p521"])
async def test_pem_in_any_order_with_its_chain(system: SystemProcess, authority: Authority, kind: str) -> None:
    key = authority.key(kind)
    leaf, middle, root = authority.leaf(key), authority.middle.read_bytes(), authority.root.read_bytes()
    found = await install(system, root + b"words between\n" + middle + key.read_bytes() + leaf)
    assert found["Pem"].count("BEGIN CERTIFICATE") == 2, "the root is the client's own"
    assert found["Pem"].encode().startswith(leaf.strip())
    authority.verify(found["Pem"])
    assert (found["Subject"], found["Issuer"]) == ("CN=gate.example,O=Test", "CN=Test Middle")
    assert found["AlternativeNames"] == ["gate.example", "192.0.2.7"]
    assert found["KeyType"] == kind
    assert found["SelfSigned"] is False
    await system.web.configure(Certificate="brought")
    await system.restart()
    assert await system.certificate("brought").all() == found
    assert await system.web.get("Certificate") == "brought"


@pytest.mark.parametrize(
    "command",
    [
        ("pkcs8", "-topk8", "-nocrypt"),
        ("pkcs8", "-topk8", "-passout", "pass:let me in"),
        ("pkcs8", "-topk8", "-scrypt", "-passout", "pass:let me in"),
        ("rsa", "-traditional"),
        ("rsa", "-traditional", "-aes128", "-passout", "pass:let me in"),
    ],
)
async def test_keys_of_any_form(system: SystemProcess, authority: Authority, command: tuple[str, ...]) -> None:
    path = authority.key("rsa-2048")
    key = openssl(*command, "-in", path)
    await install(system, authority.leaf(path) + key, "let me in" if "pass:let me in" in command else "")


async def test_a_key_of_ec_in_its_old_form(system: SystemProcess, authority: Authority) -> None:
    path = authority.key("ec-p256")
    key = openssl("ecparam", "-name", "prime256v1") + openssl("ec", "-in", path)
    assert b"BEGIN EC PARAMETERS" in key
    assert b"BEGIN EC PRIVATE KEY" in key
    await install(system, key + authority.leaf(path))


async def test_lines_may_end_as_windows_has_them(system: SystemProcess, authority: Authority) -> None:
    path = authority.key("ec-p256")
    await install(system, (authority.leaf(path) + path.read_bytes()).replace(b"\n", b"\r\n"))


@pytest.mark.parametrize("kind", ["rsa-2048", "ec-p256"])
@pytest.mark.parametrize("password", ["", "let me in"])
async def test_pfx(system: SystemProcess, authority: Authority, tmp_path: Path, kind: str, password: str) -> None:
    key = authority.key(kind)
    leaf = tmp_path / "leaf.pem"
    leaf.write_bytes(authority.leaf(key))
    chain = tmp_path / "chain.pem"
    chain.write_bytes(authority.root.read_bytes() + authority.middle.read_bytes())
    pack = ("pkcs12", "-export", "-inkey", key, "-in", leaf, "-certfile", chain, "-passout", f"pass:{password}")
    found = await install(system, openssl(*pack), password)
    authority.verify(found["Pem"])


async def test_what_cannot_be_installed(system: SystemProcess, authority: Authority, tmp_path: Path) -> None:
    key, other = authority.key("ec-p256"), authority.key("ec-p384")
    leaf = authority.leaf(key)
    locked = openssl("pkcs8", "-topk8", "-in", key, "-passout", "pass:right one")
    small = tmp_path / "small.key"
    small.write_bytes(openssl("genrsa", "1024"))
    odd = tmp_path / "odd.key"
    odd.write_bytes(openssl("genpkey", "-algorithm", "ed25519"))
    old = tmp_path / "leaf.pem"
    old.write_bytes(leaf)
    pfx = openssl("pkcs12", "-export", "-inkey", key, "-in", old, "-passout", "pass:right one")
    bare = openssl("pkcs12", "-export", "-nokeys", "-in", old, "-passout", "pass:")
    cases: list[tuple[bytes, str, str]] = [
        (b"", "", "neither PEM nor PKCS#12"),
        (b"nothing of the kind", "", "neither PEM nor PKCS#12"),
        (leaf, "", "no private key; a certificate alone belongs to a request"),
        (openssl("x509", "-outform", "DER", given=leaf), "", "neither PEM nor PKCS#12"),
        (key.read_bytes(), "", "no certificate for it"),
        (leaf + other.read_bytes(), "", "no certificate for that private key"),
        (leaf + key.read_bytes() + other.read_bytes(), "", "2 private keys"),
        (leaf + locked, "", "give its password"),
        (leaf + locked, "wrong one", "the password is wrong"),
        (pfx, "wrong one", "the password is wrong"),
        (pfx, "", "the password is wrong"),
        (bare, "", "no private key"),
        (leaf + small.read_bytes(), "", "RSA 1024; it must be"),
        (leaf + odd.read_bytes(), "", "Ed25519; it must be"),
        (leaf.replace(b"MII", b"XII", 1) + key.read_bytes(), "", "certificate is damaged"),
        (authority.leaf(key, 10, "-sha1") + key.read_bytes(), "", "signed with SHA1"),
        (leaf + key.read_bytes() + b" " * 100_000, "", "at most 100000"),
    ]
    for data, password, said in cases:
        error = await refusal(system.certificates.call("Install", "x", data, password))
        assert isinstance(error, InvalidArgument), (said, error)
        assert said in str(error), (said, str(error))
        assert not password or password not in str(error)
    assert await system.names("certificate") == ["device"]


async def test_a_file_that_takes_for_ever_is_not_waited_for_in_the_service(
    system: SystemProcess, authority: Authority
) -> None:
    """A hostile file may ask for any number of rounds; the service answers others meanwhile, and stops at once."""
    path = authority.key("rsa-2048")
    form = ("-topk8", "-outform", "DER", "-iter", "65537", "-in", path, "-passout", "pass:x")
    many = openssl("pkcs8", *form).replace(b"\x02\x03\x01\x00\x01", b"\x02\x03\x7f\xff\xff", 1)
    label = b" ENCRYPTED PRIVATE KEY-----\n"
    locked = b"-----BEGIN" + label + base64.encodebytes(many) + b"-----END" + label
    asked = asyncio.ensure_future(system.certificates.call("Install", "x", authority.leaf(path) + locked, "x"))
    assert (await system.access.all())["NeedsSetup"] is True
    await system.add("joe")
    assert not asked.done()
    assert await system.stop() == 0
    assert isinstance(await refusal(asked), AxiodError)
    await system.start()
    assert await system.names("certificate") == ["device"]


# --- signed by somebody else ---


async def test_a_request_and_what_an_authority_makes_of_it(
    system: SystemProcess, authority: Authority, signals: Watch
) -> None:
    options = {
        "AlternativeNames": ["gate.example", "192.0.2.7"], "Organization": "Gates, Inc.", "OrganizationalUnit": "North",
        "Locality": "Köln", "State": "NRW", "Country": "de",
    }  # fmt: skip
    device = system.certificate()
    before = await device.all()
    request = await device.call("CreateRequest", "gate.example", options)
    shown = text("req", "-noout", "-text", "-verify", "-nameopt", "utf8,sep_comma_plus", given=request.encode())
    assert "C=DE,ST=NRW,L=Köln,O=Gates, Inc.,OU=North,CN=gate.example" in shown.replace("\\,", ",")
    assert "DNS:gate.example, IP Address:192.0.2.7" in shown
    assert await device.all() == before, "the present one stays in use"
    witness = await signals("org.axiod.system1")
    leaf = authority.sign(request.encode())
    await device.call("InstallSigned", authority.middle.read_bytes() + leaf)
    found = await device.all()
    assert found["Subject"] == "CN=gate.example,OU=North,O=Gates\\, Inc.,L=Köln,ST=NRW,C=DE"
    assert found["SelfSigned"] is False
    authority.verify(found["Pem"])
    assert matches(found["Pem"], await device.call("Key"))
    changed = await witness.count(1, "PropertiesChanged", "/org/axiod/system1/certificate/device")
    assert {"Subject", "Issuer", "Fingerprint", "Pem", "NotAfterUsec"} <= set(changed[0].body[1])
    await device.call("InstallSigned", openssl("x509", "-outform", "DER", given=leaf))
    assert (await device.all())["Pem"].count("BEGIN") == 1
    await system.restart()
    assert (await device.all())["Subject"] == found["Subject"]


async def test_what_is_not_for_its_key_is_not_taken(system: SystemProcess, authority: Authority) -> None:
    device = system.certificate()
    before = await device.all()
    for data, said in [
        (authority.leaf(authority.key("ec-p256")), "no certificate for that private key"),
        (b"-----BEGIN X-----\n-----END X-----", "no certificate"),
        (b"", "neither PEM nor a DER"),
        (b"\x30" * 100_001, "at most 100000"),
    ]:
        error = await refusal(device.call("InstallSigned", data))
        assert isinstance(error, InvalidArgument)
        assert said in str(error)
    for options, said in [({"Country": "Germany"}, "two letters"), ({"Locality": "x" * 129}, "at most 128")]:
        error = await refusal(device.call("CreateRequest", "x", options))
        assert isinstance(error, InvalidArgument)
        assert said in str(error)
    assert await device.all() == before


# --- which one HTTPS presents ---


async def test_one_that_is_in_use_stays(system: SystemProcess) -> None:
    assert isinstance(await refusal(system.certificate().call("Remove")), Conflict)
    await system.certificates.call("CreateSelfSigned", "other", "x", {})
    await system.web.configure(Certificate="other")
    assert isinstance(await refusal(system.certificate("other").call("Remove")), Conflict)
    await system.certificate().call("Remove")
    assert list((system.state / "certificates").glob("device*")) == [], "nor is its key left anywhere"
    await system.restart()
    assert await system.names("certificate") == ["other"]
    assert isinstance(await refusal(system.certificate().call("Key")), NotFound)


async def test_one_that_is_lost_is_replaced_by_the_devices_own(system: SystemProcess) -> None:
    await system.certificates.call("CreateSelfSigned", "other", "x", {})
    await system.web.configure(Certificate="other")
    await system.certificate().call("Remove")
    await system.stop()
    (system.state / "certificates" / "other.yaml").write_text("damaged")
    await system.start()
    assert await system.names("certificate") == ["device"]
    assert await system.web.get("Certificate") == "device"
    assert any("certificate other is gone" in problem for problem in await system.problems())
    await system.web.configure(Certificate="device")
    (left,) = await system.problems()
    assert "certificates/other.yaml.damaged-1" in left, "what was set aside is told until somebody removed it"


async def test_a_disk_that_refuses_keeps_the_service_up(stopped: SystemProcess) -> None:
    stopped.state.mkdir()
    (stopped.state / "certificates").write_text("in the way")
    await stopped.start()
    assert any("there is no HTTPS" in problem for problem in await stopped.problems())
    error = await refusal(stopped.certificates.call("CreateSelfSigned", "x", "x", {}))
    assert isinstance(error, HardwareFailure)
    await stopped.add("joe")


# --- hostile ones ---


def crafted(*extensions: x509.ExtensionType, subject: str = "x") -> bytes:
    """Return a certificate with its key that openssl would not make."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, subject)])
    now = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(1).not_valid_before(now).not_valid_after(now)
    for extension in extensions:
        builder = builder.add_extension(extension, critical=False)
    pem = builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return pem + key.private_bytes(*form)


async def test_names_that_cannot_be_shown_are_not_shown(system: SystemProcess) -> None:
    names = x509.SubjectAlternativeName(
        [x509.DNSName("a\nb"), x509.DNSName("good"), x509.IPAddress(ipaddress.ip_address("::7"))]
    )
    found = await install(system, crafted(names, subject="a\x1b[0m\nb"))
    assert found["AlternativeNames"] == ["good", "::7"]
    assert found["Subject"].isprintable()
    assert re.search(r"CN=a.\[0m.b", found["Subject"])


async def test_an_extension_that_is_rubbish(system: SystemProcess) -> None:
    rubbish = x509.UnrecognizedExtension(x509.SubjectAlternativeName.oid, b"rubbish")
    error = await refusal(system.certificates.call("Install", "x", crafted(rubbish), ""))
    assert isinstance(error, InvalidArgument)
    assert "damaged extensions" in str(error)


async def test_a_name_that_a_certificate_cannot_hold(system: SystemProcess) -> None:
    """64 characters may be more bytes than that."""
    for work in (
        system.certificates.call("CreateSelfSigned", "x", "ü" * 64, {}),
        system.certificate().call("CreateRequest", "🚪" * 64, {}),
    ):
        error = await refusal(work)
        assert isinstance(error, InvalidArgument)
        assert "bytes of UTF-8" in str(error)


def test_a_kind_of_name_that_the_library_does_not_know_is_no_fault_of_ours(authority: Authority) -> None:
    key = authority.key("ec-p256")
    der = openssl("x509", "-outform", "DER", given=authority.leaf(key))
    name = b"\x0cgate.example"
    assert der.count(b"\x82" + name) == 1
    changed = der.replace(b"\x82" + name, b"\xa3" + name)  # an x400Address
    with pytest.raises(InvalidArgument, match="damaged"):
        signed(key.read_text(), base64.b64encode(changed).decode())


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_no_damage_makes_it_stumble(authority: Authority, data: st.DataObject) -> None:
    good = data.draw(st.sampled_from(_good(authority)))
    places = data.draw(st.lists(st.integers(0, len(good) - 1), min_size=1, max_size=6))
    bad = bytearray(good)
    for place in places:
        bad[place] = data.draw(st.integers(0, 255))
    cut = data.draw(st.sampled_from([len(bad), len(bad) // 2, len(bad) - 1]))
    given = base64.b64encode(bytes(bad[:cut])).decode()
    orders = [partial(bundle, given, "let me in"), partial(bundle, given, "")]
    orders += [partial(authority_of, given)]
    orders += [partial(signed, (authority.folder / "fuzz.key").read_text(), given)]
    for order in orders:
        try:
            made = order()
        except InvalidArgument as error:
            text = str(error)
        else:
            text = made["subject"]
        assert text
        assert text.isprintable()


def _good(authority: Authority) -> list[bytes]:
    """Return files of each form."""
    folder = authority.folder
    names = ["fuzz.pem", "fuzz.der", "fuzz.pfx"]
    if not (folder / names[-1]).exists():
        key = folder / "fuzz.key"
        key.write_bytes(openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:prime256v1"))
        leaf = authority.leaf(key)
        (folder / "fuzz.pem").write_bytes(leaf + key.read_bytes() + authority.middle.read_bytes())
        (folder / "fuzz.der").write_bytes(openssl("x509", "-outform", "DER", given=leaf))
        pack = ("-export", "-iter", "1", "-in", folder / "fuzz.pem", "-passout", "pass:let me in")
        (folder / "fuzz.pfx").write_bytes(openssl("pkcs12", *pack))
    return [(folder / name).read_bytes() for name in names]
