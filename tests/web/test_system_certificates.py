# SPDX-License-Identifier: Apache-2.0
"""Certificates, with openssl as the authority."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playwright.async_api import expect

from tests.conftest import run
from tests.web.browser import visit

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.async_api import Locator, Page

    from tests.gateway.web_device import WebDevice


async def openssl(*words: str) -> str:
    """Run openssl, which must succeed."""
    done = await run("openssl", *words)
    assert done.code == 0, done.err
    return done.out


async def authority(folder: Path) -> tuple[str, str]:
    """Make an authority, and return the files of its key and certificate."""
    key, certificate = str(folder / "ca.key"), str(folder / "ca.pem")
    await openssl(
        *("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30", "-subj", "/CN=Authority"),
        *("-keyout", key, "-out", certificate),
    )
    return key, certificate


async def opened(page: Page, name: str) -> Locator:
    """Open the details of a certificate."""
    await visit(page, "system/certificates")
    await page.get_by_role("button", name=name, exact=True).click()
    return page.get_by_role("dialog")


async def remove(device: WebDevice, name: str) -> None:
    """Let HTTPS present the first one again, and remove a certificate."""
    await device.curl("/api/v1/web", "--request", "PATCH", "--json", '{"Certificate": "device"}', user="admin")
    await device.curl(f"/api/v1/certificates/{name}", "--request", "DELETE", user="admin")


async def test_one_is_made_chosen_and_removed(admin: Page, device: WebDevice) -> None:
    await visit(admin, "system/certificates")
    await admin.get_by_role("button", name="Make self-signed").click()
    dialog = admin.get_by_role("dialog")
    await dialog.get_by_label("Id", exact=True).fill("device")
    await dialog.get_by_label("Common name").fill("gate.example")
    await dialog.get_by_role("button", name="Make", exact=True).click()
    await expect(dialog.get_by_label("Id", exact=True)).to_have_attribute("aria-invalid", "true")
    await dialog.get_by_label("Id", exact=True).fill("gate")
    await dialog.get_by_role("button", name="Make", exact=True).click()
    await expect(admin.get_by_text("The certificate gate was made.")).to_be_visible()
    try:
        dialog = await opened(admin, "gate")
        await expect(dialog).to_contain_text("CN=gate.example")
        await dialog.get_by_role("button", name="Use for HTTPS").click()
        await expect(dialog).to_have_count(2)
        await dialog.last.get_by_role("button", name="Use for HTTPS").click()
        await expect(dialog.get_by_text("HTTPS uses this certificate.")).to_be_visible()
        await expect(dialog.get_by_role("button", name="Remove")).to_be_disabled()
        assert (await device.curl("/api/v1/web", user="admin")).json()["Certificate"] == "gate"
        await device.curl("/api/v1/web", "--request", "PATCH", "--json", '{"Certificate": "device"}', user="admin")
        await dialog.get_by_role("button", name="Remove").click()
        await expect(dialog.last).to_contain_text("“gate”")
        await dialog.last.get_by_role("button", name="Remove").click()
        await expect(admin.get_by_role("button", name="gate", exact=True)).to_have_count(0)
    finally:
        await remove(device, "gate")


async def test_an_authority_signs_one(admin: Page, device: WebDevice, tmp_path: Path) -> None:
    key, root = await authority(tmp_path)
    body = '{"Id": "signed", "CommonName": "gate.example"}'
    assert (await device.curl("/api/v1/certificates", "--json", body, user="admin")).status == 201
    try:
        dialog = await opened(admin, "signed")
        await dialog.get_by_role("button", name="Signing request").click()
        await dialog.get_by_label("Country").fill("DEU")
        await dialog.get_by_role("button", name="Make", exact=True).click()
        await expect(dialog.get_by_text("it must be two letters")).to_be_visible()
        await dialog.get_by_label("Country").fill("DE")
        await dialog.get_by_role("button", name="Make", exact=True).click()
        async with admin.expect_download() as loaded:
            await dialog.get_by_role("button", name="Download").click()
        request, certificate = tmp_path / "signed.csr", tmp_path / "signed.cer"
        await (await loaded.value).save_as(request)
        await openssl(
            *("x509", "-req", "-in", str(request), "-CA", root, "-CAkey", key, "-CAcreateserial"),
            *("-outform", "DER", "-out", str(certificate)),
        )
        await dialog.get_by_role("button", name="Close").first.click()
        dialog = await opened(admin, "signed")
        await dialog.get_by_role("button", name="Install signed").click()
        await dialog.get_by_role("button", name="Upload").click()
        await expect(dialog.get_by_text("Choose a file.")).to_be_visible()
        await dialog.get_by_label("File").set_input_files(certificate)
        await dialog.get_by_role("button", name="Upload").click()
        row = admin.get_by_role("row").filter(has=admin.get_by_role("button", name="signed", exact=True))
        await expect(row).to_contain_text("CN=Authority")
    finally:
        await remove(device, "signed")


async def test_a_pfx_is_uploaded_with_its_password(admin: Page, device: WebDevice, tmp_path: Path) -> None:
    key, root = await authority(tmp_path)
    file = str(tmp_path / "office.pfx")
    await openssl("pkcs12", "-export", "-inkey", key, "-in", root, "-out", file, "-passout", "pass:secret")
    await visit(admin, "system/certificates")
    await admin.get_by_role("button", name="Upload certificate").click()
    dialog = admin.get_by_role("dialog")
    await dialog.get_by_label("Id", exact=True).fill("office")
    await dialog.get_by_label("File", exact=True).set_input_files(file)
    await dialog.get_by_label("Password of the file").fill("wrong")
    await dialog.get_by_role("button", name="Upload").click()
    await expect(dialog.get_by_text("cannot be read")).to_be_visible()
    await dialog.get_by_label("Password of the file").fill("secret")
    await dialog.get_by_role("button", name="Upload").click()
    try:
        await expect(admin.get_by_role("button", name="office", exact=True)).to_be_visible()
    finally:
        await remove(device, "office")
