"""A ticket as it is read: what was said, and in between what was done."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Integer, Select, and_, bindparam, or_
from sqlalchemy.orm import InstrumentedAttribute

from inbox import trees
from inbox.db import Instant, written
from inbox.models import Event, Identity, Message, Ticket
from inbox.trees import Tree

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
    place = _read(before)
    values: dict[str, Any] = {"ticket": ticket.id, "most": most + 1}
    if place:
        values |= {"moment": place[0], "last": place[2]}
    other = place[1] if place else None
    found = _both(_newest(MESSAGE, other), _newest(EVENT, other), **values)
    shown = found[-most:]
    return Page(shown, _write(shown[0]) if len(found) > most else "")


def since(ticket: Ticket, version: int) -> Sequence[Entry]:
    """What changed after a version of the ticket, in order, wherever it stands."""
    return _both(*_SINCE, ticket=ticket.id, version=version)


def said(ticket: Ticket, *, notes: bool, most: int) -> Sequence[Message]:
    """The newest messages in order, for paper."""
    return _read_messages(_SAID if notes else _SAID_TO_CUSTOMERS, ticket=ticket.id, most=most)[::-1]


def _both(messages: Select[Any], events: Select[Any], **values: Any) -> list[Entry]:
    return sorted([*_read_messages(messages, **values), *_EVENT.read(events, **values)], key=_place)


def _read_messages(query: Select[Any], **values: Any) -> Sequence[Message]:
    found = _MESSAGE.read(query, **values)
    trees.fill(found, Message.identity, Identity.customer)
    trees.gather(found, Message.attachments)
    return found


# ------------------------------------------------- what is asked, made once: that costs more than the answer

_TICKET: Any = bindparam("ticket")

_MESSAGE = Tree(Message, Message.author, Message.thread)
_MESSAGES = _MESSAGE.query(Message.ticket_id == _TICKET)

_SAID = _MESSAGES.order_by(Message.created_at.desc(), Message.id.desc()).limit(bindparam("most"))
_SAID_TO_CUSTOMERS = _SAID.where(Message.kind != "note")

_OPENED = and_(
    Event.kind == "status_set",
    or_(Event.data["before"].as_string() == "new", Event.data["to"].as_string() == "new"),
)

_EVENT = Tree(Event, Event.agent)
_EVENTS = _EVENT.query(Event.ticket_id == _TICKET, Event.kind.in_([*map(written, SHOWN)]), ~_OPENED)

_VERSION: Any = bindparam("version")
_SINCE = _MESSAGES.where(Message.version > _VERSION), _EVENTS.where(Event.version > _VERSION)


@cache
def _newest(kind: int, other: int | None) -> Select[Any]:
    """Entries of a kind, those before one of the ``other`` kind if there is one."""
    if kind == MESSAGE:
        query, at, number = _MESSAGES, Message.created_at, Message.id
    else:
        query, at, number = _EVENTS, Event.at, Event.id
    if other is not None:
        query = query.where(_before(at, number, kind, other))
    return query.order_by(at.desc(), number.desc()).limit(bindparam("most"))


def _before(
    at: InstrumentedAttribute[datetime], number: InstrumentedAttribute[int], kind: int, other: int
) -> ColumnElement[bool]:
    moment, last = bindparam("moment", type_=Instant), bindparam("last", type_=Integer)
    if kind > other:
        return at < moment
    return or_(at < moment, and_(at == moment, number < last)) if kind == other else at <= moment


# ------------------------------------------------------------- where an entry stands, as a word and back

Place = tuple[datetime, int, int]


def _place(entry: Entry) -> Place:
    if isinstance(entry, Message):
        return entry.created_at, MESSAGE, entry.id
    return entry.at, EVENT, entry.id


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
