"""The audit page by hand: what was done stands there, filters find it, and it can be taken along."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.browser.test_journey import arrive
from tests.house import House

Open = Callable[..., Page]
Problems = Callable[[Page], list[str]]


def test_a_change_is_found_by_filter_and_taken_along(
    house: House, open_browser: Open, problems: Problems
) -> None:
    ticket = arrive(house, 910, sender="info910@queiroz.example")
    assert house.ask("POST", "/settings/topics", name="Returns").status_code == 200
    page = open_browser(f"/views/open/tickets/{ticket}")
    expect(page.locator("#draft")).to_be_attached()
    page.keyboard.press("Control+k")  # by the palette, as there is no key
    page.keyboard.type("topic")
    expect(page.locator("#palette-list [aria-selected=true]")).to_contain_text("Topic")
    page.keyboard.press("Enter")
    page.locator("#picker [role=option]", has_text="Returns").click()
    expect(page.locator("#pick-topic")).to_contain_text("Returns")

    page.goto(f"{house.url}/settings/audit")
    page.locator("#ticket").fill(f"#{ticket}")
    page.locator("#group").select_option("tickets")
    page.get_by_role("button", name="Show", exact=True).click()
    expect(page).to_have_url(re.compile("group=tickets"))
    row = page.locator(".audit-row", has_text="changed its topic")
    expect(row.locator("ins")).to_have_text("Returns")
    assert problems(page) == []
    with page.expect_download() as taken:
        page.get_by_role("button", name="JSON lines").click()
    rows = [json.loads(line) for line in Path(taken.value.path()).read_text().splitlines()]
    assert {row["ticket_id"] for row in rows} == {ticket}
    assert rows[0]["kind"] == "topic_set"

    page.get_by_role("link", name="Clear").click()
    expect(page.locator(".audit-row").first).to_contain_text("took data out")
    page.locator("#ticket").fill("cup")
    page.keyboard.press("Enter")
    field = page.locator("#ticket")
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(field).to_be_focused()
    assert problems(page) == []


def test_tags_are_merged_and_the_page_follows(house: House, open_browser: Open, problems: Problems) -> None:
    for number, name in ((911, "refund"), (912, "refunds")):
        ticket = arrive(house, number, sender=f"info{number}@queiroz.example")
        assert house.ask("POST", f"/tickets/{ticket}/tags", name=name).status_code == 200
    page = open_browser("/settings/tags", width=390, height=844)
    page.get_by_label("Tick refunds").check()
    page.get_by_label("Make the ticked ones one tag").select_option(label="refund")
    page.get_by_role("button", name="Merge").click()
    expect(page.locator(".notice")).to_contain_text("One tag became")
    expect(page.locator("#going .going")).to_have_count(0)
    page.reload()
    row = page.locator(".tag-rows > li", has_text="refund")
    expect(row).to_have_count(1)
    expect(row.locator(".tag-count")).to_have_text("2 conversations")
    row.locator("summary").first.click()
    row.get_by_text("Remove…").click()
    expect(row).to_contain_text("It goes from 2 conversations")
    assert problems(page) == []
