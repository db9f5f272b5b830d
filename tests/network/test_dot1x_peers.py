# SPDX-License-Identifier: Apache-2.0
"""802.1X against hostapd and FreeRADIUS: let in, refused with a reason, and nobody there. See dot1x_stage.py."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import sys
import tempfile
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import pytest_asyncio

from axiod.errors import Conflict, NotFound, NotSupported, Unavailable
from axiod.network.dot1x.kernel import has_macsec
from tests.conftest import until
from tests.network.dot1x_stage import (
    INTERFACE,
    PASSWORD,
    USER,
    Lab,
    Network,
    Networkd,
    RealStore,
    StandInStore,
    Systemd,
    missing,
)
from tests.system1.conftest import SystemProcess, refusal

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from tests.conftest import Connect
    from tests.network.dot1x_stage import Store

pytestmark = pytest.mark.timeout(120)
UNIT = f"axiod-dot1x@{INTERFACE}.service"
TLS = {"Method": "eap-tls", "Identity": "relay-7", "ClientCertificate": "relay", "CaCertificates": ["lab"]}
LEASED = ("valid_lft", "900", "preferred_lft", "900")
PEAP = {"Method": "peap-mschapv2", "Identity": USER, "CaCertificates": ["lab"]}


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    if reason := missing("hostapd", "freeradius"):
        pytest.skip(reason)
    folder = Path(tempfile.mkdtemp(prefix="axiod-lab-"))
    made = Lab(folder)
    yield made
    made.close()
    shutil.rmtree(folder)


@dataclass
class Stage:
    """Everything."""

    lab: Lab
    store: Store
    systemd: Systemd
    network: Network
    run: Path

    async def enable(self, **changes: Any) -> None:
        """Configure it, and have it begin."""
        await self.network.dot1x.configure(Enabled=True, **changes)


@asynccontextmanager
async def staged(lab: Lab, connection: Connect, address: str, folder: Path, store: Store) -> AsyncIterator[Stage]:
    """Set everything up, with these certificates."""
    await lab.ready()
    async with AsyncExitStack() as end:
        run = Path(end.enter_context(tempfile.TemporaryDirectory(prefix="axiod-run-")))  # names of sockets are short
        end.callback(lab.leave)
        for name in ("lab", "other", "relay", "stranger"):
            await store.put(name, lab.pki)
        network = Network(await connection(), address, folder, lab, run)
        systemd = Systemd(await connection(), address, lab, network.state, run)
        end.push_async_callback(systemd.close)
        await systemd.begin()
        end.push_async_callback(stopped, network)
        await network.start()
        lab.guard()
        yield Stage(lab, store, systemd, network, run)


async def stopped(process: SystemProcess) -> None:
    """End a process, which must have had no trouble."""
    if process.running:
        assert await process.stop() == 0, process.log
    assert "Traceback" not in process.log, process.log


@pytest_asyncio.fixture
async def stage(lab: Lab, connection: Connect, bus_address: str, tmp_path: Path) -> AsyncIterator[Stage]:
    store = StandInStore(await connection())
    await store.begin()
    async with staged(lab, connection, bus_address, tmp_path, store) as made:
        yield made


# --- let in ---


async def test_eap_tls_is_let_in(stage: Stage) -> None:
    await stage.enable(**TLS)
    found = await stage.network.stands("secured")
    assert "Reason" not in found
    assert found["SinceUsec"] > 0
    assert stage.lab.answers()[-1] == "Accept"


async def test_who_is_let_in_asks_for_addresses_at_once(stage: Stage, connection: Connect, tmp_path: Path) -> None:
    networkd = Networkd(await connection(), tmp_path)
    await networkd.begin()
    await stage.enable(**TLS)
    await until(lambda: networkd.calls == ["ReconfigureLink 7"])
    # A lease that is there already is renewed: it may be one of the network for those who are not let in.
    stage.lab.ip(
        "-n",
        stage.lab.device,
        "address",
        "add",
        "192.0.2.9/24",
        "dev",
        INTERFACE,
        "valid_lft",
        "900",
        "preferred_lft",
        "900",
    )
    await stage.network.dot1x.call("Authenticate")
    await until(lambda: networkd.calls == ["ReconfigureLink 7", "Renew"])


async def test_eap_tls_is_let_in_with_the_certificates_of_axiod_system(
    lab: Lab, connection: Connect, bus_address: str, tmp_path: Path
) -> None:
    for name in ("system", "network"):
        (tmp_path / name).mkdir()
    system = SystemProcess(await connection(), bus_address, tmp_path / "system")
    await system.start()
    try:
        async with staged(lab, connection, bus_address, tmp_path / "network", RealStore(system)) as stage:
            await stage.enable(**TLS)
            await stage.network.stands("secured")
    finally:
        await stopped(system)


@pytest.mark.parametrize("version", [1, 2, 3])
async def test_every_version_of_eapol_is_let_in(stage: Stage, version: int) -> None:
    stage.lab.guard(eapol=min(version, 2))
    await stage.enable(**TLS, EapolVersion=version)
    await stage.network.stands("secured")


async def test_peap_is_let_in_with_any_character_in_identity_and_password(stage: Stage) -> None:
    await stage.network.dot1x.call("SetSecrets", {"Password": PASSWORD})
    await stage.enable(**PEAP)
    await stage.network.stands("secured")
    assert stage.lab.answers()[-1] == "Accept"
    assert f"Login OK: [{USER}]" in stage.lab.said


@pytest.mark.parametrize("label", [1, 2])
async def test_peap_version_1_is_let_in(stage: Stage, label: int) -> None:
    stage.lab.guard(peap_1=True)
    await stage.network.dot1x.call("SetSecrets", {"Password": "password"})
    await stage.enable(**{**PEAP, "Identity": "simple"}, PeapVersion=1, PeapLabel=label)
    await stage.network.stands("secured")


async def test_without_a_ca_certificate_any_server_will_do(stage: Stage) -> None:
    await stage.enable(**{**TLS, "CaCertificates": []})
    await stage.network.stands("secured")


async def test_the_name_of_the_server_may_be_told(stage: Stage) -> None:
    await stage.enable(**TLS, ServerName="lab.test")
    await stage.network.stands("secured")


# --- refused, and why ---


async def test_a_wrong_password_is_refused(stage: Stage) -> None:
    await stage.network.dot1x.call("SetSecrets", {"Password": "wrong"})
    await stage.enable(**PEAP)
    found = await stage.network.stands("refused")
    assert found["Reason"] == "the authentication server refused the identity or the password"
    assert stage.lab.answers()[-1] == "Reject"
    stage.lab.guard()
    await stage.network.dot1x.call("SetSecrets", {"Password": PASSWORD})
    await stage.network.stands("secured")


async def test_a_server_of_another_ca_is_refused(stage: Stage) -> None:
    await stage.enable(**{**TLS, "CaCertificates": ["other"]})
    found = await stage.network.stands("refused")
    assert "Lab CA" in found["Reason"]
    assert found["Reason"].endswith("is not signed by the CA certificate other")


async def test_a_server_of_another_name_is_refused(stage: Stage) -> None:
    await stage.enable(**TLS, ServerName="elsewhere.test")
    found = await stage.network.stands("refused")
    assert "does not have the name elsewhere.test" in found["Reason"]


async def test_a_client_certificate_that_the_server_does_not_know_is_refused(stage: Stage) -> None:
    await stage.enable(**{**TLS, "ClientCertificate": "stranger"})
    found = await stage.network.stands("refused")
    assert "refused the client certificate stranger" in found["Reason"]


async def test_a_version_of_peap_that_the_server_does_not_speak_is_refused(stage: Stage) -> None:
    await stage.network.dot1x.call("SetSecrets", {"Password": PASSWORD})
    await stage.enable(**PEAP, PeapVersion=1, PeapLabel=2)
    found = await stage.network.stands("refused")
    assert found["Reason"] == "the authentication server does not speak PEAP version 1: try version 0"


# --- nobody there ---


async def test_a_switch_that_says_nothing_is_told_of(stage: Stage) -> None:
    stage.lab.leave()
    await stage.enable(**TLS)
    found = await stage.network.dot1x.eventually(
        State="connecting", Reason="the switch has not answered yet: is IEEE 802.1X turned on at its port?"
    )
    assert found["Enabled"]
    stage.lab.guard()
    await stage.network.stands("secured", 60)


async def test_a_cable_that_is_out_is_told_of(stage: Stage) -> None:
    await stage.enable(**TLS)
    await stage.network.stands("secured")
    stage.lab.plug(in_=False)
    found = await stage.network.stands("connecting")
    assert found["Reason"] == "there is no link: is the cable in?"
    stage.lab.plug(in_=True)
    stage.lab.guard()
    await stage.network.stands("secured", 60)


# --- it goes on, and is turned off ---


async def test_what_is_let_in_stays_so_while_the_service_is_away(stage: Stage) -> None:
    await stage.enable(**TLS)
    await stage.network.stands("secured")
    await stage.network.stop()
    assert stage.systemd.running == [UNIT]
    await stage.network.start()
    await stage.network.stands("secured")
    assert stage.lab.answers().count("Accept") == 1 + stage.lab.answers()[:-1].count("Accept")


async def test_it_is_turned_off(stage: Stage) -> None:
    await stage.enable(**TLS)
    await stage.network.stands("secured")
    await stage.network.dot1x.configure(Enabled=False)
    found = await stage.network.stands("off")
    assert "SinceUsec" not in found
    assert found["Identity"] == "relay-7"
    assert stage.systemd.running == []
    assert not (stage.run / INTERFACE).exists()


async def test_a_certificate_that_was_replaced_is_shown_at_the_next_start(stage: Stage) -> None:
    stage.lab.pki.sign("late", "late.lab.test", "other")
    await stage.store.put("late", stage.lab.pki)
    await stage.enable(**{**TLS, "ClientCertificate": "late"})
    await stage.network.stands("refused")
    stage.lab.pki.sign("late", "late.lab.test", "lab")
    await stage.store.put("late", stage.lab.pki)
    stage.lab.guard()
    await stage.network.dot1x.call("Authenticate")
    await stage.network.stands("secured")


async def test_only_root_reads_what_wpa_supplicant_is_given(stage: Stage) -> None:
    await stage.network.dot1x.call("SetSecrets", {"Password": PASSWORD})
    await stage.enable(**TLS)
    await stage.network.stands("secured")
    files = [path for path in (stage.run / INTERFACE).iterdir() if path.is_file()]
    assert {path.name for path in files} == {"wpa_supplicant.conf", "client.pem", "key.pem", "ca.pem"}
    kept = stage.network.state / "dot1x.yaml"
    assert {path.stat().st_mode & 0o777 for path in [*files, kept]} == {0o600}
    told = str(await stage.network.dot1x.all())
    assert PASSWORD not in told
    assert (await stage.network.dot1x.get("Secrets")) == ["Password"]


# --- tried ---


async def test_settings_that_nobody_confirms_come_back(stage: Stage) -> None:
    await stage.network.dot1x.call("SetSecrets", {"Password": PASSWORD})
    await stage.enable(**PEAP)
    await stage.network.stands("secured")
    await stage.network.trial.call("Begin", 60)
    stage.lab.guard()
    await stage.network.dot1x.call("SetSecrets", {"Password": "wrong"})
    await stage.network.stands("refused")
    stage.lab.guard()
    await stage.network.trial.call("RollBack")
    await stage.network.stands("secured")
    await stage.network.trial.call("Begin", 60)
    await stage.network.dot1x.configure(Enabled=False)
    await stage.network.trial.call("RollBack")
    await stage.network.stands("secured")


async def test_what_was_turned_on_in_a_trial_is_off_again(stage: Stage) -> None:
    await stage.network.trial.call("Begin", 60)
    await stage.enable(**TLS)
    await stage.network.stands("secured")
    await stage.network.trial.call("RollBack")
    found = await stage.network.stands("off")
    assert found["Identity"] == ""
    assert stage.systemd.running == []


# --- not taken at all ---


async def test_what_is_not_complete_is_not_enabled(stage: Stage) -> None:
    error = await refusal(stage.enable(**PEAP))
    assert isinstance(error, Conflict)
    assert str(error) == "Password is missing; peap-mschapv2 needs it: set it first, with SetSecrets"
    error = await refusal(stage.enable(**{**TLS, "ClientCertificate": "nobody"}))
    assert isinstance(error, NotFound)
    assert str(error) == "there is no certificate nobody in the store"
    error = await refusal(stage.enable(**{**TLS, "ClientCertificate": "lab"}))
    assert isinstance(error, Conflict)
    assert str(error).startswith("the private key of the certificate lab is not here")
    assert (await stage.network.dot1x.all())["Method"] == "eap-tls"
    assert stage.systemd.running == []


async def test_a_certificate_that_is_gone_is_told_of(stage: Stage) -> None:
    await stage.enable(**TLS)
    await stage.network.stands("secured")
    await stage.store.remove("relay")
    await stage.network.dot1x.call("Authenticate")
    found = await stage.network.stands("unavailable")
    assert found["Reason"].startswith("there is no certificate relay in the store")


async def test_where_systemd_is_away_nothing_is_changed(stage: Stage) -> None:
    await stage.systemd.close()
    await stage.systemd.leave()
    error = await refusal(stage.enable(**TLS))
    assert isinstance(error, Unavailable)
    assert UNIT in str(error)
    found = await stage.network.dot1x.all()
    assert not found["Enabled"]
    assert found["State"] == "off"


def hide(program: str, pid: int) -> None:
    """Have a process find a program no more."""
    path = shutil.which(program)
    assert path
    subprocess.run(["nsenter", "-t", str(pid), "-m", "mount", "--bind", "/dev/null", path], check=True)


async def test_without_wpa_supplicant_it_is_not_enabled(stage: Stage) -> None:
    hide("wpa_supplicant", stage.network.pid)
    error = await refusal(stage.enable(**TLS))
    assert isinstance(error, Unavailable)
    assert str(error) == "wpa_supplicant is not installed; install the package wpasupplicant"
    found = await stage.network.dot1x.all()
    assert (found["Enabled"], found["State"]) == (False, "off")
    assert stage.systemd.running == []


async def test_macsec_is_refused_where_the_kernel_has_none(stage: Stage) -> None:
    await stage.network.dot1x.call("SetSecrets", {"Cak": "0123456789abcdef" * 2})
    if has_macsec():
        pytest.skip("this kernel has MACsec: see test_dot1x_macsec.py")
    error = await refusal(stage.enable(Method="macsec", Ckn="0a0b"))
    assert isinstance(error, NotSupported)
    assert "this kernel has no MACsec" in str(error)
    assert await stage.network.dot1x.get("Methods") == ["eap-tls", "peap-mschapv2"]


# --- axioctl ---


async def test_axioctl_does_all_of_it(stage: Stage, bus_address: str) -> None:
    async def axioctl(*words: str, text: str = "") -> str:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "axiod.cli", "--bus", bus_address, "dot1x", *words),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        out, err = await process.communicate(text.encode())
        assert process.returncode == 0, err.decode()
        return out.decode()

    await axioctl("set-secret", INTERFACE, "--password-stdin", text=f"{PASSWORD}\n")
    await axioctl(
        *("configure", INTERFACE, "--method", "peap-mschapv2", "--identity", USER, "--ca-certificates", "lab"),
        *("--enabled", "true"),
    )
    await stage.network.stands("secured")
    assert "secured" in await axioctl("list")
    assert PASSWORD not in await axioctl("show", INTERFACE)
    stage.lab.guard()
    await axioctl("authenticate", INTERFACE)
    await stage.network.stands("secured")
    await axioctl("off", INTERFACE)
    assert await stage.network.dot1x.get("State") == "off"
