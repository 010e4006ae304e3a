"""The names behind the ids of events: an event keeps ids only, so that it outlives a person's erasure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import func, literal, select, union_all

from inbox.db import session
from inbox.models import Agent, Event, Identity, Tag, Team, Topic

MENTIONS = {
    "assigned": ("agent", ("to", "before")),
    "moved": ("team", ("to",)),
    "topic_set": ("topic", ("to",)),
    "tagged": ("tag", ("tag",)),
    "untagged": ("tag", ("tag",)),
    "customer_set": ("identity", ("to",)),
}
TABLES: dict[str, Any] = {"agent": Agent, "team": Team, "tag": Tag, "topic": Topic, "identity": Identity}

Names = dict[str, dict[int, str]]


def names_in(events: Iterable[Event]) -> Names:
    """``names["agent"][7]`` for every id these events mention, in one query."""
    wanted: dict[str, set[int]] = {what: set() for what in TABLES}
    for event in events:
        what, keys = MENTIONS.get(event.kind, ("agent", ()))
        wanted[what].update(event.data[key] for key in keys if event.data.get(key))
    names: Names = {what: {} for what in TABLES}
    parts = [
        select(literal(what).label("what"), table.id, _name(table)).where(table.id.in_(wanted[what]))
        for what, table in TABLES.items()
        if wanted[what]
    ]
    for what, row_id, name in session.execute(union_all(*parts)) if parts else ():
        names[what][row_id] = name
    return names


def _name(table: Any) -> Any:
    """Not everybody who writes says a name: then it is their address."""
    return func.coalesce(func.nullif(table.name, ""), table.address) if table is Identity else table.name
