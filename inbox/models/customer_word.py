"""The words a customer is found by: their names, their addresses, where they belong.

Kept by a hook on flush, like the tallies, so that no verb can forget; folded, so that *joao* finds *João*.
The same on every database: a word begins like what was typed, which is a range of an ordinary index.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any, cast

from sqlalchemy import (
    Connection,
    ForeignKey,
    Index,
    String,
    Table,
    bindparam,
    delete,
    event,
    insert,
    inspect,
    or_,
    select,
    update,
)
from sqlalchemy.orm import Mapped, Session, mapped_column

from inbox import statements
from inbox.db import Base
from inbox.models.customer import Customer
from inbox.models.identity import Identity
from inbox.models.organisation import Organisation
from inbox.models.ticket import Ticket
from inbox.text import words

LONGEST = 40
MOST = 60
"""Words of one customer."""

BATCH = 500


class CustomerWord(Base):
    __tablename__ = "customer_word"
    __table_args__ = (Index("ix_customer_word_customer", "word", "customer_id"),)

    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id", ondelete="CASCADE"), primary_key=True)
    word: Mapped[str] = mapped_column(
        # by code points: a range over words must mean the same whatever language the database sorts by
        String(LONGEST).with_variant(String(LONGEST, collation="C"), "postgresql"),
        primary_key=True,
    )


TOLD_BY: tuple[tuple[type[Any], tuple[str, ...]], ...] = (
    (Customer, ("name", "organisation_id", "merged_into_id")),
    (Identity, ("customer_id", "name", "address")),
    (Organisation, ("name",)),
    (Ticket, ("active_at", "identity_id", "status")),
)
"""What changes the words of a customer, or when somebody last wrote to or for them."""


@event.listens_for(Session, "before_flush")
def _note_all(current: Session, _context: Any, _instances: Any) -> None:
    _note(thing for thing in (*current.new, *current.dirty) if isinstance(thing, Ticket))


def note_new(tickets: Iterable[Ticket]) -> None:
    """Say of customers that have no row yet when they wrote; of others ``note_activity`` says it."""
    _note(
        one
        for one in tickets
        if (customer := _at_hand(one)) is not None and not inspect(customer).has_identity
    )


def _note(tickets: Iterable[Ticket]) -> None:
    """Where the customer is at hand, it is one statement with what is written of them anyway."""
    for ticket in tickets:
        at, customer = inspect(ticket).dict.get("active_at"), _at_hand(ticket)
        if customer is not None and at is not None and ticket.status != "spam" and not _is_noted(ticket):
            customer.active_at = at


def _at_hand(ticket: Ticket) -> Customer | None:
    identity = inspect(ticket).dict.get("identity")
    return inspect(identity).dict.get("customer") if identity is not None else None


def _is_noted(ticket: Ticket) -> bool:
    customer = _at_hand(ticket)
    noted = inspect(customer).dict.get("active_at") if customer is not None else None
    return noted is not None and noted >= ticket.active_at


@event.listens_for(Session, "after_flush")
def _keep(current: Session, _context: Any) -> None:
    touched: dict[type[Any], list[Any]] = {kind: [] for kind, _columns in TOLD_BY}
    for thing in (*current.new, *current.dirty, *current.deleted):
        for kind, columns in TOLD_BY:
            if isinstance(thing, kind) and (thing not in current.dirty or _changed(thing, columns)):
                touched[kind].append(thing)
    gone = {one.id for one in current.deleted if isinstance(one, Customer)}
    new = {one for one in touched[Customer] if one in current.new and _is_all_here(one)}
    connection = current.connection()
    begun(connection, new)
    index(connection, _customers(connection, touched) - gone - {one.id for one in new})
    note_activity(connection, [one for one in touched[Ticket] if one not in current.deleted])


def begun(connection: Connection, customers: Iterable[Customer]) -> None:
    """Find somebody new, of whom everything is at hand."""
    _write(connection, {one.id: _said(one) for one in customers})


def _changed(thing: Any, columns: Iterable[str]) -> bool:
    attributes = inspect(thing).attrs
    return any(attributes[column].history.has_changes() for column in columns)


def _is_all_here(customer: Customer) -> bool:
    """Nothing has to be asked for to know what somebody new is called."""
    return customer.organisation_id is None or "organisation" in inspect(customer).dict


def _said(customer: Customer) -> list[str]:
    belongs = [customer.organisation.name] if customer.organisation_id and customer.organisation else []
    ours = [text for one in customer.identities for text in (one.name, one.address)]
    return [text for text in (customer.name, *belongs, *ours) if text]


def _customers(connection: Connection, touched: dict[type[Any], list[Any]]) -> set[int]:
    found = {one.id for one in touched[Customer]}
    for identity in touched[Identity]:
        found |= {identity.customer_id, *inspect(identity).attrs.customer_id.history.deleted}
    if renamed := [one.id for one in touched[Organisation]]:
        found |= set(connection.scalars(select(Customer.id).where(Customer.organisation_id.in_(renamed))))
    return {number for number in found if number}


def index(connection: Connection, customers: Collection[int]) -> None:
    """Find these by what is known of them now. Who changes rows beside the session has to ask for it."""
    ordered = sorted(customers)  # one order for everybody, so that two transactions never wait for each other
    for start in range(0, len(ordered), BATCH):
        _index_some(connection, ordered[start : start + BATCH])


def _index_some(connection: Connection, customers: list[int]) -> None:
    said: dict[int, list[str]] = {}
    rows = connection.execute(
        select(Customer.id, Customer.name, Organisation.name, Identity.name, Identity.address)
        .outerjoin(Organisation, Organisation.id == Customer.organisation_id)
        .outerjoin(Identity, Identity.customer_id == Customer.id)
        .where(Customer.id.in_(customers), Customer.merged_into_id.is_(None))
        .order_by(Identity.id)
    )
    for number, *texts in rows:
        said.setdefault(number, []).extend(filter(None, texts))
    connection.execute(delete(CustomerWord).where(CustomerWord.customer_id.in_(customers)))
    _write(connection, said)


def _write(connection: Connection, said: dict[int, list[str]]) -> None:
    found = [
        {"customer_id": number, "word": word} for number, texts in said.items() for word in _words(texts)
    ]
    if found:
        statements.run(connection, _WORD, found)


def _words(texts: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(word[:LONGEST] for text in texts for word in words(text)))[:MOST]


def note_activity(connection: Connection, tickets: Iterable[Ticket]) -> None:
    """When somebody last wrote to a customer or for them. Spam brings nobody into the list of customers."""
    late = [one for one in tickets if one.status != "spam" and not _is_noted(one)]
    moved = sorted((one.identity_id, one.active_at) for one in late)
    for identity, at in moved:
        statements.run(connection, _ACTIVE, {"identity": identity, "at": at})


_WORD = insert(cast(Table, CustomerWord.__table__))
_WHOSE = select(Identity.customer_id).where(Identity.id == bindparam("identity")).scalar_subquery()
_ACTIVE = (
    update(cast(Table, Customer.__table__))
    .where(Customer.id == _WHOSE, or_(Customer.active_at.is_(None), Customer.active_at < bindparam("at")))
    .values(active_at=bindparam("at"))
)
