"""New things written at once, by one plain INSERT each.

The session's own bookkeeping costs several times what their rows do, and taking in a mail makes seven. What
is written belongs to the session afterwards, as if it had been loaded. What is kept beside rows by a hook on
flush (tallies, the words of customers) is kept here as well.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any, cast

from sqlalchemy import JSON, Column, Insert, Table, insert, inspect
from sqlalchemy.orm import Mapper, RelationshipDirection, make_transient_to_detached

from inbox.db import Base, plain, session
from inbox.models import Customer, Ticket, customer_word, tally


def write(*new: Base) -> None:
    """Insert these in this order: who points at another new one comes after it.

    Only what their columns and their many-to-one links say is written. Raises IntegrityError where the
    database has one already: roll back.
    """
    for thing in new:
        if thing in session:  # something that was loaded points at it, which had it wait for a flush
            session.expunge(thing)
    tickets = [thing for thing in new if isinstance(thing, Ticket)]
    customer_word.note_new(tickets)
    for thing in new:
        _insert(thing)
    session.add_all(reversed(new))  # the last reach the others
    _keep(tickets, [thing for thing in new if isinstance(thing, Customer)])


def _insert(thing: Base) -> None:
    shape = _shape(type(thing))
    says = vars(thing)
    for link in shape.links:
        if (other := says.get(link.name)) is not None:
            says[link.column] = vars(other)[link.key]
    row = plain(shape.insert, {name: says.get(name) for name in shape.always | says.keys() & shape.defaulted})
    says |= cast(dict[str, Any], row.last_inserted_params())
    says["id"] = row.inserted_primary_key[0]  # type: ignore[index]
    make_transient_to_detached(thing)


def _keep(tickets: list[Ticket], customers: list[Customer]) -> None:
    connection = session.connection()
    if customers:
        customer_word.begun(connection, customers)
    if tickets:
        tally.begun(connection, tickets)
        customer_word.note_activity(connection, tickets)


@dataclass(frozen=True, slots=True)
class _Link:
    """A many-to-one relationship: ``ticket`` fills ``ticket_id`` with the other's ``id``."""

    name: str
    column: str
    key: str


@dataclass(frozen=True, slots=True)
class _Shape:
    """How things of one kind become rows."""

    insert: Insert
    links: tuple[_Link, ...]
    always: frozenset[str]
    """Columns that are NULL where nothing is said."""
    defaulted: frozenset[str]
    """Columns that are left out then: they have a default, or None would be JSON's null."""


@cache
def _shape(kind: type[Base]) -> _Shape:
    mapper: Mapper[Any] = inspect(kind)
    columns = [column for column in mapper.columns if not column.primary_key]
    links = (
        _Link(one.key, str(ours.key), str(theirs.key))
        for one in mapper.relationships
        if one.direction is RelationshipDirection.MANYTOONE and not one.viewonly
        for ours, theirs in one.local_remote_pairs
    )
    return _Shape(
        insert(cast(Table, kind.__table__)),
        tuple(links),
        frozenset(str(column.key) for column in columns if not _is_left_out(column)),
        frozenset(str(column.key) for column in columns if _is_left_out(column)),
    )


def _is_left_out(column: Column[Any]) -> bool:
    return column.default is not None or isinstance(column.type, JSON)
