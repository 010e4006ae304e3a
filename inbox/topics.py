"""Topics: which there are, in which order, and what becomes of a ticket whose topic goes.

A topic's row never goes, so the history can name it for ever. Its tickets get another topic, or none, in
small batches in the worker: a topic that is gone and still has tickets is work to do.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, exists, func, select, update

from inbox import audit, queue
from inbox.db import now, reading, session, writing
from inbox.models import Agent, Ticket, Topic

LONGEST = 60
BATCH = 500
MOST_BATCHES = 10
"""In one go; what else waits in the queue has its turn then."""


class Taken(Exception):
    """Another topic has this name."""


class Itself(Exception):
    """A topic cannot become itself."""


@dataclass(frozen=True, slots=True)
class Use:
    """A topic, and how many tickets have it."""

    topic: Topic
    tickets: int


def every() -> Sequence[Use]:
    """In their order, archived ones last."""
    order = (Topic.archived_at.is_not(None), Topic.position, Topic.id)
    there = _counted().where(Topic.gone_at.is_(None)).order_by(*order)
    return [Use(topic, n) for topic, n in session.execute(there)]


def going() -> Sequence[Use]:
    """Those that are gone and still have tickets."""
    gone = session.execute(_counted().where(Topic.gone_at.is_not(None)).order_by(Topic.name))
    return [Use(topic, n) for topic, n in gone if n]


def _counted() -> Select[Any]:
    n = select(func.count(Ticket.id)).where(Ticket.topic_id == Topic.id).scalar_subquery()
    return select(Topic, n)


def offered() -> Sequence[Topic]:
    """What one can choose for a ticket."""
    there = select(Topic).where(Topic.gone_at.is_(None), Topic.archived_at.is_(None))
    return session.scalars(there.order_by(Topic.position, Topic.id)).all()


def one(topic_id: int) -> Topic | None:
    """Unless it is gone."""
    topic = session.get(Topic, topic_id)
    return topic if topic and topic.gone_at is None else None


# ----------------------------------------------------------------------------------------- changing


def add(name: str, by: Agent) -> Topic:
    """At the end. One that was taken away comes back under its name. Raises Taken."""
    name = normal(name)
    topic = _of(name)
    if topic and topic.gone_at is None:
        raise Taken(name)
    last = session.scalar(select(func.max(Topic.position))) or 0
    if topic is None:
        topic = Topic()
    else:  # whatever has it still was to lose it
        session.execute(update(Ticket).where(Ticket.topic_id == topic.id).values(topic_id=_end(topic)))
    topic.name, topic.position = name, last + 1
    topic.gone_at = topic.into_id = topic.archived_at = None
    session.add(topic)
    session.flush()
    audit.record("topic_added", by, topic=topic.id, name=["", name])
    return topic


def change(topic: Topic, name: str, archived: bool, by: Agent) -> None:
    """Raises Taken."""
    name = normal(name)
    with session.no_autoflush:
        same = _of(name)
    if same is not None and same.id != topic.id:
        raise Taken(name)
    before = {"name": topic.name, "archived": topic.archived_at is not None}
    after = {"name": name, "archived": archived}
    if changed := audit.changes(before, after):
        topic.name = name
        if "archived" in changed:
            topic.archived_at = now() if archived else None
        audit.record("topic_changed", by, topic=topic.id, **changed)


def move(topic: Topic, steps: int, by: Agent) -> None:
    """Up (-1) or down (1) among those that are there."""
    order = [use.topic for use in every()]
    at = order.index(topic)
    to = max(0, min(len(order) - 1, at + steps))
    if to == at:
        return
    before = [one.id for one in order]
    order.insert(to, order.pop(at))
    for position, one_ in enumerate(order, start=1):
        one_.position = position
    audit.record("topics_ordered", by, topics=[before, [one.id for one in order]])


def remove(topic: Topic, into: Topic | None, by: Agent) -> None:
    """Its tickets get another topic, or none. Raises Itself."""
    if into is topic:
        raise Itself
    if into:
        audit.record("topic_merged", by, topic=topic.id, into=into.id, tickets=count(topic))
    else:
        audit.record("topic_removed", by, topic=topic.id, tickets=count(topic))
    topic.gone_at, topic.into_id = now(), into.id if into else None
    session.flush()
    queue.later("reactions", spread, topic.id)


def count(topic: Topic) -> int:
    return session.scalar(select(func.count(Ticket.id)).where(Ticket.topic_id == topic.id)) or 0


def normal(name: str) -> str:
    return " ".join(name.split())


def _of(name: str) -> Topic | None:
    return session.scalar(select(Topic).where(Topic.name == name))


# ----------------------------------------------------------------------------- on every ticket at once


def sweep() -> int:
    """Ring for every topic that is gone and still has tickets."""
    has = exists().where(Ticket.topic_id == Topic.id)
    with reading():
        waiting = session.scalars(select(Topic.id).where(Topic.gone_at.is_not(None), has)).all()
    slot = str(int(now().timestamp() // 15))
    for topic_id in waiting:
        queue.ring("reactions", spread, topic_id, again=slot)
    return len(waiting)


def spread(topic_id: int) -> None:
    """Some batches of it, and a bell for the rest."""
    for _ in range(MOST_BATCHES):
        if not _batch(topic_id):
            return
    queue.ring("reactions", spread, topic_id, again=f"{now().timestamp():.3f}")


def _batch(topic_id: int) -> bool:
    """Whether there is anything left to do."""
    with writing():
        topic = session.get(Topic, topic_id)
        if topic is None or topic.gone_at is None:  # it is wanted again
            return False
        having = select(Ticket.id).where(Ticket.topic_id == topic.id).order_by(Ticket.id).limit(BATCH)
        ids = session.scalars(having.with_for_update(skip_locked=True)).all()
        if not ids:
            return False
        moved = update(Ticket).where(Ticket.id.in_(ids)).values(topic_id=_end(topic))
        session.execute(moved.execution_options(synchronize_session=False))
        if len(ids) < BATCH:
            audit.record("topic_spread", None, topic=topic.id)
        return len(ids) == BATCH


def _end(topic: Topic) -> int | None:
    """What its tickets get; what that has become meanwhile, if it went as well."""
    into = session.get(Topic, topic.into_id) if topic.into_id else None
    while into and into.gone_at:
        into = session.get(Topic, into.into_id) if into.into_id else None
    return into.id if into else None
