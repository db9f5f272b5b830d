# SPDX-License-Identifier: Apache-2.0
"""HTTP and HTTPS: with http.server, lighttpd (Basic and Digest), tinyproxy, and servers that fail."""

from __future__ import annotations

import http.server
import json
import ssl
import threading
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from axiod.errors import InvalidArgument
from axiod.events.sending.digest import answer
from axiod.events.sending.message import Notification
from tests.events.sending.conftest import HASTE, Mute, certificate, failure, free_port, job, needs, program, up

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from axiod.events.sending.postman import Postman


class Web(http.server.ThreadingHTTPServer):
    """Records requests, and answers what the path says: /status/404."""

    daemon_threads = True

    def __init__(self, tls: tuple[Path, Path] | None = None) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.seen: list[dict[str, Any]] = []
        if tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(tls[1], tls[0])
            self.socket = context.wrap_socket(self.socket, server_side=True)

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that does not trust us is no error of the test."""


class _Handler(http.server.BaseHTTPRequestHandler):
    server: Web

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.seen.append(
            {"method": self.command, "path": self.path, "headers": dict(self.headers.items()), "body": body}
        )
        path = urlsplit(self.path).path
        status = int(path.removeprefix("/status/")) if path.startswith("/status/") else 200
        self.send_response(status)
        if 300 <= status < 400:
            self.send_header("Location", "http://198.51.100.1/elsewhere")
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_GET = do_POST = do_PUT = _serve  # noqa: N815 # so they are called

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 # the name of the library
        pass


@contextmanager
def web(tls: tuple[Path, Path] | None = None) -> Iterator[Web]:
    server = Web(tls)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


async def test_get_with_the_message(postman: Postman) -> None:
    with web() as server:
        url = f"http://127.0.0.1:{server.port}/cgi-bin/notify.cgi?kept=%20a+b"
        await postman.send(job("http", {"Url": url}, "Tür & Tor auf\r\nX: y"))
        what = Notification(message="m", parameters={"zone": "1 & 2", "ä": "ö"}, headers={"X-Key": "abc"})
        await postman.send(job("http", {"Url": f"http://127.0.0.1:{server.port}"}, what))
    first, second = server.seen
    assert first["method"] == "GET"
    assert first["path"].startswith("/cgi-bin/notify.cgi?kept=%20a+b&")
    assert dict(parse_qsl(urlsplit(first["path"]).query)) == {"kept": " a b", "Message": "Tür & Tor auf\r\nX: y"}
    assert dict(parse_qsl(urlsplit(second["path"]).query)) == {"Message": "m", "zone": "1 & 2", "ä": "ö"}
    assert second["headers"]["X-Key"] == "abc"
    assert "Authorization" not in first["headers"]


async def test_post_and_put(postman: Postman) -> None:
    with web() as server:
        fields = {"Url": f"http://127.0.0.1:{server.port}/hook"}
        body = json.dumps({"state": "ä"})
        what = Notification(method="POST", body=body, content_type="application/json", parameters={"a": "b"})
        await postman.send(job("http", fields, what))
        await postman.send(job("http", fields, Notification(method="PUT", message="ä b")))
    first, second = server.seen
    assert (first["method"], first["path"], first["body"].decode()) == ("POST", "/hook?a=b", body)
    assert first["headers"]["Content-Type"] == "application/json"
    assert (second["method"], second["path"]) == ("PUT", "/hook")
    assert dict(parse_qsl(second["body"].decode())) == {"Message": "ä b"}


@pytest.mark.parametrize(
    ("what", "said"),
    [
        ({"headers": {"X\r\nEvil": "1"}}, "no header that can be set"),
        ({"headers": {"X": "1\r\nEvil: 2"}}, "printable ASCII"),
        ({"headers": {"Host": "x"}}, "no header that can be set"),
        ({"headers": {"Content-Length": "1"}}, "no header that can be set"),
        ({"headers": {"Proxy-Authorization": "x"}}, "no header that can be set"),
        ({"content_type": "text/plain\r\nX: y"}, "of the form text/plain"),
        ({"method": "TRACE"}, "Method must be one of"),
    ],
)
def test_no_headers_can_be_smuggled_in(what: dict[str, Any], said: str) -> None:
    with pytest.raises(InvalidArgument, match=said):
        Notification(**what)


@pytest.mark.parametrize(
    ("status", "final", "said"),
    [
        (404, True, "answered 404 Not Found; look at Url"),
        (401, True, "login refused; look at Username and Password"),
        (408, False, "answered 408"),
        (429, False, "answered 429"),
        (500, False, "answered 500"),
        (503, False, "answered 503"),
        (302, True, "sends on to http://198.51.100.1/elsewhere"),
    ],
)
async def test_what_is_no_success(postman: Postman, status: int, final: bool, said: str) -> None:
    with web() as server:
        error = await failure(postman, job("http", {"Url": f"http://127.0.0.1:{server.port}/status/{status}"}))
        assert said in str(error)
        assert error.final is final
        assert len(server.seen) == 1


# --- logins, with a server of other makers ---

LIGHTTPD = """
server.document-root = "{folder}"
server.port = {port}
server.bind = "127.0.0.1"
server.modules = ("mod_auth", "mod_authn_file", "mod_accesslog")
accesslog.filename = "{folder}/access"
auth.backend = "plain"
auth.backend.plain.userfile = "{folder}/users"
auth.require = ("/basic" => ("method" => "basic", "realm" => "b", "require" => "valid-user"),
                "/digest" => ("method" => "digest", "realm" => "d", "require" => "valid-user",
                              "algorithm" => "{algorithm}"))
