"""New things written at once, by one plain INSERT each.

The session's own bookkeeping costs several times what their rows do, and taking in a mail makes seven. What
is written belongs to the session afterwards, as if it had been loaded. What is kept beside rows by a hook on
flush (tallies, the words of customers) is kept here as well.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, partial
from typing import Any, TypeVar, cast

from sqlalchemy import Column, Table, insert, inspect
from sqlalchemy.orm import Mapper, RelationshipDirection
from sqlalchemy.orm.attributes import instance_state

from inbox.db import Base, plain, session
from inbox.models import Customer, Ticket, customer_word, tally

Loaded = TypeVar("Loaded", bound=Base)
_Identity = tuple[type[Any], tuple[Any, ...], Any]
"""What the session knows a thing by: its class, its key, and a token that we do not use."""


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
    for thing in new:
        _hold(thing)
    _keep(tickets, [thing for thing in new if isinstance(thing, Customer)])


def _insert(thing: Base) -> None:
    shape, says = _shape(type(thing)), vars(thing)
    for link in shape.links:
        if (other := says.get(link.name)) is not None:
            says[link.column] = vars(other)[link.key]
    row = {name: says[name] if name in says else make() for name, make in shape.columns}
    says |= row
    says["id"] = plain(shape.insert, row)[0][0]
    _settle(thing, shape.identity((says["id"],)))


def _settle(thing: Base, identity: _Identity) -> None:
    """All that it says stands in the database."""
    state = instance_state(thing)
    state.key = identity
    state._commit_all(vars(thing))


def _hold(thing: Base) -> None:
    """Let the session have it, as what it loads by itself. ``Session.add`` walks along all its links instead,
    which takes eight times as long; this is what SQLAlchemy's ``orm/loading.py`` does with each row.
    """
    state, ours = instance_state(thing), session()
    state.session_id = ours.hash_key
    ours.identity_map._add_unpresent(state, cast(_Identity, state.key))


def found(kind: type[Loaded], row: Sequence[Any]) -> Loaded:
    """What stands in this row, all columns of its table in their order, as the session's; as it was loaded
    before, if it was.
    """
    shape = _shape(kind)
    identity = shape.identity(tuple([row[place] for place in shape.key_at]))
    thing: Any = session.identity_map.get(identity)
    if thing is None:
        thing = _made(shape, row, identity)
        _hold(thing)
    return cast(Loaded, thing)


def beside(row: Sequence[Any], *kinds: type[Base]) -> list[Any]:
    """Things of these kinds, whose columns stand beside each other in a row; None where nothing stands."""
    things, start = [], 0
    for kind in kinds:
        end = start + len(_shape(kind).names)
        things.append(None if row[start + _shape(kind).key_at[0]] is None else found(kind, row[start:end]))
        start = end
    return things


def read(kind: type[Loaded], row: Sequence[Any]) -> Loaded:
    """The same, of no session."""
    shape = _shape(kind)
    return cast(Loaded, _made(shape, row, shape.identity(tuple([row[place] for place in shape.key_at]))))


def _made(shape: _Shape, row: Sequence[Any], identity: _Identity) -> Base:
    thing = shape.make()
    vars(thing).update(zip(shape.names, row, strict=True))
    _settle(thing, identity)
    return thing


def columns(kind: type[Base]) -> tuple[str, ...]:
    """Of its table, in their order: what ``found`` and ``read`` want."""
    return _shape(kind).names


def key_at(kind: type[Base]) -> tuple[int, ...]:
    """Where among those its key stands."""
    return _shape(kind).key_at


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
    """How things of one kind become rows, and rows things."""

    insert: Any
    links: tuple[_Link, ...]
    columns: tuple[tuple[str, Callable[[], Any]], ...]
    """All but the id, and what each is where nothing is said."""
    names: tuple[str, ...]
    """Of all."""
    key_at: tuple[int, ...]
    """Where among them its key stands."""
    identity: Callable[[tuple[Any, ...]], _Identity]
    """What the session knows the one by that has this key."""
    make: Callable[[], Base]
    """One of which nothing is known yet, without the defaults of a new one."""


@cache
def _shape(kind: type[Base]) -> _Shape:
    mapper: Mapper[Any] = inspect(kind)
    table = cast(Table, kind.__table__)
    links = (
        _Link(one.key, str(ours.key), str(theirs.key))
        for one in mapper.relationships
        if one.direction is RelationshipDirection.MANYTOONE and not one.viewonly
        for ours, theirs in one.local_remote_pairs
    )
    return _Shape(
        insert(table).returning(*table.primary_key),
        tuple(links),
        tuple((column.key, _default(column)) for column in table.columns if not column.primary_key),
        tuple(column.key for column in table.columns),
        tuple(place for place, column in enumerate(table.columns) if column.primary_key),
        mapper.identity_key_from_primary_key,
        mapper.class_manager.new_instance,
    )


def _default(column: Column[Any]) -> Callable[[], Any]:
    default: Any = column.default
    if default is None:
        return lambda: None
    return partial(default.arg, None) if default.is_callable else lambda: default.arg
