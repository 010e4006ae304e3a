"""The views of the inbox: what stands in them, in which order, and how many."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Integer, Select, and_, bindparam, func, or_, select

from inbox import attention, lines
from inbox.access import counted_for, parts_of, somebody, teams_of, visible_to
from inbox.db import Instant, asked
from inbox.lines import Line
from inbox.models import Agent, Tally, Ticket
from inbox.models.tally import NOBODY
from inbox.models.ticket import stands
from inbox.notices import bell

VIEWS = ("mine", "unassigned", "open", "resolved", "spam")
BY_TEAM = ("unassigned", "open", "resolved")
"""Views that whoever sees a few of many tickets reads a team at a time."""

PAGE = 50
_CURSOR = re.compile(r"(\d{1,11})\.(\d{6})_(\d{1,9})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Page:
    """Some rows of a view, and where the next ones begin."""

    tickets: Sequence[Line]
    next: str | None


def page(agent: Agent, view: str, before: str | None = None, limit: int = PAGE) -> Page:
    """The newest rows of a view, or those after a former page's ``next``."""
    place = _cursor(before or "")
    values = {"at": place[0], "last": place[1]} if place else {}
    teams = teams_of(agent) if view in BY_TEAM else {}
    query = _page(agent.role, view, place is None, len(teams))
    tickets = lines.read(query, me=agent.id, most=limit + 1, **values, **teams)
    more = len(tickets) > limit
    tickets = tickets[:limit]
    return Page(tickets, _cursor_of(tickets[-1]) if more else None)


def rows(agent: Agent, view: str, ids: Collection[int]) -> tuple[Sequence[Line], list[int]]:
    """Of these tickets, those that stand in the view now, newest first; and the ids of those that do not."""
    wanted = list(ids)[:200]
    tickets = lines.read(_rows(agent.role, view), me=agent.id, ids=wanted)
    here = {ticket.id for ticket in tickets}
    return tickets, [ticket_id for ticket_id in wanted if ticket_id not in here]


def counts(agent: Agent) -> dict[str, int]:
    """How many stand in each view: read from kept counts, not counted. And how many ``notices`` are new, up
    to a hundred, which every page shows as well.
    """
    (found,) = asked(_counts(agent.role), {"me": agent.id})
    return {name: int(n) for name, n in zip((*VIEWS, "attention", "notices"), found, strict=True)}


# What every page asks is made once for each role: making a statement costs more than answering it.


@cache
def _page(role: str, view: str, is_first: bool, teams: int) -> Select[Any]:
    agent = somebody(role)
    at, last = bindparam("at", type_=Instant), bindparam("last", type_=Integer)
    older = or_(Ticket.active_at < at, and_(Ticket.active_at == at, Ticket.id < last))
    which = [_belongs(agent, view)] if is_first else [_belongs(agent, view), older]
    if agent.sees_everything or view not in BY_TEAM:
        return _of(visible_to(agent), *which).limit(bindparam("most"))
    newest = lines.newest(parts_of(agent, teams, own=view != "unassigned"), *which).subquery()
    return _of(Ticket.id.in_(select(newest.c.id)))


@cache
def _rows(role: str, view: str) -> Select[Any]:
    agent = somebody(role)
    asked = Ticket.id.in_(bindparam("ids", expanding=True))
    return _of(visible_to(agent), _belongs(agent, view), asked)


@cache
def _counts(role: str) -> Select[*tuple[Any, ...]]:
    agent = somebody(role)
    open_, done = Tally.state == "open", Tally.state == "done"
    sums = [
        func.coalesce(func.sum(Tally.n).filter(which), 0)
        for which in (
            and_(open_, Tally.assignee_id == agent.id),
            and_(open_, Tally.assignee_id == NOBODY),
            open_,
            done,
            Tally.state == "spam",
        )
    ]
    return select(*sums, attention.counted(agent), bell.counted(agent)).where(counted_for(agent))


def _of(*which: ColumnElement[bool]) -> Select[Any]:
    return lines.in_order(lines.of(*which))


def _belongs(agent: Agent, view: str) -> ColumnElement[bool]:
    open_ = stands("open")
    if view == "mine":
        return and_(open_, Ticket.assignee_id == agent.id)
    if view == "unassigned":
        return and_(open_, Ticket.assignee_id.is_(None))
    if view == "open":
        return open_
    if view == "resolved":
        return stands("done")
    if view == "spam":
        return stands("spam")
    raise KeyError(view)


def _cursor_of(ticket: Line) -> str:
    at = ticket.active_at
    return f"{int(at.replace(microsecond=0).timestamp())}.{at.microsecond:06d}_{ticket.id}"


def _cursor(text: str) -> tuple[datetime, int] | None:
    found = _CURSOR.fullmatch(text)
    if not found:
        return None
    seconds, micros, ticket_id = map(int, found.groups())
    # by parts: a float has no room for microseconds and would repeat or skip a row
    return datetime.fromtimestamp(seconds, UTC) + timedelta(microseconds=micros), ticket_id
