"""Tags: which there are, and renaming, merging and taking them away on every ticket at once.

A tag's row never goes, so the history can name it for ever. One that is renamed leaves its former name behind
as a tag of its own that leads to it, and one that is merged leads to the other: whoever types the old name, a
macro or a rule included, gets the new tag.

What a change means for tickets is worked off by the worker in small batches: a tag that is gone and still
stands on tickets is work to do, whatever died in between. It is one event and not one a ticket: each ticket's
own history goes on saying which tag was put on it, by its number.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import Select, delete, exists, func, insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import joinedload, selectinload

from inbox import audit, queue, search
from inbox.db import now, reading, session, writing
from inbox.models import Agent, Identity, Tag, Ticket
from inbox.models.tag import tagging

LONGEST = 40
BATCH = 200
"""Tickets in a transaction: others write in between."""

MOST_BATCHES = 5
"""In one go; what else waits in the queue has its turn then."""

HOUR = timedelta(hours=1)


class Invalid(Exception):
    """``reason`` is ``empty``, ``too_long`` or ``same``."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Use:
    """A tag, and how many tickets have it."""

    tag: Tag
    tickets: int


def normal(name: str) -> str:
    """As tags are written."""
    return " ".join(name.split()).lower()


def every() -> Sequence[Use]:
    """Those one can choose, by name."""
    return [Use(tag, n) for tag, n in session.execute(_counted().where(Tag.gone_at.is_(None)))]


def going() -> Sequence[Use]:
    """Those that are gone and still stand on tickets."""
    return [Use(tag, n) for tag, n in session.execute(_counted().where(Tag.gone_at.is_not(None))) if n]


def _counted() -> Select[Any]:
    n = select(func.count()).select_from(tagging).where(tagging.c.tag_id == Tag.id).scalar_subquery()
    return select(Tag, n).order_by(Tag.name)


def names(limit: int) -> Sequence[str]:
    """For choosing one."""
    there = select(Tag.name).where(Tag.gone_at.is_(None))
    return session.scalars(there.order_by(Tag.name).limit(limit)).all()


def one(tag_id: int) -> Tag | None:
    """Unless it is gone."""
    tag = session.get(Tag, tag_id)
    return tag if tag and tag.gone_at is None else None


def count(tags: Iterable[Tag]) -> int:
    """How many tickets have one of these."""
    ids = [tag.id for tag in tags]
    query = select(func.count(tagging.c.ticket_id.distinct())).where(tagging.c.tag_id.in_(ids))
    return session.scalar(query) or 0


# -------------------------------------------------------------------------------------------- using


def named(name: str) -> Tag:
    """The tag that this name means now, made if there is none."""
    tag = _of(name) or _new(name)
    while tag.gone_at and tag.into_id:
        tag = session.get_one(Tag, tag.into_id)
    if tag.gone_at:
        _back(tag)
    if tag.used_at is None or tag.used_at < now() - HOUR:
        tag.used_at = now()
    return tag


def _of(name: str) -> Tag | None:
    return session.scalar(select(Tag).where(Tag.name == name))


def _new(name: str) -> Tag:
    """One nobody used before, unless somebody on another ticket does in this moment."""
    tag = Tag(name=name)
    try:
        with session.begin_nested():
            session.add(tag)
        return tag
    except IntegrityError:
        return session.scalars(select(Tag).where(Tag.name == name)).one()


def _back(tag: Tag) -> None:
    """Somebody wants it again; whatever has it still was to lose it."""
    session.execute(delete(tagging).where(tagging.c.tag_id == tag.id))
    tag.gone_at = None


# ----------------------------------------------------------------------------------------- changing


def rename(tag: Tag, name: str, by: Agent) -> Tag:
    """Give it another name; one that another tag has merges them. Returns what it is now. Raises Invalid."""
    name = normal(name)
    if not name or len(name) > LONGEST:
        raise Invalid("too_long" if name else "empty")
    if name == tag.name:
        return tag
    other = _of(name)
    if other and _end(other) is not tag:
        return merge([tag], _end(other), by)
    before = tag.name
    if other:  # one of its own former names
        other.name = f"{other.id}"
        session.flush()
    tag.name = name
    session.flush()
    if other:
        other.name = before
    else:
        session.add(Tag(name=before, gone_at=now(), into_id=tag.id))
    audit.record("tag_renamed", by, tag=tag.id, name=[before, name])
    session.flush()
    queue.later("reactions", reindex, tag.id)
    return tag


