"""Hearing of a ticket that is not one's own."""

from __future__ import annotations

from sqlalchemy import delete, select

from inbox.db import session
from inbox.models import Agent, Following, Ticket


def follow(ticket: Ticket, agent: Agent) -> None:
    if not follows(ticket, agent):
        session.add(Following(ticket_id=ticket.id, agent_id=agent.id))
        _changed(ticket)


def unfollow(ticket: Ticket, agent: Agent) -> None:
    which = (Following.ticket_id == ticket.id, Following.agent_id == agent.id)
    session.execute(delete(Following).where(*which))
    _changed(ticket)


def _changed(ticket: Ticket) -> None:
    session.flush()
    session.expire(ticket, ["following"])


def follows(ticket: Ticket, agent: Agent) -> bool:
    return any(one.agent_id == agent.id for one in ticket.following)


def followers(ticket: Ticket) -> set[int]:
    return set(session.scalars(select(Following.agent_id).where(Following.ticket_id == ticket.id)))
