"""Nudge open screens: *this ticket changed*, with its version, and nothing of what it says.

The browser then asks the ordinary view, which checks who asks. Written through Redis only, so it is the
same code in web and worker. A nudge that is lost is made good when the bus is back; see ``since``, too.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from functools import cache
from threading import Thread, current_thread
from typing import Any

import redis
import socketio
import structlog

from inbox import access
from inbox.config import settings
from inbox.db import after_commit
from inbox.models import Ticket
from inbox.models.tally import Place, place

log = structlog.get_logger("live")

CHANNEL = "prosa"
"""The Redis channel of the bus. Named here because the libraries' own defaults differ."""


PATIENCE = 1.0
"""Seconds. A bus that hangs must not hold up whoever has just committed."""


EVERYBODY = "attention"
"""The room that every screen is in."""


class Bell(socketio.RedisManager):
    """Publishes, or gives up at once: a nudge is only a hint. Whoever lost one asks all screens to look anew
    as soon as somebody hears, and says nothing before."""

    connected: bool
    making_good: Thread | None = None

    def _publish(self, data: Any) -> None:
        if self.making_good is not None:
            return
        try:
            self._say(data)
        except redis.RedisError as problem:
            log.warning("nudge_lost", problem=str(problem))
            self.making_good = Thread(target=self._make_good, daemon=True)
            self.making_good.start()

    def _say(self, data: Any) -> None:
        try:
            if not self.connected:
                self._redis_connect()
            self.redis.publish(self.channel, self.json.dumps(data))
        except redis.RedisError:
            self.connected = False
            raise

    def _make_good(self) -> None:
        while True:
            time.sleep(2 * PATIENCE)
            self.making_good = None  # what changes from here on is said again, so nothing falls between
            try:
                return self._say(self._look_anew())
            except redis.RedisError:
                self.making_good = current_thread()

    def _look_anew(self) -> dict[str, Any]:
        news = {"method": "emit", "event": "rewatch", "data": [{}], "namespace": "/", "room": EVERYBODY}
        return news | {"binary": False, "skip_sid": None, "callback": None, "host_id": self.host_id}


@cache
def bus() -> Bell:
    patience = {"socket_timeout": PATIENCE, "socket_connect_timeout": PATIENCE}
    return Bell(settings().redis_url, channel=CHANNEL, write_only=True, redis_options=patience)


def where(ticket: Ticket) -> Place:
    return place(ticket.team_id, ticket.assignee_id, ticket.status)


def changed(ticket: Ticket, was: Place | None = None) -> None:
    """After commit, tell the screens that show this ticket or list it, now or before the change."""
    spots = {where(ticket)} | ({was} if was else set())
    news = {"ticket": ticket.id, "version": ticket.version}
    rooms = {f"ticket:{ticket.id}"}.union(*(access.rooms_about(spot) for spot in spots))
    after_commit(lambda: tell("changed", news, rooms))
    if was != where(ticket):
        after_commit(lambda: tell("counts", {}, set().union(*(access.count_rooms_about(s) for s in spots))))


def customer(tickets: Sequence[Ticket]) -> None:
    """After commit, tell the screens that show one of these whose customer is somebody else now, or is called
    something else. Nothing was said in them, so their versions stay."""
    rooms = {f"ticket:{ticket.id}" for ticket in tickets}
    if rooms:  # and not which tickets: who hears it may see one of them and not the others
        after_commit(lambda: tell("customer", {}, rooms))


def attention() -> None:
    """After commit, tell everybody that the count of what needs attention may have changed."""
    after_commit(lambda: tell("counts", {}, {EVERYBODY}))


def rated(agent_id: int) -> None:
    """After commit, tell an agent that a customer rated their answers."""
    after_commit(lambda: tell("rated", {}, {f"agent:{agent_id}"}))


def signed_out(sign_in_id: int) -> None:
    """After commit, end the sockets of a browser that is no longer signed in."""
    after_commit(lambda: tell("signed_out", {}, {f"signin:{sign_in_id}"}))


def tell(what: str, news: dict[str, Any], rooms: Iterable[str]) -> None:
    """Publish now, once for all rooms: a browser that is in several of them hears it once."""
    bus().emit(what, news, room=sorted(rooms))
