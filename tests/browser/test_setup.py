"""The first minutes of a company, in a browser: set up, invite a colleague, sign in and out."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.house import House, wait_for

Problems = Callable[[Page], list[str]]


@pytest.mark.parametrize(("language", "theme", "width"), [("pt-BR", "dark", 1440), ("en", "light", 390)])
def test_somebody_sets_it_up_and_is_in(
    empty_house: House, chromium: Browser, problems: Problems, language: str, theme: str, width: int
) -> None:
    link = wait_for(empty_house.setup_link, 20, empty_house.said)
    context = chromium.new_context(
        locale=language,
        timezone_id="America/Recife",
        color_scheme=theme,
        viewport={"width": width, "height": 850},
    )
    page = context.new_page()
    page.goto(link)
    assert page.evaluate("document.documentElement.lang") == language
    assert problems(page) == []
    expect(page.locator("[name=zone]")).to_have_value("America/Recife")
    expect(page.locator("[name=public_url]")).to_have_value(empty_house.url)

    page.locator("[name=name]").fill("Ada Prado")
    page.locator("[name=email]").fill("ada@barro.example")
    page.locator("[name=password]").fill("short")
    page.locator("[name=company]").fill("Barro & Linho")
    page.locator("[name=address]").fill("support@barro.example")
    page.locator("[type=submit]").click()
    expect(page.locator("[name=password]")).to_have_attribute("aria-invalid", "true")
    expect(page.locator("[name=password]")).to_be_focused()
    expect(page.locator("[name=company]")).to_have_value("Barro & Linho")
    assert problems(page) == []

    page.locator("[name=password]").fill("travessao de barro")
    page.locator("[type=submit]").click()
    expect(page).to_have_url(re.compile("/views/"))
    expect(page.locator("body")).to_contain_text("support@barro.example")
    assert problems(page) == []
    page.goto(link)
    expect(page.locator("[name=password]")).to_have_count(0)
    assert "/views/" not in page.url
    context.close()


def test_a_colleague_is_invited_comes_in_and_goes(
    house: House, chromium: Browser, open_browser: Callable[..., Page], problems: Problems
) -> None:
    admin = open_browser("/settings/people")
    admin.get_by_label("E-mail addresses").fill("Grace Lima <grace@barro.example>")
    admin.get_by_role("button", name="Make an invitation").click()
    shown = admin.get_by_label("Grace Lima")
    expect(shown).to_have_value(re.compile(rf"^{re.escape(house.url)}/invitations/[\w-]+$"))

    context = chromium.new_context(locale="en", color_scheme="dark")
    page = context.new_page()
    page.goto(shown.input_value())
    assert problems(page) == []
    page.locator("[name=password]").fill("linho e algodao")
    page.locator("[type=submit]").click()
    expect(page).to_have_url(re.compile("/views/"))
    page.goto(f"{house.url}/settings/people")
    expect(page.locator("h1, h2").first).to_be_visible()
    expect(page.locator("[name=emails]")).to_have_count(0)  # for admins only
    page.goto(f"{house.url}/settings/me")
    page.get_by_role("button", name=re.compile("sign out$", re.IGNORECASE)).first.click()
    expect(page).to_have_url(re.compile("/login"))
    page.goto(f"{house.url}/views/open")
    expect(page).to_have_url(re.compile(r"/login\?next="))
    page.locator("[name=email]").fill("grace@barro.example")
    page.locator("[name=password]").fill("linho e algodao")
    page.locator("[type=submit]").click()
    expect(page).to_have_url(re.compile("/views/open"))
    context.close()
