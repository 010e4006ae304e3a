"""What a ticket is called and how it is marked."""

from __future__ import annotations

from inbox import search, tags
from inbox.db import session
from inbox.models import Agent, Ticket, Topic
from inbox.models.ticket import PRIORITIES
from inbox.tickets.changing import changing


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


def set_topic(ticket: Ticket, topic: Topic | None, by: Agent | None) -> None:
    """What it is about; None for nothing in particular."""
    to = topic.id if topic else None
    if to == ticket.topic_id:
        return
    with changing(ticket, by) as change:
        change.record("topic_set", before=ticket.topic_id, to=to)
        ticket.topic = topic


def tag(ticket: Ticket, name: str, by: Agent | None) -> None:
    name = tags.normal(name)[: tags.LONGEST]
    if not name or any(tag.name == name for tag in ticket.tags):
        return
    with changing(ticket, by) as change:
        label = tags.named(name)
        session.refresh(ticket, ["tags"])
        if label in ticket.tags:  # somebody else did it while we waited for our turn
            return
        ticket.tags.append(label)
        session.flush()
        change.record("tagged", tag=label.id)
        search.index_ticket(ticket)


def untag(ticket: Ticket, name: str, by: Agent | None) -> None:
    label = next((tag for tag in ticket.tags if tag.name == name), None)
    if label is None:
        return
    with changing(ticket, by) as change:
        ticket.tags.remove(label)
        change.record("untagged", tag=label.id)
        search.index_ticket(ticket)
