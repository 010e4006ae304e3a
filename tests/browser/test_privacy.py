"""A person asks to be erased: who works here alone does it, from the customer's page to the tombstone."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.browser.test_journey import arrive
from tests.house import ADMIN, House

Open = Callable[..., Page]
Problems = Callable[[Page], list[str]]


def test_a_person_is_erased_from_their_page(house: House, open_browser: Open, problems: Problems) -> None:
    ticket = arrive(house, 4800, sender="erase@queiroz.example")
    whose = "SELECT customer_id FROM identity JOIN ticket ON identity_id = identity.id"
    number = house.count(f"{whose} WHERE ticket.id = {ticket}")
    page = open_browser(f"/customers/{number}")
    page.get_by_role("link", name="Erase").click()
    expect(page.get_by_role("heading", name="Erase this person")).to_be_visible()
    expect(page.locator(".weigh")).to_contain_text("erase@queiroz.example")
    expect(page.locator(".notice")).to_contain_text("would be closed")
    assert problems(page) == []
    page.get_by_role("button", name="Erase").click()
    expect(page.locator(".problem").first).to_contain_text("Say how you know")
    expect(page.get_by_label("They came in person")).not_to_be_checked()
    expect(page.locator(":focus")).to_have_attribute("name", "proof")
    page.get_by_label("They came in person").check()
    page.get_by_label("Type the customer’s number").fill(str(number))
    page.get_by_label("Your password").fill(ADMIN["password"])
    page.get_by_role("button", name="Erase").click()
    request = page.locator("#request")
    expect(request).to_contain_text("alone, with their password")
    expect(request).to_contain_text("before the files go", timeout=60_000)
    assert problems(page) == []
    page.goto(f"{house.url}/tickets/{ticket}")
    expect(page.locator("#ticket-head")).to_contain_text("Erased")
    expect(page.locator(".letter").first).to_contain_text("What was said here was erased.")


def test_the_privacy_page_on_a_phone_and_what_a_rule_would_do(open_browser: Open, problems: Problems) -> None:
    page = open_browser("/settings/privacy", width=390, height=844)
    expect(page.get_by_role("heading", name="How long things are kept")).to_be_visible()
    page.get_by_label("Spam").fill("thirty")
    page.get_by_role("button", name="See what this would do").click()
    expect(page.locator(":focus")).to_have_attribute("name", "spam")
    page.get_by_label("Spam").fill("30")
    page.get_by_role("button", name="See what this would do").click()
    expect(page.locator(".dry")).to_contain_text("older than 30 days")
    assert problems(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".notice-ok")).to_contain_text("Saved.")
    expect(page.get_by_label("Spam")).to_have_value("30")
