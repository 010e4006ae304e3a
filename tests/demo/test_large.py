"""A large world goes another way into the database, and leaves it as it found it."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import func, select, text

from inbox import db, demo
from inbox.audit import seal
from inbox.models import Event, Fact, Message, Ticket, tally
from tests.demo.conftest import SEED, UNTIL, fresh

KEPT = {
    "sqlite": "SELECT name, sql FROM sqlite_master WHERE type IN ('index', 'trigger') ORDER BY name",
    # PostgreSQL puts the casts of a condition elsewhere each time it says it
    "postgresql": "SELECT indexname, regexp_replace(indexdef, '::(character varying|text)|[][()]', '', 'g') "
    "FROM pg_indexes WHERE schemaname = 'public' UNION ALL "
    "SELECT conrelid::regclass || conname, pg_get_constraintdef(oid) FROM pg_constraint ORDER BY 1",
}
"""Indexes and triggers; keys are part of a table on SQLite."""


def test_the_way_of_many_says_the_same(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with fresh(kind, tmp_path, "few"):
        demo.build(150, SEED, UNTIL)
        with db.reading():
            few = _said()
    monkeypatch.setattr(demo, "MANY", 100)
    with fresh(kind, tmp_path, "many") as engine:
        with engine.connect() as connection:
            before = connection.execute(text(KEPT[kind])).all()
        demo.build(150, SEED, UNTIL, batch=40)
        with engine.connect() as connection:
            assert connection.execute(text(KEPT[kind])).all() == before
            if kind == "sqlite":
                assert connection.execute(text("PRAGMA foreign_key_check")).all() == []
        with db.reading():
            assert _said() == few
            assert tally.drift() == {}
            assert seal.verify().is_whole


def _said() -> list[object]:
    events = db.session.execute(select(Event.id, Event.kind, Event.ticket_id, Event.at).order_by(Event.id))
    texts = db.session.execute(select(Message.id, Message.text).order_by(Message.id))
    stands = db.session.execute(select(Ticket.id, Ticket.status, Ticket.version).order_by(Ticket.id))
    return [events.all(), texts.all(), stands.all(), db.session.scalar(select(func.count(Fact.id)))]
