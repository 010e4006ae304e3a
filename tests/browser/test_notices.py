"""From a mention to the bell, the centre and a browser that is told: two people and a push service."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.test_journey import arrive
from tests.browser.test_presence import colleague
from tests.house import House, wait_for
from tests.peers.push import PushService, Subscriber

Open = Callable[..., Page]
Problems = Callable[[Page], list[str]]

FAKED = """
PushManager.prototype.getSubscription = async () => (localStorage.faked ? made : null);
PushManager.prototype.subscribe = async () => { localStorage.faked = "yes"; return made; };
const made = { endpoint: "%(endpoint)s", options: {},
  unsubscribe: async () => { delete localStorage.faked; return true; },
  toJSON: () => ({ endpoint: "%(endpoint)s", keys: { p256dh: "%(p256dh)s", auth: "%(auth)s" } }) };
"""
"""No browser of a test has a push service of its own: this one subscribes at ours."""


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PushService]:
    with PushService(tmp_path_factory.mktemp("push"), "localhost") as made:
        yield made


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, service: PushService) -> Iterator[House]:
    variables = {
        "PROSA__NOTICES__PUSH_HOSTS": f"localhost:{service.port}",
        "PROSA__FETCH__PRIVATE_HOSTS": "localhost",
        "SSL_CERT_FILE": str(service.trusted),
    }
    with House(tmp_path_factory.mktemp("house"), **variables) as made:
        yield made


def write_note(page: Page, before: str, name: str, after: str) -> None:
    page.locator("#subject").click()
    page.keyboard.press("n")
    page.keyboard.type(before + "@")
    expect(page.locator("#mentions")).to_be_visible()
    page.keyboard.type(name)
    expect(page.locator("#mentions [aria-selected=true]")).to_have_count(1)
    page.keyboard.press("Enter")
    page.keyboard.type(after)


def test_a_mention_rings_the_bell_and_reading_it_stills_it_in_every_window(
    house: House, chromium: Browser, open_browser: Open, problems: Problems
) -> None:
    first, second = (arrive(house, n, sender=f"info{n}@queiroz.example") for n in (800, 801))
    his = colleague(house, chromium, "/notices")
    expect(his.locator(".empty")).to_contain_text("Nothing to tell you.")
    assert problems(his) == []
    for ticket in (first, second):
        page = open_browser(f"/views/open/tickets/{ticket}")
        write_note(page, "Dear ", "alv", "look at this")
        expect(page.locator("#draft data")).to_have_text("@Rui Alves")
        page.keyboard.press("Control+Enter")
        expect(page.locator("#turns article.note data")).to_have_text("@Rui Alves")
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


def test_a_browser_is_turned_on_by_a_click_and_shows_what_the_worker_sends(
    house: House, service: PushService, open_browser: Open, problems: Problems
) -> None:
    chrome = Subscriber("/chrome", port=service.port, host="localhost")
    page = open_browser("/settings/notices")
    context = page.context
    context.grant_permissions(["notifications"], origin=house.url)
    context.add_init_script(FAKED % {"endpoint": chrome.endpoint, **chrome.keys})
    page.reload()
    registered = "navigator.serviceWorker.getRegistrations().then(all => all.length)"
    assert page.evaluate(registered) == 0  # nobody asked
    assert problems(page) == []
    page.get_by_role("button", name="Turn on here").click()
    expect(page.locator(".push-browsers .chip-ok")).to_have_text("this one")
    assert problems(page) == []
    page.get_by_role("button", name="Try it").click()
    taken = wait_for(lambda: service.taken, 20, house.said)[0]
    said = chrome.read(taken)
    assert said["url"] == "/settings/notices" and taken.signed()
    deliver(page, house.url, said)
    shown = "navigator.serviceWorker.ready.then(r => r.getNotifications()).then(all => all.map(n => n.title))"
    wait_for(lambda: said["title"] in page.evaluate(shown), 20)
    page.get_by_role("button", name="Turn off here").click()
    expect(page.get_by_role("button", name="Turn on here")).to_be_visible()
    assert house.count("SELECT count(*) FROM subscription") == 0


def deliver(page: Page, origin: str, said: Any) -> None:
    """Hand a message to the service worker, as the browser would that got it."""
    tools = page.context.new_cdp_session(page)
    found: list[str] = []
    tools.on(
        "ServiceWorker.workerRegistrationUpdated",
        lambda event: found.extend(one["registrationId"] for one in event["registrations"]),
    )
    tools.send("ServiceWorker.enable")
    deadline = time.monotonic() + 60
    while not found and time.monotonic() < deadline:
        page.wait_for_timeout(50)
    message = {"origin": origin, "registrationId": found[0], "data": json.dumps(said)}
    tools.send("ServiceWorker.deliverPushMessage", message)
