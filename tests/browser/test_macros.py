"""A macro from `/` to the sent reply: what it says, what it does, what stops it, and Undo."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.browser.test_journey import arrive
from tests.house import House

Open = Callable[..., Page]
Problems = Callable[[Page], list[str]]


def make(house: House, **fields: str) -> None:
    assert house.ask("POST", "/settings/macros", whose="0", **fields).status_code == 200


def test_a_slash_finds_it_and_the_reply_does_it(house: House, open_browser: Open, problems: Problems) -> None:
    make(house, name="Troca de peça", html_en="<p>Dear {{customer.first_name}}, sorry.</p>", tag="swap")
    make(house, name="Take it", assign="me", priority="urgent")
    ticket = arrive(house, 900, sender="info900@queiroz.example")
    page = open_browser(f"/views/open/tickets/{ticket}")
    menu, draft, waiting = page.locator("#macros"), page.locator("#draft"), page.locator("#pending")
    expect(draft).to_be_attached()
    page.locator("#subject").click()
    page.keyboard.press("m")
    page.keyboard.type("take")
    expect(menu.locator("[role=option]")).to_have_count(1)
    assert problems(page) == []
    page.keyboard.press("Enter")  # no words: done at once
    expect(page.locator("#pick-priority")).to_contain_text("Urgent")
    expect(page.locator(".toast").last).to_contain_text("Take it")
    page.keyboard.press("z")
    expect(page.locator("#pick-priority")).to_contain_text("Normal")

    draft.click()
    page.keyboard.type("and/or ")
    expect(menu).to_be_hidden()
    page.keyboard.type("/peca")  # accents do not matter
    expect(menu.locator("[aria-selected=true]")).to_contain_text("Troca de peça")
    page.keyboard.press("Enter")
    expect(draft).to_contain_text("and/or Dear {{customer.first_name}}, sorry.")
    expect(waiting).to_contain_text("Tag swap")
    page.keyboard.press("Control+Enter")  # they gave no name
    expect(page.locator("#composer-problem")).to_contain_text("{{customer.first_name}}")
    page.keyboard.type("friend")  # in its place
    expect(page.locator("#gaps")).to_be_hidden()
    page.keyboard.press("Control+Enter")
    expect(page.locator("#turns article[data-kind=reply]").last).to_contain_text("Dear friend, sorry.")
    expect(page.locator("#pick-tags")).to_contain_text("swap")
    expect(page.locator(".toast").last).to_contain_text("Sending")
    page.keyboard.press("z")
    expect(waiting).to_contain_text("Tag swap")
    expect(page.locator("#pick-tags")).not_to_contain_text("swap")


def test_a_slash_finds_it_in_a_new_conversation_too(
    house: House, open_browser: Open, problems: Problems
) -> None:
    make(house, name="Boas-vindas", html_en="<p>Dear {{customer.first_name}}, welcome.</p>")
    page = open_browser("/new?to=Lia%20Prado%20%3Clia@prado.example%3E")
    menu, draft = page.locator("#macros"), page.locator("#draft")
    draft.click()
    page.keyboard.type("/boas")
    expect(menu.locator("[aria-selected=true]")).to_contain_text("Boas-vindas")
    assert problems(page) == []
    page.keyboard.press("Enter")
    expect(draft).to_have_text("Dear Lia, welcome.")
    page.locator("[data-do=macros]").click()
    page.keyboard.type("boas")
    page.keyboard.press("Enter")
    expect(draft).to_contain_text("welcome.Dear Lia")
    page.locator("[name=subject]").fill("Welcome")
    draft.click()
    page.keyboard.press("Control+Enter")
    expect(page.locator("#turns")).to_contain_text("Dear Lia, welcome.")
