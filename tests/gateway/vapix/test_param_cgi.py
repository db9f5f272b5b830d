# SPDX-License-Identifier: Apache-2.0
"""param.cgi beside its documented answers."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree import ElementTree

import pytest

from tests.gateway.vapix.site import PARAM

if TYPE_CHECKING:
    from tests.gateway.vapix.site import Site


async def listed(site: Site, group: str, user: str | None = "admin") -> dict[str, str]:
    text = await site.text(f"{PARAM}?action=list" + (f"&group={group}" if group else ""), user=user)
    lines = text.splitlines()
    assert all(line.startswith("root.") for line in lines), text
    return dict(line.removeprefix("root.").split("=", 1) for line in lines)


async def test_what_clients_need(site: Site) -> None:
    found = await listed(site, "root.Properties", user="viewer")
    expected = {
        "Properties.API.HTTP.Version": "3",
        "Properties.API.Metadata.Metadata": "yes",
        "Properties.API.Metadata.Version": "1.0",
        "Properties.ApiDiscovery.ApiDiscovery": "yes",
        "Properties.SupervisedIO.SupervisedIO": "yes",
        "Properties.SupervisedIO.Version": "2.00",
    }
    assert expected.items() <= found.items()
    assert {f"Properties.Firmware.{name}" for name in ("BuildDate", "BuildNumber", "Version")} <= found.keys()
    assert len(found["Properties.System.SerialNumber"]) == 12
    # Each of them would have clients call what is not there.
    assert not [name for name in found if name.startswith(("Properties.PTZ", "Properties.Light", "Properties.Embed"))]
    brand = await listed(site, "root.Brand", user="viewer")
    assert {
        f"Brand.{name}" for name in ("Brand", "ProdFullName", "ProdNbr", "ProdShortName", "ProdType", "WebURL")
    } <= (brand.keys())


GROUPS = {
    "IOPort.I3": {
        "Configurable": "no",
        "Direction": "output",
        "Usage": "",
        "Output.Name": "Output 1",
        "Output.Active": "closed",
        "Output.Button": "none",
        "Output.DelayTime": "0",
        "Output.Mode": "bistable",
        "Output.PulseTime": "0",
    },
    "root.IOPort.I1": {
        "Configurable": "no",
        "Direction": "input",
        "Usage": "",
        "Input.Name": "Input 1",
        "Input.Trig": "closed",
    },
    "IOPort.I0": {
        "Configurable": "no",
        "Direction": "output",
        "Output.Name": "Relay 1",
        "Output.Active": "closed",
        "Output.Button": "none",
        "Output.DelayTime": "0",
        "Output.Mode": "bistable",
        "Output.PulseTime": "0",
    },
}


@pytest.mark.parametrize("group", GROUPS)
async def test_the_parameters_of_a_port(site: Site, group: str) -> None:
    name = group.removeprefix("root.")
    expected = {f"{name}.{key}": value for key, value in GROUPS[group].items()}
    assert await listed(site, group, user="oper") == expected


async def test_groups_and_wildcards(site: Site) -> None:
    assert await listed(site, "IOPort.I3.Output.Name") == {"IOPort.I3.Output.Name": "Output 1"}
    found = await listed(site, "IOPort.I*.Direction")
    assert len(found) == 11
    assert await listed(site, "root.Input,Output", user="viewer") == {
        "Input.NbrOfInputs": "7",
        "Output.NbrOfOutputs": "4",
    }
    assert await listed(site, "*.NbrOf*") == await listed(site, "Input,root.Output")
    assert len(await listed(site, "IOPort.I3,IOPort.I3.Usage")) == 9
    text = await site.text(f"{PARAM}?action=list&group=StreamProfile,root.IOPort.I99,Input")
    assert text.splitlines() == [
        "# Error: Error -1 getting param in group 'root.StreamProfile'",
        "# Error: Error -1 getting param in group 'root.IOPort.I99'",
        "root.Input.NbrOfInputs=7",
    ]


async def test_numbers_follow_the_directions(site: Site) -> None:
    assert await site.text(f"{PARAM}?action=update&IOPort.I7.Direction=output") == "OK\n"
    assert await listed(site, "Input,Output") == {"Input.NbrOfInputs": "6", "Output.NbrOfOutputs": "5"}


async def test_everybody_sees_what_they_may(site: Site) -> None:
    viewer, operator, administrator = [await listed(site, "", user=user) for user in ("viewer", "oper", "admin")]
    assert viewer.items() <= operator.items() <= administrator.items()
    assert {name.partition(".")[0] for name in viewer} == {"Brand", "Input", "Output", "Properties"}
    assert {name.partition(".")[0] for name in operator} - {name.partition(".")[0] for name in viewer} == {"IOPort"}
    assert "System.BoaPort" in administrator
    assert (await site.curl(f"{PARAM}?action=list&group=IOPort", user="viewer")).status == 403
    assert (await site.curl(f"{PARAM}?action=list&group=System", user="oper")).status == 403
    assert (await site.curl(f"{PARAM}?action=list&group=Brand", user=None)).status == 401
    # A parent is never a value: that would break clients.
    assert not [name for name in administrator if any(other.startswith(f"{name}.") for other in administrator)]


async def test_by_post_as_clients_do(site: Site) -> None:
    words = ["--header", "Content-Type: text/plain", "--data-raw", "action=list&group=root.Output"]
    answer = await site.curl(f"{PARAM}?Axis-Orig-Sw=true", *words)
    assert answer.body == "root.Output.NbrOfOutputs=4\n"
    assert answer.header("Content-Type") == "text/plain; charset=utf-8"
    assert await site.text(f"{PARAM}?action=list&group=Output&responseformat=rfc") == answer.body


async def test_update(site: Site) -> None:
    query = (
        "action=update&root.IOPort.I1.Input.Name=T%C3%BCr+1&IOPort.I1.Input.Trig=open&IOPort.I1.Usage=Door"
        "&IOPort.I0.Output.Name=Gate&IOPort.I3.Output.Active=open&IOPort.I3.Output.Mode=bistable"
    )
    assert await site.text(f"{PARAM}?{query}") == "OK\n"
    stands = await site.stands()
    assert stands["input1"].items() >= {"Name": "Tür 1", "NormalState": "closed", "Usage": "Door"}.items()
    assert stands["relay1"]["Name"] == "Gate"
    # It stays inactive, as with portmanagement.cgi.
    assert stands["output1"].items() >= {"NormalState": "closed", "Active": False}.items()
    assert await listed(site, "IOPort.I1.Input") == {"IOPort.I1.Input.Name": "Tür 1", "IOPort.I1.Input.Trig": "open"}


REFUSED = {
    "IOPort.I1.Input.Trig=ajar": ["IOPort.I1.Input.Trig' to 'ajar"],
    "IOPort.I1.Input.Name=": ["IOPort.I1.Input.Name' to '"],
    "IOPort.I1.Input.Name=a%0Ab": ["IOPort.I1.Input.Name' to 'a?b"],
    "IOPort.I1.Direction=output": ["IOPort.I1.Direction' to 'output"],
    "IOPort.I7.Direction=both": ["IOPort.I7.Direction' to 'both"],
    "IOPort.I0.Output.Active=open": ["IOPort.I0.Output.Active' to 'open"],
    "IOPort.I0.Usage=Door": ["IOPort.I0.Usage' to 'Door"],
    "IOPort.I3.Output.PulseTime=5": ["IOPort.I3.Output.PulseTime' to '5"],
    "IOPort.I99.Output.Name=x": ["IOPort.I99.Output.Name' to 'x"],
    "IOPort.I*.Output.Name=x": ["IOPort.I*.Output.Name' to 'x"],
    "IOPort.I3=x": ["IOPort.I3' to 'x"],
    "Brand.Brand=x": ["Brand.Brand' to 'x"],
    "No.Such=x": ["No.Such' to 'x"],
    "IOPort.I7.Input.Name=a&IOPort.I7.Output.Name=b": ["IOPort.I7.Output.Name' to 'b"],
    "IOPort.I7.Input.Trig=open&IOPort.I7.Output.Active=closed": ["IOPort.I7.Output.Active' to 'closed"],
    "System.PreventDoSAttack.DoSPageCount=many": ["System.PreventDoSAttack.DoSPageCount' to 'many"],
    "System.PreventDoSAttack.DoSPageCount=0": ["System.PreventDoSAttack.DoSPageCount' to '0"],
    "System.BoaPort=443": ["System.BoaPort' to '443"],
}


@pytest.mark.parametrize("change", REFUSED)
async def test_all_or_nothing(site: Site, change: str) -> None:
    before = await site.stands()
    text = await site.text(f"{PARAM}?action=update&IOPort.I3.Output.Name=Siren&IOPort.I3.Output.Active=open&{change}")
    assert text == "".join(f"# Error: Error setting 'root.{fault}'!\n" for fault in REFUSED[change])
    assert await site.stands() == before


async def test_no_port_moves_for_what_another_object_refuses(site: Site) -> None:
    story = await site.client.follow(site.client.io)
    await site.text(f"{PARAM}?action=update&IOPort.I3.Output.Active=open&System.BoaPort=443")
    await site.client.flush(site.client.io)
    assert story.told == []


@pytest.mark.parametrize(("user", "status"), [("oper", 403), ("viewer", 403), (None, 401)])
async def test_who_may_not(site: Site, user: str | None, status: int) -> None:
    before = await site.stands()
    for name in ("IOPort.I3.Output.Name", "Brand.Brand", "System.BoaPort"):
        assert (await site.curl(f"{PARAM}?action=update&{name}=x", user=user)).status == status
    assert await site.stands() == before


async def test_settings_of_the_device(site: Site) -> None:
    group = "System.PreventDoSAttack"
    expected = {
        f"{group}.ActivatePasswordThrottling": "yes",
        f"{group}.DoSBlockingPeriod": "60",
        f"{group}.DoSPageCount": "20",
        f"{group}.DoSPageInterval": "1",
        f"{group}.DoSSiteCount": "10000",
        f"{group}.DoSSiteInterval": "300",
    }
    assert await listed(site, group) == expected
    changes = f"{group}.DoSPageCount=30&{group}.ActivatePasswordThrottling=no"
    assert await site.text(f"{PARAM}?action=update&{changes}") == "OK\n"
    changed = {f"{group}.ActivatePasswordThrottling": "no", f"{group}.DoSPageCount": "30"}
    assert await listed(site, group) == expected | changed
    back = f"{group}.DoSPageCount=20&{group}.ActivatePasswordThrottling=yes"
    assert await site.text(f"{PARAM}?action=update&{back}") == "OK\n"
    assert await listed(site, "Network.HTTP") == {"Network.HTTP.AuthenticationPolicy": "digest"}


@pytest.mark.parametrize("query", ["", "?action=", "?action=erase", "?action=update", "?action=update&x=y",
                                   "?action=list&group=" + "a," * 100, "?action=list&group=" + "a" * 300,
                                   "?action=listdefinitions&listformat=json"])  # fmt: skip
async def test_what_is_no_request(site: Site, query: str) -> None:
    assert (await site.curl(PARAM + query)).status == 400


async def test_definitions(site: Site) -> None:
    answer = await site.curl(f"{PARAM}?action=listdefinitions&listformat=xmlschema&group=IOPort.I7,Properties.API.HTTP")
    assert answer.header("Content-Type") == "text/xml; charset=utf-8"
    top = ElementTree.fromstring(answer.body)
    space = "{http://www.axis.com/ParameterDefinitionsSchema}"
    assert (top.tag, top.get("version")) == (f"{space}parameterDefinitions", "1.0")
    path = "/".join(f"{space}group[@name='{name}']" for name in ("Properties", "API", "HTTP"))
    version = top.find(f"{path}/{space}parameter")
    assert version is not None
    assert version.attrib == {"name": "Version", "value": "3", "securityLevel": "7707", "niceName": "Version"}
    assert version.find(f"{space}type[@readonly='true']/{space}int") is not None
    port = top.find(f"{space}group[@name='IOPort']/{space}group[@name='I7']")
    assert port is not None
    direction = port.find(f"{space}parameter[@name='Direction']")
    assert direction is not None
    assert direction.get("securityLevel") == "7746"
    assert [entry.get("value") for entry in direction.iter(f"{space}entry")] == ["input", "output"]
