"""From a key pressed in the composer to the words being safe, in Chromium against a running house.

The clock starts with the last key of a word and stops when the page says *Saved*: the pause after which a
draft is saved, the request, and the page's own work. Beside it, from the same run: one bare PUT of the same
draft. What a save takes beyond its pause, in bare requests, is what the composer costs. Then the same in a
reply of 20,000 letters, where a save carries more and the editor has more to do.
"""

from __future__ import annotations

import re
import statistics
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from tests.browser.chromium import launch
from tests.house import ROOT, House, csrf, mail, wait_for

WORDS, LONG = 60, 20_000
LETTER = "Dear customer. " * (LONG // 15)
PAUSE = int(re.findall(r"SAVE_MS = (\d+)", (ROOT / "static/js/drafts.js").read_text())[0]) / 1000

WATCH = """() => {
  window.timed = {pressed: 0, saved: 0, frames: []};
  document.getElementById('draft').addEventListener('keydown', () => {
    const at = window.timed.pressed = performance.now();
    requestAnimationFrame(() => setTimeout(() => window.timed.frames.push(performance.now() - at)));
  }, {capture: true});
  const line = document.getElementById('saved');
  const note = () => { if (/[0-9]/.test(line.textContent)) window.timed.saved = performance.now(); };
  new MutationObserver(note).observe(line, {childList: true, subtree: true, characterData: true});
}"""
"""*Saving…* says no time of day, *Saved 10:41* does."""


def run() -> None:
    with (
        tempfile.TemporaryDirectory() as folder,
        House(Path(folder)) as house,
        sync_playwright() as playwright,
    ):
        house.deliver(mail(1))
        wait_for(lambda: house.count("SELECT count(*) FROM ticket") == 1, 20, house.said)
        floor = _floor(house)
        browser = launch(playwright.chromium)
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        page.context.add_cookies(house.cookies())
        for title, words in (("a short reply", ""), (f"one of {LONG:,} letters", LETTER)):
            _begin(page, house, words)
            _say(title, floor, *_measured(page))
        browser.close()


def _floor(house: House) -> float:
    """Seconds of one bare save, with nothing else to do."""
    headers = {"X-CSRFToken": csrf(house.page("/settings/me")), "Origin": house.url}
    took = []
    for number in range(WORDS):
        began = time.perf_counter()
        form = {"html": f"<p>bare {number}</p>", "hand": "bare"}
        answer = house.http.put(f"{house.url}/tickets/1/drafts/reply", data=form, headers=headers, timeout=20)
        assert answer.status_code == 200, answer.text[:300]
        took.append(time.perf_counter() - began)
    house.http.delete(f"{house.url}/tickets/1/drafts/reply?hand=bare", headers=headers, timeout=20)
    return statistics.median(took)


def _begin(page: Page, house: House, words: str) -> None:
    page.goto(f"{house.url}/views/open/tickets/1")
    page.locator("#draft").wait_for()
    page.wait_for_function("() => document.querySelector('#draft').isContentEditable")
    page.locator("#draft").click()
    page.keyboard.press("Control+A")
    page.keyboard.press("Delete")
    page.evaluate(WATCH)
    if words:
        page.keyboard.insert_text(words)


def _measured(page: Page) -> tuple[list[float], list[float]]:
    """Seconds from each word's last key to *Saved*, and from each key to the frame that shows it."""
    saves = []
    for number in range(WORDS):
        page.keyboard.type(f" w{number}", delay=15)
        page.wait_for_function("() => window.timed.saved > window.timed.pressed", timeout=20_000)
        saves.append(page.evaluate("() => window.timed.saved - window.timed.pressed") / 1000)
    return sorted(saves), sorted(took / 1000 for took in page.evaluate("() => window.timed.frames"))


def _say(title: str, floor: float, saves: list[float], frames: list[float]) -> None:
    p50, p95 = statistics.median(saves), saves[int(0.95 * len(saves))]
    print(
        f"{title}: key to saved p50 {1000 * p50:.0f} ms, p95 {1000 * p95:.0f} ms, of which the pause is "
        f"{1000 * PAUSE:.0f} ms; one bare save {1000 * floor:.0f} ms, so p50 is the pause and "
        f"{(p50 - PAUSE) / floor:.1f} of them, p95 {(p95 - PAUSE) / floor:.1f}; "
        f"key to screen p50 {1000 * statistics.median(frames):.0f} ms, "
        f"p95 {1000 * frames[int(0.95 * len(frames))]:.0f} ms",
        flush=True,
    )
