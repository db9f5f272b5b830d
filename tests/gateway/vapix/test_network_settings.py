# SPDX-License-Identifier: Apache-2.0
"""network_settings.cgi and Network of param.cgi, on a host whose network NetworkManager has."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from axiod.bus import interface as contract
from tests.gateway.vapix.site import PARAM
from tests.network.reached_host import LEASE, PEER, TRIAL, reached_host
from tests.network.world import lacking

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.gateway.web_device import WebDevice
    from tests.network.reached_host import ReachedHost

INTERFACE, HOST = "org.axiod.network1.Interface", "org.axiod.network1.Host"
CGI = "/axis-cgi/network_settings.cgi"
GET_ALL = ("org.axiod.network1", "/org/axiod/network1/interface/eth0", "org.freedesktop.DBus.Properties", "GetAll")
DISCOVERY = "/axis-cgi/apidiscovery.cgi"
V4, V6, RESOLVER, SET_HOSTNAME = (
    "setIPv4AddressConfiguration", "setIPv6AddressConfiguration", "setResolverConfiguration",
    "setHostnameConfiguration",
)  # fmt: skip
LEASED = {
    "address": LEASE, "prefixLength": 24, "origin": "dhcp", "scope": "global", "broadcast": "192.0.2.255",
}  # fmt: skip


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ReachedHost]:
    """A host with NetworkManager."""
    if why := lacking():
        pytest.skip(why)
    yield from reached_host(tmp_path_factory.mktemp("host"))


@pytest.fixture
def host(network: ReachedHost) -> Iterator[ReachedHost]:
    """It, whose eth0 has an address by DHCP; that is put back."""
    yield network
    network.put_back()


async def call(host: ReachedHost, method: str, params: Any = None, version: str = "1.21") -> Any:
    """Make a call as an administrator and return "data" or "error"."""
    asked = {"apiVersion": version, "method": method} | ({} if params is None else {"params": params})
    answer = await host.curl(CGI, "--data-raw", json.dumps(asked), user="admin")
    assert answer.status == 200, answer
    reply = answer.json()
    return reply["data"] if "data" in reply else reply["error"]


async def eth0(host: ReachedHost) -> dict[str, Any]:
    """Return what VAPIX says of the interface."""
    (found,) = (await call(host, "getNetworkInfo"))["devices"]
    return dict(found)


async def settings(host: ReachedHost) -> dict[str, Any]:
    """Return what is configured; what is in force follows that in its own time."""
    found = (await host.curl("/api/v1/network-interfaces/eth0", user="admin")).json()
    found |= (await host.curl("/api/v1/network-host", user="admin")).json()
    known = [*contract.load(INTERFACE).configurable, *contract.load(HOST).configurable]
    return {name: found[name] for name in known}


async def test_what_there_is(host: ReachedHost) -> None:
    found = await call(host, "getNetworkInfo", version="1.0")
    assert found["system"]["hostname"] == {"useDhcpHostname": True, "hostname": "gate", "staticHostname": "gate"}
    assert found["system"]["resolver"].items() >= {
        "useDhcpResolverInfo": True, "staticNameServers": [], "maxSupportedStaticNameServers": 3,
    }.items()  # fmt: skip
    (device,) = found["devices"]
    link = json.loads(host.world.run("ip", "-json", "link", "show", "eth0"))[0]
    assert device.items() >= {
        "name": "eth0", "type": "wired", "macAddress": link["address"], "link": True, "state": "up",
    }.items()  # fmt: skip
    assert device["IPv4"] == {
        "enabled": True,
        "configurationMode": "dhcp",
        "linkLocalMode": "off",
        "useStaticDHCPFallback": False,
        "addresses": [LEASED],
        "maxSupportedStaticAddressConfigurations": 16,
        "staticAddressConfigurations": [],
        "defaultRouter": PEER,
        "staticDefaultRouter": "",
    }
    assert device["IPv6"]["enabled"] is False


async def test_versions_and_discovery(host: ReachedHost) -> None:
    body = '{"context":"c","method":"getSupportedVersions"}'
    answer = await host.curl(CGI, "--data-raw", body, user="admin")
    assert answer.json()["data"] == {"supportedVersions": ["1.21"]}
    listed = '{"apiVersion":"1.0","method":"getApiList","params":{"id":"network-*"}}'
    (api,) = (await host.curl(DISCOVERY, "--data-raw", listed)).json()["data"]["apiList"]
    assert (api["id"], api["version"]) == ("network-settings", "1.21")


async def test_how_it_is_found(host: ReachedHost) -> None:
    async def listed() -> list[str]:
        groups = "Network.Bonjour,Network.UPnP"
        return (await host.curl(f"{PARAM}?action=list&group={groups}", user="admin")).body.splitlines()

    async def update(*changes: str) -> str:
        return (await host.curl(f"{PARAM}?action=update&{'&'.join(changes)}", user="admin")).body

    former = await listed()
    enabled = [line for line in former if ".Enabled=" in line]
    assert [line.partition("=")[0] for line in enabled] == [
        f"root.Network.{name}.Enabled" for name in ("Bonjour", "UPnP")
    ]
    named = ["Network.Bonjour.FriendlyName=Gate%207", "Network.UPnP.FriendlyName=Relay"]
    assert await update(*named, "Network.UPnP.Enabled=no") == "OK\n"
    assert set(await listed()) >= {
        "root.Network.Bonjour.FriendlyName=Gate 7", "root.Network.UPnP.FriendlyName=Relay",
        "root.Network.UPnP.Enabled=no",
    }  # fmt: skip
    found = (await host.curl("/api/v1/network-discovery", user="admin")).json()
    assert (found["BonjourName"], found["UpnpName"], found["Upnp"]) == ("Gate 7", "Relay", False)
    before = await listed()
    assert "Error setting 'root.Network.Bonjour.Enabled' to 'perhaps'" in await update(
        "Network.Bonjour.Enabled=perhaps"
    )
    assert await listed() == before


async def test_a_static_address_and_back(host: ReachedHost) -> None:
    static = {
        "deviceName": "eth0",
        "configurationMode": "static",
        "staticDefaultRouter": PEER,
        "staticAddressConfigurations": [{"address": "192.0.2.77", "prefixLength": 24, "broadcast": "192.0.2.255"}],
    }
    assert await call(host, V4, static, version="1.0") == {}
    host.has("192.0.2.77")
    found = (await eth0(host))["IPv4"]
    assert (found["configurationMode"], found["staticDefaultRouter"]) == ("static", PEER)
    assert found["staticAddressConfigurations"] == static["staticAddressConfigurations"]
    parameters = (await host.curl(f"{PARAM}?action=list&group=Network", user="admin")).body.splitlines()
    assert {
        "root.Network.BootProto=none", "root.Network.IPAddress=192.0.2.77", "root.Network.SubnetMask=255.255.255.0",
        "root.Network.Broadcast=192.0.2.255", f"root.Network.DefaultRouter={PEER}",
    } <= set(parameters)  # fmt: skip
    fallback = {
        "deviceName": "eth0",
        "configurationMode": "dhcp",
        "useStaticDHCPFallback": True,
        "staticAddressConfigurations": [{"address": "192.0.2.99", "prefixLength": 24}],
    }
    assert await call(host, V4, fallback) == {}
    host.has(LEASE)
    found = (await eth0(host))["IPv4"]
    assert (found["configurationMode"], found["useStaticDHCPFallback"]) == ("dhcp", True)
    assert found["staticAddressConfigurations"][0]["address"] == "192.0.2.99"
    # A static address needs no fallback, and nobody has to say so.
    assert await call(host, V4, static) == {}
    assert (await eth0(host))["IPv4"]["useStaticDHCPFallback"] is False


async def test_name_servers(host: ReachedHost) -> None:
    wanted = {
        "useDhcpResolverInfo": False,
        "staticNameServers": ["192.0.2.53", "2001:db8::53"],
        "staticSearchDomains": ["example.org"],
        "staticDomainName": "example.com",
    }
    assert await call(host, V6, {"deviceName": "eth0", "enabled": True}) == {}
    assert await call(host, RESOLVER, wanted) == {}
    found = (await call(host, "getNetworkInfo"))["system"]["resolver"]
    assert found.items() >= {
        "useDhcpResolverInfo": False, "staticNameServers": wanted["staticNameServers"],
        "staticSearchDomains": ["example.com", "example.org"], "staticDomainName": "example.com",
    }.items()  # fmt: skip
    assert await call(host, RESOLVER, {"useDhcpResolverInfo": True}) == {}
    assert (await call(host, "getNetworkInfo"))["system"]["resolver"]["useDhcpResolverInfo"] is True


async def test_the_hostname(host: ReachedHost) -> None:
    assert await call(host, SET_HOSTNAME, {"useDhcpHostname": False, "staticHostname": "gate-7"}) == {}
    found = (await call(host, "getNetworkInfo"))["system"]["hostname"]
    assert found == {"useDhcpHostname": False, "hostname": "gate-7", "staticHostname": "gate-7"}
    assert host.world.run("hostname").strip() == "gate-7"
    update = f"{PARAM}?action=update&Network.HostName"
    assert (await host.curl(f"{update}=gate-8", user="admin")).body == "OK\n"
    assert (await host.curl(f"{PARAM}?action=list&group=Network.HostName", user="admin")).body.endswith("=gate-8\n")
    refused = "# Error: Error setting 'root.Network.HostName' to 'gate 9'!\n"
    assert (await host.curl(f"{update}=gate%209", user="admin")).body == refused
    refused = "# Error: Error setting 'root.Network.IPAddress' to '192.0.2.5'!\n"
    query = f"{PARAM}?action=update&Network.IPAddress=192.0.2.5"
    assert (await host.curl(query, user="admin")).body == refused
    assert host.world.run("hostname").strip() == "gate-8"


async def test_global_proxies(host: ReachedHost) -> None:
    method = "setGlobalProxyConfiguration"
    assert (await call(host, "getNetworkInfo"))["system"]["globalProxies"] == {
        "httpProxy": "", "httpsProxy": "", "noProxy": "",
    }  # fmt: skip
    wanted = {"httpProxy": "http://joe:secret@192.0.2.1:8080", "httpsProxy": "https://192.0.2.2:8080"}
    assert await call(host, method, {**wanted, "noProxy": "example.org, 192.0.2.0/24"}) == {}
    assert (await call(host, "getNetworkInfo"))["system"]["globalProxies"] == {
        "httpProxy": "http://joe:*****@192.0.2.1:8080",
        "httpsProxy": "https://192.0.2.2:8080",
        "noProxy": "example.org,192.0.2.0/24",
    }
    assert await call(host, method, {"httpProxy": "", "httpsProxy": "", "noProxy": ""}) == {}


async def test_dynamic_dns(host: ReachedHost) -> None:
    update, group = f"{PARAM}?action=update&Network.DNSUpdate", f"{PARAM}?action=list&group=Network.DNSUpdate"
    assert (
        await host.curl(f"{update}.DNSName=gate-7.example.org&Network.DNSUpdate.TTL=60", user="admin")
    ).body == "OK\n"
    assert (await host.curl(group, user="admin")).body.splitlines() == [
        "root.Network.DNSUpdate.DNSName=gate-7.example.org",
        "root.Network.DNSUpdate.Enabled=no",
        "root.Network.DNSUpdate.TTL=60",
    ]
    for wrong in ("DNSName=gate%207", "Enabled=perhaps", "TTL=4294967295"):
        assert (await host.curl(f"{update}.{wrong}", user="admin")).body.startswith("# Error: Error setting")
    assert "TTL=60" in (await host.curl(group, user="admin")).body


async def test_ipv6_is_turned_on_and_off(host: ReachedHost) -> None:
    for enabled in (True, False):
        assert await call(host, V6, {"deviceName": "eth0", "enabled": enabled}) == {}
        assert (await eth0(host))["IPv6"]["enabled"] is enabled
    assert await call(host, V6, {"deviceName": "eth0"}) == {}


async def test_what_is_changed_on_trial_belongs_to_it(host: ReachedHost) -> None:
    host.busctl(*TRIAL, "Begin", "u", "300")
    one = [{"address": "192.0.2.77", "prefixLength": 24}]
    static = {"deviceName": "eth0", "configurationMode": "static", "staticAddressConfigurations": one}
    assert await call(host, V4, static) == {}
    host.world.until(lambda: host.world.addresses() == ["192.0.2.77/24 global"], "the address")
    host.busctl(*TRIAL, "RollBack")
    host.has(LEASE)


async def test_what_vapix_has_no_word_for_stays(host: ReachedHost) -> None:
    host.world.run("nmcli", "connection", "modify", "axiod-eth0", "ipv4.method", "link-local")
    host.world.until(lambda: "Ipv4Method" not in host.busctl(*GET_ALL, "s", INTERFACE), "another method")
    assert await call(host, V4, {"deviceName": "eth0", "linkLocalMode": "off"}) == {}
    assert await call(host, V4, {"deviceName": "eth0", "enabled": True}) == {}
    found = host.world.run("nmcli", "-t", "-g", "ipv4.method", "connection", "show", "axiod-eth0")
    assert found.strip() == "link-local"
    assert await call(host, V4, {"deviceName": "eth0", "configurationMode": "dhcp"}) == {}
    host.has(LEASE)


def _ipv4(**params: Any) -> dict[str, Any]:
    return {"deviceName": "eth0", "configurationMode": "static", **params}


def _static(**row: Any) -> dict[str, Any]:
    return _ipv4(staticAddressConfigurations=[row])


@pytest.mark.parametrize(
    ("method", "params", "code", "sub_code"),
    [
        (V4, None, 4003, None),
        (V4, {"configurationMode": "static"}, 4003, None),
        (V4, {"deviceName": "eth9"}, 5000, None),
        (V4, {"deviceName": 1}, 4004, 100),
        (V4, {"deviceName": "eth0", "configurationMode": "manual"}, 4004, 101),
        (V4, {"deviceName": "eth0", "colour": "red"}, 4004, None),
        (V4, {"deviceName": "eth0", "enabled": False}, 4004, 111),
        (V4, {"deviceName": "eth0", "linkLocalMode": "on"}, 4004, 109),
        (V4, {"deviceName": "eth0", "staticDefaultRouter": PEER}, 4004, 102),
        (V4, {"deviceName": "eth0", "staticAddressConfigurations": []}, 4004, 103),
        (V4, {"deviceName": "eth0", "useStaticDHCPFallback": True}, 4004, 108),
        (V4, _ipv4(useStaticDHCPFallback=True), 4004, 108),
        (V4, _ipv4(), 4004, 101),
        (V4, _static(address="192.0.2"), 4004, 105),
        (V4, _static(address="192.0.2", prefixLength=24), 4004, 104),
        (V4, _static(address="192.0.2.0", prefixLength=24), 4004, 103),
        (V4, _static(address="192.0.2.5", prefixLength=33), 4004, 103),
        (V4, _static(address="192.0.2.5", prefixLength=24, broadcast="192.0.2.1"), 4004, 106),
        (V4, _static(address="192.0.2.5", prefixLength=24) | {"staticDefaultRouter": "10.0.0.1"}, 4004, 102),
        (V6, {"deviceName": "eth0", "enabled": "yes"}, 4004, 101),
        (V6, {}, 4003, None),
        (RESOLVER, {"staticNameServers": ["192.0.2.53"]}, 4004, 100),
        (RESOLVER, {"useDhcpResolverInfo": False, "staticNameServers": ["dns"]}, 4004, 101),
        (RESOLVER, {"useDhcpResolverInfo": False, "staticNameServers": ["192.0.2.5"] * 4}, 4004, 101),
        (RESOLVER, {"useDhcpResolverInfo": False, "staticSearchDomains": "x"}, 4004, 102),
        (SET_HOSTNAME, {"staticHostname": "gate one"}, 4004, 100),
        (SET_HOSTNAME, {"useDhcpHostname": 1}, 4004, 101),
        ("setGlobalProxyConfiguration", {"httpProxy": "ftp://192.0.2.1"}, 4004, 100),
        ("setGlobalProxyConfiguration", {"httpsProxy": "http://joe:*****@192.0.2.1"}, 4004, 101),
        ("setGlobalProxyConfiguration", {"noProxy": "example..org"}, 4004, 102),
        ("setGlobalProxyConfiguration", {"ftpProxy": ""}, 4004, None),
        ("addVlan", {"masterDeviceName": "eth0", "VlanId": 4}, 4000, None),
    ],
)  # fmt: skip
async def test_errors(host: ReachedHost, method: str, params: Any, code: int, sub_code: int | None) -> None:
    before = await settings(host)
    found = await call(host, method, params)
    assert (found["code"], found.get("details", {}).get("subCode")) == (code, sub_code), found
    assert await settings(host) == before


async def test_only_administrators(host: ReachedHost) -> None:
    body = '{"apiVersion":"1.0","method":"getNetworkInfo"}'
    for user, status in ((None, 401), ("viewer", 403), ("oper", 403), ("admin", 200)):
        assert (await host.curl(CGI, "--data-raw", body, user=user)).status == status
    assert (await host.curl(CGI, user="admin")).json()["error"]["code"] == 2000


async def test_interfaces_that_cannot_be_changed(web: WebDevice) -> None:
    """Those of the machine that the tests run on: nothing on the bus of the device manages them."""
    asked: dict[str, Any] = {"apiVersion": "1.0", "method": "getNetworkInfo"}
    answer = await web.curl(CGI, "--data-raw", json.dumps(asked), user="admin")
    there = (await web.curl("/api/v1/network-interfaces", user="admin")).json()["Items"]
    devices = answer.json()["data"]["devices"]
    assert [device["name"] for device in devices] == [one["Name"] for one in there]
    for device in devices:
        asked |= {"method": V6, "params": {"deviceName": device["name"], "enabled": not device["IPv6"]["enabled"]}}
        error = (await web.curl(CGI, "--data-raw", json.dumps(asked), user="admin")).json()["error"]
        assert error["code"] == 4004
        assert "cannot be configured here" in error["message"]
