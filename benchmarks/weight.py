"""What the inbox weighs on the way to a browser, and how soon one can work in it, cold and with a warm cache.

With 200 tickets, of which it shows fifty. *Ready* is when the first row can be focused and ``j`` moves.
The peer, from the same run and the same server: ``/login``, a page that asks the database nothing.
"""

from __future__ import annotations

import statistics
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, CDPSession, Page, sync_playwright

from benchmarks.mails import varied
from tests.browser.chromium import launch
from tests.house import House, wait_for

TICKETS, TIMES = 200, 7

MOVES = """() => new Promise((done) => {
  const try_ = () => {
    const row = document.querySelector('#rows .row a, #rows a');
    if (!row) return setTimeout(try_, 2);
    const before = document.activeElement;
    document.body.dispatchEvent(new KeyboardEvent('keydown', {key: 'j', bubbles: true, cancelable: true}));
    const at = document.activeElement;
    if (at !== before && at.closest('#rows')) return done(performance.now());
    setTimeout(try_, 2);
  };
  try_();
})"""

PAINTED = "() => performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 0"
LOADED = "() => performance.getEntriesByType('navigation')[0].loadEventEnd"


class Heard:
    """What goes over the wire, as the browser counts it."""

    def __init__(self, line: CDPSession) -> None:
        self.sizes: Counter[str] = Counter()
        self.plain: Counter[str] = Counter()
        self.requests = 0
        self._kind: dict[str, str] = {}
        line.on("Network.responseReceived", self._begun)
        line.on("Network.dataReceived", self._part)
        line.on("Network.loadingFinished", self._ended)
        line.send("Network.enable")

    def _begun(self, said: dict[str, Any]) -> None:
        served = said["response"]
        if served.get("fromDiskCache") or served["url"].startswith("data:"):
            return
        self._kind[said["requestId"]] = said["type"]
        self.requests += 1

    def _part(self, said: dict[str, Any]) -> None:
        if said["requestId"] in self._kind:
            self.plain[self._kind[said["requestId"]]] += said["dataLength"]

    def _ended(self, said: dict[str, Any]) -> None:
        if said["requestId"] in self._kind:
            self.sizes[self._kind[said["requestId"]]] += int(said["encodedDataLength"])

    def said(self) -> str:
        parts = [f"{kind.lower()} {self.sizes[kind] / 1000:.0f}" for kind in sorted(self.sizes)]
        return (
            f"{self.requests} requests, {sum(self.sizes.values()) / 1000:.0f} KB on the wire "
            f"({', '.join(parts)}), {sum(self.plain.values()) / 1000:.0f} KB unpacked"
        )


def run() -> None:
    with (
        tempfile.TemporaryDirectory() as folder,
        House(Path(folder)) as house,
        sync_playwright() as playwright,
    ):
        house.deliver(*varied(TICKETS))
        wait_for(lambda: house.count("SELECT count(*) FROM ticket") == TICKETS, 120, house.said)
        browser = launch(playwright.chromium)
        _weigh(browser, house)
        _time(browser, house)
        browser.close()


def _page(browser: Browser, house: House) -> Page:
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    page.context.add_cookies(house.cookies())
    return page


def _weigh(browser: Browser, house: House) -> None:
    page = _page(browser, house)
    for title in ("cold", "warm"):
        heard = Heard(page.context.new_cdp_session(page))
        page.goto(f"{house.url}/views/open")
        page.wait_for_load_state("networkidle")
        print(f"the inbox, {title}: {heard.said()}", flush=True)
        page.goto("about:blank")
    page.context.close()


def _time(browser: Browser, house: House) -> None:
    inbox: dict[str, list[tuple[float, float]]] = {"cold": [], "warm": []}
    peer: dict[str, list[float]] = {"cold": [], "warm": []}
    for _ in range(TIMES):
        page = _page(browser, house)
        for title in ("cold", "warm"):
            inbox[title].append(_ready(page, house))
        page.context.close()
        visitor = browser.new_page(viewport={"width": 1440, "height": 900})
        for title in ("cold", "warm"):
            visitor.goto(f"{house.url}/login")
            visitor.wait_for_load_state("load")
            peer[title].append(visitor.evaluate(LOADED))
        visitor.context.close()
    for title in ("cold", "warm"):
        ready, painted = (statistics.median(one[place] for one in inbox[title]) for place in (0, 1))
        static = statistics.median(peer[title])
        print(
            f"the inbox, {title}: ready (`j` moves) {ready:.0f} ms, first paint {painted:.0f} ms; "
            f"a page without rows loads in {static:.0f} ms: {ready / static:.1f} of it",
            flush=True,
        )


def _ready(page: Page, house: House) -> tuple[float, float]:
    """Milliseconds from the beginning of the navigation until `j` moved, and to the first paint."""
    page.goto(f"{house.url}/views/open", wait_until="commit")
    ready = float(page.evaluate(MOVES))
    painted = page.wait_for_function(PAINTED).json_value()
    return ready, float(painted)
