"""One agent's browser, without drawing: it asks what the page's script asks, when that asks it.

Read it beside ``static/js``: ``live.js``, ``list.js``, ``turns.js``, ``presence.js``, ``notices.js``. What is
left out: styles, scripts, pictures and letters, which a browser keeps or asks once.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import Any

import gevent

from benchmarks.live import page
from benchmarks.live.line import Http, Refused, Socket, Tally
from benchmarks.live.page import Here, Row
from benchmarks.live.plan import PASSWORD, Seat
from benchmarks.live.screen import List, Thread

POLL, BEAT, SWEEP = 20.0, 10.0, 10.0
FEW = 100
"""Rows that one request asks for."""


class Coalesced:
    """At once, then at most once in ``wait`` seconds with a little jitter: ``coalesced`` of ``dom.js``."""

    def __init__(self, wait: float, run: Callable[[], Any], jitter: float | None = None) -> None:
        self.wait, self.run = wait, run
        self.jitter = wait * 0.3 if jitter is None else jitter
        self.last, self.waits = float("-inf"), False

    def __call__(self) -> None:
        if self.waits:
            return
        self.waits = True
        rest = max(0.0, self.last + self.wait - time.monotonic())
        gevent.spawn_later(rest + random.random() * self.jitter if rest else 0, self._fire)

    def _fire(self) -> None:
        self.waits, self.last = False, time.monotonic()
        self.run()


class Browser:
    """Signed in as one agent, with a view and mostly a ticket on the screen."""

    def __init__(self, url: str, seat: Seat, number: int) -> None:
        self.seat, self.tally = seat, Tally()
        self.http = Http(url, self.tally, f"10.9.{number // 250}.{number % 250 + 1}")
        self.rows_seen: list[tuple[int, int, float]] = []
        self.turns_seen: list[tuple[str, float]] = []
        self.list = List(lambda ticket, version: self.rows_seen.append((ticket, version, time.time())))
        self.thread = Thread(lambda name: self.turns_seen.append((name, time.time())))
        self.counts: dict[str, int] = {}
        self.agent = 0
        self._changed: dict[int, None] = {}
        self._known = self._counting = False
        self._refreshing = self._turning = self._turn_again = self._sweeps = False
        self._about: set[int] = set()
        self._watched: set[int] = set()
        self._missed: Callable[[], None] | None = None
        self._was_there = False
        self._said: dict[str, Any] = {}
        self.watch = Coalesced(0.6, self._watch)
        self.refresh = Coalesced(0.7, self._refresh, 0.2)
        self.count = Coalesced(2.0, self._count)
        self.beside = Coalesced(0.4, self._beside)
        self.look = Coalesced(1.0, self._look)
        self.come = Coalesced(0.3, self.say)
        self.socket: Socket | None = None

    # --------------------------------------------------------------------------------- the page

    def sign_in(self) -> None:
        token = page.csrf(self.http.get("/login"))
        form = {"email": self.seat.email, "password": PASSWORD, "csrf_token": token}
        self.http.ask("POST", "/login", form)

    def path(self) -> str:
        beside = f"/tickets/{self.seat.ticket}" if self.seat.ticket else ""
        return f"/views/{self.seat.view}{beside}"

    def open(self) -> None:
        """Load the page and stay connected."""
        text = self.http.get(self.path())
        self.http.token = page.csrf(text)
        self.agent = int(text.partition('<meta name="agent" content="')[2].partition('"')[0] or 0)
        self.list.open = self.seat.ticket
        self.list.draw(page.rows(text), page.has_more(text))
        self.thread.draw(page.turns(text), page.shown_version(text), page.head_version(text))
        self.counts = page.counts(text)
        self.socket = Socket(self.http, self._came, self._heard)
        self._read(page.bell(text))
        self._everywhere()
        gevent.spawn(self._keep_saying)

    def close(self) -> None:
        if self.socket:
            self.socket.close()
        self.http.close()

    # ---------------------------------------------------------------------------------- live.js

    def _came(self) -> None:
        self._missed = self.everything if self._was_there else self._since_drawn
        self._was_there = True
        self.watch()
        self._said = {}
        self.come()
        self._everywhere()
        self.count()

    def _watch(self) -> None:
        shown = {"view": self.seat.view, "ticket": self.seat.ticket or None, "since": self.thread.version}
        if self.socket:
            self.socket.emit("watch", shown, self._listened_to)

    def _listened_to(self) -> None:
        missed, self._missed = self._missed, None
        if missed:
            missed()

    def _heard(self, event: str, value: Any) -> None:
        if event == "changed":
            if value["ticket"] == self.seat.ticket:
                self._turn(value["version"])
            self._nudge(value["ticket"], value["version"])
        elif event == "counts":
            self.count()
        elif event == "customer" and self.seat.ticket:
            gevent.spawn(self._turns, False, True)
        elif event == "rewatch":
            self.watch()
            self.everything()
            self._said = {}
            self.come()
            self._everywhere()
        elif event == "noticed":
            self.count()
        elif event == "presence" and value["agent"] != self.agent:
            self._somebody_at(value["ticket"])

    def everything(self) -> None:
        """After sleep or a lost line."""
        gevent.spawn(self._turns)
        gevent.spawn(self._catch_up)
        self.count()

    def _since_drawn(self) -> None:
        gevent.spawn(self._newest)
        gevent.spawn(self._turns, False, False)

    def _count(self) -> None:
        self._counting = True
        text = self._try(self.http.get, f"/views/_counts?view={self.seat.view}")
        self.counts = page.counts(text) or self.counts
        self._read(page.bell(text))
        self._counting = False

    def _read(self, bell: tuple[int, str]) -> None:
        """``notices.js``: what is before somebody's eyes is read; where the bell cannot say, once."""
        unread, tickets = bell
        named = str(self.seat.ticket) in tickets.split()
        if unread and self.seat.ticket and (not self._known if tickets == "?" else named):
            self._known = True
            try:
                self.http.ask("POST", f"/tickets/{self.seat.ticket}/notices", {})
            except Refused:
                self._known = False

    # ---------------------------------------------------------------------------------- list.js

    def _rows(self, query: str = "") -> str:
        return f"/views/{self.seat.view}/_rows{query}"

    def _nudge(self, ticket: int, version: int) -> None:
        if self.list.version(ticket) < version:
            self._changed[ticket] = None
            self.refresh()

    def _refresh(self) -> None:
        ids = list(self._changed)[:FEW]
        if not ids or self._refreshing:
            return
        self._refreshing, pause = True, 0.0
        for ticket in ids:
            del self._changed[ticket]
        try:
            self._apply(self.http.get(self._rows(f"?ids={','.join(map(str, ids))}")))
        except Refused:
            self._changed.update(dict.fromkeys(ids))
            pause = 3.0
        self._refreshing = False
        if self._changed:
            gevent.spawn_later(pause, self.refresh)

    def _newest(self) -> None:
        self._apply(self._try(self.http.get, self._rows()))

    def _catch_up(self) -> None:
        self._newest()
        ids = [row.id for row in self.list.shown()][:200]
        if ids:
            self._apply(self._try(self.http.get, self._rows(f"?ids={','.join(map(str, ids))}")))

    def _apply(self, text: str) -> None:
        if text:
            self.list.apply(page.rows(text))
            self._told(page.here(text))

    # --------------------------------------------------------------------------------- turns.js

    def _turn(self, version: int) -> None:
        if self.thread.version < version or self.thread.head < version:
            gevent.spawn(self._turns)

    def _turns(self, head: bool = True, customer: bool = True) -> None:
        if not self.seat.ticket:
            return
        if self._turning:
            self._turn_again = True
            return
        self._turning = True
        base = f"/tickets/{self.seat.ticket}"
        asked = [gevent.spawn(self._ask_turns, base)]
        if head:
            asked.append(gevent.spawn(self._ask_head, base))
        if customer:
            asked.append(gevent.spawn(self._try, self.http.get, f"{base}/_customer"))
        gevent.joinall(asked)
        self._turning = False
        if self._turn_again:
            self._turn_again = False
            self._turns(head, customer)

    def _ask_turns(self, base: str) -> None:
        self.thread.apply(page.turns(self._try(self.http.get, f"{base}/_turns?since={self.thread.version}")))

    def _ask_head(self, base: str) -> None:
        self.put_head(self._try(self.http.get, f"{base}/_head"))

    def put_head(self, text: str) -> None:
        self.thread.head = max(self.thread.head, page.head_version(text))

    # ------------------------------------------------------------------------------ presence.js

    def say(self, writing: str | None = None) -> None:
        """What this browser does, if that is news."""
        now = {"ticket": self.seat.ticket or None, "writing": writing}
        if self.socket and now != self._said:
            self._said = now
            self.socket.emit("here", now)

    def say_again(self) -> None:
        if self._said.get("ticket") and self.socket:
            self.socket.emit("here", self._said)

    def _keep_saying(self) -> None:
        gevent.sleep(random.random() * BEAT)
        while True:
            gevent.sleep(BEAT)
            self.say_again()
            if self.socket and not self.socket.is_there:
                self._polled()

    def _polled(self) -> None:
        if random.random() < BEAT / POLL:
            self.everything()

    def _somebody_at(self, ticket: int) -> None:
        if ticket == self.seat.ticket:
            self.beside()
        if self.list.version(ticket):
            self._about.add(ticket)
            self.look()

    def _everywhere(self) -> None:
        self.beside()
        self._about.update(row.id for row in self.list.shown())
        self.look()

    def _beside(self) -> None:
        if not self.seat.ticket:
            return
        found = page.here(self._try(self.http.get, f"/tickets/{self.seat.ticket}/_presence"))
        if found.lapses:
            gevent.spawn_later(found.lapses + 0.5, self.beside)

    def _look(self) -> None:
        ids = [row.id for row in self.list.shown() if row.id in self._about][:200]
        self._about.clear()
        if ids:
            text = self._try(self.http.get, f"/presence/_rows?ids={','.join(map(str, ids))}")
            self._drawn(set(ids), page.here(text))

    def _told(self, here: Here) -> None:
        """Who is at these rows came with them: nobody has to ask for it."""
        if here.told:
            self._about -= here.told
            self._drawn(here.told, here)

    def _drawn(self, ids: set[int] | frozenset[int], here: Here) -> None:
        self._watched = (self._watched - ids) | here.watched
        if here.lapses and not self._sweeps:
            self._sweeps = True
            gevent.spawn_later(max(SWEEP, here.lapses + 0.5), self._sweep)

    def _sweep(self) -> None:
        self._sweeps = False
        self._about.update(self._watched)
        if self._about:
            self.look()

    # ------------------------------------------------------------------------------- at the end

    def is_calm(self) -> bool:
        """Nothing it heard of waits to be asked for. (Who is where is asked again and again.)"""
        waits = self.refresh.waits or self.count.waits or self._changed
        return not (waits or self._refreshing or self._turning or self._counting)

    def _try(self, ask: Callable[[str], str], path: str) -> str:
        try:
            return ask(path)
        except Refused:
            return ""  # counted, and asked again at the next nudge

    def shown(self) -> dict[str, Any]:
        """The screen as it is now."""
        return {
            "rows": [(row.id, row.version) for row in self.list.shown()],
            "has_more": self.list.has_more,
            "turns": [turn.id for turn in self.thread.turns],
            "head": self.thread.head,
            "counts": self.counts,
        }

    def anew(self) -> dict[str, Any]:
        """What the same page would be if it were loaded now."""
        text = self.http.get(self.path())
        drawn: list[Row] = page.rows(text)
        return {
            "rows": [(row.id, row.version) for row in drawn],
            "has_more": page.has_more(text),
            "turns": [turn.id for turn in page.turns(text)],
            "head": page.head_version(text),
            "counts": page.counts(text),
        }
