"""What a list says of its tickets: a line of each, by one narrow query.

A list shows fifty, and loading four nouns for each would cost several times what drawing them does.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple, TypeVarTuple

from sqlalchemy import ColumnElement, Select, bindparam, select, union

from inbox.db import asked
from inbox.models import Account, Agent, Customer, Identity, Ticket
from inbox.models.ticket import OPEN

Columns = TypeVarTuple("Columns")


class Holder(NamedTuple):
    """Who has a ticket."""

    id: int
    name: str
    email: str
    photo_token: str | None

    @property
    def first_name(self) -> str:
        """As ``Agent.first_name``."""
        return (self.name.split() or [self.email])[0]


class Line(NamedTuple):
    id: int
    version: int
    status: str
    subject: str
    snippet: str
    priority: str
    spam_reason: str
    waiting_since: datetime | None
    message_count: int
    active_at: datetime
    kind: str
    """Of the account it came to."""
    name: str
    """As its writer signed; empty where they did not."""
    customer: str
    """As we call them."""
    address: str
    tier: str
    assignee: Holder | None

    @property
    def who(self) -> str:
        """As ``Identity.display_name``."""
        return self.name or self.customer or self.address

    @property
    def is_open(self) -> bool:
        return self.status in OPEN


_SAID: tuple[Any, ...] = (
    Ticket.id,
    Ticket.version,
    Ticket.status,
    Ticket.subject,
    Ticket.snippet,
    Ticket.priority,
    Ticket.spam_reason,
    Ticket.waiting_since,
    Ticket.message_count,
    Ticket.active_at,
    Account.kind,
    Identity.name,
    Customer.name,
    Identity.address,
    Customer.tier,
    Agent.id,
    Agent.name,
    Agent.email,
    Agent.photo_token,
)
_HOLDER = len(_SAID) - len(Holder._fields)


def of(*which: ColumnElement[bool]) -> Select[Any]:
    """The query for the lines of such tickets; these are found first, and the rest belongs to them."""
    return (
        select(*_SAID)
        .select_from(Ticket)
        .outerjoin(Ticket.identity)
        .outerjoin(Identity.customer)
        .outerjoin(Ticket.account)
        .outerjoin(Ticket.assignee)
        .where(*which)
    )


def newest(parts: Sequence[ColumnElement[bool]], *which: ColumnElement[bool]) -> Select[datetime, int]:
    """The query for when the newest tickets of all these parts were active and for their numbers, ``most`` of
    them; of each part as many are looked at, in its index.
    """
    found = [
        in_order(select(Ticket.active_at, Ticket.id).where(part, *which)).limit(bindparam("most"))
        for part in parts
    ]
    if len(found) == 1:
        return found[0]
    every = union(*(select(part.subquery()) for part in found)).subquery()
    return (
        select(every.c.active_at, every.c.id)
        .order_by(every.c.active_at.desc(), every.c.id.desc())
        .limit(bindparam("most"))
    )


def in_order(query: Select[*Columns]) -> Select[*Columns]:
    """Newest first."""
    return query.order_by(Ticket.active_at.desc(), Ticket.id.desc())


def read(query: Select[Any], **values: Any) -> Sequence[Line]:
    return [line(row) for row in asked(query, values)]


def line(row: Sequence[Any]) -> Line:
    """What ``of`` asked for; what else a query asks stands behind it."""
    holder = row[_HOLDER : len(_SAID)]
    return Line._make([*row[:_HOLDER], Holder._make(holder) if holder[0] else None])
