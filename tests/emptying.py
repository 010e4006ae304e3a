"""Leaving nothing behind, for tests whose transactions are real ones."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import text, update

from inbox import db
from inbox.models import Thread


def empty() -> None:
    """Every table, in a transaction of its own; the history as well, which nobody else may do."""
    with db.writing() as session, without_guards(session):
        session.execute(update(Thread).values(ticket_id=None))
        for table in reversed(db.Base.metadata.sorted_tables):
            session.execute(table.delete())
        session.execute(text("DELETE FROM ticket_text"))


@contextmanager
def without_guards(connection: Any) -> Iterator[None]:
    """Where events and seals can be rewritten, as by somebody who owns the database."""
    if db.dialect() == "postgresql":
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        yield
        connection.execute(text("SET LOCAL session_replication_role = origin"))
        return
    triggers = connection.execute(text("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")).all()
    guards = [(name, sql) for name, sql in triggers if name.startswith(("event_no_", "seal_no_"))]
    for name, _sql in guards:
        connection.execute(text(f"DROP TRIGGER {name}"))
    yield
    for _name, sql in guards:
        connection.execute(text(sql))
