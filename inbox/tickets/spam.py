"""What is spam, and what is not: agents say so, and the house learns from it."""

from __future__ import annotations

from sqlalchemy import select

from inbox import customers, spam
from inbox.db import session
from inbox.models import Agent, Event, Message, Ticket
from inbox.models.ticket import OPEN
from inbox.tickets.changing import Change, changing, lock
from inbox.tickets.status import shift


def mark_spam(ticket: Ticket, by: Agent) -> None:
    """Put it among spam, and what this address sends from now on."""
    lock(ticket)
    if ticket.status == "spam":  # a guess, or a colleague, was faster
        return
    with changing(ticket, by) as change:
        ticket.spam_reason = "agent"
        shift(change, "spam")
        _judge(ticket, by, as_spam=True)


def not_spam(ticket: Ticket, by: Agent) -> None:
    """Take it out again, as it was before; this address is never guessed to send spam again."""
    lock(ticket)
    if ticket.status != "spam":
        return
    with changing(ticket, by) as change:
        clear(change, by)


def clear(change: Change, by: Agent) -> None:
    """The same inside a change that is under way: whoever answers it says so, too."""
    shift(change, _before(change.ticket))
    _judge(change.ticket, by, as_spam=False)


def learn_good(ticket: Ticket) -> None:
    """Somebody answers it, so it is none: its words count as good ones, unless they were judged already."""
    lock(ticket)
    if not ticket.words_learnt and ticket.status != "spam":
        _learn(ticket, "good")


def _before(ticket: Ticket) -> str:
    """The status it had; one that came as spam is new."""
    marked = select(Event).where(Event.ticket_id == ticket.id, Event.kind == "spam_marked")
    last = session.scalar(marked.order_by(Event.id.desc()).limit(1))
    return str(last.data.get("before") or OPEN[0]) if last else OPEN[0]


def _judge(ticket: Ticket, by: Agent, *, as_spam: bool) -> None:
    """The address counts only if its sender is who they say: a forger must not have others blocked."""
    if ticket.identity.kind != customers.UNVERIFIED:
        spam.judge_address(ticket.identity.address, as_spam, by)
    _learn(ticket, "spam" if as_spam else "good")


def _learn(ticket: Ticket, learnt: str) -> None:
    """Count the words of the message that began it."""
    first = session.scalar(
        select(Message)
        .where(Message.ticket_id == ticket.id, Message.kind == "customer")
        .order_by(Message.id)
        .limit(1)
    )
    if first:
        words = spam.words(first.subject, first.text, first.identity.address if first.identity else "")
        spam.learn(words, ticket.words_learnt, learnt)
        ticket.words_learnt = learnt
