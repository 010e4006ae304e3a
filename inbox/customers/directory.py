"""The list of customers: who wrote last comes first, a page at a time, found by the words of their names,
their addresses and where they belong.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from sqlalchemy import ColumnElement, Select, and_, exists, func, or_, select
from sqlalchemy.orm import contains_eager, joinedload, selectinload

from inbox.access import customers_visible_to, visible_to
from inbox.db import session
from inbox.models import Agent, Customer, CustomerWord, Identity, Ticket
from inbox.models.customer_word import LONGEST
from inbox.models.ticket import OPEN
from inbox.text import words

PAGE = 50
MOST_WORDS = 8
READ = 3000
"""Customers who wrote last that are looked through before the index of words is asked."""

LAST = "\U0010ffff"
"""Sorts after every character, so that all which begins like a word stands before the word with it."""

_NEWEST = (Customer.active_at.desc(), Customer.id.desc())
_SILENT_LAST = (Customer.active_at.desc().nulls_last(), Customer.id.desc())
"""For who is found by name: also whom nothing but spam came from."""

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
    which = [Customer.active_at.is_not(None), *_narrowed(asked)]
    if before and (place := _read(before)):
        at, last = place
        which.append(or_(Customer.active_at < at, and_(Customer.active_at == at, Customer.id < last)))
    found = _newest(_listed(agent).where(*which).order_by(*_NEWEST), which, _typed(asked.q), limit + 1)
    shown = found[:limit]
    return Page(_with_tickets(agent, shown), _write(shown[-1]) if len(found) > limit else None)


def find(agent: Agent, q: str, limit: int = 8, *, besides: int = 0) -> Sequence[Customer]:
    """Whom somebody may mean who types this, an address or a part of a name; nobody for no word."""
    typed, which = _typed(q), [Customer.id != besides]
    return _newest(_listed(agent).where(*which).order_by(*_SILENT_LAST), which, typed, limit) if typed else []


def people(agent: Agent, q: str, limit: int = 6) -> Sequence[Identity]:
    """Whom somebody may want to write to who begins to type a name or an address: of tickets this agent may
    see. Whose customer wrote last comes first.
    """
    typed = _typed(q)
    if not typed:
        return []
    wrote = exists().where(Ticket.identity_id == Identity.id, visible_to(agent))
    query = (
        select(Identity)
        .join(Identity.customer)
        .where(wrote)
        .options(contains_eager(Identity.customer))
        .order_by(*_SILENT_LAST, Identity.id)
    )
    found = _newest(query, [], typed, limit * 5)
    return [identity for identity in found if _is_about(identity, typed)][:limit]


def _is_about(identity: Identity, typed: Sequence[str]) -> bool:
    """A customer is found by any of their addresses: what was typed must stand in this one, or the names."""
    about = words(f"{identity.name} {identity.customer.name} {identity.address}")
    return all(any(word.startswith(term) for word in about) for term in typed)


Listed = TypeVar("Listed", Customer, Identity)


def _newest(
    query: Select[Listed], which: Sequence[ColumnElement[bool]], typed: Sequence[str], limit: int
) -> Sequence[Listed]:
    """The first of ``query``, of customers who match ``which`` and hold every word that was typed.

    A word that many hold is looked for among those who wrote last; only a rarer one is asked of the index,
    which knows who holds it and not who is new.
    """
    query = query.limit(limit)
    if not typed:
        return session.scalars(query).all()
    last = select(Customer.id).where(Customer.active_at.is_not(None), *which).order_by(*_NEWEST).limit(READ)
    near = session.scalars(query.where(Customer.id.in_(last), *(_holds(word) for word in typed))).all()
    if len(near) == limit:
        return near
    return session.scalars(query.where(*(Customer.id.in_(_beginning(word)) for word in typed))).all()


def _listed(agent: Agent) -> Select[Customer]:
    return (
        select(Customer)
        .where(customers_visible_to(agent))
        .options(joinedload(Customer.organisation), selectinload(Customer.identities))
    )


def _narrowed(asked: Asked) -> list[ColumnElement[bool]]:
    which = []
    if asked.tier:
        which.append(Customer.tier == asked.tier)
    if asked.organisation is not None:
        which.append(Customer.organisation_id == asked.organisation)
    return which


def _typed(q: str) -> list[str]:
    """The words, each of which begins one of the customer's."""
    return list(dict.fromkeys(word[:LONGEST] for word in words(q)[:MOST_WORDS]))


def _holds(word: str) -> ColumnElement[bool]:
    return exists().where(CustomerWord.customer_id == Customer.id, *_within(word)).correlate(Customer)


def _beginning(word: str) -> Select[int]:
    return select(CustomerWord.customer_id).where(*_within(word))


def _within(word: str) -> tuple[ColumnElement[bool], ...]:
    return CustomerWord.word >= word, CustomerWord.word < word + LAST


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
