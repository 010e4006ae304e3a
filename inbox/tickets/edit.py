"""What a ticket is called and how it is marked."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from inbox import search
from inbox.db import session
from inbox.models import Agent, Tag, Ticket
from inbox.models.ticket import PRIORITIES
from inbox.tickets.changing import changing

LONGEST_TAG = 40


def prioritise(ticket: Ticket, priority: str, by: Agent | None) -> None:
    if priority not in PRIORITIES:
        raise ValueError(f"a priority is one of {', '.join(PRIORITIES)}")
    if priority == ticket.priority:
        return
    with changing(ticket, by) as change:
        change.record("prioritised", before=ticket.priority, to=priority)
        ticket.priority = priority


def rename(ticket: Ticket, subject: str, by: Agent | None) -> None:
    subject = " ".join(subject.split())[:998]
    if not subject or subject == ticket.subject:
        return
    with changing(ticket, by) as change:
        ticket.subject = subject
        change.record("renamed")
        search.index_ticket(ticket)


def tag(ticket: Ticket, name: str, by: Agent | None) -> None:
    name = " ".join(name.split()).lower()[:LONGEST_TAG]
    if not name or any(tag.name == name for tag in ticket.tags):
        return
    with changing(ticket, by) as change:
        label = session.scalar(select(Tag).where(Tag.name == name)) or _new(name)
        session.refresh(ticket, ["tags"])
        if label in ticket.tags:  # somebody else did it while we waited for our turn
            return
        ticket.tags.append(label)
        session.flush()
        change.record("tagged", tag=label.id)
        search.index_ticket(ticket)


def _new(name: str) -> Tag:
    """A tag nobody used before, unless somebody on another ticket does in this moment."""
    label = Tag(name=name)
    try:
        with session.begin_nested():
            session.add(label)
        return label
    except IntegrityError:
        return session.scalars(select(Tag).where(Tag.name == name)).one()


def untag(ticket: Ticket, name: str, by: Agent | None) -> None:
    label = next((tag for tag in ticket.tags if tag.name == name), None)
    if label is None:
        return
    with changing(ticket, by) as change:
        ticket.tags.remove(label)
        change.record("untagged", tag=label.id)
        search.index_ticket(ticket)
