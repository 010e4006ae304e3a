"""Where a ticket stands."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select

from inbox.db import now, session
from inbox.models import Agent, Message, Ticket
from inbox.models.ticket import DONE, OPEN, STATUSES
from inbox.tickets.changing import Change, changing


def resolve(ticket: Ticket, by: Agent | None) -> None:
    set_status(ticket, "resolved", by)


def reopen(ticket: Ticket, by: Agent | None) -> None:
    if not ticket.is_open:
        set_status(ticket, "open", by)


def set_status(ticket: Ticket, status: str, by: Agent | None) -> None:
    if status not in STATUSES:
        raise ValueError(f"a status is one of {', '.join(STATUSES)}")
    if status != ticket.status:
        with changing(ticket, by) as change:
            shift(change, status)


def unanswered_since(ticket: Ticket) -> datetime | None:
    """When the customer first wrote after our last answer: reopening makes them wait again.

    What machines wrote, theirs or ours, and what we passed on to others is no question and no answer.
    """
    here = (Message.ticket_id == ticket.id, Message.automated == "")
    answered = select(func.max(Message.id)).where(*here, Message.kind == "reply", Message.forward.is_(False))
    return session.scalar(
        select(func.min(Message.created_at)).where(
            *here,
            Message.kind == "customer",
            Message.id > func.coalesce(answered.scalar_subquery(), 0),
        )
    )


def shift(change: Change, status: str) -> None:
    """Set the status inside a change that is under way."""
    ticket, before = change.ticket, change.ticket.status
    if status == before:
        return
    ticket.status = status
    ticket.resolved_at = (ticket.resolved_at or now()) if status in DONE else None
    if status not in OPEN:
        ticket.waiting_since = None
    elif before not in OPEN:
        session.flush()  # what has only just come in counts
        ticket.waiting_since = unanswered_since(ticket)
        _leave_who_is_gone(change)
    if before == "spam":
        ticket.spam_reason = ""
    change.record(_step(before, status), before=before, to=status)


def _leave_who_is_gone(change: Change) -> None:
    """What comes up again is nobody's if whoever had it does not answer any more."""
    had = change.ticket.assignee
    if had and not had.can_answer:
        change.ticket.assignee, change.ticket.assignee_id = None, None
        change.record("assigned", before=had.id, to=None, handed_over=True)


def _step(before: str, status: str) -> str:
    """What this change is called in the history."""
    if "spam" in (before, status):
        return "spam_marked" if status == "spam" else "spam_cleared"
    if status == "resolved":
        return "resolved"
    return "reopened" if before in DONE and status in OPEN else "status_set"
