"""From "250" to the row in an open browser, with 200 more sockets watching the same view.

One mail at a time, every half second or so: the clock starts when the listener has answered 250 and stops
when Chromium has the row in its DOM (a MutationObserver notes it; both clocks are this machine's).
Beside it, from the same run: the time of one plain GET of the rows, which every live update contains.
"""

from __future__ import annotations

import contextlib
import random
import smtplib
import statistics
import tempfile
import threading
import time
from pathlib import Path

import simple_websocket
from playwright.sync_api import Page, sync_playwright

from tests.browser.chromium import launch
from tests.house import House, mail, wait_for

SOCKETS, MAILS = 200, 60
OBSERVE = """() => {
  window.seen = {};
  const note = () => { for (const row of document.querySelectorAll('#rows .row-subject')) {
    const found = row.textContent.match(/token-(-?\\d+)-x/);
    if (found && !(found[1] in window.seen)) window.seen[found[1]] = Date.now();
  } };
  note();
  const all = {childList: true, subtree: true, characterData: true};
  new MutationObserver(note).observe(document.getElementById('list'), all);
}"""


def run() -> None:
    with (
        tempfile.TemporaryDirectory() as folder,
        House(Path(folder)) as house,
        sync_playwright() as playwright,
    ):
        house.deliver(mail(-1))
        wait_for(lambda: house.count("SELECT count(*) FROM ticket") == 1, 20, house.said)
        watchers = [Watcher(house) for _ in range(SOCKETS)]
        browser = launch(playwright)
        page = browser.new_page()
        page.context.add_cookies(house.cookies())
        page.goto(f"{house.url}/views/open")
        page.wait_for_timeout(1000)
        page.evaluate(OBSERVE)
        measured = sorted(_one(house, page, number) for number in range(1, MAILS + 1))
        began = time.perf_counter()
        for _ in range(20):
            house.page("/views/open/_rows?ids=1")
        rows = (time.perf_counter() - began) / 20
        heard = statistics.mean(watcher.heard for watcher in watchers)
        print(
            f"{MAILS} mails, {SOCKETS} sockets beside the browser (each heard {heard:.0f}): "
            f"p50 {1000 * statistics.median(measured):.0f} ms, "
            f"p95 {1000 * measured[int(0.95 * MAILS)]:.0f} ms, "
            f"max {1000 * measured[-1]:.0f} ms; one GET of a row {1000 * rows:.0f} ms "
            f"(p50 is {statistics.median(measured) / rows:.1f} of them)"
        )
        for watcher in watchers:
            watcher.close()
        browser.close()


def _one(house: House, page: Page, number: int) -> float:
    with smtplib.LMTP("127.0.0.1", house.mail_port) as server:
        server.sendmail("x@queiroz.example", ["support@barro.example"], mail(number))
        accepted = time.time()
    page.wait_for_function("number => number in window.seen", arg=str(number), timeout=10_000)
    shown = page.evaluate("number => window.seen[number]", str(number)) / 1000
    time.sleep(random.uniform(0.3, 0.7))
    return shown - accepted


class Watcher:
    """A signed-in socket that watches the open view and counts what it hears."""

    def __init__(self, house: House) -> None:
        self.heard = 0
        cookie = "; ".join(f"{c.name}={c.value}" for c in house.http.cookies)
        self.socket = simple_websocket.Client(
            f"{house.url.replace('http', 'ws')}/socket.io/?EIO=4&transport=websocket",
            headers={"Cookie": cookie, "Origin": house.url},
        )
        self.socket.send("40")
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        with contextlib.suppress(simple_websocket.ConnectionClosed):
            while (frame := str(self.socket.receive())) is not None:
                if frame == "2":
                    self.socket.send("3")
                elif frame.startswith("40"):
                    self.socket.send('42["watch",{"view":"open"}]')
                elif frame.startswith('42["changed"'):
                    self.heard += 1

    def close(self) -> None:
        with contextlib.suppress(Exception):
            self.socket.close()
