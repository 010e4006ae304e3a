"""Before anybody erases: what would go, what would stay and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select

from inbox.db import session
from inbox.models import (
    Answer,
    Attachment,
    Customer,
    Draft,
    Event,
    Hold,
    Identity,
    Message,
    Payload,
    Survey,
    Tag,
    Ticket,
)
from inbox.models.message import PENDING
from inbox.models.tag import tagging
from inbox.models.ticket import OPEN
from inbox.privacy import holds, people


@dataclass(frozen=True, slots=True)
class Preview:
    identities: Sequence[Identity]
    tickets: int
    open: Sequence[int]
    """The numbers of those that are not settled: they would be closed."""
    messages: int
    notes: int
    waiting: int
    """Messages that wait to be sent, and never would be."""
    elsewhere: int
    """What they wrote in conversations of others."""
    files: int
    files_size: int
    mails: int
    """Raw mails, as they came."""
    drafts: int
    ratings: int
    events: int
    tags: Sequence[str]
    """That stand on no conversation of anybody else: the house's own words, which stay."""
    holds: Sequence[Hold]


def of(customer: Customer) -> Preview:
    """Counted now: what comes until it begins goes, too."""
    person = people.of(customer.id)
    theirs = Ticket.identity_id.in_(person.identities)
    tickets = select(Ticket.id).where(theirs)
    here = or_(Message.ticket_id.in_(tickets), Message.identity_id.in_(person.identities))
    messages = select(Message.id).where(here)
    in_theirs = Message.ticket_id.in_(tickets)
    files = session.execute(
        select(func.count(), func.coalesce(func.sum(Attachment.size), 0)).where(
            Attachment.message_id.in_(messages), Attachment.sha256 != ""
        )
    ).one()
    raw = select(Message.payload_id).where(here)
    return Preview(
        identities=people.identities(person),
        tickets=_n(Ticket, theirs),
        open=session.scalars(tickets.where(Ticket.status.in_(OPEN)).order_by(Ticket.id)).all(),
        messages=_n(Message, in_theirs, Message.kind != "note"),
        notes=_n(Message, in_theirs, Message.kind == "note"),
        waiting=_n(Message, in_theirs, Message.state.in_(PENDING)),
        elsewhere=_n(Message, Message.identity_id.in_(person.identities), ~in_theirs),
        files=files[0],
        files_size=files[1],
        mails=_n(Payload, Payload.id.in_(raw), Payload.sha256 != ""),
        drafts=_n(Draft, Draft.ticket_id.in_(tickets)),
        ratings=session.scalar(
            select(func.count()).select_from(Answer).join(Survey).where(Survey.ticket_id.in_(tickets))
        )
        or 0,
        events=_n(Event, Event.ticket_id.in_(tickets)),
        tags=_own_tags(tickets),
        holds=holds.over_person(person),
    )


def _n(model: Any, *which: ColumnElement[bool]) -> int:
    return session.scalar(select(func.count()).select_from(model).where(*which)) or 0


def _own_tags(tickets: Any) -> Sequence[str]:
    mine = select(tagging.c.tag_id).where(tagging.c.ticket_id.in_(tickets))
    others = select(tagging.c.tag_id).where(tagging.c.ticket_id.not_in(tickets))
    return session.scalars(
        select(Tag.name).where(Tag.id.in_(mine), Tag.id.not_in(others)).order_by(Tag.name).limit(20)
    ).all()
