"""From a mention to the bell, the centre and a browser that is told: two people and a push service."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Browser, Page, Route, expect

from tests.browser.test_journey import arrive
from tests.browser.test_presence import colleague
from tests.house import House

Open = Callable[..., Page]
Problems = Callable[[Page], list[str]]


def write_note(page: Page, before: str, name: str, after: str) -> None:
    page.locator("#subject").click()
    page.keyboard.press("n")
    page.keyboard.type(before + "@")
    expect(page.locator("#mentions")).to_be_visible()
    page.keyboard.type(name)
    expect(page.locator("#mentions [aria-selected=true]")).to_have_count(1)
    page.keyboard.press("Enter")
    page.keyboard.type(after)


def mention(open_browser: Open, ticket: int, name: str = "Rui Alves") -> None:
    page = open_browser(f"/views/open/tickets/{ticket}")
    write_note(page, "Dear ", name.split()[1][:3].lower(), "look at this")
    expect(page.locator("#draft data")).to_have_text(f"@{name}")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#turns article.note data")).to_have_text(f"@{name}")


def test_a_mention_rings_the_bell_and_reading_it_stills_it_in_every_window(
    house: House, chromium: Browser, open_browser: Open, problems: Problems
) -> None:
    first, second = (arrive(house, n, sender=f"info{n}@queiroz.example") for n in (800, 801))
    his = colleague(house, chromium, "/notices")
    expect(his.locator(".empty")).to_contain_text("Nothing to tell you.")
    assert problems(his) == []
    for ticket in (first, second):
        mention(open_browser, ticket)
    expect(his.locator("#bell .badge")).to_have_text("2")
    expect(his.locator(".told.is-new")).to_have_count(2)
    assert problems(his) == []
    his.set_viewport_size({"width": 390, "height": 844})
    his.goto(f"{house.url}/views/open")  # on a phone the bell stands above the list
    expect(his.get_by_role("link", name="Notices, 2 new")).to_have_text("2")
    assert problems(his) == []
    his.set_viewport_size({"width": 1440, "height": 900})
    his.goto(f"{house.url}/notices")
    his.keyboard.press("j")
    his.keyboard.press("Enter")
    his.wait_for_url(f"**/tickets/{second}*")
    expect(his.locator("#bell .badge")).to_have_text("1")  # opened, so read
    his.keyboard.press("g")
    his.keyboard.press("m")
    his.wait_for_url("**/notices?show=mentions")
    expect(his.locator(".told.is-new")).to_have_count(1)
    his.keyboard.press("j")
    his.keyboard.press("e")
    expect(his.locator(".told")).to_have_count(1)
    expect(his.locator(".toast").last).to_contain_text("Put away")
    his.keyboard.press("z")
    expect(his.locator(".told")).to_have_count(2)
    his.keyboard.press("Shift+A")
    expect(his.locator("#bell .badge")).to_have_count(0)
    expect(his.locator(".told.is-new")).to_have_count(0)


def test_what_is_put_away_stays_away_though_the_list_is_drawn_anew_meanwhile(
    house: House, chromium: Browser, open_browser: Open
) -> None:
    first, second = (arrive(house, n, sender=f"info{n}@queiroz.example") for n in (805, 806))
    hers = colleague(house, chromium, "/notices", "Bia Serpa")
    mention(open_browser, first, "Bia Serpa")
    expect(hers.locator(".told")).to_have_count(1)
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    hers.route("**/notices/*/done", hold)
    hers.keyboard.press("j")
    hers.keyboard.press("e")
    mention(open_browser, second, "Bia Serpa")
    expect(hers.locator(".told")).to_have_count(2)  # with the one that leaves
    expect(hers.locator(".told.is-leaving")).to_have_count(1)
    held[0].continue_()
    expect(hers.locator(".toast").last).to_contain_text("Put away")
    expect(hers.locator(".told")).to_have_count(1)


def test_a_mention_in_a_reply_offers_the_note(house: House, open_browser: Open) -> None:
    page = open_browser(f"/views/open/tickets/{arrive(house, 810, sender='info810@queiroz.example')}")
    page.locator("#subject").click()
    page.keyboard.press("r")
    page.keyboard.type("Dear @")
    expect(page.locator("#mention-switch")).to_be_visible()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.locator("#composer")).to_have_attribute("data-kind", "note")
    expect(page.locator("#draft")).to_have_text("@")
    page.locator("#subject").click()
    page.keyboard.press("w")
    expect(page.locator(".followed")).to_be_visible()
