"""Taking back what has not left, and sending again what did not."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, or_, select, update

from inbox import drafts, live, outbox, queue, search
from inbox.db import session
from inbox.models import AccountAddress, Agent, Draft, Event, Handling, Message, Thread, Ticket
from inbox.models.tag import tagging
from inbox.tickets import senders
from inbox.tickets.changing import Change, changing
from inbox.tickets.macros import take_back
from inbox.tickets.recipients import typed
from inbox.tickets.reply import subject_of_answer
from inbox.tickets.status import shift, unanswered_since


class TooLate(Exception):
    """It is on its way, or gone."""


def undo(message: Message, by: Agent) -> Draft:
    """Take a message that has not left back into its author's draft: words, files, fields and schedule, and
    the ticket as it was. A conversation that began with it never was.

    Its author takes back what is about to leave, and what failed; what is scheduled anybody who answers the
    ticket may stop. The draft is its author's in any case. Raises TooLate.
    """
    mine = Message.author_id == by.id
    not_begun = (Message.state == "queued") & (Message.attempts == 0)
    never_left = (Message.state == "failed") & Message.sent_at.is_(None)
    claimed = session.execute(
        update(Message)
        .where(Message.id == message.id, Message.kind == "reply", Message.leased_until.is_(None))
        .where(or_(not_begun, never_left), or_(mine, Message.send_at.is_not(None)))
        .values(state="failed", failure="taken back")
    )
    if claimed.rowcount != 1 or message.author is None:  # type: ignore[attr-defined]
        raise TooLate
    ticket, before = message.ticket, message.undo or {}
    alone = before.get("draft") == "new" and ticket.message_count == 1 and not _drafted(ticket)
    with changing(ticket, by) as change:
        draft = drafts.put_back(message, message.author, _fields(message, alone))
        went_on = _went_on(message)
        if not went_on and not message.forward:
            _restore(change, message)
        _sender_back(message, before)
        ticket.message_count -= 1
        search.forget_message(message)
        change.record("reply_taken_back", message)
        session.delete(message)
        session.flush()
        drafts.describe_last(ticket)
        if went_on and not message.forward:
            ticket.waiting_since = unanswered_since(ticket) if ticket.is_open else None
    if not went_on:
        take_back(ticket, before, by)
    if alone:
        _unmake(ticket)
    return draft


def _drafted(ticket: Ticket) -> bool:
    return session.scalar(select(Draft.id).where(Draft.ticket_id == ticket.id).limit(1)) is not None


def _fields(message: Message, alone: bool) -> dict[str, object]:
    """What stood in the composer's fields."""
    before = message.undo or {}
    kind = before.get("draft", "reply")
    people = message.recipients or {}
    sender = message.thread.address if message.thread else None
    return {
        "kind": "reply" if kind == "new" and not alone else kind,
        "subject": _subject(message, kind),
        **{role: typed(people.get(role, ())) for role in ("to", "cc", "bcc")},
        "from": sender.id if sender else None,
        "signature": bool(message.signature) or not senders.signature(message.author, sender),
        "send_at": message.send_at.isoformat() if message.send_at else "",
        "of": before.get("of", 0),
        "then": before.get("then", ""),
        "macros": before.get("macros"),
    }


def _subject(message: Message, kind: object) -> str:
    """An answer keeps none but what its writer gave it: what it is called otherwise may change."""
    usual = kind == "reply" and message.subject == subject_of_answer(message.ticket)
    return "" if usual else message.subject


def _went_on(message: Message) -> bool:
    """Whether somebody wrote after it: then the ticket stands where that put it."""
    later = select(Message.id).where(
        Message.ticket_id == message.ticket_id,
        Message.id > message.id,
        Message.kind != "note",
        Message.automated == "",
    )
    return session.scalar(later.limit(1)) is not None


def _restore(change: Change, message: Message) -> None:
    ticket, before = change.ticket, message.undo or {}
    if "status" not in before:
        return
    since = before.get("waiting_since")
    shift(change, before["status"])
    ticket.waiting_since = datetime.fromisoformat(since) if since else None


def _sender_back(message: Message, before: dict[str, object]) -> None:
    """The thread answers from the address it had before."""
    if message.thread and "address" in before:
        wanted = before["address"]
        message.thread.address = session.get(AccountAddress, wanted) if wanted else None


def _unmake(ticket: Ticket) -> None:
    """A ticket of which nothing is left: nobody ever heard of it. That it was begun, the trail remembers."""
    was = live.where(ticket)
    search.forget_ticket(ticket)
    session.execute(update(Ticket).where(Ticket.continues_id == ticket.id).values(continues_id=None))
    session.execute(delete(Thread).where(Thread.ticket_id == ticket.id))
    happened = select(Event.id).where(Event.ticket_id == ticket.id)
    session.execute(delete(Handling).where(Handling.event_id.in_(happened)))
    session.execute(tagging.delete().where(tagging.c.ticket_id == ticket.id))
    session.expire(ticket, ["tags"])
    session.delete(ticket)
    session.flush()
    live.changed(ticket, was)


def retry(message: Message, by: Agent | None) -> None:
    """Send a failed reply again, with the same Message-ID."""
    claimed = session.execute(
        update(Message)
        .where(Message.id == message.id, Message.state == "failed", Message.kind == "reply")
        .values(
            state="queued",
            failure="",
            attempts=1,
            send_at=None,
            not_before=None,
            leased_until=None,
            lease=None,
            bounces=[],
        )
    )
    if claimed.rowcount != 1:  # type: ignore[attr-defined]
        raise TooLate
    session.refresh(message)
    with changing(message.ticket, by) as change:
        message.version = message.ticket.version
        change.record("reply_retried", message)
    queue.later("outbox", outbox.send_now, message.id)
