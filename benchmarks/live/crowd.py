"""The process in which all agents sit who are not in Chromium: told what to do a line at a time.

``python -m benchmarks.live.crowd URL``, then on its standard input commands in JSON, each answered by one
line of JSON. It ends when its input does, so it never outlives who started it.
"""

from __future__ import annotations

if __name__ == "__main__":
    from gevent import monkey

    monkey.patch_all()

import json
import sys
import time
from collections import Counter
from typing import Any

import gevent
from gevent.event import Event
from gevent.fileobject import FileObject
from gevent.pool import Pool

from benchmarks.live.acts import keep_acting
from benchmarks.live.browser import Browser
from benchmarks.live.line import Http, Socket, Tally
from benchmarks.live.plan import Seat

AT_ONCE = 8
"""So many sign in, or connect, side by side."""


class Crowd:
    """All of them, and the sockets that only listen."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.browsers: list[Browser] = []
        self.idle: list[Socket] = []
        self.quiet = Event()
        self.first = Tally()
        self.first_heard = 0.0

    def sit(self, seats: list[dict[str, Any]]) -> dict[str, Any]:
        """Everybody signs in and opens their page."""
        self.browsers = [Browser(self.url, Seat(**seat), n) for n, seat in enumerate(seats)]
        pool = Pool(AT_ONCE)
        for each in (Browser.sign_in, Browser.open):
            pool.map(each, self.browsers)
        with gevent.Timeout(60):
            while not all(one.socket and one.socket.is_there for one in self.browsers):
                gevent.sleep(0.05)
        return {"agents": [one.agent for one in self.browsers]}

    def begin(self, seed: int) -> dict[str, Any]:
        """From here on it is counted, and those who do something begin."""
        for number, browser in enumerate(self.browsers):
            tally = browser.tally
            tally.took, tally.failed, tally.heard, tally.lost = {}, Counter(), Counter(), 0
            if browser.seat.pace and browser.seat.ticket:
                gevent.spawn(keep_acting, browser, seed + number, self.quiet)
        return {}

    def there(self) -> dict[str, Any]:
        """Whether every socket is connected."""
        return {"all": all(one.socket and one.socket.is_there for one in self.browsers)}

    def stop(self) -> dict[str, Any]:
        """Nobody does anything any more; they all stay and look."""
        self.quiet.set()
        return {}

    def calm(self, seconds: float, most: float) -> dict[str, Any]:
        """Wait until every screen has asked what it wanted to ask, and it stays so for these seconds."""
        began = since = time.monotonic()
        while time.monotonic() - since < seconds and time.monotonic() - began < most:
            gevent.sleep(0.05)
            if not all(one.is_calm() for one in self.browsers):
                since = time.monotonic()
        return {"after": since - began}

    def report(self) -> dict[str, Any]:
        """What was asked, heard and seen until now."""
        return {
            "cpu": time.process_time(),
            "browsers": [
                {
                    "agent": one.agent,
                    "rows_seen": one.rows_seen,
                    "turns_seen": one.turns_seen,
                    "took": one.tally.took,
                    "failed": one.tally.failed,
                    "heard": one.tally.heard,
                    "lost": one.tally.lost,
                }
                for one in self.browsers
            ],
        }

    def shown(self) -> dict[str, Any]:
        """Every screen, and the same page loaded anew."""
        return {
            "browsers": [
                {"agent": one.agent, "shown": one.shown(), "anew": one.anew()} for one in self.browsers
            ]
        }

    def listen(self, sockets: int) -> dict[str, Any]:
        """Open so many more sockets that watch everything that is open, and do nothing."""
        began = time.perf_counter()
        Pool(AT_ONCE).map(self._listen, range(sockets))
        return {"seconds": time.perf_counter() - began, "there": sum(one.is_there for one in self.idle)}

    def _listen(self, number: int) -> None:
        like = self.browsers[number % len(self.browsers)].http
        quiet = Http(self.url, self.first, like.forwarded_for)
        quiet.cookies = like.cookies
        there = Event()

        def came() -> None:
            made.emit("watch", {"view": "open", "ticket": None}, there.set)

        made = Socket(quiet, came, self._hears)
        self.idle.append(made)
        there.wait(30)

    def _hears(self, event: str, _value: Any) -> None:
        if event == "changed" and not self.first_heard:
            self.first_heard = time.time()

    def listening(self) -> dict[str, Any]:
        return {"there": sum(one.is_there for one in self.idle), "heard": dict(self.first.heard)}

    def leave(self) -> dict[str, Any]:
        for one in (*self.browsers, *self.idle):
            one.close()
        return {}


def main(url: str) -> None:
    crowd = Crowd(url)
    for line in FileObject(sys.stdin.buffer, "rb"):
        name, *values = json.loads(line)
        try:
            answer = getattr(crowd, name)(*values)
        except Exception as problem:  # the one who asked says what went wrong, and ends us
            answer = {"problem": f"{type(problem).__name__}: {problem}"}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
