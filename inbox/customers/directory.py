"""The list of customers: who wrote last comes first, a page at a time, found by the words of their names,
their addresses and where they belong.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import joinedload, selectinload

from inbox.access import customers_visible_to, visible_to
from inbox.db import session
from inbox.models import Agent, Customer, CustomerWord, Identity, Ticket
from inbox.models.customer_word import LONGEST
from inbox.models.ticket import OPEN
from inbox.text import words

PAGE = 50
MOST_WORDS = 8
LAST = "\U0010ffff"
"""Sorts after every character, so that all which begins like a word stands before the word with it."""

_CURSOR = re.compile(r"(\d{1,11})\.(\d{6})_(\d{1,9})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Asked:
    """What the list is to show: words, a tier, the members of an organisation."""

    q: str = ""
    tier: str = ""
    organisation: int | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """A customer, and how it stands with them as far as the agent who asks may see."""

    customer: Customer
    wrote_at: datetime | None
    open: int


@dataclass(frozen=True, slots=True)
class Page:
    rows: Sequence[Row]
    next: str | None


def page(agent: Agent, asked: Asked, before: str | None = None, limit: int = PAGE) -> Page:
    """The customers who wrote last, or those after a former page's ``next``."""
    query = _listed(agent).where(Customer.active_at.is_not(None), *_narrowed(asked))
    if before and (place := _read(before)):
        at, last = place
        query = query.where(or_(Customer.active_at < at, and_(Customer.active_at == at, Customer.id < last)))
    found = list(session.scalars(query.limit(limit + 1)))
    shown = found[:limit]
    return Page(_with_tickets(agent, shown), _write(shown[-1]) if len(found) > limit else None)


def find(agent: Agent, q: str, limit: int = 8, *, besides: int = 0) -> Sequence[Customer]:
    """Whom somebody may mean who types this, an address or a part of a name; nobody for no word."""
    held = _holding(q)
    if not held:
        return []
    return session.scalars(_listed(agent).where(*held, Customer.id != besides).limit(limit)).all()


def _listed(agent: Agent) -> Select[Customer]:
    return (
        select(Customer)
        .where(customers_visible_to(agent))
        .options(joinedload(Customer.organisation), selectinload(Customer.identities))
        .order_by(Customer.active_at.desc(), Customer.id.desc())
    )


def _narrowed(asked: Asked) -> list[ColumnElement[bool]]:
    which = _holding(asked.q)
    if asked.tier:
        which.append(Customer.tier == asked.tier)
    if asked.organisation is not None:
        which.append(Customer.organisation_id == asked.organisation)
    return which


def _holding(q: str) -> list[ColumnElement[bool]]:
    """Every word that was typed begins one of theirs."""
    typed = [word[:LONGEST] for word in words(q)[:MOST_WORDS]]
    return [Customer.id.in_(_beginning(word)) for word in dict.fromkeys(typed)]


def _beginning(word: str) -> Select[int]:
    within = (CustomerWord.word >= word, CustomerWord.word < word + LAST)
    return select(CustomerWord.customer_id).where(*within)


def _with_tickets(agent: Agent, customers: Sequence[Customer]) -> list[Row]:
    """What stands open is counted for the few on the page, never for all."""
    counted = session.execute(
        select(
            Identity.customer_id,
            func.max(Ticket.active_at),
            func.count().filter(Ticket.status.in_(OPEN)),
        )
        .join(Ticket, Ticket.identity_id == Identity.id)
        .where(
            Identity.customer_id.in_([one.id for one in customers]),
            Ticket.status != "spam",
            visible_to(agent),
        )
        .group_by(Identity.customer_id)
    )
    by_id = {number: (at, n) for number, at, n in counted}
    return [Row(one, *by_id.get(one.id, (None, 0))) for one in customers]


def _write(customer: Customer) -> str:
    at = customer.active_at
    assert at is not None
    return f"{int(at.replace(microsecond=0).timestamp())}.{at.microsecond:06d}_{customer.id}"


def _read(place: str) -> tuple[datetime, int] | None:
    found = _CURSOR.fullmatch(place)
    if not found:
        return None
    seconds, micros, last = map(int, found.groups())
    return datetime.fromtimestamp(seconds, UTC) + timedelta(microseconds=micros), last
