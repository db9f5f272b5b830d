# SPDX-License-Identifier: Apache-2.0
"""axioctl certificate: the certificates with which the device shows that it is itself."""

from __future__ import annotations

import contextlib
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from axiod.bus import comments
from axiod.bus import interface as contract
from axiod.bus.client import from_text
from axiod.cli import secret
from axiod.cli.objects import Kind, add_id, outcome
from axiod.cli.only import Only
from axiod.cli.render import Column, said
from axiod.errors import InvalidArgument

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Iterator

    from axiod.cli.find import Thing
    from axiod.cli.remote import Remote
    from axiod.cli.render import Result
    from axiod.cli.tree import Parser

KIND = Kind(
    word="certificate",
    interface="org.axiod.system1.Certificate",
    example="mine",
    columns=(
        (Column("ID"), ""),
        (Column("SUBJECT", shrink=True), "Subject"),
        (Column("ISSUER", shrink=True, spare=True), "Issuer"),
        (Column("KEY"), "KeyType"),
        (Column("KEY HERE"), "HasKey"),
        (Column("SELF-SIGNED"), "SelfSigned"),
        (Column("ENDS", right=True, ahead=True), "NotAfterUsec"),
    ),
    setting="",
    elsewhere=("Pem",),
)
STORE = Only("certificates", "org.axiod.system1.Certificates")
_MOST_BYTES = 100_000
_NAMES = "AlternativeNames"
_OF_REQUESTS = ("Organization", "OrganizationalUnit", "Locality", "State", "Country")


def fill(group: Parser) -> None:
    """Add the verbs."""
    KIND.fill(group)
    pem = _verb(group, "pem", "print a certificate and its chain as PEM", _pem, "device")
    pem.manual[""] = comments.read(KIND.interface)["Pem"].text

    create = _verb(
        group, "create", "make a key and a self-signed certificate", _create, "mine relay.example.org --days 825"
    )
    create.add_argument("common_name", metavar="NAME", help="whom it names, for example a host name")
    _add_names(create)
    create.add_argument("--days", metavar="N", help="how long it is valid, 3650 without it")
    kinds = ("ec-p256", "ec-p384", "rsa-2048", "rsa-4096")
    create.add_argument("--key-type", metavar="{" + ",".join(kinds) + "}", help="the kind of key, ec-p256 without it")
    create.complete["key_type"] = " ".join(kinds)
    _explain(create, STORE.interface, "CreateSelfSigned")

    install = _verb(group, "install", "install a certificate with its key", _install, "mine mine.pfx --ask-password")
    _add_file(install, "PEM with certificates and key, or PKCS#12 (.pfx, .p12)")
    install.add_argument("--ask-password", action="store_true", help="ask on the terminal for the password of the file")
    secret.add_option(install)
    _explain(install, STORE.interface, "Install")

    authority = _verb(
        group, "install-ca", "install the certificate of a CA, by which others are known", _install_ca, "lab lab-ca.crt"
    )
    _add_file(authority, "the certificate or certificates, PEM or DER (.pem, .crt, .cer)")
    _explain(authority, STORE.interface, "InstallCa")

    request = _verb(
        group, "request", "print a certificate signing request", _request, "device relay.example.org --country SE"
    )
    request.add_argument("common_name", metavar="NAME", help="whom it shall name, for example a host name")
    _add_names(request)
    for name in _OF_REQUESTS:
        bare = contract.snake(name).replace("_", "-")
        request.add_argument(f"--{bare}", metavar="TEXT", help=f"the {bare.replace('-', ' ')} in its name")
    _explain(request, KIND.interface, "CreateRequest")

    signed = _verb(
        group, "install-signed", "install what an authority made of a request", _install_signed, "device device.cer"
    )
    _add_file(signed, "the certificate, PEM or DER (.cer, .crt)")
    _explain(signed, KIND.interface, "InstallSigned")


def _verb(group: Parser, name: str, about: str, run: Any, example: str) -> Parser:
    verb = group.verb(name, about, run=run, examples=[f"axioctl certificate {name} {example}"])
    if name in ("create", "install", "install-ca"):  # an id that is not there yet
        verb.add_argument("id", metavar="ID", help='how it is called here: letters, digits and "_"')
    else:
        add_id(verb, "certificate", "the certificate")
    return verb


