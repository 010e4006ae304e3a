"""One customer across every channel and ticket, newest first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from inbox.access import visible_to
from inbox.db import session
from inbox.models import Agent, Answer, Customer, Identity, Survey, Ticket


@dataclass(frozen=True, slots=True)
class Timeline:
    """The newest tickets of a customer, and how many there are."""

    tickets: Sequence[Ticket]
    total: int
    scores: dict[int, int]
    """How the customer last rated a ticket, 1 to 5, by its id."""


def of(customer: Customer, agent: Agent, limit: int = 20) -> Timeline:
    """What this agent may see of it, spam left out."""
    theirs = select(Identity.id).where(Identity.customer_id == customer.id)
    which = (Ticket.identity_id.in_(theirs), Ticket.status != "spam", visible_to(agent))
    score = (
        select(Answer.score)
        .join(Answer.survey)
        .where(Survey.ticket_id == Ticket.id)
        .order_by(Survey.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    rows = session.execute(
        select(Ticket, func.count().over(), score)
        .where(*which)
        .options(joinedload(Ticket.assignee), joinedload(Ticket.account))
        .order_by(Ticket.active_at.desc(), Ticket.id.desc())
        .limit(limit)
    ).all()
    return Timeline(
        [ticket for ticket, _total, _score in rows],
        rows[0][1] if rows else 0,
        {ticket.id: score for ticket, _total, score in rows if score},
    )
