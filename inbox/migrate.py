"""The database's own history: where it is, where it should be, and how it gets there (migrations/)."""

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, inspect

from inbox import db
from inbox.config import ROOT

MOVING = "moving"
"""The table that says how far a move into this database has come; it is gone when that is done."""


def configuration() -> Config:
    """All of alembic's settings; migrations/env.py takes the engine from inbox.db."""
    config = Config()
    config.set_main_option("script_location", str(ROOT / "migrations"))
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
    if inspect(target).has_table(MOVING):
        raise Unfinished("a move into this database is not finished: run `python -m inbox move` again")
    prepared = configuration()
    prepared.attributes["engine"] = target
    command.upgrade(prepared, "head")


def is_known(revision: str | None) -> bool:
    """Whether this Prosa has a migration of that name; a database without any is known too."""
    known = {script.revision for script in ScriptDirectory.from_config(configuration()).walk_revisions()}
    return revision is None or revision in known


def head() -> str | None:
    """The newest migration this Prosa knows."""
    return ScriptDirectory.from_config(configuration()).get_current_head()


def current(engine: Engine) -> str | None:
    """The newest migration this database has had."""
    with db.reading(), engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()