def _end(tag: Tag) -> Tag:
    """What a name leads to; one that was taken away leads nowhere and is itself again."""
    while tag.gone_at and tag.into_id:
        tag = session.get_one(Tag, tag.into_id)
    return tag


def merge(tags: Iterable[Tag], into: Tag, by: Agent) -> Tag:
    """Every ticket with one of these has the other instead. Raises Invalid where there is none to merge."""
    gone = [tag for tag in tags if tag.id != into.id]
    if not gone:
        raise Invalid("same")
    if into.gone_at:
        _back(into)
    for tag in sorted(gone, key=lambda tag: tag.id):
        audit.record("tag_merged", by, tag=tag.id, into=into.id, tickets=count([tag]))
        _let_go(tag, into)
    return into


def remove(tag: Tag, by: Agent) -> None:
    """No ticket has it any more."""
    audit.record("tag_removed", by, tag=tag.id, tickets=count([tag]))
    _let_go(tag, None)


def _let_go(tag: Tag, into: Tag | None) -> None:
    tag.gone_at, tag.into_id = now(), into.id if into else None
    session.flush()
    queue.later("reactions", spread, tag.id)


# ----------------------------------------------------------------------------- on every ticket at once


def sweep() -> int:
    """Ring for every tag that is gone and still stands on tickets."""
    stands = exists().where(tagging.c.tag_id == Tag.id)
    with reading():
        waiting = session.scalars(select(Tag.id).where(Tag.gone_at.is_not(None), stands)).all()
    slot = str(int(now().timestamp() // 15))
    for tag_id in waiting:
        queue.ring("reactions", spread, tag_id, again=slot)
    return len(waiting)


def spread(tag_id: int) -> None:
    """Some batches of it, and a bell for the rest."""
    for _ in range(MOST_BATCHES):
        if not _batch(tag_id):
            return
    queue.ring("reactions", spread, tag_id, again=f"{now().timestamp():.3f}")


def _batch(tag_id: int) -> bool:
    """Whether there was anything left to do."""
    with writing():
        tag = session.get(Tag, tag_id)
        if tag is None or tag.gone_at is None:  # it is wanted again
            return False
        having = select(tagging.c.ticket_id).where(tagging.c.tag_id == tag.id)
        ids = session.scalars(having.order_by(tagging.c.ticket_id).limit(BATCH)).all()
        if not ids:
            return False
        into = _end(tag)
        if into is not tag:
            _put_on(into, ids)
        here = tagging.c.ticket_id.in_(ids)
        session.execute(delete(tagging).where(tagging.c.tag_id == tag.id, here))
        _index(ids)
        if len(ids) < BATCH:
            audit.record("tag_spread", None, tag=tag.id)
        return len(ids) == BATCH


def _put_on(tag: Tag, ids: Sequence[int]) -> None:
    has = select(tagging.c.ticket_id).where(tagging.c.tag_id == tag.id, tagging.c.ticket_id.in_(ids))
    without = sorted(set(ids) - set(session.scalars(has)))
    if without:
        session.execute(insert(tagging), [{"ticket_id": n, "tag_id": tag.id} for n in without])


def reindex(tag_id: int, after: int = 0) -> None:
    """Find the tickets that have it by its new name."""
    while True:
        having = select(tagging.c.ticket_id).where(tagging.c.tag_id == tag_id, tagging.c.ticket_id > after)
        with writing():
            ids = session.scalars(having.order_by(tagging.c.ticket_id).limit(BATCH)).all()
            _index(ids)
        if len(ids) < BATCH:
            return
        after = ids[-1]


def _index(ids: Sequence[int]) -> None:
    about = (joinedload(Ticket.identity).joinedload(Identity.customer), selectinload(Ticket.tags))
    query = select(Ticket).where(Ticket.id.in_(ids)).options(*about).execution_options(populate_existing=True)
    for ticket in session.scalars(query):
        search.index_ticket(ticket)
