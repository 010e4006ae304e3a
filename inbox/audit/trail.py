"""Reading the trail: newest first, a page or everything, by person, group, ticket and day.

It has a row for everything that ever happened, so each question walks an index in the order of the answer and
never counts or sorts: by number for all, a ticket or a person; by kind, each kind for itself, for a group.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, false, func, literal_column, select, union_all
from sqlalchemy.orm import aliased, joinedload

from inbox.audit.words import WORDS
from inbox.db import reading, session
from inbox.models import Event

PAGE = 50
BATCH = 500

STEP = timedelta(hours=1)
"""Numbers grow with time, but for a moment in which two were written at once, or a clock that was set."""

TICKETS = "tickets"


@dataclass(frozen=True, slots=True)
class Filter:
    """What is wanted of the trail; empty is everything."""

    agent_id: int | None = None
    group: str = ""
    ticket_id: int | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """Some events, newest first, and behind which one the next begin."""

    events: Sequence[Event]
    next: int | None


def page(wanted: Filter, before: int | None = None, limit: int = PAGE) -> Page:
    """The newest, or those before one of an earlier page."""
    found = _events(wanted, before, limit + 1)
    shown = found[:limit]
    return Page(shown, shown[-1].id if len(found) > limit else None)


def every(wanted: Filter, up_to: int) -> Iterator[Sequence[Event]]:
    """All of it up to a number, in batches, each read in a transaction of its own: an export that takes its
    time keeps nobody waiting."""
    before: int | None = up_to + 1
    while before is not None:
        with reading():
            batch = page(wanted, before, BATCH)
        yield batch.events
        before = batch.next


def newest_id() -> int:
    return session.scalar(select(func.max(Event.id))) or 0


def _events(wanted: Filter, before: int | None, limit: int) -> Sequence[Event]:
    # a second look by number: the first one, or many in one, is about finding them
    event = aliased(Event, query(wanted, before, limit).subquery())
    return session.scalars(select(event).options(joinedload(event.agent)).order_by(event.id.desc())).all()


def query(wanted: Filter, before: int | None, limit: int) -> Select[Any]:
    """The events themselves; what a test asks the database to explain."""
    which = _bounds(wanted, before)
    if wanted.ticket_id is not None:
        which.append(Event.ticket_id == wanted.ticket_id)
    if wanted.agent_id is not None:
        which.append(Event.agent_id == wanted.agent_id)
    kinds = WORDS.get(wanted.group, {})
    if wanted.group == TICKETS:
        which.append(func.coalesce(Event.ticket_id, 0) > 0)  # a sum, so that no index is asked for it
    elif kinds and wanted.ticket_id is None and wanted.agent_id is None:
        return _of_kinds(kinds, which, limit)
    elif kinds:
        which.append(func.coalesce(Event.kind, "").in_(kinds))
    return select(Event).where(*which).order_by(Event.id.desc()).limit(limit)


def _of_kinds(kinds: Iterable[str], which: list[ColumnElement[bool]], limit: int) -> Select[Any]:
    """The newest of each kind, and the newest of those: rare kinds among millions are found at once."""
    each = (
        select(select(Event).where(Event.kind == literal_column(f"'{kind}'"), *which)
               .order_by(Event.id.desc()).limit(limit).subquery())
        for kind in kinds
    )  # fmt: skip
    together = aliased(Event, union_all(*each).subquery())
    return select(together).order_by(together.id.desc()).limit(limit)


def _bounds(wanted: Filter, before: int | None) -> list[ColumnElement[bool]]:
    """Days as numbers, which everything is in the order of; and as days, for the edges."""
    which: list[ColumnElement[bool]] = [Event.id < before] if before is not None else []
    at = func.coalesce(Event.at, Event.at)
    if wanted.since:
        first = select(Event.id).where(Event.at >= wanted.since - STEP).order_by(Event.at).limit(1)
        which += [_or_none(Event.id >= n if (n := session.scalar(first)) else None), at >= wanted.since]
    if wanted.until:
        last = select(Event.id).where(Event.at < wanted.until + STEP).order_by(Event.at.desc()).limit(1)
        which += [_or_none(Event.id <= n if (n := session.scalar(last)) else None), at < wanted.until]
    return which


def _or_none(condition: ColumnElement[bool] | None) -> ColumnElement[bool]:
    return false() if condition is None else condition
