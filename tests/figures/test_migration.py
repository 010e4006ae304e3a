"""A house that was lived in before there were figures."""

from __future__ import annotations

from collections.abc import Callable

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, inspect, text

from inbox import db, migrate, models
from tests.customers.test_migration import go, rows
from tests.test_migrate import opened, url

assert models and opened and url  # fixtures

BEFORE = (
    "INSERT INTO customer (id, name, tier, created_at) VALUES (1, 'Marina', 'standard', '2026-01-01')",
    "INSERT INTO identity (id, customer_id, kind, address, name, verified, bounce_reason, created_at) VALUES"
    " (1, 1, 'mail', 'marina@queiroz.example', '', false, '', '2026-01-01')",
    "INSERT INTO account (id, kind, name, address, settings, active, created_at) VALUES"
    " (1, 'mail', 'Barro', 'support@barro.example', '{}', true, '2026-01-01')",
    "INSERT INTO ticket (id, subject, status, priority, handled_by, identity_id, account_id, version,"
    " message_count, snippet, spam_reason, words_learnt, active_at, created_at) VALUES"
    " (7, 'Cup', 'open', 'normal', 'people', 1, 1, 3, 1, '', '', '', '2026-01-01', '2026-01-01')",
)


def test_what_was_there_before_waits_to_be_counted(opened: Callable[[], Engine]) -> None:
    engine = opened()
    go(engine, "0004", command.upgrade)
    with engine.begin() as connection:
        for sql in BEFORE:
            connection.execute(text(sql))
    go(engine, "0009", command.upgrade)
    assert rows(engine, "SELECT id FROM ticket WHERE figured <> version") == [(7,)]
    go(engine, "0008", command.downgrade)
    with db.reading(), engine.connect() as connection:
        assert "fact" not in inspect(connection).get_table_names()
    go(engine, "head", command.upgrade)
    assert rows(engine, "SELECT id FROM ticket WHERE figured <> version") == [(7,)]


def test_the_tables_are_what_the_models_say(opened: Callable[[], Engine]) -> None:
    engine = opened()
    migrate.upgrade(engine)
    with db.reading(), engine.connect() as connection:
        found = [
            str(one) for one in compare_metadata(MigrationContext.configure(connection), db.Base.metadata)
        ]
    assert [one for one in found if "'fact'" in one or "figured" in one or "ix_ticket_behind" in one] == []
