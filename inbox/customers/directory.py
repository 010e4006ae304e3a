"""The list of customers: who wrote last comes first, a page at a time, found by the words of their names,
their addresses and where they belong.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import isqrt

from sqlalchemy import ColumnElement, Select, and_, exists, func, or_, select, true
from sqlalchemy.orm import InstrumentedAttribute, aliased, joinedload, selectinload

from inbox.access import customers_visible_to, visible_to
from inbox.db import plan_anew, session
from inbox.models import Agent, Customer, CustomerWord, Identity, Ticket
from inbox.models.customer_word import LONGEST
from inbox.models.ticket import OPEN
from inbox.text import words

PAGE = 50
MOST_WORDS = 8
READ = 10_000
"""Customers who wrote last that are looked through, at most, before the index of words is asked."""

TOGETHER = 4
"""How many times more may hold the rarest of several words for the index to be asked."""

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
    found = _loaded(_newest(customers_visible_to(agent), which, _typed(asked.q), limit + 1))
    shown = found[:limit]
    return Page(_with_tickets(agent, shown), _write(shown[-1]) if len(found) > limit else None)


def find(agent: Agent, q: str, limit: int = 8, *, besides: int = 0) -> Sequence[Customer]:
    """Whom somebody may mean who types this, an address or a part of a name; nobody for no word."""
    typed, which = _typed(q), [Customer.id != besides]
    return _loaded(_newest(customers_visible_to(agent), which, typed, limit)) if typed else []


def people(agent: Agent, q: str, limit: int = 6) -> Sequence[Identity]:
    """Whom somebody may want to write to who begins to type a name or an address: of tickets this agent may
    see. Whose customer wrote last comes first.
    """
    typed = _typed(q)
    if not typed:
        return []
    order = _newest(_may_be_written_to(agent), [], typed, limit * 5)
    wrote = exists().where(Ticket.identity_id == Identity.id, visible_to(agent))
    found = session.scalars(
        select(Identity)
        .where(Identity.customer_id.in_(order), wrote)
        .options(joinedload(Identity.customer))
        .order_by(Identity.id)
    ).all()
    by_place = sorted(found, key=lambda identity: order.index(identity.customer_id))
    return [identity for identity in by_place if _is_about(identity, typed)][:limit]


def _may_be_written_to(agent: Agent) -> ColumnElement[bool]:
    """Who sees every ticket need not have them looked up for everybody who is called so."""
    if agent.sees_everything:
        return Customer.merged_into_id.is_(None)
    theirs = select(Ticket.id).join(Identity, Identity.id == Ticket.identity_id)
    return theirs.where(Identity.customer_id == Customer.id, visible_to(agent)).correlate(Customer).exists()


def _is_about(identity: Identity, typed: Sequence[str]) -> bool:
    """A customer is found by any of their addresses: what was typed must stand in this one, or the names."""
    about = words(f"{identity.name} {identity.customer.name} {identity.address}")
    return all(any(word.startswith(term) for word in about) for term in typed)


def _newest(
    seen: ColumnElement[bool], which: Sequence[ColumnElement[bool]], typed: Sequence[str], limit: int
) -> Sequence[int]:
    """Customers who may be ``seen``, match ``which`` and hold every word that was typed; who wrote last comes
    first.

    A word that many hold is looked for among those who wrote last, and these are read only until there are
    enough; a rarer one is asked of the index, which knows who holds it and not who is new.
    """
    last = select(Customer.id).where(Customer.active_at.is_not(None), *which, seen).order_by(*_NEWEST)
    if not typed:
        return session.scalars(last.limit(limit)).all()
    plan_anew()
    rarest, many = _rarest(typed, limit)
    if many:
        each = (_holds(word, Customer.id) for word in typed)
        found = session.scalars(last.where(*each, Customer.active_at >= _since()).limit(limit)).all()
        if len(found) == limit:
            return found
    others = (_holds(word, CustomerWord.customer_id) for word in typed if word != rarest)
    holding = _beginning(rarest).where(*others)
    everybody = select(Customer.id).where(Customer.id.in_(holding), *which, seen)
    return session.scalars(everybody.order_by(*_SILENT_LAST).limit(limit)).all()


def _rarest(typed: Sequence[str], limit: int) -> tuple[str, bool]:
    """The word that the fewest hold, and whether those are too many to read them all.

    The index of words is the shorter way to whom fewer than the root of ``limit`` times all customers hold:
    of so many as many have to be read in either way. Several words are held together by fewer.
    """
    everybody = session.scalar(select(func.max(Customer.id))) or 0
    enough = isqrt(limit * everybody) * (1 if len(typed) == 1 else TOGETHER) + 1
    counted = [select(func.count()).select_from(_beginning(word).limit(enough).subquery()) for word in typed]
    holding = session.execute(select(*(one.scalar_subquery() for one in counted))).one()
    n, word = min(zip(holding, typed, strict=True))
    return word, n == enough


def _since() -> ColumnElement[datetime]:
    """When the last of the ``READ`` who wrote last did."""
    wrote = select(Customer.active_at).where(Customer.active_at.is_not(None)).order_by(*_NEWEST)
    at = wrote.offset(READ - 1).limit(1).scalar_subquery()
    return func.coalesce(at, select(func.min(Customer.active_at)).scalar_subquery())


def _holds(word: str, customer: InstrumentedAttribute[int]) -> ColumnElement[bool]:
    """One of the few words of this customer begins so. Neither a join nor a range: PostgreSQL cannot tell how
    many begin so, and would go through all of them for every customer."""
    theirs = aliased(CustomerWord)
    begins = func.substr(theirs.word, 1, len(word)) == word
    one = select(true()).where(theirs.customer_id == customer, begins).limit(1)
    return one.scalar_subquery().is_not(None)


def _loaded(ids: Sequence[int]) -> Sequence[Customer]:
    query = select(Customer).where(Customer.id.in_(ids))
    parts = (joinedload(Customer.organisation), selectinload(Customer.identities))
    by_id = {one.id: one for one in session.scalars(query.options(*parts))}
    return [by_id[number] for number in ids]


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


def _beginning(word: str) -> Select[int]:
    held = (CustomerWord.word >= word, CustomerWord.word < word + LAST)
    return select(CustomerWord.customer_id).where(*held)


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
