"""Two people at one conversation, and one person at two screens."""

from __future__ import annotations

import re
from collections.abc import Callable

import requests
from playwright.sync_api import Browser, Page, expect

from tests.browser.test_journey import arrive
from tests.house import House, csrf

Open = Callable[..., Page]
Problems = Callable[[Page], list[str]]

SHOWN = "#apart .apart-one:not([hidden])"


def colleague(house: House, chromium: Browser, path: str, name: str = "Rui Alves") -> Page:
    """A page of somebody who was invited and came."""
    address = f"{name.split()[0].lower()}@barro.example"
    page = house.ask("POST", "/settings/people", emails=f"{name} <{address}>", role="agent").text
    link = re.search(r"/invitations/[\w-]+", page)
    assert link, page[:1000]
    own, url = requests.Session(), house.url + link[0]
    form = {"name": name, "password": "uma xicara de barro", "language": "en", "zone": "UTC"}
    own.post(url, data={**form, "csrf_token": csrf(own.get(url).text)}, timeout=10)
    context = chromium.new_context(viewport={"width": 1440, "height": 900}, reduced_motion="reduce")
    context.add_cookies([{"name": c.name, "value": c.value or "", "url": house.url} for c in own.cookies])
    opened = context.new_page()
    opened.goto(house.url + path)
    return opened


def test_two_people_see_each_other_look_write_and_go(
    house: House, chromium: Browser, open_browser: Open, problems: Problems
) -> None:
    ticket = arrive(house, 700)
    ada = open_browser(f"/views/open/tickets/{ticket}")
    rui = colleague(house, chromium, "/views/open")
    row = rui.locator(f"#row-{ticket} .watcher")
    expect(row).to_have_attribute("title", "Ada Prado is here")
    rui.locator(f"#row-{ticket} a").click()
    expect(rui.locator("#watchers .watcher")).to_have_attribute("title", "Ada Prado is here")
    seen = ada.locator("#watchers .watcher")
    expect(seen).to_have_count(1)  # not herself
    expect(seen).to_have_attribute("title", "Rui Alves is here")
    rui.locator("#subject").focus()
    rui.keyboard.press("r")
    rui.keyboard.type("I have it")
    expect(seen).to_have_attribute("title", "Rui Alves is replying")
    expect(ada.locator("#beside")).to_contain_text("Rui Alves is replying")
    expect(ada.locator("#status")).to_contain_text("Rui Alves is replying")
    assert problems(ada) == []
    ada.keyboard.press("n")
    ada.keyboard.type("Ask about the glaze")
    mine = rui.locator("#watchers .watcher")
    expect(mine).to_have_attribute("title", "Ada Prado is writing a note")
    ada.keyboard.press("Control+Enter")
    expect(rui.locator("#turns [data-kind=note]")).to_contain_text("Ask about the glaze")
    expect(mine).to_have_attribute("title", "Ada Prado is here")
    rui.keyboard.press("Escape")
    expect(seen).to_have_attribute("title", "Rui Alves is here and has a draft")
    expect(ada.locator("#beside")).to_have_count(0)
    rui.context.close()
    expect(seen).to_have_attribute("title", "Rui Alves has a draft")
    expect(ada.locator(f"#row-{ticket} .watcher")).to_have_attribute("title", "Rui Alves has a draft")


def test_a_draft_follows_to_another_screen_and_overwrites_nothing(
    house: House, open_browser: Open, problems: Problems
) -> None:
    ticket = arrive(house, 701)
    laptop, phone = (open_browser(f"/views/open/tickets/{ticket}", width=width) for width in (1440, 390))
    laptop.keyboard.press("r")
    laptop.keyboard.type("From the laptop")
    expect(laptop.locator("#saved")).to_contain_text("Saved")
    expect(phone.locator("#draft")).to_have_text("From the laptop")  # nobody was at it
    phone.reload()
    expect(phone.locator("#draft")).to_have_text("From the laptop")
    phone.locator(".composer-short").click()
    phone.keyboard.type(" and the phone")
    expect(phone.locator("#saved")).to_contain_text("Saved")
    expect(phone.locator(SHOWN)).to_have_count(0)
    apart = laptop.locator(SHOWN).locator(".apart-text")
    expect(apart).to_have_text("From the laptop and the phone")  # its caret is here: it is only offered
    laptop.keyboard.type(", where I type on")
    expect(phone.locator(SHOWN)).to_contain_text("From the laptop, where I type on")
    expect(apart).to_have_text("From the laptop and the phone")
    expect(laptop.locator("#draft")).to_have_text("From the laptop, where I type on")
    assert problems(phone) == []
    laptop.locator(SHOWN).get_by_role("button", name="Use these words").click()
    expect(laptop.locator("#draft")).to_have_text("From the laptop and the phone")
    expect(apart).to_have_text("From the laptop, where I type on")
    laptop.locator(SHOWN).get_by_role("button", name="Throw away").click()
    expect(laptop.locator(SHOWN)).to_have_count(0)
    laptop.reload()
    expect(laptop.locator("#draft")).to_have_text("From the laptop and the phone")


def test_words_taken_back_stand_on_the_other_screen_too(house: House, open_browser: Open) -> None:
    ticket = arrive(house, 702)
    laptop, phone = (open_browser(f"/views/open/tickets/{ticket}", width=width) for width in (1440, 390))
    laptop.keyboard.press("r")
    laptop.keyboard.type("It leaves tomorrow")
    laptop.keyboard.press("Control+Shift+l")
    laptop.locator("#later-when").fill("tomorrow 9:15")
    expect(laptop.locator("#later-said")).to_contain_text("09:15")
    laptop.keyboard.press("Enter")
    for page in (laptop, phone):
        expect(page.locator("#turns article[data-own]")).to_contain_text("Leaves tomorrow 09:15")
        expect(page.locator("#draft")).to_have_text("")
    laptop.locator("#turns [data-do=undo-send]").click()
    for page in (laptop, phone):
        expect(page.locator("#draft")).to_have_text("It leaves tomorrow")