def _add_file(verb: Parser, about: str) -> None:
    verb.add_argument("file", metavar="FILE", help=about)
    verb.complete["file"] = "files"


def _add_names(verb: Parser) -> None:
    verb.add_argument(
        "--alternative-names", metavar="NAME,...", help="more host names and IP addresses, separated by commas"
    )


def _explain(verb: Parser, interface: str, method: str) -> None:
    comment = comments.read(interface)[method]
    verb.manual[""] = f"{comment.text} Errors: {comment.errors}"


def _contents(file: str) -> bytes:
    try:
        with Path(file).open("rb") as opened:
            data = opened.read(_MOST_BYTES + 1)
    except OSError as error:
        raise InvalidArgument(f"{file} cannot be read: {error.strerror}") from error
    if len(data) > _MOST_BYTES:
        raise InvalidArgument(f"{file} is too large for a certificate: more than {_MOST_BYTES} bytes")
    return data


@contextlib.contextmanager
def _named(file: str) -> Iterator[None]:
    """Make the service's complaint about its argument `data` one about the file."""
    try:
        yield
    except InvalidArgument as error:
        raise InvalidArgument(re.sub(r"^data\b", lambda _: file, str(error))) from error


def _options(args: Namespace) -> dict[str, Any]:
    given: dict[str, Any] = {}
    if args.alternative_names is not None:
        given[_NAMES] = [name.strip() for name in args.alternative_names.split(",") if name.strip()]
    return given


async def _pem(args: Namespace, remote: Remote) -> Result:
    thing = await KIND.exactly(remote, args.id)
    pem = str(thing.get("Pem"))
    return said(outcome(thing, Pem=pem), *pem.splitlines())


async def _create(args: Namespace, remote: Remote) -> Result:
    inputs = contract.load(STORE.interface).methods["CreateSelfSigned"].inputs
    id_, common_name = from_text(inputs[0], args.id), from_text(inputs[1], args.common_name)
    options = _options(args)
    if args.days is not None:
        options["Days"] = from_text((inputs[2].options or {})["Days"], args.days)
    if args.key_type is not None:
        options["KeyType"] = args.key_type
    await STORE.call(remote, "CreateSelfSigned", id_, common_name, options)
    return said({"Id": id_, "CommonName": common_name} | options, _use(id_))


async def _install(args: Namespace, remote: Remote) -> Result:
    inputs = contract.load(STORE.interface).methods["Install"].inputs
    id_, data = from_text(inputs[0], args.id), _contents(args.file)
    asked = args.ask_password or args.password_stdin
    password = secret.read(args, f"password of {args.file}", twice=False) if asked else ""
    with _named(args.file):
        await STORE.call(remote, "Install", id_, data, password)
    return said({"Id": id_, "File": args.file}, _use(id_))


async def _install_ca(args: Namespace, remote: Remote) -> Result:
    inputs = contract.load(STORE.interface).methods["InstallCa"].inputs
    id_, data = from_text(inputs[0], args.id), _contents(args.file)
    with _named(args.file):
        await STORE.call(remote, "InstallCa", id_, data)
    return said({"Id": id_, "File": args.file}, f"{id_} is installed; what it signed is trusted where {id_} is named")


async def _request(args: Namespace, remote: Remote) -> Result:
    inputs = KIND.members.methods["CreateRequest"].inputs
    options = _options(args)
    for name in _OF_REQUESTS:
        given = getattr(args, contract.snake(name))
        if given is not None:
            options[name] = given
    thing = await KIND.exactly(remote, args.id)
    request = await remote.call(
        thing.path, KIND.interface, "CreateRequest", from_text(inputs[0], args.common_name), options
    )
    return said(outcome(thing, Request=request), *request.splitlines())


async def _install_signed(args: Namespace, remote: Remote) -> Result:
    data = _contents(args.file)
    thing: Thing = await KIND.exactly(remote, args.id)
    with _named(args.file):
        await remote.call(thing.path, KIND.interface, "InstallSigned", data)
    return said(outcome(thing, File=args.file), f"{thing.id} is the certificate in {args.file} now")


def _use(id_: str) -> str:
    return f"{id_} is installed; HTTPS presents it after: axioctl web configure --certificate {id_}"
