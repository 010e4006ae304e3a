"""Runs the migrations on the database it is handed, else on this process's, else on that of the settings."""

from __future__ import annotations

from alembic import context
from sqlalchemy.engine import Connection

from inbox import db, models  # noqa: F401 (the tables)
from inbox.config import settings


def run(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=db.Base.metadata,
        render_as_batch=connection.dialect.name == "sqlite",
        include_object=_is_ours,
        transactional_ddl=True,  # SQLite's too, as we begin its transactions ourselves: all of it, or nothing
    )
    with context.begin_transaction():
        context.run_migrations()


def _is_ours(_object: object, name: str | None, kind: str, _reflected: bool, _to: object) -> bool:
    """Autogenerate leaves the full text index alone: it is written by hand, once per database."""
    return not (kind == "table" and (name or "").startswith("ticket_text"))


engine = context.config.attributes.get("engine")
if engine is None:
    engine = db.engine() if db.is_bound() else db.connect(settings().database_url)
with engine.connect() as connection:
    run(connection)
    connection.commit()
