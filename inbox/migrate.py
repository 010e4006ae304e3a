"""The database's own history: where it is, where it should be, and how it gets there (migrations/)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import Engine, inspect, text

from inbox import db
from inbox.config import ROOT

if TYPE_CHECKING:
    from alembic.config import Config

MIGRATIONS = ROOT / "migrations"

MOVING = "moving"
"""The table that says how far a move into this database has come; it is gone when that is done."""


def configuration() -> Config:
    """All of alembic's settings; migrations/env.py takes the engine from inbox.db."""
    from alembic.config import Config  # not needed by a start that finds everything done, as most do

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("path_separator", "os")
    return config


class TooNew(RuntimeError):
    """The database has had migrations that this Prosa does not know."""


class Unfinished(RuntimeError):
    """Something is still being put into this database."""


def upgrade(engine: Engine | None = None) -> None:
    """Bring the database up to date; on SQLite and PostgreSQL all of it happens, or nothing.

    Raises TooNew before anything is touched, and Unfinished while a move into it has not come to its end.
    """
    target = engine if engine is not None else db.engine()
    if not is_known(at := current(target)):
        raise TooNew(
            f"it is at {at}, which this Prosa does not know, so a newer one has had it: go back to "
            "that one, or restore the backup from before the upgrade. Nothing was changed"
        )
    if _has_table(target, MOVING):
        raise Unfinished("a move into this database is not finished: run `python -m inbox move` again")
    if at != head():
        _go_on(target)


def _go_on(target: Engine) -> None:
    from alembic import command

    prepared = configuration()
    prepared.attributes["engine"] = target
    command.upgrade(prepared, "head")


def is_known(revision: str | None) -> bool:
    """Whether this Prosa has a migration of that name; a database without any is known too."""
    return revision is None or revision in known()


def head() -> str:
    """The newest migration this Prosa knows."""
    return known()[-1]


def known() -> list[str]:
    """Every migration's name, which its file's begins with; the oldest first."""
    return sorted(path.name.partition("_")[0] for path in (MIGRATIONS / "versions").glob("*_*.py"))


def current(engine: Engine) -> str | None:
    """The newest migration this database has had."""
    if not _has_table(engine, "alembic_version"):
        return None
    with db.reading(), engine.connect() as connection:
        return connection.scalar(text("SELECT version_num FROM alembic_version"))


def _has_table(engine: Engine, name: str) -> bool:
    with db.reading(), engine.connect() as connection:
        return inspect(connection).has_table(name)
