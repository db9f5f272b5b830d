# SPDX-License-Identifier: Apache-2.0
"""The catalogue of texts: the same in every language, and with everything that views ask for by name."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from tests.web.views import WEB

if TYPE_CHECKING:
    from playwright.async_api import Page

LANGUAGES = sorted(folder.name for folder in (WEB / "i18n").iterdir())
SECTIONS = sorted(file.stem for file in (WEB / "i18n" / "en").glob("*.js"))
_NAMED = re.compile(r'\bt\(\s*"([a-z]+)\.([\w-]+)"')
_PLACE = re.compile(r"\{(\w+)\}")


async def texts(page: Page, language: str, section: str) -> dict[str, Any]:
    """Return the texts of a section, as the page loads them."""
    await page.goto("/")
    found: dict[str, Any] = await page.evaluate(
        "address => import(address).then((found) => found.default)", f"/i18n/{language}/{section}.js"
    )
    return found


def places(text: str | dict[str, str]) -> set[str]:
    """Return what a text leaves open."""
    forms = [text] if isinstance(text, str) else text.values()
    return {name for form in forms for name in _PLACE.findall(form)}


@pytest.mark.parametrize("section", SECTIONS)
async def test_every_language_says_the_same(page: Page, section: str) -> None:
    english = await texts(page, "en", section)
    for language in LANGUAGES:
        other = await texts(page, language, section)
        assert other.keys() == english.keys(), language
        for name, text in english.items():
            assert places(other[name]) == places(text), f"{language}: {section}.{name}"


async def test_what_views_say_is_in_the_catalogue(page: Page) -> None:
    english = {section: await texts(page, "en", section) for section in SECTIONS}
    missing = [
        f"{file.relative_to(WEB)}: {section}.{name}"
        for file in WEB.rglob("*.js")
        for section, name in _NAMED.findall(file.read_text())
        if name not in english.get(section, {})
    ]
    assert not missing
