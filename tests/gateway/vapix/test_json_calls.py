# SPDX-License-Identifier: Apache-2.0
"""The envelope of JSON calls, and the calls that tell what this is."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.gateway.vapix.site import PORTS, SUPERVISED

if TYPE_CHECKING:
    from tests.gateway.vapix.site import Site
    from tests.gateway.web_device import WebDevice

DISCOVERY = "/axis-cgi/apidiscovery.cgi"
INFO = "/axis-cgi/basicdeviceinfo.cgi"
READY = "/axis-cgi/systemready.cgi"

OLD_CODES = {"json": 4000, "method": 2004, "version": 2003, "missing": 4002}
NEW_CODES = {"json": 2101, "method": 2102, "version": 2100, "missing": 2103}
CGIS = {PORTS: ("getPorts", "1.0", NEW_CODES), DISCOVERY: ("getApiList", "1.0", OLD_CODES),
        INFO: ("getAllProperties", "1.3", OLD_CODES), READY: ("systemready", "1.4", NEW_CODES),
        SUPERVISED: ("getSupervised", "2.0", NEW_CODES)}  # fmt: skip


async def asked(site: Site, path: str, body: str) -> Any:
    answer = await site.curl(path, "--data-raw", body)
    assert answer.status == 200, answer
    return answer.json()


@pytest.mark.parametrize("path", CGIS)
async def test_what_comes_back(site: Site, path: str) -> None:
    method, version, _ = CGIS[path]
    reply = await asked(site, path, json.dumps({"apiVersion": version, "method": method}))
    assert reply.keys() == {"apiVersion", "method", "data"}
    reply = await asked(site, path, json.dumps({"apiVersion": version, "context": "ü \ud800", "method": method}))
    assert list(reply) == ["apiVersion", "context", "method", "data"]
    assert (reply["apiVersion"], reply["context"], reply["method"]) == (version, "ü \ud800", method)


@pytest.mark.parametrize("path", CGIS)
async def test_versions(site: Site, path: str) -> None:
    method, version, codes = CGIS[path]
    reply = await asked(site, path, '{"context":"x","method":"getSupportedVersions"}')
    assert reply["data"]["apiVersions"][-1] == version
    major = version.partition(".")[0]
    assert "data" in await asked(site, path, f'{{"apiVersion":"{major}.0","method":"{method}"}}')
    for wrong in ('"9.0"', f'"{major}.9"', '"one"', "1.0", '""', '"1"', '"1.0.0"', '"٣.0"', '"1.-1"', "null"):
        error = (await asked(site, path, f'{{"apiVersion":{wrong},"method":"{method}"}}'))["error"]
        assert error["code"] == codes["missing" if wrong == "null" else "version"]


BROKEN = (
    "x", "[]", '"x"', "1", "{", '{"a":NaN}', '{"a":Infinity}', '{"a":1,"a":1}', "[" * 5000, '{"a":' * 5000,
    '{"a":' + "9" * 5000 + "}", '{"method":"a"} x',
)  # fmt: skip


@pytest.mark.parametrize("path", CGIS)
async def test_what_is_no_request(site: Site, path: str) -> None:
    _, version, codes = CGIS[path]
    for body in BROKEN:
        assert (await asked(site, path, body))["error"]["code"] == codes["json"], body[:40]
    for body in ("{}", f'{{"apiVersion":"{version}"}}', '{"method":1}', '{"method":"getPorts"}'):
        assert (await asked(site, path, body))["error"]["code"] == codes["missing"], body
    error = (await asked(site, path, f'{{"apiVersion":"{version}","method":"nothing"}}'))["error"]
    assert error["code"] == codes["method"]
    assert "getSupportedVersions" in error["message"]


async def test_anything_but_post(site: Site) -> None:
    assert (await site.curl(PORTS)).status == 405
    for path in (DISCOVERY, INFO):
        assert (await site.curl(path)).json()["error"]["code"] == 2002


async def test_only_what_answers_is_listed(site: Site) -> None:
    data = await site.call(DISCOVERY, "getApiList", user=None)
    found = {api["id"]: api["version"] for api in data["apiList"]}
    expected = {
        "api-discovery": "1.0",
        "basic-device-info": "1.3",
        "event-mqtt-bridge": "1.1",
        "io-port-management": "1.0",
        "mqtt-client": "1.0",
        "network-settings": "1.21",
        "param-cgi": "1.0",
        "supervised-io": "2.0",
        "systemready": "1.4",
        "user-management": "1.1",
    }
    assert expected.items() <= found.items()
    assert not found.keys() & {"light-control", "stream-profiles", "view-area", "time-service", "fwmgr"}
    assert all({"id", "version", "name", "docLink", "status"} == api.keys() for api in data["apiList"])


@pytest.mark.parametrize(
    ("params", "ids"),
    [
        ({"id": "param-cgi"}, ["param-cgi"]),
        ({"id": "*-device-*"}, ["basic-device-info"]),
        ({"id": "io-port-management", "version": "1.*"}, ["io-port-management"]),
        ({"id": "io-port-management", "version": "2.*"}, []),
        ({"id": "ptz"}, []),
    ],
)
async def test_looking_for_an_api(site: Site, params: dict[str, str], ids: list[str]) -> None:
    data = await site.call(DISCOVERY, "getApiList", params, user=None)
    assert [api["id"] for api in data["apiList"]] == ids


@pytest.mark.parametrize("params", [[], "x", {"id": 1}, {"id": "*" * 65}])
async def test_looking_in_a_wrong_way(site: Site, params: Any) -> None:
    assert (await site.call(DISCOVERY, "getApiList", params, user=None))["code"] == 1000


UNRESTRICTED = {"Brand", "BuildDate", "HardwareID", "ProdFullName", "ProdNbr", "ProdShortName", "ProdType",
                "ProdVariant", "SerialNumber", "Version", "WebURL"}  # fmt: skip
RESTRICTED = {"Architecture", "Soc", "SocSerialNumber"}


async def test_device_information(site: Site) -> None:
    everything = (await site.call(INFO, "getAllProperties", version="1.3", user="oper"))["propertyList"]
    assert everything.keys() == UNRESTRICTED | RESTRICTED
    assert all(isinstance(value, str) for value in everything.values())
    assert len(everything["SerialNumber"]) == 12
    open_to_all = (await site.call(INFO, "getAllUnrestrictedProperties", version="1.2", user=None))["propertyList"]
    assert open_to_all == {name: everything[name] for name in UNRESTRICTED}
    some = await site.call(INFO, "getProperties", {"propertyList": ["ProdNbr", "Soc"]}, user="oper")
    assert some == {"propertyList": {name: everything[name] for name in ("ProdNbr", "Soc")}}


async def test_device_information_in_a_wrong_way(site: Site) -> None:
    error = await site.call(INFO, "getProperties", {"propertyList": ["Nothing"]})
    assert error == {"code": 1000, "message": "Property not supported: Nothing"}
    assert (await site.call(INFO, "getProperties"))["code"] == 4002
    assert (await site.call(INFO, "getProperties", {"propertyList": "Soc"}))["code"] == 1000
    assert (await site.call(INFO, "getProperties", {"propertyList": [1]}))["code"] == 1000


@pytest.mark.parametrize("method", ["getAllProperties", "getProperties"])
@pytest.mark.parametrize(("user", "status"), [("viewer", 403), (None, 401)])
async def test_who_may_not_see_everything(site: Site, method: str, user: str | None, status: int) -> None:
    answer = await site.curl(INFO, "--data-raw", f'{{"apiVersion":"1.0","method":"{method}"}}', user=user)
    assert answer.status == status
    assert ("www-authenticate" in answer.headers) == (status == 401)


async def test_system_ready(site: Site) -> None:
    data = await site.call(READY, "systemready", {"timeout": 10}, user=None)
    assert (data["systemready"], data["needsetup"]) == ("yes", "no")
    assert data["uptime"].isdigit()
    assert len(data["bootid"]) == 36
    wrongs: list[Any] = [-1, "x", 1.5, True, "-1", [], "9" * 12]
    for wrong in wrongs:
        assert (await site.call(READY, "systemready", {"timeout": wrong}, user=None))["code"] == 2104


async def test_a_new_device_needs_an_administrator_first(new_web: WebDevice) -> None:
    body = '{"apiVersion":"1.0","method":"systemready"}'
    answer = await new_web.curl(READY, "--data-raw", body)
    assert answer.json()["data"]["needsetup"] == "yes"
    assert (await new_web.curl(PORTS, "--data-raw", '{"apiVersion":"1.0","method":"getPorts"}')).status == 401
    pwdgrp = "/axis-cgi/pwdgrp.cgi"
    first = "Error: initial admin user must be created first.\n"
    for words in (
        ["--data-raw", "action=get"],
        ["--data-raw", "action=remove&user=joe"],
        ["--data-raw", "action=add&user=joe&pwd=x&grp=users&sgrp=viewer:operator"],
    ):
        answer = await new_web.curl(pwdgrp, *words)
        assert (answer.status, answer.body) == (401, first)
    first_account = "action=add&user=joe&pwd=a%20b%2Bc&grp=users&sgrp=viewer:operator:admin:ptz"
    answer = await new_web.curl(pwdgrp, "--header", "Content-Type: text/plain", "--data-raw", first_account)
    assert (answer.status, answer.body) == (200, "Created account joe.\n")
    # From now on nobody makes another one without logging in.
    assert (await new_web.curl(pwdgrp, "--data-raw", first_account.replace("joe", "eve"))).status == 401
    answer = await new_web.curl(READY, "--data-raw", body)
    assert answer.json()["data"]["needsetup"] == "no"
    answer = await new_web.curl(f"{pwdgrp}?action=get", user="joe", password="a b+c")
    assert answer.body.splitlines()[0] == 'admin="joe"'
