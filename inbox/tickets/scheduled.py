"""Replies that leave later: sooner after all, or not at all because somebody wrote first."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select, update

from inbox import channels, live, outbox, queue
from inbox.channels import N_
from inbox.config import settings
from inbox.db import now, session
from inbox.models import Agent, Message, Ticket
from inbox.tickets.changing import Change, changing
from inbox.tickets.undo import TooLate

OVERTAKEN = N_("Somebody wrote before it left, so it was stopped: send it as it is, or edit it.")

HELD = N_("Whoever wrote it no longer answers, so it was held: send it as it is, or edit it.")

WAITING = (Message.state == "queued", Message.attempts == 0, Message.send_at.is_not(None))


def send_now(message: Message, by: Agent) -> None:
    """Let a scheduled reply leave now; anybody who answers the ticket may. It can be undone as any other."""
    undo = channels.of(message.ticket.account.kind).capabilities.undo_seconds
    leaves = now() + timedelta(seconds=settings().outbox.undo_seconds) if undo else None
    claimed = session.execute(
        update(Message)
        .where(Message.id == message.id, *WAITING, Message.leased_until.is_(None))
        .values(send_at=None, not_before=leaves)
    )
    if claimed.rowcount != 1:  # type: ignore[attr-defined]
        raise TooLate
    session.refresh(message)
    with changing(message.ticket, by) as change:
        message.version = message.ticket.version
        change.record("schedule_dropped", message)
    if leaves is None or leaves <= now():
        queue.later("outbox", outbox.send_now, message.id)


def stop_overtaken(change: Change) -> None:
    """Hold what was scheduled before somebody wrote: it answers what was said until then.

    Sending it all the same is what the collision check exists to prevent, and when it would leave nobody
    sits before the screen to be asked. So it waits, with its reason, under Needs attention.
    """
    waiting = session.scalars(select(Message).where(Message.ticket_id == change.ticket.id, *WAITING)).all()
    for message in waiting:
        _stop(change, message, OVERTAKEN)


def hold(message: Message, by: Agent | None) -> None:
    """Let it wait for a person, because its writer no longer answers; one that is leaving already leaves."""
    with changing(message.ticket, by) as change:
        _stop(change, message, HELD)


def _stop(change: Change, message: Message, why: str) -> None:
    stopped = session.execute(
        update(Message)
        .where(Message.id == message.id, *WAITING, Message.leased_until.is_(None))
        .values(state="failed", failure=why, failure_detail="", version=change.ticket.version)
    )
    if stopped.rowcount == 1:  # type: ignore[attr-defined]
        session.refresh(message)
        change.record("reply_stopped", message)
        live.attention()


def of(ticket: Ticket) -> list[Message]:
    """What is to leave later, the next one first."""
    return list(
        session.scalars(
            select(Message).where(Message.ticket_id == ticket.id, *WAITING).order_by(Message.send_at)
        )
    )