"""


@pytest.mark.parametrize("algorithm", ["MD5", "SHA-256"])
async def test_logins_at_lighttpd(postman: Postman, folder: Path, algorithm: str) -> None:
    port = free_port()
    (folder / "users").write_text("joe:pass word\n")
    (folder / "basic").write_text("b")
    (folder / "digest").write_text("d")
    (folder / "conf").write_text(LIGHTTPD.format(folder=folder, port=port, algorithm=algorithm))
    with program(folder / "log", needs("lighttpd"), "-D", "-f", str(folder / "conf")) as process:
        await up(port, process, folder / "log")
        for kind in ("basic", "digest"):
            fields = {"Url": f"http://127.0.0.1:{port}/{kind}?a=b", "Username": "joe"}
            await postman.send(job("http", fields, "ä, b", Password="pass word"))
            error = await failure(postman, job("http", fields, Password="wrong word"))
            assert "401 Unauthorized: login refused; look at Username and Password" in str(error)
            assert error.final
            error = await failure(postman, job("http", {"Url": fields["Url"]}))
            assert "login refused" in str(error)
    lines = (folder / "access").read_text().splitlines()
    assert sum('"GET /digest' in line and "joe" in line and " 200 " in line for line in lines) == 1


def test_the_examples_of_the_rfcs() -> None:
    parts = 'realm="http-auth@example.org", qop="auth, auth-int", algorithm={}, nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"'  # noqa: E501 # as it stands there
    cnonce = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"
    for algorithm, response in (
        ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
        ("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
    ):
        offers = ["Digest " + parts.format(algorithm)]
        made = answer(offers, "GET", "/dir/index.html", "Mufasa", "Circle of Life", cnonce)
        assert made is not None
        assert f'response="{response}"' in made
        assert "qop=auth, nc=00000001" in made
    both = ["Digest " + parts.format("MD5") + ", Digest " + parts.format("SHA-256") + ', Basic realm="x"']
    made = answer(both, "GET", "/dir/index.html", "Mufasa", "Circle of Life", cnonce)
    assert made is not None
    assert "algorithm=SHA-256" in made
    # RFC 2617: as old servers have it.
    old = 'Digest realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", opaque="o"'
    made = answer([old], "GET", "/dir/index.html", "Mufasa", "Circle Of Life", cnonce)
    assert made is not None
    assert 'response="670fd8c2df070c60b045671b8b24ff02"' in made
    assert answer(['Basic realm="x"'], "GET", "/", "Aladdin", "open sesame", "") == "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="
    assert answer(["Negotiate", "Digest nonce"], "GET", "/", "a", "b", "c") is None
    assert answer(['Digest algorithm=SHA-512, nonce="x"'], "GET", "/", "a", "b", "c") is None
    # What is no UTF-8 no header can bring back; Basic needs none of it.
    strange = 'Digest realm="\udcff", nonce="x"'
    assert answer([strange], "GET", "/", "a", "b", "c") is None
    assert answer([strange, 'Basic realm="\udcff"'], "GET", "/", "Aladdin", "open sesame", "") == answer(
        ["Basic"], "GET", "/", "Aladdin", "open sesame", ""
    )
    made = answer(['Digest realm="a\\"b", nonce="x\r\ny"'], "GET", "/", 'j"oe', "b", "c")
    assert made is not None
    assert "\n" not in made


# --- TLS ---


async def test_certificates(postman: Postman, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    right, wrong = certificate(folder), certificate(folder, "other.example.com")
    for made, trusted, host, said in (
        (right, right, "localhost", None),
        (right, right, "127.0.0.1", None),
        (right, wrong, "localhost", "certificate"),
        (wrong, wrong, "localhost", "Hostname mismatch"),
    ):
        monkeypatch.setenv("SSL_CERT_FILE", str(trusted[1]))
        with web(made) as server:
            fields = {"Url": f"https://{host}:{server.port}/"}
            if said is None:
                await postman.send(job("https", fields))
            else:
                error = await failure(postman, job("https", fields))
                assert f"the certificate of localhost:{server.port} is not trusted" in str(error)
                assert said in str(error)
                assert "turn ValidateCertificate off" in str(error)
                assert error.final
                assert not server.seen
                await postman.send(job("https", {**fields, "ValidateCertificate": False}))
                assert len(server.seen) == 1


async def test_no_tls_at_all(postman: Postman) -> None:
    with web() as server:
        error = await failure(postman, job("https", {"Url": f"https://127.0.0.1:{server.port}/"}))
        assert "does not speak TLS 1.2 or later" in str(error)


# --- proxies ---

TINYPROXY = """
Port {port}
Listen 127.0.0.1
Timeout 20
MaxClients 20
LogFile "{folder}/proxylog"
PidFile "{folder}/pid"
Allow 127.0.0.1
BasicAuth jane secret
ConnectPort {tls}
"""


async def test_through_a_proxy(postman: Postman, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    port, made = free_port(), certificate(folder)
    folder.chmod(0o777)  # noqa: ASYNC240 # tinyproxy is somebody else
    monkeypatch.setenv("SSL_CERT_FILE", str(made[1]))
    with web() as plain, web(made) as tls:
        (folder / "conf").write_text(TINYPROXY.format(folder=folder, port=port, tls=tls.port))
        with program(folder / "log", needs("tinyproxy"), "-d", "-c", str(folder / "conf")) as process:
            await up(port, process, folder / "log")
            proxy = {"ProxyHost": "127.0.0.1", "ProxyPort": port}
            for server, type_ in ((plain, "http"), (tls, "https")):
                fields = {"Url": f"{type_}://localhost:{server.port}/x", **proxy}
                named = {**fields, "ProxyUsername": "jane"}
                await postman.send(job(type_, named, ProxyPassword="secret"))
                assert server.seen[-1]["path"] == "/x?Message=the+gate+is+open"
                assert "Proxy-Authorization" not in server.seen[-1]["headers"]
                for refused in (fields, named):
                    error = await failure(postman, job(type_, refused, ProxyPassword="wrong"))
                    assert "login refused; look at " in str(error)
                    assert "ProxyUsername and ProxyPassword" in str(error)
                    assert error.final
                assert len(server.seen) == 1
    assert "CONNECT localhost" in (folder / "proxylog").read_text()


@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_through_the_proxy_of_the_device(
    postman: Postman, folder: Path, monkeypatch: pytest.MonkeyPatch, scheme: str
) -> None:
    """For a recipient that has none of its own; the proxy may be spoken to by TLS."""
    inner, port, made = free_port(), free_port(), certificate(folder)
    folder.chmod(0o777)  # noqa: ASYNC240 # tinyproxy is somebody else
    monkeypatch.setenv("SSL_CERT_FILE", str(made[1]))
    place = {"http": inner, "https": port}[scheme]
    listener = f"OPENSSL-LISTEN:{port},bind=127.0.0.1,fork,reuseaddr,verify=0,key={made[0]},cert={made[1]}"
    with web() as plain, web(made) as tls, ExitStack() as stack:
        (folder / "conf").write_text(TINYPROXY.format(folder=folder, port=inner, tls=tls.port))
        for command, where in (
            ((needs("tinyproxy"), "-d", "-c", str(folder / "conf")), inner),
            ((needs("socat"), listener, f"TCP:127.0.0.1:{inner}"), port),
        ):
            process = stack.enter_context(program(folder / "log", *command))
            await up(where, process, folder / "log")
        for server, type_ in ((plain, "http"), (tls, "https")):
            one = job(type_, {"Url": f"{type_}://localhost:{server.port}/x"})
            await postman.send(replace(one, proxy=f"{scheme}://jane:secre%74@localhost:{place}"))
            assert server.seen[-1]["path"] == "/x?Message=the+gate+is+open"
            assert "Proxy-Authorization" not in server.seen[-1]["headers"]
            error = await failure(postman, replace(one, proxy=f"{scheme}://jane:wrong@localhost:{place}"))
            assert f"{type_.capitalize()}Proxy of the network settings" in str(error)
            assert "wrong" not in str(error)
            assert len(server.seen) == 1
    assert "CONNECT localhost" in (folder / "proxylog").read_text()


async def test_its_own_proxy_comes_before_that_of_the_device(postman: Postman) -> None:
    port = free_port()
    one = job("http", {"Url": "http://192.0.2.1/", "ProxyHost": "localhost", "ProxyPort": port})
    assert f"localhost:{port} refuses" in str(await failure(postman, replace(one, proxy="http://192.0.2.2:3128")))


async def test_no_proxy_there(postman: Postman) -> None:
    port = free_port()
    fields = {"Url": "http://192.0.2.1/", "ProxyHost": "localhost", "ProxyPort": port}
    assert f"localhost:{port} refuses connections" in str(await failure(postman, job("http", fields)))


# --- servers that fail ---


async def test_the_status_is_what_counts(postman: Postman) -> None:
    async with Mute(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc", closes=True) as server:
        await postman.send(job("http", {"Url": f"http://127.0.0.1:{server.port}/"}, patience=HASTE))


async def test_nobody_there(postman: Postman) -> None:
    port = free_port()
    error = await failure(postman, job("http", {"Url": f"http://127.0.0.1:{port}/"}))
    assert f"127.0.0.1:{port} refuses connections" in str(error)
    assert (error.final, error.begun) == (False, False)
    error = await failure(postman, job("http", {"Url": "http://nowhere.invalid/"}))
    assert "the host nowhere.invalid is not found" in str(error)


@pytest.mark.parametrize(
    ("says", "closes", "said"),
    [
        (b"", False, "stopped answering"),
        (b"HTTP/1.1 200 OK\r\nContent-Le", False, "stopped answering"),
        (b"", True, "half way"),
        (b"220 ftp.example.com ready\r\n", True, "is not HTTP"),
        (b"HTTP/1.1 200 OK\r\nX: " + b"x" * 100_000 + b"\r\n\r\n", True, "is not HTTP"),
    ],
)
async def test_servers_that_fail(postman: Postman, says: bytes, closes: bool, said: str) -> None:
    async with Mute(says, closes=closes) as server:
        error = await failure(postman, job("http", {"Url": f"http://127.0.0.1:{server.port}/"}, patience=HASTE))
    assert said in str(error)
    assert error.begun
    assert not error.final
