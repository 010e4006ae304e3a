"""One customer across every channel and ticket, newest first."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import ColumnElement, ScalarSelect, and_, func, or_, select
from sqlalchemy.orm import joinedload

from inbox.access import visible_to
from inbox.db import session
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
    score = _last_score()
    rows = session.execute(
        select(Ticket, func.count().over(), score)
        .where(*_of(customer, agent))
        .options(joinedload(Ticket.assignee), joinedload(Ticket.account))
        .order_by(Ticket.active_at.desc(), Ticket.id.desc())
        .limit(limit)
    ).all()
    return Timeline(
        [ticket for ticket, _total, _score in rows],
        rows[0][1] if rows else 0,
        {ticket.id: score for ticket, _total, score in rows if score},
    )


def page(customer: Customer, agent: Agent, before: str | None = None, limit: int = PAGE) -> Timeline:
    """The whole of it, some at a time, with the address each was written from. ``total`` counts from this
    page on."""
    query = (
        select(Ticket, func.count().over(), _last_score())
        .where(*_of(customer, agent))
        .options(joinedload(Ticket.assignee), joinedload(Ticket.account), joinedload(Ticket.identity))
        .order_by(Ticket.active_at.desc(), Ticket.id.desc())
    )
    if place := _read(before or ""):
        at, last = place
        query = query.where(or_(Ticket.active_at < at, and_(Ticket.active_at == at, Ticket.id < last)))
    rows = session.execute(query.limit(limit + 1)).all()
    shown = [ticket for ticket, _total, _score in rows[:limit]]
    return Timeline(
        shown,
        rows[0][1] if rows else 0,
        {ticket.id: score for ticket, _total, score in rows[:limit] if score},
        _write(shown[-1]) if len(rows) > limit else "",
    )


def _of(customer: Customer, agent: Agent) -> tuple[ColumnElement[bool], ...]:
    theirs = select(Identity.id).where(Identity.customer_id == customer.id)
    return Ticket.identity_id.in_(theirs), Ticket.status != "spam", visible_to(agent)


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
