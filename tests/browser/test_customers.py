"""Customers with the keys alone: found, changed, merged and taken apart again."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.browser.test_journey import arrive
from tests.house import House

Open = Callable[..., Page]
Problems = Callable[[Page], list[str]]


def customer(house: House, address: str) -> int:
    return house.count("SELECT customer_id FROM identity WHERE address = :address", address=address)


def test_somebody_is_found_and_changed_by_two(house: House, open_browser: Open, problems: Problems) -> None:
    arrive(house, 700, sender="João Conceição <joao700@olaria.example>")
    number = customer(house, "joao700@olaria.example")
    page = open_browser("/views/open")
    page.keyboard.press("g")
    page.keyboard.press("c")
    page.wait_for_url("**/customers")
    assert problems(page) == []
    page.keyboard.press("/")
    page.keyboard.type("joao conc")
    expect(page.locator("#people .listed")).to_have_count(1)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/customers/{number}")

    name, tier = page.locator("#fact-name-in"), page.locator("#fact-tier-in")
    name.fill("João da Conceição")
    name.press("Enter")
    expect(page.locator("#fact-name .fact-saved")).to_be_attached()
    expect(page.locator("h1")).to_contain_text("João da Conceição")
    tier.select_option("vip")
    expect(page.locator("h1 .tag-vip")).to_be_visible()
    page.locator("#fact-organisation-in").fill("Olaria Nova")
    page.keyboard.press("Tab")
    expect(page.locator("#fact-organisation [role=alert]")).to_be_visible()
    expect(page.locator("#fact-organisation-in")).to_be_focused()
    assert problems(page) == []
    page.get_by_role("button", name="Make it").click()
    expect(page.locator("#person-names")).to_contain_text("Olaria Nova")

    said = house.ask("PUT", f"/customers/{number}/facts/note", value="Call him.", was="")
    assert said.status_code == 200
    note = page.locator("#fact-note-in")
    note.fill("Write to him.")
    page.keyboard.press("Tab")
    expect(page.locator("#fact-note")).to_contain_text("Ada changed this meanwhile")
    expect(note).to_have_value("Call him.")
    page.get_by_role("button", name="Use mine").click()
    expect(note).to_have_value("Write to him.")
    expect(page.locator("#fact-note .notice")).to_have_count(0)


def test_two_become_one_and_two_again(house: House, open_browser: Open, problems: Problems) -> None:
    first = arrive(house, 710, sender="Rita Moraes <rita.moraes@home.example>")
    arrive(house, 711, sender="Rita M. <rita.moraes@work.example>")
    one, two = customer(house, "rita.moraes@home.example"), customer(house, "rita.moraes@work.example")
    page = open_browser(f"/views/open/tickets/{first}", theme="dark")
    page.locator("#customer .alike a").click()  # proposed beside the conversation
    page.wait_for_url(f"**/customers/{one}/merges/new?with={two}")
    assert problems(page) == []
    page.get_by_role("radio", name="Rita M.").check()
    page.get_by_role("button", name="Merge them").click()
    page.wait_for_url(f"**/customers/{one}")
    expect(page.locator("h1")).to_contain_text("Rita M.")
    expect(page.locator("#talk")).to_contain_text("2 conversations")
    assert problems(page) == []
    page.get_by_role("button", name="Take apart").click()
    expect(page.locator("h1")).to_contain_text("Rita Moraes")
    expect(page.locator("#talk")).to_contain_text("1 conversation")
    narrow = open_browser(f"/customers/{two}", width=390, height=844)
    expect(narrow.locator("h1")).to_contain_text("Rita M.")
    assert narrow.evaluate("document.documentElement.scrollWidth") <= 390
    assert problems(narrow) == []
