# SPDX-License-Identifier: Apache-2.0
"""io/port.cgi beside its documented answers. Ports of the board: relay1 is 1, input1 is 2, output1 is 4."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from axiod.gateway.mirror import Thing
from axiod.gateway.vapix.port_cgi import toggle_urls
from tests.gateway.vapix.site import PORT_CGI

if TYPE_CHECKING:
    from tests.gateway.vapix.site import Site

OLD = "/axis-cgi/io/"

READ = {
    "?check=4": "port4=0\n",
    "?check=1,2": "port1=0\nport2=0\n",
    "?check=2,1": "port2=0\nport1=0\n",
    "?check=4,4": "port4=0\n",
    "?checkactive=4": "port4=inactive\n",
    "?checkdirection=1,2,8": "port1=output\nport2=input\nport8=input\n",
    "?check=4&Axis-Orig-Sw=true": "port4=0\n",
    "?check=1%2C2": "port1=0\nport2=0\n",
}


@pytest.mark.parametrize("query", READ)
async def test_reading(site: Site, query: str) -> None:
    answer = await site.curl(PORT_CGI + query, user="viewer")
    assert (answer.status, answer.body) == (200, READ[query])
    assert answer.header("Content-Type") == "text/plain; charset=utf-8"


async def test_the_same_by_post_whatever_its_type_says(site: Site) -> None:
    for type_ in ("text/plain", "application/x-www-form-urlencoded", "application/json"):
        reply = await site.text(PORT_CGI, "--header", f"Content-Type: {type_}", "--data-raw", "check=4")
        assert reply == "port4=0\n"
    assert await site.text(PORT_CGI + "?Axis-Orig-Sw=true", "--data-raw", "checkdirection=4") == "port4=output\n"


async def test_active_and_closed_are_not_the_same(site: Site) -> None:
    await site.client.port("input1").configure(NormalState="closed")
    await site.told(f"{PORT_CGI}?checkactive=2", "port2=active\n")
    assert await site.text(f"{PORT_CGI}?check=2") == "port2=0\n"


@pytest.mark.parametrize(
    ("action", "port"),
    [
        ("1%3A%2F", "relay1"),
        ("1:/", "relay1"),
        (":/", "relay1"),
        ("4:/", "output1"),
        ("4%3a%2f", "output1"),
        ("%34:%2F", "output1"),
    ],
)
async def test_switching_on(site: Site, action: str, port: str) -> None:
    answer = await site.curl(f"{PORT_CGI}?action={action}", user="oper")
    assert (answer.status, answer.body) == (200, "")
    stands = await site.stands()
    assert [name for name, values in stands.items() if values["Active"]] == [port]


@pytest.mark.parametrize("words", [["?action=1:\\"], ["?action=1%3A%5C"], ["", "--data-raw", "action=1:\\"]])
async def test_switching_off(site: Site, words: list[str]) -> None:
    """Also with a backslash as it is: curl writes it into its Digest answer without escaping it."""
    await site.client.relay().call("Set", True, {})
    assert await site.text(PORT_CGI + words[0], *words[1:], user="oper") == ""
    assert (await site.stands())["relay1"]["Active"] is False


async def test_a_pulse_is_one_call(site: Site) -> None:
    assert await site.text(f"{PORT_CGI}?action=4:/60000\\", user="oper") == ""
    assert await site.client.port("output1").eventually(Active=True, Running="pulse")
    # A new pulse begins the time anew, and an action ends it.
    assert await site.text(f"{PORT_CGI}?action=4:/1\\", user="oper") == ""
    assert await site.client.port("output1").eventually(Active=False, Running="idle")


async def test_two_pulses_are_a_sequence(site: Site) -> None:
    story = await site.client.follow(site.client.relays)
    assert await site.text(f"{PORT_CGI}?action=1:/10\\20/10\\", user="oper") == ""
    await site.client.relay().eventually(Active=False, Running="idle")
    await site.client.flush(site.client.relays)
    assert [data["LogicalState"] for data in story.of("Trigger/Relay")] == ["active", "inactive"] * 2


async def test_while_a_sequence_runs_another_is_refused(site: Site) -> None:
    assert await site.text(f"{PORT_CGI}?action=1:\\60000/60000\\", user="oper") == ""
    answer = await site.curl(f"{PORT_CGI}?action=1:/10\\10/", user="oper")
    assert (answer.status, answer.body) == (409, "relay1 runs a sequence; cancel it first\n")


WRONG = {
    "": "the request must have one of",
    "?": "the request must have one of",
    "?check=1&action=1:/": "the request must have one of",
    "?check=": "must be port numbers",
    "?check=0": "there is no port 0",
    "?check=12": "there is no port 12",
    "?check=-1": "must be port numbers",
    "?check=1;2": "must be port numbers",
    "?check=1,": "must be port numbers",
    "?check=" + ",".join(["1"] * 257): "must be port numbers",
    "?check=1&check=2": "given twice",
    "?action=2:/": "port 2 (Input 1) is an input",
    "?action=8:/": "port 8 (I/O 1) is an input",
    "?action=0:/": "there is no port 0",
    "?action=99:/": "there is no port 99",
    "?action=1": "it must be like",
    "?action=1:/300": "it must be like",
    "?action=1:/&action=4:/": "given twice",
    "?action=1:/%00": "it must be like",
    "?action=%ff:/": "urlencoded UTF-8",
    "?monitor=1,2": "separate requests",
    "?monitor=x": "must be port numbers",
    "?" + "&".join(f"a{i}=1" for i in range(600)): "urlencoded UTF-8",
}


@pytest.mark.parametrize("query", WRONG)
async def test_what_cannot_be_changes_nothing(site: Site, query: str) -> None:
    before = await site.stands()
    answer = await site.curl(PORT_CGI + query)
    assert answer.status == 400, answer
    assert WRONG[query] in answer.body
    assert await site.stands() == before


@pytest.mark.parametrize(("user", "status"), [("viewer", 403), (None, 401)])
@pytest.mark.parametrize("cgi", ["port.cgi", "output.cgi"])
async def test_who_may_not_switch(site: Site, user: str | None, status: int, cgi: str) -> None:
    for words in (["?action=1:/"], ["", "--data-raw", "action=1:/"]):
        answer = await site.curl(OLD + cgi + words[0], *words[1:], user=user)
        assert answer.status == status
    assert (await site.stands())["relay1"]["Active"] is False


async def test_head_moves_nothing(site: Site) -> None:
    answer = await site.curl(f"{PORT_CGI}?action=1:/", "--head")
    assert answer.status == 405
    assert (await site.stands())["relay1"]["Active"] is False


async def test_inputs_and_outputs_counted_alone(site: Site) -> None:
    assert await site.text(f"{OLD}input.cgi?check=1,7", user="viewer") == "input1=0\ninput7=0\n"
    assert await site.text(f"{OLD}output.cgi?checkactive=1,4", user="viewer") == "output1=inactive\noutput4=inactive\n"
    assert await site.text(f"{OLD}output.cgi?action=2:/", user="oper") == ""
    assert (await site.stands())["output1"]["Active"] is True
    assert (await site.curl(f"{OLD}input.cgi?action=1:/")).status == 400
    assert (await site.curl(f"{OLD}output.cgi?check=5")).status == 400


async def test_toggle_urls(site: Site) -> None:
    relay = Thing("/org/axiod/relays1/relay/relay1", "org.axiod.relays1.Relay", {"Number": 0})
    urls = toggle_urls(relay, site.web.http)
    assert urls == {
        "Activate": f"{site.web.http}/axis-cgi/io/port.cgi?action=1%3A%2F",
        "Deactivate": f"{site.web.http}/axis-cgi/io/port.cgi?action=1%3A%5C",
    }
    for name, active in (("Activate", True), ("Deactivate", False)):
        assert await site.text(urls[name], user="oper") == ""
        assert (await site.stands())["relay1"]["Active"] is active


def test_an_input_has_no_toggle_urls() -> None:
    path, interface = "/org/axiod/io1/port/io1", "org.axiod.io1.Port"
    assert toggle_urls(Thing(path, interface, {"Number": 7, "Direction": "input"})) == {}
    assert toggle_urls(Thing(path, interface, {"Number": 7, "Direction": "output"})).keys() == {
        "Activate",
        "Deactivate",
    }
