# SPDX-License-Identifier: Apache-2.0
"""Keys and certificates (RFC 5280, RFC 2986, RFC 7292), in a process of its own: see axiod/runtime/workshop.py.

The library takes 8 MiB, and a hostile file may want a million rounds of hashing, or make the library crash. What is
refused is refused in one sentence that quotes no secret.
"""

from __future__ import annotations

import base64
import datetime
import ipaddress
import re
from functools import partial
from typing import TYPE_CHECKING, Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from axiod.errors import InvalidArgument
from axiod.runtime.worker import serve
from axiod.system.x509_files import (
    MOST_AUTHORITIES,
    Key,
    chain,
    checked,
    from_pkcs12,
    is_authority,
    is_self_signed,
    key_kind,
    pem_certificates,
    pem_key,
    plain_certificates,
    read,
    whole,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

_MAKES: Mapping[str, Callable[[], Key]] = {
    "ec-p256": lambda: ec.generate_private_key(ec.SECP256R1()),
    "ec-p384": lambda: ec.generate_private_key(ec.SECP384R1()),
    "rsa-2048": lambda: rsa.generate_private_key(65537, 2048),
    "rsa-4096": lambda: rsa.generate_private_key(65537, 4096),
}
_MOST_NAMES = 100
_HOST = re.compile(
    r"(\*\.)?([A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?\.)*[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
)
_SUBJECT = {
    "Country": (NameOID.COUNTRY_NAME, 2),
    "State": (NameOID.STATE_OR_PROVINCE_NAME, 128),
    "Locality": (NameOID.LOCALITY_NAME, 128),
    "Organization": (NameOID.ORGANIZATION_NAME, 64),
    "OrganizationalUnit": (NameOID.ORGANIZATIONAL_UNIT_NAME, 64),
}


# --- the orders ---


def self_signed(
    common_name: str, names: list[str], key_type: str, not_before_usec: int, not_after_usec: int
) -> dict[str, Any]:
    """Make a key, and a certificate of a server that is signed with it."""
    if key_type not in _MAKES:
        raise InvalidArgument(f"KeyType is {key_type[:40]!r}; it must be one of {', '.join(_MAKES)}")
    alternative = _alternative(common_name, names)
    key = _MAKES[key_type]()
    subject = _name(common_name, {})
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(_time(not_before_usec))
        .not_valid_after(_time(not_after_usec))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(key), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    if alternative:
        builder = builder.add_extension(x509.SubjectAlternativeName(alternative), critical=False)
    return _described(key, [builder.sign(key, hashes.SHA256())])


def bundle(data: str, password: str) -> dict[str, Any]:
    """Take a certificate with its key out of a file (base64): PEM or PKCS#12."""
    return whole(partial(_bundle, base64.b64decode(data), password.encode() or None))


def _bundle(raw: bytes, secret: bytes | None) -> dict[str, Any]:
    if b"-----BEGIN" in raw:
        key, certificates = pem_key(raw, secret), pem_certificates(raw)
    else:
        key, certificates = from_pkcs12(raw, secret)
    if not certificates:
        raise InvalidArgument("data has a private key, but no certificate for it")
    return _described(key, chain(key, certificates))


def authority(data: str) -> dict[str, Any]:
    """Take certificates of CAs, which have no key here, out of a file (base64): PEM or DER."""
    return whole(partial(_authority, base64.b64decode(data)))


def _authority(raw: bytes) -> dict[str, Any]:
    if b"PRIVATE KEY-----" in raw:
        raise InvalidArgument("data has a private key; a CA certificate is installed without it")
    certificates = plain_certificates(raw)
    if len(certificates) > MOST_AUTHORITIES:
        raise InvalidArgument(f"data has {len(certificates)} certificates; it must have at most {MOST_AUTHORITIES}")
    for one in certificates:
        if not is_authority(one):
            raise InvalidArgument(f"the certificate {_shown(one.subject)[:100]} is of no CA, and not self-signed")
    return _said(certificates, key_kind(certificates[0]), "")


def request(key: str, common_name: str, options: dict[str, Any]) -> dict[str, Any]:
    """Make a request to sign a certificate for a key."""
    private = checked(serialization.load_pem_private_key(key.encode(), None))
    said = {name: value for name, value in options.items() if name != "AlternativeNames"}
    builder = x509.CertificateSigningRequestBuilder().subject_name(_name(common_name, said))
    alternative = _alternative(common_name, options.get("AlternativeNames", []))
    if alternative:
        builder = builder.add_extension(x509.SubjectAlternativeName(alternative), critical=False)
    return {"request": builder.sign(private, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()}


def signed(key: str, data: str) -> dict[str, Any]:
    """Take the certificate that an authority made for a key out of a file (base64): PEM or DER."""
    private = checked(serialization.load_pem_private_key(key.encode(), None))
    return whole(partial(_signed, private, base64.b64decode(data)))


def _signed(private: Key, raw: bytes) -> dict[str, Any]:
    return _described(private, chain(private, plain_certificates(raw)))


# --- writing ---


def _described(key: Key, certificates: list[x509.Certificate]) -> dict[str, Any]:
    """Return what is stored of a certificate with its key."""
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return _said(certificates, key_kind(certificates[0]), private.decode())


def _said(certificates: list[x509.Certificate], kind: str, key: str) -> dict[str, Any]:
    """Return what is stored of a certificate and those that belong to it."""
    first = certificates[0]
    return {
        "subject": _shown(first.subject),
        "issuer": _shown(first.issuer),
        "alternative_names": read(lambda: _names(first), "the certificate has damaged extensions"),
        "not_before_usec": _usec(first.not_valid_before_utc),
        "not_after_usec": _usec(first.not_valid_after_utc),
        "fingerprint": first.fingerprint(hashes.SHA256()).hex(":").upper(),
        "key_type": kind,
        "self_signed": is_self_signed(first),
        "pem": "".join(one.public_bytes(serialization.Encoding.PEM).decode() for one in certificates),
        "key": key,
    }


def _shown(name: x509.Name) -> str:
    return "".join(letter if letter.isprintable() else "?" for letter in name.rfc4514_string())


def _names(certificate: x509.Certificate) -> list[str]:
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return []
    found = [*names.get_values_for_type(x509.DNSName), *map(str, names.get_values_for_type(x509.IPAddress))]
    return [name for name in found if name.isprintable()]


def _alternative(common_name: str, given: Iterable[str]) -> list[x509.GeneralName]:
    """Return the names as a certificate has them, each once; the common name too where it is one."""
    found: dict[x509.GeneralName, None] = {}
    wanted = list(given)
    if len(wanted) > _MOST_NAMES:
        raise InvalidArgument(f"AlternativeNames has {len(wanted)} names; it must have at most {_MOST_NAMES}")
    for name in [common_name, *wanted]:
        general = _general(name)
        if general is not None:
            found[general] = None
        elif name is not common_name:
            raise InvalidArgument(f"AlternativeNames has {name[:40]!r}; each must be a host name or an IP address")
    return list(found)


def _general(name: str) -> x509.GeneralName | None:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name) if len(name) <= 253 and _HOST.fullmatch(name) else None


def _name(common_name: str, said: Mapping[str, str]) -> x509.Name:
    attributes = []
    for name, (oid, longest) in _SUBJECT.items():
        text = said.get(name, "")
        if name == "Country" and text and not re.fullmatch(r"[A-Za-z]{2}", text):
            raise InvalidArgument(f"Country is {text[:40]!r}; it must be two letters, for example DE")
        if len(text) > longest:
            raise InvalidArgument(f"{name} has {len(text)} characters; it must be at most {longest}")
        if text:
            attributes.append(_attribute(name, oid, text.upper() if name == "Country" else text))
    return x509.Name([*attributes, _attribute("common_name", NameOID.COMMON_NAME, common_name)])


def _attribute(name: str, oid: x509.ObjectIdentifier, text: str) -> x509.NameAttribute[str]:
    try:
        return x509.NameAttribute(oid, text)
    except ValueError:
        size = len(text.encode(errors="replace"))
        raise InvalidArgument(f"{name} has {size} bytes of UTF-8, more than a certificate can hold there") from None


def _usage(key: Key) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        key_encipherment=isinstance(key, rsa.RSAPrivateKey),
        content_commitment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=False,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )


def _time(usec: int) -> datetime.datetime:
    return datetime.datetime.fromtimestamp(usec // 1_000_000, datetime.UTC)


def _usec(moment: datetime.datetime) -> int:
    return max(0, int(moment.timestamp())) * 1_000_000


ORDERS: Mapping[str, Callable[..., dict[str, Any]]] = {
    "self_signed": self_signed,
    "bundle": bundle,
    "authority": authority,
    "request": request,
    "signed": signed,
}


if __name__ == "__main__":
    serve(ORDERS)
