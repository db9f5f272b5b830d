# SPDX-License-Identifier: Apache-2.0
"""Files with keys and certificates of somebody: PEM, DER and PKCS#12 (RFC 7468, RFC 5280, RFC 7292).

They may hold anything. What is refused is refused in one sentence that quotes no secret.
"""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Any, TypeAlias

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import pkcs12

from axiod.errors import InvalidArgument

if TYPE_CHECKING:
    from collections.abc import Callable

Key: TypeAlias = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey

CURVES = {"secp256r1": "ec-p256", "secp384r1": "ec-p384", "secp521r1": "ec-p521"}
"""The curves that TLS clients take, and what the contract calls them."""
MOST_AUTHORITIES = 50
_SMALLEST_RSA, _LARGEST_RSA = 2048, 8192
_WEAK = {"md5", "sha1"}
_LONGEST_CHAIN = 10
_BLOCK = re.compile(rb"-----BEGIN ([A-Z0-9 ]+)-----.+?-----END \1-----", re.DOTALL)


def read(work: Callable[[], Any], wrong: str) -> Any:
    """Return what a piece of reading gives; raises InvalidArgument, saying what is wrong, for what it chokes on."""
    try:
        return work()
    except (ValueError, TypeError, UnsupportedAlgorithm, x509.DuplicateExtension, x509.UnsupportedGeneralNameType):
        raise InvalidArgument(f"data cannot be read: {wrong}") from None


def whole(work: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """Read a file of somebody's: whatever in it the library chokes on, it is the file that is wrong."""
    found: dict[str, Any] = read(work, "a certificate in it is damaged, or of a kind that is not known")
    return found


def pem_certificates(raw: bytes) -> list[x509.Certificate]:
    """Return all certificates in PEM, in the order in which they stand there; raises InvalidArgument."""
    blocks = [found[0] for found in _BLOCK.finditer(raw) if found[1] in (b"CERTIFICATE", b"X509 CERTIFICATE")]
    blocks = [block.replace(b"X509 CERTIFICATE", b"CERTIFICATE") for block in blocks]
    return [read(partial(x509.load_pem_x509_certificate, block), "a certificate is damaged") for block in blocks]


def plain_certificates(raw: bytes) -> list[x509.Certificate]:
    """Return all certificates in PEM, or the one in DER, at least one; raises InvalidArgument."""
    if b"-----BEGIN" in raw:
        found = pem_certificates(raw)
    else:
        found = [read(lambda: x509.load_der_x509_certificate(raw), "it is neither PEM nor a DER certificate")]
    if not found:
        raise InvalidArgument("data has no certificate")
    return found


def pem_key(raw: bytes, secret: bytes | None) -> Key:
    """Return the one private key in PEM, in any of its forms; raises InvalidArgument."""
    blocks = [found[0] for found in _BLOCK.finditer(raw) if found[1].endswith(b"PRIVATE KEY")]
    if not blocks:
        raise InvalidArgument(
            "data has no private key; a certificate alone belongs to a request, see InstallSigned of that certificate"
        )
    if len(blocks) > 1:
        raise InvalidArgument(f"data has {len(blocks)} private keys; leave only that of the certificate")
    try:
        return checked(serialization.load_pem_private_key(blocks[0], secret))
    except TypeError:
        if secret is None:
            raise InvalidArgument("the private key is encrypted; give its password") from None
    except (ValueError, UnsupportedAlgorithm):
        why = "its private key is damaged" if secret is None else "the password is wrong, or its private key is damaged"
        raise InvalidArgument(f"data cannot be read: {why}") from None
    return pem_key(raw, None)  # a password that is not needed


def from_pkcs12(raw: bytes, secret: bytes | None) -> tuple[Key, list[x509.Certificate]]:
    """Return the key and all certificates of PKCS#12; raises InvalidArgument."""
    # What has no password may have been made with an empty one or with none at all, which is not the same.
    found = None
    for attempt in (secret,) if secret else (b"", None):
        try:
            found = pkcs12.load_key_and_certificates(raw, attempt)
            break
        except (ValueError, UnsupportedAlgorithm, TypeError):
            continue
    if found is None:
        text = "it is neither PEM nor PKCS#12, or the password is wrong, or it is encrypted in a way that is not safe"
        raise InvalidArgument(f"data cannot be read: {text}")
    key, certificate, others = found
    if key is None:
        raise InvalidArgument("data has no private key; export the certificate together with its key")
    return checked(key), [item for item in (certificate, *others) if item is not None]


def checked(key: Any) -> Key:
    """Return a key that TLS clients take; raises InvalidArgument for any other."""
    if isinstance(key, ec.EllipticCurvePrivateKey) and key.curve.name in CURVES:
        return key
    if isinstance(key, rsa.RSAPrivateKey) and _SMALLEST_RSA <= key.key_size <= _LARGEST_RSA:
        return key
    size = getattr(key, "key_size", "")
    kind = type(key).__name__.strip("_").removesuffix("PrivateKey")
    raise InvalidArgument(
        f"the key is {kind} {size}".rstrip() + "; it must be EC P-256, P-384 or P-521, or RSA of 2048 to 8192 bits"
    )


def chain(key: Key, certificates: list[x509.Certificate]) -> list[x509.Certificate]:
    """Return the certificate of a key and those between it and its root, in that order."""
    mine = _public(key.public_key())
    first = [one for one in certificates if _public_of(one) == mine]
    if not first:
        raise InvalidArgument("data has no certificate for that private key; it is another one's")
    found = [max(first, key=lambda one: one.not_valid_after_utc)]
    while len(found) < _LONGEST_CHAIN and not is_self_signed(found[-1]):
        issuer = next((one for one in certificates if one not in found and _issued(one, found[-1])), None)
        if issuer is None or is_self_signed(issuer):
            break
        found.append(issuer)
    for one in found:
        digest = one.signature_hash_algorithm
        if digest is not None and digest.name in _WEAK:
            raise InvalidArgument(
                f"a certificate is signed with {digest.name.upper()}, which clients refuse; get another one"
            )
    return found


def _issued(issuer: x509.Certificate, certificate: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        return False
    return True


def key_kind(certificate: x509.Certificate) -> str:
    """Return what the contract calls the key of a certificate."""
    key = certificate.public_key()
    if isinstance(key, ec.EllipticCurvePublicKey):
        return CURVES.get(key.curve.name, f"ec-{key.curve.name}")
    if isinstance(key, rsa.RSAPublicKey):
        return f"rsa-{key.key_size}"
    return type(key).__name__.strip("_").removesuffix("PublicKey").lower()


def is_authority(certificate: x509.Certificate) -> bool:
    """Whether others may be signed with the key of a certificate, or at least it itself is."""
    try:
        if certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca:
            return True
    except x509.ExtensionNotFound:
        pass
    return is_self_signed(certificate)


def is_self_signed(certificate: x509.Certificate) -> bool:
    """Whether a certificate is signed with its own key."""
    return certificate.issuer == certificate.subject and _issued(certificate, certificate)


def _public(key: Any) -> bytes:
    return bytes(key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo))


def _public_of(certificate: x509.Certificate) -> bytes | None:
    try:
        return _public(certificate.public_key())
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return None
