"""Who hears what. A socket carries hints, never content, and the server decides its rooms.

A browser says what it shows; it is put into the rooms of exactly that, if its agent may see it. It also says
what is looked at and written there, for colleagues to see (``inbox.presence``). Rights end at once: a sign-in
that ends takes its sockets with it, and a sweep finds what a lost message left behind.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import redis
import socketio
import structlog
from flask import Flask, Response, request
from flask_socketio import SocketIO
from sqlalchemy import select

from inbox import access, db, metrics, presence, signin
from inbox.config import settings
from inbox.db import session
from inbox.live import CHANNEL, EVERYBODY
from inbox.models import Agent, SignIn, Ticket
from inbox.web import cookies
from inbox.web.addresses import is_ours

log = structlog.get_logger("sockets")

WATCHES, PER_SECONDS = 20, 10.0
SAYINGS = 40
"""How often in the same time one browser may say what it does: who types says it every few seconds."""
SWEEP_SECONDS = 30
BUS_SECONDS = 0.5
LONGEST_FRAME = 4096


@dataclass
class Watcher:
    """One open socket: whose it is, what it shows, and which rooms that means."""

    sid: str
    sign_in: int
    agent: int
    view: str = ""
    ticket: int = 0
    rooms: set[str] = field(default_factory=set)
    asked: deque[float] = field(default_factory=lambda: deque(maxlen=WATCHES))
    said: deque[float] = field(default_factory=lambda: deque(maxlen=SAYINGS))
    doing: presence.Doing = presence.NOTHING

    def asks_too_often(self) -> bool:
        return _too_often(self.asked)

    def says_too_often(self) -> bool:
        return _too_often(self.said)


def _too_often(before: deque[float]) -> bool:
    at, full = time.monotonic(), len(before) == before.maxlen
    too_often = full and at - before[0] < PER_SECONDS
    if not too_often:
        before.append(at)
    return too_often


watchers: dict[str, Watcher] = {}
"""By socket id, of this process."""

sockets = SocketIO()


class Bus(socketio.RedisManager):
    """Carries nudges between processes, and acts on the two that are about rights."""

    def _redis_listen_with_retries(self) -> Iterator[Any]:
        """Listen for ever. What was said while we could not hear is made good: every screen asks anew."""
        lost = False
        while True:
            try:
                self._redis_connect()
                self.pubsub.subscribe(self.channel)
                if lost:
                    log.info("bus_found")
                    self._handle_emit({"event": "rewatch", "data": {}, "namespace": "/", "room": EVERYBODY})
                lost = False
                yield from self.pubsub.listen()
            except redis.RedisError as problem:
                if not lost:
                    log.warning("bus_lost", problem=str(problem))
                lost = True
                time.sleep(BUS_SECONDS)

    def _handle_emit(self, message: dict[str, Any]) -> None:
        super()._handle_emit(message)
        if message["event"] == "signed_out":
            for watcher in _in(message.get("room") or []):
                hang_up(watcher)
        elif message["event"] == "rewatch":
            for watcher in _in(message.get("room") or []):
                _settle_safely(watcher)


def _in(rooms: str | list[str]) -> list[Watcher]:
    wanted = {rooms} if isinstance(rooms, str) else set(rooms)
    return [watcher for watcher in list(watchers.values()) if wanted & watcher.rooms]


# ------------------------------------------------------------------------------------------- events


def who_asks() -> SignIn | None:
    """Only from a page of ours, only with a sign-in that owes nothing."""
    origin = request.headers.get("Origin")
    if origin is None or not is_ours(origin):
        return None
    sign_in, house = signin.with_house(cookies.token())
    return None if sign_in is None or signin.is_unfinished(sign_in.agent, house) else sign_in


@sockets.on("connect")
def connect(_auth: Any = None) -> bool:
    if _sid() in watchers:
        return True  # an event of this name, sent by hand
    with db.reading():
        sign_in = who_asks()
        if sign_in is None:
            return False
        watcher = Watcher(_sid(), sign_in.id, sign_in.agent_id)
        watchers[watcher.sid] = watcher
        _settle(watcher, sign_in.agent)
    return True


@sockets.on("disconnect")
def gone(_reason: Any = None) -> None:
    watcher = watchers.pop(_sid(), None)
    if watcher is None:
        return
    if _server().manager.is_connected(watcher.sid, "/"):
        hang_up(watcher)  # the browser only says that it went: unwatched, it would outlive its sign-in
    else:
        _leave(watcher)


@sockets.on("watch")
def watch(wanted: Any = None) -> None:
    """``{"view": "mine", "ticket": 42}``: what this browser shows now. Anything else means nothing."""
    watcher = watchers.get(_sid())
    if watcher is None or not isinstance(wanted, dict) or watcher.asks_too_often():
        return
    view, ticket = wanted.get("view"), wanted.get("ticket")
    watcher.view = view if isinstance(view, str) and len(view) < 20 else ""
    watcher.ticket = ticket if type(ticket) is int and 0 < ticket < 2**31 else 0
    settle(watcher)


@sockets.on("here")
def here(said: Any = None) -> None:
    """``{"ticket": 42, "writing": "reply"}``: what is looked at and written now. Else it means nothing."""
    watcher, doing = watchers.get(_sid()), presence.read(said)
    if watcher is None or doing is None or watcher.says_too_often():
        return
    at = watcher.said[-1]
    with db.reading():
        valid = signin.still_valid({watcher.sign_in})
        agent = session.get(Agent, watcher.agent) if valid else None
        if agent and not (doing.ticket and _may_see(agent, doing.ticket)):
            doing = presence.NOTHING
    if agent is None:
        hang_up(watcher)
    elif watcher.said[-1] == at:  # else it has said something newer meanwhile
        _do(watcher, doing)


def _do(watcher: Watcher, doing: presence.Doing) -> None:
    was, watcher.doing = watcher.doing, doing
    about = presence.put(watcher.agent, watcher.sid, was, doing)
    if about:
        with db.reading():
            for ticket in session.scalars(select(Ticket).where(Ticket.id.in_(about))):
                presence.nudge(ticket, watcher.agent)


def _leave(watcher: Watcher) -> None:
    """Its eye goes with it, as soon as anybody can say so; else it ends by itself."""
    if watcher.doing != presence.NOTHING:
        try:
            _do(watcher, presence.NOTHING)
        except Exception:
            log.warning("not_left", exc_info=True)


def _sid() -> str:
    return request.sid  # type: ignore[attr-defined]


# -------------------------------------------------------------------------------------------- rooms


def settle(watcher: Watcher) -> None:
    """Put a socket into the rooms it may be in now, and out of all others."""
    with db.reading():
        agent = session.get(Agent, watcher.agent) if signin.still_valid({watcher.sign_in}) else None
        if agent:
            _settle(watcher, agent)
    if agent is None:
        hang_up(watcher)


def _settle(watcher: Watcher, agent: Agent) -> None:
    wanted = rooms_of(watcher, agent)
    for room in watcher.rooms - wanted:
        _server().leave_room(watcher.sid, room)
    for room in wanted - watcher.rooms:
        _server().enter_room(watcher.sid, room)
    watcher.rooms = wanted


def rooms_of(watcher: Watcher, agent: Agent) -> set[str]:
    rooms = {f"signin:{watcher.sign_in}", f"agent:{agent.id}", EVERYBODY}
    rooms |= access.count_rooms(agent) | access.rooms_for(agent, watcher.view)
    if watcher.ticket and _may_see(agent, watcher.ticket):
        rooms.add(f"ticket:{watcher.ticket}")
    return rooms


def _may_see(agent: Agent, ticket: int) -> bool:
    which = (Ticket.id == ticket, access.visible_to(agent))
    return session.scalar(select(Ticket.id).where(*which)) is not None


def _settle_safely(watcher: Watcher) -> None:
    try:
        settle(watcher)
    except Exception:  # the database may be away for a moment; the sweep comes again
        log.warning("not_settled", exc_info=True)


def hang_up(watcher: Watcher) -> None:
    watchers.pop(watcher.sid, None)
    _leave(watcher)
    _server().disconnect(watcher.sid)


def sweep() -> None:
    """Nothing that was lost on the way keeps a door open for longer than this."""
    with db.reading():
        valid = signin.still_valid({watcher.sign_in for watcher in watchers.values()})
    for watcher in list(watchers.values()):
        if watcher.sign_in not in valid:
            hang_up(watcher)
        elif watcher.ticket:
            _settle_safely(watcher)


def keep_sweeping() -> None:
    while True:
        sockets.sleep(SWEEP_SECONDS)
        try:
            sweep()
            metrics.tell_sockets(len(watchers))
        except Exception:
            log.warning("sweep_failed", exc_info=True)


def _server() -> socketio.Server:
    return sockets.server


class Gate:
    """Turns a stranger away before a socket is made of their request, which would stay open refused."""

    def __init__(self, app: Flask, inner: Any) -> None:
        self.app, self.inner = app, inner

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        is_socket = environ.get("PATH_INFO", "").split("/")[1:2] == ["socket.io"]
        if is_socket and not self.lets_in(environ):
            return Response(status=403)(environ, start_response)
        return self.inner(environ, start_response)

    def lets_in(self, environ: dict[str, Any]) -> bool:
        with self.app.request_context(environ), db.reading():
            return who_asks() is not None


def init(app: Flask, async_mode: str | None) -> None:
    sockets.init_app(
        app,
        async_mode=async_mode,
        client_manager=Bus(settings().redis_url, channel=CHANNEL),
        manage_session=False,
        cors_allowed_origins=lambda origin, _environ: True,  # `connect` decides, with the public address
        max_http_buffer_size=LONGEST_FRAME,
        transports=["websocket"],
        ping_interval=25,
        ping_timeout=20,
    )
    app.wsgi_app = Gate(app, app.wsgi_app)  # type: ignore[method-assign]
