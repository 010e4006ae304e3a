"""Customers who were here before: who belonged where, and who is found by what."""

from __future__ import annotations

from collections.abc import Callable

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, text

from inbox import db, migrate, models
from tests.test_migrate import opened, url

assert models and opened and url  # fixtures

OURS = ("customer", "identity", "organisation", "merge")

BEFORE = (
    "INSERT INTO organisation (id, name, domain, created_at) VALUES"
    " (1, 'Queiroz', 'queiroz.example', '2026-01-01'), (2, 'Alone', NULL, '2026-01-01')",
    "INSERT INTO customer (id, name, tier, organisation_id, created_at) VALUES"
    " (1, 'João Queiroz', 'vip', 1, '2026-01-01'), (2, 'Nobody', 'standard', NULL, '2026-01-01')",
    "INSERT INTO identity (id, customer_id, kind, address, name, verified, bounce_reason, created_at) VALUES"
    " (1, 1, 'mail', 'joao@queiroz.example', '', false, '', '2026-01-01')",
)
BELONGS = "SELECT organisation_id FROM customer ORDER BY id"


def go(engine: Engine, to: str, way: Callable[..., None]) -> None:
    prepared = migrate.configuration()
    prepared.attributes["engine"] = engine
    way(prepared, to)


def rows(engine: Engine, sql: str) -> list[tuple[object, ...]]:
    with db.reading(), engine.connect() as connection:
        return [tuple(row) for row in connection.execute(text(sql))]


def test_everybody_stays_where_they_belong_there_and_back(opened: Callable[[], Engine]) -> None:
    engine = opened()
    go(engine, "0006", command.upgrade)
    with engine.begin() as connection:
        for sql in BEFORE:
            connection.execute(text(sql))
    go(engine, "0007", command.upgrade)
    assert rows(engine, BELONGS) == [(1,), (None,)]
    assert rows(engine, "SELECT domain, organisation_id FROM organisation_domain") == [("queiroz.example", 1)]
    words = rows(engine, "SELECT word FROM customer_word WHERE customer_id = 1 ORDER BY word")
    assert words == [("example",), ("joao",), ("queiroz",)]
    go(engine, "0006", command.downgrade)
    assert rows(engine, BELONGS) == [(1,), (None,)]
    assert rows(engine, "SELECT id, domain FROM organisation ORDER BY id") == [
        (1, "queiroz.example"),
        (2, None),
    ]
    go(engine, "head", command.upgrade)
    assert rows(engine, BELONGS) == [(1,), (None,)]


def test_the_tables_are_what_the_models_say(opened: Callable[[], Engine]) -> None:
    engine = opened()
    migrate.upgrade(engine)
    with db.reading(), engine.connect() as connection:
        context = MigrationContext.configure(connection)
        found = [str(one) for one in compare_metadata(context, db.Base.metadata)]
    assert [one for one in found if any(f"'{table}" in one for table in OURS)] == []
