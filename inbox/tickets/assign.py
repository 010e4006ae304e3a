"""Who answers it."""

from __future__ import annotations

from typing import Any

from inbox.models import Agent, Team, Ticket
from inbox.tickets.changing import changing


def assign(ticket: Ticket, to: Agent | None, by: Agent | None, *, handed_over: bool = False) -> None:
    """Give the ticket to an agent, or to nobody; ``handed_over`` because whoever had it no longer answers."""
    if ticket.assignee_id == (to.id if to else None):
        return
    with changing(ticket, by) as change:
        before = ticket.assignee_id
        ticket.assignee, ticket.assignee_id = to, to.id if to else None
        why: dict[str, Any] = {"handed_over": True} if handed_over else {}
        change.record("assigned", before=before, to=ticket.assignee_id, **why)


def move(ticket: Ticket, team: Team | None, by: Agent | None) -> None:
    """Give the ticket to a team, or to everybody. Who sees it changes with that."""
    if ticket.team_id == (team.id if team else None):
        return
    with changing(ticket, by) as change:
        before = ticket.team_id
        ticket.team, ticket.team_id = team, team.id if team else None
        change.record("moved", before=before, to=ticket.team_id)
