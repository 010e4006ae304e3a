"""What an agent does at a human pace: types an answer or a note, tags, takes a ticket or gives it away."""

from __future__ import annotations

import random
import secrets

import gevent

from benchmarks.live import page
from benchmarks.live.browser import Browser
from benchmarks.live.line import COLLISION, Refused

TYPING, WORDS = 3.0, 2
"""A browser says every three seconds that somebody types; so often one act says it."""


def keep_acting(browser: Browser, seed: int, until: gevent.event.Event) -> None:
    """Until it is over, one thing after another on the open ticket."""
    dice = random.Random(seed)
    while not until.wait(dice.uniform(0.5, 1.5) * browser.seat.pace):
        try:
            dice.choices((_write, _write, _tag, _assign), (4, 2, 3, 2))[0](browser, dice)
        except Refused:
            continue  # counted; a colleague's newer message may have stopped it, which is right


def _write(browser: Browser, dice: random.Random) -> None:
    kind, post = dice.choice((("reply", "replies"), ("reply", "replies"), ("note", "notes")))
    base, hand = f"/tickets/{browser.seat.ticket}", secrets.token_hex(16)
    words, seen = "", browser.thread.last_message()
    for _ in range(WORDS):
        browser.say(kind)
        words += "<p>We are looking into it and will be back today.</p>"
        gevent.sleep(TYPING)
        browser.say_again()
        browser.http.ask("PUT", f"{base}/drafts/{kind}", {"html": words, "hand": hand, "base": ""})
    form = {"html": words, "key": secrets.token_hex(16), "hand": hand, "base": ""}
    if kind == "reply":
        form |= {"last_seen": str(seen), "then": "open"}
    try:
        browser.thread.apply(page.turns(_send(browser, f"{base}/{post}", form)))
    finally:
        browser.say()


def _send(browser: Browser, path: str, form: dict[str, str]) -> str:
    try:
        return browser.http.ask("POST", path, form)
    except Refused as refused:
        if refused.status != COLLISION:
            raise
        return browser.http.ask("POST", path, form | {"anyway": "1"})  # the writer has read it, and sends


def _tag(browser: Browser, dice: random.Random) -> None:
    name = {"name": dice.choice(("cracked", "late", "refund", "invoice", "present"))}
    browser.put_head(browser.http.ask("POST", f"/tickets/{browser.seat.ticket}/tags", name))


def _assign(browser: Browser, dice: random.Random) -> None:
    to = {"agent_id": str(dice.choice((browser.agent, browser.agent, "")))}
    browser.put_head(browser.http.ask("PUT", f"/tickets/{browser.seat.ticket}/assignee", to))
