"""A ticket as it is read: what was said, and in between what was done."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, or_, select
from sqlalchemy.orm import InstrumentedAttribute, joinedload, selectinload

from inbox.db import session
from inbox.models import Event, Identity, Message, Ticket

SHOWN = (
    "assigned",
    "moved",
    "prioritised",
    "topic_set",
    "resolved",
    "reopened",
    "status_set",
    "tagged",
    "untagged",
    "renamed",
    "customer_set",
    "spam_marked",
    "spam_cleared",
    "loop_cut",
    "rated",
    "low_score",
)
"""Events worth a line between the messages; the others speak through the message they made, as does the
step from *new* to *open* that comes with the first answer."""

PAGE = 50
"""Entries drawn at once: a conversation of years opens as quickly as one of today."""

Entry = Message | Event
MESSAGE, EVENT = 0, 1


@dataclass(frozen=True, slots=True)
class Page:
    """Entries in order, and where those before them end; empty: there are none."""

    entries: Sequence[Entry]
    earlier: str = ""


def newest(ticket: Ticket, before: str | None = None, most: int = PAGE) -> Page:
    """The newest entries, or the newest of those before a place that an earlier page named."""
    messages, events = _messages(ticket), _events(ticket)
    if place := _read(before):
        messages = messages.where(_before(Message.created_at, Message.id, MESSAGE, place))
        events = events.where(_before(Event.at, Event.id, EVENT, place))
    messages = messages.order_by(Message.created_at.desc(), Message.id.desc()).limit(most + 1)
    events = events.order_by(Event.at.desc(), Event.id.desc()).limit(most + 1)
    found = _both(messages, events)
    shown = found[-most:]
    return Page(shown, _write(shown[0]) if len(found) > most else "")


def since(ticket: Ticket, version: int) -> Sequence[Entry]:
    """What changed after a version of the ticket, in order, wherever it stands."""
    messages = _messages(ticket).where(Message.version > version)
    return _both(messages, _events(ticket).where(Event.version > version))


def said(ticket: Ticket, *, notes: bool, most: int) -> Sequence[Message]:
    """The newest messages in order, for paper."""
    messages = _messages(ticket).order_by(Message.created_at.desc(), Message.id.desc()).limit(most)
    found = session.scalars(messages if notes else messages.where(Message.kind != "note")).all()
    return found[::-1]


def _messages(ticket: Ticket) -> Select[Any]:
    return (
        select(Message)
        .where(Message.ticket_id == ticket.id)
        .options(
            joinedload(Message.author),
            joinedload(Message.thread),
            joinedload(Message.identity).joinedload(Identity.customer),
            selectinload(Message.attachments),
        )
    )


def _events(ticket: Ticket) -> Select[Any]:
    opened = and_(
        Event.kind == "status_set",
        or_(Event.data["before"].as_string() == "new", Event.data["to"].as_string() == "new"),
    )
    return (
        select(Event)
        .where(Event.ticket_id == ticket.id, Event.kind.in_(SHOWN), ~opened)
        .options(joinedload(Event.agent))
    )


def _both(messages: Select[Any], events: Select[Any]) -> list[Entry]:
    return sorted([*session.scalars(messages), *session.scalars(events)], key=_place)


# ------------------------------------------------------------- where an entry stands, as a word and back

Place = tuple[datetime, int, int]


def _place(entry: Entry) -> Place:
    if isinstance(entry, Message):
        return entry.created_at, MESSAGE, entry.id
    return entry.at, EVENT, entry.id


def _before(
    at: InstrumentedAttribute[datetime], number: InstrumentedAttribute[int], kind: int, place: Place
) -> ColumnElement[bool]:
    moment, other, last = place
    if kind > other:
        return at < moment
    return or_(at < moment, and_(at == moment, number < last)) if kind == other else at <= moment


def _write(entry: Entry) -> str:
    at, kind, number = _place(entry)
    return f"{at.timestamp():.6f}_{kind}_{number}"


def _read(word: str | None) -> Place | None:
    try:
        at, kind, number = (word or "").split("_")
        place = datetime.fromtimestamp(float(at), UTC), int(kind), int(number)
    except (ValueError, OverflowError, OSError):
        return None
    return place if place[1] in (MESSAGE, EVENT) and 0 <= place[2] < 2**31 else None
