"""The migration makes what the models say, and takes it back."""

from __future__ import annotations

from collections.abc import Callable

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, inspect

from inbox import db, migrate
from tests.test_migrate import opened, tables, url

assert opened and url  # fixtures

OURS = {"privacy_request", "hold", "retention_rule", "doomed_file"}


def go(engine: Engine, to: str, way: Callable[..., None]) -> None:
    prepared = migrate.configuration()
    prepared.attributes["engine"] = engine
    way(prepared, to)


def test_the_tables_are_what_the_models_say_there_and_back(opened: Callable[[], Engine]) -> None:
    engine = opened()
    migrate.upgrade(engine)
    with db.reading(), engine.connect() as connection:
        context = MigrationContext.configure(connection)
        found = [str(one) for one in compare_metadata(context, db.Base.metadata)]
    named = [f"'{name}" for name in (*OURS, "emptied_at", "ix_message_raw", "ix_attachment_sha256")]
    assert [one for one in found if any(name in one for name in named)] == []
    go(engine, "0010", command.downgrade)
    assert not OURS & tables(engine)
    with db.reading(), engine.connect() as connection:
        assert "emptied_at" not in {column["name"] for column in inspect(connection).get_columns("ticket")}
    go(engine, "0011", command.upgrade)
    assert tables(engine) >= OURS
