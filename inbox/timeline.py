"""One customer across every channel and ticket, newest first."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import Integer, ScalarSelect, Select, and_, bindparam, func, or_, select

from inbox import lines
from inbox.access import somebody, visible_to
from inbox.db import Instant, asked
from inbox.lines import Line
from inbox.models import Agent, Answer, Customer, Identity, Survey, Ticket

PAGE = 30
_PLACE = re.compile(r"(\d{1,11})\.(\d{6})_(\d{1,9})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Timeline:
    """Some tickets of a customer, and how many there are."""

    tickets: Sequence[Line]
    total: int
    scores: dict[int, int]
    """How the customer last rated a ticket, 1 to 5, by its id."""
    earlier: str = ""
    """Where the ones before these end; empty: there are none, or nobody asked."""


def of(customer: Customer, agent: Agent, limit: int = 20) -> Timeline:
    """What this agent may see of it, spam left out."""
    values = {"customer": customer.id, "me": agent.id, "most": limit}
    return _of(asked(_newest(agent.role, is_first=True), values))


def page(customer: Customer, agent: Agent, before: str | None = None, limit: int = PAGE) -> Timeline:
    """The whole of it, some at a time. ``total`` counts from this page on."""
    place = _read(before or "")
    values = {"customer": customer.id, "me": agent.id, "most": limit + 1}
    since = {"at": place[0], "last": place[1]} if place else {}
    rows = asked(_newest(agent.role, is_first=place is None), {**values, **since})
    shown = _of(rows[:limit])
    return replace(shown, earlier=_write(shown.tickets[-1])) if len(rows) > limit else shown


def _of(rows: Sequence[Any]) -> Timeline:
    """A row is a line, how many there are, and the score."""
    return Timeline(
        [lines.line(row) for row in rows],
        rows[0][-2] if rows else 0,
        {row[0]: row[-1] for row in rows if row[-1]},
    )


@cache
def _newest(role: str, *, is_first: bool) -> Select[Any]:
    """Asked with every ticket, and so made once for each role. All are counted; what else is said of them is
    looked up for those that are shown."""
    theirs = select(Identity.id).where(Identity.customer_id == bindparam("customer"))
    at, last = bindparam("at", type_=Instant), bindparam("last", type_=Integer)
    older = or_(Ticket.active_at < at, and_(Ticket.active_at == at, Ticket.id < last))
    found = (
        select(Ticket.id, func.count().over().label("total"))
        .where(Ticket.identity_id.in_(theirs), Ticket.status != "spam", visible_to(somebody(role)))
        .where(*(() if is_first else (older,)))
        .order_by(Ticket.active_at.desc(), Ticket.id.desc())
        .limit(bindparam("most"))
        .subquery()
    )
    every = lines.of().join(found, found.c.id == Ticket.id).add_columns(found.c.total, _last_score())
    return lines.in_order(every)


def _last_score() -> ScalarSelect[int]:
    return (
        select(Answer.score)
        .join(Answer.survey)
        .where(Survey.ticket_id == Ticket.id)
        .order_by(Survey.id.desc())
        .limit(1)
        .scalar_subquery()
    )


def _write(ticket: Line) -> str:
    at = ticket.active_at
    return f"{int(at.replace(microsecond=0).timestamp())}.{at.microsecond:06d}_{ticket.id}"


def _read(place: str) -> tuple[datetime, int] | None:
    found = _PLACE.fullmatch(place)
    if not found:
        return None
    seconds, micros, last = map(int, found.groups())
    return datetime.fromtimestamp(seconds, UTC) + timedelta(microseconds=micros), last
