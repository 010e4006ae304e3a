"""The agents whose screens are drawn: Chromium, with a note of every row and turn as it comes to the DOM."""

from __future__ import annotations

from collections import Counter
from typing import Any

from playwright.sync_api import Browser, Page, Request

from benchmarks.live.line import route
from benchmarks.live.plan import PASSWORD, Seat

OBSERVE = """() => {
  window.rowsSeen = []; window.turnsSeen = [];
  const known = new Map();
  const note = () => {
    for (const row of document.querySelectorAll('#rows > .row')) {
      const version = Number(row.dataset.version);
      if (known.get(row.id) === version) continue;
      known.set(row.id, version);
      window.rowsSeen.push([Number(row.dataset.id), version, Date.now() / 1000]);
    }
    for (const turn of document.querySelectorAll('#turns > [id]')) {
      if (known.has(turn.id)) continue;
      known.set(turn.id, 0);
      window.turnsSeen.push([turn.id, Date.now() / 1000]);
    }
  };
  note();
  const all = {childList: true, subtree: true, attributes: true, attributeFilter: ['data-version']};
  for (const id of ['list', 'pane']) new MutationObserver(note).observe(document.getElementById(id), all);
}"""

SHOWN = """() => ({
  rows: [...document.querySelectorAll('#rows > .row:not(.is-leaving)')]
    .map((row) => [Number(row.dataset.id), Number(row.dataset.version)]),
  has_more: Boolean(document.getElementById('rows').dataset.next),
  turns: [...document.querySelectorAll('#turns > [id^=message-], #turns > [id^=event-]')]
    .map((one) => one.id),
  head: Number(document.getElementById('ticket-head')?.dataset.version ?? 0),
  counts: Object.fromEntries([...document.querySelectorAll('#views-nav > [data-count]')]
    .filter((one) => one.dataset.count).map((one) => [one.dataset.view, Number(one.dataset.count)])),
  badge: Number(document.getElementById('list-count')?.textContent || 0),
})"""


class Drawn:
    """One agent in a window of their own."""

    def __init__(self, browser: Browser, url: str, seat: Seat) -> None:
        self.url, self.seat = url, seat
        self.asked: Counter[str] = Counter()
        self.failed: Counter[str] = Counter()
        self.page: Page = browser.new_context(viewport={"width": 1440, "height": 900}).new_page()
        self._sign_in()
        self.page.goto(self._address())
        self.agent = int(self.page.get_attribute('meta[name="agent"]', "content") or 0)
        self.page.wait_for_timeout(1500)
        self.page.evaluate(OBSERVE)
        self.page.on("request", self._note)
        self.page.on("requestfailed", self._note_failed)

    def _sign_in(self) -> None:
        self.page.goto(f"{self.url}/login")
        self.page.fill("input[name=email]", self.seat.email)
        self.page.fill("input[name=password]", PASSWORD)
        self.page.press("input[name=password]", "Enter")
        self.page.wait_for_url(lambda url: "/login" not in url)

    def _address(self) -> str:
        beside = f"/tickets/{self.seat.ticket}" if self.seat.ticket else ""
        return f"{self.url}/views/{self.seat.view}{beside}"

    def _note(self, request: Request) -> None:
        self.asked[route(request.method, request.url.removeprefix(self.url))] += 1

    def _note_failed(self, request: Request) -> None:
        self.failed[f"{route(request.method, request.url.removeprefix(self.url))}: {request.failure}"] += 1

    def report(self) -> dict[str, Any]:
        rows, turns = self.page.evaluate("() => [window.rowsSeen, window.turnsSeen]")
        return {"agent": self.agent, "rows_seen": rows, "turns_seen": turns}

    def shown(self) -> dict[str, Any]:
        return dict(self.page.evaluate(SHOWN))

    def anew(self) -> dict[str, Any]:
        """The same page in a second window, so that this one stays as it is."""
        again = self.page.context.new_page()
        again.goto(self._address())
        found = dict(again.evaluate(SHOWN))
        again.close()
        return found
