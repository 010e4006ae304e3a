"""A browser that is turned on by a click, and shows what the worker sends, with the page closed or not."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.chromium import executable, launch
from tests.house import House, wait_for
from tests.peers.push import PushService, Subscriber

Open = Callable[..., Page]
Problems = Callable[[Page], list[str]]
T = TypeVar("T")

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


@pytest.fixture(scope="module")
def chromium(launched: Browser) -> Iterator[Browser]:
    """What has no windows has no notifications."""
    if executable(whole=True) is None:
        pytest.skip("no whole Chromium on this machine")
    whole = launch(launched.browser_type, whole=True)
    yield whole
    whole.close()


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
    assert deliver(page, house.url, said) == {"Title": said["title"], "Body": said["body"]}
    shown = "navigator.serviceWorker.ready.then(r => r.getNotifications()).then(all => all.map(n => n.title))"
    assert page.evaluate(shown) == [said["title"]]
    page.get_by_role("button", name="Turn off here").click()
    expect(page.get_by_role("button", name="Turn on here")).to_be_visible()
    assert house.count("SELECT count(*) FROM subscription") == 0


def deliver(page: Page, origin: str, said: Any) -> dict[str, str]:
    """Hand a message to the service worker, as the browser would that got it: what it then displayed.

    The page is not asked for its notifications until then: what Chromium has kept and not displayed yet it
    throws away when asked, and never displays.
    """
    tools = page.context.new_cdp_session(page)
    workers: list[str] = []
    displayed: list[dict[str, str]] = []
    tools.on(
        "ServiceWorker.workerRegistrationUpdated",
        lambda event: workers.extend(one["registrationId"] for one in event["registrations"]),
    )
    tools.on(
        "BackgroundService.backgroundServiceEventReceived",
        lambda event: displayed.append(
            {entry["key"]: entry["value"] for entry in event["backgroundServiceEvent"]["eventMetadata"]}
        ),
    )
    tools.send("ServiceWorker.enable")
    tools.send("BackgroundService.startObserving", {"service": "notifications"})
    tools.send("BackgroundService.setRecording", {"service": "notifications", "shouldRecord": True})
    worker = first(page, workers)
    message = {"origin": origin, "registrationId": worker, "data": json.dumps(said)}
    tools.send("ServiceWorker.deliverPushMessage", message)
    return first(page, displayed)


def first(page: Page, events: list[T]) -> T:
    """The first of what a browser tells, which arrives only while it is waited for."""
    return wait_for(lambda: page.wait_for_timeout(20) or events, 20)[0]
