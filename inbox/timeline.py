"""One customer across every channel and ticket, newest first."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache

from sqlalchemy import Integer, ScalarSelect, Select, and_, bindparam, func, or_, select
from sqlalchemy.orm import joinedload

from inbox.access import somebody, visible_to
from inbox.db import Instant, session
from inbox.models import Agent, Answer, Customer, Identity, Survey, Ticket

PAGE = 30
_PLACE = re.compile(r"(\d{1,11})\.(\d{6})_(\d{1,9})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Timeline:
    """Some tickets of a customer, and how many there are."""

    tickets: Sequence[Ticket]
    total: int
    scores: dict[int, int]
    """How the customer last rated a ticket, 1 to 5, by its id."""
    earlier: str = ""
    """Where the ones before these end; empty: there are none, or nobody asked."""


def of(customer: Customer, agent: Agent, limit: int = 20) -> Timeline:
    """What this agent may see of it, spam left out."""
    values = {"customer": customer.id, "me": agent.id, "most": limit}
    rows = session.execute(_newest(agent.role, is_first=True), values).all()
    return Timeline(
        [ticket for ticket, _total, _score in rows],
        rows[0][1] if rows else 0,
        {ticket.id: score for ticket, _total, score in rows if score},
    )


def page(customer: Customer, agent: Agent, before: str | None = None, limit: int = PAGE) -> Timeline:
    """The whole of it, some at a time, with the address each was written from. ``total`` counts from this
    page on."""
    place = _read(before or "")
    query = _newest(agent.role, is_first=place is None).options(joinedload(Ticket.identity))
    values = {"customer": customer.id, "me": agent.id, "most": limit + 1}
    since = {"at": place[0], "last": place[1]} if place else {}
    rows = session.execute(query, {**values, **since}).all()
    shown = [ticket for ticket, _total, _score in rows[:limit]]
    return Timeline(
        shown,
        rows[0][1] if rows else 0,
        {ticket.id: score for ticket, _total, score in rows[:limit] if score},
        _write(shown[-1]) if len(rows) > limit else "",
    )


@cache
def _newest(role: str, *, is_first: bool) -> Select[Ticket, int, int]:
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
    return (
        select(Ticket, found.c.total, _last_score())
        .join(found, found.c.id == Ticket.id)
        .options(joinedload(Ticket.assignee), joinedload(Ticket.account))
        .order_by(Ticket.active_at.desc(), Ticket.id.desc())
    )


def _last_score() -> ScalarSelect[int]:
    return (
        select(Answer.score)
        .join(Answer.survey)
        .where(Survey.ticket_id == Ticket.id)
        .order_by(Survey.id.desc())
        .limit(1)
        .scalar_subquery()
    )


def _write(ticket: Ticket) -> str:
    at = ticket.active_at
    return f"{int(at.replace(microsecond=0).timestamp())}.{at.microsecond:06d}_{ticket.id}"


def _read(place: str) -> tuple[datetime, int] | None:
    found = _PLACE.fullmatch(place)
    if not found:
        return None
    seconds, micros, last = map(int, found.groups())
    return datetime.fromtimestamp(seconds, UTC) + timedelta(microseconds=micros), last
