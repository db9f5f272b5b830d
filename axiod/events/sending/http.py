# SPDX-License-Identifier: Apache-2.0
"""HTTP and HTTPS, also through a proxy (CONNECT for HTTPS).

GET with the argument Message unless the notification says otherwise; POST and PUT send Body, or Message as a form where
there is none. Credentials are sent when the server asks for them, as Digest if it offers that. Redirects are not
followed: what was meant for one server is told to no other.
"""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlencode, urlsplit

import aiohttp
from yarl import URL

from axiod import __version__
from axiod.events.sending import trust
from axiod.events.sending.digest import answer, basic
from axiod.events.sending.failure import SendFailed, broken_off, place, shown, unreachable

if TYPE_CHECKING:
    from axiod.events.sending.job import Job
    from axiod.events.sending.message import Notification

_MOST_BYTES = 1 << 16
_AGAIN = (408, 425, 429)
"""Of the 4xx, those that may be otherwise next time."""


@dataclass(frozen=True, slots=True)
class _Proxy:
    """A proxy that is passed."""

    scheme: str
    host: str
    port: int
    username: str
    password: str
    settings: str
    """What its login is called."""


def _proxy(job: Job) -> _Proxy | None:
    """Return the recipient's own proxy, else the one of the device."""
    recipient = job.recipient
    if host := recipient.text("ProxyHost"):
        username, password = recipient.text("ProxyUsername"), job.secret("ProxyPassword")
        port = recipient.number("ProxyPort")
        return _Proxy("http", host, port, username, password, "ProxyUsername and ProxyPassword")
    if not job.proxy:
        return None
    parts = urlsplit(job.proxy)
    scheme = "Https" if recipient.type == "https" else "Http"
    return _Proxy(
        parts.scheme,
        parts.hostname or "",
        parts.port or (443 if parts.scheme == "https" else 80),
        unquote(parts.username or ""),
        unquote(parts.password or ""),
        f"{scheme}Proxy of the network settings (axioctl proxy)",
    )


async def send(job: Job) -> None:
    """Do a job; raises SendFailed."""
    recipient, what = job.recipient, job.notification
    url, options = _request(recipient.text("Url"), what)
    parts = urlsplit(recipient.text("Url"))
    host, port = parts.hostname or "", parts.port or (443 if recipient.type == "https" else 80)
    nearest = (host, port)
    proxy = _proxy(job)
    if proxy is not None:
        nearest = (proxy.host, proxy.port)
        options["proxy"] = f"{proxy.scheme}://{place(*nearest)}"
        if proxy.username:
            login = {"Proxy-Authorization": basic(proxy.username, proxy.password)}
            if recipient.type == "https":
                options["proxy_headers"] = login
            else:
                options["headers"] |= login
    tls = None
    if recipient.type == "https" or (proxy is not None and proxy.scheme == "https"):
        validate = recipient.type == "http" or recipient.flag("ValidateCertificate")
        tls = await asyncio.to_thread(lambda: trust.context(validate=validate))
    try:
        async with aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=1, ssl=tls or True),
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(
                total=None, sock_connect=job.patience.connect, sock_read=job.patience.silence
            ),
            auto_decompress=False,
        ) as session:
            await _ask(session, what.method, url, options, job, place(host, port), proxy)
    except aiohttp.ClientHttpProxyError as error:
        raise _refused(f"the proxy {place(*nearest)}", error.status, error.message, proxy) from error
    except (aiohttp.ClientConnectorCertificateError, aiohttp.ClientConnectorSSLError) as error:
        reason = (
            error.certificate_error if isinstance(error, aiohttp.ClientConnectorCertificateError) else error.os_error
        )
        raise unreachable(reason, host, port) or broken_off(error, host, port) from error
    except aiohttp.ClientConnectorError as error:
        raise unreachable(error.os_error, *nearest) or broken_off(error, *nearest) from error
    except aiohttp.ConnectionTimeoutError as error:
        raise unreachable(TimeoutError(), *nearest) or broken_off(error, *nearest) from error
    except aiohttp.ServerTimeoutError as error:
        raise broken_off(TimeoutError(), host, port) from error
    except aiohttp.ClientResponseError as error:
        raise SendFailed(f"what {place(host, port)} answered is not HTTP: {shown(error.message)}") from error
    except (aiohttp.ClientError, OSError) as error:
        raise broken_off(error, host, port) from error


def _request(url: str, what: Notification) -> tuple[URL, dict[str, Any]]:
    """Return where a request goes, and the rest of it."""
    arguments = dict(what.parameters)
    headers = {"User-Agent": f"axiod/{__version__}", "Accept": "*/*", **what.headers}
    data: bytes | None = None
    if what.method == "GET":
        if what.message:
            arguments = {"Message": what.message, **arguments}
    elif what.body:
        data = what.body.encode(errors="replace")
        headers["Content-Type"] = what.content_type or "text/plain; charset=utf-8"
    else:
        data = urlencode({"Message": what.message}, errors="replace").encode()
        headers["Content-Type"] = "application/x-www-form-urlencoded"
    if arguments:
        head, mark, query = url.partition("?")
        added = urlencode(arguments, errors="replace")
        url = f"{head}?{query}&{added}" if mark and query else f"{head}?{added}"
    return URL(url, encoded=True), {"headers": headers, "data": data, "allow_redirects": False}


async def _ask(
    session: aiohttp.ClientSession,
    method: str,
    url: URL,
    options: dict[str, Any],
    job: Job,
    where: str,
    proxy: _Proxy | None,
) -> None:
    username = job.recipient.text("Username")
    async with session.request(method, url, **options) as response:
        status, reason, location = response.status, response.reason, response.headers.get("Location", "")
        challenges = response.headers.getall("WWW-Authenticate", [])
        await response.content.read(_MOST_BYTES)
    if status == 401 and username:
        authorization = answer(
            challenges, method, url.raw_path_qs, username, job.secret("Password"), secrets.token_hex(16)
        )
        if authorization is None:
            raise SendFailed(f"{where} wants a login that is neither Basic nor Digest", final=True, begun=False)
        options["headers"] = {**options["headers"], "Authorization": authorization}
        async with session.request(method, url, **options) as response:
            status, reason, location = response.status, response.reason, response.headers.get("Location", "")
            await response.content.read(_MOST_BYTES)
    if 300 <= status < 400:
        raise SendFailed(
            f"{where} sends on to {shown(location) or 'nowhere'}; if that is right, make it the Url", final=True
        )
    if not 200 <= status < 300:
        raise _refused("the proxy" if status == 407 else where, status, reason, proxy)


def _refused(where: str, status: int, reason: str | None, proxy: _Proxy | None) -> SendFailed:
    said = f"{where} answered {status} {shown(reason or '')}".rstrip()
    if status in (401, 407):
        # Some proxies say 401 of themselves.
        logins = ["Username and Password"] * (status == 401) + ([proxy.settings] if proxy else [])
        return SendFailed(f"{said}: login refused; look at {', and at '.join(logins)}", final=True, begun=False)
    final = 400 <= status < 500 and status not in _AGAIN
    return SendFailed(f"{said}; look at Url" if final else said, final=final)
