"""Who has a ticket on the screen at this moment, and who writes in it; and who has a draft there.

The first two stand in Valkey alone, in one sorted set, and each entry has an end: whoever says nothing
more is gone by itself. Without Valkey nobody is seen, and nobody waits for it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import redis
import structlog
from sqlalchemy import select

from inbox import access, live
from inbox.config import settings
from inbox.db import after_commit, session
from inbox.models import Agent, Draft, Ticket

log = structlog.get_logger("presence")

SECONDS = {"viewing": 30, "reply": 5, "note": 5}
"""What one can be doing, and how long that holds unless it is said again."""

WRITING = ("reply", "note")
ORDER = ("reply", "note", "viewing", "")

KEY = "prosa:presence"
PATIENCE = 0.5
"""Seconds. An eye is not worth waiting for."""


@dataclass(frozen=True, slots=True)
class Doing:
    """What one browser shows and writes."""

    ticket: int = 0
    writing: str = ""


NOTHING = Doing()


@dataclass(frozen=True, slots=True)
class Colleague:
    """Somebody else at a ticket. ``doing`` is empty for who only left a draft."""

    agent: Agent
    doing: str
    has_draft: bool


@dataclass(frozen=True, slots=True)
class Seen:
    """Who is at each ticket, and after how many seconds that may have ended unsaid."""

    by_ticket: Mapping[int, Sequence[Colleague]]
    lapses: int


# ----------------------------------------------------------------------------------------- saying


def read(said: object) -> Doing | None:
    """What a browser says it does, or None where that makes no sense."""
    if not isinstance(said, dict):
        return None
    ticket, writing = said.get("ticket"), said.get("writing")
    if ticket is None or (type(ticket) is int and ticket == 0):
        return NOTHING
    if type(ticket) is not int or not 0 < ticket < 2**31:
        return None
    return Doing(ticket, writing if isinstance(writing, str) and writing in WRITING else "")


def put(agent_id: int, sid: str, was: Doing, now: Doing) -> set[int]:
    """Keep what this browser does now instead of before. The tickets whose watchers should hear of it."""
    before, after = set(_entries(agent_id, sid, was)), set(_entries(agent_id, sid, now))
    at, gone = time.time(), before - after

    def keep(line: Any) -> None:
        line.zremrangebyscore(KEY, "-inf", at)
        line.zrem(KEY, *gone or ("",))
        for entry in sorted(after):
            line.zadd(KEY, {entry: at + SECONDS[_parts(entry)[2]]})
        line.expire(KEY, max(SECONDS.values()))

    answers = _ask(keep)
    if answers is None:
        return set()
    added = {entry for entry, new in zip(sorted(after), answers[2:], strict=False) if new}
    return {_parts(entry)[0] for entry in gone | added}


def _entries(agent_id: int, sid: str, doing: Doing) -> Iterator[str]:
    if doing.ticket:
        yield f"{doing.ticket}:{agent_id}:viewing:{sid}"
    if doing.writing:
        yield f"{doing.ticket}:{agent_id}:{doing.writing}:{sid}"


def _parts(entry: str) -> tuple[int, int, str]:
    ticket, agent, doing, _sid = entry.split(":", 3)
    return int(ticket), int(agent), doing


def nudge(ticket: Ticket, agent_id: int) -> None:
    """Tell the screens that show this ticket or list it that somebody came, went, or began to write."""
    live.tell("presence", {"ticket": ticket.id, "agent": agent_id}, _rooms(ticket))


def draft_changed(draft: Draft) -> None:
    """After commit, say that a draft is there now, or gone."""
    ticket = session.get(Ticket, draft.ticket_id) if draft.ticket_id else None
    if ticket:
        news, rooms = {"ticket": ticket.id, "agent": draft.agent_id}, _rooms(ticket)
        after_commit(lambda: live.tell("presence", news, rooms))


def _rooms(ticket: Ticket) -> set[str]:
    return {f"ticket:{ticket.id}"} | access.rooms_about(live.where(ticket))


# ----------------------------------------------------------------------------------------- asking


def at(agent: Agent, ticket_ids: Collection[int]) -> Seen:
    """Who else is at these tickets, of those this agent may see: who writes first, then by name."""
    here = {entry: ends for entry, ends in _now() if entry[0] in ticket_ids and entry[1] != agent.id}
    which = (Ticket.id.in_(ticket_ids), access.visible_to(agent))
    visible = set(session.scalars(select(Ticket.id).where(*which))) if ticket_ids else set()
    drafted = _drafted(agent, visible)
    doing: dict[tuple[int, int], str] = dict.fromkeys(drafted, "")
    for ticket, who, what in sorted(here, key=lambda entry: -ORDER.index(entry[2])):
        if ticket in visible:
            doing[ticket, who] = what
    names = _agents({who for _ticket, who in doing})
    by_ticket: dict[int, list[Colleague]] = {}
    for (ticket, who), what in doing.items():
        if who in names:
            colleague = Colleague(names[who], what, (ticket, who) in drafted)
            by_ticket.setdefault(ticket, []).append(colleague)
    for colleagues in by_ticket.values():
        colleagues.sort(key=lambda one: (ORDER.index(one.doing), one.agent.name))
    ends = [ends for (ticket, _who, _what), ends in here.items() if ticket in visible]
    return Seen(by_ticket, max(1, round(min(ends) - time.time())) if ends else 0)


def looking() -> set[tuple[int, int]]:
    """Which tickets somebody has before them in some browser at this moment: each with the agent, by ids."""
    return {(ticket, who) for (ticket, who, _doing), _ends in _now()}


def _now() -> list[tuple[tuple[int, int, str], float]]:
    answers = _ask(lambda line: line.zrangebyscore(KEY, time.time(), "+inf", withscores=True))
    return [(_parts(entry), ends) for entry, ends in answers[0]] if answers else []


def _drafted(agent: Agent, ticket_ids: Collection[int]) -> set[tuple[int, int]]:
    """Tickets, and who began to write there and has not sent it."""
    if not ticket_ids:
        return set()
    which = (Draft.ticket_id.in_(ticket_ids), Draft.agent_id != agent.id, Draft.html != "")
    return {
        (ticket or 0, who)
        for ticket, who in session.execute(select(Draft.ticket_id, Draft.agent_id).where(*which))
    }


def _agents(ids: Collection[int]) -> dict[int, Agent]:
    if not ids:
        return {}
    return {one.id: one for one in session.scalars(select(Agent).where(Agent.id.in_(ids), Agent.active))}


# ----------------------------------------------------------------------------------------- Valkey


_quiet_until = 0.0


@cache
def _valkey() -> redis.Redis:
    patience = {"socket_timeout": PATIENCE, "socket_connect_timeout": PATIENCE}
    return redis.Redis.from_url(settings().redis_url, decode_responses=True, **patience)


def _ask(command: Callable[[Any], Any]) -> list[Any] | None:
    """Its answers; None while it is away, and then it is left alone for a moment."""
    global _quiet_until
    if time.monotonic() < _quiet_until:
        return None
    try:
        with _valkey().pipeline(transaction=False) as line:
            command(line)
            return list(line.execute())
    except redis.RedisError as problem:
        _quiet_until = time.monotonic() + 2
        log.info("presence_unknown", problem=str(problem))
        return None
